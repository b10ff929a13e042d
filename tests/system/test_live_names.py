"""Row 66: files with names, read by real DNS servers; row 64: option 81 of real clients (RFC 4702)."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, mac_of, message, packed
from station import Ear, Station

from pydhcpd.wire import fqdn

pytestmark = pytest.mark.namespaces
HOST_NAME, CLIENT_FQDN, RELEASE = 12, 81, 7
ALICE = mac_of(1)
DOMAIN, REVERSE, PORT = "lab.example", "77.10.in-addr.arpa", 5399
FIRST = "10.77.1.1"


def serving(lab: Lab, files: str) -> Daemon:
    """A daemon that writes files into a directory of its own."""
    made = lab.daemon(ip_ranges=[(FIRST, "10.77.1.99")], domain_name=DOMAIN, ip_address_lease_time=600)
    (lab.directory / "dns").mkdir(mode=0o755)
    text = "".join(f"{name} = {value!r}\n" for name, value in made.settings.items())
    made.write(text + 'hosts = [host(mac="02:00:00:00:77:77", ip="10.77.2.2", hostname="printer")]\n'
               + files.replace("DIR", str(lab.directory / "dns")))
    return made


class Reader:
    """A DNS server that reads what is written."""

    def __init__(self, lab: Lab, *command: object) -> None:
        self.machine = lab.server
        self.log = lab.directory / "reader.log"
        with self.log.open("wb") as log:
            self.process = self.machine.start(*command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        print(self.log.read_text(errors="replace")[-5000:])

    def answer(self, *words: str) -> list[str] | None:
        """What dig shows; None where it does not answer yet."""
        done = self.machine.run("dig", "+short", "+time=1", "+tries=1", "-p", PORT, "@127.0.0.1", *words, check=False)
        return sorted(line for line in done.stdout.splitlines() if not line.startswith(";")) if done.returncode == 0 else None

    def reads(self, *words: str, expected: list[str], again: Callable[[], object]) -> None:
        """It answers so, once it has read the file again."""
        def found() -> bool:
            if (answer := self.answer(*words)) is not None and answer != expected:
                again()
            return answer == expected
        wait_until(found, f"{words} {expected}", 20)


HOSTS = f'dns_files = [dns_file("DIR/hosts", domain="{DOMAIN}")]\n'
ZONES = (f'dns_files = [dns_file("DIR/zone", form="zone", domain="{DOMAIN}"),\n'
         f'             dns_file("DIR/reverse", form="zone", domain="{REVERSE}")]\n')


def release(station: Station, mac: bytes, address: str) -> None:
    station.send(message(RELEASE, mac, station.xid(), ciaddr=address, options=((54, packed(SERVER)),)), mac, source=address)


@pytest.mark.parametrize("how", ["addn-hosts", "hostsdir"])
def test_dnsmasq_reads_the_hosts_file(lab: Lab, client: Machine, how: str) -> None:
    """By a signal, or by itself: it watches the directory (inotify)."""
    need("dnsmasq", "dig")
    daemon = serving(lab, HOSTS).start()
    station, place = lab.keep(Station(client)), lab.directory / "dns"
    wait_until((place / "hosts").exists, "the hosts file")
    reader = lab.keep(Reader(lab, "dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--bind-interfaces",
                             "--listen-address=127.0.0.1", f"--port={PORT}", "--user=root", "--pid-file=",
                             "--conf-file=/dev/null", f"--{how}={place / 'hosts' if how == 'addn-hosts' else place}"))

    def again() -> None:
        if how == "addn-hosts":
            reader.process.send_signal(signal.SIGHUP)

    reader.reads(f"printer.{DOMAIN}", "A", expected=["10.77.2.2"], again=again)
    lease = station.lease(ALICE, (HOST_NAME, b"Anna's PC\n"))
    reader.reads(f"annas-pc.{DOMAIN}", "A", expected=[lease.yiaddr], again=again)
    reader.reads("annas-pc", "A", expected=[lease.yiaddr], again=again)
    reader.reads("-x", lease.yiaddr, expected=[f"annas-pc.{DOMAIN}."], again=again)
    assert daemon.log().count("Traceback") == 0


def unbound(lab: Lab, place: Path) -> list[object]:
    zones = "".join(f'auth-zone:\n  name: "{name}"\n  zonefile: "{place / file}"\n  for-upstream: yes\n  for-downstream: yes\n'
                    for name, file in ((DOMAIN, "zone"), (REVERSE, "reverse")))
    (lab.directory / "unbound.conf").write_text(
        f'server:\n  interface: 127.0.0.1@{PORT}\n  username: ""\n  chroot: ""\n  directory: "{lab.directory}"\n  pidfile: ""\n'
        f'  do-daemonize: no\n  use-syslog: no\n  local-zone: "10.in-addr.arpa." transparent\n'
        f'  module-config: "iterator"\nremote-control:\n  control-enable: yes\n'
        f'  control-interface: "{lab.directory}/unbound.sock"\n  control-use-cert: no\n{zones}')
    return ["unbound", "-d", "-c", lab.directory / "unbound.conf"]


def test_unbound_reads_the_zones(lab: Lab, client: Machine) -> None:
    need("unbound", "unbound-control", "dig")
    serving(lab, ZONES).start()
    station, place = lab.keep(Station(client)), lab.directory / "dns"
    wait_until((place / "reverse").exists, "the zones")
    reader = lab.keep(Reader(lab, *unbound(lab, place)))

    def again() -> None:
        for name in (DOMAIN, REVERSE):
            lab.server.run("unbound-control", "-c", lab.directory / "unbound.conf", "auth_zone_reload", name, check=False)

    reader.reads(f"printer.{DOMAIN}", "A", expected=["10.77.2.2"], again=again)
    lease = station.lease(ALICE, (HOST_NAME, b"pc"))
    reader.reads(f"pc.{DOMAIN}", "A", expected=[lease.yiaddr], again=again)
    reader.reads("-x", lease.yiaddr, expected=[f"pc.{DOMAIN}."], again=again)
    release(station, ALICE, lease.yiaddr)
    reader.reads(f"pc.{DOMAIN}", "A", expected=[], again=again)
    reader.reads(f"printer.{DOMAIN}", "A", expected=["10.77.2.2"], again=again)


def test_a_file_is_right_after_kill_9(lab: Lab, client: Machine) -> None:
    daemon = serving(lab, HOSTS).start()
    station, file = lab.keep(Station(client)), lab.directory / "dns" / "hosts"
    lease = station.lease(ALICE, (HOST_NAME, b"pc"))
    daemon.kill()
    daemon.start()
    wait_until(lambda: file.exists() and f"{lease.yiaddr} pc.{DOMAIN} pc\n" in file.read_text(), "the name after a restart")


# --- option 81 of real clients


def start(lab: Lab, machine: Machine, *words: object) -> None:
    with (lab.directory / "client.log").open("ab") as log:
        process = machine.start(*words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    class Ending:
        def close(self) -> None:
            process.kill()
            process.wait()

    lab.keep(Ending())


def by_dhclient(lab: Lab, machine: Machine) -> None:
    need("dhclient")
    (lab.directory / "dhclient.conf").write_text(
        'send fqdn.fqdn "pc.lab.example."; send fqdn.encoded on; send fqdn.server-update on;\n')
    start(lab, machine, "dhclient", "-d", "-4", "-cf", lab.directory / "dhclient.conf", "-lf", "/run/dhclient.leases", "-pf",
          "/run/dhclient.pid", "c0")


def by_udhcpc(lab: Lab, machine: Machine) -> None:
    need("udhcpc")
    start(lab, machine, "udhcpc", "-f", "-i", "c0", "-F", "pc")


def by_dhcpcd(lab: Lab, machine: Machine) -> None:
    need("dhcpcd")
    (lab.directory / "dhcpcd.conf").write_text("hostname pc\nfqdn both\nnoarp\nnodelay\n")
    start(lab, machine, "dhcpcd", "-B", "-4", "-f", lab.directory / "dhcpcd.conf", "c0")


@pytest.mark.parametrize("begin", [by_dhclient, by_udhcpc, by_dhcpcd])
def test_row_64_real_clients_are_answered_with_their_full_name(lab: Lab, begin: Callable[[Lab, Machine], None]) -> None:
    """On machines of their own: their scripts write into /etc."""
    machine = lab.client(private=True)
    daemon = serving(lab, HOSTS).start()
    ear = lab.keep(Ear(machine, "c0", both=True))
    begin(lab, machine)
    _, ack = ear.wait_for(lambda _, one: one.kind == ACK, "an acknowledgement")
    asked = next(one for _, one in reversed(ear.heard) if one.kind == 3).options[CLIENT_FQDN]
    answer = ack.options[CLIENT_FQDN]
    assert fqdn.name(asked).split(".")[0] == "pc"
    assert fqdn.decode(answer) == fqdn.Fqdn(asked[0] & fqdn.ENCODED | fqdn.SERVER_UPDATES, f"pc.{DOMAIN}")
    file = lab.directory / "dns" / "hosts"
    wait_until(lambda: file.exists() and f"{ack.yiaddr} pc.{DOMAIN} pc\n" in file.read_text(), "its name")
    assert f"pc.{DOMAIN}" in daemon.prompt(f"explain {ack.yiaddr}")

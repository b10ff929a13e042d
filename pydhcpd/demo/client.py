"""The clients of the demonstration: how to run those that the machine may have, and one of our own.

`python -m pydhcpd.demo.client INTERFACE` is ours. It obtains a lease (RFC 2131 section 4.4.1), gives the interface the
address and the default route, holds them until SIGTERM, and releases them. It works on frames, since an interface without
an address takes no datagrams where reverse path filtering is on. It does not renew, and does not probe the address: the
only other host is the server.
"""

import secrets
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydhcpd.addresses import BROADCAST, address_text, hardware_from
from pydhcpd.demo.lab import DemonstrationFailed, ip, run
from pydhcpd.demo.wire import EVERYONE, Heard, Wire
from pydhcpd.net.frames import udp_frame
from pydhcpd.wire.packet import ACK, BOOTREPLY, DISCOVER, NAK, OFFER, RELEASE, REQUEST, Packet

INTERFACE = "eth0"
HOST_NAME = "demo-client"
ATTEMPTS = 4
PATIENCE = 2.0  # seconds for each answer

# What a client of this machine runs as: `ip` and `$subnet` are udhcpc's words, `new_...` and `$reason` dhclient's.
CONFIGURE = f"""\
#!/bin/sh
address=${{ip:-$new_ip_address}} mask=${{subnet:-$new_subnet_mask}} router=${{router:-$new_routers}}
case "${{reason:-$1}}" in
deconfig|PREINIT|EXPIRE|FAIL|RELEASE|STOP)
    ip address flush dev {INTERFACE}; ip link set {INTERFACE} up ;;
bound|renew|BOUND|RENEW|REBIND|REBOOT)
    ip address replace "$address/$mask" dev {INTERFACE}
    ip route replace default via "${{router%% *}}" dev {INTERFACE} ;;
esac
"""

# In a mount namespace of its own (`ip netns exec` makes one) the client finds these directories empty.
HIDE_AND_RUN = """\
for directory in /run /var/lib; do mount -t tmpfs -o mode=0755 tmpfs "$directory"; done
printf %s "$1" >/run/configure; chmod 0755 /run/configure; shift; exec "$@"
"""


@dataclass(frozen=True, slots=True)
class Client:
    """How a DHCP client is run in the foreground, and how it is asked to give its lease back and end."""

    name: str
    command: tuple[str, ...]
    end: int = signal.SIGTERM
    release: tuple[str, ...] = ()  # a command that does it, where a signal cannot
    ours: bool = False

    def sheltered(self, command: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The command, or another one of this client, behind what keeps the machine's files from it."""
        return self.command if self.ours else ("sh", "-ec", HIDE_AND_RUN, "sh", CONFIGURE, *(command or self.command))


def clients(directory: Path) -> Iterator[Client]:
    """The clients that this machine has, of those that we know, and after them our own."""
    for words in (("udhcpc",), ("busybox", "udhcpc")):
        if shutil.which(words[0]) and (len(words) == 1 or _is_applet(words[1])):
            yield Client(" ".join(words), (*words, "-f", "-R", "-i", INTERFACE, "-s", "/run/configure", "-t", "5", "-T", "2",
                                           "-x", f"hostname:{HOST_NAME}"))
            break
    if shutil.which("dhcpcd"):
        yield Client("dhcpcd", ("dhcpcd", "-4", "-B", "-L", "-A", "-f", "/dev/null", "-c", "/bin/true", "-h", HOST_NAME,
                                "-o", "subnet_mask,routers,domain_name_servers", INTERFACE), signal.SIGALRM)
    if shutil.which("dhclient"):
        settings = directory / "dhclient.conf"
        settings.write_text(f'send host-name "{HOST_NAME}";\n')
        dhclient = ("dhclient", "-4", "-sf", "/run/configure", "-cf", str(settings),
                    "-pf", str(directory / "dhclient.pid"), "-lf", str(directory / "dhclient.leases"))
        yield Client("dhclient", (*dhclient, "-d", INTERFACE), release=(*dhclient, "-r", INTERFACE))
    yield Client("the built-in client", (sys.executable, "-P", "-m", "pydhcpd.demo.client", INTERFACE), ours=True)


def _is_applet(name: str) -> bool:
    with suppress(DemonstrationFailed):
        return name in run("busybox", "--list").split()
    return False


# --- our own ---------------------------------------------------------------------------------------------------------


class Exchange:
    """What our client says to a server by one interface."""

    def __init__(self, wire: Wire, hardware: bytes) -> None:
        self._wire = wire
        self._hardware = hardware
        self._xid = secrets.randbits(32)

    def obtain(self) -> Heard | None:
        """The ACK of a lease, or None where no server gave one."""
        for _ in range(ATTEMPTS):
            self._broadcast(DISCOVER)
            offer = self._answer(OFFER)
            if offer is None:
                continue
            self._broadcast(REQUEST, {50: offer.message.yiaddr.to_bytes(4, "big"), 54: offer.message.options.get(54, b"")})
            answer = self._answer(ACK, NAK)
            if answer is not None and answer.message.message_type == ACK:
                return answer
        return None

    def release(self, lease: Heard) -> None:
        """Give the lease back to its server."""
        message = Packet(hardware=self._hardware, xid=secrets.randbits(32), ciaddr=lease.message.yiaddr,
                         options={53: bytes((RELEASE,)), 54: lease.message.options.get(54, b"")})
        self._wire.send(udp_frame(message.encode(), self._hardware, lease.source, lease.message.yiaddr,
                                  lease.message.address(54), 68, 67))

    def _broadcast(self, kind: int, options: dict[int, bytes] | None = None) -> None:
        message = Packet(hardware=self._hardware, xid=self._xid, options={
            53: bytes((kind,)), **(options or {}), 12: HOST_NAME.encode(), 55: bytes((1, 3, 6, 15, 28))})
        self._wire.send(udp_frame(message.encode(), self._hardware, EVERYONE, 0, BROADCAST, 68, 67))

    def _answer(self, *kinds: int) -> Heard | None:
        """The first message of these types that answers us."""
        end = time.monotonic() + PATIENCE
        while (heard := self._wire.listen(end - time.monotonic())) is not None:
            message = heard.message
            if message.op == BOOTREPLY and message.xid == self._xid and message.message_type in kinds:
                return heard
        return None


def configure(interface: str, lease: Packet) -> None:
    """Give the interface what the lease says."""
    mask, router = lease.address(1), lease.options.get(3, b"")[:4]
    ip("address", "replace", f"{address_text(lease.yiaddr)}/{mask.bit_count() if mask else 32}", "dev", interface)
    if router:
        ip("route", "replace", "default", "via", address_text(int.from_bytes(router, "big")), "dev", interface)


def main(interface: str) -> int:
    """Hold a lease until SIGTERM; returns the exit code."""
    hardware = hardware_from(Path(f"/sys/class/net/{interface}/address").read_text().strip())
    with Wire(interface) as wire:
        client = Exchange(wire, hardware)
        lease = client.obtain()
        if lease is None:
            print(f"no lease after {ATTEMPTS} attempts", file=sys.stderr)
            return 1
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        configure(interface, lease.message)
        signal.sigwait({signal.SIGTERM})
        client.release(lease)
        ip("address", "flush", "dev", interface)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""proxyDHCP beside a dnsmasq that gives addresses alone, and menus, with a client that speaks PXE (PXE Specification 2.1)."""

import contextlib
import socket
import subprocess
from collections.abc import Iterator

import pytest
from lab import SERVER, Daemon, Lab, Machine, need, wait_until
from messages import ACK, BROADCAST_MAC, EVERYONE, NAK, NONE, OFFER, REQUEST, Message, mac_of, message, packed, read
from station import Station
from test_live_relays import join, relay_machine, start_relay

OTHER = "10.77.0.2"  # who gives the addresses
MAC = mac_of(0)
PXE = ((60, b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"), (97, bytes(17)), (55, bytes((1, 3, 43, 60, 66, 67))))
DEBIAN, SERVER_OF_ITEMS = 0x8000, 4011
MENU = """
pxe_menu = pxe_menu("Boot what?", [
    pxe_item("Debian", {"bios": "debian.0"}), pxe_item("Grub", {"x86-64": "grub.efi"}), pxe_item("Own disk")], timeout=10)
"""
SHOWN = (bytes.fromhex("060103 0807 8000 01 0a4d0001") + b"\x09\x14\x80\x00\x06Debian\x00\x00\x08Own disk"
         + b"\x0a\x0b\x0aBoot what?\xff")


@pytest.fixture
def machines(lab: Lab) -> list[Machine]:
    """A machine that boots, and one that gives addresses."""
    return lab.clients(2)


@pytest.fixture
def other(lab: Lab, machines: list[Machine]) -> Iterator[None]:
    """A dnsmasq that gives addresses alone."""
    need("dnsmasq")
    machine = machines[1]
    machine.ip(f"addr add {OTHER}/16 brd + dev c0")
    started = machine.start(
        "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--port=0", "--user=root", "--no-ping",
        f"--dhcp-leasefile={lab.directory}/dnsmasq.leases", f"--pid-file={lab.directory}/dnsmasq.pid",
        "--dhcp-range=10.77.9.100,10.77.9.199,1h", "--dhcp-authoritative", stdin=subprocess.DEVNULL)
    wait_until(lambda: machine.run("ss", "-Huln", "sport = :67").stdout, "dnsmasq's socket")
    yield
    started.kill()
    started.wait()


@pytest.fixture
def station(lab: Lab, machines: list[Machine]) -> Station:
    """The machine that boots, before it has an address."""
    return lab.keep(Station(machines[0]))


def configured(lab: Lab, text: str) -> Daemon:
    """A daemon with some lines of its own in its file."""
    made = lab.daemon()
    made.write(made.file.read_text() + text)
    return made.start()


def offers(station: Station, xid: int) -> dict[str, Message]:
    """The OFFERs of both servers."""
    found: dict[str, Message] = {}
    while len(found) < 2:
        heard, one = station.answer(xid, OFFER)
        assert one.address(54) == heard.source
        if heard.source == SERVER:
            assert (heard.destination, heard.destination_mac, heard.ports) == (EVERYONE, BROADCAST_MAC, (67, 68))
        found[heard.source] = one
    return found


def take(station: Station, machine: Machine, address: str, xid: int) -> None:
    """Take the other server's offer; nobody else may object."""
    options = ((50, packed(address)), (54, packed(OTHER)), *PXE)
    station.send(message(REQUEST, MAC, xid, options=options), MAC)
    assert station.answer(xid, ACK, NAK)[1].address(54) == OTHER
    machine.ip(f"addr add {address}/16 brd + dev c0")


@contextlib.contextmanager
def port_68(machine: Machine, address: str) -> Iterator[socket.socket]:
    """Where firmware that has an address hears what the boot server says."""
    def opened() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((address, 68))
        made.settimeout(5)
        return made
    with machine.open(opened) as made:
        yield made


def chosen(machine: Machine, address: str, xid: int, item: int | None = None) -> Message:
    """What the boot server says to a choice from the menu, or to a request without one."""
    options = PXE if item is None else ((43, b"\x47\x04" + item.to_bytes(2, "big") + b"\0\0\xff"), *PXE)
    with port_68(machine, address) as made:
        made.sendto(message(REQUEST, MAC, xid, ciaddr=address, options=options), (SERVER, SERVER_OF_ITEMS))
        data, way = made.recvfrom(4096)
    assert way == (SERVER, SERVER_OF_ITEMS)
    assert (data[108:236].rstrip(b"\0"), data[20:24]) == (read(data).options.get(67, b"").rstrip(b"\0"), packed(SERVER))
    return read(data)


@pytest.mark.sandbox
def test_beside_a_server_that_gives_addresses(lab: Lab, machines: list[Machine], other: None, station: Station) -> None:
    """The address is the other server's, and what to boot is ours; the item is told on port 4011, and no lease is stored."""
    daemon = configured(lab, f"proxy_dhcp = True\n{MENU}")
    assert "10.77.0.0/16 with boot files alone on s0" in daemon.log()
    found = offers(station, xid := station.discover(MAC, *PXE))
    proxied, address = found[SERVER], found[OTHER].yiaddr
    assert (proxied.yiaddr, proxied.ciaddr, 51 in proxied.options) == (NONE, NONE, False)
    assert (proxied.options[60], proxied.options[43], proxied.options[97]) == (b"PXEClient", SHOWN, bytes(17))
    take(station, machines[0], address, xid)
    ack = chosen(machines[0], address, 7, DEBIAN)
    assert (ack.kind, ack.xid, ack.ciaddr, ack.yiaddr) == (ACK, 7, address, NONE)
    assert (ack.options[67], ack.options[43]) == (b"debian.0\0", bytes.fromhex("470480000000 060108 ff"))
    assert chosen(machines[0], address, 8).options[43] == SHOWN
    assert "Active Hosts:\r\nnone" in daemon.prompt("hosts")
    events = daemon.prompt("events")
    assert f"told what to boot {MAC.hex(':')}: a menu" in events
    assert f"told what to boot {address} {MAC.hex(':')}: debian.0" in events


def test_who_does_not_boot_hears_of_one_server_alone(lab: Lab, machines: list[Machine], other: None, station: Station) -> None:
    """Neither DISCOVER nor INIT-REBOOT nor renewal of an ordinary client is answered, whatever it asks for."""
    configured(lab, f"proxy_dhcp = True\nauthoritative = True\n{MENU}")
    lease = station.lease(MAC)
    assert lease.address(54) == OTHER
    station.answer(station.reboot(MAC, lease.yiaddr), ACK)
    xid = station.reboot(MAC, "192.0.2.7")
    assert station.answer(xid, NAK)[1].address(54) == OTHER
    station.silence(xid, 1.0)
    assert {message.address(54) for _, message in station.heard if message.op == 2} == {OTHER}


@pytest.mark.parametrize("program", ["dhcrelay", "dnsmasq"])
def test_behind_a_relay_agent(lab: Lab, program: str) -> None:
    """The relay agent broadcasts the offer, for the client has no address; the item is asked for over the router."""
    relay, far = relay_machine(lab), lab.machine("far")
    join(relay, "r0", "10.1.0.1", far)
    daemon = lab.daemon(subnets=None)
    daemon.write(daemon.file.read_text() + f'subnets = [subnet("10.1.0.0/24", proxy_dhcp=True)]\n{MENU}')
    daemon.start(serving=False)
    daemon.wait_for("serving relays on s0 as 10.77.0.1")
    start_relay(lab, relay, program, "r0=10.1.0.1")
    station = lab.keep(Station(far))
    heard, offer = station.answer(station.discover(MAC, *PXE), OFFER)
    assert (heard.destination, heard.destination_mac) == (EVERYONE, BROADCAST_MAC)
    assert (offer.yiaddr, offer.giaddr, offer.options[43]) == (NONE, "10.1.0.1", SHOWN)
    far.ip("addr add 10.1.0.9/24 brd + dev c0", "route add default via 10.1.0.1")
    assert chosen(far, "10.1.0.9", 7, DEBIAN).options[67] == b"debian.0\0"


def test_a_menu_beside_our_own_leases(lab: Lab, machines: list[Machine], station: Station) -> None:
    """A reload opens port 4011, which needs no rights; and another one leaves it."""
    daemon = configured(lab, "")
    assert machines[0].run("ss", "-Huln", "sport = :4011").stdout == ""
    daemon.write(daemon.file.read_text() + MENU)
    daemon.reload()
    wait_until(lambda: lab.server.run("ss", "-Huln", "sport = :4011").stdout, "port 4011")
    lease = station.lease(MAC, *PXE)
    assert (lease.options[60], lease.options[43], lease.address(54)) == (b"PXEClient", SHOWN, SERVER)
    machines[0].ip(f"addr add {lease.yiaddr}/16 brd + dev c0")
    assert chosen(machines[0], lease.yiaddr, 7, DEBIAN).options[67] == b"debian.0\0"
    daemon.write(daemon.file.read_text().replace(MENU, ""))
    daemon.reload()
    wait_until(lambda: not lab.server.run("ss", "-Huln", "sport = :4011").stdout, "the end of port 4011")


def test_another_boot_server_is_told(lab: Lab, machines: list[Machine], station: Station) -> None:
    """Who has port 4011 keeps nobody from an address; as soon as it is free it is ours."""
    def bound() -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind((NONE, SERVER_OF_ITEMS))
        return made
    with lab.server.open(bound):
        daemon = configured(lab, MENU)
        daemon.wait_for("boot server cannot be started: UDP port 4011 cannot be opened: Address already in use; another boot "
                        "server, such as dnsmasq, has to leave it, see: ss -ulpn sport = :4011")
        lease = station.lease(MAC, *PXE)
    machines[0].ip(f"addr add {lease.yiaddr}/16 brd + dev c0")
    wait_until(lambda: lab.server.run("ss", "-Huln", "sport = :4011").stdout, "port 4011", 20)
    assert chosen(machines[0], lease.yiaddr, 7, DEBIAN).kind == ACK


def test_a_flood_of_port_4011_takes_no_lease_from_anybody(lab: Lab, machines: list[Machine], station: Station) -> None:
    """What is asked there is taken in small portions, a thousand a second at the most."""
    daemon = configured(lab, MENU)
    lease = station.lease(MAC, *PXE)
    machines[0].ip(f"addr add {lease.yiaddr}/16 brd + dev c0")
    memory = daemon.memory()
    with port_68(machines[0], lease.yiaddr) as made:
        ask = message(REQUEST, MAC, 9, ciaddr=lease.yiaddr, options=((43, b"\x47\x04\x80\0\0\0\xff"), *PXE))
        for number in range(20_000):
            made.sendto((ask, ask[:number % 300], ask + bytes(5000))[number % 3], (SERVER, SERVER_OF_ITEMS))
            if not number % 2000:
                assert station.lease(mac_of(number + 1)).kind == ACK
    assert chosen(machines[0], lease.yiaddr, 11, DEBIAN).kind == ACK
    assert daemon.memory() < memory + (8 << 20)
    assert "longer than any boot request" in daemon.log()

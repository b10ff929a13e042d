"""What was acknowledged survives any end of the daemon (RFC 2131 sections 2.2 and 3.1)."""

import socket
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path

import pytest
from lab import PATIENCE, Daemon, Lab, Machine, wait_until
from load import Leasing, collect, reboot_all
from messages import ACK, Message, mac_of
from station import Station, neighbour

pytestmark = pytest.mark.namespaces
ENOUGH = 150  # acknowledgements before the blow


BLOWS = 3
IN_TIME = 5.0  # seconds


def stored(daemon: Daemon) -> dict[str, bytes]:
    """Hardware addresses in the database by address, read by SQLite alone."""
    with closing(sqlite3.connect(daemon.database)) as database:
        rows = database.execute("SELECT address, hardware FROM leases WHERE state = 1").fetchall()
    return {socket.inet_ntoa(address.to_bytes(4, "big")): hardware for address, hardware in rows}


@pytest.mark.sandbox
def test_every_ack_survives_kill_9_under_load(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 3.1: an ACK means that the binding is in persistent storage."""
    leases = {mac_of(1): station.lease(mac_of(1)).yiaddr}
    for blow in range(BLOWS):
        load = Leasing(station, 1000 * (blow + 1))
        load.start()
        wait_until(lambda load=load: len(load.acks) >= ENOUGH, "leases")  # type: ignore[misc]
        stale = daemon.pid
        daemon.kill()
        leases |= {mac: ack.yiaddr for mac, ack in load.stop().items()}
        assert len(leases) > ENOUGH * (blow + 1) and len(set(leases.values())) == len(leases)
        assert_stored(daemon, leases)

        assert daemon.pid_file.read_text().strip() == str(stale)
        daemon.start()
        assert daemon.pid_file.read_text().strip() == str(daemon.pid)
        assert_kept(station, leases)


@pytest.mark.sandbox
def test_sigterm_under_load_ends_it_in_time_with_every_ack_stored(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 3.1 again: an orderly end sends no reply without its row."""
    load = Leasing(station, 1000)
    load.start()
    wait_until(lambda: len(load.acks) >= ENOUGH, "leases")
    begin = time.monotonic()
    assert daemon.stop() == 0
    assert time.monotonic() - begin < IN_TIME
    leases = {mac: ack.yiaddr for mac, ack in load.stop().items()}
    assert_stored(daemon, leases)
    daemon.start()
    assert_kept(station, leases)


def assert_stored(daemon: Daemon, leases: dict[bytes, str]) -> None:
    """The database has what was acknowledged."""
    in_database = stored(daemon)
    assert {mac: address for mac, address in leases.items() if in_database.get(address) != mac} == {}


def assert_kept(station: Station, leases: dict[bytes, str]) -> None:
    """Each client's address is acknowledged again (RFC 2131 section 3.2)."""
    answers = reboot_all(station, leases)
    assert {mac: (one.kind, one.yiaddr) for mac, one in answers.items()} == {
        mac: (ACK, address) for mac, address in leases.items()}


@pytest.fixture
def small_disk(lab: Lab) -> Path:
    """A file system of half a megabyte, of the server machine alone; its path as the test sees it."""
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "tmpfs", directory)
    return Path(f"/proc/{lab.server.pid}/root{directory}")


@pytest.mark.unsandboxed
def test_full_disk_stops_new_leases_alone(lab: Lab, client: Machine, station: Station, small_disk: Path) -> None:
    """RFC 2131 section 3.1: what cannot be stored is not acknowledged; a lease that runs is confirmed for the rest of it."""
    daemon = lab.daemon(host_file=str(lab.directory / "disk" / "leases.db"), ip_address_lease_time=600).start()
    address = station.lease(mac_of(1)).yiaddr
    neighbour(lab.server, address, mac_of(1))
    filler = small_disk / "filler"
    fill(filler)
    kept = {mac_of(1): address}
    for number in range(10, 90):  # what is left of the log's last page, and of its beginning once it is written back
        ack = try_to_lease(station, mac_of(number))
        if ack is not None:
            kept[mac_of(number)] = ack.yiaddr
        elif "cannot be stored" in daemon.log():
            break
    wait_until(lambda: "cannot be stored" in daemon.log(), "the complaint")
    renewed = station.answer(station.renew(mac_of(1), address), ACK)[1]
    assert renewed.yiaddr == address and 0 < renewed.number(51) <= 600

    filler.unlink()
    begin = time.monotonic()
    while not (ack := try_to_lease(station, mac_of(2))):
        assert time.monotonic() - begin < PATIENCE, "it does not recover"
    assert station.answer(station.renew(mac_of(1), address), ACK)[1].number(51) == 600
    daemon.kill()
    daemon.start()
    assert_kept(station, {**kept, mac_of(2): ack.yiaddr})


def fill(filler: Path) -> None:
    """Write until there is no room left."""
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        for size in (4096, 1):
            while file.write(b"x" * size):
                pass


def try_to_lease(station: Station, mac: bytes) -> Message | None:
    """One exchange; None where no ACK comes within a second."""
    offer = station.offer(mac)
    station.select(mac, offer)
    return collect(station, {offer.xid}, 1.0).get(offer.xid)


def test_leases_survive_an_orderly_restart(daemon: Daemon, station: Station) -> None:
    """RFC 2131 section 2.2: the same client, the same address; others get other ones."""
    leases = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(1, 6)}
    assert daemon.stop() == 0
    daemon.start()
    answers = reboot_all(station, leases)
    assert {mac: one.yiaddr for mac, one in answers.items() if one.kind == ACK} == leases
    assert station.lease(mac_of(99)).yiaddr not in leases.values()


@pytest.mark.unsandboxed
def test_stale_pid_file_of_another_program_is_taken_over(daemon: Daemon, station: Station) -> None:
    """A process id is used again after a restart of the machine; it is no pydhcpd then."""
    assert daemon.stop() == 0
    daemon.pid_file.write_text(f"{daemon.machine.pid}\n")
    daemon.start()
    assert daemon.pid_file.read_text().strip() == str(daemon.pid)
    station.lease(mac_of(1))

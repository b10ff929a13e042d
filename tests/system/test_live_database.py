"""The lease database of a running daemon is damaged, gone, displaced or held by others (hardening 22 and 23)."""

import time
from pathlib import Path

import pytest
from damage import held, leaves, overwrite
from lab import Daemon, Lab, wait_until
from load import collect
from messages import ACK, mac_of
from station import Station, neighbour

from pydhcpd.leases.store import PAGE

pytestmark = pytest.mark.namespaces
NOTICED = 8.0  # seconds within which the upkeep has seen what became of the file


def test_a_database_that_is_gone_at_the_start_is_told_and_its_clients_keep_their_addresses(daemon: Daemon,
                                                                                          station: Station) -> None:
    address = station.lease(mac_of(1)).yiaddr
    assert daemon.stop() == 0
    daemon.database.unlink()
    daemon.start()
    assert "there were leases in it" in daemon.prompt("alarms")
    assert station.answer(station.reboot(mac_of(1), address), ACK)[1].yiaddr == address
    assert "all is well" in daemon.ask("alarms", "settle").stdout
    assert daemon.stop() == 0
    daemon.start()
    assert "all is well" in daemon.prompt("alarms")


def test_a_damaged_database_is_recovered_at_the_start_and_the_loss_told(daemon: Daemon, station: Station) -> None:
    had = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(1, 41)}
    assert daemon.stop() == 0
    overwrite(daemon.database, leaves(daemon.database)[1], bytes(PAGE))
    begin = len(daemon.log())
    daemon.start()
    told = daemon.wait_for(r"(\d+) leases were recovered, about (\d+) lost with 1 page", begin)
    assert int(told[1]) < 40 and int(told[2]) > 3
    assert "Traceback" not in daemon.log()
    for mac, address in had.items():
        assert station.answer(station.reboot(mac, address), ACK)[1].yiaddr == address


def test_a_file_that_is_removed_while_it_serves_is_put_back_within_seconds(daemon: Daemon, station: Station) -> None:
    address = station.lease(mac_of(1)).yiaddr
    daemon.database.unlink()
    wait_until(daemon.database.exists, "the file", NOTICED)
    other = station.lease(mac_of(2)).yiaddr
    wait_until(lambda: "was removed, or its log, while it was in use" in daemon.prompt("alarms"), "the alarm")
    daemon.kill()
    daemon.start()
    for mac, its in ((mac_of(1), address), (mac_of(2), other)):
        assert station.answer(station.reboot(mac, its), ACK)[1].yiaddr == its


def test_pages_damaged_while_it_serves_are_recovered_without_a_traceback(daemon: Daemon, station: Station) -> None:
    had = {mac_of(number): station.lease(mac_of(number)).yiaddr for number in range(1, 41)}
    wait_until(lambda: len(leaves(daemon.database)) > 1, "the log to be written back", 60.0)
    overwrite(daemon.database, leaves(daemon.database)[1], b"\xff" * PAGE)
    daemon.prompt("hosts")
    daemon.wait_for("leases were recovered")
    for mac, address in had.items():
        assert station.answer(station.reboot(mac, address), ACK)[1].yiaddr == address
    assert "Traceback" not in daemon.log()


def test_who_has_a_transaction_open_is_told_and_holds_up_nobody_who_has_a_lease(lab: Lab, daemon: Daemon,
                                                                                station: Station) -> None:
    address = station.lease(mac_of(1)).yiaddr
    neighbour(lab.server, address, mac_of(1))
    offer = station.offer(mac_of(2))
    with held(daemon.database) as other:
        station.select(mac_of(2), offer)
        assert collect(station, {offer.xid}, 0.5) == {}
        for _ in range(10):
            begin = time.monotonic()
            assert station.answer(station.renew(mac_of(1), address), ACK)[1].yiaddr == address
            assert time.monotonic() - begin < 0.3
        daemon.wait_for(f"process {other} .* has a transaction open on it")
    time.sleep(0.2)
    station.select(mac_of(2), offer)
    assert station.answer(offer.xid, ACK)[1].yiaddr == offer.yiaddr
    daemon.wait_for("leases are stored again")


def test_a_start_on_a_full_disk_serves_who_has_a_lease(lab: Lab, station: Station) -> None:
    directory = lab.directory / "disk"
    directory.mkdir()
    lab.server.run("mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "tmpfs", directory)
    seen = Path(f"/proc/{lab.server.pid}/root{directory}")
    daemon = lab.daemon(host_file=str(directory / "leases.db"), ip_address_lease_time=600).start()
    address = station.lease(mac_of(1)).yiaddr
    neighbour(lab.server, address, mac_of(1))
    assert daemon.stop() == 0
    filler = seen / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            pass
    daemon.start()
    assert station.answer(station.renew(mac_of(1), address), ACK)[1].yiaddr == address
    wait_until(lambda: "room" in daemon.prompt("alarms"), "the alarm")
    filler.unlink()
    wait_until(lambda: station.answer(station.renew(mac_of(1), address), ACK)[1].number(51) == 600, "it to recover")

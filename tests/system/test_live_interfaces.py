"""Interfaces that are not there yet, have no address yet, change theirs, go and come back; and what systemd is told of it."""

import signal
import socket
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from lab import Daemon, Lab, Machine, wait_until
from load import Leasing
from messages import mac_of
from station import Station

pytestmark = pytest.mark.namespaces
SETTLE = 5.0  # seconds that a change may take to be followed


@pytest.fixture
def far(lab: Lab) -> Machine:
    """A machine whose cable the tests plug in."""
    return lab.machine("far")


@pytest.fixture
def waiting(lab: Lab, far: Machine) -> Daemon:
    """A daemon whose interface does not exist."""
    daemon = lab.daemon().start(serving=False)
    daemon.wait_for("waiting: interface s0 is missing")
    return daemon


def plug(lab: Lab, far: Machine, address: str = "10.88.0.1/24") -> None:
    """A cable between the two, with the server's address."""
    lab.cable(far, "s0", "c0")
    lab.server.ip(f"addr add {address} brd + dev s0")


def assert_serves(lab: Lab, far: Machine, number: int, prefix: str) -> str:
    """A client on the cable gets an address of the network."""
    station = Station(far)
    try:
        ack = station.lease(mac_of(number))
    finally:
        station.close()
    assert ack.yiaddr.startswith(prefix) and ack.address(54).startswith(prefix)
    return ack.yiaddr


def after(daemon: Daemon, pattern: str, *changes: Callable[[], object]) -> None:
    """Change something, and wait for what the log says of it."""
    begin = len(daemon.log())
    for change in changes:
        change()
    daemon.wait_for(pattern, begin, SETTLE)


def test_interface_that_comes_later_is_served(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """Without a restart: first the link, which has no address yet, then the address."""
    after(waiting, "waiting: interface s0 has no address", lambda: lab.cable(far, "s0", "c0"))
    after(waiting, r"serving 10\.88\.0\.0/24 on s0 as 10\.88\.0\.1", lambda: lab.server.ip("addr add 10.88.0.1/24 dev s0"))
    assert_serves(lab, far, 1, "10.88.0.")


@pytest.mark.sandbox
def test_change_of_address_to_another_network_is_followed(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """Where no network is configured it is that of the interface; leases of the former one are kept on record."""
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    before = assert_serves(lab, far, 1, "10.88.0.")
    after(waiting, r"serving 10\.89\.0\.0/24",
          lambda: lab.server.ip("addr add 10.89.0.1/24 brd + dev s0", "addr del 10.88.0.1/24 dev s0"))
    assert_serves(lab, far, 1, "10.89.0.")
    after(waiting, r"serving 10\.88\.0\.0/24",
          lambda: lab.server.ip("addr add 10.88.0.1/24 brd + dev s0", "addr del 10.89.0.1/24 dev s0"))
    assert assert_serves(lab, far, 1, "10.88.0.") == before


def test_interface_goes_down_and_up(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """While it is down nothing is served; up again it is."""
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    after(waiting, "waiting: interface s0 is down", lambda: lab.server.ip("link set s0 down"))
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: lab.server.ip("link set s0 up"))
    assert_serves(lab, far, 1, "10.88.0.")


def test_interface_is_removed_and_made_anew(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """It has another index and hardware address then; the client keeps its address."""
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    before = assert_serves(lab, far, 1, "10.88.0.")
    after(waiting, "waiting: interface s0 is missing", lambda: lab.server.ip("link del s0"))
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    assert assert_serves(lab, far, 1, "10.88.0.") == before


def test_interface_renamed_is_another(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """Settings name interfaces by their names of the moment."""
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    after(waiting, "waiting: interface s0 is missing", lambda: lab.server.ip("link set s0 down", "link set s0 name s1 up"))
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: lab.server.ip("link set s1 down", "link set s1 name s0 up"))
    assert_serves(lab, far, 1, "10.88.0.")


def test_interface_that_becomes_a_port_of_a_bridge_is_waited_for(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """The bridge takes all that comes in by it, and its own addresses do not help: it would be deaf, and nobody knew why."""
    after(waiting, r"serving 10\.88\.0\.0/24", lambda: plug(lab, far))
    lab.server.ip("link add br0 type bridge")
    after(waiting, "waiting: interface s0 is a port of bridge br0, which takes all that comes in by it; serve br0 in its place",
          lambda: lab.server.ip("link set s0 master br0"))
    waiting.wait_for("serving nothing")
    after(waiting, r"serving 10\.88\.0\.0/24 on s0", lambda: lab.server.ip("link set s0 nomaster"))
    assert_serves(lab, far, 1, "10.88.0.")


def test_bridge_in_place_of_its_port_is_served(lab: Lab, far: Machine) -> None:
    """What the message says to do; the port is not said to be missed where nobody named it."""
    lab.cable(far, "s0", "c0")
    lab.server.ip("link add br0 type bridge forward_delay 0", "link set s0 master br0", "link set br0 up",
                  "addr add 10.88.0.1/24 brd + dev br0", "addr add 10.99.0.1/24 dev s0")
    daemon = lab.daemon(interface=None, network="10.88.0.0/24").start()
    assert_serves(lab, far, 1, "10.88.0.")
    assert "waiting" not in daemon.log()


def test_interface_that_flaps_under_load_harms_nothing(lab: Lab, far: Machine, waiting: Daemon) -> None:
    """Down and up, again and again, with packets on their way: replies may be lost, the server is not."""
    after(waiting, r"serving 10\.88\.0\.0/16", lambda: plug(lab, far, "10.88.0.1/16"))
    load = Leasing(station := Station(far))
    load.start()
    for _ in range(10):
        lab.server.ip("link set s0 down")
        lab.server.ip("link set s0 up", "addr add 10.88.0.9/16 dev s0", "addr del 10.88.0.9/16 dev s0")
    wait_until(lambda: len(load.acks) > 100, "leases")
    leases = load.stop()
    station.close()
    assert len({one.yiaddr for one in leases.values()}) == len(leases)
    assert "Traceback" not in waiting.log() and "failed" not in waiting.log()


def test_one_of_two_interfaces_missing_keeps_nobody_waiting(lab: Lab, far: Machine) -> None:
    """What is there is served; what is not is told."""
    plug(lab, far)
    daemon = lab.daemon(interface=["s0", "s1"]).start()
    daemon.wait_for("waiting: interface s1 is missing")
    assert_serves(lab, far, 1, "10.88.0.")
    after(daemon, r"serving .*10\.90\.0\.0/24 on s1", lambda: lab.cable(far, "s1", "c1"),
          lambda: lab.server.ip("addr add 10.90.0.1/24 brd + dev s1"))
    assert_serves(lab, far, 2, "10.88.0.")


def test_nothing_is_answered_on_an_interface_that_is_not_named(lab: Lab, far: Machine) -> None:
    """Nothing is served that was not asked for."""
    plug(lab, far)
    lab.cable(far, "s1", "c1")
    lab.server.ip("addr add 10.90.0.1/24 brd + dev s1")
    lab.daemon().start()
    station = lab.keep(Station(far, "c1"))
    station.silence(station.discover(mac_of(1)), 0.5)


# --- sd_notify(3)


class Manager:
    """The end of the service manager: a datagram socket in /run that everybody may write to, and what came over it."""

    def __init__(self) -> None:
        self._directory = tempfile.TemporaryDirectory(prefix="pydhcpd-notify-", dir="/run")
        Path(self._directory.name).chmod(0o755)
        self.path = f"{self._directory.name}/notify"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        Path(self.path).chmod(0o777)
        self._socket.setblocking(False)
        self.heard: list[tuple[float, dict[str, str]]] = []

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()
        self._directory.cleanup()

    def read(self) -> list[dict[str, str]]:
        """All messages so far, as fields."""
        while True:
            try:
                text = self._socket.recv(65536).decode()
            except BlockingIOError:
                return [fields for _, fields in self.heard]
            self.heard.append((time.monotonic(), dict(line.split("=", 1) for line in text.splitlines())))

    def has(self, name: str, value: str = "") -> bool:
        """Whether a field came, with a value that contains this."""
        return any(value in fields[name] for fields in self.read() if name in fields)

    def times(self, name: str) -> list[float]:
        """When a field came."""
        return [when for when, fields in self.heard if name in fields]


@pytest.fixture
def manager(lab: Lab) -> Manager:
    """A service manager that listens."""
    return lab.keep(Manager())


def test_service_manager_is_told_waiting_ready_and_stopping(lab: Lab, far: Machine, manager: Manager) -> None:
    """No READY before anything is served, and STATUS says what is waited for."""
    daemon = lab.daemon().start(serving=False, NOTIFY_SOCKET=manager.path)
    wait_until(lambda: manager.has("STATUS", "waiting: interface s0 is missing"), "a status")
    lab.cable(far, "s0", "c0")
    wait_until(lambda: manager.has("STATUS", "interface s0 has no address"), "a status")
    assert not manager.has("READY")
    lab.server.ip("addr add 10.88.0.1/24 brd + dev s0")
    wait_until(lambda: manager.has("READY", "1"), "READY=1")
    wait_until(lambda: manager.has("STATUS", "serving 10.88.0.0/24"), "a status")
    assert daemon.stop() == 0
    assert manager.has("STOPPING", "1")


def test_ready_comes_once_and_no_later_than_service(lab: Lab, client: Machine, station: Station, manager: Manager) -> None:
    """READY=1: the client that comes next is served."""
    lab.daemon().start(serving=False, NOTIFY_SOCKET=manager.path)
    wait_until(lambda: manager.has("READY", "1"), "READY=1")
    station.answer(station.discover(mac_of(1)), timeout=1)
    assert sum("READY" in fields for fields in manager.read()) == 1


def test_reload_is_told_in_the_words_of_notify_reload(lab: Lab, client: Machine, manager: Manager) -> None:
    """systemd.service(5), Type=notify-reload: RELOADING=1 with MONOTONIC_USEC, then READY=1, for a bad file, too."""
    daemon = lab.daemon().start(NOTIFY_SOCKET=manager.path)
    wait_until(lambda: manager.has("READY", "1"), "READY=1")
    for text, words in ((None, "reloaded"), ("router = 'x'\n", "not reloaded")):
        seen = len(manager.read())
        daemon.write(text)
        daemon.reload(words)
        wait_until(lambda seen=seen: any("READY" in one for one in manager.read()[seen:]), "READY=1 after it")  # type: ignore[misc]
        first = next(one for one in manager.read()[seen:] if "RELOADING" in one)
        assert first["RELOADING"] == "1" and int(first["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000


def test_reload_while_waiting_does_not_make_it_ready(lab: Lab, far: Machine, manager: Manager) -> None:
    """READY=1 means service; a reload of a daemon that never was ready does not change that."""
    daemon = lab.daemon().start(serving=False, NOTIFY_SOCKET=manager.path)
    daemon.wait_for("waiting")
    daemon.reload()
    wait_until(lambda: sum("waiting" in fields.get("STATUS", "") for fields in manager.read()) > 1, "a status after it")
    assert not manager.has("READY")


def test_status_tells_an_alarm_while_it_holds(lab: Lab, station: Station, manager: Manager) -> None:
    """What is wrong stands first, for systemctl shows one line; when it is over it is gone from there."""
    daemon = lab.daemon().start()
    station.lease(mac_of(1))
    assert daemon.stop() == 0
    daemon.database.unlink()
    daemon.start(NOTIFY_SOCKET=manager.path)
    wait_until(lambda: manager.has("STATUS", "ALARM: the lease database"), "the alarm")
    daemon.ask("alarms", "settle")
    wait_until(lambda: "serving" in (last := [one["STATUS"] for one in manager.read() if "STATUS" in one][-1])
               and "ALARM" not in last, "its end")


@pytest.mark.parametrize("limit", [3.0, 1.0])
@pytest.mark.sandbox
def test_watchdog_is_fed_in_time(lab: Lab, client: Machine, manager: Manager, limit: float) -> None:
    """sd_watchdog_enabled(3): WATCHDOG=1 comes more often than WATCHDOG_USEC, of an idle server, too."""
    lab.daemon().start(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC=str(int(limit * 1e6)))
    begin = time.monotonic()
    wait_until(lambda: manager.read() and time.monotonic() > begin + 6, "six seconds")
    times = [begin, *manager.times("WATCHDOG"), time.monotonic()]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert max(gaps) < limit, gaps


def test_watchdog_of_another_process_is_not_fed(lab: Lab, client: Machine, manager: Manager) -> None:
    """sd_watchdog_enabled(3): WATCHDOG_PID names who is meant."""
    lab.daemon().start(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="300000", WATCHDOG_PID="1")
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() > begin + 1.5, "a while")
    assert not manager.has("WATCHDOG")


def test_watchdog_starves_when_a_thread_hangs(lab: Lab, client: Machine, manager: Manager) -> None:
    """Its purpose: a stopped process sends nothing."""
    daemon = lab.daemon().start(NOTIFY_SOCKET=manager.path, WATCHDOG_USEC="3000000")
    wait_until(lambda: manager.has("WATCHDOG"), "the first")
    daemon.send(signal.SIGSTOP)
    count = len(manager.times("WATCHDOG"))
    begin = time.monotonic()
    wait_until(lambda: time.monotonic() > begin + 2.5, "a while")
    manager.read()
    assert len(manager.times("WATCHDOG")) == count
    daemon.send(signal.SIGCONT)

"""A short run of `chaos.py`, and that it would tell what it looks for."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import chaos
import crowd
import pytest
import supervisor
from chaos_record import Record, Span, now
from lab import Lab, reason_to_skip
from messages import ACK, NAK, mac_of, message, packed, read

SECONDS, SEED = 26, 1  # at the least
BESIDE_OTHERS = 3.0  # seconds of silence; the figure is held on a machine at rest, by `chaos.py`
KINDS = frozenset({
    "kill -9", "restart", "hanging function", "good reload", "broken reload", "loss", "reordering", "duplication", "full disk",
    "foreign lock", "clock jump", "interface: down", "interface: without its address", "interface: renamed", "stuck log",
})


@pytest.mark.namespaces
def test_all_promises_hold_while_everything_goes_wrong() -> None:
    if reason := reason_to_skip():
        pytest.skip(reason)
    lab = Lab()
    try:
        outcome = chaos.run(lab, SECONDS, SEED, silence_limit=BESIDE_OTHERS, kinds=KINDS)
    finally:
        lab.close()
    print("\n".join(outcome.lines()))
    assert not outcome.broken, "\n".join(outcome.lines())
    assert set(outcome.record.faults()) >= KINDS
    assert min(outcome.record.counts[what] for what in ("releases", "told", "leases looked for")) > 0


# --- that it would tell


class Deaf:
    """A station that nobody answers."""

    def __init__(self, _: object) -> None:
        self._xid = 0

    def xid(self) -> int:
        self._xid += 1
        return self._xid

    def send_frame(self, _: bytes) -> None:
        """Into the void."""


@pytest.fixture
def record() -> Record:
    return Record()


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch, record: Record) -> crowd.Crowd:
    monkeypatch.setattr(crowd, "Station", Deaf)
    return crowd.Crowd(SimpleNamespace(), record, rate=1.0, seed=1)  # type: ignore[arg-type]


def asks(clients: crowd.Crowd, mac: bytes, address: str) -> crowd.Exchange:
    """A client asks for an address."""
    clients._reboot(crowd.Lease(mac, address, 0.0))
    return list(clients._exchanges.values())[-1]


def is_answered(clients: crowd.Crowd, asked: crowd.Exchange, kind: int, address: str, lease_time: int = 600) -> None:
    """It hears an answer."""
    made = read(message(kind, asked.mac, asked.xid, options=((51, lease_time.to_bytes(4, "big")), (54, packed("10.77.0.1")))))
    made.op, made.yiaddr = 2, address
    clients._hear(made)


def has(clients: crowd.Crowd, number: int, address: str, lease_time: int = 600) -> None:
    """A client is given an address."""
    is_answered(clients, asks(clients, mac_of(number), address), ACK, address, lease_time)


def test_an_address_that_two_clients_believe_in_is_told(clients: crowd.Crowd, record: Record) -> None:
    has(clients, 1, "10.77.1.1")
    has(clients, 2, "10.77.1.2")
    assert not record.broken
    has(clients, 3, "10.77.1.1")
    assert record.counts["doubled"] == 1 and "10.77.1.1 was given to 02:77:00:00:00:03" in record.broken[0]


def test_what_has_ended_may_be_given_to_another(clients: crowd.Crowd, record: Record) -> None:
    has(clients, 1, "10.77.1.1", lease_time=0)
    has(clients, 2, "10.77.1.1")
    assert not record.broken and [one.mac for one in clients.running()] == [mac_of(2)]


def test_a_client_that_is_refused_what_it_has_or_given_another_is_told(clients: crowd.Crowd, record: Record) -> None:
    has(clients, 1, "10.77.1.1")
    is_answered(clients, asks(clients, mac_of(1), "10.77.1.1"), NAK, "0.0.0.0")
    has(clients, 2, "10.77.1.2")
    has(clients, 2, "10.77.1.3")
    assert record.counts["lost"] == 2 and len(record.broken) == 2


@pytest.mark.parametrize(("hardware", "ends", "lost"), [(mac_of(1), 600, 0), (mac_of(1), 500, 1), (mac_of(2), 600, 1)])
def test_a_lease_that_is_not_in_the_database_as_it_was_acknowledged_is_told(tmp_path: Path, record: Record, hardware: bytes,
                                                                          ends: int, lost: int) -> None:
    begin = now()
    with closing(sqlite3.connect(tmp_path / "leases.db")) as database:
        database.execute("CREATE TABLE ledger_time (ledger_less_boot REAL)")
        database.execute("INSERT INTO ledger_time VALUES (1e6)")
        database.execute("CREATE TABLE leases (address INTEGER, hardware BLOB, ends INTEGER, state INTEGER)")
        database.execute("INSERT INTO leases VALUES (?, ?, ?, 1)",
                         (int.from_bytes(packed("10.77.1.1"), "big"), hardware, int(begin + 1e6) + ends))
        database.commit()
    supervisor.look_at_database(tmp_path / "leases.db", {"10.77.1.1": (mac_of(1), begin + 600)}, record)
    assert (record.counts["lost"], len(record.broken)) == (lost, lost)


def test_a_silence_counts_without_what_was_cut(record: Record) -> None:
    record.spans += [Span("loss", 9.0, cuts=False, end=30.0), Span("kill -9", 10.0, cuts=True, end=12.0),
                     Span("interface: down", 11.0, cuts=True, end=13.0)]
    for begin, end in ((5.0, 5.5), (9.5, 14.0), (20.0, 20.9)):
        record.waited(begin, end)
    longest = record.longest_silence()
    assert (longest.seconds, longest.raw, longest.during) == (1.5, 4.5, "interface: down, kill -9, loss")

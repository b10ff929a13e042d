"""A lease database that is damaged, gone, displaced or held by others (hardening 22, 23): nothing is lost in silence."""

import contextlib
import logging
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random

import pytest
from damage import held, leaves, overwrite

from pydhcpd.alarms import DATABASE_FILE, DATABASE_LOG, NOTHING, Alarms
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases import custody
from pydhcpd.leases import store as store_module
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.salvage import salvage
from pydhcpd.leases.store import FRAME, PAGE, SQLiteStore

NOW = 1_800_000_000
BASE = 0x0A000000
MANY = 2000
LONGEST = 3600


def row(number: int, name: str = "pc") -> Row:
    return Row(BASE + number, b"\2\1" + number.to_bytes(6, "big"), 1, number.to_bytes(6, "big"), name, NOW + 600, NOW, BOUND)


def made(path: Path, number: int = MANY) -> list[Row]:
    """A database with leases, closed in order."""
    store, rows = SQLiteStore(path), [row(one) for one in range(number)]
    store.commit(rows)
    store.close()
    return rows


def crashed(path: Path, *batches: int) -> None:
    """A database as kill -9 leaves it, with so many leases in each commit of its log."""
    store, first = SQLiteStore(path), 0
    for count in batches:
        store.commit([row(first + one) for one in range(count)])
        first += count
    keep(store, path)


def keep(store: SQLiteStore, path: Path) -> None:
    """Leave both files as they are now."""
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{path}.kept{suffix}")
    store.close()
    for suffix in ("", "-wal"):
        os.rename(f"{path}.kept{suffix}", f"{path}{suffix}")


def flip(path: Path, at: int) -> None:
    """Damage one bit."""
    overwrite(path, at, bytes((path.read_bytes()[at] ^ 1,)))


def end_of_first(logged: bytes) -> int:
    """Where the first transaction of a log ends."""
    step = FRAME + PAGE
    return next(at + step for at in range(32, len(logged), step) if any(logged[at + 4:at + 8]))


def names(path: Path, what: str) -> list[str]:
    return sorted(one.name for one in path.parent.iterdir() if what in one.name)


def words(store: SQLiteStore) -> str:
    return " ".join(one.words for one in store.alarms)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "leases.db"


@pytest.fixture
def opened(path):
    """Opens the database as the daemon does."""
    with contextlib.ExitStack() as stack:
        def begin() -> SQLiteStore:
            store = SQLiteStore(path, Alarms(), LONGEST)
            stack.callback(store.close)
            return store
        yield begin


# --- at the start


@pytest.mark.parametrize("content", [bytes(PAGE), b"\xff" * PAGE, os.urandom(PAGE)])
def test_of_a_page_that_is_overwritten_its_leases_alone_are_lost_and_told_with_their_addresses(path, opened, content):
    rows = made(path)
    at = leaves(path)[20]
    overwrite(path, at, content)
    damaged = path.read_bytes()
    store = opened()
    left = list(store.select())
    lost = sorted({one.address for one in rows} - {one.address for one in left})
    assert 0 < len(lost) < 30 and set(left) <= set(rows)
    assert store.caution.lost == [(lost[0], lost[-1])]
    assert f"{len(left)} leases were recovered, about {len(lost)} lost with 1 page" in words(store)
    aside = names(path, "damaged-")[0]
    assert (path.parent / aside).read_bytes() == damaged
    store.commit([row(MANY)])


def test_a_row_that_is_no_lease_is_lost_alone(path, opened):
    made(path)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("UPDATE leases SET client = 7 WHERE address = ?", (BASE + 30,))
        other.execute("UPDATE leases SET state = 9 WHERE address = ?", (BASE + 50,))
        other.commit()
    store = opened()
    assert {row(number).address for number in range(MANY)} - {one.address for one in store.select()} == {BASE + 30, BASE + 50}
    assert "a row is no lease" in words(store)


def test_a_database_that_is_cut_loses_what_was_cut_off_and_says_so(path, opened):
    rows = made(path)
    path.write_bytes(path.read_bytes()[:-700])
    store = opened()
    left = set(store.select())
    assert left < set(rows) and len(rows) - len(left) < 30
    assert "damaged" in words(store) and store.caution.is_on


@pytest.mark.parametrize("pages", [1, 2])
def test_where_the_root_of_the_tree_is_lost_every_lease_is_found_in_its_page(path, opened, pages):
    rows = made(path)
    overwrite(path, 0, bytes(PAGE * pages))
    store = opened()
    assert list(store.select()) == rows
    assert store.caution.is_on


@pytest.mark.parametrize("content", [None, b""])
def test_a_database_that_is_gone_is_read_from_its_log(path, opened, content):
    """SQLite throws such a log away."""
    crashed(path, 50, 50)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    store = opened()
    assert list(store.select()) == [row(number) for number in range(100)]
    assert "only its log is left; " not in words(store) and "only its log is left" in words(store)


def test_a_log_that_is_broken_in_the_middle_is_read_behind_that(path, opened):
    crashed(path, *[20] * 10)
    log = Path(f"{path}-wal")
    overwrite(log, 32 + 12 * (FRAME + PAGE) + 100, b"\xaa" * 200)
    store = opened()
    assert len(list(store.select())) >= 180
    assert "its log is cut in the middle" in words(store)


def test_a_log_whose_header_is_lost_is_read(path, opened):
    crashed(path, *[20] * 10)
    overwrite(Path(f"{path}-wal"), 0, bytes(32))
    assert len(list(opened().select())) >= 180


@pytest.mark.parametrize("at", [0, 8, 12, 16, 20, 24, 28],
                         ids=["magic", "page size", "count", "salt", "other salt", "sum", "other sum"])
def test_a_header_of_the_log_with_a_flipped_bit_is_noticed(path, opened, at):
    """SQLite takes such a log for none."""
    crashed(path, *[20] * 10)
    flip(Path(f"{path}-wal"), at + 3)
    assert len(list(opened().select())) >= 180
    assert names(path, "damaged") != []


@pytest.mark.parametrize("at", [0, 4, 8, 16, FRAME + 5, FRAME + PAGE - 1],
                         ids=["page number", "mark", "salt", "sum", "page", "end of page"])
@pytest.mark.parametrize("frame", [5, 41, 60])
def test_a_frame_of_the_log_with_a_flipped_bit_is_noticed(path, opened, frame, at):
    """What was synced is damaged where whole transactions lie behind it, which SQLite does not read."""
    store = SQLiteStore(path)
    for number in range(100):  # of one frame each
        store.commit([row(0)._replace(last_used=NOW + number)])
    keep(store, path)
    flip(Path(f"{path}-wal"), 32 + frame * (FRAME + PAGE) + at)
    store = opened()
    assert [one.last_used for one in store.select()] == [NOW + 99]
    assert "its log is cut in the middle" in words(store) and store.caution.is_on


def test_the_first_block_of_a_log_that_is_zeroed_is_noticed(path, opened):
    crashed(path, *[20] * 10)
    overwrite(Path(f"{path}-wal"), 0, bytes(4096))
    assert "its log is cut in the middle" in words(opened())


# --- a power cut is no damage


def quiet(path: Path) -> list[Row]:
    """The leases of a database that is opened without a word."""
    with contextlib.closing(SQLiteStore(path, Alarms(), LONGEST)) as store:
        assert (words(store), store.caution.is_on, names(path, "damaged")) == ("", False, [])
        return list(store.select())


def begun_anew(path: Path, before: int, *after: int) -> tuple[bytes, bytes, bytes]:
    """The database, its log when all of it is written back, and the log that was then begun anew in the same file."""
    with contextlib.closing(SQLiteStore(path)) as store:
        store.commit([row(one) for one in range(before)])
        store.checkpoint("PASSIVE")
        logged = Path(f"{path}-wal")
        database, old = path.read_bytes(), logged.read_bytes()
        for count in after:
            store.commit([row(one, "again") for one in range(count)])
        return database, old, logged.read_bytes()


@pytest.mark.parametrize("length", [1, 4, 11, 15, 16, 17, 19, 20, 23, 24, 25, 28, 31])
def test_a_header_of_the_log_that_is_torn_is_no_damage(path, length):
    """It is written anew when all that is behind it is in the database."""
    database, old, new = begun_anew(path, 200, 1)
    path.write_bytes(database)
    Path(f"{path}-wal").write_bytes(new[:length] + old[length:])
    assert quiet(path) == [row(one) for one in range(200)]


@pytest.mark.parametrize("length", [0, 1, 4, 24, 31, 32, 40, 56, 1000])
def test_a_new_log_that_is_torn_is_no_damage(path, length):
    rows = made(path, 200)
    database, _, new = begun_anew(path, 0, 1)
    path.write_bytes(database)
    Path(f"{path}-wal").write_bytes(new[:length])
    assert quiet(path) == rows


@pytest.mark.parametrize("seed", range(40))
def test_of_a_last_transaction_any_sectors_are_there_and_that_is_no_damage(path, seed):
    """Over an older log, some of whose marks then stand beside the new salts."""
    database, old, new = begun_anew(path, 1500, 100, 1500)
    old = old.ljust(len(new), b"\0")
    last = end_of_first(new)
    torn, random = bytearray(new[:last] + old[last:]), Random(seed)
    for at in range(last - last % 512, len(new), 512):
        if random.random() < 0.5:
            begin = max(at, last)
            torn[begin:at + 512] = new[begin:at + 512]
    path.write_bytes(database)
    Path(f"{path}-wal").write_bytes(torn)
    assert [one.hostname for one in quiet(path)].count("again") == 100


def test_half_of_a_last_transaction_is_no_damage(path):
    crashed(path, 20, 20, 20)
    log = Path(f"{path}-wal")
    log.write_bytes(log.read_bytes()[:-PAGE // 2])
    assert len(quiet(path)) == 40


def test_what_is_whole_raises_no_alarm(path, opened):
    made(path)
    store = opened()
    assert (list(store.alarms), store.caution.is_on) == ([], False)


@pytest.mark.parametrize("loss", ["gone", "empty", "without leases"])
def test_a_database_that_had_leases_and_has_none_is_no_silent_start(path, opened, loss):
    made(path, 3)
    if loss == "without leases":
        with contextlib.closing(sqlite3.connect(path)) as other:
            other.execute("DELETE FROM leases")
            other.commit()
    else:
        path.unlink()
        if loss == "empty":
            path.write_bytes(b"")
    store = opened()
    assert store.caution.is_on and 0 < store.caution.remaining <= LONGEST
    assert "lease" in words(store)


def test_the_caution_outlives_a_restart_and_ends_when_an_administrator_says_so(path):
    made(path, 3)
    path.unlink()
    SQLiteStore(path, longest=LONGEST).close()
    store = SQLiteStore(path, longest=LONGEST)
    assert store.caution.is_on
    store.caution.settle()
    assert (store.caution.is_on, list(store.alarms)) == (False, [])
    store.close()
    again = SQLiteStore(path)
    assert not again.caution.is_on
    again.close()


def test_where_it_cannot_be_recovered_the_start_is_refused_and_all_is_where_it_was(path, monkeypatch):
    made(path)
    overwrite(path, leaves(path)[20], bytes(PAGE))
    before = path.read_bytes()
    monkeypatch.setattr(SQLiteStore, "_write_new", lambda *_: (_ for _ in ()).throw(sqlite3.OperationalError("disk is full")))
    with pytest.raises(InvalidValue, match="cannot be recovered: disk is full; make room"):
        SQLiteStore(path)
    assert path.read_bytes() == before and names(path, "damaged") == []


@pytest.mark.parametrize("where", ["salvage", "_write_new"])
def test_where_the_recovery_is_interrupted_all_is_where_it_was(path, monkeypatch, where):
    rows = made(path)
    overwrite(path, leaves(path)[20], bytes(PAGE))
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        patched.setattr(custody if where == "salvage" else SQLiteStore, where,
                        lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            SQLiteStore(path)
    assert path.read_bytes() == before and names(path, "damaged") == []
    store = SQLiteStore(path)
    assert 0 < store.count() < len(rows)
    store.close()


def test_a_terminal_sees_how_far_the_recovery_is(path, monkeypatch, capsys):
    made(path)
    overwrite(path, leaves(path)[20], bytes(PAGE))
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    SQLiteStore(path).close()
    said = capsys.readouterr().err
    assert "\rleases recovered: " in said and said.endswith("\r\x1b[K")


@pytest.mark.parametrize("suffix", ["-wal", ".known"])
@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_what_could_be_anothers_work_beside_it_is_refused(path, suffix, kind):
    made(path)
    beside = Path(f"{path}{suffix}")
    beside.unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(beside)
    else:
        beside.symlink_to("/etc/passwd")
    with pytest.raises(InvalidValue, match=r"plain file|symbolic link"):
        SQLiteStore(path)


def test_rows_with_long_values_go_over_several_pages(path):
    store = SQLiteStore(path)
    long = row(1)._replace(relay=os.urandom(5000), limits="x" * 3000)
    store.commit([row(0), long, row(2)])
    store.close()
    assert salvage(path, Path(f"{path}-wal")).rows == [row(0), long, row(2)]


# --- while it is used


@pytest.mark.parametrize("act", ["removed", "replaced", "its log"])
def test_a_file_that_is_displaced_while_it_is_in_use_is_put_back_with_all_leases(path, opened, act):
    store = opened()
    store.commit([row(1)])
    if act == "removed":
        path.unlink()
    elif act == "its log":
        Path(f"{path}-wal").unlink()
    else:
        other = path.with_name("other.db")
        SQLiteStore(other).close()
        other.rename(path)
    store.commit([row(2)])
    store.keep(threading.Lock())
    assert DATABASE_FILE in store.alarms and act in words(store)
    store.commit([row(3)])
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as reader:
        assert [one for (one,) in reader.execute("SELECT address FROM leases")] == [BASE + one for one in (1, 2, 3)]
    assert len([one for one in names(path, "foreign") if "-wal" not in one]) == (act == "replaced")
    store.close()
    assert list(opened().select()) == [row(one) for one in (1, 2, 3)]


def test_readers_never_create_a_database(path, opened):
    store = opened()
    reader = store.reader()
    path.unlink()
    for read in (lambda: list(store.select()), lambda: reader.by_address(1), lambda: list(store.running(0, 9, 0))):
        with pytest.raises(StoreError):
            read()
    assert not path.exists()


def test_pages_that_are_damaged_while_it_is_in_use_are_recovered(path, opened):
    made(path)
    store = opened()
    overwrite(path, leaves(path)[20], b"\xff" * PAGE)
    with pytest.raises(StoreError):
        list(store.select())
    assert store.damage is not None
    store.reopen()
    assert store.damage is None and "damaged" in words(store)
    assert MANY - 30 < len(list(store.select())) < MANY
    store.commit([row(MANY)])


# --- held by others


def took(act) -> float:
    begin = time.monotonic()
    act()
    return time.monotonic() - begin


def test_a_commit_waits_for_no_stranger_longer_than_50_ms_and_tells_who_it_is(path, opened):
    store = opened()

    def refused() -> None:
        with pytest.raises(StoreError) as error:
            store.commit([row(1)])
        assert error.value.is_busy and f"process {other}" in str(error.value)

    with held(path) as other:
        assert 0.03 < took(refused) < 0.15
        assert min(took(refused) for _ in range(5)) < 0.02
    store.commit([row(1)])
    assert store._writer.execute("PRAGMA busy_timeout").fetchone()[0] == store_module.WAIT


def test_who_tells_locks_loses_none_of_them(path, opened):
    """A descriptor that is closed takes all locks of its process on that file with it."""
    store = opened()
    store.commit([row(1)])
    store._writer.execute("BEGIN IMMEDIATE")
    for _ in range(3):
        store._holders.words()
    with contextlib.closing(sqlite3.connect(path, timeout=0)):
        done = subprocess.run([sys.executable, "-c", "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0)"
                               ".execute('BEGIN IMMEDIATE')", path], capture_output=True, text=True, check=False)
    assert "database is locked" in done.stderr
    store._writer.rollback()


def test_a_log_that_a_stranger_reads_grows_and_holds_up_nobody(path, opened, monkeypatch, caplog):
    monkeypatch.setattr(store_module, "WAL_LIMIT", 50 * PAGE)
    store = opened()
    store.commit([row(1)])
    with held(path, "BEGIN;SELECT * FROM leases") as other:
        for number in range(100):
            store.commit([row(number)])
        store.is_due.set()
        assert took(lambda: store.keep(threading.Lock())) < 0.5
        assert DATABASE_LOG in store.alarms and f"process {other}" in words(store)
    store.keep(threading.Lock())
    assert DATABASE_LOG not in store.alarms


def test_a_start_beside_a_transaction_of_another_program_goes_on(path, opened):
    made(path, 3)
    with held(path):
        assert len(list(opened().select())) == 3


def test_a_start_on_a_database_that_another_program_keeps_for_itself_says_who(path, monkeypatch):
    made(path, 3)
    monkeypatch.setattr(store_module, "PATIENCE", 0.1)
    with held(path, "PRAGMA locking_mode = EXCLUSIVE;BEGIN IMMEDIATE;COMMIT") as other, pytest.raises(
            InvalidValue, match=f"process {other} .*has a transaction open on it; end that"):
        SQLiteStore(path)


@pytest.mark.parametrize(("act", "said"), [("DROP TABLE leases", "no such table.*another host_file"),
                                           ("ALTER TABLE leases RENAME COLUMN ends TO e", "another host_file")])
def test_a_database_without_our_tables_is_told_with_a_remedy(path, act, said):
    made(path, 3)
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute(act)
    with pytest.raises((InvalidValue, StoreError), match=said):
        store = SQLiteStore(path)
        store.commit([row(1)])


# --- a full disk


@pytest.fixture
def small_disk(tmp_path):
    place = tmp_path / "disk"
    place.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], check=False).returncode:
        pytest.skip("only root can mount a file system")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def test_a_start_on_a_full_disk_reads_what_is_there_and_stores_again_when_there_is_room(small_disk):
    path = small_disk / "leases.db"
    rows = made(path, 20)
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(4096)):
            pass
    store = SQLiteStore(path)
    assert list(store.select()) == rows and store.row(BASE) == rows[0]
    with pytest.raises(StoreError, match="room") as error:
        store.commit([row(21)])
    assert error.value.is_doubtful
    with pytest.raises(StoreError):
        store.reopen()
    assert store.row(BASE) == rows[0]
    filler.unlink()
    store.reopen()
    store.commit([row(21)])
    assert len(list(store.select())) == 21
    store.close()


def test_an_alarm_is_told_once_and_when_it_is_over(caplog):
    alarms = Alarms(clock=lambda: 5.0)
    with caplog.at_level(logging.INFO, "pydhcpd"):
        alarms.begin("disk alarm", "no room")
        alarms.begin("disk alarm", "no room")
        assert [tuple(one) for one in alarms] == [("disk alarm", NOTHING, 5.0, "no room")]
        assert alarms.status() == "ALARM: no room"
        alarms.end("disk alarm", "room again")
        alarms.end("disk alarm", "room again")
    assert (list(alarms), alarms.status()) == ([], "")
    assert [one.getMessage() for one in caplog.records] == ["no room", "room again"]

"""The embedded store: durable, all or none, and never opened on what is not its own."""

import contextlib
import os
import sqlite3
import stat
import subprocess
from pathlib import Path

import pytest

from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row
from pydhcpd.leases.queries import PORTION
from pydhcpd.leases.store import MIGRATIONS, SCHEMA_VERSION, SQLiteStore

NOW = 1_800_000_000
HOSTS = "02:00:00:00:99:01;10.0.0.5;pc1;1500000000\n"


def row(address: int, client: bytes = b"\2\1abcdef", *, ends: int = NOW + 600, last_used: int = NOW, state: int = BOUND) -> Row:
    return Row(address, client, 1, b"abcdef", "pc", ends, last_used, state)


@pytest.fixture
def store(tmp_path):
    made = SQLiteStore(tmp_path / "leases.db")
    yield made
    made.close()


def on_disk(path: Path) -> list[tuple]:
    """The rows as another process reads them."""
    with contextlib.closing(sqlite3.connect(path)) as reader:
        table = "rows" if version_of(path) == SCHEMA_VERSION else "leases"  # older ones have no view
        return reader.execute(f"SELECT * FROM {table} ORDER BY address").fetchall()


def test_what_is_committed_is_read_by_others_and_after_a_restart(store):
    assert store.commit([row(1), row(2)]) == frozenset()
    assert on_disk(store.path) == [row(1), row(2)]
    again = SQLiteStore(store.path)
    assert (again.row(1), again.row(3)) == (row(1), None)
    again.close()


def test_every_commit_is_synced_and_pays_for_no_checkpoint(store):
    """RFC 2131 section 3.1 step 4: durable means that it survives a power cut."""
    pragmas = {"journal_mode": "wal", "synchronous": 2, "wal_autocheckpoint": 0}
    assert {name: store._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in pragmas} == pragmas


def test_the_file_is_not_for_everyone_to_read(store):
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o640


def test_a_commit_is_all_or_none_and_the_next_one_works(store):
    store.commit([row(1)])
    with pytest.raises(StoreError):
        store.commit([row(2), row(3)._replace(client=None), row(4)])
    assert on_disk(store.path) == [row(1)]
    store.commit([row(2)])
    assert on_disk(store.path) == [row(1), row(2)]


def test_a_later_row_takes_the_place_of_the_earlier_one(store):
    store.commit([row(1), row(1, b"\2\1other")])
    store.commit([row(1, b"\2\1third")])
    assert on_disk(store.path) == [row(1, b"\2\1third")]


def test_rows_are_loaded_by_range_with_their_state(store):
    rows = [row(1), row(2, ends=5), row(3, state=QUARANTINED), row(9)]
    store.commit(rows)
    assert list(store.running(1, 3, 5)) == [(rows[0].client, 1, rows[0].ends)]
    assert list(store.not_running(1, 3, 5)) == [(one.address, one.client, one.ends, one.state) for one in rows[1:3]]


@pytest.mark.parametrize("count", [0, 1, PORTION - 1, PORTION, PORTION + 1, 3 * PORTION])
def test_rows_are_selected_in_portions_and_none_is_lost_between_them(store, count):
    store.commit([row(number) for number in range(count)])
    assert [one.address for one in store.select()] == list(range(count))
    assert [one.address for one in store.select("address >= ? AND state = 1", (5,))] == list(range(5, count))


def test_a_slow_reader_holds_no_commit_up(store):
    """The prompt reads by a connection of its own."""
    store.commit([row(number) for number in range(3 * PORTION)])
    reader = store.select()
    next(reader)
    store.commit([row(0, b"\2\1changed"), row(3 * PORTION)])
    assert len(list(reader)) == 3 * PORTION


def test_the_log_is_written_back_beside_the_writer(store):
    for number in range(300):
        store.commit([row(number)])
    log = Path(f"{store.path}-wal")
    assert store.checkpoint("PASSIVE") > 0
    size = log.stat().st_size
    assert store.checkpoint("RESTART") > 0
    for number in range(250):
        store.commit([row(number)])
    assert log.stat().st_size <= size
    assert len(on_disk(store.path)) == 300


def test_an_import_keeps_what_was_used_later(store):
    store.commit([row(1, b"\2\1ours", last_used=NOW), row(2, b"\2\1ours", last_used=NOW - 50)])
    store.import_rows([row(1, b"\0\1theirs", last_used=NOW - 1), row(2, b"\0\1theirs", last_used=NOW), row(3, b"\0\1theirs")])
    assert [one[1] for one in on_disk(store.path)] == [b"\2\1ours", b"\0\1theirs", b"\0\1theirs"]


def test_an_interrupted_import_leaves_all_as_it_was(store):
    def rows():
        yield row(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.import_rows(rows())
    assert on_disk(store.path) == []
    store.commit([row(2)])
    assert on_disk(store.path) == [row(2)]


def test_after_reopening_all_is_there(store):
    store.commit([row(1)])
    store.reopen()
    store.commit([row(2)])
    assert on_disk(store.path) == [row(1), row(2)]


# --- what the relay said is kept where a renewal comes without it; what a lease counts for is found by an index

RELAY = b"\x0a\0\0\xfe\1\4port"
RENEWED = row(1, ends=NOW + 900, last_used=NOW + 300)
plain_and_full = pytest.mark.parametrize("columns", [8, 12])


@plain_and_full
@pytest.mark.parametrize(("before", "after", "kept"), [
    ({}, {}, True),
    ({}, {"client": b"\2\1other"}, False),
    ({"state": RELEASED}, {}, False),
    ({}, {"state": RELEASED}, False),
    ({}, {"state": QUARANTINED}, False),
])
def test_a_row_without_a_relay_keeps_what_is_stored_for_the_same_lease(store, columns, before, after, kept):
    store.commit([row(1)._replace(relay=RELAY, sent_name="sent", dns="N", **before)])
    written = RENEWED._replace(**after)
    store.commit([tuple(written)[:columns]])
    more = {"relay": RELAY, "sent_name": "sent"} if kept else {}
    assert store.row(1) == written._replace(dns="N", **more), "what is said of the DNS tells itself whose it is"


@plain_and_full
@pytest.mark.parametrize(("name", "after", "kept"), [
    ("", {}, "host"), ("new", {}, "new"), ("", {"client": b"\2\1other"}, ""), ("", {"state": QUARANTINED}, "")])
def test_a_row_without_a_name_keeps_the_one_of_the_same_lease(store, columns, name, after, kept):
    """Not all clients repeat option 12 when they renew."""
    store.commit([row(1)._replace(hostname="host")])
    store.commit([tuple(RENEWED._replace(hostname=name, **after))[:columns]])
    assert store.row(1).hostname == kept


def test_a_row_with_a_name_that_was_sent_takes_the_place_of_what_is_stored(store):
    store.commit([row(1)._replace(sent_name="before")])
    store.commit([RENEWED._replace(sent_name="after")])
    assert store.row(1).sent_name == "after"


def test_a_row_with_a_relay_takes_the_place_of_what_is_stored(store):
    store.commit([row(1)._replace(relay=RELAY)])
    store.commit([RENEWED._replace(relay=b"other")])
    assert store.row(1) == RENEWED._replace(relay=b"other")


def test_rows_with_and_without_a_relay_are_stored_in_one_commit(store):
    store.commit([tuple(row(1))[:8], row(2)._replace(relay=RELAY), tuple(row(3))[:8]], [(b"", NOW, 3)])
    assert on_disk(store.path) == [row(1), row(2)._replace(relay=RELAY), row(3, b"", ends=NOW, state=RELEASED)]


@plain_and_full
def test_a_row_that_counts_for_nothing_takes_away_what_was_stored(store, columns):
    store.commit([row(1)._replace(limits="voip")])
    store.commit([tuple(RENEWED)[:columns]])
    assert store.row(1).limits == ""


def index_names(store: SQLiteStore) -> set[str]:
    return {name for (name,) in store._writer.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}


def test_leases_that_count_for_something_are_told_if_they_run(store):
    assert store.limited(1, 9, NOW) == []
    store.commit([row(1)._replace(limits="a\nb"), row(2), row(3, ends=NOW)._replace(limits="a"),
                  row(4, state=RELEASED)._replace(limits="a"), row(9)._replace(limits="c")])
    assert store.limited(1, 8, NOW) == [(1, "a\nb")]
    again = SQLiteStore(store.path)
    assert again.limited(1, 9, NOW) == [(1, "a\nb"), (9, "c")]
    again.close()


def test_the_index_of_what_counts_is_made_with_the_first_such_row_and_not_if_that_fails(store):
    store.commit([tuple(row(1))[:8], row(2)])
    assert index_names(store) == set()
    with pytest.raises(StoreError):
        store.commit([row(3)._replace(limits="a")], [(None, NOW, 3)])
    assert index_names(store) == set()
    assert store.limited(1, 9, NOW) == []
    store.commit([row(3)._replace(limits="a")])
    assert index_names(store) == {"leases_limited"}
    assert store.limited(1, 9, NOW) == [(3, "a")]


def test_who_looks_for_what_counts_before_the_index_is_committed_does_without_it(store):
    """A reload reads wires that are new beside the packet path."""
    found = []
    store._writer.set_trace_callback(lambda sql: found.append(store.limited(1, 9, NOW)) if sql == "COMMIT" else None)
    store.commit([row(1)._replace(limits="a")])
    store._writer.set_trace_callback(None)
    assert (found, store.limited(1, 9, NOW)) == ([[]], [(1, "a")])


def test_the_indexes_for_queries_are_made_and_dropped(store):
    store.commit([row(number, b"\2\1%d" % number) for number in range(100)])
    bare = store.most_logged(10)
    for _ in range(2):
        store.index_for_queries()
        assert index_names(store) == {"leases_by_hardware", "leases_by_client"}
        assert store.most_logged(10) > bare
    plan = store._writer.execute("EXPLAIN QUERY PLAN SELECT * FROM rows WHERE client = ?", (b"\2\0017",)).fetchone()[3]
    assert "leases_by_client" in plan
    for _ in range(2):
        store.drop_query_indexes()
        assert (index_names(store), store.most_logged(10)) == (set(), bare)
    assert len(on_disk(store.path)) == 100


# --- files of the first version of the schema

FIRST_SCHEMA = """
CREATE TABLE leases (address INTEGER PRIMARY KEY, client BLOB NOT NULL, htype INTEGER NOT NULL, hardware BLOB NOT NULL,
    hostname TEXT NOT NULL, ends INTEGER NOT NULL, last_used INTEGER NOT NULL, state INTEGER NOT NULL)"""


@pytest.fixture
def old_file(tmp_path):
    """As the first version left it, its log not yet written back."""
    path = tmp_path / "old.db"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as old:
        for statement in ("PRAGMA page_size = 1024", "PRAGMA journal_mode = WAL", FIRST_SCHEMA,
                          "PRAGMA application_id = 0x70796468", "PRAGMA user_version = 1"):
            old.execute(statement)
        old.executemany("INSERT INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [tuple(row(number))[:8] for number in (1, 2)])
    return path


def version_of(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as reader:
        return reader.execute("PRAGMA user_version").fetchone()[0]


def test_a_file_of_the_first_version_is_brought_up_to_date_in_place(old_file):
    store = SQLiteStore(old_file)
    assert version_of(old_file) == SCHEMA_VERSION
    assert on_disk(old_file) == [row(1), row(2)]
    renewed = RENEWED._replace(relay=RELAY, limits="voip")
    store.commit([renewed, row(3)])
    store.close()
    again = SQLiteStore(old_file)
    assert (again.row(1), list(again.select()), again.limited(1, 9, NOW)) == (renewed, [renewed, row(2), row(3)], [(1, "voip")])
    again.close()


def test_a_file_whose_change_is_interrupted_is_as_it_was_and_is_changed_the_next_time(old_file, monkeypatch):
    monkeypatch.setattr("pydhcpd.leases.store.MIGRATIONS", {
        **MIGRATIONS, 1: ("ALTER TABLE leases ADD COLUMN relay BLOB NOT NULL DEFAULT x''",),
        2: ("ALTER TABLE absent ADD COLUMN x",)})
    refused(old_file)
    assert version_of(old_file) == 1
    assert on_disk(old_file) == [tuple(row(number))[:8] for number in (1, 2)]
    monkeypatch.undo()
    SQLiteStore(old_file).close()
    assert (version_of(old_file), on_disk(old_file)) == (SCHEMA_VERSION, [row(1), row(2)])


# --- files that are not ours


def refused(path: Path) -> str:
    """Why a file is not opened; the reason is one line that names it."""
    with pytest.raises(InvalidValue) as refusal:
        SQLiteStore(path)
    reason = str(refusal.value)
    assert str(path) in reason
    assert "\n" not in reason
    return reason


@pytest.mark.parametrize("text", [HOSTS, HOSTS * 1000, "02:00:00:00:99:01;10.0.0.5;a;b;c;1\n", ";;;\n"])
def test_an_older_hosts_file_is_refused_with_the_line_that_imports_it(tmp_path, text):
    path = tmp_path / "hosts.csv"
    path.write_text(text)
    assert f"pydhcpd -host_file NEW_FILE -import {path}" in refused(path)
    assert path.read_text() == text


@pytest.mark.parametrize("content", [b"x" * 5000, b"SQLite format 3\0" + b"x" * 5000, b"\0" * 4096])
def test_what_is_no_database_is_refused_and_left_as_it_is(tmp_path, content):
    path = tmp_path / "leases.db"
    path.write_bytes(content)
    refused(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_left_as_it_is(tmp_path):
    path = tmp_path / "theirs.db"
    with contextlib.closing(sqlite3.connect(path)) as theirs:
        theirs.execute("CREATE TABLE songs (name TEXT)")
    path.chmod(0o600)
    before = path.read_bytes()
    assert "another program" in refused(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (before, 0o600)


@pytest.mark.parametrize("version", [0, SCHEMA_VERSION + 1, 99])
def test_a_database_of_another_version_is_refused_with_the_versions(tmp_path, version):
    path = tmp_path / "leases.db"
    SQLiteStore(path).close()
    with contextlib.closing(sqlite3.connect(path)) as changed:
        changed.execute(f"PRAGMA user_version = {version}")
    assert f"version {version}, and this program knows {SCHEMA_VERSION}" in refused(path)


@pytest.mark.parametrize("target", ["leases.db", "nothing", "/dev/null"])
def test_a_symbolic_link_is_refused(tmp_path, target):
    SQLiteStore(tmp_path / "leases.db").close()
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / target)
    assert "link" in refused(link)


def test_a_file_that_anyone_can_write_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "leases.db"
    SQLiteStore(path).close()
    path.chmod(0o666)
    assert f"chmod o-w {path}" in refused(path)


@pytest.mark.parametrize("kind", ["directory", "fifo", "in no directory"])
def test_what_is_no_plain_file_is_refused(tmp_path, kind):
    path = tmp_path / "leases.db"
    if kind == "directory":
        path.mkdir()
    elif kind == "fifo":
        os.mkfifo(path)
    else:
        path = tmp_path / "absent" / "leases.db"
    refused(path)


# --- a disk that is full


@pytest.fixture
def tiny_disk(tmp_path):
    """A file system of 256 KiB."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a file system")
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_disk_loses_nothing_and_recovers_when_space_returns(tiny_disk):
    store = SQLiteStore(tiny_disk / "leases.db")
    filler = tiny_disk / "filler"
    filler.write_bytes(bytes(64 << 10))
    stored = 0
    with pytest.raises(StoreError, match="full"):
        for number in range(10_000):
            store.commit([row(number)])
            stored = number + 1
    assert stored > 0
    assert [one[0] for one in on_disk(store.path)] == list(range(stored))
    filler.unlink()
    store.commit([row(stored)])
    assert [one[0] for one in on_disk(store.path)] == list(range(stored + 1))
    store.close()


# --- the schema, and what it grew by


OLD_SCHEMA = """
CREATE TABLE leases (
    address INTEGER PRIMARY KEY, client BLOB NOT NULL, htype INTEGER NOT NULL, hardware BLOB NOT NULL, hostname TEXT NOT NULL,
    ends INTEGER NOT NULL, last_used INTEGER NOT NULL, state INTEGER NOT NULL)"""


def old_database(path: Path) -> None:
    """A lease database as version 1 of the schema had it, with a lease."""
    with contextlib.closing(sqlite3.connect(path)) as writer:
        writer.execute(OLD_SCHEMA)
        writer.execute("INSERT INTO leases VALUES (1, x'0201', 1, x'616263646566', 'pc', 4000000000, 100, 1)")
        writer.execute("PRAGMA application_id = 1887003752")
        writer.execute("PRAGMA user_version = 1")
        writer.commit()


def test_a_database_of_the_first_schema_is_migrated_with_its_leases(tmp_path):
    """Hardening 24."""
    old_database(tmp_path / "leases.db")
    store = SQLiteStore(tmp_path / "leases.db")
    assert store.row(1) == Row(1, b"\2\1", 1, b"abcdef", "pc", 4_000_000_000, 100, BOUND, b"", "", "", "")
    store.commit([row(2)._replace(relay=b"\n\1\0\2\1\1x", limits="voip")])
    store.close()
    again = SQLiteStore(tmp_path / "leases.db")
    assert [one.limits for one in again.select()] == ["", "voip"]
    assert again.limited(0, 10, 0) == [(2, "voip")]
    again.close()


def test_a_migration_that_fails_changes_nothing(tmp_path, monkeypatch):
    old_database(tmp_path / "leases.db")
    before = on_disk(tmp_path / "leases.db")
    monkeypatch.setattr("pydhcpd.leases.store.MIGRATIONS", {
        **MIGRATIONS, 1: ("ALTER TABLE leases ADD COLUMN relay BLOB NOT NULL DEFAULT x''",),
        2: ("ALTER TABLE nonesuch ADD COLUMN x",)})
    with pytest.raises(InvalidValue, match="cannot be opened"):
        SQLiteStore(tmp_path / "leases.db")
    monkeypatch.undo()
    assert on_disk(tmp_path / "leases.db") == before
    SQLiteStore(tmp_path / "leases.db").close()


@pytest.mark.parametrize(("later", "kept"), [
    ({}, b"\n\1\0\2\1\1x"),  # a renewal that came directly
    ({"relay": b"\n\1\0\3\1\1y"}, b"\n\1\0\3\1\1y"), ({"client": b"\2\1other"}, b""), ({"state": QUARANTINED}, b"")])
def test_what_a_relay_said_is_kept_for_its_client_while_the_lease_is_bound(store, later, kept):
    """RFC 3046 section 2.2 forbids to make it up; for policy it is remembered."""
    store.commit([row(1)._replace(relay=b"\n\1\0\2\1\1x")])
    store.commit([row(1)._replace(**later)])
    assert store.row(1).relay == kept


def test_indexes_for_queries_come_and_go(store):
    def indexes():
        return {one[0] for one in store._writer.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}

    before = indexes()
    store.index_for_queries()
    store.index_for_queries()
    assert len(indexes() - before) == 2
    store.drop_query_indexes()
    assert indexes() == before

"""RFC 2131 section 3.1 step 4: what was acknowledged is there after a crash at any moment. A short run of `powercut.py`."""

import shutil
from random import Random

import pytest
from disk import SECTOR, Disk
from powercut import check, cuts, recording, the_lab, try_all, try_daemon
from recorded import DATABASE, expected
from syscalls import Operation

COMMITS, SEED = 40, 1
EVERY = 3  # of the moments


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """What a store does to the disk."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    return recording(tmp_path_factory.mktemp("recorded"), COMMITS)


def test_after_a_crash_at_a_write_all_that_was_acknowledged_is_there(done):
    tried, failed = try_all(done, COMMITS, SEED, EVERY)
    assert not failed, "\n".join(failed)
    assert min(tried.values()) >= 100, tried


def test_the_run_has_all_that_a_store_does_to_a_disk(done):
    """Else it would be no proof: the log begun anew, the database written back and synced, files made and removed."""
    assert [int(one.data) for one in done if one.kind == "acknowledge"] == list(range(1, COMMITS + 1))
    written = {(one.kind, one.file) for one in done}
    assert {("write", DATABASE), ("sync", DATABASE), ("write", f"{DATABASE}-wal"), ("sync", f"{DATABASE}-wal"), ("sync", ""),
            ("create", f"{DATABASE}-wal"), ("unlink", f"{DATABASE}-wal")} <= written
    assert sum(one.kind == "write" and one.file == f"{DATABASE}-wal" and one.offset == 0 for one in done) > 1


def test_a_store_that_did_not_sync_would_be_found_out(done):
    """The same record without the syncs of the log: leases are lost, and that is told."""
    unsynced = [one for one in done if (one.kind, one.file) != ("sync", f"{DATABASE}-wal")]
    _, failed = try_all(unsynced, COMMITS, SEED, EVERY)
    assert failed


def test_a_lease_that_is_not_as_it_was_acknowledged_would_be_found_out(done, tmp_path):
    leases = list(expected(COMMITS))
    *_, last = cuts(done, SEED, 10_000)
    assert check(last, leases, tmp_path / "state") == ""
    address = next(iter(leases[-1]))
    leases[-1][address] = leases[-1][address]._replace(ends=1)
    assert "instead of" in check(last, leases, tmp_path / "state")


@pytest.mark.namespaces
def test_the_daemon_serves_after_a_crash(done):
    reason = the_lab().reason_to_skip()
    if reason:
        pytest.skip(reason)
    started, failed = try_daemon(done, COMMITS, SEED, len(done) // 3)
    assert not failed, "\n".join(failed)
    assert started >= 3


# --- the disk


def write(at, data):
    return Operation("write", "a", at, data)


@pytest.fixture
def disk():
    made = Disk()
    for one in (Operation("create", "a"), write(0, b"1" * 1024), Operation("sync", "a"), Operation("sync", "")):
        made.do(one)
    return made


def test_what_is_synced_is_there(disk):
    assert disk.lost() == disk.killed(None, Random(1)) == disk.scattered(None, Random(1)) == {"a": b"1" * 1024}


def test_of_what_is_not_synced_any_sectors_may_be_there(disk):
    disk.do(write(0, b"2" * 1024))
    disk.do(write(1024, b"3" * SECTOR))
    assert disk.lost() == {"a": b"1" * 1024}
    assert disk.killed(None, Random(1)) == {"a": b"2" * 1024 + b"3" * SECTOR}
    found = {disk.scattered(None, Random(seed))["a"] for seed in range(200)}
    half = SECTOR
    first = {b"1" * 1024, b"2" * 1024, b"1" * half + b"2" * half, b"2" * half + b"1" * half}
    assert found == first | {one + b"3" * SECTOR for one in first}


def test_the_write_that_is_under_way_may_be_torn_anywhere(disk):
    found = {disk.killed(write(1020, b"4444"), Random(seed))["a"] for seed in range(100)}
    assert found == {b"1" * 1020 + b"4" * count + b"1" * (4 - count) for count in range(5)}


def test_names_are_safe_once_the_directory_is_synced(disk):
    disk.do(Operation("unlink", "a"))
    disk.do(Operation("create", "b"))
    disk.do(Operation("sync", "b"))
    assert set(disk.lost()) == {"a"}
    assert {frozenset(disk.scattered(None, Random(seed))) for seed in range(50)} == {
        frozenset("a"), frozenset(), frozenset("b")}
    disk.do(Operation("sync", ""))
    assert set(disk.lost()) == {"b"}


def test_what_is_cut_off_is_gone_once_that_is_synced(disk):
    disk.do(Operation("truncate", "a", 3))
    assert disk.lost() == {"a": b"1" * 1024}
    disk.do(Operation("sync", "a"))
    assert disk.lost() == {"a": b"111"}
    disk.do(Operation("write", "a", -1, b"5"))
    assert disk.killed(None, Random(1)) == {"a": b"1115"}

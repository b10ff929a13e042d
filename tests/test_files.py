"""Which files are trusted: the configuration, which is executed, and what the daemon writes, and how (hardening 17 and 18).

Tests as another user run in a child process of their own, which root alone can make one of that user.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.files import (
    check_directory_above,
    check_executable_configuration,
    check_owned,
    open_carefully,
    read_carefully,
    read_executable_configuration,
    write_safely,
)
from pydhcpd.leases.snapshot import snapshot
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.migration.transfer import export_leases, import_leases
from pydhcpd.process.locks import DatabaseLock, PidLock

ROOT = Path(__file__).parents[1]
NOBODY, SOMEBODY = 65534, 12345
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="files of other users can be made by root alone")


@pytest.fixture
def safe(tmp_path):
    """A directory that nobody else can write to, with a configuration in it; others may read both."""
    directory = tmp_path / "safe"
    directory.mkdir(mode=0o755)
    file = directory / "pydhcpd.conf"
    file.touch(mode=0o644)
    return file


@pytest.fixture
def unsafe(tmp_path):
    """A directory that others may write to."""
    directory = tmp_path / "unsafe"
    directory.mkdir()
    directory.chmod(0o777)
    return directory


def refused(check, path):
    with pytest.raises(InvalidValue) as caught:
        check(path)
    return str(caught.value)


def as_user(uid, check, path):
    """What `check` says of a path when it is run by this user: its words, or nothing."""
    opened = [path.absolute().parent, *path.absolute().parents]
    for directory in opened:  # pytest makes directories that others cannot enter
        if directory.stat().st_uid == os.geteuid() and "pytest-of" in str(directory):
            directory.chmod(directory.stat().st_mode | 0o055)
    program = (f"import os, sys\nfrom pathlib import Path\nfrom pydhcpd.files import {check.__name__} as check\n"
               f"os.setresuid({uid}, {uid}, {uid})\n"
               "try:\n    check(Path(sys.argv[1]))\nexcept (ValueError, OSError) as error:\n    print(error)\n")
    done = subprocess.run([sys.executable, "-c", program, str(path)], cwd=ROOT, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout


# --- the configuration, which is executed


def test_ones_own_file_that_nobody_else_can_write_is_trusted(safe):
    check_executable_configuration(safe)


@pytest.mark.parametrize("mode", [0o400, 0o444, 0o600, 0o640, 0o755])
def test_reading_is_for_everyone(safe, mode):
    safe.chmod(mode)
    check_executable_configuration(safe)


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666, 0o420])
def test_a_file_that_group_or_others_can_write_is_refused(safe, mode):
    safe.chmod(mode)
    assert "can be written by group or others" in refused(check_executable_configuration, safe)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_directory_that_group_or_others_can_write_is_refused(safe, mode):
    safe.parent.chmod(mode)
    words = refused(check_executable_configuration, safe)
    assert f"{safe.parent} can be written" in words
    assert f"chmod go-w {safe.parent}" in words


def test_a_relative_path_is_looked_at_with_its_directory(safe, monkeypatch):
    monkeypatch.chdir(safe.parent)
    check_executable_configuration(Path(safe.name))
    safe.parent.chmod(0o777)
    refused(check_executable_configuration, Path(safe.name))


def test_a_link_into_a_directory_that_nobody_else_can_write_is_trusted(safe, tmp_path):
    link = tmp_path / "link.conf"
    link.symlink_to(safe)
    check_executable_configuration(link)


def test_a_link_into_a_directory_that_others_can_write_is_refused(safe, unsafe):
    (unsafe / "real.conf").touch(mode=0o644)
    link = safe.parent / "link.conf"
    link.symlink_to(unsafe / "real.conf")
    assert str(unsafe) in refused(check_executable_configuration, link)


def test_a_link_to_a_file_that_others_can_write_is_refused(safe, tmp_path):
    link = tmp_path / "link.conf"
    link.symlink_to(safe)
    safe.chmod(0o666)
    refused(check_executable_configuration, link)


def test_links_by_way_of_a_directory_that_others_can_write_are_refused(safe, unsafe):
    """The link in the middle is the one that others can replace."""
    (unsafe / "middle.conf").symlink_to(safe)
    first = safe.parent / "first.conf"
    first.symlink_to(unsafe / "middle.conf")
    assert str(unsafe) in refused(check_executable_configuration, first)


def test_a_directory_that_is_a_link_by_way_of_one_that_others_can_write_is_refused(safe, unsafe, tmp_path):
    (unsafe / "middle").symlink_to(safe.parent)
    (tmp_path / "etc").symlink_to(unsafe / "middle")
    assert str(unsafe) in refused(check_executable_configuration, tmp_path / "etc" / safe.name)


def test_a_path_with_dots_is_looked_at_where_it_leads(safe, unsafe):
    (unsafe / "inner").mkdir(mode=0o755)
    check_executable_configuration(safe.parent / ".." / "safe" / safe.name)


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.symlink_to(path.parent / "nowhere"),
                                  lambda path: path.symlink_to(path)])
def test_what_is_not_there_is_an_error_of_the_system(safe, make):
    missing = safe.parent / "missing.conf"
    make(missing)
    with pytest.raises((OSError, InvalidValue)):
        check_executable_configuration(missing)


@needs_root
@pytest.mark.parametrize("place", ["file", "directory"])
def test_started_by_root_it_must_be_roots(safe, place):
    os.chown(safe if place == "file" else safe.parent, SOMEBODY, -1)
    assert f"belongs to user {SOMEBODY}; it is executed, so it must be root's" in refused(check_executable_configuration, safe)


@needs_root
def test_started_by_root_the_target_of_a_link_must_be_roots(safe, tmp_path):
    link = tmp_path / "link.conf"
    link.symlink_to(safe)
    os.chown(safe, SOMEBODY, -1)
    refused(check_executable_configuration, link)


@needs_root
@pytest.mark.parametrize(("owner", "words"), [
    (0, ""), (NOBODY, ""), (SOMEBODY, f"belongs to user {SOMEBODY}; it is executed, so it must be root or the user")])
def test_started_by_another_user_it_must_be_roots_or_that_users(safe, owner, words):
    os.chown(safe, owner, -1)
    os.chown(safe.parent, owner, -1)
    said = as_user(NOBODY, check_executable_configuration, safe)
    assert words in said
    assert bool(said) == bool(words)


@needs_root
def test_started_by_another_user_what_others_can_write_is_refused(safe):
    os.chown(safe, NOBODY, -1)
    safe.chmod(0o666)
    assert "can be written by group or others" in as_user(NOBODY, check_executable_configuration, safe)


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_grandparent_that_group_or_others_can_write_is_refused(safe, tmp_path, mode):
    """Who may write there puts a directory of his own in the place of ours."""
    above = tmp_path / "above"
    above.mkdir()
    safe.parent.rename(above / "safe")
    above.chmod(mode)
    words = refused(check_executable_configuration, above / "safe" / safe.name)
    assert f"chmod go-w {above}" in words
    above.chmod(0o1777)  # as /tmp is: what is ours stays where it is
    check_executable_configuration(above / "safe" / safe.name)


ODD = {"pipe": lambda path: os.mkfifo(path), "device": lambda path: os.mknod(path, 0o20644, os.makedev(1, 5)),  # /dev/zero
       "directory": lambda path: path.mkdir()}


@needs_root
@pytest.mark.parametrize("kind", ODD)
def test_a_configuration_that_is_no_file_neither_hangs_nor_eats_memory(safe, kind):
    safe.unlink()
    ODD[kind](safe)
    safe.chmod(0o755)
    assert "is not a plain file" in refused(read_executable_configuration, safe)


@needs_root
@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_a_module_that_is_no_file_is_told(safe, kind):
    ODD[kind](safe.parent / "rooms.py")
    (safe.parent / "rooms.py").chmod(0o644)
    safe.write_text('from rooms import *\nnetwork = "192.0.2.0/24"\n')
    with pytest.raises(ConfigurationError, match="rooms"):
        DHCPServerConfiguration.load(safe)


# --- files that are read


SECRET = "root:$6$salt$verysecret:19000:0:99999:7:::\n"


@pytest.fixture
def reserving(safe):
    """A configuration that names a reservation file."""
    file = safe.parent / "hosts.csv"
    safe.write_text(f'network = "192.0.2.0/24"\nreservation_file = "{file}"\nhost_file = "{safe.parent}/leases.db"\n')
    return file


def told(reserving):
    """What is told of the configuration."""
    with pytest.raises(ConfigurationError) as caught:
        DHCPServerConfiguration.load(reserving.parent / "pydhcpd.conf")
    return str(caught.value)


def plain(path, mode=0o644):
    path.write_text("mac,ip\n02:00:00:00:00:01,192.0.2.9\n")
    path.chmod(mode)


def linked(path):
    (path.parent / "shadow").write_text(SECRET)
    path.symlink_to(path.parent / "shadow")


def doubled(path):
    plain(path)
    os.link(path, path.parent / "second")


def endless(path):
    plain(path)
    os.truncate(path, 65 << 20)


@pytest.mark.parametrize(("make", "words"), [
    (lambda path: plain(path, 0o666), "chmod o-w"), (lambda path: plain(path, 0o646), "chmod o-w"),
    (linked, "is a symbolic link"), (lambda path: path.symlink_to("/dev/zero"), "is a symbolic link"),
    (os.mkfifo, "is not a plain file"), (Path.mkdir, "is not a plain file"), (doubled, "2 names of the same file"),
    (endless, "is too large; allowed are 64 MiB"),
    pytest.param(ODD["device"], "is not a plain file", marks=needs_root),
    pytest.param(lambda path: (plain(path), os.chown(path, SOMEBODY, -1)), f"belongs to user {SOMEBODY}", marks=needs_root)])
def test_a_reservation_file_that_others_could_have_put_there_is_refused(reserving, make, words):
    """It neither hangs nor eats memory, and nothing of what a link leads to is told (hardening 18)."""
    make(reserving)
    said = told(reserving)
    assert words in said and str(reserving) in said
    assert "secret" not in said and "root" not in said.replace("pytest-of-root", "")


@needs_root
@pytest.mark.parametrize(("owner", "user"), [(0, None), (NOBODY, "nobody")])
def test_a_reservation_file_is_roots_or_the_daemons_users(reserving, owner, user):
    plain(reserving)
    os.chown(reserving, owner, -1)
    configuration = reserving.parent / "pydhcpd.conf"
    configuration.write_text(configuration.read_text() + (f'user = "{user}"\n' if user else ""))
    assert len(DHCPServerConfiguration.load(configuration).hosts) == 1


def test_a_file_that_becomes_another_while_it_is_opened_is_refused(safe, tmp_path, monkeypatch):
    """It is looked at before it is opened, and again when it is open."""
    check, opened = os.lstat, []

    def swap(path):
        status = check(path)
        if path == safe and not opened:
            opened.append(path)
            safe.unlink()
            os.mkfifo(safe)
        return status

    monkeypatch.setattr(os, "lstat", swap)
    assert "is not a plain file" in refused(open_carefully, safe)


def test_a_file_of_roots_may_be_read_by_all_and_written_by_none_but_root(safe):
    if os.geteuid() == 0:
        assert as_user(NOBODY, read_carefully, safe) == ""
        assert "belongs to user 0" in as_user(NOBODY, check_owned, safe)


# --- what the daemon writes: lock, lease database


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", "-journal"])
@pytest.mark.parametrize("make", [linked, doubled, os.mkfifo, lambda path: plain(path, 0o666)])
def test_a_lease_database_with_a_file_of_anothers_is_not_opened(safe, suffix, make):
    """Also under a second name of it (a hard link), by which somebody else may have it open."""
    database = safe.parent / "leases.db"
    SQLiteStore(database).close()
    path = Path(f"{database}{suffix}")
    path.unlink(missing_ok=True)
    make(path)
    before = {one.name: one.lstat().st_size for one in safe.parent.iterdir()}
    assert str(path) in refused(SQLiteStore, database)
    with pytest.raises(InvalidValue), snapshot(database):
        pass
    assert {one.name: one.lstat().st_size for one in safe.parent.iterdir()} == before


@pytest.mark.parametrize(("name", "take"), [
    ("leases.db.lock", lambda path: DatabaseLock(path.with_suffix("")).acquire()), ("pid", lambda path: PidLock(path).check())])
@pytest.mark.parametrize("make", [linked, doubled, os.mkfifo, lambda path: plain(path, 0o666)])
def test_a_lock_that_is_anothers_is_not_taken(safe, name, take, make):
    make(safe.parent / name)
    assert name in refused(take, safe.parent / name)


@pytest.mark.parametrize("level", [0, 1, 2])
def test_a_directory_above_that_anyone_may_write_is_refused(tmp_path, level):
    """The state directory and those above it: another file could be put in the place of ours."""
    directory = tmp_path / "a" / "b" / "c"
    directory.mkdir(parents=True)
    check_directory_above(directory / "leases.db")
    check_directory_above(directory / "not" / "yet" / "leases.db")
    wide = [directory, *directory.parents][level]
    wide.chmod(0o777)
    assert f"chmod o-w {wide}" in refused(check_directory_above, directory / "leases.db")
    wide.chmod(0o1777)
    check_directory_above(directory / "leases.db")


@needs_root
def test_a_directory_above_that_is_anothers_is_refused(tmp_path):
    directory = tmp_path / "a" / "b"
    directory.mkdir(parents=True)
    os.chown(directory.parent, SOMEBODY, -1)
    assert f"belongs to user {SOMEBODY}" in refused(check_directory_above, directory / "leases.db")
    check_directory_above(directory / "leases.db", (SOMEBODY,))


def test_a_file_to_write_may_be_absent_or_ones_own(safe):
    check_owned(safe)
    check_owned(safe.parent / "absent")
    check_owned(safe.parent / "no" / "directory")


@pytest.mark.parametrize("target", ["safe/pydhcpd.conf", "nowhere"])
def test_a_link_is_not_written_through(safe, tmp_path, target):
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    assert "is a symbolic link" in refused(check_owned, link)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_plain_file_is_refused(tmp_path, make):
    make(tmp_path / "odd")
    assert "is not a plain file" in refused(check_owned, tmp_path / "odd")


def test_a_file_to_write_that_anyone_can_write_is_refused(safe):
    safe.chmod(0o646)
    assert "chmod o-w" in refused(check_owned, safe)


@needs_root
@pytest.mark.parametrize(("owner", "words"), [
    (NOBODY, ""), (SOMEBODY, f"belongs to user {SOMEBODY}"), (0, "belongs to user 0")])
def test_another_users_file_is_not_written(safe, owner, words):
    os.chown(safe, owner, -1)
    said = as_user(NOBODY, check_owned, safe)
    assert words in said
    assert bool(said) == bool(words)


# --- what is written whole or not at all


def listed(directory):
    return sorted(one.name for one in directory.iterdir())


def test_a_new_file_is_written_with_its_mode(safe):
    new = safe.parent / "reservations.csv"
    before = os.umask(0o077)
    try:
        write_safely(new, "mac,hostname\n02:00:00:00:00:01,\u00e4\n")
    finally:
        os.umask(before)
    assert new.read_bytes() == "mac,hostname\n02:00:00:00:00:01,\u00e4\n".encode()
    assert new.stat().st_mode & 0o7777 == 0o640
    assert listed(safe.parent) == ["pydhcpd.conf", "reservations.csv"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_a_file_that_was_there_keeps_its_mode(safe, mode):
    safe.chmod(mode)
    write_safely(safe, "new")
    assert (safe.read_text(), safe.stat().st_mode & 0o7777) == ("new", mode)


@needs_root
def test_a_file_that_was_there_keeps_its_owner(safe):
    for path in (safe.parent, safe):
        os.chown(path, NOBODY, SOMEBODY)
    write_safely(safe, "new")
    assert (safe.stat().st_uid, safe.stat().st_gid) == (NOBODY, SOMEBODY)


def test_who_has_the_old_file_open_reads_it_to_its_end(safe):
    safe.write_text("old")
    with safe.open() as reader:
        write_safely(safe, "new")
        assert reader.read() == "old"


@pytest.mark.parametrize("target", ["safe/pydhcpd.conf", "nowhere"])
def test_nothing_is_written_through_a_link(safe, tmp_path, target):
    safe.write_text("old")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / target)
    assert "is a symbolic link" in refused(lambda path: write_safely(path, "new"), link)
    assert (link.is_symlink(), safe.read_text(), (tmp_path / "nowhere").exists()) == (True, "old", False)


def test_a_directory_is_not_written(safe):
    assert "is not a plain file" in refused(lambda path: write_safely(path, "new"), safe.parent)


def test_text_that_is_none_leaves_the_file_as_it_was(safe):
    safe.write_text("old")
    assert "cannot be written" in refused(lambda path: write_safely(path, "\ud800"), safe)
    assert (safe.read_text(), listed(safe.parent)) == ("old", ["pydhcpd.conf"])


@pytest.mark.parametrize("call", ["fsync", "replace", "fchmod"])
@pytest.mark.parametrize("error", [OSError("no space"), KeyboardInterrupt()])
def test_what_fails_leaves_the_file_as_it_was(safe, monkeypatch, call, error):
    def fail(*_):
        raise error

    safe.write_text("old")
    monkeypatch.setattr(os, call, fail)
    with pytest.raises(type(error)):
        write_safely(safe, "new")
    assert (safe.read_text(), listed(safe.parent)) == ("old", ["pydhcpd.conf"])


def test_content_name_and_directory_are_on_the_disk_in_this_order(safe, monkeypatch):
    done = []
    sync, replace = os.fsync, os.replace

    def note_sync(descriptor):
        done.append(Path(os.readlink(f"/proc/self/fd/{descriptor}")).name.partition(".conf")[0])
        sync(descriptor)

    def note_replace(old, new):
        done.append("replace")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", note_sync)
    monkeypatch.setattr(os, "replace", note_replace)
    write_safely(safe, "new")
    assert done == [".pydhcpd", "replace", "safe"]


def test_a_directory_that_is_not_there_is_an_error_of_the_system(safe):
    with pytest.raises(FileNotFoundError):
        write_safely(safe.parent / "no" / "file", "new")


# --- what somebody exports


@pytest.fixture
def database(safe):
    SQLiteStore(safe.parent / "leases.db").close()
    return safe.parent / "leases.db"


def test_an_export_goes_through_ones_own_link(database, unsafe):
    (unsafe / "out").symlink_to(database.parent / "target.csv")
    assert export_leases(database, str(unsafe / "out")) == 0
    assert (database.parent / "target.csv").exists() and (unsafe / "out").is_symlink()


@needs_root
@pytest.mark.parametrize("make", [lambda path: path.symlink_to(path.parent / "target"), Path.touch])
def test_an_export_goes_neither_through_anothers_link_nor_into_anothers_file(database, unsafe, make):
    """Root exports to /tmp: who was there first would choose what is overwritten, or would own the leases."""
    make(unsafe / "out")
    os.chown(unsafe / "out", SOMEBODY, -1, follow_symlinks=False)
    with pytest.raises(InvalidValue, match="belongs to user"):
        export_leases(database, str(unsafe / "out"))
    assert not (unsafe / "target").exists()


@needs_root
def test_an_import_of_a_device_ends(database, safe):
    ODD["device"](safe.parent / "zero")
    with pytest.raises(InvalidValue, match="is not a plain file"):
        import_leases(database, [str(safe.parent / "zero")], 3600)


KILLED = """
import os, signal, sys
from pathlib import Path
from pydhcpd import files
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
class Cut:
    def __init__(self, file):
        self.file = file
    def __enter__(self):
        return self
    def __exit__(self, *_):
        pass
    def write(self, data):
        self.file.write(data[:len(data) // 2])
        self.file.flush()
        kill()
where, path = sys.argv[1:]
real = os.fdopen
if where == "write":
    os.fdopen = lambda *arguments: Cut(real(*arguments))
else:
    before, _, name = where.rpartition(" ")
    act = getattr(os, name)
    setattr(os, name, lambda *arguments: (None if before else act(*arguments), kill()))
files.write_safely(Path(path), "new" * 100)
"""


@pytest.mark.parametrize(("where", "after"), [
    ("write", "old"), ("before fsync", "old"), ("fsync", "old"), ("before replace", "old"), ("replace", "new" * 100)])
def test_a_kill_in_the_middle_leaves_the_old_file_or_the_new_one(safe: Path, where: str, after: str) -> None:
    safe.write_text("old")
    done = subprocess.run([sys.executable, "-c", KILLED, where, str(safe)], capture_output=True, timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL, done
    assert safe.read_text() == after

"""The locks that keep a second daemon away (rows 18 to 20 of the hardening)."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pydhcpd.errors import InvalidValue
from pydhcpd.process.locks import DatabaseLock, PidLock

ROOT = Path(__file__).parents[2]


@contextmanager
def process(program, *words):
    """A child that runs the program, has said a line, and waits to be ended."""
    command = [sys.executable, "-c", program + "\nprint('ready', flush=True)\nsys.stdin.read()", *map(str, words)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


def a_dead_process():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


HOLD_PID = ("import sys\nfrom pathlib import Path\nfrom pydhcpd.process.locks import PidLock\n"
            "lock = PidLock(Path(sys.argv[1]))\nlock.__enter__()")
RACE = ("import sys\nfrom pathlib import Path\nfrom pydhcpd.errors import InvalidValue\n"
        "from pydhcpd.process.locks import PidLock\nlock = PidLock(Path(sys.argv[1]))\n"
        "try:\n    lock.__enter__()\n    print('held', flush=True)\n"
        "except InvalidValue:\n    print('refused', flush=True)\nsys.stdin.read()\n")


@pytest.fixture
def pid_file(tmp_path):
    return tmp_path / "pydhcpd.pid"


# --- the pid file


def test_the_pid_file_holds_our_id_while_we_run(pid_file):
    with PidLock(pid_file):
        assert int(pid_file.read_text()) == os.getpid()
    assert not pid_file.exists()


def test_a_second_daemon_is_told_who_runs(pid_file):
    with process(HOLD_PID, pid_file) as other:
        for attempt in (PidLock(pid_file).check, PidLock(pid_file).__enter__):
            with pytest.raises(InvalidValue, match=f"running already: process {other.pid} holds .*kill {other.pid}"):
                attempt()
        assert pid_file.read_text() == f"{other.pid}\n"
        other.send_signal(signal.SIGKILL)
        other.wait()
        with PidLock(pid_file):
            assert int(pid_file.read_text()) == os.getpid()


@pytest.mark.parametrize("content", ["", "\n", "garbage\n", "-1\n", "0\n", f"{1 << 40}\n", "\0\0\0"])
def test_a_lock_without_a_living_holder_is_taken_over(pid_file, content):
    pid_file.write_text(content)
    with PidLock(pid_file):
        assert int(pid_file.read_text()) == os.getpid()


def test_a_stale_lock_after_a_crash_is_taken_over(pid_file):
    pid_file.write_text(f"{a_dead_process()}\n")
    with PidLock(pid_file):
        assert int(pid_file.read_text()) == os.getpid()


@pytest.mark.parametrize("words", [(), ("pydhcpd",), ("/usr/bin/pydhcpd", "-foreground")])
def test_a_lock_whose_number_another_process_has_got_is_taken_over(pid_file, words):
    """Even one that is called as we are: in a container numbers come again soon, and an editor may have our file open."""
    with process("import sys", *words) as other:
        pid_file.write_text(f"{other.pid}\n")
        with PidLock(pid_file):
            assert int(pid_file.read_text()) == os.getpid()


def test_of_several_that_start_at_once_one_gets_on(pid_file):
    pid_file.write_text("1\n")
    with ExitStack() as stack:
        others = [subprocess.Popen([sys.executable, "-c", RACE, str(pid_file)], cwd=ROOT, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, text=True) for _ in range(4)]
        for one in others:
            stack.callback(one.wait)
            stack.callback(one.kill)
        said = [one.stdout.readline() for one in others]
        assert sorted(said) == ["held\n", *["refused\n"] * 3]
        assert int(pid_file.read_text()) == others[said.index("held\n")].pid


def test_a_lock_that_is_a_link_is_refused(pid_file, tmp_path):
    pid_file.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InvalidValue, match="symbolic link"):
        PidLock(pid_file)
    assert not (tmp_path / "elsewhere").exists()


def test_a_directory_that_is_missing_is_told_with_the_remedy(tmp_path):
    with pytest.raises(InvalidValue, match="name another with pid_file"), PidLock(tmp_path / "no" / "pydhcpd.pid"):
        pass


# --- the lock of the lease database


HOLD = ("import sys\nfrom pathlib import Path\nfrom pydhcpd.process.locks import DatabaseLock\n"
        "DatabaseLock(Path(sys.argv[1])).acquire()")


def test_a_second_user_of_the_database_is_told_who_has_it(tmp_path):
    database = tmp_path / "leases.db"
    with process(HOLD.replace("DatabaseLock(Path", "lock = DatabaseLock(Path").replace(").acquire()", ")\nlock.acquire()"),
                 database) as other:
        with pytest.raises(InvalidValue, match=f"in use by process {other.pid} .*name another host_file"):
            DatabaseLock(database).acquire()
        other.send_signal(signal.SIGKILL)
        other.wait()
        lock = DatabaseLock(database)
        lock.acquire()  # it ended with the process
        lock.release()


def test_the_lock_can_be_taken_again_after_its_release(tmp_path):
    for _ in range(3):
        lock = DatabaseLock(tmp_path / "leases.db")
        lock.acquire()
        with pytest.raises(InvalidValue, match=f"process {os.getpid()}"):
            DatabaseLock(tmp_path / "leases.db").acquire()
        lock.release()
        lock.release()


def test_other_databases_have_other_locks(tmp_path):
    one, other = DatabaseLock(tmp_path / "a.db"), DatabaseLock(tmp_path / "b.db")
    one.acquire()
    other.acquire()
    one.release()
    other.release()


@pytest.mark.parametrize("make", [lambda path: path.symlink_to(path.parent / "elsewhere"), Path.mkdir, os.mkfifo])
def test_a_database_lock_that_is_no_plain_file_is_refused(tmp_path, make):
    lock = DatabaseLock(tmp_path / "leases.db")
    make(lock.path)
    with pytest.raises(InvalidValue):
        lock.acquire()
    assert not (tmp_path / "elsewhere").exists()


def test_a_database_in_a_directory_that_is_missing_is_told_with_the_remedy(tmp_path):
    with pytest.raises(InvalidValue, match="see to it that the directory exists"):
        DatabaseLock(tmp_path / "no" / "leases.db").acquire()

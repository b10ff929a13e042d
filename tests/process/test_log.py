"""The log never holds up who writes to it: a destination that blocks costs lines, which are counted, and no time.

What `start_logging` sets up is of the whole process, so it is tried in child processes.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pydhcpd.process import log as module
from pydhcpd.process.log import LIMIT, QueuedHandler

ROOT = Path(__file__).parents[2]
PATIENCE = 10.0  # seconds


class Destination:
    """Takes lines; while it is shut it blocks whoever writes."""

    def __init__(self):
        self.lines = []
        self.entered = threading.Event()
        self.open = threading.Event()
        self.open.set()

    def __call__(self, lines):
        self.entered.set()
        self.open.wait(PATIENCE)
        self.lines += lines


def record(text="line", *args, level=logging.INFO):
    return logging.LogRecord("pydhcpd", level, "", 0, text, args, None)


@pytest.fixture
def destination():
    return Destination()


@pytest.fixture
def handler(destination):
    made = QueuedHandler(destination)
    made.setFormatter(logging.Formatter("%(message)s"))
    yield made
    destination.open.set()
    made.close()


def test_lines_come_in_order_with_their_severity(handler, destination):
    handler.handle(record("one"))
    handler.handle(record("two %s", "words", level=logging.WARNING))
    handler.close()
    assert destination.lines == [(logging.INFO, "one"), (logging.WARNING, "two words")]


def test_a_record_of_many_lines_is_many_lines(handler, destination):
    handler.handle(record("one\ntwo\nthree"))
    handler.close()
    assert [line for _, line in destination.lines] == ["one", "two", "three"]


def test_a_blocked_destination_never_blocks_the_caller_and_what_is_dropped_is_counted(handler, destination):
    destination.open.clear()
    handler.handle(record("first"))
    assert destination.entered.wait(PATIENCE)
    began = time.monotonic()
    for number in range(LIMIT - 1 + 500):
        handler.handle(record("%d", number))
    assert time.monotonic() - began < 5
    assert len(handler._records) <= LIMIT
    destination.open.set()
    handler.close()
    words = [line for _, line in destination.lines]
    assert words[:3] == ["first", "0", "1"]
    assert len(words) == LIMIT + 1
    assert (destination.lines[-1][0], words[-1].split(" ")[0]) == (logging.WARNING, "500")


def test_what_waits_is_bounded_in_lines_and_leaves_room_for_warnings(handler, destination):
    """A record of lease events has many lines: a full log holds lines, not batches. A warning still gets in."""
    destination.open.clear()
    handler.handle(record("first"))
    assert destination.entered.wait(PATIENCE)
    for _ in range(200):
        many = record("x\n" * 999 + "x")
        many.lines = 1000
        handler.handle(many)
    handler.handle(record("a warning", level=logging.WARNING))
    assert len(handler._records) == LIMIT // 1000  # one less than fits, for the first line is under way, and the warning
    destination.open.set()
    handler.close()
    words = [line for _, line in destination.lines]
    assert words.count("x") == LIMIT - 1000
    assert words[-2:] == ["a warning", f"{200_000 - LIMIT + 1000} lines of the log were dropped, for they came too fast"]


def test_an_exception_that_waits_holds_no_frames(handler, destination):
    """They would hold the batch that was under way."""
    destination.open.clear()
    handler.handle(record("first"))
    assert destination.entered.wait(PATIENCE)
    try:
        raise OSError("no such thing")
    except OSError:
        failed = logging.LogRecord("pydhcpd", logging.ERROR, "", 0, "it failed", (), sys.exc_info())
    handler.handle(failed)
    assert failed.exc_info is None
    destination.open.set()
    handler.close()
    words = [line for _, line in destination.lines]
    assert "it failed" in words and words[-1] == "OSError: no such thing"


def test_the_count_of_what_was_dropped_begins_anew(handler, destination):
    handler._dropped = 7
    handler.handle(record())
    handler.close()
    assert [line for _, line in destination.lines if "dropped" in line] == [
        "7 lines of the log were dropped, for they came too fast"]


def test_a_destination_that_blocks_for_good_is_given_up_at_the_end(destination, monkeypatch):
    monkeypatch.setattr(module, "STOP_WAIT", 0.1)
    handler = QueuedHandler(destination)
    destination.open.clear()
    handler.handle(record())
    began = time.monotonic()
    handler.close()
    assert time.monotonic() - began < 1
    destination.open.set()


@pytest.mark.parametrize("fault", [OSError("gone"), BlockingIOError(), BrokenPipeError()])
def test_a_destination_that_fails_does_not_end_the_log(fault):
    kept = []

    def write(lines):
        if not kept:
            kept.append(None)
            raise fault
        kept.extend(lines)

    handler = QueuedHandler(write)
    handler.setFormatter(logging.Formatter("%(message)s"))
    handler.handle(record("lost"))
    deadline = time.monotonic() + PATIENCE
    while not kept and time.monotonic() < deadline:
        time.sleep(0.01)
    handler.handle(record("kept"))
    handler.close()
    assert [line for _, line in kept[1:]] == ["kept"]


def test_a_record_that_cannot_be_put_into_words_costs_no_other(handler, destination):
    """Words are made in the log's thread, so a mistake there must not end it."""
    handler.handle(record("before"))
    handler.handle(record("%d", "no number"))
    handler.handle(record("after"))
    time.sleep(3 * module.GATHER)
    handler.handle(record("later"))
    handler.close()
    words = [line for _, line in destination.lines]
    assert "before" in words
    assert {"after", "later"} <= set(words)


def test_an_idle_log_uses_no_processor(handler):
    time.sleep(0.1)
    began = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - began < 0.1


def test_threads_may_log_at_once(handler, destination):
    threads = [threading.Thread(target=lambda: [handler.handle(record("x")) for _ in range(500)]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    handler.close()
    assert len(destination.lines) == 2000


# --- destinations


PROGRAM = """
import logging, os, sys
from pydhcpd.process.log import start_logging
status = os.fstat(2)
if sys.argv[1] == "journal":
    os.environ["JOURNAL_STREAM"] = f"{status.st_dev}:{status.st_ino}"
else:
    os.environ["JOURNAL_STREAM"] = "1:1"
handler = start_logging(sys.argv[2], True)
log = logging.getLogger("pydhcpd.server")
log.debug("d\\udce9"); log.info("i"); log.warning("w"); log.error("e\\nf")
logging.getLogger("other").error("elsewhere")
handler.close()
"""


def run(*words):
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], cwd=ROOT, capture_output=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, b"")
    return [line for line in done.stderr.decode().splitlines() if line != "elsewhere"]


def test_the_journal_is_told_the_severity(tmp_path):
    """sd-daemon(3): a prefix of <N>, N being the severity of syslog, on each line."""
    assert run("journal", "debug") == [r"<7>d\udce9", "<6>i", "<4>w", "<3>e", "<3>f"]


@pytest.mark.parametrize(("level", "count"), [("debug", 5), ("info", 4), ("warning", 3), ("error", 2)])
def test_a_terminal_is_told_the_time_and_the_level_is_kept(level, count):
    lines = run("terminal", level)
    assert len(lines) == count
    for line in lines:
        time.strptime(line[:19], "%Y-%m-%d %H:%M:%S")


class Syslog:
    """In place of the module `socket`: a socket that is connected elsewhere than to /dev/log."""

    AF_UNIX, SOCK_DGRAM = socket.AF_UNIX, socket.SOCK_DGRAM

    def __init__(self, path):
        self.path = path

    def socket(self, family, kind):
        path = str(self.path)

        class Elsewhere(socket.socket):
            def connect(self, address):
                assert address == "/dev/log"
                super().connect(path)

        return Elsewhere(family, kind)


def test_syslog_is_told_facility_and_severity(tmp_path, monkeypatch):
    """RFC 3164 section 4.1.1: facility 3 (daemon) times 8, and the severity."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(str(tmp_path / "log"))
        receiver.settimeout(PATIENCE)
        monkeypatch.setattr(module, "socket", Syslog(tmp_path / "log"))
        module._to_syslog([(logging.DEBUG, "d"), (logging.INFO, "i"), (logging.WARNING, "w"), (logging.ERROR, "é\udce9")])
        received = [receiver.recv(1000).decode() for _ in range(4)]
    said = [(31, "d"), (30, "i"), (28, "w"), (27, r"é\udce9")]
    assert received == [f"<{priority}>pydhcpd[{os.getpid()}]: {text}" for priority, text in said]


def test_standard_files_that_are_closed_are_opened():
    """With stdin closed (as under systemd) the older server hung half alive."""
    program = ("import os\nfrom pydhcpd.process.log import open_standard_files\nfor n in (0, 1, 2): os.close(n)\n"
               "open_standard_files()\nassert [os.readlink(f'/proc/self/fd/{n}') for n in (0, 1, 2)] == ['/dev/null'] * 3\n"
               "assert os.open('/dev/null', os.O_RDONLY) == 3\n")
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, close_fds=True).returncode == 0


# --- fields


ENTRY = ("leased 10.0.0.1", {"event": "leased", "mac": "02:00", "note": "a\nPRIORITY=0"})


def parsed(datagram):
    """The fields of a datagram, by the rules of systemd.io/JOURNAL_NATIVE_PROTOCOL."""
    found = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_text, value = line.partition(b"=")
        if not is_text:
            length = int.from_bytes(datagram[:8], "little")
            value, datagram = datagram[8:8 + length], datagram[9 + length:]
        found[name.decode()] = value.decode()
    return found


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "JOURNAL", str(tmp_path / "socket"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "socket"))
        listener.settimeout(PATIENCE)
        yield listener


def test_the_journal_gets_fields_that_no_value_forges(journal, destination):
    handler = QueuedHandler(destination, module._entries_to_journal)
    handler.setFormatter(logging.Formatter("%(message)s"))
    one = record("as text", level=logging.INFO)
    one.entries = [ENTRY, ENTRY]
    for each in (record("before"), one, record("after")):
        handler.handle(each)
    handler.close()
    assert [line for _, line in destination.lines] == ["before", "after"]
    for _ in range(2):
        assert parsed(journal.recv(65536)) == {
            "MESSAGE": "leased 10.0.0.1", "PRIORITY": "6", "SYSLOG_IDENTIFIER": "pydhcpd", "SYSLOG_FACILITY": "3",
            "EVENT": "leased", "MAC": "02:00", "NOTE": "a\nPRIORITY=0"}


def test_where_the_journal_takes_no_fields_they_are_lines(tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(module, "JOURNAL", str(tmp_path / "nothing"))
    module._entries_to_journal(logging.INFO, [ENTRY])
    assert capfd.readouterr().err == "<6>leased 10.0.0.1\n"


def test_elsewhere_fields_are_lines(handler, destination):
    one = record("event=leased")
    one.entries = [ENTRY]
    handler.handle(one)
    handler.close()
    assert destination.lines == [(logging.INFO, "event=leased")]

"""Logging that cannot stall the server: records wait in a bounded queue, and a thread writes them a few at a time.

A record may have many lines (lease events, put into words only here), and tells by its attribute `lines` how many: what may
wait is bounded in lines. Where they come faster than they can be written, lines are dropped and counted, packets are not.
"""

import logging
import os
import socket
import sys
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from logging.handlers import SysLogHandler

LIMIT = 40_000  # lines that may wait, or be under way: some 20 MiB
FOR_WARNINGS = 1_000  # lines more, for what is no mere information
PORTION = 1_000  # lines that are put into words and written at a time
GATHER = 0.05  # seconds in which records are gathered before they are written, so that load wakes the thread seldom
STOP_WAIT = 2.0  # seconds that a destination which blocks may hold up the end of the process

JOURNAL = "/run/systemd/journal/socket"

Write = Callable[[list[tuple[int, str]]], None]  # takes (severity of `logging`, line)
Entries = Iterable[tuple[str, Mapping[str, str]]]
"""Lines, each with its fields by name: the attribute `entries` of a record that has such."""


class QueuedHandler(logging.Handler):
    """Takes records without waiting, and gives their lines to `write` in a thread of its own."""

    def __init__(self, write: Write, write_entries: Callable[[int, Entries], None] | None = None) -> None:
        """`write_entries` takes fields, with the severity of `logging`; without it, a record that has them is lines as well."""
        super().__init__()
        self._write, self._write_entries = write, write_entries
        self._records: deque[logging.LogRecord] = deque()
        self._filled = threading.Event()
        self._stopping = False
        self._counting = threading.Lock()  # guards the two numbers; nobody holds it for longer than an addition takes
        self._waiting = self._dropped = 0  # lines
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def handle(self, record: logging.LogRecord) -> bool:
        """Without the handler's lock: adding to a deque is atomic, and who logs must not wait for the thread that writes."""
        self.emit(record)
        return True

    def emit(self, record: logging.LogRecord) -> None:
        """Queue a record, or count its lines where there is no more room."""
        if record.exc_info:
            _forget_frames(record)
        if not self._has_room(record):
            return
        self._records.append(record)
        if not self._filled.is_set():
            self._filled.set()

    def _has_room(self, record: logging.LogRecord) -> bool:
        lines = _lines_of(record)
        with self._counting:
            if self._waiting + lines > LIMIT + (FOR_WARNINGS if record.levelno >= logging.WARNING else 0):
                self._dropped += lines
                return False
            self._waiting += lines
            return True

    def _run(self) -> None:
        while not self._stopping or self._records:
            self._filled.wait()
            if not self._stopping:
                time.sleep(GATHER)
            self._filled.clear()
            self._write_waiting()

    def _write_waiting(self) -> None:
        while self._records:
            self._write_portion()
        with self._counting:
            dropped, self._dropped = self._dropped, 0
        if dropped:
            self._give([(logging.WARNING, f"{dropped} lines of the log were dropped, for they came too fast")])

    def _write_portion(self) -> None:
        lines: list[tuple[int, str]] = []
        count = 0
        while self._records and count < PORTION:
            record = self._records.popleft()
            count += _lines_of(record)
            entries: Entries | None = getattr(record, "entries", None)
            if entries is None or self._write_entries is None:
                lines += [(record.levelno, line) for line in self._text(record).split("\n")]
                continue
            self._give(lines)
            lines = []
            with suppress(OSError):
                self._write_entries(record.levelno, entries)
        self._give(lines)
        with self._counting:
            self._waiting -= count

    def _give(self, lines: list[tuple[int, str]]) -> None:
        with suppress(OSError):  # there is nowhere left to say it
            self._write(lines)

    def _text(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception as error:  # one record that is wrong must not end the thread, and with it the log
            return f"a record of {record.name} line {record.lineno} cannot be put into words: {error}"

    def close(self) -> None:
        """Write what waits, and end the thread; a destination that blocks is given up."""
        if self._stopping:
            return
        self._stopping = True
        self._filled.set()
        self._thread.join(STOP_WAIT)
        super().close()


def _lines_of(record: logging.LogRecord) -> int:
    """How many lines a record has, as far as that is known before it is put into words."""
    lines: int = getattr(record, "lines", 1)
    return lines + (record.exc_text or "").count("\n")


def _forget_frames(record: logging.LogRecord) -> None:
    """Put an exception into words at once: its frames hold whatever was under way."""
    record.exc_text = "".join(traceback.format_exception(*record.exc_info or ())).rstrip("\n")
    record.exc_info = None


def _to_terminal(lines: list[tuple[int, str]]) -> None:
    """Lines to stderr with the time at which they were written, which is asked once for all of them."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    _write_to_stderr("".join([f"{now} {line}\n" for _, line in lines]))


def _to_journal(lines: list[tuple[int, str]]) -> None:
    """Lines to stderr with their severity, as systemd reads it from a service (sd-daemon(3))."""
    _write_to_stderr("".join([f"<{_severity(level)}>{line}\n" for level, line in lines]))


def _entries_to_journal(level: int, entries: Entries) -> None:
    """Entries with fields by the journal's own protocol, a datagram each; as lines where it does not take them."""
    waiting = list(entries)
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect(JOURNAL)
        while waiting:
            out.send(journal_entry(_severity(level), *waiting[0]))
            del waiting[0]
    _to_journal([(level, text) for text, _ in waiting])


def journal_entry(severity: int, text: str, fields: Mapping[str, str]) -> bytes:
    """A datagram of the journal's protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): NAME=value in lines; a value that has lines
    itself comes by its length."""
    values = {"MESSAGE": text, "PRIORITY": str(severity), "SYSLOG_IDENTIFIER": "pydhcpd", "SYSLOG_FACILITY": _FACILITY,
              **{name.upper(): value for name, value in fields.items()}}
    return b"".join(_journal_field(name.encode(), value.encode("utf-8", "backslashreplace")) for name, value in values.items())


def _journal_field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + len(value).to_bytes(8, "little") + value + b"\n"
    return name + b"=" + value + b"\n"


def _write_to_stderr(text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    while data:
        data = data[os.write(2, data):]


def _to_syslog(lines: list[tuple[int, str]]) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.connect("/dev/log")
        for severity, line in lines:
            out.send(f"<{_syslog_priority(severity)}>pydhcpd[{os.getpid()}]: {line}".encode("utf-8", "backslashreplace"))


def _severity(level: int) -> int:
    """The severity of syslog (RFC 5424 section 6.2.1) for a level of `logging`."""
    return 7 if level < logging.INFO else 6 if level < logging.WARNING else 4 if level < logging.ERROR else 3


_FACILITY = str(SysLogHandler.LOG_DAEMON)


def _syslog_priority(level: int) -> int:
    return SysLogHandler.LOG_DAEMON << 3 | _severity(level)


def start_logging(level: str, foreground: bool) -> QueuedHandler:
    """Send the log to stderr in the foreground (as systemd's journal wants it, where that listens), else to syslog."""
    if not foreground:
        handler = QueuedHandler(_to_syslog)
    elif _is_journal():
        handler = QueuedHandler(_to_journal, _entries_to_journal)
    else:
        handler = QueuedHandler(_to_terminal)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger("pydhcpd")
    root.handlers[:] = [handler]
    root.propagate = False
    set_level(level)
    return handler


def set_level(level: str) -> None:
    """Set the least severity that is logged, by name."""
    logging.getLogger("pydhcpd").setLevel(level.upper())


def _is_journal() -> bool:
    """Whether stderr is the journal's, which JOURNAL_STREAM tells by device and inode (systemd.exec(5))."""
    try:
        status = os.fstat(2)
    except OSError:
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"


def open_standard_files() -> None:
    """See to it that 0, 1 and 2 are open, so that no socket gets their numbers and is taken for one of them."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    if sys.stderr is None:
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115

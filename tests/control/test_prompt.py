"""The prompt against a live server on the loopback address, with hosts, events and configuration made up.

Every wait is for bytes or for an end, with PATIENCE as its bound, never for a time to pass.
"""

import errno
import fcntl
import itertools
import json
import logging
import os
import pty
import random
import re
import shutil
import socket
import subprocess
import termios
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.control.input import (
    LONGEST_LINE,
    LONGEST_REFUSED_LINE,
    NO_TIMING_MARK,
    LineBuffer,
    LineNeverEnds,
    LineTooLong,
    TelnetFilter,
)
from pydhcpd.control.output import HostRow, distance, local_time
from pydhcpd.control.prompt import ThreadedTCPServer
from pydhcpd.errors import StoreError

PATIENCE = 10.0
NOW = 1_700_000_000.0
GREETING = b"Welcome to micro python dhcp server"
PROMPT = b"\r\npydhcp ?> "
HINT = b"type help for the list of commands\r\n"
HELP = re.compile(rb"(?:[a-z]+\t+[^\t\r\n]+\r\n)+")

Serve = Callable[..., ThreadedTCPServer]


@contextmanager
def serving(**options: Any) -> Iterator[ThreadedTCPServer]:
    server = ThreadedTCPServer(("127.0.0.1", 0), **{"clock": lambda: NOW, **options})
    thread = server.serve_in_thread(poll_interval=0.02)
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
        assert not thread.is_alive()


def address_of(server: ThreadedTCPServer) -> tuple[str, int]:
    host, port = server.server_address[:2]
    return str(host), port


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes servers that end with the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(serving(**options))


class Client:
    """A peer that reads up to what it waits for."""

    def __init__(self, server: ThreadedTCPServer) -> None:
        self.socket = socket.create_connection(address_of(server), PATIENCE)
        self._seen = b""

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def until(self, end: bytes) -> bytes:
        """All up to and with `end`."""
        while end not in self._seen:
            data = self.socket.recv(65536)
            assert data, f"the server closed after {self._seen!r}"
            self._seen += data
        length = self._seen.index(end) + len(end)
        seen, self._seen = self._seen[:length], self._seen[length:]
        return seen

    def rest(self) -> bytes:
        """All until the server closes."""
        seen, self._seen = self._seen, b""
        try:
            while data := self.socket.recv(65536):
                seen += data
        except ConnectionResetError:
            pass
        return seen

    def ask(self, command: bytes) -> bytes:
        """The answer to a line, without the prompt that follows."""
        self.send(command + b"\n")
        return self.until(PROMPT).removesuffix(PROMPT)

    def close(self) -> None:
        self.socket.close()


@pytest.fixture
def connect() -> Iterator[Callable[[ThreadedTCPServer], Client]]:
    """Makes clients that have seen the first prompt, and end with the test."""
    with ExitStack() as stack:

        def client(server: ThreadedTCPServer) -> Client:
            made = stack.enter_context(closing(Client(server)))
            assert made.until(PROMPT) == GREETING + PROMPT
            return made

        yield client


Connect = Callable[[ThreadedTCPServer], Client]


def eventually(condition: Callable[[], bool]) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def rows(number: int) -> Iterator[HostRow]:
    for index in range(number):
        yield HostRow(f"10.{index >> 16}.{index >> 8 & 255}.{index & 255}", "AA:BB:CC:00:00:01", "node", NOW, "bound")


# --- the exact bytes


def test_greeting_prompt_and_quit_are_these_bytes(serve: Serve) -> None:
    with closing(Client(serve())) as client:
        client.send(b"quit\n")
        assert client.rest() == b"Welcome to micro python dhcp server\r\npydhcp ?> bye\r\n"


@pytest.mark.parametrize(
    ("sent", "answer"),
    [
        (b"\n", b""),
        (b"\r\n", b""),
        (b"\r\0", b""),
        (b"  \t \n", b""),
        (b"\x1f\n", b""),  # a blank as text, and none as bytes
        (b"hosts\n", b"Active Hosts:\r\nnone\r\n"),
        (b"hosts\r\n", b"Active Hosts:\r\nnone\r\n"),
        (b"hosts\r\0", b"Active Hosts:\r\nnone\r\n"),
        (b"  HoStS \t\r\n", b"Active Hosts:\r\nnone\r\n"),
        (b"events\n", b"Events last 24h:\r\nnone\r\n"),
        (b"configuration\n", b"Current configuration\r\n"),
        (b"nonsense\n", b"unknown command: nonsense\r\n" + HINT),
        (b"hosts all\n", b"hosts: wrong number of arguments; type help hosts\r\n"),
        (b"help hosts all\n", b"help: wrong number of arguments; type help help\r\n"),
        (b"help nonsense\n", b"unknown command: nonsense\r\n" + HINT),
        (b"__class__\n", b"unknown command: __class__; did you mean classes?\r\n" + HINT),
        (b"\x1b[2J\x07\n", b"unknown command: \\x1b[2J\\x07\r\n" + HINT),
        (b"\x9b2J\n", b"unknown command: \\x9b2J\r\n" + HINT),
        ("zürich\n".encode(), "unknown command: zürich\r\n".encode() + HINT),
        (b"a\\b\n", b"unknown command: a\\\\b\r\n" + HINT),
        (b"ho\0sts\n", b"unknown command: ho\\x00sts; did you mean hosts?\r\n" + HINT),
        (b"zo\x04\n", b"unknown command: zo\\x04\r\n" + HINT),
        # telnet: will echo; do, don't, won't; a window size with a newline and an escaped 255; interrupt, end of file
        (b"\xff\xfb\x01hosts\n", b"Active Hosts:\r\nnone\r\n"),
        (b"ho\xff\xfd\x03\xff\xfe\x0ast\xff\xfc\x0ds\r\n", b"Active Hosts:\r\nnone\r\n"),
        (b"\xff\xfa\x1f\x00\x0a\x00\x0a\xff\xff\x00\xff\xf0hosts\r\n", b"Active Hosts:\r\nnone\r\n"),
        (b"\xff\xf4hosts\xff\xec\r\n", b"Active Hosts:\r\nnone\r\n"),
        (b"\xff\xff\n", b"unknown command: \\xff\r\n" + HINT),
    ],
)
def test_a_line_and_its_answer(serve: Serve, connect: Connect, sent: bytes, answer: bytes) -> None:
    client = connect(serve())
    client.send(sent)
    assert client.until(PROMPT) == answer + PROMPT


def test_lines_come_whole_or_in_pieces_or_many_at_once(serve: Serve, connect: Connect) -> None:
    client = connect(serve())
    client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in b"\xff\xfa\x18\x0a\xff\xf0events\r\n":
        client.send(bytes([byte]))
    assert client.until(PROMPT) == b"Events last 24h:\r\nnone\r\n" + PROMPT
    client.send(b"events\n" * 500)
    for _ in range(500):
        assert client.until(PROMPT) == b"Events last 24h:\r\nnone\r\n" + PROMPT


def test_urgent_data_does_not_tear_a_telnet_command(serve: Serve, connect: Connect) -> None:
    client = connect(serve())
    client.socket.send(b"\xff\xf2", socket.MSG_OOB)  # IAC DM, the synch of RFC 854
    assert client.ask(b"events") == b"Events last 24h:\r\nnone\r\n"


def test_a_timing_mark_is_refused_since_telnet_waits_for_it(serve: Serve, connect: Connect) -> None:
    client = connect(serve())
    client.send(b"\xff\xf4\xff\xfd\x06")
    assert client.until(NO_TIMING_MARK) == b"\xff\xfc\x06"


@pytest.mark.parametrize(("words", "answer"), [
    (b"clear 192.0.2.10", b"1 address is free again"), (b"clear all", b"3 addresses are free again"),
    (b"clear 192.0.2.11", b"192.0.2.11 is not in quarantine"), (b"clear", b"wrong number of arguments")])
def test_clear_ends_quarantine(serve: Serve, connect: Connect, words: bytes, answer: bytes) -> None:
    server = serve()
    server.is_trusted, server.sources.clear = True, {"192.0.2.10": 1, "192.0.2.11": 0, "all": 3}.__getitem__
    assert answer in connect(server).ask(words)


def test_what_changes_something_is_allowed_from_this_machine_alone(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.sources.clear = lambda word: pytest.fail(f"cleared {word}")
    assert b"clear: allowed on the control socket alone: pydhcpd -ask 'clear all'" in connect(server).ask(b"clear all")


def test_what_changes_something_is_never_abbreviated_and_is_noted_with_its_user(serve: Serve, connect: Connect) -> None:
    server, noted = serve(), []
    server.is_trusted, server.user_of = True, lambda session: 0
    server.sources.clear, server.sources.note = lambda word: 1, lambda *what: noted.append(what)
    client = connect(server)
    assert b"clear changes something, so it is to be written in full" in client.ask(b"cle all")
    client.ask(b"clear all")
    assert noted == [("root", "clear all")]


@pytest.mark.parametrize(("word", "answer"), [
    (b"ho", b"Active Hosts:"), (b"con", b"Current configuration"), (b"STAT", b"Statistics"),
    (b"h0sts", b"unknown command: h0sts; did you mean hosts?"), (b"xyzzy", b"unknown command: xyzzy\r\n"),
    (b"ev", b"Events last 24h:"), (b"e", b"did you mean events or explain?")])
def test_a_beginning_is_enough_and_a_near_miss_is_told(serve: Serve, connect: Connect, word: bytes, answer: bytes) -> None:
    assert answer in connect(serve()).ask(word)


@pytest.mark.parametrize(("words", "documents"), [
    (b"hosts json", [{"address": "192.0.2.10", "hardware_address": "02:00:00:00:99:01", "name": "desk\x1b",
                      "sent_name": "desk\x1b", "expires": NOW + 60, "state": "bound"}]),
    (b"events json", [{"time": NOW, "text": "x\x9b"}]), (b"alarms json", []),
    (b"nothing json", [{"error": "unknown command: nothing"}]),
    (b"clear all json", [{"message": "0 addresses are free again"}]),
    (b"help clear json", [{"command": "clear", "help": "end the quarantine of an address, or of all: clear ADDRESS, clear all\n"
                           "example: clear 192.168.137.20"}])])
def test_json_is_a_document_a_line(serve: Serve, connect: Connect, words: bytes, documents: list[object]) -> None:
    server = serve()
    server.is_trusted = True
    server.setHosts(lambda: [HostRow("192.0.2.10", "02:00:00:00:99:01", "desk\x1b", NOW + 60, "bound")])
    server.setEvents(lambda: [(NOW, "x\x9b")])
    answer = connect(server).ask(words)
    assert [json.loads(line) for line in answer.splitlines()] == documents
    assert answer.replace(b"\r\n", b"").decode().isprintable()


@pytest.mark.parametrize(("words", "end"), [
    (b"ask hosts", b"none\r\n\0succeeded\n"), (b"ask alarms nonsense", b"nonsense: unknown; type help alarms\r\n\0failed\n"),
    (b"ask quit", b"\0succeeded\n")])
def test_a_program_is_told_whether_its_command_succeeded(serve: Serve, connect: Connect, words: bytes, end: bytes) -> None:
    client = connect(serve())
    client.send(words + b"\n")
    assert client.rest().endswith(end)


def test_words_are_completed(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.sources.words = lambda begun: [f"{begun}.1", f"{begun}.\x1b"]
    client = connect(server)
    assert client.ask(b"complete command c").split() == [b"configuration", b"clear", b"classes", b"clients", b"capture"]
    assert client.ask(b"complete word 10.0").split() == [b"10.0.1"], "what nobody could type is left out"
    assert client.ask(b"complete word") == b""
    assert client.ask(b"complete word \xc3") == "\ufffd.1\r\n".encode(), "what is no UTF-8 does not end the session"

    def broken(_: str) -> list[str]:
        raise StoreError("no table")
    server.sources.words = broken
    assert client.ask(b"complete word x") == b""


def test_help_has_a_line_for_each_command(serve: Serve, connect: Connect) -> None:
    answer = connect(serve()).ask(b"help")
    assert HELP.fullmatch(answer)
    names = [line.partition(b"\t")[0] for line in answer.splitlines()]
    assert names == [b"hosts", b"events", b"configuration", b"statistics", b"alarms", b"clear", b"leases", b"pools",
                     b"networks", b"classes", b"explain", b"release", b"renew", b"reserve", b"unreserve", b"probe",
                     b"clients", b"history", b"who", b"boots", b"dns", b"capture", b"services", b"metrics", b"version",
                     b"reload", b"watch", b"help", b"quit"]
    starts = {len(line.expandtabs(8)) - len(line.rpartition(b"\t")[2]) for line in answer.splitlines()}
    assert len(starts) == 1, "what each does begins in one column"


@pytest.mark.parametrize("word", [b"help", b"?", b"h", b"HELP"])
def test_help_of_one_command(serve: Serve, connect: Connect, word: bytes) -> None:
    answer = connect(serve()).ask(word + b" hosts")
    assert answer == b"hosts: list the hosts: address, hardware address, name, expiry and state\r\nexample: hosts\r\n"


@pytest.mark.parametrize("name", sorted(ThreadedTCPRequestHandler.commands()))
def test_the_help_of_a_command_fits_a_terminal_and_has_an_example(serve: Serve, connect: Connect, name: str) -> None:
    lines = connect(serve()).ask(f"help {name}".encode()).decode().splitlines()
    assert lines[0].startswith(f"{name}: ") and max(map(len, lines)) <= 80
    assert lines[-1].startswith(f"example: {name}")


@pytest.mark.parametrize("word", [b"quit", b"exit", b"q", b"EXIT"])
def test_what_else_ends_a_session(serve: Serve, connect: Connect, word: bytes) -> None:
    client = connect(serve())
    client.send(word + b"\n")
    assert client.rest().endswith(b"bye\r\n")


def test_statistics_are_aligned_and_safe_to_show(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.sources.statistics = lambda: [("messages received", 1234567), ("no answer on \x1b[2J", 1)]
    assert connect(server).ask(b"statistics").splitlines() == [
        b"Statistics since the start", b"     1234567  messages received", b"           1  no answer on \\x1b[2J"]


# --- what is shown


def test_hosts_is_an_aligned_table_that_ends_in_its_count(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.setHosts(
        lambda: iter(
            [
                HostRow("192.0.2.6", "AA:BB:CC:00:00:01", "printer", NOW + 3599, "bound"),
                HostRow("192.0.2.107", "AA:BB:CC:00:00:02", "", None, "reserved"),
                HostRow("192.0.2.8", "AA:BB:CC:00:00:03", "büro", NOW - 90_000, "expired"),
                HostRow("192.0.2.9", "AA:BB:CC:00:00:04", "\x1b[31m\r\n\0\u202e", NOW + 9, "bound"),
            ]
        )
    )
    then = [local_time(NOW + seconds) for seconds in (3599, -90_000, 9)]
    assert connect(server).ask(b"hosts").decode() == "\r\n".join(
        [
            "Active Hosts:",
            "address          hardware address   name                      expires                         state",
            f"192.0.2.6        AA:BB:CC:00:00:01  printer                   {then[0]} in 59m      bound",
            "192.0.2.107      AA:BB:CC:00:00:02  -                         never                           reserved",
            f"192.0.2.8        AA:BB:CC:00:00:03  büro                      {then[1]} 1d01h ago   expired",
            f"192.0.2.9        AA:BB:CC:00:00:04  \\x1b[31m\\x0d\\x0a\\x00\\u202e  {then[2]} in 9s       bound",
            "4 hosts",
            "",
        ]
    )


def test_events_are_those_of_the_last_day_in_their_order(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.setEvents(lambda: [(NOW - 86401, "old"), (NOW - 86399, "first"), (NOW - 5.5, "second \x1b]0;title\x07\n")])
    assert connect(server).ask(b"events").decode() == (
        f"Events last 24h:\r\n{local_time(NOW - 86399)} first\r\n"
        f"{local_time(NOW - 5.5)} second \\x1b]0;title\\x07\\x0a\r\n"
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", local_time(NOW))


def test_configuration_is_a_line_for_each_value(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.setConfiguration(lambda: {"network": "192.0.2.0", "motd": "a\nb"}.items())
    assert connect(server).ask(b"configuration") == b"Current configuration\r\nnetwork: 192.0.2.0\r\nmotd: a\\x0ab\r\n"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1, "in 1s"),
        (59.9, "in 59s"),
        (60, "in 1m"),
        (3599, "in 59m"),
        (3660, "in 1h01m"),
        (86400 * 400, "in 400d00h"),
        (0, "0s ago"),
        (-61, "1m ago"),
        (float("inf"), "?"),
        (float("nan"), "?"),
    ],
)
def test_distances_in_time(seconds: float, text: str) -> None:
    assert distance(seconds) == text


@pytest.mark.parametrize("seconds", [float("inf"), float("nan"), 1e300])
def test_times_beyond_the_calendar_are_numbers(seconds: float) -> None:
    assert local_time(seconds) == str(seconds)


# --- commands that fail


def _faults() -> list[tuple[Exception, bytes]]:
    return [
        (ValueError("no \x1b[2J table"), b"error: no \\x1b[2J table\r\n"),
        (KeyError(), b"error: KeyError\r\n"),
        (BrokenPipeError("the database's, not the peer's"), b"error: the database's, not the peer's\r\n"),
        (TimeoutError("database is locked"), b"error: database is locked\r\n"),
    ]


@pytest.mark.parametrize(("fault", "answer"), _faults())
@pytest.mark.parametrize("good", [0, 450])
def test_a_command_that_fails_says_so_and_the_session_goes_on(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture, fault: Exception, answer: bytes, good: int
) -> None:
    def faulty() -> Iterator[HostRow]:
        yield from rows(good)
        raise fault

    server = serve()
    server.setHosts(faulty)
    client = connect(server)
    assert client.ask(b"hosts").endswith(answer)
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.name == "pydhcpd.control"
    assert record.exc_info
    assert record.exc_info[1] is fault
    assert client.ask(b"events") == b"Events last 24h:\r\nnone\r\n"


# --- strangers


def test_a_line_too_long_is_refused_and_the_next_is_heard(serve: Serve, connect: Connect) -> None:
    client = connect(serve())
    assert client.ask(b"x" * LONGEST_LINE).startswith(b"unknown command: xxx")
    for length in (LONGEST_LINE + 1, 5000, LONGEST_REFUSED_LINE):
        assert client.ask(b"x" * length) == b"line too long\r\n"
        assert client.ask(b"events") == b"Events last 24h:\r\nnone\r\n"


def test_a_megabyte_without_newline_ends_the_session(serve: Serve, connect: Connect) -> None:
    server = serve()
    client = connect(server)
    with pytest.raises(ConnectionError):
        for _ in itertools.repeat(None, 1000):
            client.send(b"x" * 100_000)
    eventually(lambda: not [*server._places])
    connect(server)


def test_binary_garbage_does_not_break_the_session(serve: Serve, connect: Connect) -> None:
    client = connect(serve())
    stranger = random.Random(3).randbytes(200_000).replace(b"\x04", b"")
    reader = threading.Thread(target=client.until, args=(b"Events last 24h:\r\nnone\r\n",))
    reader.start()
    client.send(stranger + b"\xff\xf0\n\nevents\n")
    reader.join(PATIENCE)
    assert not reader.is_alive()


@pytest.mark.parametrize("last", [b"", b"unfinished", b"\xff", b"\xff\xfa", b"\r"])
def test_end_of_input_ends_the_session_after_what_was_asked(serve: Serve, connect: Connect, last: bytes) -> None:
    server = serve()
    client = connect(server)
    client.send(b"events\n" + last)
    client.socket.shutdown(socket.SHUT_WR)
    assert client.rest() == b"Events last 24h:\r\nnone\r\n" + PROMPT
    eventually(lambda: not [*server._places])


@pytest.mark.parametrize("sent", [b"\x04", b"\x04\r\n"])
def test_control_d_ends_the_session_quietly(serve: Serve, connect: Connect, sent: bytes) -> None:
    client = connect(serve())
    client.send(sent)
    assert client.rest() == b""


@pytest.mark.parametrize("drip", [b"", b"x", b"\xff\xf1"])
def test_who_completes_no_line_is_sent_away(serve: Serve, connect: Connect, drip: bytes) -> None:
    server = serve(idle_timeout=0.3)
    client = connect(server)
    began = time.monotonic()
    dripping = threading.Event()

    def feed() -> None:
        while drip and not dripping.wait(0.02):
            try:
                client.send(drip)
            except OSError:
                return

    feeder = threading.Thread(target=feed)
    feeder.start()
    assert client.rest() == b"\r\nidle, bye\r\n"
    assert 0.2 < time.monotonic() - began < 3
    dripping.set()
    feeder.join(PATIENCE)


def test_a_connection_too_many_is_told_and_closed_without_a_thread(serve: Serve, connect: Connect) -> None:
    server = serve(maximum_connections=2)
    first, _second = connect(server), connect(server)
    before = threading.active_count()
    for _ in range(50):
        with closing(Client(server)) as refused:
            assert refused.rest() == b"too many connections\r\n"
    assert threading.active_count() <= before
    first.close()
    eventually(lambda: len([*server._places]) < 2)
    connect(server)


def test_a_flood_of_connections_logs_little_and_no_traceback(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(maximum_connections=4)
    for _ in range(100):
        flood = socket.create_connection(address_of(server), PATIENCE)
        flood.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # closes with a reset
        flood.close()
    eventually(lambda: not [*server._places])
    connect(server)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) <= 1
    assert not [record for record in caplog.records if record.exc_info]


def test_a_large_table_is_sent_in_bounded_memory(serve: Serve, connect: Connect) -> None:
    server = serve()
    server.setHosts(lambda: rows(20_000))
    client = connect(server)
    tracemalloc.start()
    try:
        client.send(b"hosts\n")
        tail = b""
        while not tail.endswith(b"\r\n20000 hosts\r\n" + PROMPT):
            data = client.socket.recv(65536)
            assert data
            tail = (tail + data)[-100:]
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_reader_that_never_reads_is_dropped(serve: Serve, connect: Connect) -> None:
    made = 0

    def counted() -> Iterator[HostRow]:
        nonlocal made
        for row in rows(1_000_000):
            made += 1
            yield row

    server = serve(send_timeout=0.5)
    server.setHosts(counted)
    client = connect(server)
    client.send(b"hosts\n")
    eventually(lambda: made > 0)
    eventually(lambda: not [*server._places])
    # No more was ever made than the kernel's buffers of both ends hold, which is some megabytes.
    assert made < 200_000
    assert connect(server).ask(b"events")


def test_a_peer_that_leaves_in_the_middle_ends_quietly(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve()
    server.setHosts(lambda: rows(1_000_000))
    client = connect(server)
    client.send(b"hosts\n")
    client.until(b"bound\r\n")
    client.close()
    eventually(lambda: not [*server._places])
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


# --- the server


def test_sessions_run_in_threads_named_prompt(serve: Serve, connect: Connect) -> None:
    server = serve()
    names: list[tuple[str, bool]] = []

    def hosts() -> list[HostRow]:
        names.append((threading.current_thread().name, threading.current_thread().daemon))
        return []

    server.setHosts(hosts)
    for _ in range(2):
        connect(server).ask(b"hosts")
    assert names == [("prompt-1", True), ("prompt-2", True)]


def test_one_session_does_not_wait_for_another(serve: Serve, connect: Connect) -> None:
    server = serve()
    entered, release = threading.Event(), threading.Event()

    def stuck() -> list[HostRow]:
        entered.set()
        release.wait(PATIENCE)
        return []

    server.setHosts(stuck)
    first = connect(server)
    first.send(b"hosts\n")
    assert entered.wait(PATIENCE)
    assert connect(server).ask(b"events") == b"Events last 24h:\r\nnone\r\n"
    release.set()
    assert first.until(PROMPT) == b"Active Hosts:\r\nnone\r\n" + PROMPT


def test_closing_the_server_ends_its_sessions(connect: Connect) -> None:
    with serving() as server:
        client = connect(server)
    assert client.rest() == b""


def test_a_server_that_never_served_can_be_shut_down() -> None:
    server = ThreadedTCPServer(("127.0.0.1", 0))
    server.shutdown()
    server.server_close()


def test_the_address_of_another_is_refused(serve: Serve) -> None:
    host, port = address_of(serve())
    with pytest.raises(OSError, match="in use"):
        ThreadedTCPServer((host, port))


def test_want_of_descriptors_neither_ends_nor_spins_the_server(
    serve: Serve, connect: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve()
    listening = server.socket
    attempts = itertools.count()

    class Exhausted:
        """The listening socket of a process that has no descriptor free for the first three attempts."""

        def accept(self) -> Any:
            if next(attempts) < 3:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
            return listening.accept()

        def __getattr__(self, name: str) -> Any:
            return getattr(listening, name)

    monkeypatch.setattr(server, "socket", Exhausted())
    began = time.monotonic()
    connect(server)
    assert time.monotonic() - began > 0.5
    assert next(attempts) == 4
    (warning,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert "cannot accept" in warning.message


# --- the parts without a socket


def _lines(pieces: list[bytes]) -> list[bytes | str]:
    """What a buffer makes of a stream that comes in these pieces."""
    buffer, heard = LineBuffer(), list[bytes | str]()
    for piece in pieces:
        buffer.feed(piece)
        while True:
            try:
                line = buffer.next_line()
            except LineTooLong:
                heard.append("too long")
                continue
            except LineNeverEnds:
                return [*heard, "never ends"]
            if line is None:
                break
            heard.append(line)
    return heard


@pytest.mark.parametrize(
    ("pieces", "heard"),
    [
        ([b"a\nb\r\nc\r\0d\re\n"], [b"a", b"b", b"c", b"d\re"]),
        ([b"a\r", b"\n", b"b\r", b"\0"], [b"a", b"b"]),
        ([b"x" * 1024 + b"\r", b"\0"], [b"x" * 1024]),
        ([b"x" * 1025, b"\r", b"\0a\n"], ["too long", b"", b"a"]),
        ([b"x" * 2000, b"y\r", b"\0a\n"], ["too long", b"", b"a"]),
        ([b"x" * 2000, b"\x04", b"\n"], ["too long", b""]),
        ([b"x" * 4096] * 17, ["too long", "never ends"]),
    ],
)
def test_lines_from_pieces(pieces: list[bytes], heard: list[bytes | str]) -> None:
    assert _lines(pieces) == heard


@given(st.binary(max_size=60).map(lambda data: data.translate(bytes.maketrans(b"abcdef", b"\xff\xfa\xf0\xfd\r\n"))))
def test_telnet_is_filtered_alike_whole_or_in_pieces(data: bytes) -> None:
    whole, pieces = TelnetFilter(), TelnetFilter()
    assert whole.strip(data) == b"".join(pieces.strip(bytes([byte])) for byte in data)
    assert whole.timing_marks == pieces.timing_marks


# --- the programs that people use


def _missing(program: str) -> bool:
    return shutil.which(program) is None


@pytest.mark.skipif(_missing("nc"), reason="nc is not installed")
def test_with_nc(serve: Serve) -> None:
    host, port = address_of(serve())
    talk = subprocess.run(
        ["nc", host, str(port)], input=b"hosts\nquit\n", capture_output=True, timeout=PATIENCE, check=False
    )
    assert talk.stdout == GREETING + PROMPT + b"Active Hosts:\r\nnone\r\n" + PROMPT + b"bye\r\n"


@contextmanager
def _telnet(server: ThreadedTCPServer) -> Iterator[tuple[int, Callable[[bytes], bytes]]]:
    """A telnet on a terminal of its own: the terminal, and a function that reads it up to something."""
    host, port = address_of(server)
    master, slave = pty.openpty()
    try:
        program = subprocess.Popen(
            ["telnet", host, str(port)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # else no key would interrupt it
        )
    finally:
        os.close(slave)
    guard = threading.Timer(PATIENCE, program.kill)
    guard.start()
    seen = b""

    def until(end: bytes) -> bytes:
        nonlocal seen
        while end not in seen:
            seen += os.read(master, 4096)
        before, _, seen = seen.partition(end)
        return before

    try:
        yield master, until
    finally:
        guard.cancel()
        program.kill()
        program.wait()
        os.close(master)


@pytest.mark.skipif(_missing("telnet"), reason="telnet is not installed")
def test_with_telnet_also_after_its_interrupt_key(serve: Serve) -> None:
    with _telnet(serve()) as (terminal, until):
        until(GREETING + PROMPT)
        os.write(terminal, b"hosts\n")
        assert b"Active Hosts:\r\nnone\r\n" in until(PROMPT)
        # IAC IP, IAC DO TIMING-MARK: it shows nothing more until that is answered.
        os.write(terminal, b"\x03")
        until(b"^C")
        os.write(terminal, b"events\n")
        assert b"Events last 24h:\r\nnone\r\n" in until(PROMPT)
        os.write(terminal, b"quit\n")
        until(b"bye\r\n")

"""Every command of the prompt by each way to it: telnet, nc, the control socket, and `-ask`.

What is to be tried comes from the commands themselves, so that a new one without a row here is a failure.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from lab import Daemon, Lab, Machine, finished_lab, need, wait_until
from messages import mac_of, mac_text
from station import Station
from test_live_prompt import Session

from pydhcpd.control.commands import ThreadedTCPRequestHandler

pytestmark = pytest.mark.namespaces
DESK, GUEST = mac_of(1), mac_of(2)
ALONE = "allowed on the control socket alone: pydhcpd -ask"
COMMANDS = ThreadedTCPRequestHandler.commands()


class Row(NamedTuple):
    """Words, what is shown where they are obeyed (a pattern), and whether that is on the socket alone; `fails`: not done."""

    words: str
    shown: str
    alone: bool = False
    fails: bool = False
    json: bool = True


ROWS = [
    Row("hosts", r"(?s)^Active Hosts:\n.*desk-7.*\n1 host$"),
    Row("events", r"leased 10\.77\.0\.9 02:77:00:00:00:01 desk-7"),
    Row("configuration", r"interface: 's0'"),
    Row("statistics", r"\d+  messages received"),
    Row("alarms", r"^all is well$", json=False),
    Row("alarms settle", r"^all is well$", alone=True, json=False),
    Row("clear all", r"^0 addresses are free again$", alone=True),
    Row("clear 10.77.0.9", r"10\.77\.0\.9 is not in quarantine", alone=True, fails=True),
    Row("leases desk", r"10\.77\.0\.9 .*desk-7"),
    Row("leases sevens", r"10\.77\.0\.9 .*desk-7"),
    Row("pools", r"10\.77\.0\.9 - 10\.77\.0\.10 .*50%"),
    Row("networks", r"10\.77\.0\.0/16 .* s0 "),
    Row("classes", r"sevens .*host_name is what ends in 7"),
    Row("explain desk-7", r"address   10\.77\.0\.9: its present lease"),
    Row("explain nobody", r"no lease is known by it", fails=True),
    Row("release 10.77.0.10", r"no lease of 10\.77\.0\.10", alone=True, fails=True),
    Row("renew 10.77.0.9", r"10\.77\.0\.9 cannot be made to renew", alone=True, fails=True),
    Row(f"reserve {mac_text(GUEST)} 10.77.0.200", r"10\.77\.0\.200 is reserved for 02:77:00:00:00:02", alone=True, json=False),
    Row("reserve 10.77.0.10", r"no lease of 10\.77\.0\.10 runs", alone=True, fails=True),
    Row(f"unreserve {mac_text(GUEST)}", r"is reserved no more", alone=True, json=False),
    Row("unreserve 10.77.0.10", r"is not reserved", alone=True, fails=True),
    Row("probe 10.77.0.9", r"nobody answers for 10\.77\.0\.9, asked by ARP on s0", alone=True),
    Row("clients", r"10\.77\.0\.9 .*vendor_class_identifier=", alone=True),
    Row("history desk-7", r"10\.77\.0\.9 .*desk-7: ends", alone=True),
    Row("who 10.77.0.9 now", r"10\.77\.0\.9 .*desk-7: ends", alone=True),
    Row("boots", r"^none$", json=False),
    Row("capture", r"^none$", alone=True, json=False),
    Row(f"capture {mac_text(DESK)} WAY.pcapng 60", r"goes into .*WAY\.pcapng for 1m$", alone=True, json=False),
    Row("capture stop WAY.pcapng", r"ended with 0 messages", alone=True, json=False),
    Row("dns", r"the DNS is not updated, for there are no dns_zones", fails=True),
    Row("dns sync", r"the DNS is not updated, for there are no dns_zones", alone=True, fails=True),
    Row("metrics", r"pydhcpd_", json=False),
    Row("services", r"the control socket: runs"),
    Row("version", r"^pydhcpd \d"),
    Row("reload", r"^reloaded$", alone=True),
    Row("help", r"(?m)^quit\t\tend the session$"),
    Row("help who", r"example: who "),
    Row("hots", r"unknown command: hots; did you mean hosts\?", fails=True),
    Row("release", r"release: wrong number of arguments; type help release", fails=True),
]
APART = {"quit", "watch"}  # they end a session, or go on until a key: tests of their own
Asked = Callable[[str], tuple[str, bool]]
"""What is shown to one line, and whether the way tells that it succeeded; True where it does not tell."""


@pytest.fixture(scope="module")
def office(namespaces: None) -> Iterator[tuple[Lab, Daemon, Station]]:
    """A daemon one of whose clients has a lease."""
    with finished_lab(False) as lab:
        client: Machine = lab.client()
        daemon = lab.daemon(ip_ranges=["10.77.0.9 - 10.77.0.10"])
        daemon.write(f"{daemon.file.read_text()}classes = [client_class('sevens', match(host_name=SUFFIX('7')))]\n")
        station = lab.keep(Station(client))
        daemon.start()
        station.lease(DESK, (12, b"desk-7"), (60, b"MSFT 5.0"))
        wait_until(lambda: "desk-7" in daemon.ask("history", "desk-7").stdout, "the history has it")
        yield lab, daemon, station


def open_socket(daemon: Daemon) -> socket.socket:
    """A session on the control socket, which has shown its greeting."""
    session = socket.socket(socket.AF_UNIX)
    session.settimeout(20)
    session.connect(str(daemon.control_socket))
    answer_of(session)
    return session


def answer_of(session: socket.socket) -> str:
    """What a session shows until the next prompt."""
    shown = b""
    while not shown.endswith(b"\r\npydhcp ?> "):
        data = session.recv(65536)
        assert data, shown
        shown += data
    return shown.decode().removesuffix("\r\npydhcp ?> ")


@pytest.fixture(params=["telnet", "nc", "socket", "ask"])
def way(request: pytest.FixtureRequest, office: tuple[Lab, Daemon, Station]) -> Iterator[tuple[str, Asked]]:
    """A way to the prompt."""
    lab, daemon, _ = office
    if request.param in ("telnet", "nc"):
        need(request.param)
        session = Session(lab, request.param)
        session.expect(r"pydhcp \?> ")
        yield request.param, lambda line: (session.ask(line).removesuffix("pydhcp ?> "), True)
        session.close()
    elif request.param == "socket":
        with open_socket(daemon) as connection:
            def ask(line: str) -> tuple[str, bool]:
                connection.sendall(f"{line}\n".encode())
                return answer_of(connection), True
            yield request.param, ask
    else:
        def ask_by_program(line: str) -> tuple[str, bool]:
            done = daemon.ask(*line.split())
            assert done.returncode in (0, 1) and done.stderr == "", done
            return done.stdout, done.returncode == 0
        yield request.param, ask_by_program


def test_every_command_has_a_row() -> None:
    assert {row.words.split()[0] for row in ROWS} | APART >= set(COMMANDS)


def test_every_command_by_every_way(way: tuple[str, Asked]) -> None:
    """On TCP what is for the socket alone is refused, with the line to type instead."""
    name, ask = way
    is_trusted = name in ("socket", "ask")
    for row in ROWS:
        words, pattern = row.words.replace("WAY", name), row.shown.replace("WAY", name)
        shown, has_succeeded = ask(words)
        shown = shown.replace("\r\n", "\n").strip()
        if row.alone and not is_trusted:
            assert shown == f"{words.split()[0]}: {ALONE} '{words}'"
        else:
            assert re.search(pattern, shown), (words, shown)
        if name == "ask":
            assert has_succeeded is not row.fails, words


def test_json_as_the_last_word(office: tuple[Lab, Daemon, Station]) -> None:
    """One document a line; what fails is an "error"."""
    _, daemon, _ = office
    with open_socket(daemon) as session:
        for row in ROWS:
            if row.json:
                session.sendall(f"{row.words} json\n".encode())
                documents = [json.loads(line) for line in answer_of(session).splitlines()]
                assert documents and all(isinstance(one, dict) for one in documents), row.words
                assert ["error" in one for one in documents] == [row.fails] * len(documents), documents


@pytest.mark.parametrize("name", ["telnet", "nc"])
def test_watch_shows_what_happens_until_a_key(name: str, office: tuple[Lab, Daemon, Station]) -> None:
    lab, _, station = office
    need(name)
    session = Session(lab, name)
    session.expect(r"pydhcp \?> ")
    session.say("watch desk-7")

    def is_shown() -> bool:
        station.lease(DESK, (12, b"desk-7"), (60, b"MSFT 5.0"))
        return "leased 10.77.0.9 02:77:00:00:00:01 desk-7" in session.text()

    wait_until(is_shown, "an event is shown")
    session.ask("")
    assert session.ask("version").startswith("pydhcpd ")
    session.close()


def test_watch_by_ask_and_by_the_socket(office: tuple[Lab, Daemon, Station]) -> None:
    _, daemon, station = office
    words = [sys.executable, "-m", "pydhcpd", "-ask", "watch desk-7 json", "-control_socket", str(daemon.control_socket)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=daemon.environment()) as process, open_socket(daemon) as session:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        session.sendall(b"watch desk-7\n")
        watched = b""

        def is_shown() -> bool:
            nonlocal watched
            station.lease(DESK, (12, b"desk-7"), (60, b"MSFT 5.0"))
            watched += process.stdout.read() or b""
            return b"\n" in watched

        wait_until(is_shown, "it is shown as it happens, to its last character")
        assert json.loads(watched.splitlines()[0])["address"] == "10.77.0.9"
        assert b"leased 10.77.0.9" in session.recv(65536)
        process.send_signal(signal.SIGINT)
        process.wait(10)
        session.sendall(b"\nquit\n")
        assert b"".join(iter(lambda: session.recv(65536), b"")).endswith(b"bye\r\n")


@pytest.mark.parametrize("word", ["quit", "exit", "q"])
def test_quit_by_every_way(word: str, office: tuple[Lab, Daemon, Station]) -> None:
    _, daemon, _ = office
    assert daemon.ask(word).returncode == 0
    with open_socket(daemon) as session:
        session.sendall(f"{word}\n".encode())
        assert b"".join(iter(lambda: session.recv(65536), b"")) == b"bye\r\n"
    with daemon.machine.open(lambda: socket.create_connection(("127.0.0.1", 6767), 10)) as session:
        session.sendall(f"{word}\n".encode())
        assert b"".join(iter(lambda: session.recv(65536), b"")).endswith(b"bye\r\n")


def test_abbreviations_and_aliases(office: tuple[Lab, Daemon, Station]) -> None:
    """A beginning that is one command's alone is enough, but never for what changes something."""
    _, daemon, _ = office
    for line, shown in (("ho", "Active Hosts:"), ("?", "quit\t\t"), ("h who", "example: who"), ("HELP", "quit\t\t"),
                        ("ver", "pydhcpd "), ("p", "did you mean pools or probe?"), ("hel reload", "example: reload")):
        assert shown in daemon.ask(*line.split()).stdout, line
    for name in sorted(COMMANDS):
        for row in (one for one in ROWS if one.words.split()[0] == name and one.alone):
            if ThreadedTCPRequestHandler.changing & {name, f"{name} ...", row.words}:
                shortened = row.words.replace(name, name[:-1], 1)
                assert "is to be written in full" in daemon.ask(*shortened.split()).stdout or name in ("capture",), shortened

"""The control prompt, as telnet and netcat see it."""

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from lab import Daemon, Lab, need, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
MAC = mac_of(1)
PROGRAMS = ["telnet", "nc"]


class Session:
    """A program that talks to the prompt, as a person would use it: a line at a time, then reading."""

    def __init__(self, lab: Lab, program: str) -> None:
        self.program = program
        self._output = lab.directory / f"{program}.out"
        with self._output.open("wb") as out:
            self.process = lab.server.start(program, "127.0.0.1", "6767", stdin=subprocess.PIPE, stdout=out,
                                            stderr=subprocess.STDOUT)
        self._read = 0

    def text(self) -> str:
        """All that it has shown."""
        return Path(self._output).read_bytes().decode()

    def expect(self, pattern: str) -> str:
        """Wait for something new; returns what came up to its end."""
        match = wait_until(lambda: re.search(pattern, self.text()[self._read:]), f"{pattern!r} in {self.text()!r}")
        said = self.text()[self._read:self._read + match.end()]
        self._read += match.end()
        return said

    def say(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()

    def ask(self, line: str) -> str:
        """Type a command; returns what is shown until the next prompt."""
        self.say(line)
        return self.expect(r"pydhcp \?> ")

    def close(self) -> None:
        """End it, if it has not ended."""
        self.process.kill()
        self.process.communicate()


@pytest.fixture(params=PROGRAMS)
def session(request: pytest.FixtureRequest, lab: Lab, daemon: Daemon) -> Iterator[Session]:
    """A session that has shown its greeting."""
    need(request.param)
    made = Session(lab, request.param)
    assert "Welcome to micro python dhcp server" in made.expect(r"pydhcp \?> ")
    yield made
    made.close()


@pytest.mark.sandbox
def test_hosts_shows_address_and_name(session: Session, station: Station) -> None:
    """A host that got its lease a moment ago is in the table."""
    assert "none" in session.ask("hosts")
    ack = station.lease(MAC, (12, b"desk-7"))
    table = session.ask("hosts")
    row = next(line for line in table.splitlines() if line.startswith(ack.yiaddr))
    assert mac_text(MAC) in row and "desk-7" in row and "bound" in row
    assert "1 host" in table


def test_events_and_configuration(session: Session, station: Station) -> None:
    """What happened, and what is in use."""
    ack = station.lease(MAC, (12, b"desk-7"))
    wait_until(lambda: f"leased {ack.yiaddr}" in session.ask("events"), "the event")
    configuration = session.ask("configuration")
    assert "interface: 's0'" in configuration and "control_port: 6767" in configuration


def test_help_and_unknown_commands(session: Session) -> None:
    """Help lists the commands; what is none is said to be none."""
    assert {"hosts", "events", "configuration", "help", "quit"} <= set(re.findall(r"^(\w+)\t", session.ask("help"), re.M))
    assert "unknown command: reboot" in session.ask("reboot")


def test_quit_says_bye_and_ends_the_session(session: Session) -> None:
    """The other end closes, and the program ends: nc once its own input has ended, too."""
    session.say("quit")
    session.expect("bye")
    if session.program == "nc":
        session.process.stdin.close()
    session.process.wait(5)


def test_end_of_input_ends_the_session(session: Session, daemon: Daemon) -> None:
    """The program that goes away leaves no prompts being printed for ever."""
    session.close()
    assert "bye" in daemon.prompt("help")


def test_hostile_host_name_is_shown_escaped(session: Session, station: Station) -> None:
    """RFC 2132 section 3.14 lets any bytes come; a terminal must not obey them."""
    ack = station.lease(MAC, (12, b"a\x1b[2Jb\r\nc;d\xff\xfb\x01"))
    wait_until(lambda: ack.yiaddr in session.ask("events"), "the event")
    for command in ("hosts", "events"):
        lines = [line for line in session.ask(command).splitlines() if ack.yiaddr in line]
        assert len(lines) == 1 and "c;d" in lines[0], lines
        assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", lines[0]) is None


def test_hostile_host_name_is_one_line_of_the_log(daemon: Daemon, station: Station) -> None:
    """The log is read by people and programs, too."""
    ack = station.lease(MAC, (12, b"a\x1b[2Jb\r\nleased 10.77.9.9;d"))
    daemon.wait_for(f"leased {ack.yiaddr}")
    assert "\x1b" not in daemon.log()
    assert not re.search(r"^(\S+ \S+ )?leased 10\.77\.9\.9", daemon.log(), re.M)


def test_sessions_are_bounded_and_the_next_is_served(lab: Lab, daemon: Daemon, station: Station) -> None:
    """More sessions than there may be: those beyond are told so; when they end, there is room again."""
    def connect() -> socket.socket:
        return lab.server.open(lambda: socket.create_connection(("127.0.0.1", 6767), 5))

    sessions = [lab.keep(connect()) for _ in range(40)]
    greetings = [one.recv(100) for one in sessions]
    assert sum(b"Welcome" in one for one in greetings) == 32
    assert sum(b"too many" in one for one in greetings) == 8
    station.lease(MAC)
    for one in sessions:
        one.close()
    wait_until(lambda: "bye" in daemon.prompt("help"), "room for another")


AS_NOBODY = """
import encodings.idna, os, socket, sys
os.setresuid(65534, 65534, 65534)
sessions = [socket.create_connection(("127.0.0.1", 6767), 5) for _ in range(32)]
print(all(b"Welcome" in one.recv(100) for one in sessions), flush=True)
sys.stdin.read()
"""


def test_sessions_of_another_user_do_not_lock_root_out(lab: Lab, daemon: Daemon, station: Station) -> None:
    """The kernel tells whose the other end is: a session of nobody's gives way for each of root's."""
    with lab.server.start(sys.executable, "-S", "-c", AS_NOBODY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as nobody:
        assert nobody.stdout.readline() == b"True\n"
        for _ in range(3):
            assert "bye" in daemon.prompt("help")
        with lab.server.open(lambda: socket.create_connection(("127.0.0.1", 6767), 5)) as root:
            assert b"Welcome" in root.recv(100)
        station.lease(MAC)
        nobody.stdin.close()


def test_reader_that_does_not_read_holds_nothing_up(lab: Lab, daemon: Daemon, station: Station) -> None:
    """A session that asks for much and reads nothing: packets and other sessions go on."""
    with lab.server.open(lambda: socket.create_connection(("127.0.0.1", 6767), 5)) as deaf:
        deaf.setblocking(False)
        with suppress(BlockingIOError):
            for _ in range(5000):
                deaf.send(b"help\r\nconfiguration\r\n")
        station.lease(MAC)
        assert "1 host" in daemon.prompt("hosts")
        assert daemon.stop() == 0


def test_piped_commands(lab: Lab, daemon: Daemon, station: Station) -> None:
    """A script pipes commands into nc."""
    need("nc")
    station.lease(MAC, (12, b"desk-7"))
    done = lab.server.run("nc", "-N", "127.0.0.1", "6767", input="hosts\nquit\n", timeout=10)
    assert "desk-7" in done.stdout and done.stdout.rstrip().endswith("bye")

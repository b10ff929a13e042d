"""`pydhcpd -demo yes`: a lease being given, before one's eyes, in a throwaway network.

Two network namespaces joined by a cable: in one the daemon as it always runs, in the other a DHCP client of this machine
(or our own), and what passes between them told in words. Nothing outside the two is touched: the daemon's files lie in a
temporary directory, the client sees empty file systems where it would keep its state, and all of it goes in the end.

Signals only raise a flag, which every wait looks at: nothing is ever half made when the clearing up begins.
"""

import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

from pydhcpd.addresses import address_text
from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.control.session import PROMPT
from pydhcpd.demo.client import INTERFACE, Client, clients
from pydhcpd.demo.lab import Child, DemonstrationFailed, Namespace, check_means, ip
from pydhcpd.demo.wire import Wire, span, told
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.settings import BY_NAME
from pydhcpd.wire.packet import ACK

SERVER, PREFIX = "192.168.137.1", 24
CLIENT_HARDWARE = "02:00:00:00:99:01"
PROMPT_PORT = 6767

CONFIGURATION = f"""\
interface = "{INTERFACE}"
ip_ranges = ["192.168.137.10 - 192.168.137.200"]
router = "{SERVER}"
domain_name_server = "{SERVER}"
ip_address_lease_time = 1 * HOURS
"""

START_LIMIT, LEASE_LIMIT, ROUTE_LIMIT, ANSWER_LIMIT = 20.0, 20.0, 2.0, 5.0  # seconds
TICK = 0.1  # seconds between looks at the flag
LOG_LINES = 25  # of the server's log, shown where something fails
LAST_WORDS = 8  # lines of a client's log, and messages that are told of once it has ended
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ended(Exception):
    """Someone wants the end."""


class Demonstration:
    """One demonstration, in the order in which it is seen. What it makes goes when `stack` is closed."""

    def __init__(self, stack: ExitStack, seconds: float | None) -> None:
        self._stack = stack
        self._seconds = seconds
        self._ending = False
        self._there = Namespace(f"pydhcpd-demo-srv-{os.getpid()}")
        self._here = Namespace(f"pydhcpd-demo-cli-{os.getpid()}")
        self._given = ""  # the address of the last ACK
        self.leased = False

    def end(self, *_: object) -> None:
        """Ask for the end: what handles the signals."""
        self._ending = True

    def run(self) -> None:
        """Show all of it. Raises DemonstrationFailed, or Ended where someone wanted the end."""
        self._directory = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="pydhcpd-demo-")))
        self._build_network()
        self._start_server()
        self._obtain_lease()
        self._show_result()
        self._wait()

    def _build_network(self) -> None:
        for namespace in (self._there, self._here):
            self._stack.callback(namespace.delete)
            namespace.create()
        there, here = self._there.name, self._here.name
        ip("link", "add", INTERFACE, "netns", there, "type", "veth", "peer", "name", INTERFACE, "netns", here)
        ip("-n", here, "link", "set", INTERFACE, "address", CLIENT_HARDWARE)
        ip("-n", there, "address", "add", f"{SERVER}/{PREFIX}", "broadcast", "+", "dev", INTERFACE)
        for name in (there, here):
            ip("-n", name, "link", "set", INTERFACE, "up")
        self._say("Two hosts and a cable, made of network namespaces:", f"    server  {there}  {SERVER}/{PREFIX}",
                  f"    client  {here}  no address yet", "")

    def _start_server(self) -> None:
        file = self._directory / "pydhcpd.conf"
        file.touch(0o600)
        file.write_text(CONFIGURATION)
        with self._there.entered():
            self._wire = self._stack.enter_context(Wire(INTERFACE))
        ready = self._stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        ready.bind(str(self._directory / "ready"))
        ready.setblocking(False)
        words = ("-config_file", str(file), "-host_file", str(self._directory / "leases.db"),
                 "-pid_file", str(self._directory / "pydhcpd.pid"), "-foreground", "yes")
        self._server = Child(self._there.command(sys.executable, "-P", "-m", "pydhcpd", *words), self._directory / "log",
                             NOTIFY_SOCKET=str(self._directory / "ready"))
        self._stack.callback(self._server.stop)
        self._say("The server's configuration:", *("    " + line for line in CONFIGURATION.splitlines()), "")
        if not self._until(lambda: _told_ready(ready), START_LIMIT):
            raise self._failure(f"the server was not ready within {START_LIMIT:.0f} s")

    def _obtain_lease(self) -> None:
        """With the first client that is installed; where that fails for reasons of its own, with ours."""
        choice = list(clients(self._directory))
        for client in dict.fromkeys((choice[0], choice[-1])):
            self._say(f"The client is {client.name}. What the two say to each other:", "")
            log = self._directory / "client.log"
            child = Child(self._here.command(*client.sheltered()), log)
            self._stack.callback(self._stop, client, child)
            self._until(partial(self._settled, child), LEASE_LIMIT)
            if self._has_lease():
                self.leased = True
                return
            self._say("", f"No lease for {client.name}; its last words:",
                      *("    " + line for line in child.log(LAST_WORDS)), "")
            self._stop(client, child)
            ip("-n", self._here.name, "address", "flush", "dev", INTERFACE)
        raise self._failure(f"no client got a lease, though each had {LEASE_LIMIT:.0f} s")

    def _settled(self, child: Child) -> bool:
        return self._has_lease() or child.ended

    def _has_lease(self) -> bool:
        """Whether the client's interface has the address that the server gave."""
        return bool(self._given) and f" {self._given}/" in ip("-n", self._here.name, "-4", "-o", "address")

    def _show_result(self) -> None:
        there, here = self._there.name, self._here.name
        self._until(lambda: "default" in ip("-n", here, "route"), ROUTE_LIMIT)  # it follows the address
        self._say("", "What the client's interface has now:")
        for words in (("-4", "-brief", "address", "show", "dev", INTERFACE), ("route", "show")):
            self._say(f"    $ sudo ip -n {here} {' '.join(words)}",
                      *("    " + " ".join(line.split()) for line in ip("-n", here, *words).splitlines()))
        program = next((name for name in ("telnet", "nc") if shutil.which(name)), "telnet")
        self._say("", "The server's prompt, which you can reach from another terminal:",
                  f"    $ sudo ip netns exec {there} {program} 127.0.0.1 {PROMPT_PORT}",
                  f"    {PROMPT.decode().strip()} hosts",
                  *("    " + escape(line.rstrip()) for line in self._ask_prompt("hosts")), "")

    def _ask_prompt(self, command: str) -> list[str]:
        """The lines of the answer to one command."""
        try:
            with self._there.entered():
                talk = socket.create_connection(("127.0.0.1", PROMPT_PORT), ANSWER_LIMIT)
            with talk:
                talk.settimeout(ANSWER_LIMIT)
                talk.sendall(f"{command}\r\nquit\r\n".encode())
                answer = b"".join(iter(lambda: talk.recv(65536), b""))
        except OSError as error:
            raise self._failure(f"the prompt gave no answer: {error}") from error
        return answer.split(PROMPT)[1].decode(errors="replace").splitlines()

    def _wait(self) -> None:
        limit = "" if self._seconds is None else f", or wait {span(int(self._seconds))}"
        self._say(f"Press Ctrl-C to end{limit}.", "")
        self._until(lambda: False, self._seconds)

    # --- what all of them need

    def _until(self, done: Callable[[], bool], seconds: float | None) -> bool:
        """Tell what passes by until it is done; False where the time was over first."""
        end = None if seconds is None else time.monotonic() + seconds
        while not done():
            if self._ending:
                raise Ended
            if self._server.ended:
                raise self._failure("the server ended by itself")
            if end is not None and time.monotonic() >= end:
                return False
            self._tell(TICK)
        return True

    def _tell(self, seconds: float) -> bool:
        """Tell of the next message, if one comes within that time."""
        heard = self._wire.listen(seconds)
        if heard is None:
            return False
        if heard.message.message_type == ACK and heard.message.yiaddr:
            self._given = address_text(heard.message.yiaddr)
        self._say(*("    " + line for line in told(heard)))
        return True

    def _stop(self, client: Client, child: Child) -> None:
        """Have the client give its lease back and end."""
        if client.release and not child.ended:
            Child(self._here.command(*client.sheltered(client.release)), self._directory / "release.log").wait()
        child.stop(client.end)
        for _ in range(LAST_WORDS):
            if not self._tell(TICK):
                break

    def _say(self, *lines: str) -> None:
        """Print lines; where nobody reads them any more, it is time to end."""
        if not say(*lines):
            self.end()

    def _failure(self, reason: str) -> DemonstrationFailed:
        return DemonstrationFailed(reason, self._server.log(LOG_LINES))


def _told_ready(ready: socket.socket) -> bool:
    """Whether the server has said that it serves (sd_notify(3))."""
    with suppress(BlockingIOError):
        return b"READY=1" in ready.recv(8192).split(b"\n")
    return False


def say(*lines: str) -> bool:
    """Print lines at once; False where nobody reads."""
    try:
        print(*lines, sep="\n", flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return False
    return True


@contextmanager
def _signals_to(handler: Callable[..., None]) -> Iterator[None]:
    """Have the handler take the signals that ask for the end, but for a hang-up that is ignored (nohup(1))."""
    numbers = (one for one in SIGNALS if one != signal.SIGHUP or signal.getsignal(one) != signal.SIG_IGN)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _seconds(command_line: CommandLine) -> float | None:
    """How long to wait in the end; None is until Ctrl-C. Raises InvalidValue."""
    others = [name for name in (*command_line.settings, *command_line.own) if name not in ("demo", "demo_seconds")]
    if others or command_line.action:
        raise InvalidValue(f"-{others[0] if others else command_line.action} does not go with -demo, "
                           "which has a configuration of its own; allowed is -demo_seconds")
    value = command_line.own.get("demo_seconds")
    try:
        return None if value is None else BY_NAME["demo_seconds"].kind.parse(value)
    except InvalidValue as error:
        raise InvalidValue(f"-demo_seconds: {error}") from error


def run_demo(command_line: CommandLine) -> int:
    """The demonstration; returns 0 where a client got its lease, else 1 or 130, said why. Raises InvalidValue."""
    seconds = _seconds(command_line)
    leased = False
    try:
        check_means()
        with ExitStack() as stack:
            demonstration = Demonstration(stack, seconds)
            stack.enter_context(_signals_to(demonstration.end))
            with suppress(Ended):
                demonstration.run()
            leased = demonstration.leased
    except (DemonstrationFailed, OSError) as error:
        print(f"pydhcpd: {error}", file=sys.stderr)
        if log := getattr(error, "log", ()):
            print("The server's log:", *log, sep="\n    ", file=sys.stderr)
        return 1
    say("The client gave its address back; server, client and network are gone." if leased else
        "Ended before a client had a lease; nothing is left behind.")
    return 0 if leased else 130

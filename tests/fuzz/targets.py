"""What is fuzzed: each target takes the bytes of one input, and raises where something happens that must not.

A target knows what its part of the program promises: which errors it may raise, and what must be true of what it returns. Which
inputs there are to try is not its business.
"""

import ast
import io
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import NamedTuple

from mutation import MessageMutator, Mutator
from onslaught import Failure, served
from seeds import (
    CAPTURES,
    FILES,
    FRAMES,
    HOSTS_FILES,
    MESSAGES,
    NUMBERED_VALUES,
    OPTIONS,
    PARAMETERS,
    PATHS,
    RESERVATIONS,
    TRANSFERS,
    WORDS,
)

from pydhcpd import conf
from pydhcpd.configuration import remedies, source
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.control.output import AlarmRow, HostRow
from pydhcpd.control.sources import Sources
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.leases.hosts import Host
from pydhcpd.leases.ledger_time import LedgerTime
from pydhcpd.literals import literal
from pydhcpd.migration.older_csv import read_hosts, write_hosts
from pydhcpd.net.filtered import _datagram, is_whole
from pydhcpd.net.probe import arp_sender, echo_sender
from pydhcpd.policy.reservation_file import Unreadable, append, decoded, reservations
from pydhcpd.services import root
from pydhcpd.services.leasequery.messages import Refused, is_bulk_query, read_bulk_query
from pydhcpd.services.tftp import messages, negotiation
from pydhcpd.settings import BY_NAME, SETTINGS
from pydhcpd.whatif import captures
from pydhcpd.whatif.comparison import differences
from pydhcpd.whatif.datagrams import datagram_in
from pydhcpd.wire import fqdn, options, relay, service_parameters
from pydhcpd.wire.describe import LONGEST, describe
from pydhcpd.wire.packet import OVERLOAD, Packet, Request

NOW = 1_700_000_000
LEDGER_TIME = LedgerTime(lambda: NOW, lambda: NOW)

Try = Callable[[bytes], None]


class Target(NamedTuple):
    """One target: `make` gives a context in which inputs can be tried, and `seeds` are what to begin with."""

    name: str
    words: str
    make: Callable[[], AbstractContextManager[Try]]
    seeds: Sequence[bytes]
    mutator: type[Mutator] = Mutator


def require(holds: bool, what: str) -> None:
    """Raise Failure where something does not hold."""
    if not holds:
        raise Failure(what)


def is_plain(text: str) -> bool:
    """Whether text can be shown in one line, whatever it is made of."""
    return text.isascii() and text.isprintable()


# --- messages


def decode(data: bytes) -> None:
    """A message is read or refused; what was read is written, and read again as the same."""
    for bootp in (False, True):
        try:
            request = Request.receive(data, 2, 0, 68, 0xFFFFFFFF, bootp)
        except MalformedPacket:
            continue
        told = describe(request)
        require(is_plain(told) and len(told) <= LONGEST, f"described as {told!r}")
        packet = Packet.decode(data, bootp)
        packet.options.pop(OVERLOAD, None)
        require(Packet.decode(packet.encode()) == packet, "another packet after encoding")
        query(packet)


def query(packet: Packet) -> None:
    """A bulk leasequery is read or refused."""
    if is_bulk_query(packet):
        with suppress(MalformedPacket, Refused):
            read_bulk_query(packet)


def decode_option(data: bytes) -> None:
    """An option, its code first, is read or refused; what was read can be written, and is read again as the same."""
    code, value = data[:1] or b"\0", data[1:]
    told = options.describe(code[0], value)
    require(is_plain(told) and len(told) <= options.LONGEST_DESCRIPTION, f"described as {told!r}")
    relay.suboptions(value), relay.words(value), fqdn.words(value)
    option = options.BY_CODE.get(code[0])
    if option is None:
        return
    try:
        read = option.codec.decode(value)
    except MalformedPacket:
        return
    try:
        written = option.codec.encode(read)
    except InvalidValue:
        return  # what an administrator may write is less than what may come
    require(option.codec.decode(written) == read, f"{read!r} is another value after encoding")


def parameters(data: bytes) -> None:
    """Service parameters (RFC 9460) from the wire are read or refused."""
    try:
        text = service_parameters.decode(data)
    except MalformedPacket:
        return
    require(text.isprintable(), f"shown as {text!r}")


def frame(data: bytes) -> None:
    """What only packet and raw sockets hear: ARP, ICMP, and IPv4 with UDP in it."""
    arp_sender(data)
    echo_sender(bytes(32), data)
    if is_whole(data, is_summed=False):
        _datagram(data, 1)
    is_whole(data)


OWN = {(inside, 1): options.Option(1, "own", options.BY_NAME["host_name"].codec, "", inside=inside)
       for inside in ((43, 0), (125, 4491))}


def capture(data: bytes) -> None:
    """A file of captured frames is read or refused; of two messages in it what differs can be shown."""
    found: list[Packet] = []
    with suppress(InvalidValue):
        for one in captures.frames(io.BytesIO(data)):
            with suppress(MalformedPacket):
                datagram = datagram_in(one.link_type, one.data)
                found += [] if datagram is None else [Packet.decode(datagram.payload, bootp=True)]
    for one, other in pairwise(found):
        require(all("".join(words).isprintable() for words in differences(one, other, OWN)), "what differs cannot be shown")


@contextmanager
def whole_path() -> Iterator[Try]:
    """The whole path of a datagram."""
    with served(Random(1)) as path:
        yield lambda data: path.give([data])


# --- texts


class Wire:
    """In place of the socket of a session: gives what was sent in pieces, and keeps what comes back."""

    def __init__(self, data: bytes) -> None:
        self.pieces = [data[at:at + 7] for at in range(0, len(data), 7)]
        self.sent = bytearray()

    def recv(self, _: int) -> bytes:
        """The next piece, or the end."""
        return self.pieces.pop(0) if self.pieces else b""

    def sendall(self, data: bytes) -> None:
        """Keep it."""
        self.sent += data

    def setsockopt(self, *_: object) -> None:
        """Nothing to set."""

    settimeout = setsockopt


HOST_ROW = HostRow("192.0.2.10", "02:00:00:00:99:01", "a\x1b[2Jb", NOW + 60.0, "bound", "c\r\nd")


class Told(Sources):
    """Something of everything."""

    def hosts(self) -> list[HostRow]:
        return [HOST_ROW]

    def events(self) -> list[tuple[float, str]]:
        return [(NOW, "x\x9b")]

    def configuration(self) -> list[tuple[str, str]]:
        return [("name", "\x00value")]

    def statistics(self) -> list[tuple[str, int]]:
        return [("counted", 1)]

    def words(self, begun: str) -> list[str]:
        return [begun, "x\x9b"]

    def alarms(self) -> list[AlarmRow]:
        return [AlarmRow(NOW, "pool alarm", "x\x9b")]


PROMPT_SERVER = SimpleNamespace(idle_timeout=10.0, send_timeout=10.0, clock=lambda: NOW, sources=Told(), is_trusted=True,
                                heard=lambda session: None, user_of=lambda session: 0)


def prompt(data: bytes) -> None:
    """A session at the prompt ends by itself, and shows nothing but plain text."""
    wire = Wire(data)
    ThreadedTCPRequestHandler(wire, ("192.0.2.9", 1), PROMPT_SERVER)
    shown = wire.sent.replace(b"\xff\xfc\x06", b"").replace(b"\r\n", b"").replace(b"\t", b"").decode()
    require(shown.isprintable(), f"showed {shown!r}")


def reservation_file(data: bytes) -> None:
    """Rows are read or told, a line each; a host that was added is among those that are read then."""
    try:
        text = decoded(data)
        told = reservations(text, "file", list(BY_NAME))[1]
    except (InvalidValue, Unreadable) as error:
        told = [str(error)]
    require(all(one.isprintable() for one in told), f"told as {told}")
    with suppress(InvalidValue):  # it is not added
        longer = append(text, {"mac": "02:00:00:00:99:7f", "hostname": "added"})
        hosts, _ = reservations(longer, "file", list(BY_NAME))
        require(any(one.hostname == "added" for one in hosts), f"the host that was added is not in {longer!r}")


def hosts_file(data: bytes) -> None:
    """Lines of the older server's file are read or told, and what was read can be written, and is read again as the same."""
    told: list[str] = []
    lines = io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")
    rows = list(read_hosts(lines, 600, told.append))
    written = io.StringIO()
    write_hosts([Host.of(row, LEDGER_TIME) for row in rows], written)
    again = list(read_hosts(io.StringIO(written.getvalue()), 600, told.append))
    require([(one.address, one.hardware, one.last_used) for one in rows]
            == [(one.address, one.hardware, one.last_used) for one in again], f"{rows} became {again}")


# --- configuration

NAMES = [one.name for one in SETTINGS] + [one.name for one in options.TABLE] + ["option_200", "no_such_name", "subnet_mask"]
CONSTRUCTORS = [getattr(conf, name) for name in ("subnet", "pool", "shared_network", "host", "client_class", "option", "match",
                                             "pxe_item", "pxe_menu")]
ARGUMENTS = ("mac", "ip", "hostname", "client_id", "uuid", "relay", "circuit_id", "classes", "pools", "exclude", "relays",
             "allow", "network", "range", "name", "condition", "lease_limit", "interface", "router", "inside", "match_hostname",
             "shape", "text", "boot_file_name", "server", "type", "prompt", "items", "timeout")


def value(data: bytes) -> None:
    """A value of a setting or an option, as the command line has it and as the file has it, is taken or refused in words."""
    name, text = NAMES[(data[0] if data else 0) * 2 % len(NAMES)], data[1:].decode("utf-8", "surrogateescape")
    setting, option = BY_NAME.get(name), options.option_named(name)
    for one in (text, literal(text)):
        for take in (setting.kind.parse if setting else None, option.codec.encode if option else None):
            if take is not None:
                _take(take, one)
        construct(data, one)
    on_command_line(name, text)


def _take(take: Callable[[object], object], one: object) -> None:
    try:
        take(one)
    except InvalidValue as error:
        require(bool(str(error)), "an error without words")


def construct(data: bytes, one: object) -> None:
    """A constructor of the file refuses in words what it cannot use."""
    make = CONSTRUCTORS[(data[0] if data else 0) % len(CONSTRUCTORS)]
    name = ARGUMENTS[(data[1] if len(data) > 1 else 0) % len(ARGUMENTS)]
    for arguments, named in (((one,), {}), ((one, one), {}), ((), {name: one}), ((one,), {name: one})):
        try:
            made = make(*arguments, **named)
        except (InvalidValue, TypeError):  # a wrong call is Python's to refuse, at the line of the file
            continue
        repr(made)


def on_command_line(name: str, text: str) -> None:
    """The whole configuration is loaded or refused in words."""
    if name in ("reservation_file", "host_file"):
        return  # it would be read
    try:
        loaded = DHCPServerConfiguration.load(None, {"interface": "eth1", name: text})
    except ConfigurationError as error:
        require(bool(error.problems) and all(error.problems), "an error without words")
    else:
        list(loaded.entries())


def file(data: bytes) -> None:
    """The text of a configuration file, not run: what is said of its mistakes, and what is read in it beforehand."""
    text = data.decode("utf-8", "replace")
    try:
        compile(data, "file", "exec", ast.PyCF_ONLY_AST)
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        line, words = getattr(error, "lineno", 0) or 0, getattr(error, "msg", str(error))
        require(isinstance(remedies.of_syntax(text, line, words, list(BY_NAME)), str), "no words")
        return
    source.names_read(data), list(source.values_dropped(data))


# --- files


def transfer(data: bytes) -> None:
    """A request for a file is read or refused; what is agreed on is within the RFCs, and as the client asked or less."""
    try:
        request = messages.request_from(data)
        terms = negotiation.negotiate(request, 10_000, 1500)
    except messages.BadRequest as bad:
        require(str(bad).isprintable() and 0 < bad.code <= 8, f"refused as {bad!r}")
        return
    octets = terms.window * (terms.block_size + 4)
    require(8 <= terms.block_size <= 1468 and 1 <= terms.window <= 64 and octets <= 65507, f"agreed on {terms}")
    for name in (negotiation.BLOCK_SIZE, negotiation.WINDOW):
        told = (terms.accepted or {}).get(name)
        require(told is None or int(told) <= int(request.options[name]), f"{name} {told} is more than was asked for")


@contextmanager
def names() -> Iterator[Try]:
    """Whatever a file is called by, nothing but what is under the root is given."""
    with TemporaryDirectory() as place:
        served, outside = Path(place, "root"), Path(place, "secret")
        (served / "a" / "b").mkdir(parents=True)
        for file in (outside, served / "x", served / "a" / "y", served / "a" / "b" / "z"):
            file.write_bytes(b"outside" if file is outside else b"inside")
        links = {"up": "..", "out": "../secret", "a/up": "..", "far": str(outside), "self": ".", "etc": "/etc"}
        for link, target in links.items():
            (served / link).symlink_to(target)
        tree = root.Root(served)

        def try_one(data: bytes) -> None:
            try:
                with tree.open(os.fsdecode(data), 0.0) as file:
                    require(os.read(file.descriptor, 100) == b"inside", f"{data!r} is outside")
            except root.Refused as refused:
                require(str(refused).isprintable(), f"refused as {refused!r}")
        yield try_one


@contextmanager
def plain(function: Try) -> Iterator[Try]:
    """The context of a target that needs none."""
    yield function


def _alone(function: Try) -> Callable[[], AbstractContextManager[Try]]:
    return partial(plain, function)


TARGETS = {one.name: one for one in (
    Target("decoder", "messages from the wire", _alone(decode), MESSAGES, MessageMutator),
    Target("path", "the whole path of a datagram", whole_path, MESSAGES, MessageMutator),
    Target("codecs", "options from the wire", _alone(decode_option), OPTIONS),
    Target("parameters", "service parameters in option 162", _alone(parameters), PARAMETERS),
    Target("frames", "frames that only packet sockets hear", _alone(frame), FRAMES),
    Target("captures", "files of captured frames", _alone(capture), CAPTURES),
    Target("tftp", "requests for files", _alone(transfer), TRANSFERS),
    Target("names", "names of files from the network", names, PATHS),
    Target("prompt", "what somebody sends to the prompt", _alone(prompt), WORDS),
    Target("reservations", "the reservation file", _alone(reservation_file), RESERVATIONS),
    Target("importer", "the older server's file of hosts", _alone(hosts_file), HOSTS_FILES),
    Target("values", "values of settings and options, constructors of the file", _alone(value), NUMBERED_VALUES),
    Target("file", "the text of a configuration file", _alone(file), FILES),
)}

"""Judges a configuration that was made of another server's by that server: both are asked the same, one after the other.

Addresses that are reserved must be the same, others of the same range; so must silence, the boot fields, and the options.
Options of IGNORED say nothing of a configuration; what a report said would differ is named by the test.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from lab import SERVER_MAC, Daemon, Lab, configuration_text
from messages import ACK, DISCOVER, NONE, OFFER, REQUEST, Message, frame, message, packed
from old_servers import CONFIGURED
from station import Station, neighbour

from pydhcpd.addresses import address_from

RELAY_MAC = bytes.fromhex("027700fffe02")
RELAY, RELAYED = "10.77.0.2", "10.78.0.0/15"
WAIT = 1.0  # seconds without an answer after which no more is waited for
IGNORED = frozenset((58, 59, 60, 61, 82))
"""Times that follow from the lease time, what PXE's clients are told that they are, the client's own identifier (RFC 6842), and
what a relay hears again."""
ADDED = frozenset((12, 28, 43, 66, 67, 175))
"""What ours tells besides who asks for it: the name of a reservation, the broadcast address of the subnet, that PXE and iPXE
need look for no other server, and the boot fields as options."""
DOMAINS = 119  # may be compressed (RFC 3397)
VENDOR_SPECIFIC = 43
ALL_OPTIONS = bytes(code for code in range(1, 255) if code not in (50, 52, 53, 54, 55, 57, 61, 80, 81, 82, 90, 118, 145))


class Question(NamedTuple):
    """A DISCOVER of a client."""

    name: str
    mac: bytes
    options: tuple[tuple[int, bytes], ...] = ()
    giaddr: str = NONE
    asks_for: bytes | None = ALL_OPTIONS


@dataclass(frozen=True)
class Answer:
    """What an OFFER or ACK says, as far as it is compared."""

    address: str
    next_server: str
    server_name: bytes  # in sname, else as an option
    boot_file: bytes  # in file, or so
    options: tuple[tuple[int, bytes], ...]


def asked(lab: Lab, station: Station, questions: Sequence[Question], to_the_end: bool = False) -> dict[str, Answer | None]:
    """The answers by the names of the questions, None where there was silence: what was offered, or acknowledged in the end."""
    lab.server.ip(f"route replace {RELAYED} via {RELAY}")
    neighbour(lab.server, RELAY, RELAY_MAC)
    xids = {station.xid(): question for question in questions}
    for xid, question in xids.items():
        _ask(station, question, DISCOVER, xid)
    answers: dict[str, Answer | None] = dict.fromkeys(one.name for one in questions)
    while (heard := station.receive(WAIT)) is not None:
        answer = heard[1]
        if answer.op == 2 and answer.kind in (OFFER, ACK) and answer.xid in xids:
            question = xids[answer.xid]
            answers[question.name] = _answer(answer)
            if to_the_end and answer.kind == OFFER:
                _ask(station, question, REQUEST, answer.xid, ((50, packed(answer.yiaddr)), (54, answer.options[54])))
    return answers


def _ask(station: Station, question: Question, kind: int, xid: int, more: tuple[tuple[int, bytes], ...] = ()) -> None:
    wanted = () if question.asks_for is None else ((55, question.asks_for),)
    options = sorted((*question.options, *more, *wanted), key=lambda one: one[0] == 82)  # which is the last (RFC 3046 2.1)
    station.send_frame(_framed(question, message(kind, question.mac, xid, giaddr=question.giaddr,
                                                 hops=question.giaddr != NONE, options=tuple(options))))


def _framed(question: Question, data: bytes) -> bytes:
    if question.giaddr == NONE:
        return frame(data, question.mac)
    return frame(data, RELAY_MAC, SERVER_MAC, source=question.giaddr, destination="10.77.0.1", source_port=67)


def _answer(offer: Message) -> Answer:
    options = tuple(sorted((code, _compared(code, value)) for code, value in offer.options.items() if code not in IGNORED))
    siaddr = NONE if offer.siaddr == "10.77.0.1" else offer.siaddr  # some say themselves where they are told nothing
    name, file = (named or offer.options.get(code, b"").rstrip(b"\0") for named, code in ((offer.sname, 66), (offer.file, 67)))
    name = b"" if name == offer.siaddr.encode() else name  # ours tells the address as option 66 too
    return Answer(offer.yiaddr, siaddr, name, file, options)


def _compared(code: int, value: bytes) -> bytes:
    """A value without what may be left out: the zero that ends text, and the End of option 43 (RFC 2132 8.4)."""
    if code == DOMAINS:
        return _expanded(value)
    return value.removesuffix(b"\xff") if code == VENDOR_SPECIFIC else value.rstrip(b"\0")


def _expanded(data: bytes) -> bytes:
    """Domains without compression, one after the other."""
    found, place = b"", 0
    while place < len(data):
        name, place = _domain(data, place)
        found += name
    return found


def _domain(data: bytes, place: int) -> tuple[bytes, int]:
    name = b""
    while data[place]:
        if data[place] >= 0xC0:
            return name + _domain(data, (data[place] & 0x3F) << 8 | data[place + 1])[0], place + 2
        name += data[place:place + data[place] + 1]
        place += data[place] + 1
    return name + b"\0", place + 1


def differences(old: dict[str, Answer | None], new: dict[str, Answer | None], ranges: Sequence[str],
                expected: Collection[object] = ()) -> Iterator[str]:
    """What is not the same, in words. `ranges` are those from which a server may choose; `expected` names options by code,
    and fields (`address`, `next_server`, `server_name`, `boot_file`), that the report says differ."""
    for name, before in old.items():
        after = new[name]
        if before is None or after is None:
            if before != after and "silence" not in expected:
                yield f"{name}: {before} became {after}"
            continue
        if "address" not in expected and before.address != after.address and _range_of(before.address, ranges) != _range_of(
                after.address, ranges):
            yield f"{name}: {before.address} became {after.address}"
        for field in ("next_server", "server_name", "boot_file"):
            if field not in expected and getattr(before, field) != getattr(after, field):
                yield f"{name}: {field} {getattr(before, field)!r} became {getattr(after, field)!r}"
        told, tells = dict(before.options), dict(after.options)
        for code in sorted((told.keys() | tells.keys()) - set(expected)):
            if told.get(code) != tells.get(code) and not (code in ADDED and code not in told):
                yield f"{name}: option {code} {told.get(code)!r} became {tells.get(code)!r}"


def _range_of(address: str, ranges: Sequence[str]) -> object:
    for one in ranges:
        first, _, last = one.partition(" - ")
        if address_from(first) <= address_from(address) <= address_from(last or first):
            return one
    return address


def judged(lab: Lab, station: Station, server: str, text: str, questions: Sequence[Question], ranges: Sequence[str],
           expected: Collection[object] = (), to_the_end: bool = False) -> tuple[list[str], str]:
    """Ask the old server with its configuration, import that, and ask ours: the differences, and the report.

    `to_the_end`: compare what is acknowledged, for servers that say more there than they offer.
    """
    with CONFIGURED[server](lab, text):
        old = asked(lab, station, questions, to_the_end)
    assert any(one is not None for one in old.values()), "the old server answered nothing at all"
    daemon = lab.daemon(network="10.77.0.0/16")  # for its place alone
    old_file, new_file = lab.directory / f"{server}.old", lab.directory / "imported.conf"
    old_file.write_text(text)
    done = daemon.run("-import_config", old_file, "-config_out", new_file)
    assert done.returncode in (0, 3), done.stdout + done.stderr
    new = asked_of_ours(lab, station, daemon, new_file.read_text(), questions, to_the_end)
    return list(differences(old, new, ranges, expected)), done.stdout


def asked_of_ours(lab: Lab, station: Station, daemon: Daemon, text: str,
                  questions: Sequence[Question], to_the_end: bool = False) -> dict[str, Answer | None]:
    """The same of our daemon with a configuration that was made."""
    places = {name: daemon.settings[name] for name in ("pid_file", "host_file")}
    daemon.write(configuration_text(foreground=True, **places) + text)
    daemon.start()
    try:
        return asked(lab, station, questions, to_the_end)
    finally:
        daemon.stop()

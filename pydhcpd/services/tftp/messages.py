"""TFTP's messages: requests read, answers made. Owns the numbers of RFC 1350 and 2347, and what a request may be.

A value of an option is what stands in the request; what it may be is for `negotiation`.
"""

import struct
from dataclasses import dataclass

from pydhcpd.escape import escape

READ, WRITE, DATA, ACK, ERROR, OPTIONS = range(1, 7)
UNDEFINED, NOT_FOUND, VIOLATION, DISK_FULL, ILLEGAL, UNKNOWN_ID, EXISTS, NO_USER, NEGOTIATION = range(9)
"""The codes of errors (RFC 1350 section 5; 2347 has the last)."""

OCTET, NETASCII = "octet", "netascii"
LONGEST = 1024  # octets of a request; RFC 2347 has 512, and names with options are longer in places
MOST_OPTIONS = 16

_two = struct.Struct(">HH")


class BadRequest(ValueError):
    """A request that cannot be served; `code` is for the client, `str()` of it for people."""

    def __init__(self, code: int, words: str) -> None:
        super().__init__(words)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """A request to read: names of options are in lower case, and each is there once."""

    name: str
    mode: str
    options: dict[str, str]


def operation_of(datagram: bytes) -> int:
    """What a message is for; 0 where it is too short to say."""
    return int.from_bytes(datagram[:2]) if len(datagram) >= 2 else 0


def request_from(datagram: bytes) -> Request:
    """The request to read in a datagram. Raises BadRequest."""
    operation = operation_of(datagram)
    if operation == WRITE:
        raise BadRequest(VIOLATION, f"wanted to write {_name_in(datagram)}, and nothing can be written here")
    if operation != READ:
        raise BadRequest(ILLEGAL, f"sent a message of type {operation} to port 69, where only requests belong")
    if len(datagram) > LONGEST:
        raise BadRequest(ILLEGAL, f"sent a request longer than {LONGEST} bytes")
    words = datagram[2:].split(b"\0")
    if len(words) < 3 or words.pop():
        raise BadRequest(ILLEGAL, "sent a request that was cut short")
    name, mode, *rest = words
    return Request(_text(name), _mode(mode), _options(rest))


def _name_in(datagram: bytes) -> str:
    return escape(datagram[2:].partition(b"\0")[0]) or "a file"


def _mode(word: bytes) -> str:
    mode = _text(word).lower()
    if mode not in (OCTET, NETASCII):
        raise BadRequest(ILLEGAL, f"asked for the mode {escape(mode)}; there are {OCTET} and {NETASCII}")
    return mode


def _options(words: list[bytes]) -> dict[str, str]:
    """The first of each counts. Zeros after the last are padding."""
    found: dict[str, str] = {}
    while words and words[0]:
        if len(words) < 2:
            raise BadRequest(ILLEGAL, f"sent a request that was cut short, after the option {escape(words[0])}")
        name, value, *words = words
        found.setdefault(_text(name).lower(), _text(value))
        if len(found) > MOST_OPTIONS:
            raise BadRequest(ILLEGAL, f"sent more than {MOST_OPTIONS} options")
    return found


def _text(octets: bytes) -> str:
    return octets.decode("utf-8", "surrogateescape")


def acknowledged(datagram: bytes) -> int | None:
    """The block that a message acknowledges; None where it acknowledges none."""
    if len(datagram) < 4:
        return None
    operation, block = _two.unpack_from(datagram)
    return block if operation == ACK else None


def error(code: int, words: str) -> bytes:
    """ERROR."""
    return _two.pack(ERROR, code) + words.encode("ascii", "replace") + b"\0"


def words_of_error(datagram: bytes) -> str:
    """What a client's ERROR says, for people."""
    code = int.from_bytes(datagram[2:4])
    return escape(datagram[4:].partition(b"\0")[0], 80) or f"error {code}"


def options(accepted: dict[str, str]) -> bytes:
    """OACK."""
    words = [word for pair in accepted.items() for word in pair]
    return OPTIONS.to_bytes(2) + "".join(f"{word}\0" for word in words).encode()

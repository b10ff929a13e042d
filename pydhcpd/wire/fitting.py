"""`fitted`: what goes into a reply that has not room for all of its options, and where it goes.

Options come in order of need. Each goes out whole if there is room left for it, so that one which is too long costs none that
comes after it: in one piece where a field has room for that, else in pieces, in the order in which they are read again (RFC
3396 section 5). The fields file and sname carry options where they carry nothing else (option overload, RFC 2132 section 9.3).
What a relay added goes back to it as the last option and never in those two; where there is no room for it the reply goes
without (RFC 3046 section 2.2). Which option is needed more than another is the caller's to say.
"""

from collections.abc import Iterable, Sequence

from pydhcpd.wire.packet import (
    FILE_SIZE,
    MAGIC_COOKIE,
    MINIMUM_SIZE,
    OPTIONS,
    OVERLOAD,
    SNAME_SIZE,
    Request,
    encode_option,
    encode_reply,
)

RELAY_INFORMATION, MAXIMUM_SIZE = 82, 57
IN_FILE, IN_SNAME = 1, 2  # the bits of option 52
MARK = 3  # bytes of option 52 itself
PIECE, HEAD = 255, 2  # bytes of one piece of an option at most, and of code and length before it
NOT_FOR_BOOTP = frozenset({*range(50, 62), 66, 67, 82})  # RFC 2132 section 9 is DHCP's alone; 82 is the relay's

Option = tuple[int, bytes]


class _Field:
    """A place for options: what it holds, and the bytes that are left of it, without its End."""

    __slots__ = ("content", "room")

    def __init__(self, room: int) -> None:
        self.content, self.room = b"", room

    def put(self, encoded: bytes) -> None:
        """Add what is ready for the wire, which must fit."""
        self.content += encoded
        self.room -= len(encoded)

    def most(self) -> int:
        """How many bytes of an option there is room for, in as many pieces as it takes."""
        pieces, rest = divmod(self.room, PIECE + HEAD)
        return pieces * PIECE + max(rest - HEAD, 0)


def fitted(head: bytes, by_need: Iterable[Option], boot: bytes, room: int) -> tuple[bytes, bytes, list[int]]:
    """sname, file and cookie; the options field without its End, of at most `room` bytes; and the codes that were left out.

    `head` goes first, whatever happens: it is ready for the wire, and short. `boot` is sname, file and cookie as they would be;
    what of them is empty is free for options.
    """
    sname, file = _free(boot[:SNAME_SIZE]), _free(boot[SNAME_SIZE:SNAME_SIZE + FILE_SIZE])
    more = [field for field in (file, sname) if field is not None]
    main = _Field(room - len(head) - (MARK if more else 0))
    relay, left_out = _placed(by_need, main, [main, *more])
    used = (IN_FILE if file and file.content else 0) | (IN_SNAME if sname and sname.content else 0)
    mark = bytes((OVERLOAD, 1, used)) if used else b""
    boot = _written(sname, boot[:SNAME_SIZE]) + _written(file, boot[SNAME_SIZE:SNAME_SIZE + FILE_SIZE]) + MAGIC_COOKIE
    return boot, head + main.content + mark + relay, left_out


def fitted_alone(head: bytes, by_need: Iterable[Option], room: int) -> tuple[bytes, list[int]]:
    """The same in the options field alone."""
    main = _Field(room - len(head))
    relay, left_out = _placed(by_need, main, [main])
    return head + main.content + relay, left_out


def _free(content: bytes) -> _Field | None:
    """sname or file as a place for options; None where it carries something else."""
    return None if any(content) else _Field(len(content) - 1)


def _written(field: _Field | None, before: bytes) -> bytes:
    """sname or file as it is sent: closed by an End where it carries options (RFC 2131 section 4.1)."""
    if field is None or not field.content:
        return before
    return (field.content + b"\xff").ljust(len(before), b"\0")


def _placed(by_need: Iterable[Option], main: _Field, fields: Sequence[_Field]) -> tuple[bytes, list[int]]:
    """Put the options where they fit; returns what goes last, for the relay, and the codes of those that fit nowhere."""
    relay, left_out = b"", []
    for code, value in by_need:
        encoded = encode_option(code, value)
        if code == RELAY_INFORMATION and len(encoded) <= main.room:
            relay = encoded
            main.room -= len(encoded)
        elif code == RELAY_INFORMATION or not (_whole(fields, encoded) or _in_pieces(fields, code, value)):
            left_out.append(code)
    return relay, left_out


def _whole(fields: Iterable[_Field], encoded: bytes) -> bool:
    """Put an option into the first field that has room for it; False where none has."""
    for field in fields:
        if len(encoded) <= field.room:
            field.put(encoded)
            return True
    return False


def _in_pieces(fields: Iterable[_Field], code: int, value: bytes) -> bool:
    """Put an option into what is left of all fields together; False, and nothing is put, where that is not enough."""
    pieces = []
    for field in fields:
        piece, value = value[:field.most()], value[field.most():]
        if piece:
            pieces.append((field, piece))
    if value or not pieces:
        return False
    for field, piece in pieces:
        field.put(encode_option(code, piece))
    return True


def encode_bootp_reply(request: Request, yiaddr: int, siaddr: int, boot: bytes, options: Iterable[Option], mtu: int) -> bytes:
    """The BOOTREPLY to a BOOTP request (RFC 951 section 7.3, RFC 1534 section 2): 300 bytes, or what option 57 allows.

    `options` come in order of need; of those that are for DHCP alone none goes out. A client that knows its address keeps it:
    ciaddr is the request's. The relay takes off again what it added, so that the client's 300 bytes are not touched by it.
    """
    limit, relay = request.size_limit(mtu) - OPTIONS - 1, request.options.get(RELAY_INFORMATION)
    echoed = b"" if relay is None else encode_option(RELAY_INFORMATION, relay)
    if len(echoed) > limit:
        echoed = b""
    room = limit - len(echoed)
    if MAXIMUM_SIZE not in request.options:
        room = min(room, MINIMUM_SIZE - OPTIONS - 1)
    chosen, _ = fitted_alone(b"", [one for one in options if one[0] not in NOT_FOR_BOOTP], room)
    return encode_reply(request, request.flags, request.ciaddr, yiaddr, siaddr, boot, chosen + echoed)

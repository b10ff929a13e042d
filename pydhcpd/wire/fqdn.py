"""Option 81, the client's full name: read, and answered (RFC 4702 section 2).

    flags | RCODE1 | RCODE2 | name      flags: 1 S the server does the A record, 2 O it overrides the client's S,
      1        1        1      ...             4 E the name is in the form of RFC 1035 (else ASCII), 8 N no updates at all

A name in the form of RFC 1035 that does not end in the root is part of one; in ASCII nothing tells it. It may be any text.
"""

from typing import NamedTuple

SERVER_UPDATES, OVERRIDES, ENCODED, NO_UPDATES = 1, 2, 4, 8  # the bits S, O, E and N; the others mean nothing (section 2.1)
IGNORED = b"\xff\xff"  # section 2.2: what a server puts into the two RCODE fields
FIXED = 3  # bytes before the name
LONGEST = 255  # octets of a name (RFC 1035 section 2.3.4)


class Fqdn(NamedTuple):
    """What a client sent. `name` is without a dot at its end, empty where the client wants one of the server's choice."""

    flags: int
    name: str

    @property
    def is_for_server(self) -> bool:
        """Whether the client wants the server to do the A record."""
        return self.flags & SERVER_UPDATES != 0

    @property
    def is_for_nobody(self) -> bool:
        """Whether it wants no updates at all, which beats S: with N that is to be 0."""
        return self.flags & NO_UPDATES != 0


def decode(sent: bytes) -> Fqdn | None:
    """What is in the option; None where it cannot be read, and counts for nothing."""
    if len(sent) < FIXED:
        return None
    data = sent[FIXED:]
    if not sent[0] & ENCODED:
        return Fqdn(sent[0], data.decode("utf-8", "backslashreplace").rstrip("\0").rstrip("."))
    name = _labels(data)
    return None if name is None else Fqdn(sent[0], name)


def _labels(data: bytes) -> str | None:
    """A name in the form of RFC 1035 section 3.1, without compression (section 2.1); None where it is none. A dot within a
    label is shown as another character, for it parts nothing."""
    labels, at = [], 0
    while at < len(data) and data[at]:
        end = at + 1 + data[at]
        if data[at] > 63 or end > len(data):
            return None
        labels.append(data[at + 1:end].replace(b".", b"_").decode("utf-8", "backslashreplace"))
        at = end
    is_whole = at >= len(data) - 1 and len(data) <= LONGEST  # nothing stands behind the root
    return ".".join(labels) if is_whole else None


def name(sent: bytes) -> str:
    """The name in the option; empty where there is none that can be read."""
    found = decode(sent)
    return "" if found is None else found.name


def answer(sent: bytes, forward: bool = False, reverse: bool = False, name: str = "") -> bytes:
    """What goes back for what a client sent that can be read: whether we do its A record, and its PTR record (sections 2.1 and
    4); and its full name as we know it, else the one that it sent."""
    flags = sent[0] & ENCODED
    if forward:
        flags |= SERVER_UPDATES
    elif not reverse:
        flags |= NO_UPDATES
    if forward != bool(sent[0] & SERVER_UPDATES):
        flags |= OVERRIDES
    return bytes((flags,)) + IGNORED + (_field(name, flags) if name else sent[FIXED:])


def _field(name: str, flags: int) -> bytes:
    """A full name of ASCII as the field has it, in the client's own form (section 2.1)."""
    if not flags & ENCODED:
        return name.encode()
    return b"".join(b"%c%b" % (len(label), label) for label in name.encode().split(b".")) + b"\0"


def words(sent: bytes) -> str:
    """The option for people, in ASCII: the bits that are set, and the name."""
    found = decode(sent)
    if found is None:
        return "cannot be read"
    bits = ((SERVER_UPDATES, "S"), (OVERRIDES, "O"), (ENCODED, "E"), (NO_UPDATES, "N"))
    return " ".join([*(letter for bit, letter in bits if found.flags & bit), ascii(found.name)])

"""Which zone a name belongs to, and the name of an address in the reverse tree (RFC 1034 section 4.2, RFC 1035 section 3.5).

Names are text in small letters, without the dot at their end.
"""

from collections.abc import Container

REVERSE = "in-addr.arpa"


def covering(zones: Container[str], name: str) -> str | None:
    """The longest of some zones that a name is in, or None."""
    while name not in zones:
        _, dot, name = name.partition(".")
        if not dot:
            return None
    return name


def reverse_name(address: int) -> str:
    """The name of an address (host byte order) under which its PTR record is."""
    return "{3}.{2}.{1}.{0}.in-addr.arpa".format(*address.to_bytes(4, "big"))


def is_reverse(zone: str) -> bool:
    """Whether a zone is one of addresses."""
    return zone == REVERSE or zone.endswith(f".{REVERSE}")

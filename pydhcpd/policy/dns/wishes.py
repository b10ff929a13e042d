"""What a client wants of the DNS by option 81, what becomes of it, and how a lease keeps that (RFC 4702 section 4).

Kept in a column of the lease, `dns`, for those few who want anything: a mark of the client, for the column may still have what
one before it wanted; the letter of the wish; and behind it the name in the DNS, where the rest of the row does not tell that.
NAMELESS is a name that no client has.
"""

from zlib import crc32

from pydhcpd.policy.dns.naming import ALWAYS, AS_ASKED, Naming
from pydhcpd.wire.fqdn import Fqdn

SERVER_DOES, CLIENT_DOES, NOBODY_DOES = "S", "C", "N"
"""The wishes: that the server does all, as for one that says nothing; that the client does the A record, and the server the PTR
record; that nobody updates anything."""
NAMELESS = "."


def wish_of(fqdn: Fqdn) -> str:
    """The letter of what a client wants."""
    return NOBODY_DOES if fqdn.is_for_nobody else SERVER_DOES if fqdn.is_for_server else CLIENT_DOES


def granted(wish: str, updates: str) -> tuple[bool, bool]:
    """Whether it is we who do the A record, and the PTR record, by what the client wants and how far `dns_updates` lets it."""
    if wish == NOBODY_DOES and updates != ALWAYS:
        return False, False
    return wish != CLIENT_DOES or updates != AS_ASKED, True


def done(wish: str, naming: Naming, name: str, address: int) -> tuple[bool, bool]:
    """Whether we really do the A record of a name, and the PTR record of its address: where there is a place for them."""
    wanted, places = granted(wish, naming.updates), naming.keeps(name, address)
    return wanted[0] and places[0], wanted[1] and places[1]


def kept(client: bytes, wish: str, name: str | None) -> str:
    """How the lease of a client keeps a wish, and the name if there is reason to: None where there is none."""
    if name is None and not wish:
        return ""
    return f"{crc32(client):08x} {wish or SERVER_DOES}" + ("" if name is None else f" {name or NAMELESS}")


def read(client: bytes, column: str) -> tuple[str, str | None]:
    """The wish, and the name, None where it follows from the rest of the row; empty where the client has none."""
    if not column or not column.startswith(f"{crc32(client):08x} "):
        return "", None
    _, wish, *names = column.split(" ")
    return wish, names[0].removeprefix(NAMELESS) if names else None

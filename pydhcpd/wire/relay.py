"""What a relay agent adds: the suboptions of option 82, read for policy only. They are echoed as they came.

RFC 3046 (the option, circuit id, remote id), RFC 3527 (link selection), RFC 3993 (subscriber id), RFC 5107 (server
identifier override), RFC 8357 (source port). `relay` is everywhere the content of option 82, b"" for none. Nothing of it is
trusted: what is cut short or of another length counts as not there.
"""

from pydhcpd.escape import as_written

CIRCUIT_ID, REMOTE_ID, LINK_SELECTION, SUBSCRIBER_ID = 1, 2, 5, 6
TEXT_FIELDS = {CIRCUIT_ID: "circuit_id", REMOTE_ID: "remote_id", SUBSCRIBER_ID: "subscriber_id"}
LONGEST_SHOWN = 64  # octets of a field in words
SERVER_IDENTIFIER_OVERRIDE, RELAY_SOURCE_PORT = 11, 19


def suboptions(data: bytes) -> dict[int, bytes]:
    """The suboptions by code, repeats concatenated. One that is cut short ends the reading: what is before it counts."""
    found: dict[int, bytes] = {}
    start = 0
    while start + 2 <= len(data):
        end = start + 2 + data[start + 1]
        if end > len(data):
            break
        code = data[start]
        found[code] = found.get(code, b"") + data[start + 2:end]
        start = end
    return found


def suboption_in(relay: bytes, code: int) -> bytes | None:
    """One suboption, or None where it is absent; most often it is, and then the octets need not be taken apart."""
    return suboptions(relay).get(code) if code in relay else None


def address_in(relay: bytes, code: int) -> int:
    """A suboption of exactly one address, in host byte order, or 0 where it is absent or has another length."""
    value = suboption_in(relay, code)
    return int.from_bytes(value, "big") if value is not None and len(value) == 4 else 0


def link_selection(relay: bytes) -> int:
    """An address of the subnet that the client is to get one of, whatever giaddr says (RFC 3527 section 3); 0: none."""
    return address_in(relay, LINK_SELECTION)


def server_identifier_override(relay: bytes) -> int:
    """The address that option 54 is to carry, so that renewals go through the relay (RFC 5107); 0: none."""
    return address_in(relay, SERVER_IDENTIFIER_OVERRIDE)


def port_of(giaddr: int, relay: bytes) -> bytes:
    """The port that a relay agent names, by its own address and the circuit id; b"" where it names none."""
    circuit = suboption_in(relay, CIRCUIT_ID) if giaddr else None
    return giaddr.to_bytes(4, "big") + circuit if circuit else b""


def uses_source_port(relay: bytes) -> bool:
    """Whether replies go to the port that the relay sent from, and not to 67 (RFC 8357)."""
    return suboption_in(relay, RELAY_SOURCE_PORT) is not None


def words(relay: bytes) -> str:
    """What tells clients apart, by the names of the configuration and as one writes it there: `circuit_id "port 7"`."""
    found = suboptions(relay)
    return " ".join(f"{name} {_shown(found[code])}" for code, name in TEXT_FIELDS.items() if code in found)


def _shown(field: bytes) -> str:
    return as_written(field[:LONGEST_SHOWN]) + "..." * (len(field) > LONGEST_SHOWN)

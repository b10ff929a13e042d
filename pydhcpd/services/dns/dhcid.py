"""DHCID, the record that says whose a name is (RFC 4701), without saying it to strangers: a digest of client and name.

    identifier type | digest type | digest        the digest is SHA-256 of the identifier, then the name as it is on the wire
           2        |      1      |   32          in small letters (section 3.5)

Which identifier is taken (section 3.3): the DUID in a client identifier of RFC 4361, so that IPv4 and IPv6 of a machine have
one name; else the client identifier as it is sent; else hardware type and address.
"""

from hashlib import sha256

BY_HARDWARE, BY_CLIENT_IDENTIFIER, BY_DUID = 0, 1, 2  # identifier types
SHA256 = 1  # the digest type
RFC_4361 = 0xFF  # the first octet of a client identifier of IAID (4 octets) and DUID
BEFORE_DUID = 5


def dhcid(name: str, kind: int, identifier: bytes) -> bytes:
    """The data of the record, for a name without a dot at its end."""
    return kind.to_bytes(2, "big") + bytes([SHA256]) + sha256(identifier + wire_name(name)).digest()


def identity(identifier: bytes, htype: int, hardware: bytes) -> tuple[int, bytes]:
    """What stands for a client, and its type: `identifier` is its client identifier (option 61), b"" where it has none."""
    if not identifier:
        return BY_HARDWARE, bytes([htype]) + hardware
    if identifier[0] == RFC_4361 and len(identifier) > BEFORE_DUID:
        return BY_DUID, identifier[BEFORE_DUID:]
    return BY_CLIENT_IDENTIFIER, identifier


def wire_name(name: str) -> bytes:
    """A name in the form of RFC 1035, in small letters, not compressed."""
    labels = name.lower().encode("ascii").split(b".") if name else []
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"

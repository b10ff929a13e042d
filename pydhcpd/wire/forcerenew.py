"""FORCERENEW: a client is told to renew its lease now (RFC 3203), by a nonce that it was given before (RFC 6704).

    145   in a DISCOVER or REQUEST: the algorithms that the client can (1: HMAC-MD5); in an OFFER: those that we can
    90    authentication (RFC 3118 section 2): protocol 3, algorithm 1, replay detection method 0, replay counter (8);
          in an ACK then type 1 and the nonce (16); in a FORCERENEW type 2 and the HMAC-MD5 of the message (16), by the nonce
          as its key, over all octets of it, with zeros where the HMAC stands

Does not know where nonces and counters come from, nor who may be told.
"""

import hmac
from struct import Struct

from pydhcpd.wire.packet import (
    BOOTREPLY,
    FORCERENEW,
    HEADER,
    MINIMUM_SIZE,
    NO_BOOT,
    encode_option,
)

CAPABLE, AUTHENTICATION, SERVER_IDENTIFIER = 145, 90, 54
HMAC_MD5 = 1
NONCE_SIZE = 16
WE_ARE_CAPABLE = encode_option(CAPABLE, bytes((HMAC_MD5,)))
_PROTOCOL, _MONOTONIC = 3, 0
_NONCE, _DIGEST = 1, 2  # types
_LAYOUT = Struct(">BBBBBQB16s")  # code, length, protocol, algorithm, replay detection method, counter, type, value
_NO_DIGEST = bytes(16)


def nonce_option(counter: int, nonce: bytes) -> bytes:
    """What an ACK brings to a client that can be forced."""
    return _authentication(counter, _NONCE, nonce)


def forcerenew(htype: int, hardware: bytes, xid: int, address: int, server: int, counter: int, nonce: bytes) -> bytes:
    """The message to a client whose hardware address is `hardware`, and whose own address is `address`, which some compare;
    `server` is the server identifier that it knows, or 0."""
    head = HEADER.pack(BOOTREPLY, htype, len(hardware), 0, xid, 0, 0, address, 0, 0, 0, hardware)
    options = bytes((53, 1, FORCERENEW))
    if server:
        options += encode_option(SERVER_IDENTIFIER, server.to_bytes(4, "big"))
    before = head + NO_BOOT + options
    message = (before + _authentication(counter, _DIGEST, _NO_DIGEST) + b"\xff").ljust(MINIMUM_SIZE, b"\0")
    start = len(before) + _LAYOUT.size - len(_NO_DIGEST)
    digest = hmac.digest(nonce, message, "md5")
    return message[:start] + digest + message[start + len(digest):]


def _authentication(counter: int, kind: int, value: bytes) -> bytes:
    return _LAYOUT.pack(AUTHENTICATION, _LAYOUT.size - 2, _PROTOCOL, HMAC_MD5, _MONOTONIC, counter, kind, value)

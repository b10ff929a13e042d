"""FORCERENEW and its nonces on the wire (RFC 3203, RFC 6704 section 3.1.2, RFC 3118 section 2), octet by octet."""

import hashlib

import pytest

from pydhcpd.wire.forcerenew import WE_ARE_CAPABLE, forcerenew, nonce_option
from pydhcpd.wire.packet import FORCERENEW, Packet

NONCE, MAC = bytes(range(16)), bytes.fromhex("020000009907")


def hmac_md5(key, message):
    """RFC 2104, written out."""
    block = key.ljust(64, b"\0")
    inner = hashlib.md5(bytes(one ^ 0x36 for one in block) + message).digest()
    return hashlib.md5(bytes(one ^ 0x5C for one in block) + inner).digest()


def test_the_nonce_of_an_ack():
    assert nonce_option(0x0102030405060708, NONCE).hex(" ") == (
        "5a 1c 03 01 00 01 02 03 04 05 06 07 08 01 " + NONCE.hex(" "))
    assert WE_ARE_CAPABLE.hex() == "910101"


@pytest.mark.parametrize("server", [0, 0xC0000201])
def test_the_message_and_its_digest(server):
    message = forcerenew(1, MAC, 0xABCD, 0xC0000207, server, 7, NONCE)
    packet = Packet.decode(message)
    assert (packet.op, packet.hops, packet.xid, packet.hardware, packet.giaddr) == (2, 0, 0xABCD, MAC, 0)
    assert (packet.ciaddr, packet.yiaddr) == (0xC0000207, 0)
    assert packet.message_type == FORCERENEW and packet.address(54) == server
    option = packet.options[90]
    assert option[:12].hex(" ") == "03 01 00 00 00 00 00 00 00 00 07 02" and len(option) == 28
    assert hmac_md5(NONCE, message.replace(option[12:], bytes(16))) == option[12:]
    assert len(message) == 300

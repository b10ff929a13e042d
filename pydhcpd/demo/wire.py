"""The demonstration's ear: DHCP messages as they pass by an interface, and what they say in words for people.

Owns a packet socket and the way from a frame to a `Packet` and to lines of text. What came from the wire is escaped.
"""

import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Self

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.errors import MalformedPacket
from pydhcpd.escape import escape
from pydhcpd.settings import INFINITE
from pydhcpd.wire.options import describe as describe_option
from pydhcpd.wire.packet import (
    ACK,
    BOOTREQUEST,
    DECLINE,
    DISCOVER,
    INFORM,
    MESSAGE_NAMES,
    NAK,
    OFFER,
    RELEASE,
    REQUEST,
    Packet,
)

EVERYONE = b"\xff" * 6
ROUTER, NAME_SERVER, HOST_NAME = 3, 6, 12
EXTRAS = {ROUTER: "router", NAME_SERVER: "name server", HOST_NAME: "my name is"}
UNITS = (("day", 86400), ("hour", 3600), ("minute", 60))

_ALL_PROTOCOLS = 3  # ETH_P_ALL: a socket for IPv4 alone would not hear what leaves by the interface
_IPV4, _UDP = b"\x08\x00", 17
_ETHERNET_HEADER, _IPV4_HEADER, _UDP_HEADER = 14, 20, 8
_PORTS = (b"\0\x43\0\x44", b"\0\x44\0\x43")  # 67 to 68, 68 to 67


class Heard(NamedTuple):
    """One message as it passed by: the frame's hardware addresses, the sender's address, and what it says."""

    source: bytes
    destination: bytes
    address: int
    message: Packet


def heard_in(frame: bytes) -> Heard | None:
    """The DHCP message in a frame, or None where there is none that can be read."""
    if len(frame) < _ETHERNET_HEADER + _IPV4_HEADER or frame[12:14] != _IPV4 or frame[23] != _UDP:
        return None
    udp = _ETHERNET_HEADER + (frame[14] & 15) * 4
    end = udp + int.from_bytes(frame[udp + 4:udp + 6], "big")
    if frame[udp:udp + 4] not in _PORTS:
        return None
    try:
        message = Packet.decode(frame[udp + _UDP_HEADER:end])
    except MalformedPacket:
        return None
    return Heard(frame[6:12], frame[:6], int.from_bytes(frame[26:30], "big"), message)


class Wire:
    """The DHCP messages that pass by an interface, in both directions, each once."""

    def __init__(self, interface: str) -> None:
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # of no protocol: deaf until it is bound
        self._socket.bind((interface, _ALL_PROTOCOLS))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def listen(self, seconds: float) -> Heard | None:
        """The next message, or None where none came within that time."""
        end = time.monotonic() + seconds
        while select.select([self._socket], [], [], max(0.0, end - time.monotonic()))[0]:
            with suppress(OSError):  # the interface went down, which a socket is told once
                heard = heard_in(self._socket.recv(65535))
                if heard is not None:
                    return heard
        return None

    def send(self, frame: bytes) -> None:
        """Send a frame as it is."""
        self._socket.send(frame)


# --- in words ------------------------------------------------------------------------------------------------------


def told(heard: Heard) -> list[str]:
    """Who says what to whom, in a line, and a second one for what comes with it."""
    message = heard.message
    client = message.op == BOOTREQUEST
    speaker = f"client {escape(hardware_text(message.hardware))}" if client else f"server {address_text(heard.address)}"
    hearer = "everyone" if heard.destination == EVERYONE else "server" if client else "client"
    start = f"{speaker:<24} -> {hearer:<8}  {MESSAGE_NAMES.get(message.message_type, '?'):<8} "
    return [f'{start}"{said(message)}"', *(" " * len(start) + line for line in _extras(message))]


def said(message: Packet) -> str:
    """The sense of a message."""
    offered, asked, mine = (address_text(one) for one in (message.yiaddr, message.address(50), message.ciaddr))
    words = {
        DISCOVER: "Is there a DHCP server?",
        OFFER: f"You may have {offered} for {span(message.address(51))}.",
        REQUEST: _request(message),
        ACK: f"{offered} is yours for {span(message.address(51))}." if message.yiaddr else "Here is what I know.",
        NAK: f"No: {escape(message.options.get(56, b'')) or 'not here'}.",
        DECLINE: f"{asked} is in use already; I will not take it.",
        RELEASE: f"I give {mine} back.",
        INFORM: f"I have {mine}; what else should I know?",
    }
    return words.get(message.message_type, "something that is no DHCP message")


def _request(message: Packet) -> str:
    if 54 in message.options:
        return f"I take {address_text(message.address(50))} from {address_text(message.address(54))}."
    if message.ciaddr:
        return f"May I keep {address_text(message.ciaddr)}?"
    return f"May I have {address_text(message.address(50))} again?"


def _extras(message: Packet) -> Iterator[str]:
    """What a server sends along, and the name that a client gives."""
    kind = message.message_type
    codes = (ROUTER, NAME_SERVER) if kind in (OFFER, ACK) else (HOST_NAME,) if kind == DISCOVER else ()
    parts = [f"{EXTRAS[code]} {describe_option(code, message.options[code]).partition('=')[2]}"
             for code in codes if code in message.options]
    if parts:
        yield ", ".join(parts)


def span(seconds: int) -> str:
    """A time for people: "1 hour", "90 seconds"."""
    if seconds == INFINITE:
        return "ever"
    unit, length = next(((name, size) for name, size in UNITS if seconds and seconds % size == 0), ("second", 1))
    return f"{seconds // length} {unit}{'' if seconds == length else 's'}"

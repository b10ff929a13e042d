"""A message in one line of words, for the log and the demonstration. What came from the network is escaped."""

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.wire.options import describe as describe_option
from pydhcpd.wire.packet import BROADCAST_FLAG, MESSAGE_NAMES, Packet
from pydhcpd.wire.relay import words as relay_words

LONGEST = 1500  # characters
RELAY_INFORMATION = 82
ADDRESSES = ("ciaddr", "yiaddr", "siaddr", "giaddr")


def describe(packet: Packet) -> str:
    """Message type, hardware address, xid, addresses that are set, and the options by name."""
    parts = [MESSAGE_NAMES.get(packet.message_type, f"message of type {packet.message_type}"),
             hardware_text(packet.hardware) or "no hardware address", f"xid={packet.xid:#010x}"]
    parts += [f"{name}={address_text(getattr(packet, name))}" for name in ADDRESSES if getattr(packet, name)]
    if packet.secs:
        parts.append(f"secs={packet.secs}")
    if packet.flags & BROADCAST_FLAG:
        parts.append("broadcast")
    parts += [_option(code, value) for code, value in packet.options.items() if code != 53]
    line = " ".join(parts)
    return line if len(line) <= LONGEST else line[:LONGEST - 3] + "..."


def _option(code: int, value: bytes) -> str:
    words = relay_words(value) if code == RELAY_INFORMATION else ""
    return words or describe_option(code, value)

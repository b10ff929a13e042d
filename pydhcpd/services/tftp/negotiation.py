"""What is agreed on with a client: its options, within what the RFCs and we allow (RFC 2348, 2349, 7440).

Block size and window may be granted smaller than asked for; what is outside the range of its RFC ends the transfer.
Options that are not known here are ignored, as RFC 2347 has it.
"""

from dataclasses import dataclass

from pydhcpd.services.tftp.messages import NEGOTIATION, OCTET, BadRequest, Request

BLOCK_SIZE, WINDOW, SIZE, TIMEOUT = "blksize", "windowsize", "tsize", "timeout"
RANGES = {BLOCK_SIZE: (8, 65464), WINDOW: (1, 65535), TIMEOUT: (1, 255)}
HEADERS = 20 + 8 + 4  # octets before the data of a block: IP, UDP, TFTP
MOST_BLOCKS = 64  # in a window: what the kernel takes as one message (UDP_MAX_SEGMENTS)
MOST_OCTETS = 65507  # in a window, for the same reason: the longest payload of UDP over IPv4
LONGEST_TIMEOUT = 20  # seconds; a client that wants longer is served with our own


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for one transfer. `accepted` is for the client to be told; `timeout` is 0 where it is for us to choose."""

    block_size: int = 512
    window: int = 1
    timeout: int = 0
    accepted: dict[str, str] | None = None


def negotiate(request: Request, size: int, mtu: int) -> Terms:
    """The terms for a file of this size, to a client at the end of a path of this MTU. Raises BadRequest."""
    asked = {name: _number(name, request.options[name]) for name in RANGES if name in request.options}
    block_size = min(asked.get(BLOCK_SIZE, 512), max(mtu - HEADERS, 512))
    window = min(asked.get(WINDOW, 1), MOST_BLOCKS, max(MOST_OCTETS // (block_size + 4), 1))
    timeout = asked.get(TIMEOUT, 0)
    granted = {BLOCK_SIZE: block_size, WINDOW: window, TIMEOUT: timeout}
    if timeout > LONGEST_TIMEOUT:
        timeout = granted[TIMEOUT] = 0
    accepted = {name: str(granted[name]) for name in asked if granted[name]}
    if SIZE in request.options and request.mode == OCTET:
        accepted[SIZE] = str(size)
    return Terms(block_size, window, timeout, accepted or None)


def _number(name: str, text: str) -> int:
    least, most = RANGES[name]
    if not (text.isascii() and text.isdecimal() and len(text) <= 6 and least <= int(text) <= most):
        raise BadRequest(NEGOTIATION, f"asked for a {name} outside {least} to {most}")
    return int(text)

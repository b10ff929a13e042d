"""An option ROM that does not say that it is iPXE: what carries frames between it and the cable hides its marks.

QEMU's cards have iPXE for their ROM, and no other PXE ROM is free. Firmware is told from iPXE by options 77 and 175 alone, so
with these renamed it is to a server what an older ROM is. Once it asks for a file it has had its answer: who speaks next is the
loader.
"""

import select
import socket
import struct
import threading

from lab import Machine

EVERYTHING = 3  # ETH_P_ALL; the rest is of packet(7) too
SOL_PACKET, ADD_MEMBERSHIP, PROMISCUOUS, MREQ = 263, 1, 1, struct.Struct("=iHH8s")
HIDDEN = {77: 224, 175: 225}  # user class, iPXE's own; to codes for private use
IP, UDP_HEADER, BOOTP = 14, 8, 240
TFTP, OF_DHCP = (69).to_bytes(2, "big"), tuple(port.to_bytes(2, "big") for port in (67, 4011))


class OldFirmware:
    """Carries frames until it is closed."""

    def __init__(self, machine: Machine, computer: str, cable: str) -> None:
        self._computer, self._cable = (machine.open(lambda name=name: opened(name)) for name in (computer, cable))
        self._hiding, self._ended = True, False
        self._thread = threading.Thread(target=self._carry, name="old firmware")
        self._thread.start()

    def close(self) -> None:
        """No more."""
        self._ended = True
        self._thread.join()
        self._computer.close()
        self._cable.close()

    def _carry(self) -> None:
        while not self._ended:
            for one in select.select([self._computer, self._cable], [], [], 0.2)[0]:
                frame, (_, _, kind, *_) = one.recvfrom(65535)
                if kind != socket.PACKET_OUTGOING:
                    self._pass(bytearray(frame), one is self._computer)

    def _pass(self, frame: bytearray, from_computer: bool) -> None:
        place = IP + (frame[IP] & 15) * 4
        if frame[12:14] == b"\x08\x00" and frame[IP + 9] == socket.IPPROTO_UDP:
            if from_computer:
                self._hiding = self._hiding and frame[place + 2:place + 4] != TFTP
                if self._hiding and frame[place + 2:place + 4] in OF_DHCP:
                    hide(frame, place + UDP_HEADER + BOOTP)
            frame[place + 6:place + 8] = b"\0\0"  # no checksum (RFC 768): a veth leaves it to a card that is not there
        (self._cable if from_computer else self._computer).send(frame)


def opened(interface: str) -> socket.socket:
    """A socket that sees all that passes an interface."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
    made.bind((interface, 0))
    promiscuous = MREQ.pack(socket.if_nametoindex(interface), PROMISCUOUS, 0, b"")
    made.setsockopt(SOL_PACKET, ADD_MEMBERSHIP, promiscuous)
    return made


def hide(frame: bytearray, place: int) -> None:
    """Rename options (RFC 2132 section 2)."""
    while place < len(frame) and frame[place] != 255:
        if frame[place] in HIDDEN:
            frame[place] = HIDDEN[frame[place]]
        place += 1 if frame[place] == 0 else 2 + frame[place + 1]

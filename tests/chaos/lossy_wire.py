"""A wire that loses, reorders and duplicates datagrams of DHCP; run in the machine between the server's and the clients'.

usage: python lossy_wire.py SERVER_SIDE CLIENT_SIDE SEED

It reads `LOSS REORDER DUPLICATE` (parts of 1) by lines from standard input, and at the end of that prints how many frames it
carried, lost, held back and duplicated. All else than DHCP passes: lost ARP would be the kernels' silence, not the server's. Of
one client it loses at most two frames between two answers, so that whoever sends three times is heard: what is to be found out
is how long the server is silent.
"""

import heapq
import selectors
import socket
import sys
import time
from collections import Counter
from contextlib import suppress
from random import Random

ETH_P_ALL, OUTGOING = 3, 4
IP_AT, PORTS_AT, CHADDR_AT = 14, 34, 70  # of a frame whose IPv4 header has no options
IN_A_ROW = 2  # frames of a client that are lost at most
HELD_BACK = 0.05  # seconds, at most


def opened(interface: str) -> socket.socket:
    """A socket for all frames of an interface."""
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    made.bind((interface, ETH_P_ALL))
    made.setblocking(False)
    return made


def is_dhcp(frame: bytes) -> bool:
    """Whether it is a datagram of DHCP."""
    ports = {frame[PORTS_AT:PORTS_AT + 2], frame[PORTS_AT + 2:PORTS_AT + 4]}
    return frame[12:14] == b"\x08\x00" and frame[23] == 17 and bool(ports & {b"\0\x43", b"\0\x44"})


class Wire:
    """Two ends, and what is on the way between them."""

    def __init__(self, server: str, clients: str, seed: str) -> None:
        self._server, self._clients = opened(server), opened(clients)
        self._random = Random(seed)
        self._loss = self._reorder = self._duplicate = 0.0
        self._lost: Counter[bytes] = Counter()  # by client, since it heard an answer
        self._held: list[tuple[float, int, socket.socket, bytes]] = []
        self.counts: Counter[str] = Counter()

    def run(self) -> None:
        """Carry frames until the input ends."""
        with selectors.DefaultSelector() as selector:
            for one in (self._server, self._clients, sys.stdin):
                selector.register(one, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(self._patience()):
                    if key.fileobj is sys.stdin:
                        if not self._obey(sys.stdin.readline()):
                            return
                    else:
                        self._carry(key.fileobj)
                self._let_go()

    def _obey(self, line: str) -> bool:
        if line:
            self._loss, self._reorder, self._duplicate = map(float, line.split())
        return bool(line)

    def _patience(self) -> float | None:
        return max(self._held[0][0] - time.monotonic(), 0.0) if self._held else None

    def _let_go(self) -> None:
        """Send on what was held back long enough."""
        while self._held and self._held[0][0] <= time.monotonic():
            *_, to, frame = heapq.heappop(self._held)
            _send(to, frame)

    def _carry(self, side: socket.socket) -> None:
        try:
            frame, origin = side.recvfrom(65536)
        except OSError:  # the other end went down
            return
        if origin[2] != OUTGOING:
            self._pass_on(frame, self._clients if side is self._server else self._server)

    def _pass_on(self, frame: bytes, to: socket.socket) -> None:
        if not is_dhcp(frame):
            _send(to, frame)
            return
        self.counts["carried"] += 1
        client = frame[CHADDR_AT:CHADDR_AT + 6]
        if self._random.random() < self._loss and self._lost[client] < IN_A_ROW:
            self._lost[client] += 1
            self.counts["lost"] += 1
            return
        if to is self._clients:
            self._lost.pop(client, None)
        self._send_somehow(frame, to)

    def _send_somehow(self, frame: bytes, to: socket.socket) -> None:
        if self._random.random() < self._duplicate:
            self.counts["duplicated"] += 1
            self._hold_back(frame, to)
        if self._random.random() < self._reorder:
            self.counts["held back"] += 1
            self._hold_back(frame, to)
        else:
            _send(to, frame)

    def _hold_back(self, frame: bytes, to: socket.socket) -> None:
        until = time.monotonic() + self._random.uniform(0, HELD_BACK)
        heapq.heappush(self._held, (until, self.counts["carried"] + self.counts["duplicated"], to, frame))


def _send(to: socket.socket, frame: bytes) -> None:
    with suppress(OSError):  # that end is down
        to.send(frame)


if __name__ == "__main__":
    wire = Wire(*sys.argv[1:4])
    wire.run()
    print(", ".join(f"{count:,} {what}" for what, count in wire.counts.items()))

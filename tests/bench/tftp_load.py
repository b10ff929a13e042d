"""Clients that load a file by TFTP, in one process: tftp_load.py ADDRESS FILE CLIENTS BLOCK_SIZE WINDOW [SECONDS]

Each loads it once, or again and again for so many seconds. Prints seconds, octets, and how often something had to be asked
for again. A server that grants no window is loaded from without.
"""

import select
import socket
import struct
import sys
import time

PATIENCE = 1.0  # seconds
ACK, ERROR, OACK = 4, 5, 6
_two = struct.Struct(">HH")


class Client:
    """One transfer after the other, to one client."""

    def __init__(self, address: str, file: str, block_size: int, window: int) -> None:
        self.server, self.size, self.most = (address, 69), block_size, window
        options = f"blksize\0{block_size}\0" + (f"windowsize\0{window}\0" if window > 1 else "")
        self.request = b"\0\1" + f"{file}\0octet\0{options}".encode()
        self.buffer = bytearray(70000)
        self.octets = self.again = 0

    def begin(self) -> None:
        """Ask, and await the answer."""
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 << 20)
        self.socket.settimeout(PATIENCE)
        self.window, self.last, self.since, self.is_open = 1, 0, 0, False
        self.socket.sendto(self.request, self.server)

    def take(self) -> bool:
        """A datagram that has come; whether it was the last."""
        if not self.is_open:
            return self._open()
        length = self.socket.recv_into(self.buffer)
        number = self.buffer[2] << 8 | self.buffer[3]
        if number != (self.last + 1) & 0xFFFF:
            if number == (self.last + 2) & 0xFFFF:
                self.repeat()
            return False
        self.last, self.since = number, self.since + 1
        self.octets += length - 4
        if length < self.size + 4 or self.since >= self.window:
            self.socket.send(_two.pack(ACK, number))
            self.since = 0
        return length < self.size + 4

    def _open(self) -> bool:
        datagram, peer = self.socket.recvfrom(2048)
        if datagram[1] != OACK:
            raise SystemExit(f"no OACK: {datagram[:80]!r}")
        self.window = self.most if b"windowsize" in datagram else 1
        self.socket.connect(peer)
        self.socket.send(_two.pack(ACK, 0))
        self.is_open = True
        return False

    def repeat(self) -> None:
        """Say again what is there."""
        self.again += 1
        self.since = 0
        if self.is_open:
            self.socket.send(_two.pack(ACK, self.last))
        else:
            self.socket.sendto(self.request, self.server)


def alone(client: Client) -> None:
    """One client, which waits for each datagram."""
    client.begin()
    while True:
        try:
            if client.take():
                return
        except TimeoutError:
            client.repeat()


def together(clients: list[Client], until: float) -> None:
    """Several at once; each begins again as long as there is time."""
    poll, heard = select.epoll(), {}
    by_number = {}

    def begin(client: Client) -> None:
        client.begin()
        by_number[client.socket.fileno()] = client
        heard[client.socket.fileno()] = time.monotonic()
        poll.register(client.socket, select.EPOLLIN)

    for client in clients:
        begin(client)
    while by_number:
        ready = poll.poll(PATIENCE)
        now = time.monotonic()
        for number, _ in ready:
            client = by_number[number]
            heard[number] = now
            if client.take():
                del by_number[number], heard[number]
                client.socket.close()
                if now < until:
                    begin(client)
        for number, client in by_number.items():
            if now - heard[number] > PATIENCE:
                heard[number] = now
                client.repeat()


def main() -> None:
    """The program."""
    address, file, count, block_size, window, *seconds = sys.argv[1:]
    clients = [Client(address, file, int(block_size), int(window)) for _ in range(int(count))]
    began = time.monotonic()
    if len(clients) == 1 and not seconds:
        alone(clients[0])
    else:
        together(clients, began + float(*seconds or ["0"]))
    print(time.monotonic() - began, sum(one.octets for one in clients), sum(one.again for one in clients))


if __name__ == "__main__":
    main()

"""Those who are told, for telling.py: `audience.py dns ADDRESS` takes every update that comes to port 53, and `audience.py page
PORT` has the status page open: reads the events as they come, asks for the pools, and scrapes the metrics.

At its end each says what it was told.
"""

import asyncio
import signal
import socket
import sys
from contextlib import suppress

SCRAPE_EVERY, LOOK_EVERY, AGAIN = 1.0, 5.0, 0.2  # seconds
RESPONSE = 0x80


def be_dns(address: str) -> None:
    """Answer every message with its own header, as done."""
    taken = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as port:
        port.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        port.bind((address, 53))
        with suppress(KeyboardInterrupt):
            while True:
                data, sender = port.recvfrom(65535)
                port.sendto(data[:2] + bytes((data[2] | RESPONSE, 0)) + bytes(8), sender)
                taken += 1
    print(f"the DNS took {taken} updates", flush=True)


class Reader:
    """Somebody with the page open."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.events = self.scrapes = self.looks = self.longest = 0

    async def run(self) -> None:
        """All at once, until it is cancelled."""
        await asyncio.gather(self._follow(), self._repeat("/metrics", SCRAPE_EVERY), self._repeat("/api/pools", LOOK_EVERY))

    async def _ask(self, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
            except OSError:
                await asyncio.sleep(AGAIN)
                continue
            writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            return reader, writer

    async def _follow(self) -> None:
        while True:
            reader, writer = await self._ask("/api/events/stream")
            with suppress(OSError):
                while line := await reader.readline():
                    self.events += line.startswith(b"data:")
            writer.close()
            await asyncio.sleep(AGAIN)

    async def _repeat(self, path: str, pause: float) -> None:
        while True:
            reader, writer = await self._ask(path)
            with suppress(OSError):
                answer = await reader.read(-1)
                self.longest = max(self.longest, len(answer))
                self.scrapes += path == "/metrics" and b" 200 " in answer[:20]
                self.looks += path != "/metrics" and b" 200 " in answer[:20]
            writer.close()
            await asyncio.sleep(pause)


def read_page(port: int) -> None:
    """Read until a signal comes."""
    reader = Reader(port)
    with suppress(KeyboardInterrupt):
        asyncio.run(reader.run())
    print(f"the page told {reader.events} events, and answered {reader.scrapes} scrapes and {reader.looks} looks, of "
          f"{reader.longest} octets at most", flush=True)


def main() -> None:
    """The program."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if sys.argv[1] == "dns":
        be_dns(sys.argv[2])
    else:
        read_page(int(sys.argv[2]))


if __name__ == "__main__":
    main()

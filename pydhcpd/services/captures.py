"""`Captures`: the messages of single clients, both ways, as pcapng files (`capture` at the prompt).

The path of a packet hands over what passes, while there is a capture at all, and waits for nothing: a thread picks what is of
the clients that are looked at, and writes. It lives while any capture runs. What the kernel has stripped, the IP and UDP
headers, is made again from what it told of a datagram, and the file says so. Each capture ends by itself: by time, by size, or
because it cannot be written; or it is stopped. Then the file ends with the last whole message.
"""

import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from pydhcpd import __version__
from pydhcpd.addresses import address_from, hardware_text, machine_from
from pydhcpd.backlog import Datagram
from pydhcpd.control.output import CaptureRow
from pydhcpd.delivery import SERVER_PORT
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.net.batch import Message
from pydhcpd.net.frames import udp_frame
from pydhcpd.pcapng import INBOUND, OUTBOUND, RAW, interface_block, packet_block, section_block
from pydhcpd.server import DHCPServer

log = logging.getLogger(__name__)

DIRECTORY, DIRECTORY_MODE, FILE_MODE = "captures", 0o750, 0o640
LONGEST_NAME = 100  # characters
MOST_AT_ONCE = 4
MOST_SECONDS = 3600
LARGEST = 10_000_000  # bytes of a file
MOST_KEPT = 100_000_000  # bytes of all files in the directory, when another one is begun
MOST_WAITING = 256  # batches between the path and the thread
LOOK_EVERY = 0.2  # seconds between looks at whether a capture is over
PATIENCE = 5.0  # seconds for one that is stopped to end
ALL = "all"
ETHERNET_HEADER, NO_STATION = 14, bytes(6)
COMMENT = ("IP and UDP headers were made by pydhcpd, from what the kernel told of each datagram: addresses and ports are true, "
           "the rest is not as it was on the wire. What is in the datagrams is as it was received or sent.")
HLEN, CIADDR, YIADDR, CHADDR = 2, 12, 16, 28  # where they are in a message (RFC 2131 section 2)
REQUESTED_ADDRESS = b"\x32\x04"  # option 50 and its length


class Passed(NamedTuple):
    """A message that went by; addresses in host byte order."""

    time: float
    direction: int
    interface: int
    source: int
    source_port: int
    destination: int
    destination_port: int
    data: bytes


Test = Callable[[Passed], bool]
"""Whether a message is of a client."""


def of_machine(hardware: bytes) -> Test:
    """Messages of a hardware address."""
    octets = bytes((len(hardware),)), hardware
    return lambda one: (one.data[HLEN:HLEN + 1], one.data[CHADDR:CHADDR + len(hardware)]) == octets


def of_address(address: int) -> Test:
    """Messages in which an address is the client's, is to be, or is asked for."""
    octets = address.to_bytes(4, "big")
    return lambda one: (octets in (one.data[CIADDR:CIADDR + 4], one.data[YIADDR:YIADDR + 4])
                        or address in (one.source, one.destination) or REQUESTED_ADDRESS + octets in one.data)


class _Capture:
    """One file that is written."""

    def __init__(self, file: int, path: Path, client: str, test: Test, seconds: int, name_of: Callable[[int], str]) -> None:
        self.path, self.client = path, client
        self.messages, self.size = 0, 0
        self.ends = time.monotonic() + seconds
        self.why_over, self._is_stopped = "", False
        self._file, self._test, self._name_of = file, test, name_of
        self._interfaces: dict[int, int] = {}
        self._write(section_block(COMMENT, f"pydhcpd {__version__}"))

    def take(self, batch: Sequence[Passed]) -> None:
        """Write what is of the client."""
        for one in filter(self._test, batch):
            if not self.why_over:
                self._write(self._block(one))
                self.messages += not self.why_over

    def _block(self, one: Passed) -> bytes:
        """A message as it is written, after the description of an interface that was not there before."""
        described = b""
        if one.interface not in self._interfaces:
            self._interfaces[one.interface] = len(self._interfaces)
            described = interface_block(RAW, self._name_of(one.interface))
        packet = udp_frame(one.data, NO_STATION, NO_STATION, one.source, one.destination, one.source_port, one.destination_port)
        return described + packet_block(self._interfaces[one.interface], one.time, packet[ETHERNET_HEADER:], one.direction)

    def _write(self, data: bytes) -> None:
        """All of it, or nothing."""
        if self.size + len(data) > LARGEST:
            self.why_over = f"its file has all of the {LARGEST // 1_000_000} MB that it may have"
            return
        try:
            written = os.write(self._file, data)
            if written < len(data):
                os.write(self._file, data[written:])  # says why, or goes on
            self.size += len(data)
        except OSError as error:
            self.why_over = f"its file cannot be written: {error.strerror}"
            with suppress(OSError):
                os.ftruncate(self._file, self.size)

    def is_meant(self, word: str) -> bool:
        """Whether a word is its client, or its file."""
        names = (*self.client.split(), self.path.name, str(self.path))
        with suppress(InvalidValue):
            return word in names or hardware_text(machine_from(word)) in names
        return word in names

    def stop(self) -> None:
        """It is over once what has passed until now is written."""
        self._is_stopped = True

    def look(self, now: float) -> bool:
        """Whether it is over."""
        if not self.why_over and (self._is_stopped or now >= self.ends):
            self.why_over = "it was stopped" if self._is_stopped else "its time is over"
        return self.why_over != ""

    def row(self, now: float) -> CaptureRow:
        """How far it is."""
        return CaptureRow(str(self.path), self.client, self.messages, self.size, max(int(self.ends - now), 0))

    def close(self) -> None:
        """The file is as it stays."""
        os.close(self._file)
        log.info("the capture of %s into %s has ended with %d messages: %s", self.client, self.path, self.messages,
                 self.why_over)


class Captures:
    """What runs, and the tap on the path of a packet that is there for it."""

    def __init__(self, server: DHCPServer) -> None:
        self._server = server
        self._lock = threading.Lock()  # guards _running and whether there is a thread
        self._running: list[_Capture] = []
        self._waiting: queue.Queue[list[Passed]] = queue.Queue(MOST_WAITING)
        self.missed = 0  # messages for which there was no room in the queue

    # --- the tap, called on the path

    def received(self, datagrams: Sequence[Datagram], port: int = SERVER_PORT) -> None:
        """What came in on one of our ports."""
        now = time.time()
        self._put([Passed(now, INBOUND, interface, source, source_port, destination, port, data)
                   for data, interface, source, source_port, destination in datagrams])

    def sent(self, messages: Sequence[Message], port: int = SERVER_PORT) -> None:
        """What leaves by one of our ports."""
        now = time.time()
        self._put([Passed(now, OUTBOUND, interface, source, port, address, to_port, data)
                   for data, address, to_port, interface, source in messages])

    def _put(self, batch: list[Passed]) -> None:
        try:
            self._waiting.put_nowait(batch)
        except queue.Full:
            self.missed += len(batch)

    # --- what is asked for

    def begin(self, directory: Path, who: str, name: str, seconds: int) -> Path:
        """Capture the messages of a client into a new file of this name. Raises InvalidValue."""
        if not 0 < seconds <= MOST_SECONDS:
            raise InvalidValue(f"{seconds} seconds: allowed are 1 to {MOST_SECONDS}")
        client, test = self._client(who)
        with self._lock:
            if len(self._running) >= MOST_AT_ONCE:
                raise InvalidValue(f"{MOST_AT_ONCE} captures run already; wait until one has ended: capture")
            file, path = open_new(directory / DIRECTORY, name)
            self._running.append(_Capture(file, path, client, test, seconds, self._name_of))
            if self._server.tap is None:
                self._server.tap = self
                threading.Thread(target=self._run, name="captures", daemon=True).start()
        return path

    def stop(self, word: str) -> list[CaptureRow]:
        """End the captures of a client or into a file, or with `all` every one; returns how they ended. Raises InvalidValue."""
        with self._lock:
            found = [one for one in self._running if word == ALL or one.is_meant(word)]
            for one in found:
                one.stop()
        if not found:
            of = "" if word == ALL else f" of {escape(word)}; what is: capture"
            raise InvalidValue(f"nothing is captured{of}")
        until = time.monotonic() + PATIENCE
        while any(not one.why_over for one in found) and time.monotonic() < until:
            time.sleep(LOOK_EVERY / 10)
        return [one.row(time.monotonic()) for one in found]

    def _client(self, who: str) -> tuple[str, Test]:
        """A client in words, and what is of it: of an address that is leased all that its machine says."""
        if who.count(".") != 3:
            hardware = machine_from(who)
            return hardware_text(hardware), of_machine(hardware)
        address = address_from(who)
        from_address = of_address(address)
        row = self._server.hosts.store.row(address)
        if row is None or not row.hardware:
            return who, from_address
        from_machine = of_machine(row.hardware)
        return f"{who} {hardware_text(row.hardware)}", lambda one: from_machine(one) or from_address(one)

    def _name_of(self, interface: int) -> str:
        """An interface by its index; what goes by the routing table has none."""
        serving = self._server.serving
        link = serving.links.get(interface) if serving is not None else None
        return link.name if link is not None else f"interface {interface}" if interface else "by the routing table"

    def rows(self) -> Iterator[CaptureRow]:
        """What runs."""
        now = time.monotonic()
        with self._lock:
            running = list(self._running)
        for one in running:
            yield one.row(now)

    # --- the thread

    def _run(self) -> None:
        """Until nothing is captured any more."""
        while True:
            batch: list[Passed] = []
            with suppress(queue.Empty):
                batch = self._waiting.get(timeout=LOOK_EVERY)
            with self._lock:
                for one in self._running:
                    one.take(batch)
                self._end_some()
                if not self._running:
                    self._server.tap = None
                    self._forget_waiting()
                    return

    def _end_some(self) -> None:
        now = time.monotonic()
        for one in [one for one in self._running if one.look(now)]:
            self._running.remove(one)
            one.close()

    def _forget_waiting(self) -> None:
        """What is of no use to anybody; and tell what a capture lacks."""
        with suppress(queue.Empty):
            while True:
                self._waiting.get_nowait()
        if self.missed:
            log.warning("%d messages passed while captures were behind, and are not looked at in them", self.missed)
            self.missed = 0


def open_new(directory: Path, name: str) -> tuple[int, Path]:
    """A new file of this name in a directory of ours, which is made where it is missing. Raises InvalidValue."""
    if not _is_bare(name):
        raise InvalidValue(f"{name!r} is no name of a capture; allowed are letters, digits, and - _ . within, no path: "
                           f"it is written into {directory}")
    try:
        place = _open_directory(directory)
    except OSError as error:
        raise InvalidValue(f"{directory} cannot be used: {error.strerror}") from error
    try:
        _check_room(directory, place)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_APPEND
        return os.open(name, flags, FILE_MODE, dir_fd=place), directory / name
    except FileExistsError as error:
        raise InvalidValue(f"{directory / name} is there already; name another, or remove it") from error
    except OSError as error:
        raise InvalidValue(f"{directory / name} cannot be made: {error.strerror}") from error
    finally:
        os.close(place)


def _is_bare(name: str) -> bool:
    letters = name.replace("-", "").replace("_", "").replace(".", "")
    return name[:1].isalnum() and letters.isalnum() and name.isascii() and len(name) <= LONGEST_NAME


def _open_directory(directory: Path) -> int:
    with suppress(FileExistsError):
        directory.mkdir(DIRECTORY_MODE)
    place = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    if os.fstat(place).st_uid != os.geteuid():
        os.close(place)
        raise InvalidValue(f"{directory} belongs to another user; remove it, and it is made anew")
    return place


def _check_room(directory: Path, place: int) -> None:
    with os.scandir(place) as entries:
        size = sum(one.stat(follow_symlinks=False).st_size for one in entries)
    if size > MOST_KEPT - LARGEST:
        raise InvalidValue(f"{directory} holds {size // 1_000_000} MB of at most {MOST_KEPT // 1_000_000}; remove old captures")

"""`salvage`: the leases in those pages of a damaged lease database, and of its log, that are intact.

A reader of our own, for three reasons: the `sqlite3` shell, whose `.recover` would do it, is not where the daemon is; SQLite
throws a log away whose database is gone, while here its pages count; and the tree tells between which addresses a lost page
lies. Stands on SQLite's file format (sqlite.org/fileformat2.html, walformat.html). Of a table `leases` only: a row is what
has its columns. Reads, and changes nothing.

The tree is followed from its root. Where it is broken, every other page is looked at: such a row may be one that was moved, so
the one that was used last counts.
"""

import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pydhcpd.leases.interface import BOUND, QUARANTINED, Row

MAGIC = b"SQLite format 3\0"
ORDERS = {b"\x37\x7f\x06\x82": "<", b"\x37\x7f\x06\x83": ">"}  # of the words in a log's checksums, by how the log begins
LOG_HEADER, FRAME_HEADER = 32, 24
SECTOR = 512  # bytes that a disk writes at once, or not
PAGE_SIZES = (1024, 4096)  # ours, and SQLite's default; asked where neither file tells
LEAF, INTERIOR = 13, 5  # kinds of pages of a table
ROOT = 2  # the page at which the tree of the first table of a database begins
LAST_ADDRESS = 0xFFFFFFFF
FEWEST_COLUMNS = 8  # of a row of the first schema
Range = tuple[int, int]  # first and last address, both included
Record = tuple[int, list[Any]]  # rowid and values


class Salvage(NamedTuple):
    """What was saved, and what is known of the rest."""

    rows: list[Row]
    pages: int
    """How many pages of leases were found intact."""
    damaged: int
    """How many pages of leases, and frames of the log, were not."""
    lost: list[Range] | None
    """Between which addresses the lost leases lie; None where that cannot be told."""

    @property
    def missing(self) -> int:
        """About how many leases are lost, by what a page holds."""
        return round(self.damaged * len(self.rows) / self.pages) if self.pages else 0


class Broken(ValueError):
    """A page is not what it should be."""


def salvage(database: Path, log: Path, tell: Callable[[int], None] = lambda _: None) -> Salvage:
    """What the two files still have; either may be missing. How many leases were read, `tell` is told now and then.

    Raises OSError where they cannot be read.
    """
    content = database.read_bytes() if database.exists() else b""
    logged = log.read_bytes() if log.exists() else b""
    found = (_Tree(content, logged, size, tell).salvage() for size in _page_sizes(content, logged))
    return max(found, key=lambda one: len(one.rows))


def _page_sizes(content: bytes, logged: bytes) -> tuple[int, ...]:
    for told in (content[16:18] if content.startswith(MAGIC) else b"", logged[8:12]):
        size = int.from_bytes(told, "big") or 0
        if size >= 512 and size & (size - 1) == 0 and size <= 32768:
            return (size,)
    return PAGE_SIZES


def log_is_cut(database: Path, log: Path, valid: int) -> bool:
    """Whether commits are lost to SQLite, which reads the `valid` frames that follow the header of a log and no more.

    Of the last transaction a power cut may have left any part. Behind it there is none: the next begins when it is synced. And
    a header is written anew, which may be torn, when all behind it is in the database: SQLite needs none of it any more.
    """
    if not log.exists():
        return False
    data = log.read_bytes()
    size = int.from_bytes(data[8:12], "big")
    if not _has_header(data) or size not in (1 << bit for bit in range(9, 17)):
        content = database.read_bytes()
        return any(not _is_written_back(data, content, one) for one in _page_sizes(content, data))
    return any([_ends_transaction(data, at, size) for at, _ in _frames_of(data, size, data[16:24], valid)][:-1])


def _has_header(data: bytes) -> bool:
    """Whether the header of a log is whole."""
    order = ORDERS.get(data[:4])
    return order is not None and len(data) >= LOG_HEADER and _sums(f"{order}6I", data[:24], bytes(8)) == data[24:LOG_HEADER]


def _order(data: bytes) -> str:
    """Which byte of a word comes first in the checksums of a log: by its header, if that is whole, or by this machine."""
    return ORDERS[data[:4]] if _has_header(data) else {"little": "<", "big": ">"}[sys.byteorder]


def _salts(data: bytes, size: int) -> bytes:
    """What marks the frames that count: what the header says, or where that is not whole, the first frame that is not empty."""
    if _has_header(data):
        return data[16:24]
    frames = range(LOG_HEADER, len(data) - size, FRAME_HEADER + size)
    return next((data[at + 8:at + 16] for at in frames if any(data[at + 8:at + 16])), b"")


def _frames_of(data: bytes, size: int, salts: bytes, first: int = 0) -> Iterator[tuple[int, bool]]:
    """Where the frames with these salts are, and whether each is marked as the end of a transaction."""
    step = FRAME_HEADER + size
    for at in range(LOG_HEADER + first * step, len(data) - step + 1, step):
        if data[at + 8:at + 16] == salts:
            yield at, data[at + 4:at + 8] != b"\0\0\0\0"


def _ends_transaction(data: bytes, at: int, size: int) -> bool:
    """Whether a frame surely ends a transaction. Where a sector begins between its mark and its salts, the mark may be that of
    an older frame, unless the checksum tells."""
    if data[at + 4:at + 8] == b"\0\0\0\0":
        return False
    before = at - FRAME_HEADER - size
    return bool((at + 8) % SECTOR) or (before >= LOG_HEADER and _is_whole(data, at, size, data[before + 16:before + 24]))


def _is_written_back(data: bytes, content: bytes, size: int) -> bool:
    """Whether the database has all that was committed to a log: of each page, what was logged last."""
    pages: dict[int, bytes] = {}
    waiting: dict[int, bytes] = {}
    for at, is_end in _frames_of(data, size, _salts(data, size)):
        waiting[int.from_bytes(data[at:at + 4], "big")] = data[at + FRAME_HEADER:at + FRAME_HEADER + size]
        if is_end:
            pages.update(waiting)
            waiting = {}
    return all(content[(number - 1) * size:number * size] == page for number, page in pages.items())


def _committed(data: bytes, size: int) -> tuple[dict[int, bytes], int]:
    """The newest intact page of each number that a log has, committed, and how many frames are broken.

    A frame's checksum goes on from that of the frame before it, so that each can be checked that has an intact one before it.
    """
    step, pages, waiting, broken, missed = FRAME_HEADER + size, {}, {}, 0, 0
    places = dict(_frames_of(data, size, _salts(data, size)))
    for at in range(LOG_HEADER, max(places, default=0) + 1, step):
        before = data[at - step + 16:at - step + 24] if at - step in places else data[24:32] if at == LOG_HEADER else b""
        if at not in places or not before or not _is_whole(data, at, size, before):
            missed += 1
            continue
        waiting[int.from_bytes(data[at:at + 4], "big")] = data[at + FRAME_HEADER:at + step]
        if places[at]:
            pages.update(waiting)
            waiting, broken, missed = {}, broken + missed, 0
    return pages, broken


def _is_whole(data: bytes, at: int, size: int, before: bytes) -> bool:
    """Whether the checksum of a frame, of page number, size and page, goes on from `before` (walformat.html section 2.2)."""
    covered = data[at:at + 8] + data[at + FRAME_HEADER:at + FRAME_HEADER + size]
    return _sums(f"{_order(data)}{2 + size // 4}I", covered, before) == data[at + 16:at + FRAME_HEADER]


def _sums(words: str, covered: bytes, before: bytes) -> bytes:
    """A checksum, of words in a format of `struct`, which goes on from another."""
    first, second = struct.unpack(">II", before)
    numbers = struct.unpack(words, covered)
    for one, other in zip(numbers[::2], numbers[1::2], strict=True):
        first = first + one + second & 0xFFFFFFFF
        second = second + other + first & 0xFFFFFFFF
    return struct.pack(">II", first, second)


class _Tree:
    """The tree of the table of leases."""

    def __init__(self, content: bytes, logged: bytes, size: int, tell: Callable[[int], None]) -> None:
        self._content, self._size, self._tell = content, size, tell
        self._logged, self._broken_frames = _committed(logged, size)
        self._usable = size - (content[20] if content.startswith(MAGIC) else 0)
        self._rows: dict[int, Row] = {}
        self._lost: list[Range] = []
        self._seen: set[int] = set()
        self._leaves = self._damaged = 0
        self._is_torn = False  # whether there may be pages that no branch leads to

    def salvage(self) -> Salvage:
        """Read it."""
        self._follow(ROOT, 0, LAST_ADDRESS)
        if self._is_torn:
            self._read_the_rest()
        is_known = not self._broken_frames and (0, LAST_ADDRESS) not in self._lost
        return Salvage([self._rows[address] for address in sorted(self._rows)], self._leaves,
                       self._damaged + self._broken_frames, self._lost if is_known else None)

    def _page(self, number: int) -> bytes:
        """A page, the log's where that has it; short or empty where there is none."""
        start = (number - 1) * self._size
        return self._logged.get(number) or self._content[start:start + self._size]

    def _follow(self, number: int, low: int, high: int) -> None:
        """Read a page and all below it, in which the addresses from `low` to `high` are."""
        page = self._page(number)
        self._seen.add(number)
        try:
            if page[:1] == bytes((LEAF,)):
                self._take_leaf(page, low, high)
                return
            for child, last in list(self._children(page)):
                if child in self._seen:
                    raise Broken("a page is met twice")
                self._follow(child, low, min(last, high))
                low = last + 1
        except (Broken, IndexError, struct.error):
            self._damaged += 1
            self._is_torn = True
            self._lost.append((low, high))

    def _take_leaf(self, page: bytes, low: int, high: int) -> None:
        found, whole = self._rows_of(page)
        for row in found:
            self._rows[row.address] = row
        if not whole:
            raise Broken("a row cannot be read")
        if any(not low <= row.address <= high for row in found):
            raise Broken("it has rows of another page")
        self._leaves += 1

    def _children(self, page: bytes) -> Iterator[tuple[int, int]]:
        """The pages below one, each with its last address."""
        if page[:1] != bytes((INTERIOR,)) or len(page) != self._size:
            raise Broken("no page of the tree")
        last = -1
        for at in _cells(page, 12):
            key, _ = _varint(page, at + 4)
            if not last < key <= LAST_ADDRESS:
                raise Broken("the keys do not rise")
            last = key
            yield int.from_bytes(page[at:at + 4], "big"), key
        yield int.from_bytes(page[8:12], "big"), LAST_ADDRESS

    def _read_the_rest(self) -> None:
        """Leaves to which no branch leads any more."""
        last = max(len(self._content) // self._size + 1, *self._logged, 0)
        for number in range(1, last + 1):
            page = self._page(number)
            if number in self._seen or page[:1] != bytes((LEAF,)):
                continue
            found, whole = self._rows_of(page)
            self._leaves += whole and bool(found)
            for row in found:
                known = self._rows.get(row.address)
                if known is None or row.last_used > known.last_used:
                    self._rows[row.address] = row

    def _rows_of(self, page: bytes) -> tuple[list[Row], bool]:
        """The rows of a leaf, and whether that is all of them."""
        found: list[Row] = []
        try:
            places = _cells(page, 8)
        except Broken:
            return found, False
        for at in places:
            try:
                found.append(_row(*self._record(page, at)))
            except (Broken, IndexError, ValueError):
                continue
        self._tell(len(found))
        return found, len(found) == len(places) and len(page) == self._size

    def _record(self, page: bytes, at: int) -> Record:
        """A row by the place of its cell (fileformat2.html section 1.6)."""
        length, at = _varint(page, at)
        rowid, at = _varint(page, at)
        usable = self._usable
        most, least = usable - 35, (usable - 12) * 32 // 255 - 23
        local = length
        if length > most:
            local = least + (length - least) % (usable - 4)
            local = local if local <= most else least
        payload = page[at:at + local]
        if local < length:
            payload += self._overflow(int.from_bytes(page[at + local:at + local + 4], "big"), length - local)
        if len(payload) != length:
            raise Broken("a row is cut off")
        return rowid, _values(payload)

    def _overflow(self, number: int, length: int) -> bytes:
        content = b""
        while len(content) < length:
            page = self._page(number)
            if not number or len(page) != self._size:
                raise Broken("the rest of a row is missing")
            number, content = int.from_bytes(page[:4], "big"), content + page[4:self._usable]
        return content[:length]


def _cells(page: bytes, header: int) -> list[int]:
    """Where the cells of a page are."""
    count = int.from_bytes(page[3:5], "big")
    if header + 2 * count > len(page):
        raise Broken("there is no room for so many cells")
    places = list(struct.unpack(f">{count}H", page[header:header + 2 * count]))
    if any(not header + 2 * count <= at < len(page) for at in places):
        raise Broken("a cell lies outside")
    return places


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """An integer of up to nine bytes, and where it ends."""
    value = 0
    for _ in range(8):
        byte = data[at]
        at += 1
        value = value << 7 | byte & 127
        if byte < 128:
            return value, at
    return value << 8 | data[at], at + 1


SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}  # of values by serial type


def _values(payload: bytes) -> list[Any]:
    """The values of a record (fileformat2.html section 2.1)."""
    end, at = _varint(payload, 0)
    values: list[Any] = []
    place = end
    while at < end:
        kind, at = _varint(payload, at)
        size = SIZES[kind] if kind < 10 else (kind - 12) // 2
        data = payload[place:place + size]
        place += size
        values.append(_value(kind, data))
    if at != end or place != len(payload):
        raise Broken("a row is of another length")
    return values


def _value(kind: int, data: bytes) -> int | float | bytes | str | None:
    if kind >= 12:
        return data.decode() if kind & 1 else data
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return float(struct.unpack(">d", data)[0])
    return int.from_bytes(data, "big", signed=True) if kind else None


SHAPE: tuple[type, ...] = (type(None), bytes, int, bytes, str, int, int, int, bytes, str, str)
"""Of a row; its address is the key, and not among the values."""


def _row(rowid: int, values: list[Any]) -> Row:
    """A row of the table, if it is one."""
    if not FEWEST_COLUMNS <= len(values) <= len(SHAPE) or not 0 <= rowid <= LAST_ADDRESS or not all(
            isinstance(value, kind) for value, kind in zip(values, SHAPE, strict=False)):
        raise Broken("no lease")
    row = Row(rowid, *values[1:])
    if not BOUND <= row.state <= QUARANTINED:
        raise Broken("no lease")
    return row

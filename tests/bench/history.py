"""How fast the history is: python tests/bench/history.py [ROWS]

A history of so many rows (3,000,000) is made in a directory of its own: a thousandth of them of one address, the rest of a
million addresses. It tells how long look-ups take in it; and before, what a million events cost to be taken in, as new leases
and as renewals, and the comparison with a million leases.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

from pydhcpd.addresses import address_text
from pydhcpd.events import Event, event
from pydhcpd.leases.interface import BOUND, Row, TimeNote
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.services.history.book import Book
from pydhcpd.services.history.records import Records

BASE, MACHINES, BATCH = 10 << 24, 1_000_000, 2_500
HOUR = 3600


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as directory:
        leases, path = Path(directory) / "leases.db", Path(directory) / "history.db"
        with closing(SQLiteStore(leases)) as store, closing(Book(path, leases, TimeNote(boot="bench"))) as book:
            count = min(MACHINES, rows)
            _tell("new leases", count, lambda: _take(book, _leased(0, count)))
            _tell("renewals", count, lambda: _take(book, _leased(1000, count)))
            store.import_rows(_row(number) for number in range(count))
            _tell("leases compared", count, lambda: [None for _ in book.put_right(1500)])
            for start in range(count, rows, count):
                _take(book, _leased(start + 10_000, min(count, rows - start)))
            print(f"{rows:,} rows: {path.stat().st_size >> 20} MiB")
            _look_up(Records(path))


def _take(book: Book, events: Iterator[Event]) -> None:
    while batch := [one for _, one in zip(range(BATCH), events, strict=False)]:
        book.take(batch)


def _leased(start: int, count: int) -> Iterator[Event]:
    for number in range(count):
        at = start + number // 20_000
        address = BASE if start > 5000 and number % 1000 == 0 else BASE + number
        client = (number + start // 5000).to_bytes(6, "big")
        yield event(at, "leased", address, client, f"machine-{number}", client=b"\2\1" + client, ends=at + HOUR)


def _row(number: int) -> Row:
    client = number.to_bytes(6, "big")
    return Row(BASE + number, b"\2\1" + client, 1, client, f"machine-{number}", 1000 + HOUR, 1000 + number // 20_000, BOUND)


def _tell(what: str, count: int, run: Callable[[], object]) -> None:
    wall, processor = time.perf_counter(), time.process_time()
    run()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    print(f"{count:,} {what}: {wall:.1f} s, {processor / count * 1e6:.1f} us of processor time each")


def _look_up(records: Records) -> None:
    words = {"an address": [address_text(BASE + number * 7919 % MACHINES) for number in range(1, 200)],
             "the busiest address": [address_text(BASE)] * 20,
             "a hardware address": [(number * 7919 % MACHINES).to_bytes(6, "big").hex(":") for number in range(200)],
             "a name": [f"machine-{number * 7919 % MACHINES}" for number in range(200)]}
    for what, some in words.items():
        _tell_times(f"history of {what}", [lambda word=word: _screen(records, word) for word in some])
    for what, some in list(words.items())[:2]:
        _tell_times(f"who had {what}", [lambda word=word: records.who(word, 20_000, 20_060) for word in some])


def _screen(records: Records, word: str) -> None:
    found, _ = records.find(word)
    for _ in zip(range(20), found, strict=False):
        pass


def _tell_times(what: str, calls: list[Callable[[], object]]) -> None:
    times = []
    for call in calls:
        begin = time.perf_counter()
        call()
        times.append(time.perf_counter() - begin)
    print(f"{what}: median {median(times) * 1000:.1f} ms, longest {max(times) * 1000:.1f} ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000_000)

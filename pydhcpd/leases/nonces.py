"""`Nonces`: a secret number for each lease, and a counter that never goes back, for messages that a client is to believe.

Nothing is stored for a lease: its number follows from a secret of the server's, which is a file beside the lease database, from
its client and its address. Of the counter a block is reserved in another file before any of it is used; the next start goes on
after it, or where the wall clock is, if that is further: so it goes on though the file was lost, and though the clock was set
back.

What is remembered is the number of the last exchange (xid) of each client that takes nonces, for some listen to no other
(dhcpcd does not): of the last hundred thousand; over a restart in a file.
"""

import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from struct import Struct

from pydhcpd.errors import InvalidValue
from pydhcpd.files import read_carefully, replacing

log = logging.getLogger(__name__)

SECRET, COUNTER, EXCHANGES = ".secret", ".counter", ".exchanges"  # what the files are called, after the lease database
SECRET_SIZE, COUNTER_SIZE, NONCE_SIZE = 32, 8, 16  # bytes
MODE = 0o600
BLOCK_BITS = 24  # counts in a second of the wall clock, and at the least in a block: more than there are messages
BLOCK = 1 << BLOCK_BITS
RESERVE = BLOCK // 4  # counts that are left when the next block is reserved
GREATEST = 1 << 63  # count that the file is believed: the wall clock reaches it in tens of thousands of years
MOST = 100_000  # exchanges: 10 MB
_EXCHANGE = Struct(">IH")  # its number, the length of the client's key, and then this
TRY_AGAIN = 60.0  # seconds after a block could not be reserved


class Nonces:
    """Of one lease database. For any thread."""

    def __init__(self, database: Path, now: Callable[[], float] = time.time) -> None:
        """Raises InvalidValue and OSError where the files cannot be read or written."""
        self._secret = _secret_of(Path(f"{database}{SECRET}"))
        self._file = Path(f"{database}{COUNTER}")
        self._lock = threading.Lock()  # guards the three
        self._next = max(_counter_of(self._file), int(now()) << BLOCK_BITS)
        self._reserved = self._next
        self._try_again = 0.0
        self._reserve()
        self._exchanges_file = Path(f"{database}{EXCHANGES}")
        self._exchanges = _exchanges_of(self._exchanges_file)

    def of(self, client: bytes, address: int) -> bytes:
        """The number of a client's lease of an address."""
        return hmac.digest(self._secret, address.to_bytes(4, "big") + client, "sha256")[:NONCE_SIZE]

    def note(self, client: bytes, xid: int) -> bool:
        """A client that takes nonces has had an exchange of this number. Whether that it takes any is news, also where it asks
        again in the exchange in which that was heard first. Under the lock of the leases, as `exchange`."""
        before = self._exchanges.pop(client, None)
        is_news = before is None or before == ~xid
        self._exchanges[client] = ~xid if is_news else xid
        if len(self._exchanges) > MOST:
            del self._exchanges[next(iter(self._exchanges))]
        return is_news

    def exchange(self, client: bytes) -> int | None:
        """The number of a client's last exchange; None where it is not known to take nonces."""
        noted = self._exchanges.get(client)
        return ~noted if noted is not None and noted < 0 else noted

    @property
    def has_forgotten(self) -> bool:
        """Whether there may be clients that take nonces, were heard, and are not known to take any."""
        return len(self._exchanges) >= MOST

    def save(self) -> None:
        """Keep the exchanges for the next start. That they cannot be kept is told."""
        try:
            with replacing(self._exchanges_file, MODE) as file:
                file.writelines(_EXCHANGE.pack(self.exchange(client), len(client)) + client for client in self._exchanges)
        except OSError as error:
            log.error("%s cannot be written: %s", self._exchanges_file, error.strerror)

    def has_plenty(self) -> bool:
        """Whether numbers are at hand for all who may be promised one now."""
        return self._reserved - self._next > RESERVE // 2

    def count(self) -> int | None:
        """A number above all before it; None where none is left, for no more can be reserved, which is told long before."""
        with self._lock:
            if self._reserved - self._next <= RESERVE:
                self._reserve_more()
            if self._next == self._reserved:
                return None
            self._next += 1
            return self._next - 1

    def next(self) -> int:
        """The number that would be next."""
        return self._next

    def _reserve_more(self) -> None:
        if time.monotonic() < self._try_again:
            return
        try:
            self._reserve()
        except (InvalidValue, OSError) as error:
            self._try_again = time.monotonic() + TRY_AGAIN
            log.error("soon clients get no nonce, and cannot be made to renew: %s cannot be written: %s", self._file, error)

    def _reserve(self) -> None:
        end = self._next + BLOCK
        with replacing(self._file, MODE) as file:
            file.write(end.to_bytes(COUNTER_SIZE, "big"))
        self._reserved = end


def _secret_of(path: Path) -> bytes:
    """The secret in a file, which is made where it is missing, or was not written whole."""
    found = _read(path)
    if len(found) == SECRET_SIZE:
        return found
    made = secrets.token_bytes(SECRET_SIZE)
    with replacing(path, MODE) as file:
        file.write(made)
    return made


def _counter_of(path: Path) -> int:
    found = _read(path)
    counter = int.from_bytes(found, "big") if len(found) == COUNTER_SIZE else 0
    return counter if counter <= GREATEST else 0


def _exchanges_of(path: Path) -> dict[bytes, int]:
    """What `save` has written, up to where it can be read."""
    data, found, at = _read(path), dict[bytes, int](), 0
    while at + _EXCHANGE.size <= len(data):
        xid, length = _EXCHANGE.unpack_from(data, at)
        at += _EXCHANGE.size + length
        found[data[at - length:at]] = xid
    return found


def _read(path: Path) -> bytes:
    try:
        return read_carefully(path)
    except FileNotFoundError:
        return b""


def nonces_of(database: Path) -> Nonces | None:
    """The nonces of a lease database; None where there can be none, which is told: leases go on without."""
    try:
        return Nonces(database)
    except (InvalidValue, OSError) as error:
        log.error("clients get no nonce, and cannot be made to renew: %s", error)
        return None


__all__ = ["Nonces", "nonces_of"]

"""`DnsFiles`: keeps the files of `dns_files` as the leases and reservations are.

Who was first to have a name is known from the files themselves after a start. A file takes the place of the one before as a
whole, once a second at the most; a long one less often, for this is to take a small part of the time.
"""

import errno
import logging
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO

from pydhcpd.addresses import address_text
from pydhcpd.alarms import DNS_FILE, About
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.files import check_owned, open_carefully, replacing
from pydhcpd.leases.interface import LeaseReader, Row
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.policy import Policy
from pydhcpd.registrations import registration_of, reserved_names
from pydhcpd.services.dns_files import forms
from pydhcpd.services.dns_files.former import Formers
from pydhcpd.services.dns_files.holdings import Claim, Holdings, rivals
from pydhcpd.services.follower import BREATH, PORTION, Follower, Lease
from pydhcpd.services.room import check_room
from pydhcpd.services.service import Surroundings
from pydhcpd.sparing import Sparing

log = logging.getLogger(__name__)

EVERY = 1.0  # seconds between two writings at the least
SHARE = 10  # the writing takes that part of the time at the most
AGAIN = 10.0  # seconds after which a file that could not be written is tried again
LINES = 500  # of a file that are read or written at once: a millisecond or so
SYNCED = 1 << 18  # bytes of a file that are synced at once: commits of leases may wait for that
READABLE = 0o644  # a DNS server is another user
MOST_TOLD = 20  # names in a minute that two have


class _Ended(Exception):
    """The service is to end: what is half written is given up, and what was there before stays."""


class DnsFiles(Follower):
    """The names, and the thread that writes them."""

    name = "the DNS files"

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings)
        self._alarms = self._hosts.store.alarms
        self._holdings = Holdings()
        self._reserved_by: Policy | None = None  # the policy by which names are reserved
        self._files: tuple[DnsFile, ...] = ()
        self._recall: Iterator[None] = iter(())  # reads those that are there from before
        self._unwritten: set[DnsFile] = set()
        self._formers = Formers()
        self._next_write = 0.0
        self._written = 0
        self._sparing = Sparing(most=MOST_TOLD)

    @classmethod
    def is_wanted(cls, configuration: DHCPServerConfiguration) -> bool:
        """Where there are files."""
        return bool(configuration["dns_files"])

    def prepare(self, configuration: DHCPServerConfiguration) -> None:
        """Which files there are."""
        self._prepared = configuration["dns_files"]

    def reconfigure(self) -> None:
        """The same, from now on."""
        self._is_new = True

    def status(self) -> Iterator[str]:
        """How much is in them."""
        yield from super().status()
        yield f"{self._written} names"
        if self._unwritten or self._rest is not None:
            yield "being written" if self._rest is None else "the leases are being gone through"

    # --- the thread

    def _run(self) -> None:
        while not self._ended.wait(self._pause()):
            self._guarded()
        self._guarded()
        self._formers.close()
        self._holdings.close()

    def _guarded(self) -> None:
        """One round, whose failure is that of the files alone."""
        try:
            self._hear()
            self._round()
        except (OSError, InvalidValue, StoreError) as error:
            self._alarms.begin(DNS_FILE, f"the leases cannot be read for dns_files: {error}", logging.WARNING)
        else:
            self._alarms.end(DNS_FILE, "the leases can be read again for dns_files")

    def _round(self) -> None:
        serving = self.surroundings.server.serving
        if serving is None:
            return
        if self._is_new:
            self._begin()
        self._keep_up(serving.policy)
        any(self._ended.wait(BREATH) for _ in self._formers.let_go(time.monotonic()))
        if self._unwritten and self._is_complete and time.monotonic() >= self._next_write:
            self._write_all()

    def _begin(self) -> None:
        """Take over which files there are; of those that are there already, who was called what."""
        self._is_new = False
        for file in set(self._files) - set(self._prepared):
            self._alarms.end(DNS_FILE, f"{file.path} is not written any more", About(str(file.path)))
        self._recall = chain(self._recall, *(self._recalled(file) for file in self._prepared if file not in self._files))
        self._files, self._unwritten, self._next_write = self._prepared, set(self._prepared), 0.0
        self._start_over()

    # --- what has changed

    def _portions(self, policy: Policy, reader: LeaseReader) -> Iterator[None]:
        for _ in self._recall:  # before anybody else says that he has the name; goes on where it was left
            yield
        yield from super()._portions(policy, reader)

    def _all(self, policy: Policy) -> Iterator[None]:
        if self._reserved_by is not policy:
            yield from self._reserved(policy)
        yield from super()._all(policy)

    def _recalled(self, file: DnsFile) -> Iterator[None]:
        """The names in a file that was written before; what of it is not so any more, the leases tell."""
        with suppress(OSError, InvalidValue, UnicodeDecodeError), \
                os.fdopen(open_carefully(file.path), encoding="ascii") as lines:
            while some := list(islice(lines, LINES)):
                with self._holdings.together():
                    for address, name in forms.names_in(file, some):
                        if not self._holdings.holder(name):
                            self._holdings.settle(address, name)
                yield

    def _reserved(self, policy: Policy) -> Iterator[None]:
        """What addresses are called by their reservations."""
        self._holdings.forget_reserved()
        names = reserved_names(policy)
        while some := list(islice(names, PORTION)):
            with self._holdings.together():
                self._holdings.reserve(some)
            yield
        self._reserved_by = policy

    def _known(self, after: int, most: int) -> list[int]:
        return self._holdings.addresses(after, most)

    def _settle(self, policy: Policy, leases: Sequence[Lease]) -> None:
        now = self._hosts.time.now()
        claims = [self._claim(policy, address, row, now) for address, row in leases]
        with self._holdings.together():
            news = [one for one in claims if self._holdings.settle(one[0], one[1], is_there=one[2])]
        if news:
            self._unwritten = set(self._files)
            self._tell(rivals(self._holdings, news))

    def _claim(self, policy: Policy, address: int, row: Row | None, now: float) -> Claim:
        """What an address is called: by its lease, else by its reservation."""
        told = None if row is None else registration_of(policy, row, now)
        return (address, self._holdings.reserved(address), False) if told is None else (address, told.name, True)

    def _tell(self, found: Iterable[tuple[int, str, int]]) -> None:
        """That two are called the same."""
        now = time.monotonic()
        self._sparing.unsaid(now)
        for address, name, holder in found:
            if self._sparing.may_say((address, name), now):
                log.warning("%s: %s is called %s, as %s was before, which keeps the name", self.name, address_text(address),
                            name, address_text(holder))

    # --- the files

    def _write_all(self) -> None:
        began = time.monotonic()
        for file in [one for one in self._files if one in self._unwritten]:
            if self._ended.is_set():
                return
            self._unwritten.discard(file)
            if not self._could_write(file):
                self._unwritten.add(file)
        took = time.monotonic() - began
        self._next_write = time.monotonic() + max(EVERY, took * SHARE, AGAIN if self._unwritten else 0.0)

    def _could_write(self, file: DnsFile) -> bool:
        about = About(str(file.path))
        try:
            check_owned(file.path)
            check_room(file.path)
            self._write(file)
        except (OSError, InvalidValue) as error:
            self._alarms.begin(DNS_FILE, f"{file.path} is not written: {_words(error, file.path)}; the one before is as it was",
                               logging.WARNING, about)
            return False
        except _Ended:
            return False
        self._alarms.end(DNS_FILE, f"{file.path} is written again", about)
        return True

    def _write(self, file: DnsFile) -> None:
        serial = forms.next_serial(_beginning(file.path))
        self._formers.hold(file.path, time.monotonic())
        with replacing(file.path, READABLE) as made:
            made.write(forms.head(file, serial).encode())
            unsynced = 0
            for held in self._holdings.held(LINES):
                unsynced = _written(made, forms.body(file, held), unsynced)
                self._hear()
                if self._ended.wait(self._leisure.rest(BREATH)):
                    raise _Ended
        self._written = len(self._holdings)


def _written(file: BinaryIO, text: str, unsynced: int) -> int:
    """Write a part; returns how many bytes are not synced yet."""
    unsynced += file.write(text.encode())
    if unsynced < SYNCED:
        return unsynced
    file.flush()
    os.fdatasync(file.fileno())
    return 0


def _beginning(path: Path) -> str:
    """The first lines of a file; empty where there is none."""
    with suppress(OSError, InvalidValue), os.fdopen(open_carefully(path), "rb") as file:
        return file.read(1000).decode("ascii", "replace")
    return ""


def _words(error: OSError | InvalidValue, path: Path) -> str:
    """What went wrong, and what to do about it."""
    if isinstance(error, FileNotFoundError):
        return f"there is no directory {path.parent}; make it, for the user that pydhcpd runs as"
    if isinstance(error, OSError) and error.strerror and (isinstance(error, PermissionError) or error.errno == errno.EROFS):
        return (f"{error.strerror}; the user that pydhcpd runs as must be able to write into {path.parent} (under systemd that "
                "is /var/lib/pydhcpd, or what ReadWritePaths= names)")
    return str(error.strerror or error) if isinstance(error, OSError) else str(error)


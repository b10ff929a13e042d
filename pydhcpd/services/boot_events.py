"""`BootEvents`: what becomes of files that machines ask for, as events, and as warnings of what failed.

Both are bounded in number: a room of machines that are switched on at once asks for thousands of files, and strangers for as
many as they like.
"""

import logging
import time
from collections.abc import Callable, Sequence

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.events import Event, event, words
from pydhcpd.limiter import TokenBucket
from pydhcpd.services.boots import Boot
from pydhcpd.services.report import BEGUN, FAILED, SENDING, Report
from pydhcpd.sparing import PERIOD, Sparing

log = logging.getLogger("pydhcpd.boots")

EVENTS = 100  # a second
MOST_TOLD, TIMES = 50, 5  # clients whose failures are warned of in a minute, those of others together; and how often each
KIND = "boot"
FAILURE = f"{KIND} {FAILED}"
PROTOCOLS = {"tftp": "TFTP", "http": "HTTP"}


class BootEvents:
    """For the thread that hears reports. `publish` takes events, `now` is the time by the ledger."""

    def __init__(self, publish: Callable[[Sequence[Event]], None], now: Callable[[], float]) -> None:
        self._publish, self._now = publish, now
        self._bucket = TokenBucket(EVENTS)
        self._untold, self._tell_after = 0, 0.0
        self._sparing = Sparing(most=MOST_TOLD)

    def tell(self, boot: Boot) -> None:
        """Something is new of it."""
        told = _event(boot, self._now())
        if boot.report.what == FAILED:
            self._warn(boot.report.address, told)
        if not self._bucket.take(time.monotonic()):
            self._untold += 1
            return
        self._publish([told])
        self._tell_untold(time.monotonic())

    def _tell_untold(self, now: float) -> None:
        if self._untold and now >= self._tell_after:
            log.warning("too many files were asked for at a time: of what became of them, %d events are not told", self._untold)
            self._untold, self._tell_after = 0, now + PERIOD

    def _warn(self, address: str, told: Event) -> None:
        now = time.monotonic()
        for one, count in self._sparing.unsaid(now):
            log.warning("%s: %d more files were not sent in the last minute", one, count)
        if self._sparing.may_say(address, now, TIMES):
            log.warning("%s", words(told))


def _event(boot: Boot, now: float) -> Event:
    report = boot.report
    try:
        address = address_from(report.address)
    except InvalidValue:
        address = 0
    by = protocol(report)
    note = f"{report.file} by {by}: {outcome(report)}" if report.size is not None else f"{report.trouble} ({by})"
    return event(now, f"{KIND} {report.what}", address, bytes.fromhex(boot.hardware.replace(":", "")), boot.name, note)


def protocol(report: Report) -> str:
    """What a file was asked for by."""
    return PROTOCOLS.get(report.by, report.by)


def outcome(report: Report) -> str:
    """What became of a file, in words."""
    size = octets(report.size or 0)
    if report.what == BEGUN:
        return f"{size}, on its way"
    if report.what == SENDING:
        return f"{octets(report.sent)} of {size} by now{_rate(report)}"
    if report.what == FAILED:
        how_far = "" if report.size is None else f" after {octets(report.sent)} of {size}"
        return f"failed{how_far}: {report.trouble}"
    all_of_it = size if report.sent == report.size else f"{octets(report.sent)} of {size}"
    return f"{all_of_it} in {_short(report.seconds)}{_rate(report)}"


def _rate(report: Report) -> str:
    return f", {octets(round(report.sent / report.seconds))}/s" if report.seconds > 0 and report.sent else ""


def octets(number: int) -> str:
    """So many octets, as people say it."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:.{0 if number >= 100 * size else 1}f} {unit}"
    return f"{number} B"


def _short(seconds: float) -> str:
    return f"{seconds:.{0 if seconds >= 10 else 1 if seconds >= 1 else 3}f} s"

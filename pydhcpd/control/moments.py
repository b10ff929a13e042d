"""Moments as people write them: `2026-01-31T14:00`, with a space, with seconds, the day alone, the time of today alone."""

import re
import time
from datetime import date, datetime, timedelta

from pydhcpd.errors import InvalidValue

ALLOWED = "write 2026-01-31T14:00, 2026-01-31T14:00:05, 2026-01-31 for the whole day, or 14:00 for today"
_TIME_ALONE = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")
_DAY_ALONE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WITH_SECONDS = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}")


def span_of(text: str, now: float) -> tuple[float, float]:
    """From when until when a moment is, in seconds of the epoch: a second, a minute, or a day, as exactly as it is written.

    Local time, unless the text has a zone. An hour that comes twice, when summer ends, is both. Raises InvalidValue.
    """
    try:
        if text == "now":
            return now, now + 1
        if _DAY_ALONE.fullmatch(text):
            day = date.fromisoformat(text)
            return _seconds(_midnight(day), 0), _seconds(_midnight(day + timedelta(days=1)), 0)
        begin = datetime.fromisoformat(_with_day(text, now))
        length = timedelta(seconds=1) if _WITH_SECONDS.match(_with_day(text, now)) else timedelta(minutes=1)
        return _seconds(begin, 0), _seconds(begin + length - timedelta(microseconds=1), 1)
    except (ValueError, OverflowError, OSError):
        raise InvalidValue(f"{text!r} is no time; {ALLOWED}") from None


def _with_day(text: str, now: float) -> str:
    """The text with the day of today, where it has none."""
    if _TIME_ALONE.fullmatch(text):
        return f"{time.strftime('%Y-%m-%d', time.localtime(now))} {text:0>{8 if text.count(':') == 2 else 5}}"
    return text


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _seconds(moment: datetime, fold: int) -> float:
    """Of a local time that comes twice the first, or with `fold` 1 the second."""
    return moment.replace(fold=fold).timestamp()

"""What of a file a request gets: all, a part, or nothing, by what it says of versions and ranges. No input or output.

RFC 9110: preconditions in the order of section 13.2.2, ranges of section 14. A request for several ranges gets the whole
file, as section 14.2 allows: no firmware asks for them.
"""

import calendar
import math
import re
import time
from collections.abc import Callable, Sequence
from email.utils import formatdate, parsedate
from os import stat_result
from typing import NamedTuple

OK, PARTIAL, NOT_MODIFIED, PRECONDITION_FAILED, NOT_SATISFIABLE = 200, 206, 304, 412, 416

Fields = Callable[[str], Sequence[str]]
"""All values of the fields of a name, in their order."""

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_RANGE = re.compile(r"bytes=[ \t]*([0-9]*)-([0-9]*)[ \t]*", re.IGNORECASE)
_MOST_DIGITS = 18  # of a number that can be a place in a file


class Version(NamedTuple):
    """What tells a file from the one that was there before: a strong validator, and when it was modified."""

    size: int
    tag: str
    modified: int

    @classmethod
    def of(cls, status: stat_result, now: float) -> "Version":
        """That of a file; none was modified after `now` (section 8.8.2.1)."""
        tag = f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"'
        return cls(status.st_size, tag, max(0, min(int(status.st_mtime), int(now))))

    @property
    def date(self) -> str:
        """When it was modified, as a field says it."""
        return formatdate(self.modified, usegmt=True)


class Selection(NamedTuple):
    """The status of the answer, and which part of the file is its content."""

    status: int
    first: int = 0
    length: int = 0


def select(method: str, fields: Fields, version: Version) -> Selection:
    """What a GET or HEAD gets."""
    if not _may_be_done(fields, version):
        return Selection(PRECONDITION_FAILED)
    if _is_known(fields, version):
        return Selection(NOT_MODIFIED)
    ranges = fields("Range")
    if method == "GET" and len(ranges) == 1 and _range_counts(fields, version):
        return _part(ranges[0], version.size)
    return Selection(OK, 0, version.size)


def _may_be_done(fields: Fields, version: Version) -> bool:
    if tags := fields("If-Match"):
        return _has_tag(tags, version.tag)
    since = _date(fields("If-Unmodified-Since"))
    return since is None or version.modified <= since


def _is_known(fields: Fields, version: Version) -> bool:
    """Whether the client has it already."""
    if tags := fields("If-None-Match"):
        return _has_tag(tags, version.tag, or_weak=True)
    since = _date(fields("If-Modified-Since"))
    return since is not None and version.modified <= since


def _range_counts(fields: Fields, version: Version) -> bool:
    """Whether the rest of what a client has is still the same file (section 13.1.5)."""
    values = fields("If-Range")
    return not values or values[-1] == version.tag or _date(values) == version.modified


def _has_tag(values: Sequence[str], tag: str, or_weak: bool = False) -> bool:
    text = ",".join(values)
    found = _TAG.findall(text)
    return text.strip() == "*" or tag in found or (or_weak and f"W/{tag}" in found)


def _date(values: Sequence[str]) -> int | None:
    """Seconds of the epoch; None where there is no date, or nobody can read it."""
    parsed = parsedate(values[0]) if len(values) == 1 else None
    if parsed is None:
        return None
    try:
        time.struct_time(parsed)
        return calendar.timegm(parsed)
    except (ValueError, OverflowError):
        return None


def _part(text: str, size: int) -> Selection:
    found = _RANGE.fullmatch(text)
    if found is None or found.groups() == ("", ""):
        return Selection(OK, 0, size)
    first, last = (_number(digits) for digits in found.groups())
    if first is None:
        first, last = max(size - (last or 0), 0), math.inf
    elif last is not None and last < first:
        return Selection(OK, 0, size)
    if first >= size:
        return Selection(NOT_SATISFIABLE)
    end = size if last is None else int(min(last + 1, size))
    return Selection(PARTIAL, int(first), end - int(first))


def _number(digits: str) -> float | None:
    """A place in a file; beyond every end where it has more digits than any has."""
    if not digits:
        return None
    return int(digits) if len(digits.lstrip("0")) <= _MOST_DIGITS else math.inf

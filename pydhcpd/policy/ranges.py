"""Ranges of addresses, as the configuration writes them: "a - b", "a/n" or (a, b)."""

import re
from itertools import pairwise

from pydhcpd.addresses import address_from, address_text, is_address, network_from, several_in
from pydhcpd.errors import InvalidValue

_DOTTED = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")

Range = tuple[int, int]  # first and last address, host byte order, both included
ALLOWED = "allowed are 'a - b', 'a/n' and ('a', 'b')"


def range_from(value: object) -> Range:
    """First and last address of one range. Raises InvalidValue."""
    if isinstance(value, str) and "/" in value:
        base, mask = network_from(value)
        return base, base | ~mask & 0xFFFFFFFF
    if isinstance(value, str) and not any(map(str.isdigit, value)):
        raise InvalidValue(f"{value!r} is not a range; {ALLOWED}")
    ends = value.split("-") if isinstance(value, str) else value
    if not isinstance(ends, list | tuple) or len(ends) not in (1, 2):
        raise InvalidValue(f"{value!r} is not a range; {ALLOWED}")
    if isinstance(value, str) and (meant := _meant_by(value)):
        raise InvalidValue(f"{value!r} is not a range; write {meant!r}")
    first, last = (address_from(end.strip() if isinstance(end, str) else end) for end in (ends[0], ends[-1]))
    if last < first:
        raise InvalidValue(f"the range {range_text((first, last))} ends before it begins; {ALLOWED}")
    return first, last


def _meant_by(text: str) -> str:
    """The range that was meant by "a, b", "a b" or "10.1.0.10-20"; nothing where it is one, or is none."""
    written = _DOTTED.findall(text)
    if len(written) == 2 and not re.fullmatch(r"[0-9.]+\s*-\s*[0-9.]+", text.strip()):
        return " - ".join(written) if all(map(is_address, written)) else ""
    parts = several_in(text.replace("-", " "))
    if len(parts) < 2 or not is_address(parts[0]):
        return ""
    last = parts[1] if "." in parts[1] else f"{parts[0].rpartition('.')[0]}.{parts[1]}"
    return f"{parts[0]} - {last}" if is_address(last) and ("-" not in text or "." not in parts[1]) else ""


def ranges_from(value: object) -> tuple[Range, ...]:
    """Several ranges, or one alone; they may not overlap. Raises InvalidValue."""
    if isinstance(value, str) or is_pair(value):
        value = [value]
    if not isinstance(value, list | tuple):
        raise InvalidValue(f"{value!r} is not a list of ranges; {ALLOWED}")
    ranges = tuple(range_from(one) for one in value)
    for before, after in pairwise(sorted(ranges)):
        if after[0] <= before[1]:
            raise InvalidValue(f"the ranges {range_text(before)} and {range_text(after)} overlap; allowed is each "
                               "address once")
    return ranges


def is_pair(value: object) -> bool:
    """Whether a value is one range as ("a", "b"), rather than a tuple of ranges."""
    return (isinstance(value, tuple) and len(value) == 2
            and all(isinstance(end, str) and not {"-", "/"} & set(end) for end in value))


def range_text(bounds: Range) -> str:
    """The form "a - b"."""
    return f"{address_text(bounds[0])} - {address_text(bounds[1])}"

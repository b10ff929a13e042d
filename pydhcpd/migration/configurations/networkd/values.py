"""Values as systemd writes them: yes and no, lengths of time (systemd.time(7)), and options by number, type and data."""

import ipaddress
import re
from collections.abc import Iterator

from pydhcpd.addresses import address_from
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import INFINITE
from pydhcpd.migration.configurations.values import int_from

YES, NO = ("1", "yes", "y", "true", "t", "on"), ("0", "no", "n", "false", "f", "off")
UNITS = {
    **dict.fromkeys(("us", "usec", "µs", "μs"), 1e-6), **dict.fromkeys(("ms", "msec"), 1e-3),
    **dict.fromkeys(("", "s", "sec", "second", "seconds"), 1), **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600), **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "week", "weeks"), 604800), **dict.fromkeys(("M", "month", "months"), 2629800),
    **dict.fromkeys(("y", "year", "years"), 31557600)}
TIME = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([a-zA-Zµμ]*)")
WIDTHS = {"uint8": 1, "uint16": 2, "uint32": 4}
ESCAPES = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "s": 32}


def is_yes(text: str) -> bool:
    """A boolean. Raises InvalidValue."""
    if text.lower() not in (*YES, *NO):
        raise InvalidValue(f"{escape(text)!r} is neither yes nor no; networkd ignores it")
    return text.lower() in YES


def time_span(text: str) -> int:
    """The seconds of `12h`, `1h 30min`, `3600` or `infinity`. Raises InvalidValue."""
    if text == "infinity":
        return INFINITE
    total, place = 0.0, 0
    while place < len(text.rstrip()):
        found = TIME.match(text, place)
        if found is None or found[2] not in UNITS:
            raise InvalidValue(f"{escape(text)!r} is no length of time; networkd ignores it")
        total, place = total + float(found[1]) * UNITS[found[2]], found.end()
    return min(max(int(total), 1), INFINITE)


def words_of(text: str) -> Iterator[str]:
    """The words of a line; quotation marks keep blanks within one."""
    for found in re.finditer(r"""(?:[^\s"']|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')+""", text):
        yield re.sub(r"""(?<!\\)["']""", "", found[0])


def option_from(word: str) -> tuple[int, bytes]:
    """Number and octets of `26:uint16:1400`; a string may have blanks. Raises InvalidValue."""
    parts = word.split(":", 2)
    if len(parts) != 3:
        raise InvalidValue(f"{escape(word)!r} is not an option's number, type and data, as 26:uint16:1400; networkd ignores it")
    code = int_from(parts[0])
    if not 0 < code < 255:
        raise InvalidValue(f"{code} is no option; they are 1 to 254")
    return code, _octets(parts[1], parts[2])


def _octets(kind: str, data: str) -> bytes:
    try:
        if kind in WIDTHS:
            return int_from(data).to_bytes(WIDTHS[kind], "big")
        if kind == "ipv6address":
            return ipaddress.IPv6Address(data).packed
    except (OverflowError, ValueError):
        raise InvalidValue(f"{escape(data)!r} is no {kind}") from None
    if kind == "ipv4address":
        return address_from(data).to_bytes(4, "big")
    if kind == "string":
        return _unescaped(data)
    raise InvalidValue(f"{escape(kind)!r} is no type; they are uint8, uint16, uint32, ipv4address, ipv6address and string")


def _unescaped(text: str) -> bytes:
    """Octets of a text with C's escapes."""
    def octet(found: re.Match[bytes]) -> bytes:
        sign = found[1].decode("latin-1")
        if sign.startswith("x") and len(sign) == 3:
            return bytes((int(sign[1:], 16),))
        if sign.isdecimal() and len(sign) == 3:
            return bytes((int(sign, 8) & 0xFF,))
        return bytes((ESCAPES[sign],)) if sign in ESCAPES else found[1]
    return re.sub(rb"\\(x[0-9a-fA-F]{2}|[0-7]{3}|.)", octet, text.encode("utf-8", "surrogateescape"))

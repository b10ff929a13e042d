"""What the prompt shows: rows, times and distances as lines of text that are safe to show."""

import time
from typing import NamedTuple

from pydhcpd.durations import duration
from pydhcpd.escape import escape


class HostRow(NamedTuple):
    """One line of the table of hosts."""

    ip: str
    mac: str
    hostname: str
    expires: float | None
    """Seconds of the epoch, None where it never expires."""
    state: str
    sent_name: str = ""
    """What the host sent, where its name is another one."""


# Widths that hold whatever is usual. What is longer pushes its own line aside rather than being cut.
TABLE = "{:<15}  {:<17}  {:<24}  {:<30}  {}"
TITLES = TABLE.format("address", "hardware address", "name", "expires", "state")


def host_line(row: HostRow, now: float) -> str:
    """One row of the table, safe to show."""
    expires = "never" if row.expires is None else f"{local_time(row.expires)} {distance(row.expires - now)}"
    name = f"{escape(row.hostname)} (sent {escape(row.sent_name)})" if row.sent_name else escape(row.hostname)
    return TABLE.format(escape(row.ip) or "-", escape(row.mac) or "-", name or "-", expires, escape(row.state) or "-")


def host_document(row: HostRow) -> dict[str, object]:
    """The same for JSON; its time is in seconds of the epoch."""
    return {"address": row.ip, "hardware_address": row.mac, "name": row.hostname, "sent_name": row.sent_name or row.hostname,
            "expires": row.expires, "state": row.state}


def local_time(seconds: float) -> str:
    """An instant of the epoch as people here read it; the bare number where the calendar does not reach."""
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return str(seconds)


def distance(seconds: float) -> str:
    """How far ahead or back something is, in the largest two units that matter: "in 59m", "in 3d23h", "12s ago"."""
    if not abs(seconds) < 1e12:  # thirty thousand years, or not a number
        return "?"
    length = duration(int(abs(seconds)))
    return f"in {length}" if seconds > 0 else f"{length} ago"

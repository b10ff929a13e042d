"""The leases of systemd-networkd's server: /var/lib/systemd/network/dhcp-server-lease/INTERFACE, since version 256. Read only.

At first a list, whose ends are those of CLOCK_BOOTTIME and mean something until the next boot alone; then an object that says
which boot that was, and the ends by the wall clock as well.
"""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

from pydhcpd.errors import InvalidValue
from pydhcpd.leases.address_table import BY_HARDWARE, NEVER
from pydhcpd.leases.interface import Row
from pydhcpd.leases.ledger_time import this_boot
from pydhcpd.migration.source import ETHERNET, Source, held, name_from, time_within

BEGINS = re.compile(rb'\s*(\[\s*\{\s*"ClientId"|\{\s*"(BootID|Address|PrefixLength|Leases)"\s*:)')
MICROSECOND = 1e-6
LARGEST = 64 << 20  # bytes


def read_networkd(source: Source) -> Iterator[Row]:
    """Rows of the leases, their times by the wall clock; what cannot be read is told by the number of the lease."""
    source.file.seek(0)
    try:
        whole = json.loads(source.file.read(LARGEST))
        leases = whole["Leases"] if isinstance(whole, dict) else whole
        boot = whole.get("BootID") if isinstance(whole, dict) else None
    except (ValueError, LookupError):
        raise InvalidValue(f"{source.name} is cut off, or no file of networkd's leases: nothing was imported") from None
    for number, lease in enumerate(leases, 1):
        try:
            yield _row(lease, source, boot)
        except (InvalidValue, TypeError, ValueError, LookupError, OverflowError) as error:
            why = error if isinstance(error, InvalidValue) else "not as networkd writes it"
            source.bad.append(f"{source.name}: lease {number}: {why}")


def _row(lease: dict[str, Any], source: Source, boot: str | None) -> Row:
    address = int.from_bytes(bytes(lease["Address"]), "big")
    identifier = bytes(lease["ClientId"])
    ends = _end(lease, source, boot)
    used = source.now if ends == NEVER else max(min(ends - source.lease_time, source.now), 0)
    row = held(address, identifier, *_hardware(lease, identifier), ends, used,
               hostname=name_from(str(lease.get("Hostname", ""))))
    # Of a client that sent no identifier networkd makes one of its hardware address: which it was, the client shows.
    return row._replace(client=bytes((BY_HARDWARE, row.htype)) + row.hardware) if _is_made(identifier, row) else row


def _is_made(identifier: bytes, row: Row) -> bool:
    return bool(row.hardware) and identifier == bytes((ETHERNET,)) + row.hardware


def _hardware(lease: dict[str, Any], identifier: bytes) -> tuple[int, bytes]:
    if "HardwareAddress" in lease:
        address = bytes(lease["HardwareAddress"])[:lease.get("HardwareAddressLength", 16)]
        return int(lease.get("HardwareAddressType", ETHERNET)), address
    is_address = identifier[:1] == bytes((ETHERNET,)) and len(identifier) == 7  # RFC 2132 section 9.14
    return (ETHERNET, identifier[1:]) if is_address else (0, b"")


def _end(lease: dict[str, Any], source: Source, boot: str | None) -> int:
    if "ExpirationRealtimeUSec" in lease:
        return time_within(lease["ExpirationRealtimeUSec"] * MICROSECOND)
    if "ExpirationUSec" not in lease:
        return NEVER
    if boot not in (None, this_boot().replace("-", "")):
        raise InvalidValue("its end is told by the clock of another boot of the machine, and cannot be known")
    return time_within(source.now - time.clock_gettime(time.CLOCK_BOOTTIME) + lease["ExpirationUSec"] * MICROSECOND)


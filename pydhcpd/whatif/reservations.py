"""What would change of the reservations, and who holds the addresses of those that are new."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pydhcpd.addresses import address_text, hardware_text
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.output import local_time
from pydhcpd.escape import escape
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.policy.reservation import Reservation
from pydhcpd.whatif.sentences import MOST_NAMED, named

MOST_HELD = 20  # sentences on addresses that somebody holds
NEVER = 0xFFFFFFFF


def reservation_changes(present: DHCPServerConfiguration, new: DHCPServerConfiguration, hosts: HostDatabase,
                        now: float) -> Iterator[str]:
    """The sentences."""
    before, after = ({_key(one): one for one in configuration.hosts if one.ips} for configuration in (present, new))
    added = [one for key, one in after.items() if key not in before]
    held = [(one, row) for one in added for ip in one.ips if (row := _holder(one, hosts.store.row(ip), now)) is not None]
    those = {id(one) for one, _ in held}
    for one, row in islice(held, MOST_HELD):
        until = "for ever" if row.ends == NEVER else f"until {local_time(hosts.time.wall_of(row.ends))}"
        holder = escape(row.sent_name or row.hostname) or hardware_text(row.hardware)
        yield f"1 reservation is new, its address {address_text(row.address)} is held by {holder} {until}: {one}"
    rest = len(held) - MOST_HELD
    if rest > 0:
        yield f"and the addresses of {rest:,} more new reservations are held"
    yield from _sentence([one for one in added if id(one) not in those], "new")
    yield from _sentence([one for key, one in before.items() if key not in after], "gone")


def _key(one: Reservation) -> object:
    """What it reserves, and for whom."""
    return one.ips, one.macs, one.client_ids, one.uuids, one.relay, one.patterns, one.match_hostname and one.hostname


def _holder(one: Reservation, row: Row | None, now: float) -> Row | None:
    """Who else holds the address."""
    if row is None or row.state != BOUND or not row.client or row.ends <= now or one.knows(row.client, row.hardware):
        return None
    return row


def _sentence(some: Sequence[Reservation], what: str) -> Iterable[str]:
    if some:
        words = f"{len(some):,} reservations are" if len(some) > 1 else "1 reservation is"
        yield f"{words} {what}: {named([str(one) for one in some[:MOST_NAMED]], len(some))}"

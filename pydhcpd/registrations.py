"""`Registration`: what is to be in the DNS for one lease, and of whom. Follows from the lease and the configuration alone, so
that it is the same after a restart: who keeps the DNS compares it with what is there."""

from collections.abc import Iterator
from typing import NamedTuple

from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.policy.dns import wishes
from pydhcpd.policy.policy import Policy
from pydhcpd.remembered import as_request


class Registration(NamedTuple):
    """A name and an address that belong together. `forward` and `reverse` tell of which of the two records it is we who keep it
    in a zone, whether there is such a zone or not."""

    address: int
    """Host byte order."""
    name: str
    """Full, of letters, digits, hyphens and dots, in small letters, without a dot at its end."""
    forward: bool
    reverse: bool
    identifier: bytes
    """The client identifier by which the client has its lease; b"" where it is its hardware address."""
    htype: int
    hardware: bytes


def registration_of(policy: Policy, row: Row, now: float) -> Registration | None:
    """What is to be in the DNS for a lease; None where nothing is: it is over, has no name, or its client wants none there."""
    if row.state != BOUND or not row.client or row.ends <= now:
        return None
    terms = policy.terms_of_lease(as_request(row), row.address)
    naming = None if terms is None else terms.naming
    if naming is None:
        return None
    wish, name = wishes.read(row.client, row.dns)
    forward, reverse = wishes.granted(wish, naming.updates)
    if name is None:
        is_given = row.hostname == naming.given
        name = policy.name_in_dns(naming, row.hostname, row.hardware, row.address, is_given=is_given)
    if not name or not reverse:
        return None
    identifier = row.client[1:] if row.client[:1] == b"\1" else b""
    return Registration(row.address, name, forward, reverse, identifier, row.htype, row.hardware)


def reserved_names(policy: Policy) -> Iterator[tuple[int, str]]:
    """The addresses that are reserved for hosts with names, and their full names, whether they are there or not."""
    for host in policy.reservations.listed:
        for ip in host.ips if host.hostname and not host.ignore else ():
            terms = policy.terms_of_host(host, ip)
            if terms is not None and terms.naming is not None and terms.name:
                hardware = host.macs[0] if host.macs else b""
                if name := policy.name_in_dns(terms.naming, terms.name, hardware, ip, is_given=True):
                    yield ip, name

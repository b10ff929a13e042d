"""What would change for clients if another configuration were in force: each is judged by both, over copies of the leases.

By both it comes for its address again, and where it may not have that any more it begins anew, and takes what it is offered: on
the copy that is carried out, so that no two are given one address. Knows neither files nor the running server.
"""

from typing import NamedTuple

from pydhcpd.clients import Client
from pydhcpd.explain import Outcome, carry_out, judge
from pydhcpd.leases.address_table import POOL, RESERVED
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.serving import Serving
from pydhcpd.whatif.comparison import Difference, OwnOptions, differences
from pydhcpd.wire.packet import ACK, NAK, Packet

OF_ADDRESS = "address"


class Side(NamedTuple):
    """A configuration as it would serve, with a copy of the leases, at a time by their ledger."""

    serving: Serving
    hosts: HostDatabase
    now: float

    def outcome(self, client: Client) -> Outcome:
        """What comes of a client's coming again."""
        again = judge(client.comes_again(), *self)
        if _is_granted(again.answer) or not client.can_begin_anew:
            return again
        offer = judge(client.begins(), *self)
        if offer.answer is None or not offer.answer.yiaddr:
            return offer
        carry_out(client.begins(), *self)
        chosen = judge(client.selects(offer.answer), *self)
        carry_out(client.selects(offer.answer), *self)
        return chosen


class Change(NamedTuple):
    """What would change for a client. `given` is its address then, 0 for none; `lost` tells why it loses the one that it has,
    `reason` why it gets none; `gains` that it gets one, and does not now."""

    client: Client
    network: str
    given: int
    lost: str
    reason: str
    gains: bool
    values: list[Difference]


def change_of(client: Client, present: Side, new: Side, own: OwnOptions) -> Change | None:
    """What would change for a client; None for nothing."""
    before, after = present.outcome(client), new.outcome(client)
    network = present.serving.network_words(client.row.address)
    had, gets = (_address(one) for one in (before, after))
    if had and had != gets:
        return Change(client, network, gets, _why_lost(had, after, new), "" if gets else _why_none(after), False, [])
    if gets and not had:
        return Change(client, network, gets, "", "", True, [])
    found = [one for one in differences(before.answer, after.answer, own) if one.about != OF_ADDRESS] if had else []
    return Change(client, network, gets, "", "", False, found) if found else None


def _is_granted(answer: Packet | None) -> bool:
    return answer is not None and answer.message_type == ACK


def _address(outcome: Outcome) -> int:
    """The address that a client gets; 0 for none."""
    return outcome.answer.yiaddr if outcome.answer is not None and _is_granted(outcome.answer) else 0


def _why_none(outcome: Outcome) -> str:
    """Why a client gets no address, in words."""
    if outcome.answer is not None and outcome.answer.message_type == NAK:
        return outcome.answer.options.get(56, b"").decode(errors="replace") or "it is refused"
    return outcome.reason.removeprefix("no free address for ").removeprefix("no address for ")


def _why_lost(address: int, outcome: Outcome, new: Side) -> str:
    """Why a client may not have its address any more, in words."""
    network = new.serving.policy.networks.of(address)
    if network is None:
        return "no network holds it any more"
    case = outcome.transaction
    if outcome.answer is None and case.event is None:
        return ""  # it is not that address which it may not have
    reserved, kind = getattr(case, "reserved", 0), network.kinds[address - network.base]
    if reserved and reserved != address:
        return "another one is reserved"
    if kind == RESERVED:
        return "it is reserved for another client"
    if kind < POOL:
        return "no pool holds it any more"
    return "" if network.pool_of(address) in getattr(case, "pools", ()) else "the pool that holds it is closed to such clients"


__all__ = ["Change", "Side", "change_of"]

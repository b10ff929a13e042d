"""What Kea's scopes have in common: options, boot fields, lease times and timers, and words for people."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.draft import INFINITE, Call, Draft, seconds
from pydhcpd.migration.configurations.kea.elsewhere import COMMON
from pydhcpd.migration.configurations.kea.options import Options
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.teller import Taker, Teller

LIFETIMES = ("valid-lifetime", "min-valid-lifetime", "max-valid-lifetime")
OF_LIFETIMES = {"valid-lifetime": "ip_address_lease_time", "min-valid-lifetime": "minimum_lease_time",
                "max-valid-lifetime": "maximum_lease_time"}
TIMERS = {"renew-timer": "renewal_time_value", "rebind-timer": "rebinding_time_value"}
HELD_ITEMS = ("subnet4", "shared-networks", "pools", "reservations", "client-classes", "option-data", "option-def")
"""Members whose items carry their own comments."""
T1, T2 = 0.5, 0.875
LIFETIME = 7200  # seconds, where nothing is set
TIMES = (*LIFETIMES, *TIMERS, "calculate-tee-times", "t1-percent", "t2-percent")
"""Members of which T1 and T2 follow."""


class Scopes:
    """Takes a scope's members over into a call."""

    def __init__(self, draft: Draft, teller: Teller, options: Options) -> None:
        self.draft, self.teller, self.options = draft, teller, options
        self._around: list[Node] = []  # scopes that hold the one in hand, the outermost first

    @contextmanager
    def inside(self, node: Node) -> Iterator[None]:
        """What is taken meanwhile lies within this scope, and inherits what it says."""
        self._around.append(node)
        try:
            yield
        finally:
            self._around.pop()

    def said(self, node: Node, key: str) -> Node | None:
        """A member of a scope, or else of the nearest one around it that has it."""
        return next((found for one in (node, *reversed(self._around)) if (found := one.get(key)) is not None), None)

    def take(self, node: Node, call: Call, takers: Mapping[str, Taker], elsewhere: Mapping[str, str] = COMMON) -> None:
        """All members of an object: those of `takers`, and those that every scope has."""
        self._comment(call, "", node.comments)
        self.teller.members(node, self._commented(call, {**self.common(call), **takers}), elsewhere)

    def _commented(self, call: Call, takers: Mapping[str, Taker]) -> dict[str, Taker]:
        return {key: self._commenting(call, taker) for key, taker in takers.items()}

    def _commenting(self, call: Call, taker: Taker) -> Taker:
        """The same, carrying over what stood above the member."""
        def take(node: Node) -> None:
            before = set(call.keywords)
            taker(node)
            held = (node,) if node.key in HELD_ITEMS else node.walk()
            lines = [line for one in held for line in one.comments]
            named = OF_LIFETIMES.get(node.key) or next((name for name in call.keywords if name not in before), "")
            self._comment(call, named, lines)
        return take

    def _comment(self, call: Call, name: str, lines: list[str]) -> None:
        if call is not self.draft.settings:
            call.comments += lines
        elif lines and name:
            self.draft.setting_comments.setdefault(name, []).extend(lines)
        else:
            self.draft.head += lines

    def common(self, call: Call) -> dict[str, Taker]:
        """What takes the members that scopes have in common."""
        return {"option-data": lambda one: self.options.take(one, call), "next-server": lambda one: self._next(one, call),
                "server-hostname": lambda one: self._text(one, call, "server_name"),
                "boot-file-name": lambda one: self._text(one, call, "boot_file_name"),
                "user-context": lambda one: self._context(one, call), "comment": lambda one: self._context(one, call)}

    def _next(self, node: Node, call: Call) -> None:
        if not node.text or not address_from(node.text):
            return self.teller.taken(node, "it says nothing")
        call.keywords["next_server"] = address_text(address_from(node.text))
        return self.teller.taken(node, "next_server")

    def _text(self, node: Node, call: Call, name: str) -> None:
        if not node.text:
            return self.teller.taken(node, "it says nothing")
        if "{" in node.text:
            raise InvalidValue("its brace would be a placeholder here")
        call.keywords[name] = node.text
        return self.teller.taken(node, name)

    def _context(self, node: Node, call: Call) -> None:
        """Words for people become a comment."""
        if self.teller.is_told(node):
            return
        said = node.value if isinstance(node.value, str) else None
        comment = node.value.get("comment") if isinstance(node.value, dict) else None
        if comment is not None and len(node.members) == 1:
            said = comment.value
        if isinstance(node.value, dict) and "limits" in node.value and call.name != "client_class":
            self.teller.none(node.members["limits"], "limits are those of classes (lease_limit); for rates there is "
                                                     "maximum_per_client")
        text = said if isinstance(said, str) else f"{node.key}: {json.dumps(plain(node), ensure_ascii=False)}"
        self._comment(call, "", [line.strip() for line in text.splitlines()])
        for one in node.walk():
            self.teller.taken(one, "as a comment") if one.key else None

    def words(self, node: Node) -> None:
        """Words for people about what is the whole server's."""
        self._context(node, self.draft.settings)

    # --- times

    def times(self, node: Node, call: Call, *, is_class: bool = False) -> dict[str, Taker]:
        """What takes lease times, and what is said of them in this scope: the three of Kea are one value. A class inherits
        none."""
        def take(one: Node) -> None:
            least, usual, most = self._lifetimes(node, is_class=is_class)
            lifetimes = {"ip_address_lease_time": usual, "minimum_lease_time": least, "maximum_lease_time": most}
            if most == usual:
                del lifetimes["maximum_lease_time"]  # which it is
            call.keywords.update((name, seconds(value)) for name, value in lifetimes.items())
            self.teller.taken(one, OF_LIFETIMES[one.key])
        return dict.fromkeys(LIFETIMES, take)

    def _lifetimes(self, node: Node, *, is_class: bool = False) -> tuple[int, int, int]:
        """The shortest, the usual and the longest lease of a scope. Raises InvalidValue."""
        found = [node.get(name) if is_class else self.said(node, name) for name in LIFETIMES]
        usual, least, most = (None if one is None else min(one.number, INFINITE) for one in found)
        if usual is None:
            usual = least if least is not None else most if most is not None else LIFETIME
        least, most = usual if least is None else least, usual if most is None else most
        if not least <= usual <= most:
            raise InvalidValue("min-valid-lifetime <= valid-lifetime <= max-valid-lifetime is not so")
        if not usual:
            raise InvalidValue("a lease of no time is none")
        return max(least, 1), usual, most

    def timers(self, node: Node, call: Call) -> dict[str, Taker]:
        """What takes T1 and T2: times, or shares of the lease time of this scope, whoever of those around it says either."""
        if any(key in node.members for key in TIMES):
            self._put_timers(node, call)
        return {**dict.fromkeys(TIMERS, lambda one: self._timer(node, one)), "calculate-tee-times": self._calculated,
                **dict.fromkeys(("t1-percent", "t2-percent"), lambda one: self._per_cent(node, one))}

    def _put_timers(self, node: Node, call: Call) -> None:
        """Where these differ from those of the scope around it."""
        outer: tuple[int | None, int | None] = (None, None)
        if self._around:
            *around, last = self._around
            self._around = around
            outer = self._tee_times(last)
            self._around = [*around, last]
        for name, own, theirs in zip(TIMERS.values(), self._tee_times(node), outer, strict=True):
            if own != theirs:
                call.keywords[name] = None if own is None else seconds(own)

    def _tee_times(self, node: Node) -> tuple[int | None, int | None]:
        """T1 and T2 as Kea sends them, None for one that it does not."""
        try:
            _, lifetime, _ = self._lifetimes(node)
            renew, rebind = self._time(node, "renew-timer", "t1-percent", T1, lifetime), self._time(
                node, "rebind-timer", "t2-percent", T2, lifetime)
        except InvalidValue:
            return None, None
        rebind = rebind if rebind and rebind < lifetime else None
        return (renew if renew and renew < (rebind or lifetime) else None), rebind

    def _time(self, node: Node, timer: str, per_cent: str, usual: float, lifetime: int) -> int | None:
        """One of them; None for what is told by the lease time anyway."""
        said, share, calculated = self.said(node, timer), self.said(node, per_cent), self.said(node, "calculate-tee-times")
        if said is not None:
            return said.number
        if calculated is None or not calculated.truth or share is None or share.value == usual:
            return None
        return int(lifetime * _share(share))

    def _timer(self, place: Node, node: Node) -> None:
        if self._tee_times(place)[list(TIMERS).index(node.key)] is None:
            raise InvalidValue("it is 0, or not below rebind-timer or the lease time, so that Kea does not send it")
        self.teller.taken(node, TIMERS[node.key])

    def _calculated(self, node: Node) -> None:
        if node.truth:
            return self.teller.taken(node, "half and seven eighths of the lease time, unless set")
        return self.teller.differs(node, "where no times are set Kea sends none; here half and seven eighths of the lease time "
                                         "are told, which is what clients take without")

    def _per_cent(self, place: Node, node: Node) -> None:
        at = 0 if node.key == "t1-percent" else 1
        name, share = list(TIMERS.values())[at], _share(node)
        if self._tee_times(place)[at] is None or self.said(place, list(TIMERS)[at]) is not None:
            return self.teller.taken(node, "it changes nothing")
        least, _, most = self._lifetimes(place)
        if least != most:
            return self.teller.differs(node, f"{name}, a time: {share:.0%} of the usual lease time")
        return self.teller.taken(node, name)

    # --- who is served

    def identity(self, node: Node, call: Call) -> None:
        """`match-client-id`."""
        if not node.truth:
            call.keywords["client_identity"] = ["mac"]
            return self.teller.taken(node, "client_identity: the hardware address")
        if call is not self.draft.settings:
            call.keywords["client_identity"] = []
        return self.teller.taken(node, "client_identity is that unless set")

    def echo(self, node: Node) -> None:
        """`echo-client-id`."""
        if node.truth:
            return self.teller.taken(node, "it goes back always")
        return self.teller.differs(node, "the client identifier goes back always (RFC 6842)")

    def offers(self, node: Node, call: Call) -> None:
        """`offer-lifetime`."""
        if node.number:
            call.keywords["offer_hold_time"] = seconds(node.number)
        self.teller.taken(node, "offer_hold_time" if node.number else "unset: an offer is held as long as its transaction")

    def extended(self, node: Node) -> None:
        """`store-extended-info`."""
        if node.truth:
            return self.teller.taken(node, "what a relay said is kept unless remember_relay_information is False")
        return self.teller.differs(node, "what a relay said is kept; remember_relay_information = False forgets it")

    def flag(self, name: str, call: Call) -> Taker:
        """What takes a truth over under our name."""
        def take(node: Node) -> None:
            call.keywords[name] = node.truth
            self.teller.taken(node, name)
        return take

    def relays(self, node: Node, call: Call) -> None:
        """`relay`: addresses of relay agents."""
        if isinstance(node.value, list):
            raise InvalidValue("expected is an object with ip-addresses")
        for member in node.members.values():
            found = [address_from(one.text) for one in ([member] if isinstance(member.value, str) else member.items)]
            addresses = [address_text(one) for one in found if one]
            call.add("relays", *addresses) if addresses else None
            self.teller.taken(member, "relays")
        self.teller.taken(node)


def _share(node: Node) -> float:
    """Raises InvalidValue."""
    if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not 0 < node.value < 1:
        raise InvalidValue("it is no share between 0 and 1")
    return node.value


def plain(node: Node) -> object:
    """A value without its places."""
    if isinstance(node.value, dict):
        return {key: plain(one) for key, one in node.value.items()}
    return [plain(one) for one in node.value] if isinstance(node.value, list) else node.value

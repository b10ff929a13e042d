"""Names in the DNS: Kea's `dhcp-ddns`, members that begin with ddns-, and zones and keys of kea-dhcp-ddns.conf beside it."""

from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, seconds
from pydhcpd.migration.configurations.kea.reader import Node, read
from pydhcpd.migration.configurations.kea.scopes import Scopes
from pydhcpd.migration.configurations.kea.teller import Taker

BESIDE, MEMBER = "kea-dhcp-ddns.conf", "DhcpDdns"
PREFIX = "myhost"  # Kea's, where nothing is set
NAMED = ("ddns-qualifying-suffix", "ddns-replace-client-name", "ddns-generated-prefix")
"""Of which dns_name follows."""
OVERRIDES = ("ddns-override-no-update", "ddns-override-client-update")
"""Of which dns_updates follows."""
MODES = {"never": ("{hostname}",), "when-not-present": ("{hostname}", ""), "always": ("",)}
"""What clients are called: by what they send, or by a name that is made, here empty."""
NOT_TOLD = "Kea tells no DNS, for enable-updates of dhcp-ddns is not true"
HOLDS_IT = "tsig(...); the new file holds a secret: let nobody else read it, or write file=... in place of secret=..."
DOMAINS = ("forward-ddns", "reverse-ddns")


class Ddns:
    """Takes them over, where the DNS is told at all."""

    def __init__(self, scopes: Scopes) -> None:
        self._scopes, self._teller = scopes, scopes.teller
        self._is_on = False
        self._ttl: int | None = None
        self._keys: dict[str, Call] = {}

    def begin(self, node: Node, root: Node) -> None:
        """Look whether Dhcp4, which is `node`, has the DNS told, and put the zones in place."""
        said, sending = node.get("dhcp-ddns"), node.get("ddns-send-updates")
        enabled = said.get("enable-updates") if said is not None and isinstance(said.value, dict) else None
        self._is_on = enabled is not None and enabled.value is True and (sending is None or sending.value is True)
        ttl = node.get("ddns-ttl")
        self._ttl = ttl.number if ttl is not None and isinstance(ttl.value, int) else None
        if self._is_on:
            self._zones(node, root)

    def takers(self, node: Node, call: Call) -> dict[str, Taker]:
        """What takes the members of a scope."""
        takers: dict[str, Taker] = {**dict.fromkeys(NAMED, lambda one: self._named(node, one, call)),
                  **dict.fromkeys(OVERRIDES, lambda one: self._updates(node, one, call)),
                  "ddns-send-updates": lambda one: self._sending(one, call), "ddns-ttl": self._time_to_live,
                  "dhcp-ddns": self._process}
        return takers if self._is_on else {**dict.fromkeys(takers, self._idle), "dhcp-ddns": self._process}

    def _idle(self, node: Node) -> None:
        if node.key == NAMED[0]:
            raise InvalidValue("Kea completes the names by it that clients hear; domain_name is for those in the DNS: "
                               "pydhcpd-dns(7)")
        self._teller.taken(node, NOT_TOLD)

    def _process(self, node: Node) -> None:
        """`dhcp-ddns`: how Kea reaches the other program."""
        words = "dns_zones" if self._is_on else NOT_TOLD
        self._teller.members(node, {"enable-updates": lambda one: self._teller.taken(one, words)},
                             dict.fromkeys(node.members, "there is no such process: pydhcpd-dns(7)"))
        self._teller.taken(node, words)

    # --- what a scope says

    def _named(self, place: Node, node: Node, call: Call) -> None:
        suffix, mode, prefix = (found.text if (found := self._scopes.said(place, name)) is not None else usual
                                for name, usual in zip(NAMED, ("", "never", PREFIX), strict=True))
        if mode not in MODES:
            raise InvalidValue(f"{escape(mode)} has no counterpart; dns_name says which name a client gets: pydhcpd-dns(7)")
        end = f".{suffix.strip('.')}." if suffix.strip(".") else ""
        names = [(one or f"{prefix}-{{ip}}") + end for one in MODES[mode]]
        if names != ["{hostname}"]:
            call.keywords["dns_name"] = names[0] if len(names) == 1 else names
        self._teller.taken(node, "dns_name")

    def _updates(self, place: Node, node: Node, call: Call) -> None:
        said = (self._scopes.said(place, name) for name in OVERRIDES)
        no_update, client = (found is not None and found.truth for found in said)
        call.keywords["dns_updates"] = "always" if no_update else "by_server" if client else "as_asked"
        if no_update and not client:
            self._teller.differs(node, "dns_updates: those of clients that want to do their own are done by the server too")
        else:
            self._teller.taken(node, "dns_updates")

    def _sending(self, node: Node, call: Call) -> None:
        if not node.truth:
            call.keywords["dns_zones"] = None
        self._teller.taken(node, "dns_zones")

    def _time_to_live(self, node: Node) -> None:
        if self._ttl != node.number:
            raise InvalidValue("ttl is that of a zone, for all that is in it")
        self._teller.taken(node, "ttl of each zone")

    # --- the zones

    def _zones(self, node: Node, root: Node) -> None:
        file = Path(node.file).with_name(BESIDE)
        place = root.get(MEMBER)
        if place is None and file.exists():
            text = file.read_bytes().decode("utf-8", "surrogateescape")
            outer = read(str(file), text).root
            place = outer.get(MEMBER) if isinstance(outer.value, dict) else None
        if place is None:
            self._teller.note(f"the zones are in {BESIDE}, which is not beside this file: dns_zones = [dns_zone(...)] names "
                              "them: pydhcpd-dns(7)")
            return
        found = self._of_d2(place)
        if found:
            self._scopes.draft.set("dns_zones", found)

    def _of_d2(self, place: Node) -> list[Call]:
        zones: list[Call] = []
        keys = place.get("tsig-keys")
        for one in keys.items if keys is not None else ():
            self._guarded(one, self._key)
        for name in DOMAINS:
            there = place.get(name)
            domains = there.get("ddns-domains") if there is not None else None
            for one in domains.items if domains is not None else ():
                self._guarded(one, lambda one: zones.append(self._zone(one)))
            for outer in (there, domains):
                self._teller.taken(outer, "dns_zones") if outer is not None else None
        self._teller.taken(keys, "keys") if keys is not None else None
        for member in place.members.values():
            self._teller.none(member, "there is no such process: pydhcpd-dns(7)")
        self._teller.taken(place)
        return zones

    def _guarded(self, node: Node, take: Taker) -> None:
        try:
            take(node)
        except InvalidValue as error:
            self._teller.left_out(node, str(error))

    def _key(self, node: Node) -> None:
        name, algorithm, secret = (node.get(key) for key in ("name", "algorithm", "secret"))
        if name is None or algorithm is None or secret is None:
            raise InvalidValue("it has no name, algorithm or secret: tsig(file=...) reads one from a file")
        call = Call("tsig", [name.text, algorithm.text.lower()], {"secret": secret.text})
        self._keys[name.text] = call
        self._teller.differs(secret, HOLDS_IT)
        for one in node.members.values():
            self._teller.taken(one, "tsig(...)")

    def _zone(self, node: Node) -> Call:
        name, key, servers = (node.get(member) for member in ("name", "key-name", "dns-servers"))
        addresses = [_address(one) for one in servers.items] if servers is not None else []
        if name is None or not addresses:
            raise InvalidValue("it has no name, or no server")
        call = Call("dns_zone", [name.text.rstrip(".")], {"server": addresses if len(addresses) > 1 else addresses[0]},
                    list(node.comments))
        if key is not None and key.text:
            if key.text not in self._keys:
                raise InvalidValue(f"there is no key {escape(key.text)}")
            call.keywords["key"] = self._keys[key.text]
        if self._ttl:
            call.keywords["ttl"] = seconds(self._ttl)
        for one in node.walk():
            self._teller.taken(one, "dns_zone(...)") if one.key else None
        return call


def _address(node: Node) -> str:
    """A server, with its port where that is another than usual. Raises InvalidValue."""
    address, port = node.get("ip-address"), node.get("port")
    if address is None:
        raise InvalidValue("a server has no address")
    if port is None or port.number == 53:
        return address.text
    return f"[{address.text}]:{port.number}" if ":" in address.text else f"{address.text}:{port.number}"

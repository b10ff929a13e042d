"""A kea-dhcp4.conf as a whole: the outermost members, and what follows of all of it together."""

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Draft, seconds
from pydhcpd.migration.configurations.kea.classes import Classes
from pydhcpd.migration.configurations.kea.ddns import Ddns
from pydhcpd.migration.configurations.kea.elsewhere import BESIDE, GLOBAL, HOOKS, LEASE_STORE, OTHERS, SOCKETS, STORES
from pydhcpd.migration.configurations.kea.hosts import Hosts
from pydhcpd.migration.configurations.kea.networks import Looking, Networks
from pydhcpd.migration.configurations.kea.options import Options
from pydhcpd.migration.configurations.kea.precedence import join_links, keep_always, settle_classes
from pydhcpd.migration.configurations.kea.reader import Node, read
from pydhcpd.migration.configurations.kea.scopes import LIFETIME, LIFETIMES, Scopes
from pydhcpd.migration.configurations.kea.teller import Taker, Teller
from pydhcpd.migration.configurations.report import Report

ORDER = ("hooks-libraries", "option-def", "host-reservation-identifiers", "client-classes")
"""Members that others depend on, wherever they stand."""
NOTE = ("Kea sends an option to a client that asks for it (option 55), and to all others routers, DNS servers and the domain "
        "name alone; here a client that says nothing of what it wants gets all options")
MACHINES = ("a PXE client hears its UUID again (option 97), as RFC 4578 says, and iPXE that gets a boot file is told not to "
            "wait for a boot server besides (option 175); Kea sends neither. Who boots by HTTP "
            "gets no boot file but a URL")
NAMES = "Kea sends a client its own name back (option 12); here a client hears of a name that it has by the configuration"
HOSTS = ("a reservation of Kea is one of its subnet; here what a host has besides its address, and that it is known, holds "
         "wherever it is")


def convert_kea(name: str, text: str, report: Report) -> Draft:
    """The draft of a kea-dhcp4.conf; what became of each member is told to the report. Raises InvalidValue."""
    reading = read(name, text)
    served = reading.root.get("Dhcp4") if isinstance(reading.root.value, dict) else None
    others = [one for one in OTHERS if isinstance(reading.root.value, dict) and one in reading.root.members]
    if served is None and others:
        raise InvalidValue(f"{escape(name)} is a configuration {OTHERS[others[0]]}; name kea-dhcp4.conf")
    if served is None or not isinstance(served.value, dict):
        raise InvalidValue(f'{escape(name)}:{reading.root.line}: expected is {{"Dhcp4": {{ ... }}}}')
    teller = Teller(report)
    for doubled in reading.doubled:
        teller.none(doubled.node, f"it is said again in line {doubled.again.line}")
    conversion = _Conversion(teller, reading.root)
    conversion.draft.head += reading.root.comments
    teller.members(reading.root, {"Dhcp4": conversion.take}, BESIDE)
    conversion.draft.tail += reading.tail
    teller.end(reading.root)
    return conversion.draft


class _Conversion:
    def __init__(self, teller: Teller, root: Node) -> None:
        self.draft, self._teller, self._root = Draft(), teller, root
        self._options = Options(self.draft, teller)
        self._scopes = Scopes(self.draft, teller, self._options)
        self._classes = Classes(self._scopes)
        self._hosts = Hosts(self._scopes, self._classes)
        self._ddns = Ddns(self._scopes)
        self._networks = Networks(self._scopes, self._classes, self._hosts, self._ddns)
        self._looking: Looking = (False, True)

    def take(self, node: Node) -> None:
        """All of Dhcp4."""
        self._teller.note(NOTE)
        self._teller.note(NAMES)
        self._teller.note(MACHINES)
        self._looking = self._networks.looking(node, self._looking)
        members = node.members
        last = ("reservations",) if "reservations" in members else ()  # of which networks say whether they are looked for
        first = tuple(key for key in ORDER if key in members)
        others = (key for key in members if key not in first + last)
        node.value = {key: members[key] for key in (*first, *others, *last)}
        if not any(key in members for key in LIFETIMES):
            self.draft.set("ip_address_lease_time", seconds(LIFETIME))
            self.draft.set("minimum_lease_time", seconds(LIFETIME))
        self._ddns.begin(node, self._root)
        takers = self._takers(node)
        with self._scopes.inside(node):
            self._scopes.take(node, self.draft.settings, takers, GLOBAL)
        node.value = members
        self._end()

    def _takers(self, node: Node) -> dict[str, Taker]:
        settings = self.draft.settings
        return {
            **self._scopes.times(node, settings), **self._scopes.timers(node, settings), **self._networks.switches(),
            **self._ddns.takers(node, settings), "offer-lifetime": lambda one: self._scopes.offers(one, settings),
            "store-extended-info": self._scopes.extended,
            "hooks-libraries": self._hooks, "option-def": self._options.define, "client-classes": self._classes.take,
            "host-reservation-identifiers": self._hosts.identifiers, "interfaces-config": self._interfaces,
            "authoritative": self._scopes.flag("authoritative", settings),
            "match-client-id": lambda one: self._scopes.identity(one, settings), "echo-client-id": self._scopes.echo,
            "decline-probation-period": self._probation, "lease-database": self._leases,
            "subnet4": lambda one: self.draft.subnets.extend(self._networks.subnets(one, self._looking)),
            "shared-networks": lambda one: self._networks.shared(one, self._looking),
            "reservations": self._take_global_hosts}

    # --- single members

    def _interfaces(self, node: Node) -> None:
        self._teller.members(node, {"interfaces": self._interface, "user-context": self._scopes.words,
                                    "comment": self._scopes.words}, SOCKETS)

    def _interface(self, node: Node) -> None:
        names = [one.text for one in node.items]
        if "*" in names or not names:
            return self._teller.taken(node, "unset: each interface that has an address of a subnet is served")
        if len(names) == 1 and "/" in names[0]:
            self.draft.set("bind_address", address_text(address_from(names[0].partition("/")[2])))
            return self._teller.taken(node, "bind_address")
        plain = [name.partition("/")[0] for name in names]
        self.draft.set("interface", plain[0] if len(plain) == 1 else plain)
        if plain != names:
            return self._teller.differs(node, "interface; by which of its addresses a client asks is not chosen")
        return self._teller.taken(node, "interface")

    def _probation(self, node: Node) -> None:
        self.draft.set("decline_quarantine_time", seconds(node.number))
        self._teller.taken(node, "decline_quarantine_time")

    def _leases(self, node: Node) -> None:
        kind = node.get("type")
        how = STORES.get(str(kind.value), LEASE_STORE) if kind is not None else LEASE_STORE
        for member in node.members.values():
            self._teller.none(member, how if member.key in ("type", "name") else LEASE_STORE)
        self._teller.none(node, LEASE_STORE)

    def _hooks(self, node: Node) -> None:
        for one in node.items:
            library = one.get("library")
            path = library.text.rpartition("/")[2] if library is not None else ""
            name = path.removeprefix("libdhcp_").removesuffix(".so")
            if name == "flex_id":
                self._flexible(one)
            elif name == "bootp":
                self.draft.set("bootp", value=True)
                self._teller.taken(library, "bootp") if library else None
            for member in one.members.values():
                self._teller.none(member, HOOKS.get(name, "no library is loaded; functions of the file may do what it did"))
        self._teller.taken(node, "by what has their place here")

    def _flexible(self, node: Node) -> None:
        """The identifier of hosts, and of leases where it takes the client's place."""
        parameters = node.get("parameters")
        expression = parameters.get("identifier-expression") if parameters else None
        replaces = parameters.get("replace-client-id") if parameters else None
        if parameters is None or expression is None:
            return None
        try:
            field = self._hosts.flexible(expression)
        except InvalidValue as error:
            return self._teller.none(expression, str(error))
        if replaces is not None and replaces.value is True:
            if not field:
                self._teller.none(replaces, "client_identity = [...] names fields; what is computed is none")
            else:
                self.draft.set("client_identity", [field])
                self._teller.taken(replaces, "client_identity")
        for one in (node.get("library"), parameters, replaces):
            if one is not None:
                self._teller.taken(one, f"{field} of host(...)" if field else "identify(), a function")
        return None

    # --- what follows of all

    def _end(self) -> None:
        if self.draft.hosts and len(self.draft.all_subnets()) > 1:
            self._teller.note(HOSTS)
        self._classes.end()
        self._hosts.end()
        join_links(self.draft, self._teller)
        keep_always(self.draft)
        settle_classes(self.draft, self._teller)
        self._classes.settled()
        self.draft.tidy()

    def _take_global_hosts(self, node: Node) -> None:
        if not self._networks.uses_global:
            return self._hosts.leave(node, "Kea looks for global reservations where reservations-global is true: nowhere")
        if self._networks.only_some and node.items:
            self._teller.differs(node, "hosts; Kea looks for them in some subnets alone, here they hold in all")
        return self._hosts.take(node)


"""dnsmasq.conf made ours: its ranges are subnets, its tags classes, its hosts reservations."""

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pydhcpd.addresses import address_from, address_text, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.boot import Boot
from pydhcpd.migration.configurations.dnsmasq.hosts import host_of
from pydhcpd.migration.configurations.dnsmasq.lines import FOLLOWED, Line, Reader
from pydhcpd.migration.configurations.dnsmasq.machine import Machine, names_in, names_of_record, text_of
from pydhcpd.migration.configurations.dnsmasq.options import Options
from pydhcpd.migration.configurations.dnsmasq.places import Key, Places
from pydhcpd.migration.configurations.dnsmasq.tags import KNOWN, Tags, condition_of, tag_in
from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS, IS_ADDRESS, lease_time
from pydhcpd.migration.configurations.dnsmasq.words import DNS, HERE, NAMES, NAMES_IN_DNS, NOTES, OF_DNS, SAME
from pydhcpd.migration.configurations.dnsmasq.words import FOLLOWED as EACH
from pydhcpd.migration.configurations.draft import Call, Draft, seconds
from pydhcpd.migration.configurations.report import Report
from pydhcpd.migration.configurations.teller import Teller
from pydhcpd.migration.configurations.values import int_from

LEASE_TIME = 3600  # seconds, where a range names none
DNS_PORT = "53"
CONDITIONS = frozenset(("dhcp-match", "dhcp-vendorclass", "dhcp-userclass", "dhcp-mac", "dhcp-circuitid", "dhcp-remoteid",
                        "dhcp-subscrid", "dhcp-name-match"))
SWITCHES = {"dhcp-authoritative": ("authoritative", True), "dhcp-rapid-commit": ("rapid_commit", True),
            "bootp-dynamic": ("bootp", True), "no-ping": ("probe_before_offer", False)}
NO_INTERFACE = ("except-interface", "no-dhcp-interface", "no-dhcpv4-interface")
STATIC, PROXY = "static", "proxy"


def convert_dnsmasq(name: str, text: str, report: Report, here: Machine) -> Draft:
    """The draft of a dnsmasq.conf and of the files that it names; what became of each line is told to the report.

    `here`: dnsmasq takes the masks of its networks, and what it tells of itself, from the machine's own addresses.
    """
    report.notes += NOTES
    return _Conversion(report, here).of(name, text)


class _Conversion:
    def __init__(self, report: Report, here: Machine) -> None:
        self._teller, self._here = Teller(report), here
        self._draft, self._tags = Draft(), Tags()
        self._places = Places(self._draft, self._tags)
        self._boot, self._options = Boot(self._places), Options(self._places, self._teller, here.networks)
        self._lines: list[Line] = []
        self._port = DNS_PORT
        self._names: dict[str, str] = {}  # addresses by name, of hosts files
        self._reserved: dict[str, Line] = {}  # by address
        self._machines: dict[tuple[object, ...], tuple[Line, Call]] = {}  # hosts by network and by what they are known by
        self._denied: list[str] = []
        self._joined: dict[str, list[Call]] = {}  # subnets of shared networks, by interface or address

    def of(self, name: str, text: str) -> Draft:
        """What sets tags first, then what asks for them, then what dnsmasq does by itself."""
        self._lines = list(Reader(self._teller.none).lines(name, text))
        self._look_around()
        takers = self._takers()
        self._draft.set("probe_before_offer", True)
        for names in (CONDITIONS | {"tag-if"}, {"dhcp-range"}, {"dhcp-host"}, takers.keys() - {"domain"}, {"domain"}):
            for line in self._lines:
                if line.name in names and line.name in takers:
                    self._try(line, takers[line.name])
            takers = {name: taker for name, taker in takers.items() if name not in names}
        for note in self._boot.end():
            self._teller.note(note)
        kept = {comment for comments in self._kept() for comment in comments}
        for line in self._lines:
            self._tell_rest(line, kept)
        files = self._boot.without_server and "tftp_root" not in self._draft.settings.keywords
        self._options.by_itself(is_dns=self._port == DNS_PORT, has_files=files)
        if self._is_dns and not all("proxy_dhcp" in one.keywords for one in self._places.subnets.values()):
            self._teller.note(NAMES_IN_DNS)
        return self._finished()

    def _look_around(self) -> None:
        """What lines say that others depend on, wherever they stand."""
        values = {name: [one.value for one in self._lines if one.name == name] for name in (
            "port", "no-hosts", "addn-hosts", "host-record", "interface")}
        self._port = (values["port"] or [DNS_PORT])[-1]
        self._tags.interfaces = {name.strip() for value in values["interface"] for name in value.split(",")}
        if self._is_dns:
            texts = [*map(text_of, map(Path, values["addn-hosts"])), *([] if values["no-hosts"] else [self._here.hosts])]
            records = [one for value in values["host-record"] for one in names_of_record(value)]
            found = [*records, *(one for text in texts for one in names_in(text))]
            self._names = {name: value for name, value in reversed(found) if ADDRESS.fullmatch(value)}

    @property
    def _is_dns(self) -> bool:
        return self._port != "0"

    def _takers(self) -> dict[str, Callable[[Line], None]]:
        return {**dict.fromkeys(CONDITIONS, self._condition), "tag-if": self._tag_if, "dhcp-range": self._range,
                "dhcp-host": self._host, "dhcp-option": self._options.take, "dhcp-option-force": self._options.take,
                "dhcp-boot": lambda line: self._teller.taken(line, self._boot.file(line.parts)),
                "pxe-service": lambda line: self._teller.taken(line, self._boot.service(line.parts)),
                "pxe-prompt": lambda line: self._teller.taken(line, self._boot.prompt(line.parts)),
                "dhcp-ignore": self._ignore, "domain": self._domain, "interface": self._interface,
                "listen-address": self._listen, "enable-tftp": self._tftp, "tftp-root": self._tftp_root,
                "dhcp-ignore-clid": self._ignore_identifier, "port": self._port_of_dns, "shared-network": self._shared,
                "dhcp-reply-delay": self._delay, "dhcp-ignore-names": self._no_names, "dhcp-generate-names": self._made_names,
                **dict.fromkeys(NO_INTERFACE, self._no_interface), **dict.fromkeys(SWITCHES, self._switch)}

    def _try(self, line: Line, take: Callable[[Line], None]) -> None:
        try:
            take(line)
        except InvalidValue as error:
            self._teller.none(line, str(error))

    def _tell_rest(self, line: Line, kept: set[str]) -> None:
        """What is said of a line of which nothing has been said; comments without a place stand at the top."""
        if self._teller.is_told(line):
            pass
        elif line.name in FOLLOWED:
            self._teller.taken(line, EACH)
        elif line.name in SAME:
            self._teller.taken(line, SAME[line.name])
        elif line.name in OF_DNS:
            self._teller.none(line, DNS)
        else:
            self._teller.none(line, HERE.get(line.name) or "not known to dnsmasq 2.90, nothing of it was taken over")
        if line.comments and line.comments[0] not in kept:
            self._draft.head += line.comments
            kept.update(line.comments)

    def _kept(self) -> Iterator[Sequence[str]]:
        """The comments that have a place."""
        yield self._draft.head
        yield from self._draft.setting_comments.values()
        places = self._places
        yield from (call.comments for call in [*self._draft.hosts, *places.subnets.values(), *places.classes.values()])

    # --- tags

    def _condition(self, line: Line) -> None:
        tag, condition = condition_of(line)
        self._tags.add(tag, condition)
        self._teller.taken(line, f"the condition of the class {tag}")

    def _tag_if(self, line: Line) -> None:
        made = [part.removeprefix("set:") for part in line.parts if part.startswith("set:")]
        tags = [tag_in(part) for part in line.parts if part.startswith(("tag:", "net:"))]
        if not made:
            raise InvalidValue("it sets no tag")
        condition = self._tags.composed(tags)
        for tag in made:
            self._tags.add(tag, condition if len(tags) < 2 else f"({condition})")
        self._teller.taken(line, f"the condition of {', '.join(made)}")

    # --- subnets

    def _range(self, line: Line) -> None:
        tags, made, rest = _tags_of_range(line.parts)
        if not rest or ":" in rest[0]:
            raise InvalidValue("of IPv6, which pydhcpd does not serve" if rest else "the range is missing")
        first = address_from(rest.pop(0))
        last = rest.pop(0) if rest and (ADDRESS.fullmatch(rest[0]) or rest[0] in (STATIC, PROXY)) else ""
        modes = [last] if last in (STATIC, PROXY) else []
        masks: list[str] = []
        while rest and (ADDRESS.fullmatch(rest[0]) or rest[0] in (STATIC, PROXY)):
            word = rest.pop(0)
            (masks if ADDRESS.fullmatch(word) else modes).append(word)
        time = lease_time(rest[0]) if rest else LEASE_TIME
        if time is None:
            raise InvalidValue(f"{escape(rest[0])!r} is neither an address nor a length of time")
        key, guessed = self._network(first, masks[0] if masks else "")
        pool = None if modes else f"{address_text(first)} - {_last_of(first, last, key)}"
        if pool is not None and (other := self._places.overlapping(key, pool)):
            raise InvalidValue(f"a line above has {other}, and here each address is in one pool")
        subnet = self._places.subnets.setdefault(key, Call("subnet", [network_text(*key)], {"pools": []}, list(line.comments)))
        if len(masks) > 1:
            subnet.keywords["broadcast_address"] = masks[1]
        if PROXY in modes:
            subnet.keywords["proxy_dhcp"] = True
            self._places.add_range(key, None, made)
        else:
            self._places.add_range(key, self._pool(subnet, pool, tags, time), made)
        words = f"subnet({network_text(*key)!r})" + (" and proxy_dhcp" if PROXY in modes else "")
        if guessed:
            self._teller.differs(line, f"{words}: its mask is not in the file, and no interface here has it; see that it is "
                                       "right")
        else:
            self._teller.taken(line, words)

    def _network(self, first: int, mask: str) -> tuple[Key, bool]:
        """Base and mask of the network of a range, and whether the mask is a guess."""
        if mask:
            number = address_from(mask)
            return (first & number, number), False
        for address, number in self._here.networks:
            if address & number == first & number:
                return (first & number, number), False
        return (first & 0xFFFFFF00, 0xFFFFFF00), True

    def _pool(self, subnet: Call, text: str | None, tags: Sequence[str], time: int) -> Call | None:
        """The pool of a range. Its lease time holds for hosts of its network too: the first one's is the subnet's."""
        of_subnet = subnet.keywords.setdefault("ip_address_lease_time", seconds(time))
        if text is None:
            return None
        allow = [self._places.class_name(tag) for tag in tags if not tag.startswith("!")]
        deny = [self._places.class_name(tag[1:]) for tag in tags if tag.startswith("!")]
        keywords: dict[str, object] = {name: _alone(names) for name, names in (("allow", allow), ("deny", deny)) if names}
        if of_subnet != seconds(time):
            keywords["ip_address_lease_time"] = seconds(time)
        return Call("pool", [text], keywords)

    # --- hosts

    def _host(self, line: Line) -> None:
        host, words = host_of(line, self._places, self._names)
        address = host.keywords.get("ip")
        if address is not None and address in self._reserved:
            raise InvalidValue(f"{address} is that of line {self._reserved[str(address)].number} too")
        who = (self._key_of(address), *(repr(host.keywords.get(name)) for name in ("mac", "client_id")),
               host.keywords.get("hostname") if "match_hostname" in host.keywords else None)
        before = self._machines.get(who)
        self._machines[who] = (line, host)
        if address is not None:
            self._reserved[str(address)] = line
        if before is None:
            self._draft.hosts.append(host)
            return self._teller.taken(line, words)
        at = next(at for at, one in enumerate(self._draft.hosts) if one is before[1])
        self._draft.hosts[at] = host
        return self._teller.differs(line, f"{words}, in place of that of line {before[0].number}, which is the same machine")

    def _key_of(self, address: object) -> Key | None:
        """The network that a reserved address is in."""
        number = None if address is None else address_from(address)
        return next((key for key in self._places.subnets if number is not None and number & key[1] == key[0]), None)

    def _ignore(self, line: Line) -> None:
        tags = [tag_in(one) for one in line.parts if one]
        if not tags:
            raise InvalidValue("it would ignore everybody")
        built_in: dict[tuple[str, ...], str] = {(KNOWN,): KNOWN, (f"!{KNOWN}",): "unknown"}
        name = built_in.get(tuple(tags)) or str(self._places.class_of(tags).arguments[0])
        self._denied.append(name)
        for subnet in self._places.subnets.values():
            subnet.keywords["deny"] = _alone(self._denied)
        self._teller.taken(line, f"deny={name!r} of each subnet")

    # --- the rest

    def _domain(self, line: Line) -> None:
        """What option 15 says in any line counts more."""
        name, *where = [*line.parts, ""] if not line.parts else line.parts
        if not name or name == "#":
            raise InvalidValue("the domain is not in the file: domain_name" if name else "the domain is missing")
        if self._options.has_domain:
            return self._teller.taken(line, "without effect on DHCP, for a line says option 15")
        if not where or not where[0]:
            self._draft.set("domain_name", name, line.comments)
            return self._teller.taken(line, "domain_name")
        inside = [call for key, call in self._places.subnets.items() if _covers(where, key)]
        if not inside:
            raise InvalidValue("no dhcp-range is in that network, or only a part of one; a pool(...) may have a domain_name")
        for call in inside:
            call.keywords.setdefault("domain_name", name)
        return self._teller.taken(line, "domain_name of a subnet")

    def _interface(self, line: Line) -> None:
        names = [name for name in line.parts if name and name != "lo" and name not in self._excluded]
        there = self._draft.settings.keywords.get("interface")
        all_names = [*(there if isinstance(there, list) else [there] if there else []), *names]
        if not any(line.parts):
            raise InvalidValue("the interface is missing")
        if wrong := [name for name in names if re.search(r"[\s/:]", name)]:
            raise InvalidValue(f"{escape(wrong[0])!r} is not the name of an interface")
        if any("*" in name for name in names):
            raise InvalidValue("interface names each; without it, those with an address in a network that is served")
        if all_names:
            self._draft.set("interface", _alone(all_names), line.comments)
        self._teller.taken(line, "interface" if names else "it is not among those that are served")

    @property
    def _excluded(self) -> set[str]:
        return {part for line in self._lines if line.name in NO_INTERFACE for part in line.parts}

    def _no_interface(self, line: Line) -> None:
        """It is left out of those that are named; where none are, all others are served."""
        if self._tags.interfaces or set(line.parts) <= {"lo"}:
            return self._teller.taken(line, "it is not among those that are served")
        return self._teller.none(line, "interface names those that are served")

    def _listen(self, line: Line) -> None:
        addresses = [address_text(address_from(part)) for part in line.parts if part and ":" not in part]
        outside = [one for one in addresses if not one.startswith("127.")]
        if not outside:
            return self._teller.taken(line, "of its DNS")
        others = [one for one in self._lines if one.name == line.name and one is not line]
        if len(outside) == 1 and not others and not self._tags.interfaces:
            self._draft.set("bind_address", outside[0], line.comments)
            return self._teller.taken(line, "bind_address")
        return self._teller.none(line, "interface names what is served")

    def _shared(self, line: Line) -> None:
        """Its subnets are put together at the end, when each has all that it says."""
        first, second = (*line.parts, "", "")[:2]
        subnet = self._subnet_of(second)
        if subnet is None:
            raise InvalidValue(f"no dhcp-range is in the network of {escape(second)!r}")
        self._joined.setdefault(first, []).append(subnet)
        self._teller.taken(line, "shared_network(...)")

    def _subnet_of(self, address: str) -> Call | None:
        number = address_from(address)
        return next((call for key, call in self._places.subnets.items() if number & key[1] == key[0]), None)

    def _delay(self, line: Line) -> None:
        if len(line.parts) != 1:
            raise InvalidValue("dhcp_offer_after_seconds is the same for all clients")
        self._draft.set("dhcp_offer_after_seconds", int_from(line.value), line.comments)
        self._teller.taken(line, "dhcp_offer_after_seconds")

    def _no_names(self, line: Line) -> None:
        self._places.put([tag_in(one) for one in line.parts if one], "dns_name", [])
        self._teller.taken(line, f"dns_name = []; {NAMES}")

    def _made_names(self, line: Line) -> None:
        self._places.put([tag_in(one) for one in line.parts if one], "dns_name", ["{hostname}", "{mac}"])
        self._teller.taken(line, f"dns_name; {NAMES}")

    def _tftp(self, line: Line) -> None:
        if any(one.name == "tftp-root" for one in self._lines):
            self._teller.taken(line, "tftp_root")
        else:
            self._teller.none(line, "files are served from a directory alone: name it in tftp_root")

    def _tftp_root(self, line: Line) -> None:
        if not any(one.name == "enable-tftp" for one in self._lines):
            return self._teller.taken(line, "it serves no files, for enable-tftp is missing")
        if not line.value.startswith("/"):
            raise InvalidValue("tftp_root is a path from / on")
        if "tftp_root" in self._draft.settings.keywords:
            raise InvalidValue("tftp_root is one directory for all interfaces")
        self._draft.set("tftp_root", line.parts[0], line.comments)
        return self._teller.taken(line, "tftp_root, which who asks for a root path (option 17) hears too, unless root_path is "
                                        "set")

    def _ignore_identifier(self, line: Line) -> None:
        self._draft.set("client_identity", "mac", line.comments)
        self._teller.taken(line, "client_identity")

    def _port_of_dns(self, line: Line) -> None:
        if self._is_dns:
            self._teller.none(line, DNS)
        else:
            self._teller.taken(line, "it serves no DNS")

    def _switch(self, line: Line) -> None:
        name, value = SWITCHES[line.name]
        self._draft.set(name, value, line.comments)
        self._teller.taken(line, f"{name} = {value}")

    def _finished(self) -> Draft:
        draft = self._draft
        draft.classes = self._places.ordered()
        draft.conditions = self._tags.definitions()
        draft.functions += self._places.functions()
        for one, other, name in self._places.torn(draft.classes):
            self._teller.note(f"of the classes {one.arguments[0]} and {other.arguments[0]} dnsmasq takes {name} from "
                                      "the second, here the first one counts")
        self._places.end()
        draft.subnets = list(self._places.subnets.values())
        self._join()
        draft.tidy()
        return draft

    def _join(self) -> None:
        """Subnets on one link: those that lines name, and those of the address, or of the only other network."""
        for first, subnets in self._joined.items():
            named = {id(one) for group in self._joined.values() for one in group}
            others = [one for one in self._draft.subnets if id(one) not in named]
            if ADDRESS.fullmatch(first):
                own = [one for one in [self._subnet_of(first)] if one is not None]
            else:
                own = others if len(others) == 1 else []
            group = [*own, *(one for one in subnets if one not in own)]
            self._draft.subnets = [one for one in self._draft.subnets if one not in group]
            interface: dict[str, object] = {} if ADDRESS.fullmatch(first) else {"interface": first}
            self._draft.shared_networks.append(Call("shared_network", [f"on {first}", group], interface))


def _alone(names: list[str]) -> object:
    """One as itself, several as a list."""
    return names[0] if len(names) == 1 else list(names)


def _tags_of_range(parts: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """The tags that a range asks for, those that it sets, in whatever order they stand, and the rest."""
    asked, made, rest = [], [], list(parts)
    while rest and not IS_ADDRESS.fullmatch(rest[0]):
        word = rest.pop(0)
        if word.startswith(("tag:", "net:")):
            asked.append(tag_in(word))
        elif word:
            made.append(word.removeprefix("set:"))
    return asked, made, rest


def _last_of(first: int, last: str, key: Key) -> str:
    """The last address of a range. Raises InvalidValue where it is not behind the first one in the same network."""
    number = address_from(last) if last else first
    if number < first or number & key[1] != key[0]:
        raise InvalidValue("the range ends before it begins, or in another network")
    return address_text(number)


def _covers(where: Sequence[str], key: Key) -> bool:
    """Whether a network, or a range of addresses, has all of another network in it. Raises InvalidValue."""
    last = key[0] | ~key[1] & 0xFFFFFFFF
    if "/" in where[0]:
        base, mask = network_from(where[0])
        return key[0] & mask == base and last & mask == base
    until = address_from(where[1]) if len(where) > 1 and ADDRESS.fullmatch(where[1]) else address_from(where[0])
    return address_from(where[0]) <= key[0] + 1 and until >= last - 1

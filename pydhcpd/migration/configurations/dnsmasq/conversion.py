"""dnsmasq.conf made ours: its ranges are subnets, its tags classes, its hosts reservations."""

import re
from collections.abc import Callable, Iterator, Sequence

from pydhcpd.addresses import address_from, address_text, hardware_from, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.lines import FOLLOWED, Line, Reader
from pydhcpd.migration.configurations.dnsmasq.tags import KNOWN, Tags, asked_for, condition_of
from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS, OCTETS, OWN, code_of, lease_time, name_of, value_for
from pydhcpd.migration.configurations.dnsmasq.words import DNS, HERE, NOTES, OF_DNS
from pydhcpd.migration.configurations.dnsmasq.words import FOLLOWED as EACH
from pydhcpd.migration.configurations.draft import Call, Draft, seconds
from pydhcpd.migration.configurations.report import Report

LEASE_TIME = 3600  # seconds, where a range names none
ROUTER, DNS_SERVER, DOMAIN_NAME = 3, 6, 15
DNS_PORT = "53"
CONDITIONS = frozenset(("dhcp-match", "dhcp-vendorclass", "dhcp-userclass", "dhcp-mac", "dhcp-circuitid", "dhcp-remoteid",
                        "dhcp-subscrid", "dhcp-name-match"))
SWITCHES = {"dhcp-authoritative": ("authoritative", True), "dhcp-rapid-commit": ("rapid_commit", True),
            "bootp-dynamic": ("bootp", True), "no-ping": ("probe_before_offer", False)}
WITH_ROUTER = (121, 249)

Networks = Sequence[tuple[int, int]]
"""Addresses of this machine with their masks, in host byte order."""


def convert_dnsmasq(name: str, text: str, report: Report, local: Networks = ()) -> Draft:
    """The draft of a dnsmasq.conf and of the files that it names; what became of each line is told to the report.

    `local`: dnsmasq takes the masks of its networks, and what it tells of itself, from the machine's own addresses.
    """
    report.notes += NOTES
    return _Conversion(report, local).of(name, text)


class _Conversion:
    def __init__(self, report: Report, local: Networks) -> None:
        self._report, self._local = report, local
        self._draft, self._tags = Draft(), Tags()
        self._subnets: dict[tuple[int, int], Call] = {}
        self._classes: dict[tuple[str, ...], Call] = {}
        self._lines: list[Line] = []
        self._told: dict[tuple[int, int], set[int]] = {}  # options by code that a subnet has, or is to have none of
        self._told_by_all: set[int] = set()
        self._port = DNS_PORT

    def of(self, name: str, text: str) -> Draft:
        """What sets tags first, then what asks for them, then what dnsmasq does by itself."""
        self._lines = list(Reader(self._trouble).lines(name, text))
        takers = self._takers()
        self._draft.set("probe_before_offer", True)
        for names in (CONDITIONS | {"tag-if"}, {"dhcp-range"}, {"dhcp-host"}, takers.keys()):
            for line in self._lines:
                if line.name in names and line.name in takers:
                    self._try(line, takers[line.name])
            takers = {name: taker for name, taker in takers.items() if name not in names}
        for line in self._lines:
            self._tell_rest(line)
        self._by_itself()
        return self._finished()

    def _takers(self) -> dict[str, Callable[[Line], None]]:
        return {**dict.fromkeys(CONDITIONS, self._condition), "tag-if": self._tag_if, "dhcp-range": self._range,
                "dhcp-host": self._host, "dhcp-option": self._option, "dhcp-option-force": self._option,
                "dhcp-boot": self._boot, "dhcp-ignore": self._ignore, "domain": self._domain, "interface": self._interface,
                "listen-address": self._listen, "enable-tftp": self._tftp, "tftp-root": self._tftp_root,
                "dhcp-ignore-clid": self._ignore_identifier, "port": self._port_of_dns, **dict.fromkeys(SWITCHES, self._switch)}

    def _try(self, line: Line, take: Callable[[Line], None]) -> None:
        try:
            take(line)
        except InvalidValue as error:
            self._none(line, str(error))

    def _taken(self, line: Line, words: str) -> None:
        self._report.taken(line.file, line.number, line.text, words)

    def _none(self, line: Line, words: str) -> None:
        self._report.none(line.file, line.number, line.text, words)

    def _trouble(self, line: Line, words: str) -> None:
        self._none(line, words)

    def _differs(self, line: Line, words: str) -> None:
        self._report.differs(line.file, line.number, line.text, words)

    def _tell_rest(self, line: Line) -> None:
        """What is said of a line of which nothing has been said."""
        if any((one.file, one.line) == (line.file, line.number) for one in self._report.remarks):
            pass
        elif line.name in FOLLOWED:
            self._taken(line, EACH)
        elif line.name in OF_DNS:
            self._none(line, DNS)
        else:
            self._none(line, HERE.get(line.name) or "not known to dnsmasq 2.90, nothing of it was taken over")
        if line.comments and not any(line.comments[0] in one for one in self._kept()):
            self._draft.head += line.comments

    def _kept(self) -> Iterator[Sequence[str]]:
        """The comments that have a place."""
        yield self._draft.head
        yield from self._draft.setting_comments.values()
        yield from (call.comments for call in [*self._draft.hosts, *self._subnets.values(), *self._classes.values()])

    # --- tags

    def _condition(self, line: Line) -> None:
        tag, condition, differs = condition_of(line)
        self._tags.add(tag, condition)
        if differs:
            self._differs(line, f"the condition of the class {tag}: {differs}")
        else:
            self._taken(line, f"the condition of the class {tag}")

    def _tag_if(self, line: Line) -> None:
        made = [part.removeprefix("set:") for part in line.parts if part.startswith("set:")]
        tags, _ = asked_for([part for part in line.parts if part.startswith("tag:")])
        condition = self._tags.composed(tags)
        for tag in made:
            self._tags.add(tag, condition if len(tags) == 1 else f"({condition})")
        self._taken(line, f"the condition of {', '.join(made)}")

    def _scope(self, tags: Sequence[str]) -> list[dict[str, object]]:
        """Where values go that are for clients with these tags."""
        if not tags:
            return [self._draft.settings.keywords]
        if len(tags) == 1 and tags[0] in self._tags.of_ranges and tags[0] not in self._tags.conditions:
            return [call.keywords for call in self._of_range(tags[0])]
        return [self._class(tags).keywords]

    def _of_range(self, tag: str) -> list[Call]:
        return [call for key, call in self._subnets.items() if network_text(*key) in self._tags.of_ranges[tag]]

    def _class(self, tags: Sequence[str]) -> Call:
        """The class of clients with these tags."""
        key = tuple(sorted(tags))
        if key not in self._classes:
            name = " and ".join(tag.replace("!", "not ") for tag in tags)
            by_hosts = len(tags) == 1 and tags[0] in self._tags.of_hosts and tags[0] not in self._tags.conditions
            self._classes[key] = Call("client_class", [name, *([] if by_hosts else [self._tags.composed(tags)])])
        return self._classes[key]

    def _class_name(self, tag: str) -> str:
        """What allow and deny say for a tag."""
        if tag == KNOWN:
            return KNOWN
        return str(self._class([tag]).arguments[0])

    # --- subnets

    def _range(self, line: Line) -> None:
        tags, rest = asked_for(line.parts)
        made = []
        while rest and rest[0].startswith("set:"):
            made.append(rest.pop(0).removeprefix("set:"))
        if rest and not ADDRESS.fullmatch(rest[0]) and ":" not in rest[0] and len(rest) > 1 and ADDRESS.fullmatch(rest[1]):
            made.append(rest.pop(0))  # the older way to set a tag
        if not rest or ":" in rest[0]:
            raise InvalidValue("of IPv6, which pydhcpd does not serve" if rest else "the range is missing")
        first = address_from(rest.pop(0))
        last = rest.pop(0) if rest and (ADDRESS.fullmatch(rest[0]) or rest[0] in ("static", "proxy")) else ""
        modes = [last] if last in ("static", "proxy") else []
        masks: list[str] = []
        while rest and (ADDRESS.fullmatch(rest[0]) or rest[0] in ("static", "proxy")):
            word = rest.pop(0)
            (masks if ADDRESS.fullmatch(word) else modes).append(word)
        time = lease_time(rest[0]) if rest else LEASE_TIME
        if time is None:
            raise InvalidValue(f"{escape(rest[0])!r} is neither an address nor a length of time")
        key, guessed = self._network(first, masks[0] if masks else "")
        subnet = self._subnets.setdefault(key, Call("subnet", [network_text(*key)], {"pools": []}, list(line.comments)))
        if len(masks) > 1:
            subnet.keywords["broadcast_address"] = masks[1]
        if "proxy" in modes:
            self._draft.set("proxy_dhcp", True)
        else:
            pool = None if "static" in modes else f"{address_text(first)} - {last or address_text(first)}"
            self._time(subnet, pool, tags, time)
        for tag in made:
            self._tags.of_ranges.setdefault(tag, set()).add(network_text(*key))
        words = f"subnet({network_text(*key)!r})" + (" and proxy_dhcp" if "proxy" in modes else "")
        if guessed:
            self._differs(line, f"{words}: its mask is not in the file, and no interface here has it; see that it is right")
        else:
            self._taken(line, words)

    def _network(self, first: int, mask: str) -> tuple[tuple[int, int], bool]:
        """Base and mask of the network of a range, and whether the mask is a guess."""
        if mask:
            number = address_from(mask)
            return (first & number, number), False
        for address, number in self._local:
            if address & number == first & number:
                return (first & number, number), False
        return (first & 0xFFFFFF00, 0xFFFFFF00), True

    def _time(self, subnet: Call, pool: str | None, tags: Sequence[str], time: int) -> None:
        """The lease time of a range holds for hosts of its network too: the first one's is the subnet's."""
        of_subnet = subnet.keywords.setdefault("ip_address_lease_time", seconds(time))
        if pool is not None:
            self._add_pool(subnet, pool, tags, None if of_subnet == seconds(time) else time)

    def _add_pool(self, subnet: Call, text: str, tags: Sequence[str], time: int | None) -> None:
        allow = [self._class_name(tag) for tag in tags if not tag.startswith("!")]
        deny = [self._class_name(tag[1:]) for tag in tags if tag.startswith("!")]
        keywords: dict[str, object] = {name: _alone(names) for name, names in (("allow", allow), ("deny", deny)) if names}
        if time is not None:
            keywords["ip_address_lease_time"] = seconds(time)
        subnet.add("pools", Call("pool", [text], keywords) if keywords else text)

    # --- hosts

    def _host(self, line: Line) -> None:
        keywords: dict[str, object] = {}
        macs, classes = [], []
        for part in line.parts:
            if part.startswith(("set:", "net:")):
                classes.append(part[4:])
            elif part.startswith("tag:"):
                raise InvalidValue("it is for clients with a tag alone, which a reservation cannot say")
            elif part.startswith("id:"):
                self._identifier(part[3:], keywords)
            elif part.startswith("[") or not part:
                continue
            elif ADDRESS.fullmatch(part):
                keywords["ip"] = address_text(address_from(part))
            elif re.fullmatch(r"([0-9a-fA-F]{1,2}-)?[0-9a-fA-F*]{1,2}(:[0-9a-fA-F*]{1,2})+", part):
                macs.append(_mac(part))
            elif part == "ignore":
                keywords["ignore"] = True
            elif (time := lease_time(part)) is not None:
                keywords["ip_address_lease_time"] = seconds(time)
            else:
                keywords["hostname"] = part
        if macs:
            keywords = {"mac": _alone(macs), **keywords}
        elif "client_id" not in keywords:
            keywords["match_hostname"] = True
        if classes:
            keywords["classes"] = _alone(classes)
            self._tags.of_hosts.update(classes)
        self._draft.hosts.append(Call("host", [], keywords, list(line.comments)))
        self._taken(line, "a host")

    def _identifier(self, text: str, keywords: dict[str, object]) -> None:
        if text != "*":
            is_hex = OCTETS.fullmatch(text)
            keywords["client_id"] = ":".join(f"{int(one, 16):02x}" for one in text.split(":")) if is_hex else text

    # --- options

    def _option(self, line: Line) -> None:
        tags, rest = asked_for(line.parts)
        if not rest:
            raise InvalidValue("the option is missing")
        if rest[0].startswith(("option6:", "vi-encap:", "encap:", "vendor:")):
            raise InvalidValue("of IPv6" if rest[0].startswith("option6:") else
                               "an option within another: option_definitions = [option(..., inside=...)], pydhcpd.conf(5)")
        code, words = code_of(rest[0]), rest[1:]
        name = name_of(code)
        if not words or words == [""]:
            self._withhold(line, code, name, tags)
            return
        if OWN in words:
            self._own(code, words, tags)
        else:
            value = value_for(code, words)
            for scope in self._scope(tags):
                scope[name] = value
        self._note_told(code, tags)
        if line.name == "dhcp-option-force":
            self._always(name, tags)
        if line.comments and not tags:
            self._draft.setting_comments.setdefault(name, []).extend(line.comments)
        if code in WITH_ROUTER:
            self._differs(line, f"{name}; the router is added to it as the default route, for clients that read it ignore "
                          "option 3 (RFC 3442)")
        else:
            self._taken(line, name)

    def _withhold(self, line: Line, code: int, name: str, tags: Sequence[str]) -> None:
        """An option without a value is not to be sent."""
        for scope in self._scope(tags):
            if tags:
                scope[name] = None
        self._note_told(code, tags)
        self._taken(line, f"{name} is not sent")

    def _note_told(self, code: int, tags: Sequence[str]) -> None:
        if not tags:
            self._told_by_all.add(code)
        elif len(tags) == 1 and tags[0] in self._tags.of_ranges:
            for key, call in self._subnets.items():
                if call in self._of_range(tags[0]):
                    self._told.setdefault(key, set()).add(code)

    def _always(self, name: str, tags: Sequence[str]) -> None:
        for scope in self._scope(tags):
            names = scope.setdefault("always_send", [])
            assert isinstance(names, list)
            names.append(name)

    def _own(self, code: int, words: Sequence[str], tags: Sequence[str]) -> None:
        """0.0.0.0 is the address of the machine itself, in each subnet another."""
        chosen = self._of_range(tags[0]) if len(tags) == 1 and tags[0] in self._tags.of_ranges else list(self._subnets.values())
        if tags and tags[0] not in self._tags.of_ranges:
            owns = {self._own_address(key) for key in self._subnets}
            if len(owns) != 1:
                raise InvalidValue("0.0.0.0 stands for the machine itself, which has several addresses: name one")
            self._class(tags).keywords[name_of(code)] = value_for(code, [str(*owns) if one == OWN else one for one in words])
            return
        for key, call in self._subnets.items():
            if call in chosen:
                own = self._own_address(key)
                call.keywords[name_of(code)] = value_for(code, [own if one == OWN else one for one in words])

    def _own_address(self, key: tuple[int, int]) -> str:
        """The machine's own address in a network. Raises InvalidValue where it has none."""
        for address, _ in self._local:
            if address & key[1] == key[0]:
                return address_text(address)
        raise InvalidValue(f"it stands for the address of the machine in {network_text(*key)}, which it has not at the moment: "
                           "name it")

    def _boot(self, line: Line) -> None:
        tags, rest = asked_for(line.parts)
        values = dict(zip(("boot_file_name", "server_name", "next_server"), rest, strict=False))
        for scope in self._scope(tags):
            scope.update({name: value for name, value in values.items() if value})
        if values.get("next_server") and not ADDRESS.fullmatch(values["next_server"]):
            raise InvalidValue("the server is a name, which is not looked up; name its address")
        self._taken(line, "boot_file_name" + (f" of the class {' and '.join(tags)}" if tags else ""))

    def _ignore(self, line: Line) -> None:
        tags, _ = asked_for(line.parts)
        unknown = tags == [f"!{KNOWN}"]
        name = "unknown" if unknown else str(self._class(tags).arguments[0])
        for subnet in self._subnets.values():
            subnet.keywords["deny"] = name
        self._taken(line, f"deny={name!r} of each subnet")

    # --- the rest

    def _domain(self, line: Line) -> None:
        parts = line.parts
        if len(parts) == 1:
            self._draft.set("domain_name", parts[0], line.comments)
            self._taken(line, "domain_name")
            return
        base, mask = network_from(parts[1]) if "/" in parts[1] else (address_from(parts[1]), 0xFFFFFFFF)
        inside = [call for key, call in self._subnets.items() if key[0] & mask == base & mask]
        if not inside:
            raise InvalidValue("no dhcp-range is in that network")
        for call in inside:
            call.keywords["domain_name"] = parts[0]
        self._taken(line, "domain_name of a subnet")

    def _interface(self, line: Line) -> None:
        names = [name for name in line.parts if name and name != "lo"]
        there = self._draft.settings.keywords.get("interface")
        all_names = [*(there if isinstance(there, list) else [there] if there else []), *names]
        if all_names:
            self._draft.set("interface", _alone(all_names), line.comments)
        self._taken(line, "interface")

    def _listen(self, line: Line) -> None:
        self._none(line, "interface names what is served")

    def _tftp(self, line: Line) -> None:
        self._taken(line, "tftp_root")

    def _tftp_root(self, line: Line) -> None:
        self._draft.set("tftp_root", line.parts[0], line.comments)
        self._taken(line, "tftp_root")

    def _ignore_identifier(self, line: Line) -> None:
        self._draft.set("client_identity", "mac", line.comments)
        self._taken(line, "client_identity")

    def _port_of_dns(self, line: Line) -> None:
        self._port = line.value
        self._none(line, DNS)

    def _switch(self, line: Line) -> None:
        name, value = SWITCHES[line.name]
        self._draft.set(name, value, line.comments)
        self._taken(line, f"{name} = {value}")

    def _by_itself(self) -> None:
        """dnsmasq says of itself that it is the router and the DNS server where nobody says otherwise."""
        codes = [ROUTER, *([DNS_SERVER] if self._port == DNS_PORT else [])]
        for key, subnet in self._subnets.items():
            for code in codes:
                if code in self._told_by_all or code in self._told.get(key, ()):
                    continue
                try:
                    subnet.keywords[name_of(code)] = value_for(code, [self._own_address(key)])
                except InvalidValue:
                    self._report.notes.append(f"dnsmasq tells the clients of {network_text(*key)} its own address, or that of "
                                              f"their relay agent, as {name_of(code)}; name it, for it is not known here")

    def _finished(self) -> Draft:
        draft = self._draft
        draft.classes = sorted(self._classes.values(), key=lambda call: -str(call.arguments[0]).count(" and "))
        draft.conditions = self._tags.definitions()
        known = {str(call.arguments[0]) for call in draft.classes}
        for tag in sorted(self._tags.of_hosts - known):
            draft.classes.append(Call("client_class", [tag]))
        draft.subnets = list(self._subnets.values())
        draft.tidy()
        return draft


def _alone(names: list[str]) -> object:
    """One as itself, several as a list."""
    return names[0] if len(names) == 1 else names


def _mac(text: str) -> str:
    """A hardware address without its type; octets may be any."""
    bare = re.sub(r"^[0-9a-fA-F]{1,2}-", "", text)
    return bare.lower() if "*" in bare else hardware_from(bare).hex(":")

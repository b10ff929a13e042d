"""dnsmasq's `dhcp-option`: options of ours by their names, and what dnsmasq tells of itself where no line says otherwise."""

from collections.abc import Sequence

from pydhcpd.addresses import address_from, address_text, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.inner import WITHIN, Inner
from pydhcpd.migration.configurations.dnsmasq.lines import Line
from pydhcpd.migration.configurations.dnsmasq.places import Key, Places
from pydhcpd.migration.configurations.dnsmasq.tags import tag_in
from pydhcpd.migration.configurations.dnsmasq.values import OWN, code_of, is_option, name_of, value_for
from pydhcpd.migration.configurations.draft import Call
from pydhcpd.migration.configurations.teller import Teller

ROUTER, DNS_SERVER, DOMAIN_NAME = 3, 6, 15
BY_ITSELF = (1, ROUTER, DNS_SERVER, 12, DOMAIN_NAME, 28)
"""Options that dnsmasq sends unless they are given without a value."""
BOOT_SERVER = "option:server-ip-address"  # a field, which dnsmasq lets be said as an option
WITH_ROUTER = (121, 249)


class Options:
    """Takes them over. `networks` are the machine's own addresses with their masks."""

    def __init__(self, places: Places, teller: Teller, networks: Sequence[tuple[int, int]]) -> None:
        self._places, self._teller, self._networks = places, teller, networks
        self._inner = Inner(places)
        self._told: dict[Key, set[int]] = {}  # options by code that a subnet has, or is to have none of
        self._told_by_all: set[int] = set()

    @property
    def has_domain(self) -> bool:
        """Whether a line without tags says option 15."""
        return DOMAIN_NAME in self._told_by_all

    def take(self, line: Line) -> None:
        """A line. Raises InvalidValue."""
        tags, within, rest = _tags_of_option(line.parts)
        if not rest:
            raise InvalidValue("the option is missing")
        if rest[0].startswith("option6:"):
            raise InvalidValue("of IPv6")
        if rest[0] == BOOT_SERVER:
            self._places.put(tags, "next_server", address_text(address_from(",".join(rest[1:]))))
            return self._teller.taken(line, "next_server")
        code, words = code_of(rest[0]), [one for one in rest[1:] if one]
        if within:
            return self._within(line, within, tags, code, words)
        name = name_of(code)
        if not words:
            return self._withhold(line, code, name, tags)
        if OWN in words:
            self._own(code, words, tags)
        else:
            self._places.put(tags, name, value_for(code, words))
        self._note_told(code, tags)
        self._force(line, name, tags)
        if code in WITH_ROUTER:
            return self._teller.differs(line, f"{name}; the router is added to it as the default route, for clients that read "
                                              "it ignore option 3 (RFC 3442)")
        return self._teller.taken(line, name)

    def _force(self, line: Line, name: str, tags: Sequence[str]) -> None:
        """What belongs to an option besides its value."""
        if line.name == "dhcp-option-force":
            self._always(name, tags)
        if line.comments and not tags:
            self._places.draft.setting_comments.setdefault(name, []).extend(line.comments)

    def _within(self, line: Line, within: str, tags: Sequence[str], code: int, words: Sequence[str]) -> None:
        tags, name = self._inner.take(within, code, words, tags)
        self._force(line, name, tags)
        self._teller.taken(line, f"a part of {name}")

    def _withhold(self, line: Line, code: int, name: str, tags: Sequence[str]) -> None:
        """An option without a value is not to be sent."""
        if tags:
            self._places.put(tags, name, None)
        self._note_told(code, tags)
        if code in BY_ITSELF:
            self._teller.taken(line, f"{name} is not sent")
        else:
            self._teller.differs(line, f"{name} is not sent; dnsmasq sends it without a value")

    def _note_told(self, code: int, tags: Sequence[str]) -> None:
        if not tags:
            self._told_by_all.add(code)
        elif self._places.is_of_range(tags):
            for key, call in self._places.by_network(tags[0]):
                if call.name == "subnet":
                    self._told.setdefault(key, set()).add(code)

    def _always(self, name: str, tags: Sequence[str]) -> None:
        for call in self._places.of(tags):
            if name not in call.keywords.get("always_send", ()):  # type: ignore[operator]  # a list, where it is there
                call.add("always_send", name)

    def _own(self, code: int, words: Sequence[str], tags: Sequence[str]) -> None:
        """0.0.0.0 is the address of the machine itself, in each subnet another."""
        if not tags or self._places.is_of_range(tags):
            for key, call in self._places.by_network(tags[0]) if tags else self._places.subnets.items():
                call.keywords[name_of(code)] = value_for(code, _replaced(words, self._own_address(key)))
            return
        owns = {self._own_address(key) for key in self._places.subnets}
        if len(owns) != 1:
            raise InvalidValue("0.0.0.0 stands for the machine itself, which has several addresses: name one")
        self._places.put(tags, name_of(code), value_for(code, _replaced(words, *owns)))

    def _own_address(self, key: Key) -> str:
        """The machine's own address in a network. Raises InvalidValue where it has none."""
        for address, _ in self._networks:
            if address & key[1] == key[0]:
                return address_text(address)
        raise InvalidValue(f"it stands for the address of the machine in {network_text(*key)}, which it has not at the moment: "
                           "name it")

    # --- what dnsmasq says by itself

    def by_itself(self, *, is_dns: bool, has_files: bool) -> None:
        """It says of itself that it is the router, the DNS server where it is one, and, where it names boot files without a
        server, that."""
        codes = [ROUTER, *([DNS_SERVER] if is_dns else [])]
        for key, subnet in self._places.subnets.items():
            if not subnet.keywords.get("proxy_dhcp"):
                names = [name_of(code) for code in codes if code not in self._told_by_all | self._told.get(key, set())]
                self._say_own(key, subnet, names)
            if has_files:
                self._say_own(key, subnet, ["next_server"])

    def _say_own(self, key: Key, subnet: Call, names: Sequence[str]) -> None:
        """Name the machine's own address, where nothing is said."""
        for name in names:
            try:
                own = self._own_address(key)
            except InvalidValue:
                self._teller.note(f"dnsmasq tells the clients of {network_text(*key)} its own address, or that of "
                                          f"their relay agent, as {name}; name it, for it is not known here")
            else:
                subnet.keywords.setdefault(name, own if name == "next_server" else [own])


def _replaced(words: Sequence[str], own: str) -> list[str]:
    return [own if one == OWN else one for one in words]


def _tags_of_option(parts: Sequence[str]) -> tuple[list[str], str, list[str]]:
    """The tags that an option is for, what it is within, and the rest; whatever stands before the option is a tag."""
    tags, within, rest = [], "", list(parts)
    while rest and not is_option(rest[0]):
        word = rest.pop(0)
        if word.partition(":")[0] in WITHIN and ":" in word:
            within = word
        elif word:
            tags.append(tag_in(word))
    return tags, within, rest

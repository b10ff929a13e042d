"""`Naming`: how the clients of one scope of the configuration are called in the DNS, and who puts them there; compiled once.

The name is the one that the configuration gives, else one made by `dns_name`, as a rule of what the client sent. A client may
say by option 81 who is to update the DNS (RFC 4702 section 2.1); how far it is heeded is `dns_updates`.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.dns.labels import host_name, is_name
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.dns.zones import is_reverse
from pydhcpd.policy.templates import Facts, Template, Values

HOST_NAME, DOMAIN_NAME = 12, 15
KEEPERS = ("dns_zones", "dns_files")
SETTINGS, OPTIONS = frozenset((*KEEPERS, "dns_name", "dns_updates")), frozenset((HOST_NAME, DOMAIN_NAME))
"""What decides of a name, and of who puts it where."""
AS_ASKED, BY_SERVER, ALWAYS = UPDATES = ("as_asked", "by_server", "always")

FIELDS: Values = {
    "hostname": lambda facts: facts.hostname,
    "ip": lambda facts: address_text(facts.address).replace(".", "-"),
    "ip_hex": lambda facts: f"{facts.address:08x}",
    "mac": lambda facts: facts.hardware.hex("-"),
    "mac_hyphens": lambda facts: facts.hardware.hex("-"),
    "subnet": lambda facts: facts.subnet.replace(".", "-").replace("/", "-")}
"""What may stand in braces, as part of a label. Only what follows from a lease, whose name is the same after a restart."""

WORDS = ("a name or a list of names of which the first that can be made is taken, such as ['{hostname}', 'dhcp-{ip}']; with a "
         "dot at its end one is complete, else it is in domain_name; {hostname}, {ip}, {ip_hex}, {mac} and {subnet} are the "
         "client's")
_SOMEBODY = Facts(b"\2" * 6, 1, "x", b"", "", "192.0.2.0/24")


def templates_of(value: object) -> tuple[Template, ...]:
    """Check a value of `dns_name`; an empty list is for clients that get no name. Raises InvalidValue."""
    return tuple([_template(one) for one in (value if isinstance(value, list | tuple) else [value])])


def _template(value: object) -> Template:
    if isinstance(value, Template):
        return value
    if not isinstance(value, str):
        raise InvalidValue(f"{value!r} is not text; allowed is {WORDS}")
    made = Template.of(value, FIELDS)
    if not is_name(made.filled(_SOMEBODY)[0].removesuffix(".").lower()):
        raise InvalidValue(f"{value!r} makes no name of a host; allowed are letters, digits and hyphens, in parts of 1 to 63 "
                           "with dots between them, and {hostname} and its kin")
    return made


PLAIN = templates_of("{hostname}")


@dataclass(frozen=True, slots=True)
class Naming:
    """`domain` is empty where nothing says one. `zones` and `files` are where names are kept. `given` is the name that the
    configuration gives to all clients of the scope, such as a single host."""

    templates: Sequence[Template]
    domain: str
    updates: str
    zones: Sequence[DnsZone] = ()
    files: Sequence[DnsFile] = ()
    given: str = ""

    def name_for(self, facts: Facts, taken: Container[str] = ()) -> str:
        """The full name of a client that calls itself as `facts` say; empty where it has none. Names in `taken` are others';
        that of a zone's name server is no client's, for who had it would be asked in its place."""
        host = host_name(facts.hostname, self.domain)
        is_taken = host in taken or any(one.server == f"{host}.{self.domain}" for one in self.files)
        return self._first(self.templates, facts, "" if is_taken else host)

    def given_name_for(self, facts: Facts) -> str:
        """The same where the administrator calls it so: that is not made into another name, and with dots it is complete."""
        name = facts.hostname.rstrip(".").lower().replace("_", "-")
        if "." in name:
            return name if is_name(name) else ""
        return self._first([one for one in self.templates if "hostname" in one.fields] or PLAIN, facts, name)

    def _first(self, templates: Iterable[Template], facts: Facts, host: str) -> str:
        known = Facts(facts.hardware, facts.address, host, b"", "", facts.subnet)
        for template in templates:
            text, lacks = template.filled(known)
            if not lacks and (name := self._completed(text.lower())) and is_name(name):
                return name
        return ""

    def _completed(self, text: str) -> str:
        if text.endswith("."):
            return text[:-1]
        return f"{text}.{self.domain}" if self.domain else ""

    def keeps(self, name: str, address: int) -> tuple[bool, bool]:
        """Whether there is a place where we keep the A record of a name, and one for the PTR record of an address."""
        in_file = any(one.holds(name) for one in self.files)
        forward = in_file or any(zone.holds(name) for zone in self.zones)
        reverse = any((one.is_complete and one.holds(name)) or one.holds_address(address) for one in self.files)
        return forward, reverse or any(zone.holds_address(address) for zone in self.zones)


def naming_of(settings: Mapping[str, Any], options: Mapping[int, bytes], given: str) -> Naming | None:
    """What a scope says, None where nobody keeps names anywhere, or none are to be kept."""
    zones, files, templates = (settings.get(name) or () for name in (*KEEPERS, "dns_name"))
    if not (zones or files) or not templates:
        return None
    domain = options.get(DOMAIN_NAME, b"").decode(errors="replace").rstrip("\0.").lower()
    if not is_name(domain):
        domains = [zone.name for zone in zones] + [file.domain for file in files if file.domain]
        domain = next((one for one in domains if not is_reverse(one)), "")
    return Naming(templates, domain, settings.get("dns_updates", AS_ASKED), zones, files, given)

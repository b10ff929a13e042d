"""`Naming`: how the leases of one scope of the configuration are called in the DNS, and who puts them there; compiled once.

The name is the one that the configuration gives, else one made by `dns_name`, as a rule of what the client sent. A client may
say by option 81 who is to update the DNS (RFC 4702 section 2.1); how far it is heeded is `dns_updates`.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydhcpd.addresses import address_text
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.dns.labels import host_name, is_name
from pydhcpd.policy.dns.zones import is_reverse
from pydhcpd.policy.templates import Facts, Template, Values

DOMAIN_NAME = 15
AS_ASKED, BY_SERVER, ALWAYS = UPDATES = ("as_asked", "by_server", "always")
SERVER_DOES, CLIENT_DOES, NOBODY_DOES = "S", "C", "N"
"""What a client wants by option 81: that the server updates the DNS, as if it had sent none; that it does so itself for its
name, which leaves its address to the server; or that nobody does."""

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
    given = value if isinstance(value, list | tuple) else (value,)
    return tuple([_template(one) for one in given])


def _template(value: object) -> Template:
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
    """`domain` is empty where nothing says one. `given` is the name that the configuration gives to clients, if it does."""

    templates: Sequence[Template]
    domain: str
    updates: str
    given: str = ""

    def name_for(self, hostname: str, hardware: bytes, address: int, subnet: str, taken: Container[str] = ()) -> str:
        """The full name of a client that is called `hostname`; empty where it has none. Names in `taken` are others'."""
        if self.given and hostname == self.given:
            return self._of_given(Facts(hardware, address, hostname, b"", "", subnet))
        host = host_name(hostname, self.domain)
        return self._first(self.templates, Facts(hardware, address, "" if host in taken else host, b"", "", subnet))

    def _of_given(self, facts: Facts) -> str:
        """An administrator's own choice is not made into another one; with a domain of its own it is complete."""
        name = facts.hostname.rstrip(".").lower().replace("_", "-")
        if "." in name and is_name(name):
            return name
        with_it = [one for one in self.templates if "hostname" in one.fields]
        return self._first(with_it or PLAIN, Facts(facts.hardware, facts.address, name, b"", "", facts.subnet))

    def _first(self, templates: Sequence[Template], facts: Facts) -> str:
        for template in templates:
            text, lacks = template.filled(facts)
            if not lacks and (name := self._completed(text.lower())) and is_name(name):
                return name
        return ""

    def _completed(self, text: str) -> str:
        if text.endswith("."):
            return text[:-1]
        return f"{text}.{self.domain}" if self.domain else ""


def naming_of(settings: Mapping[str, Any], options: Mapping[int, bytes], given: str) -> Naming | None:
    """What a scope says, None where nobody puts names anywhere, or none are to be there."""
    zones, files, templates = settings.get("dns_zones"), settings.get("dns_files"), settings.get("dns_name")
    if not (zones or files) or not templates:
        return None
    domains = [zone.name for zone in zones or ()] + [file.domain for file in files or () if file.domain]
    domain = options.get(DOMAIN_NAME, b"").decode(errors="replace").rstrip("\0.").lower()
    if not is_name(domain):
        domain = next((one for one in domains if not is_reverse(one)), "")
    return Naming(templates, domain, settings.get("dns_updates", AS_ASKED), given)

"""dnsmasq's `dhcp-host`, and the lines of /etc/ethers: reservations of ours."""

import re
from collections.abc import Mapping

from pydhcpd.addresses import address_from, address_text, hardware_from
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.dnsmasq.lines import Line
from pydhcpd.migration.configurations.dnsmasq.places import Places
from pydhcpd.migration.configurations.dnsmasq.tags import KNOWN
from pydhcpd.migration.configurations.dnsmasq.values import ADDRESS, OCTETS, lease_time
from pydhcpd.migration.configurations.draft import Call, seconds
from pydhcpd.policy.arguments import hostname

MAC = re.compile(r"([0-9a-fA-F]{1,2}-)?([0-9a-fA-F]{1,2}|\*)(:([0-9a-fA-F]{1,2}|\*))+")
OLDER, WITHIN = ("set:", "net:"), ("tag:",)


def host_of(line: Line, places: Places, names: Mapping[str, str]) -> tuple[Call, str]:
    """The reservation of a line, and what is said of it. `names` have addresses by the name. Raises InvalidValue."""
    keywords: dict[str, object] = {}
    macs: list[str] = []
    classes: list[str] = []
    for part in line.parts:
        if part.startswith(OLDER):
            classes.append(part[4:])
        elif part.startswith(WITHIN):
            raise InvalidValue("it is for clients with a tag alone, which a reservation cannot say")
        elif part.startswith("id:"):
            _identifier(part[3:], keywords)
        elif MAC.fullmatch(part):
            macs.append(_mac(part))
        elif part and not part.startswith("["):
            _single(part, keywords)
    words = _looked_up(keywords, names)
    if macs:
        keywords = {"mac": macs[0] if len(macs) == 1 else macs, **keywords}
    elif "client_id" not in keywords:
        if "hostname" not in keywords:
            raise InvalidValue("it does not say whose it is")
        keywords["match_hostname"] = True
    if known := [tag for tag in classes if tag != KNOWN]:
        keywords["classes"] = known[0] if len(known) == 1 else known
        places.tags.of_hosts.update(known)
    return Call("host", [], keywords, list(line.comments)), words


def _single(part: str, keywords: dict[str, object]) -> None:
    if ADDRESS.fullmatch(part):
        keywords["ip"] = address_text(address_from(part))
    elif part == "ignore":
        keywords["ignore"] = True
    elif (time := lease_time(part)) is not None:
        keywords["ip_address_lease_time"] = seconds(time)
    else:
        keywords["hostname"] = hostname(part).partition(".")[0]  # its domain is that of its network


def _looked_up(keywords: dict[str, object], names: Mapping[str, str]) -> str:
    """The address of a host that has but a name; what is said of the host."""
    address = names.get(str(keywords.get("hostname", "")).lower())
    if address is None or "ip" in keywords:
        return "a host"
    keywords["ip"] = address
    return "a host, with the address that its name has in the hosts file"


def _identifier(text: str, keywords: dict[str, object]) -> None:
    if text != "*":
        is_hex = OCTETS.fullmatch(text)
        keywords["client_id"] = ":".join(f"{int(one, 16):02x}" for one in text.split(":")) if is_hex else text


def _mac(text: str) -> str:
    """A hardware address without its type; octets may be any."""
    bare = re.sub(r"^[0-9a-fA-F]{1,2}-", "", text)
    return bare.lower() if "*" in bare else hardware_from(bare).hex(":")

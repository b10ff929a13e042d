"""The words of the configuration file: constructors, conditions, comparators and units.

They are in scope when the file runs. `from pydhcpd.conf import *` as its first line changes nothing, and lets an editor
complete them; conf.pyi, which is generated, has the names of options and settings too. Nothing here acts: a value counts
only when the file assigns it to a name that is known.
"""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, LESS, NETWORK, NOT, PREFIX, REGEX, SUFFIX
from pydhcpd.errors import InvalidValue
from pydhcpd.happenings import Happening as Event
from pydhcpd.names import remedy, synonym
from pydhcpd.policy.arguments import written
from pydhcpd.policy.boot.menu import PxeItem, PxeMenu
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.conditions import match
from pydhcpd.policy.declarations import (
    Mistake,
    PoolDeclaration,
    SharedNetworkDeclaration,
    SubnetDeclaration,
    mistakes_in,
)
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.script import Script
from pydhcpd.policy.views import ReplyView as Reply
from pydhcpd.policy.views import RequestView as Request
from pydhcpd.settings import ARGUMENTS, BY_NAME, DAYS, HOURS, INFINITE, MINUTES
from pydhcpd.wire.codecs import codec
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES
from pydhcpd.wire.options import Option, inside_from

__all__ = ["ALL", "CASEINSENSITIVE", "DAYS", "GREATER", "HOURS", "INFINITE", "LESS", "MINUTES", "NETWORK", "NOT", "PREFIX",
           "REGEX", "SUFFIX", "Event", "Reply", "Request", "client_class", "dns_file", "dns_zone", "host", "match", "option",
           "pool", "pxe_item", "pxe_menu", "script", "shared_network", "subnet", "tsig"]

SECRETS = ("secret", "key")
"""Arguments that are shown nowhere."""
Made = TypeVar("Made")


def subnet(network: object, **arguments: object) -> SubnetDeclaration | Mistake:
    """A network, for `subnets`: its base address and mask as "a/n"; pools, exclude, relays, interface, allow, deny; and
    settings and DHCP options by name."""
    return _made("subnet", SubnetDeclaration.of, {"network": network, **arguments})


def pool(range: object, **arguments: object) -> PoolDeclaration | Mistake:  # the name in the file
    """A range of a subnet's addresses, for its `pools`: "a - b", "a/n" or ("a", "b"); allow and deny; and settings and
    DHCP options by name."""
    return _made("pool", PoolDeclaration.of, {"range": range, **arguments})


def shared_network(name: object, subnets: object, **arguments: object) -> SharedNetworkDeclaration | Mistake:
    """Several subnets on one link, for `shared_networks`; relays and interface for all of them; and settings and DHCP
    options by name."""
    return _made("shared_network", SharedNetworkDeclaration.of, {"name": name, "subnets": subnets, **arguments})


def host(ip: object = None, hostname: object = None, **arguments: object) -> Reservation | Mistake:
    """A reservation, for `hosts`: who it is, by mac, client_id, uuid, relay, remote_id, circuit_id, subscriber_id
    (one value, or several of the first three) or by hostname with match_hostname=True; its ip, or one of each subnet;
    its classes; and DHCP options and lease times by name."""
    return _made("host", Reservation.of, {"ip": ip, "hostname": hostname, **arguments})


def client_class(name: object, condition: object = None, **arguments: object) -> ClientClass | Mistake:
    """A class of clients, for `classes`: all for whom the condition holds, which is a match(...) or a function of the
    request; lease_limit, and lease_limit_per a field; and DHCP options and lease times by name."""
    return _made("client_class", ClientClass.of, {"name": name, "condition": condition, **arguments})


def dns_file(path: object, **arguments: object) -> DnsFile | Mistake:
    """A file for a DNS server, for `dns_files`: its path; form "hosts", or "zone"; the domain of the names in it; and for a
    zone server and ttl."""
    return _made("dns_file", DnsFile.of, {"path": path, **arguments})


def pxe_item(text: object, boot_file_name: object = None, **arguments: object) -> PxeItem | Mistake:
    """A line of a menu, for pxe_menu(): its text, and what it boots: a name, or names by architecture. Where that is to be had
    from another machine, server is its address. Without a file it is the machine's own disk; or, with server and type, what a
    PXE boot server of that type tells."""
    return _made("pxe_item", PxeItem.of, {"text": text, "boot_file_name": boot_file_name, **arguments})


def pxe_menu(prompt: object, items: object, **arguments: object) -> PxeMenu | Mistake:
    """What firmware asks the user, for the setting pxe_menu: a line of text, the items, and timeout: after how many seconds the
    first of them is taken."""
    return _made("pxe_menu", _PxeMenu.of, {"prompt": prompt, "items": items, **arguments})


class _PxeMenu(PxeMenu):
    """With `pxe_menu = pxe_menu(...)` a file gives the name of the constructor to its menu, and goes on to call it."""

    __slots__ = ()

    def __call__(self, prompt: object, items: object, **arguments: object) -> PxeMenu | Mistake:
        return _made("pxe_menu", _PxeMenu.of, {"prompt": prompt, "items": items, **arguments})


def dns_zone(name: object, server: object = None, **arguments: object) -> DnsZone | Mistake:
    """A zone of the DNS that is kept current, for `dns_zones`: its name, or for addresses its network "a/n"; the address of its
    server, with a port where that is not 53, or a list of them, which are asked in turn; key, a tsig(...); and ttl."""
    return _made("dns_zone", DnsZone.of, {"name": name, "server": server, **arguments})


def tsig(name: object = None, algorithm: object = None, **arguments: object) -> Tsig | Mistake:
    """The key of a dns_zone(): its name and algorithm as the DNS server has them, and file, which holds the secret, or secret
    itself in base64. Where the file tells name and algorithm too, as those of BIND and Knot do, it is enough by itself."""
    return _made("tsig", Tsig.of, {"name": name, "algorithm": algorithm, **arguments})


def script(path: object, **arguments: object) -> Script | Mistake:
    """A program, for `scripts`: its path; on, the kinds of events that it is run for; timeout, in seconds; concurrency and
    queue: how many run, and how many wait, at a time; wait, for tests."""
    return _made("script", Script.of, {"path": path, **arguments})


def option(code: int, name: str, shape: Any, inside: object = None) -> Option | Mistake:
    """A DHCP option of one's own, for `option_definitions`: its number, name and shape ("address", "text", ...).

    A suboption is inside="vendor_specific_information", or inside=("vendor_identifying", ENTERPRISE NUMBER)."""
    def make(line: int, _: object) -> Option:
        place = None if inside is None else inside_from(inside)
        if isinstance(code, bool) or not isinstance(code, int) or not 1 <= code <= 254:
            raise InvalidValue(f"code {code!r} is no option's number; allowed are 1 to 254")
        if not isinstance(name, str) or not name.isidentifier():
            raise InvalidValue(f"name {name!r} is no name; allowed are letters, digits and _")
        return Option(code, name, codec(shape), f"line {line}", inside=place)

    return _made("option", make, {"code": code, "name": name, "shape": shape, "inside": inside})


def _made(name: str, make: Callable[[int, dict[str, object]], Made], arguments: dict[str, object]) -> Made | Mistake:
    """What a constructor returns. It is called on a line of the file, which is that of the caller's caller."""
    line = sys._getframe(2).f_lineno
    try:
        return make(line, arguments)
    except InvalidValue as error:
        reasons = [str(error), *_other_servers_words(name, arguments)]
        return Mistake(line, _call(name, arguments), "; ".join(reasons), mistakes_in(arguments.values()))


def _other_servers_words(constructor: str, arguments: dict[str, object]) -> list[str]:
    """What to write for arguments that have another server's name, which may be all that is wrong."""
    return [f"{name}: {remedy(name, [*ARGUMENTS[constructor], *BY_NAME, *OPTION_NAMES], constructor, repr(value))}"
            for name, value in arguments.items()
            if constructor in ARGUMENTS and name not in ARGUMENTS[constructor] and synonym(name, constructor)]


def _call(name: str, arguments: dict[str, object]) -> str:
    text = ", ".join(f"{key}={'***' if key in SECRETS else written(value)}" for key, value in arguments.items()
                     if value is not None)
    return f"{name}({text if len(text) <= 200 else text[:197] + '...'})"

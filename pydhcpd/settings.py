"""The settings of the configuration: name, kind, default, unit and description of each, in one table, by groups.

The table feeds loading, checking, `-help`, the prompt's `configuration`, the man page and the sample file. DHCP options
are not in it: their table is `wire.options`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from pydhcpd.addresses import address_from, address_text, network_from, several_in
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.arguments import interface_name
from pydhcpd.policy.boot.architectures import NAMES_WORDS, Architectures, names_from
from pydhcpd.policy.boot.files import WORDS as BOOT_FILE_WORDS
from pydhcpd.policy.boot.files import BootFile
from pydhcpd.policy.boot.menu import PxeMenu
from pydhcpd.policy.classes import ARGUMENTS as CLASS_ARGUMENTS
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.declarations import (
    POOL_ARGUMENTS,
    SHARED_NETWORK_ARGUMENTS,
    SUBNET_ARGUMENTS,
    PoolDeclaration,
    SharedNetworkDeclaration,
    SubnetDeclaration,
)
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.dns.naming import AS_ASKED, PLAIN, UPDATES, templates_of
from pydhcpd.policy.dns.naming import WORDS as DNS_NAME_WORDS
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.fence import FAILURE
from pydhcpd.policy.ranges import ranges_from
from pydhcpd.policy.reservation import ARGUMENTS as HOST_ARGUMENTS
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.script import Script
from pydhcpd.wire.codecs import instead_of_number, instead_of_time, whole_seconds
from pydhcpd.wire.options import Option

MINUTES, HOURS, DAYS, INFINITE = 60, 3600, 86400, 0xFFFFFFFF
TRUTH = {"yes": True, "no": False, "true": True, "false": False, True: True, False: False}
LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMS = ("text", "fields")
EXPORT_FORMS = ("hosts", "csv", "json", "kea", "isc")

HOST, POOL, NETWORK_WIDE, GLOBAL = range(4)
"""The narrowest scope in which a setting makes sense; it may be set there and in each that is wider. What a host may set, a
class may too; what holds for a network may be set for a shared network, and for all."""

ARGUMENTS = {"subnet": SUBNET_ARGUMENTS, "pool": POOL_ARGUMENTS, "shared_network": SHARED_NETWORK_ARGUMENTS,
             "host": tuple(HOST_ARGUMENTS), "client_class": tuple(CLASS_ARGUMENTS)}
"""What each constructor takes besides settings and options."""

NARROWEST = {"subnet": NETWORK_WIDE, "pool": POOL, "shared_network": NETWORK_WIDE, "host": HOST, "client_class": HOST}
"""The scope of each constructor."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting's value may be: words for people, and what checks a value and gives it its inner form."""

    words: str
    parse: Callable[[object], Any]  # raises InvalidValue


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `default` is in the inner form, `unit` is empty where there is none, `narrowest` a scope."""

    name: str
    kind: Kind
    default: Any
    unit: str
    words: str
    narrowest: int = GLOBAL
    command_line_only: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that are for the same purpose, which `words` say in a sentence."""

    title: str
    words: str
    settings: tuple[Setting, ...]


def _refuse(value: object, words: str, instead: str = "") -> InvalidValue:
    return InvalidValue(f"{value!r} cannot be used here; {instead or f'allowed is {words}'}")


def _flag(value: object) -> bool:
    key = value.lower() if isinstance(value, str) else value
    if isinstance(key, str | int) and key in TRUTH:
        return TRUTH[key]
    raise _refuse(value, FLAG.words)


def _number(least: int, most: int, words: str) -> Kind:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _refuse(value, words, instead_of_number(value))
        return value
    return Kind(words, parse)


def _time(value: object) -> int:
    seconds = whole_seconds(value)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or not 1 <= seconds <= INFINITE:
        raise _refuse(value, TIME.words, instead_of_time(value))
    return seconds


def _interval(value: object) -> int:
    seconds = whole_seconds(value)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or (seconds and not MINUTES <= seconds <= INFINITE):
        is_short = isinstance(value, int | float) and value < MINUTES
        raise _refuse(value, INTERVAL.words, "" if is_short else instead_of_time(value))
    return seconds


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= DAYS:
        with_point = f"write {value[0]}.{value[1]}" if isinstance(value, tuple) and len(value) == 2 else ""
        raise _refuse(value, DURATION.words, with_point or instead_of_number(value))
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise _refuse(value, TEXT.words)
    return value


def _mask(value: object) -> int:
    mask = address_from(_dotted_mask(value))
    if (~mask & 0xFFFFFFFF) & ((~mask & 0xFFFFFFFF) + 1):
        raise _refuse(value, MASK.words)
    return mask


def _dotted_mask(value: object) -> object:
    """A mask that was given as a number of bits is told with the text to write; other values are as they are."""
    bits = str(value).removeprefix("/")
    if isinstance(value, int | str) and not isinstance(value, bool) and bits.isdecimal() and int(bits) <= 32:
        mask = address_text(0xFFFFFFFF << 32 - int(bits) & 0xFFFFFFFF)
        raise _refuse(value, MASK.words, f"write '{mask}', or the bits with the network: 'a/{bits}'")
    return value


def _server_name(value: object) -> str:
    name = _text(value)
    if len(name.encode()) > 63:
        raise InvalidValue(f"{len(name.encode())} bytes; allowed is {SERVER_NAME.words}")
    return name


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, str | list | tuple):
        raise _refuse(value, NAMES.words)
    return tuple(interface_name(one) for one in ((value,) if isinstance(value, str) else value))


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise _refuse(value, PATH.words)
    return Path(value)


def _one_of(allowed: tuple[str, ...]) -> Kind:
    """One of a few words, in any case."""
    words = "one of " + ", ".join(allowed)

    def parse(value: object) -> str:
        if not isinstance(value, str) or value.lower() not in allowed:
            raise _refuse(value, words)
        return value.lower()

    return Kind(words, parse)


def _network(value: object) -> str:
    if isinstance(value, list | tuple) and len(value) > 1 and all(isinstance(one, str) for one in value):
        raise _refuse(value, NETWORK.words, f"several networks are subnets = [subnet({value[0]!r}), subnet({value[1]!r})]")
    if not isinstance(value, str):
        raise _refuse(value, NETWORK.words)
    if "/" in value:
        network_from(value)
    else:
        address_from(value)
    return value


def _several_of(what: type, constructor: str, arguments: str = "...") -> Kind:
    """A list of what a constructor makes."""
    words = f"a list of {constructor}({arguments})"

    def parse(value: object) -> tuple[Any, ...]:
        if isinstance(value, what):
            raise _refuse(value, words, f"write brackets around it: [{value!r}]")
        if not isinstance(value, list | tuple):
            raise _refuse(value, words)
        for one in value:
            if not isinstance(one, what):
                raise InvalidValue(f"{one!r} in it is no {constructor}(...); {_instead_of_member(one, words, constructor)}")
        return tuple(value)
    return Kind(words, parse)


def _instead_of_member(value: object, words: str, constructor: str) -> str:
    """What to write for what stands in a list of what a constructor makes, and is none."""
    if isinstance(value, dict) and all(isinstance(name, str) and name.isidentifier() for name in value):
        return f"write {constructor}({', '.join(f'{name}={one!r}' for name, one in value.items())})"
    if isinstance(value, list | tuple) and any(not isinstance(one, str | int) for one in value):
        return "write a star before it, so that it is one list: [..., *that]"
    return f"write {constructor}({value!r}, ...)" if isinstance(value, str) else f"allowed is {words}"


def _ranges(value: object) -> tuple[Any, ...]:
    pools = [one for one in (value if isinstance(value, list | tuple) else [value]) if isinstance(one, PoolDeclaration)]
    if pools:
        raise InvalidValue(f"{pools[0]!r} is for the pools of subnet(); write [{str(pools[0])!r}]")
    return ranges_from(value)


def _per_cent(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
        raise _refuse(value, PER_CENT.words)
    return float(value)


def _share(value: object) -> float:
    return 0.0 if value == 0 and not isinstance(value, bool) else _per_cent(value)


def _networks(value: object) -> tuple[tuple[int, int], ...]:
    """Base and mask of each; an address alone is a network of one."""
    return tuple(network_from(one if isinstance(one, str) and "/" in one else f"{address_text(address_from(one))}/32")
                 for one in (value if isinstance(value, list | tuple) else [value]))


def _failure(value: object) -> str:
    if value not in FAILURE:
        raise _refuse(value, FAILURES.words)
    return str(value)


def _ports(value: object) -> tuple[int, int]:
    if isinstance(value, list | tuple) and len(value) == 2 and all(type(one) is int and 1024 <= one <= 65535 for one in value):
        first, last = value
        if first > last:
            raise _refuse(value, PORTS.words, f"the last is below the first; write ({last}, {first})")
        return first, last
    raise _refuse(value, PORTS.words)


def _menu(value: object) -> PxeMenu:
    if not isinstance(value, PxeMenu):
        raise _refuse(value, MENU.words)
    return value


def _updates(value: object) -> str:
    if value not in UPDATES:
        raise _refuse(value, DNS_UPDATES.words)
    return str(value)


def _option_names(value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        raise _refuse(value, OPTION_NAMES.words)
    for one in names:
        if len(parts := several_in(one)) > 1:
            raise InvalidValue(f"{one!r} is not one name; several names are a list: {parts}")
    return tuple(names)


def _control_address(value: object) -> str:
    return address_text(address_from(value))


def _listening_addresses(value: object) -> tuple[str, ...]:
    """Of IPv4 and IPv6, in the shortest form, each once."""
    texts = value if isinstance(value, list | tuple) else [value]
    found = tuple(dict.fromkeys(_listening_address(one) for one in texts))
    if not found:
        raise _refuse(value, LISTENING_ADDRESSES.words)
    return found


def _listening_address(value: object) -> str:
    try:
        if not isinstance(value, str):
            raise ValueError
        return str(ip_address(value))
    except ValueError:
        raise _refuse(value, LISTENING_ADDRESSES.words) from None


def _host_names(value: object) -> tuple[str, ...]:
    texts = value if isinstance(value, list | tuple) else [value]
    if all(isinstance(one, str) and _HOST_NAME.fullmatch(one) for one in texts):
        return tuple(texts)
    raise _refuse(value, HOST_NAMES.words)


_HOST_NAME = re.compile(r"(?=.{1,254}$)(?!-)[A-Za-z0-9_-]{1,63}(\.(?!-)[A-Za-z0-9_-]{1,63})*\.?")

FLAG = Kind("True or False", _flag)
DURATION = Kind("a number of seconds from 0 to a day", _duration)
TIME = Kind("whole seconds from 1 to 4294967295, such as 8 * HOURS, or INFINITE", _time)
INTERVAL = Kind("whole seconds from 60, such as 1 * HOURS; 0 is off", _interval)
COUNT = _number(1, 1 << 24, "a whole number from 1 to 16777216")
TEXT = Kind("printable text", _text)
SERVER_NAME = Kind("printable text of at most 63 bytes", _server_name)
MASK = Kind("a mask, such as '255.255.255.0'", _mask)
NAMES = Kind("a name of an interface, or a list of them", _names)
PATH = Kind("the path of a file", _path)
DIRECTORY = Kind("the path of a directory", _path)
BOOT_FILE = Kind(BOOT_FILE_WORDS, BootFile.of)
ARCHITECTURES = Kind(NAMES_WORDS, lambda value: Architectures(names_from(value)))
LEVEL = _one_of(LOG_LEVELS)
FORM = _one_of(LOG_FORMS)
EXPORT_FORM = _one_of(EXPORT_FORMS)
MOST_DAYS = _number(0, 36_500, "a whole number of days from 0 to 36500")
ADDRESS = Kind("an IPv4 address, such as '192.0.2.1'", address_from)
NETWORK = Kind("a network's base address, such as '192.0.2.0', with its mask in subnet_mask or as '192.0.2.0/24'", _network)
RANGES = Kind("a list of ranges: 'a - b', 'a/n' or ('a', 'b')", _ranges)
HOSTS = _several_of(Reservation, "host")
SUBNETS = _several_of(SubnetDeclaration, "subnet")
SHARED_NETWORKS = _several_of(SharedNetworkDeclaration, "shared_network")
CLASSES = _several_of(ClientClass, "client_class")
SCRIPTS = _several_of(Script, "script", "'/etc/pydhcpd/on-lease', on=['bound', 'released']")
DEFINITIONS = _several_of(Option, "option", "code, name, shape")
ZONES = _several_of(DnsZone, "dns_zone", "'lab.example', server='10.0.0.53', key=tsig(...)")
FIELDS = Kind("a list of names of fields, such as ['remote_id', 'circuit_id']", _option_names)
SHARE = Kind("per cent, up to 100; 0 is off", _share)
PER_CENT = Kind("per cent above 0, up to 100", _per_cent)
NETWORKS = Kind("a list of addresses and networks, such as ['192.0.2.7', '198.51.100.0/24']", _networks)
FAILURES = Kind("'ignore' or 'drop'", _failure)
OPTION_NAMES = Kind("a list of names of DHCP options, such as ['router']", _option_names)
PORT = _number(0, 65535, "a port from 0 to 65535")
SERVED_PORT = _number(1, 65535, "a port from 1 to 65535")
PORTS = Kind("two ports from 1024 to 65535: the first and the last, such as (50000, 50999)", _ports)
TRANSFERS = _number(1, 10_000, "a whole number from 1 to 10000")
MENU = Kind("pxe_menu('Boot what?', [pxe_item(...), ...], timeout=10)", _menu)
DNS_NAME = Kind(DNS_NAME_WORDS, templates_of)
DNS_UPDATES = Kind("one of " + ", ".join(map(repr, UPDATES)), _updates)
DNS_FILES = _several_of(DnsFile, "dns_file", "'/var/lib/pydhcpd/hosts', form='hosts'")
LISTENING_ADDRESSES = Kind("a list of addresses, such as ['127.0.0.1', '::1'], with '0.0.0.0' for all of IPv4 and '::' for all "
                           "of IPv6", _listening_addresses)
HOST_NAMES = Kind("a list of names, such as ['dhcp.lab.example'], without a scheme and a port", _host_names)
CONTROL_ADDRESS = Kind("an IPv4 address, such as '127.0.0.1'", _control_address)

GROUPS: tuple[Group, ...] = (
    Group("Interfaces and networks",
          "Where the server listens, and which networks it serves: one by network and ip_ranges, several by subnets.", (
        Setting("interface", NAMES, (), "",
                "interface or list of interfaces to serve; without it, those with an address in a network that is served"),
        Setting("network", NETWORK, None, "", "the network to serve; without it, that of the interface's address"),
        Setting("subnet_mask", MASK, None, "", "mask of network, where network does not carry it"),
        Setting("bind_address", ADDRESS, None, "",
                "serve only the interface with this address, which is the server identifier"),
        Setting("ip_ranges", RANGES, None, "",
                "the pool: ranges of addresses to give; without it, all of the network but its first five"),
        Setting("subnets", SUBNETS, (), "",
                "subnets (scopes) to serve, instead of network and ip_ranges: subnet('a/n', pools=[...], ...)"),
        Setting("shared_networks", SHARED_NETWORKS, (), "",
                "subnets that share one link: shared_network(name, [subnet(...), ...])"),
    )),
    Group("Addresses and leases", "Who gets which address, and for how long.", (
        Setting("hosts", HOSTS, (), "", "reservations: host(mac=..., ip=..., hostname=..., and DHCP options)"),
        Setting("reservation_file", PATH, None, "",
                "more reservations, a row each; without it, reservations.csv beside host_file, if it is there"),
        Setting("host_file", PATH, Path("/var/lib/pydhcpd/leases.db"), "", "the lease database"),
        Setting("ip_address_lease_time", TIME, 8 * HOURS, "s", "lease time for clients that ask for none", HOST),
        Setting("minimum_lease_time", TIME, None, "s",
                "shortest lease, whatever a client asks for; without it 60, or the lease time", HOST),
        Setting("maximum_lease_time", TIME, None, "s",
                "longest lease, whatever a client asks for; without it, ip_address_lease_time", HOST),
        Setting("shorten_leases_above", PER_CENT, None, "%",
                "use of a pool from which new leases get minimum_lease_time", POOL),
        Setting("authoritative", FLAG, False, "",
                "send DHCPNAK to clients whose address is not known here, instead of keeping silent", NETWORK_WIDE),
        Setting("adopt_unknown", FLAG, False, "",
                "let a client that is not known here keep its address, if that is free: after the loss of a lease database",
                NETWORK_WIDE),
        Setting("probe_before_offer", FLAG, False, "",
                "ask by ARP or ping whether an address is in use before it is offered", HOST),
        Setting("probe_wait", DURATION, 0.5, "s", "how long an answer to that is waited for"),
        Setting("decline_quarantine_time", TIME, DAYS, "s", "how long nobody gets an address that was found in use"),
        Setting("quarantine_share", PER_CENT, 20.0, "%",
                "most of a pool that may be in quarantine; for one more, the oldest is given up"),
        Setting("rapid_commit", FLAG, False, "",
                "give a lease at once, on DHCPDISCOVER, to clients that ask for that (RFC 4039)", HOST),
        Setting("bootp", FLAG, False, "", "serve BOOTP clients as well; their leases do not end", NETWORK_WIDE),
    )),
    Group("Identity and classes",
          "How clients are told apart, which of them are treated alike, and the functions of the file.", (
        Setting("classes", CLASSES, (), "", "classes of clients, in order of precedence: client_class(name, match(...), ...)"),
        Setting("client_identity", FIELDS, (), "",
                "fields that tell whose a lease is, instead of client identifier or hardware address: ['remote_id', "
                "'circuit_id'] for the port of a switch", NETWORK_WIDE),
        Setting("one_address_per_machine", FLAG, False, "",
                "know a machine by its hardware address, whatever client identifiers its firmware and systems send",
                NETWORK_WIDE),
        Setting("policy_time_limit", DURATION, 0.05, "s",
                "how long a function of the file may take; what takes longer is logged"),
        Setting("policy_standstill_limit", DURATION, 10.0, "s",
                "how long a function may take until the process ends, to be started again without it: from 5; 0 is for ever"),
        Setting("policy_failure", FAILURES, "ignore", "",
                "what happens to a packet after an exception in a function, or where accept() is left out: it goes on without "
                "the function, or is dropped"),
    )),
    Group("Options and boot server",
          "Which DHCP options clients get. An option is set by its name: router, domain_name_server (DNS), "
          "network_time_protocol_servers (NTP), interface_mtu (MTU), boot_file_name (PXE) and so on.", (
        Setting("next_server", ADDRESS, None, "",
                "address of the boot server (TFTP, PXE): siaddr, and option 66 where no name is set; with tftp_root it is our "
                "own by itself", HOST),
        Setting("server_name", SERVER_NAME, "", "", "name of the boot server (sname)", HOST),
        Setting("boot_file_name", BOOT_FILE, None, "", "boot file of PXE and netboot (filename): file, and option 67", HOST),
        Setting("always_send", OPTION_NAMES, (), "", "options that are sent even if the client does not ask for them", HOST),
        Setting("never_send", OPTION_NAMES, (), "", "options that are not sent even if the client asks for them", HOST),
        Setting("option_definitions", DEFINITIONS, (), "", "DHCP options of your own: option(code, name, shape, inside=...)"),
    )),
    Group("Netboot", "The files that machines boot from: what is served, and what iPXE gets in place of boot_file_name.", (
        Setting("tftp_root", DIRECTORY, None, "", "directory whose files are served by TFTP, read only; without it, none are"),
        Setting("http_root", DIRECTORY, None, "",
                "the same by HTTP; needs the Python package aiohttp: pip install 'pydhcpd[web]'"),
        Setting("http_port", SERVED_PORT, 80, "", "TCP port of HTTP"),
        Setting("tftp_ports", PORTS, None, "",
                "UDP ports that TFTP sends files from, for firewalls; without it, any that the system picks"),
        Setting("ipxe_script", BOOT_FILE, None, "",
                "what iPXE gets in place of boot_file_name, so that it does not load itself again: a name or a URL", HOST),
        Setting("architecture_names", ARCHITECTURES, None, "",
                "names of architectures besides those of the registry, or in place of them"),
        Setting("maximum_transfers", TRANSFERS, 1000, "", "files that are sent at a time, at the most; further requests wait"),
        Setting("maximum_transfers_per_client", TRANSFERS, 64, "", "the same of one client's address"),
        Setting("maximum_transfer_time", TIME, 2 * HOURS, "s", "longest that the sending of one file may take"),
        Setting("pxe_menu", MENU, None, "", "what firmware asks its user, in place of booting boot_file_name at once", HOST),
        Setting("proxy_dhcp", FLAG, False, "",
                "give no addresses: tell machines what to boot, beside another DHCP server (proxyDHCP)", NETWORK_WIDE),
    )),
    Group("Names in the DNS",
          "How clients are called there, the zones that are told of it (RFC 2136), and files that a DNS server reads: man 7 "
          "pydhcpd-dns.", (
        Setting("dns_zones", ZONES, (), "",
                "zones that are kept current, of names and of addresses: dns_zone(name, server=..., key=tsig(...)); needs the "
                "Python package dnspython: pip install 'pydhcpd[ddns]'", NETWORK_WIDE),
        Setting("dns_files", DNS_FILES, (), "",
                "files with the names and addresses of all leases, for a DNS server to read: dns_file(path, form='hosts')"),
        Setting("dns_name", DNS_NAME, PLAIN, "",
                "how a client is called there, or several names of which the first that can be made is taken: ['{hostname}', "
                "'dhcp-{ip}']", HOST),
        Setting("dns_updates", DNS_UPDATES, AS_ASKED, "",
                "whether clients that want to update the DNS themselves, or want to stand in none, are left to it", HOST),
    )),
    Group("Relay agents",
          "Clients behind relay agents and snooping switches (option 82), and who may ask for leases. A subnet behind a relay "
          "agent needs no setting, but where the relay's address lies elsewhere: relays=[...] of subnet().", (
        Setting("trust_relay_information", FLAG, True, "",
                "believe option 82 that comes without a relay agent's address (giaddr), as a snooping switch adds it, and a "
                "client could", NETWORK_WIDE),
        Setting("remember_relay_information", FLAG, True, "",
                "keep what a relay agent said of a client (option 82), for when it renews directly"),
        Setting("listed_relays_only", FLAG, False, "",
                "serve only relay agents that relays=[...] of a subnet lists, instead of all whose address lies in one"),
        Setting("leasequery_from", NETWORKS, (), "",
                "relay agents (giaddr) that may ask which leases there are (RFC 4388); nobody, if empty"),
        Setting("bulk_leasequery", FLAG, False, "", "answer the same over TCP (RFC 6926)"),
    )),
    Group("Timing", "How long answers are delayed, and how long an offer holds.", (
        Setting("dhcp_offer_after_seconds", DURATION, 0.0, "s", "delay of offers"),
        Setting("dhcp_acknowledge_after_seconds", DURATION, 0.0, "s", "delay of acknowledgements"),
        Setting("length_of_transaction", TIME, 40, "s", "how long an offer holds its address"),
        Setting("offer_hold_time", TIME, None, "s",
                "the same for one network; without it, length_of_transaction", NETWORK_WIDE),
    )),
    Group("Limits", "How much is done at a time. How many leases a class may have is lease_limit of client_class().", (
        Setting("maximum_transactions", COUNT, 50_000, "", "most offers, and most delayed answers, at a time"),
        Setting("maximum_per_client", COUNT, 10, "1/s",
                "most messages that are taken from one client while more comes than can be answered"),
        Setting("maximum_per_relay_port", COUNT, None, "1/s",
                "the same for one port (giaddr and circuit id) of a relay agent, clients with a lease not counted"),
        Setting("maximum_unknown_per_second", COUNT, None, "1/s", "most offers to clients without a lease; None is no limit"),
    )),
    Group("Alarms", "What is told as long as it lasts, by alarms at the prompt, by systemctl status, and as events.", (
        Setting("pool_alarm", SHARE, 90.0, "%", "use of a pool above which there is an alarm; 0 is none", POOL),
        Setting("disk_alarm", SHARE, 95.0, "%",
                "use of the disk of host_file above which there is an alarm, where less than 1 GiB is free; 0 is none"),
        Setting("known_servers", NETWORKS, (), "",
                "addresses of other DHCP servers that may be there; of one that is not, there is an alarm"),
        Setting("look_for_other_servers", INTERVAL, 0, "s",
                "how often it is asked on each link which DHCP servers answer; each that does holds an address for a while"),
    )),
    Group("Control",
          "The prompt that shows leases and events: telnet 127.0.0.1 6767. On its socket, pydhcpd -ask changes things too.", (
        Setting("control_address", CONTROL_ADDRESS, "127.0.0.1", "", "address of the control prompt"),
        Setting("control_port", PORT, 6767, "", "TCP port of the control prompt; 0 turns it off"),
        Setting("control_socket", PATH, None, "",
                "UNIX socket of the control prompt, on which everything is allowed, for root, user and group; without it, "
                "control.sock beside pid_file"),
    )),
    Group("Status page",
          "What a browser is shown of the server, the same as JSON under /api/, and /metrics for Prometheus; all of it can be "
          "looked at alone. man 7 pydhcpd-status. It needs the Python package aiohttp: pip install 'pydhcpd[web]'.", (
        Setting("status_port", SERVED_PORT, None, "", "TCP port of the status page; without it, there is none"),
        Setting("status_address", LISTENING_ADDRESSES, ("127.0.0.1",), "",
                "address of the status page, or a list of them, IPv4 and IPv6; whoever reaches it can read what it shows"),
        Setting("status_hosts", HOST_NAMES, (), "",
                "names by which browsers may ask for it, besides localhost, addresses and this machine's own name"),
    )),
    Group("History", "Who had which address when: pydhcpd -ask 'who 192.0.2.7 2026-01-31T14:00', or history.", (
        Setting("history_days", MOST_DAYS, 30, "days",
                "how long it is kept who had which address, in history.db beside host_file; 0 turns it off"),
        Setting("history_size", COUNT, 1024, "MiB", "the most that this may take; beyond that the oldest is forgotten"),
    )),
    Group("Scripts", "Programs that are run when something happens; pydhcpd-scripts(7) tells how, and of on_event().", (
        Setting("scripts", SCRIPTS, (), "", "programs, and what each is run for"),
    )),
    Group("Process", "The daemon itself: its user, its files and its log.", (
        Setting("user", TEXT, "", "", "user to become once the ports are open"),
        Setting("group", TEXT, "", "", "group to become; without it, that of user"),
        Setting("pid_file", PATH, Path("/run/pydhcpd/pydhcpd.pid"), "", "the lock that keeps a second daemon away"),
        Setting("log_level", LEVEL, "info", "", "least severity that is logged"),
        Setting("log_form", FORM, "text", "",
                "events of leases in the log as text, or as fields: in systemd's journal MAC=, ADDRESS=, SUBNET=, EVENT= and "
                "so on, elsewhere key=value"),
        Setting("debug", FLAG, False, "", "log every packet: the same as log_level debug"),
        Setting("foreground", FLAG, False, "", "stay in the foreground and log to stderr"),
        Setting("configuration_time_limit", DURATION, 10.0, "s",
                "how long this file may take to be run and checked (0: for ever); at a start and for -check it counts on the "
                "command line alone"),
        Setting("config_file", PATH, Path("/etc/pydhcpd/pydhcpd.conf"), "", "the configuration file", command_line_only=True),
        Setting("config_out", PATH, None, "", "the file that -import_config writes", command_line_only=True),
        Setting("export_form", EXPORT_FORM, "hosts", "",
                "what -export writes: hosts as mac;ip;hostname;last_used, all of each lease as csv or json, or the leases as "
                "kea or isc (dhcpd) reads them", command_line_only=True),
        Setting("demo", FLAG, False, "", "show a lease being given in a throwaway network", command_line_only=True),
        Setting("demo_seconds", DURATION, None, "s", "end the demonstration by itself", command_line_only=True),
    )),
)
"""The settings by what they are for: in this order they stand in -help, in the sample and in the manual."""

SETTINGS = tuple(setting for group in GROUPS for setting in group.settings)
BY_NAME = {setting.name: setting for setting in SETTINGS}


@cache
def settings_of(scope: int) -> tuple[str, ...]:
    """The names of the settings that may be set in a scope."""
    return tuple(setting.name for setting in SETTINGS if setting.narrowest <= scope)

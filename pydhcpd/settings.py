"""The settings of the configuration: name, kind, default, unit and description of each, in one table.

The table feeds loading, checking, `-help`, the prompt's `configuration`, the man page and the sample file. DHCP options
are not in it: their table is `wire.options`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydhcpd.addresses import address_from, address_text, network_from
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.ranges import ranges_from
from pydhcpd.policy.reservation import Reservation
from pydhcpd.wire.options import Option

MINUTES, HOURS, DAYS, INFINITE = 60, 3600, 86400, 0xFFFFFFFF
TRUTH = {"yes": True, "no": False, "true": True, "false": False, True: True, False: False}
LOG_LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Kind:
    """What a setting's value may be: words for people, and what checks a value and gives it its inner form."""

    words: str
    parse: Callable[[object], Any]  # raises InvalidValue


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting; `default` is in the inner form, `unit` is empty where there is none."""

    name: str
    kind: Kind
    default: Any
    unit: str
    words: str
    command_line_only: bool = False


def _refuse(value: object, words: str) -> InvalidValue:
    return InvalidValue(f"{value!r} cannot be used here; allowed is {words}")


def _flag(value: object) -> bool:
    key = value.lower() if isinstance(value, str) else value
    if isinstance(key, str | int) and key in TRUTH:
        return TRUTH[key]
    raise _refuse(value, FLAG.words)


def _number(least: int, most: int, words: str) -> Kind:
    def parse(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise _refuse(value, words)
        return value
    return Kind(words, parse)


def _duration(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= DAYS:
        raise _refuse(value, DURATION.words)
    return float(value)


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise _refuse(value, TEXT.words)
    return value


def _mask(value: object) -> int:
    mask = address_from(value)
    if (~mask & 0xFFFFFFFF) & ((~mask & 0xFFFFFFFF) + 1):
        raise _refuse(value, MASK.words)
    return mask


def _server_name(value: object) -> str:
    name = _text(value)
    if len(name.encode()) > 63:
        raise InvalidValue(f"{len(name.encode())} bytes; allowed is {SERVER_NAME.words}")
    return name


def _names(value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) and 0 < len(one) < 16 for one in names):
        raise _refuse(value, NAMES.words)
    return tuple(names)


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise _refuse(value, PATH.words)
    return Path(value)


def _level(value: object) -> str:
    if not isinstance(value, str) or value.lower() not in LOG_LEVELS:
        raise _refuse(value, LEVEL.words)
    return value.lower()


def _network(value: object) -> str:
    if not isinstance(value, str):
        raise _refuse(value, NETWORK.words)
    if "/" in value:
        network_from(value)
    else:
        address_from(value)
    return value


def _hosts(value: object) -> tuple[Reservation, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, Reservation) for one in value):
        raise _refuse(value, HOSTS.words)
    return tuple(value)


def _definitions(value: object) -> tuple[Option, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(one, Option) for one in value):
        raise _refuse(value, DEFINITIONS.words)
    return tuple(value)


def _option_names(value: object) -> tuple[str, ...]:
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(one, str) for one in names):
        raise _refuse(value, OPTION_NAMES.words)
    return tuple(names)


def _control_address(value: object) -> str:
    return address_text(address_from(value))


FLAG = Kind("True or False", _flag)
DURATION = Kind("a number of seconds from 0 to a day", _duration)
TIME = _number(1, INFINITE, "whole seconds from 1 to 4294967295 (INFINITE)")
COUNT = _number(1, 1 << 24, "a whole number from 1 to 16777216")
TEXT = Kind("printable text", _text)
SERVER_NAME = Kind("printable text of at most 63 bytes", _server_name)
MASK = Kind("a mask, such as '255.255.255.0'", _mask)
NAMES = Kind("a name of an interface, or a list of them", _names)
PATH = Kind("the path of a file", _path)
LEVEL = Kind("one of " + ", ".join(LOG_LEVELS), _level)
ADDRESS = Kind("an IPv4 address, such as '192.0.2.1'", address_from)
NETWORK = Kind("a network's base address, such as '192.0.2.0', with its mask in subnet_mask or as '192.0.2.0/24'", _network)
RANGES = Kind("a list of ranges: 'a - b', 'a/n' or ('a', 'b')", ranges_from)
HOSTS = Kind("a list of host(...)", _hosts)
DEFINITIONS = Kind("a list of option(code, name, shape)", _definitions)
OPTION_NAMES = Kind("a list of names of DHCP options", _option_names)
PORT = _number(0, 65535, "a port from 0 to 65535")
CONTROL_ADDRESS = Kind("an IPv4 address, such as '127.0.0.1'", _control_address)

SETTINGS: tuple[Setting, ...] = (
    Setting("interface", NAMES, (), "", "interface or list of interfaces to serve; else those with an address in network"),
    Setting("network", NETWORK, None, "", "network to serve; without it, that of the interface's address"),
    Setting("subnet_mask", MASK, None, "", "mask of network, where network does not carry it"),
    Setting("bind_address", ADDRESS, None, "", "serve only the interface with this address, and be known by it"),
    Setting("ip_ranges", RANGES, None, "", "addresses to give; without it, all of the network but its first five"),
    Setting("hosts", HOSTS, (), "", "reservations: host(mac=..., ip=..., hostname=..., and DHCP options)"),
    Setting("ip_address_lease_time", TIME, 8 * HOURS, "s", "lease time for clients that ask for none"),
    Setting("minimum_lease_time", TIME, None, "s", "shortest lease, whatever a client asks for; else 60, or the lease time"),
    Setting("maximum_lease_time", TIME, None, "s", "longest lease, whatever a client asks for; else ip_address_lease_time"),
    Setting("authoritative", FLAG, False, "", "refuse clients that are not known here, instead of keeping silent"),
    Setting("next_server", ADDRESS, None, "", "address of the boot server (siaddr)"),
    Setting("server_name", SERVER_NAME, "", "", "name of the boot server (sname)"),
    Setting("always_send", OPTION_NAMES, (), "", "options that go out even if the client does not ask for them"),
    Setting("never_send", OPTION_NAMES, (), "", "options that do not go out even if the client asks for them"),
    Setting("option_definitions", DEFINITIONS, (), "", "DHCP options of your own: option(code, name, shape)"),
    Setting("host_file", PATH, Path("/var/lib/pydhcpd/leases.db"), "", "the lease database"),
    Setting("decline_quarantine_time", TIME, DAYS, "s", "how long nobody gets an address that a client found in use"),
    Setting("dhcp_offer_after_seconds", DURATION, 0.0, "s", "delay of offers"),
    Setting("dhcp_acknowledge_after_seconds", DURATION, 0.0, "s", "delay of acknowledgements"),
    Setting("length_of_transaction", TIME, 40, "s", "how long an offer holds its address"),
    Setting("maximum_transactions", COUNT, 50_000, "", "most offers, and most delayed answers, at a time"),
    Setting("maximum_unknown_per_second", COUNT, None, "1/s", "most offers to clients without a lease; None is no limit"),
    Setting("control_address", CONTROL_ADDRESS, "127.0.0.1", "", "address of the control prompt"),
    Setting("control_port", PORT, 6767, "", "TCP port of the control prompt; 0 turns it off"),
    Setting("pid_file", PATH, Path("/run/pydhcpd/pydhcpd.pid"), "", "the lock that keeps a second daemon away"),
    Setting("user", TEXT, "", "", "user to become once the ports are open"),
    Setting("group", TEXT, "", "", "group to become; that of user"),
    Setting("log_level", LEVEL, "info", "", "least severity that is logged"),
    Setting("debug", FLAG, False, "", "log every packet: the same as log_level debug"),
    Setting("foreground", FLAG, False, "", "stay in the foreground and log to stderr"),
    Setting("config_file", PATH, Path("/etc/pydhcpd/pydhcpd.conf"), "", "the configuration file", command_line_only=True),
    Setting("demo", FLAG, False, "", "show a lease being given in a throwaway network", command_line_only=True),
    Setting("demo_seconds", DURATION, None, "s", "end the demonstration by itself", command_line_only=True),
)
BY_NAME = {setting.name: setting for setting in SETTINGS}

LATER = ("subnets", "shared_networks", "classes", "accept", "identify", "classify", "choose", "finish", "reservation_file",
         "client_identity", "probe_before_offer", "rapid_commit", "bootp", "leasequery_from", "bulk_leasequery",
         "one_address_per_machine", "shorten_leases_above", "adopt_unknown", "offer_hold_time", "probe_wait",
         "remember_relay_information", "policy_time_limit", "policy_failure")
"""Names of the configuration language that this version does not know yet: an error, not silence."""

LATER_WORDS = ("subnet", "pool", "shared_network", "client_class", "match", "PREFIX", "SUFFIX", "REGEX", "LESS", "NOT")
"""Its constructors and comparators that this version does not know yet."""

HOST_SETTINGS = ("ip_address_lease_time", "minimum_lease_time", "maximum_lease_time", "next_server", "server_name",
                 "always_send", "never_send")
"""Settings that `host()` takes besides DHCP options."""


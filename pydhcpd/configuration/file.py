"""`DHCPServerConfiguration`: the configuration file run, the command line laid over it, and everything checked.

Owns the way from what people write to values in their inner form, and the messages about what is wrong with it. All
mistakes are found in one go: `FILE:LINE: NAME = VALUE: what is wrong; what is allowed`.
"""

import os
import pwd
import time
import traceback
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from copy import copy
from dataclasses import replace
from functools import cached_property
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from sys import _getframe
from types import ModuleType
from typing import Any, cast

from pydhcpd import conf
from pydhcpd.addresses import address_text, network_from, network_text
from pydhcpd.configuration import remedies, source
from pydhcpd.configuration.beside import Declared
from pydhcpd.configuration.checks import NOT_SETTABLE, Checker, HostChecker, short
from pydhcpd.configuration.key_files import with_keys
from pydhcpd.configuration.modules import fingerprint, modules_beside
from pydhcpd.errors import Interrupted, InvalidValue
from pydhcpd.files import read_carefully, read_executable_configuration
from pydhcpd.literals import literal
from pydhcpd.names import FILE, MATCH, SHORTEST_NEAR_MISS, is_foreign, nearest, remedy
from pydhcpd.policy.boot.answer import BOOT_FILE_NAME, REGISTERED
from pydhcpd.policy.boot.menu import PxeMenu
from pydhcpd.policy.classes import Classifier, ClientClass
from pydhcpd.policy.declarations import (
    MOST_POOLS,
    SMALLEST_MASK,
    Mistake,
    PoolDeclaration,
    SharedNetworkDeclaration,
    SubnetDeclaration,
)
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.fields import Fields
from pydhcpd.policy.functions import DEFINED, FAILURE, ON_EVENT, Fence, Functions, check
from pydhcpd.policy.ranges import range_text
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.reservation_file import decoded, reservations
from pydhcpd.policy.scope import Key, Origin, Scope, Suboption, contradictions
from pydhcpd.settings import BY_NAME, DIRECTORY, HOST, PATH, SETTINGS, Setting, settings_of
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES
from pydhcpd.wire.options import Option, option_named

__all__ = ["NOT_SETTABLE", "ConfigurationError", "DHCPServerConfiguration", "literal"]

NEAR_IN_FILE = 0.8  # likeness from which a name of the file's own is taken for a misspelling of a known one
ON_COMMAND_LINE, UNKNOWN = -1, 0  # as lines
CONTROL_SOCKET = "control.sock"  # beside the pid file
RESERVATIONS = "reservations.csv"  # beside the lease database
HISTORY = "history.db"  # the same
DNS = "dns.db"  # the same
FLAT = ("network", "subnet_mask", "ip_ranges")
"""What says the same as `subnets`, for one subnet."""
BOOTS = ("boot_file_name", "ipxe_script", "pxe_menu", "tftp_root", "http_root")
"""What tells machines to boot."""
FIXED = ("host_file", "control_address", "control_port", "control_socket", "pid_file", "user", "group", "foreground",
         "http_port", "status_port", "status_address")
"""Settings that a reload cannot change: what they are stays, whatever the file says."""


class ConfigurationError(Exception):
    """The configuration cannot be used. `problems` has a line of text for each mistake."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Lines(dict[str, Any]):
    """The file's namespace, which keeps the line that each name was assigned on last."""

    def __init__(self, start: Mapping[str, Any]) -> None:
        super().__init__(start)
        self.lines: dict[str, int] = {}

    def __setitem__(self, name: str, value: Any) -> None:
        self.lines[name] = _getframe(1).f_lineno
        super().__setitem__(name, value)


class DHCPServerConfiguration:
    """Everything that is configured, checked. `configuration["name"]` is a setting in its inner form.

    `scope` is the global scope. `subnets`, `shared_networks` and `hosts` have theirs compiled, and `class_scopes` those of
    classes by name. `subnets` is empty where the network follows from the interface.
    """

    def __init__(self) -> None:
        self.file: Path | None = None
        self.settings: dict[str, Any] = {}
        self.given: dict[str, object] = {}
        self.warnings: list[str] = []
        self.needs_restart: list[tuple[str, Any]] = []  # settings that stay as they were, and what they were to be
        self.scope = Scope()
        self.subnets: tuple[SubnetDeclaration, ...] = ()
        self.shared_networks: tuple[SharedNetworkDeclaration, ...] = ()
        self.hosts: tuple[Reservation, ...] = ()
        self.class_scopes: dict[str, Scope] = {}
        self.functions = Functions.none()
        self.on_event: Fence | None = None  # the function of the file that hears of what has happened
        self.fields = Fields({})
        self.classifier = Classifier((), self.fields)
        self._reservations_read = b""  # a digest of the reservation file, empty where there was none
        self.fingerprint = ""  # of what was run: another file has another one; of one without functions nobody asks
        self._text = b""
        self._directory = Path()
        self._running: DHCPServerConfiguration | None = None
        self._dropped: list[str] = []
        self._lines: dict[str, int] = {}
        self._own_options: dict[str, Option] = {}
        self._checker = Checker("", {})
        self._problems = self._checker.problems

    @classmethod
    def load(cls, file: Path | str | None, command_line: Mapping[str, object] | None = None, directory: Path | None = None,
             running: "DHCPServerConfiguration | None" = None) -> "DHCPServerConfiguration":
        """Run `file`, lay `command_line` over it and check all. Raises ConfigurationError with every mistake.

        Paths are meant from `directory`, the one in which the program was started. `running` is the configuration that this
        one is to replace: what a reload cannot change stays as it is there.
        """
        made = cls()
        made._directory, made._running = directory or Path.cwd(), running
        if file is not None:
            made.file = Path(file)
            made._run(made.file)
        for name, value in (command_line or {}).items():
            made.given[name], made._lines[name] = None if value == "None" else value, ON_COMMAND_LINE
        made._define_options()
        made._checker = Checker(str(made.file or "command line"), made._own_options, made._problems, made.warnings)
        made._check()
        if made._problems:
            raise ConfigurationError([*made._problems, *made._dropped])
        made.warnings += made._dropped
        if made.fences and made.file is not None:
            made.fingerprint = fingerprint(made.file, made._text)
        return made

    def __getitem__(self, name: str) -> Any:
        return self.settings[name]

    @property
    def network(self) -> tuple[int, int] | None:
        """Base and mask (host byte order) of the network, or None where it follows from the interface."""
        network, mask = self.settings.get("network"), self.settings.get("subnet_mask")
        if network is None:
            return None
        return network_from(network, None if "/" in network else address_text(mask or 0))

    @property
    def probes(self) -> bool:
        """Whether any scope has addresses probed before they are offered."""
        return self.sets("probe_before_offer")

    @property
    def boots(self) -> bool:
        """Whether any scope tells machines what to boot."""
        return any(map(self.sets, BOOTS))

    def sets(self, name: str) -> bool:
        """Whether a setting is on, or not empty, in any scope."""
        return any(scope.settings.get(name) for scope in self.scopes())

    @property
    def tells(self) -> bool:
        """Whether scripts or a function of the file hear of what has happened."""
        return bool(self.settings["scripts"]) or self.on_event is not None

    @property
    def longest_lease_time(self) -> int:
        """The longest lease that any client may have, in seconds."""
        names = ("ip_address_lease_time", "maximum_lease_time")
        return max(scope.settings.get(name) or 0 for scope in self.scopes() for name in names)

    def scopes(self) -> list[Scope]:
        """Every scope by itself, the global one first."""
        subnets = self.every_subnet()
        return [self.scope, *self.class_scopes.values(), *(one.scope for one in self.shared_networks),
                *(one.scope for one in self.hosts if one.scope is not None),
                *(one.scope for one in subnets), *(pool.scope for one in subnets for pool in one.pools)]

    @property
    def fences(self) -> Sequence[Fence]:
        """Those of all functions of the file that are called."""
        heard = [] if self.on_event is None else [self.on_event]
        return [*self.functions.fences.values(), *self.classifier.fences, *heard]

    def entries(self) -> Iterator[tuple[str, str]]:
        """Name and value of every setting, and of every DHCP option that is set, as text for people."""
        return ((name, short(value)) for name, value in self.in_force() if name not in DEFINED)

    def in_force(self) -> Iterator[tuple[str, object]]:
        """Every setting, and every DHCP option and function that is given, as written."""
        for setting in SETTINGS:
            if not setting.command_line_only:
                yield setting.name, self._shown(setting)
        for name, value in sorted(self.given.items()):
            if name in DEFINED or (name not in BY_NAME and self._option(name) is not None):
                yield name, self._as_written(name, value)

    def _shown(self, setting: Setting) -> object:
        """The value of a setting as it is in force."""
        if isinstance(self.settings[setting.name], bool | Path):
            return _plain(self.settings[setting.name])
        value = self.given.get(setting.name)
        return _plain(setting.default) if value is None else self._as_written(setting.name, value)

    def _as_written(self, name: str, value: object) -> object:
        """A value as it stands in the file, or as a word of the command line reads."""
        return literal(value) if self._lines.get(name) == ON_COMMAND_LINE and isinstance(value, str) else value

    def own_names(self) -> list[str]:
        """The names that the file has for itself, modules and classes that it imports left out."""
        known = {*BY_NAME, *DEFINED}
        return sorted(name for name, value in self.given.items()
                      if name not in known and self._option(name) is None and not isinstance(value, ModuleType | type))

    # --- the file

    def _run(self, file: Path) -> None:
        text = _read(file)
        words = {name: getattr(conf, name) for name in conf.__all__}
        start = {**words, "__name__": "configuration", "__file__": str(file)}
        namespace = _Lines(start)
        try:
            with modules_beside(file):
                code, doubts = source.compiled(text, file)
                exec(code, namespace)  # noqa: S102  # the file is Python, by design
        except (Interrupted, KeyboardInterrupt):
            raise
        except SyntaxError as error:
            if error.filename != str(file):
                where = f"{error.filename}:{error.lineno}"
                raise ConfigurationError([f"{file}:{line_in(file, error)}: {error.msg}; correct {where}"]) from error
            line = error.lineno or 0
            told = remedies.of_syntax(text.decode("utf-8", "replace"), line, error.msg, [*BY_NAME, *self.fields.names()])
            raise ConfigurationError([f"{file}:{line}: {error.msg}; {told}"]) from error
        except BaseException as error:  # also SystemExit, and what the file makes of BaseException
            line = line_in(file, error)
            if isinstance(error, InvalidValue):  # that of a comparator says it all
                raise ConfigurationError([f"{file}:{line}: {error}"]) from error
            told = remedies.of_exception(text.decode("utf-8", "replace"), line, error, [*BY_NAME, *self.fields.names()])
            said = f"{type(error).__name__}: {error}" if error.args and error.args != (None,) else type(error).__name__
            raise ConfigurationError([f"{file}:{line}: {said}; {told}" if told else f"{file}:{line}: {said}"]) from error
        self._text = text
        self._dropped = [f"{file}:{line}: {told}" for line, told in (*doubts, *source.values_dropped(text))]
        for name, value in namespace.items():
            if not name.startswith("_") and (name not in start or value is not start[name]):
                self.given[name] = value  # also what a function assigned by `global`, whose line nobody noted
                self._lines[name] = namespace.lines.get(name, UNKNOWN)

    # --- checks

    def _check(self) -> None:
        options: dict[int, bytes | None] = {}
        suboptions: dict[Suboption, bytes | None] = {}
        self._checker.chooses = self.given.get("choose") is not None
        for name, value in self.given.items():
            if name in DEFINED:
                self._check_function(name, value)
            elif name in BY_NAME:
                self._set(name, value)
            elif self._option(name) is not None:
                self._encode(options, suboptions, name, value)
            else:
                self._check_own_name(name, value)
        for setting in SETTINGS:
            value = self.settings.setdefault(setting.name, setting.default)
            if setting.kind in (PATH, DIRECTORY) and value is not None:
                self.settings[setting.name] = self._directory / value
        self._keep_fixed()
        self._checker.architectures = self.settings["architecture_names"] or REGISTERED
        for name, error in self._checker.resolve_names(self.settings):
            self._complain(name, self.given.get(name), error)
        settings = {name: value for name, value in self.settings.items() if value is not None}
        self.scope = Scope(settings, options, suboptions, self._origins([*settings, *options, *suboptions]))
        self._check_classes()
        self._check_networks()
        self._check_zones()
        self._check_dns_files()
        self._check_hosts()
        self._check_functions()
        if self.settings["history_days"] and self.settings["host_file"].name == HISTORY:
            self._complain("host_file", str(self.settings["host_file"]), "is where the history is kept; allowed is another "
                           "name, or history_days = 0")
        if self.sets("proxy_dhcp") and not self._problems:
            self._check_beside()
        if self.settings["status_port"] is not None:
            self._check_status_page()

    def _check_beside(self) -> None:
        """Tell what has no effect beside another server that gives the addresses, and that there is nothing to tell there."""
        given = [name for name, value in self.given.items() if value is not None]
        declared = Declared(given, self.scope, self.subnets, self.shared_networks, self.class_scopes, self.hosts)
        self.warnings += declared.idle(self._checker)
        boots = any(self.sets(name) for name in ("boot_file_name", "ipxe_script", "pxe_menu")) or any(
            scope.options.get(BOOT_FILE_NAME) for scope in self.scopes())
        if not boots and self.given.get("finish") is None:
            self.warnings.append(f"{self._place('proxy_dhcp')}: proxy_dhcp tells nobody what to boot; write boot_file_name, "
                                 "ipxe_script or pxe_menu")

    def _check_status_page(self) -> None:
        """Tell who can read it, and that another port of ours is not free for it."""
        others = [one for one in self.settings["status_address"] if not ip_address(one).is_loopback]
        if others:
            self.warnings.append(f"{self._place('status_address')}: whoever reaches {' or '.join(others)} can read on the "
                                 "status page who has which address and had it; leave status_address away, or let a firewall, "
                                 "or a proxy that asks for a password, stand before it")
        for name in ("http_port", "control_port"):
            if self.settings["status_port"] == self.settings[name] and self._uses(name):
                self._complain("status_port", self.settings["status_port"], f"is that of {name}; allowed is another one")

    def _uses(self, port: str) -> bool:
        return port != "http_port" or self.settings["http_root"] is not None

    def _keep_fixed(self) -> None:
        """What a reload cannot change stays what it is, and what reads it reads that."""
        running = self._running
        if running is None:
            return
        for name in FIXED:
            wanted, in_force = self.settings[name], running[name]
            if wanted != in_force:
                self.needs_restart.append((name, wanted))
                self.settings[name], self.given[name] = in_force, running.given.get(name)
                self._lines[name] = running._lines.get(name, UNKNOWN)

    def _origins(self, keys: list[Key]) -> dict[Key, Origin]:
        """Where each global value was written."""
        names = {option.code: name for name in self.given if (option := self._option(name)) and option.inside is None}
        return {key: ("global", self._place(names.get(key, "") if isinstance(key, int) else str(key))) for key in keys}

    def _define_options(self) -> None:
        for made in _listed(self.given.get("option_definitions")):
            if isinstance(made, Option):
                self._own_options[made.name] = made
                if made.name in BY_NAME:
                    self._complain("option_definitions", made.name, "is the name of a setting; allowed is another name")
        self.fields = Fields(self._own_options)

    def _option(self, name: str) -> Option | None:
        return self._own_options.get(name) or option_named(name)

    def _set(self, name: str, value: object) -> None:
        if any(isinstance(one, Mistake) for one in _listed(value)):
            left = self._checker.note_mistakes(_listed(value))
            value = None if isinstance(value, Mistake) else left
        if value is None:
            self.settings[name] = BY_NAME[name].default
            return
        try:
            self.settings[name] = self._parsed(BY_NAME[name].kind.parse, name, value)
        except InvalidValue as error:
            self._complain(name, value, error)

    def _parsed(self, parse: Callable[[object], Any], name: str, value: object) -> Any:
        """On the command line a word may be a Python literal or just text (`-domain_name 1.10`): both are tried."""
        if self._lines.get(name) == ON_COMMAND_LINE and isinstance(value, str):
            try:
                return parse(literal(value))
            except InvalidValue as error:
                with suppress(InvalidValue):
                    return parse(value)
                raise error
        return parse(value)

    def _encode(self, options: dict[int, bytes | None], suboptions: dict[Suboption, bytes | None], name: str,
                value: object) -> None:
        try:
            self._parsed(lambda one: self._checker.encode(options, suboptions, name, one), name, value)
        except InvalidValue as error:
            self._complain(name, value, error)

    def _check_own_name(self, name: str, value: object) -> None:
        """Names that nobody knows are the file's own, unless they are another server's or look like a misspelling, and the
        file itself does not read them."""
        known = [*BY_NAME, *OPTION_NAMES, *self._own_options, *DEFINED]
        if self._lines.get(name) == ON_COMMAND_LINE:
            meant = remedy(name, known, FILE, f"{self._as_written(name, value)!r}")
            self._complain(name, value, f"is not known; {meant or 'allowed are the names that -help lists, and DHCP options'}")
            return
        meant = self._meant_by(name, value, known)
        if meant and name not in self._names_read:
            self._complain(name, value, f"is not known; {meant}; a name of your own may begin with _")

    def _meant_by(self, name: str, value: object, known: list[str]) -> str:
        """What to write instead of a name of the file's own that was probably meant for us; nothing for most."""
        if isinstance(value, ModuleType | type):
            return ""
        if (not callable(value) or isinstance(value, PxeMenu)) and is_foreign(name, FILE):
            return remedy(name, known, FILE, short(value))
        near = "" if len(name) < SHORTEST_NEAR_MISS else nearest(name, known, NEAR_IN_FILE)
        return f"did you mean {near}?" if near else ""

    @cached_property
    def _names_read(self) -> frozenset[str]:
        return source.names_read(self._text)

    def _check_classes(self) -> None:
        classes: tuple[ClientClass, ...] = self.settings["classes"]
        before = len(self._problems)

        def fence(function: Callable[..., object], name: str) -> Fence:
            return Fence(function, name, self.settings["policy_time_limit"], self.settings["policy_failure"], time.monotonic,
                         str(self.file))

        self.class_scopes = self._checker.classes(classes, self.scope, lambda one: one.check(self.fields))
        if len(self._problems) == before:
            self.classifier = Classifier(classes, self.fields, fence)

    def _check_networks(self) -> None:
        for name, error in contradictions(self.scope):
            self._complain(name if name in self.given else "ip_address_lease_time", ..., error)
        for name in self.settings["client_identity"]:
            if self.fields.reader(name) is None:
                meant = remedy(name, self.fields.names(), MATCH) or "allowed are the fields of match()"
                self._complain("client_identity", self.given.get("client_identity"),
                               f"{name!r} is no field of a request; {meant}")
        subnets, shared = self.settings["subnets"], self.settings["shared_networks"]
        if subnets or shared:
            for name in FLAT:
                if self.given.get(name) is not None:
                    self._complain(name, self.given[name], "is the form for one network; beside subnets, allowed is "
                                                           "subnet(...)")
        elif not any(self.given.get(name) for name in ("interface", "network", "bind_address", "subnets", "shared_networks")):
            self._problems.append(f"{self.file or 'command line'}: nothing to serve; name an interface or a network")
        else:
            subnets = self._flat_subnet()
        names = [one.name for one in self.settings["classes"]]
        self.subnets, self.shared_networks = self._checker.subnets(subnets, shared, self.scope, names)

    def _check_zones(self) -> None:
        """Read the keys of the zones of the DNS, and see that no scope has one zone twice."""
        for scope in [self.scope, *(one.scope for one in self.shared_networks), *(one.scope for one in self.every_subnet())]:
            zones: tuple[DnsZone, ...] = scope.settings.get("dns_zones") or ()
            if not zones:
                continue
            made, wrong = with_keys(zones, self._directory, self._user())
            self._problems += dict.fromkeys(f"{self._checker.place(line)}: {told}" for line, told in wrong)
            cast("dict[str, Any]", scope.settings)["dns_zones"] = made
            for number, one in enumerate(zones):
                if (first := next((zone for zone in zones[:number] if zone.name == one.name), None)) is not None:
                    self._problems.append(f"{self._checker.place(one.line)}: {one!r}: the zone is on line {first.line} too; "
                                          "allowed is each zone once: several servers are a list, server=['a', 'b']")
        self.settings["dns_zones"] = self.scope.settings.get("dns_zones", ())

    def _check_dns_files(self) -> None:
        """See where the files for DNS servers are meant to be, and that each is a place of its own."""
        files = tuple(replace(one, path=self._directory / one.path) for one in self.settings["dns_files"])
        kept = {self.settings["host_file"], self.history_file, self.dns_file, self.settings["pid_file"], self.file}
        for number, one in enumerate(files):
            if one.path in kept or any(one.path == other.path for other in files[:number]):
                self._problems.append(f"{self._checker.place(one.line)}: {one!r}: that file is something else already; allowed "
                                      "is a file of its own")
        self.settings["dns_files"] = cast("dict[str, Any]", self.scope.settings)["dns_files"] = files

    def zones(self) -> list[DnsZone]:
        """The zones of the DNS that any scope has."""
        return list(dict.fromkeys(zone for scope in self.scopes() for zone in scope.settings.get("dns_zones") or ()))

    def _flat_subnet(self) -> tuple[SubnetDeclaration, ...]:
        """The flat names as a subnet; none where they say nothing of one, or what is wrong was told."""
        if self.settings["network"] is None or (self.given.get("subnet_mask") and self.settings["subnet_mask"] is None):
            return ()
        try:
            network = self.network
        except InvalidValue as error:
            self._complain("network", self.given.get("network"),
                           "no mask is given; allowed is 'a/n', or a mask in subnet_mask"
                           if self.settings["subnet_mask"] is None else error)
            return ()
        if network is None:
            return ()
        if network[1] < SMALLEST_MASK:
            self._complain("network", self.given.get("network"), "is too large; allowed is a /8 at most")
            return ()
        if self.settings["subnet_mask"] not in (None, network[1]):
            self.warnings.append(f"{self._place('subnet_mask')}: subnet_mask = {address_text(self.settings['subnet_mask'])!r}: "
                                 f"network says {network_text(*network)}, which is what is served; leave subnet_mask out")
        subnet = SubnetDeclaration(*network, line=self._lines.get("network", UNKNOWN))
        ranges = self.settings["ip_ranges"] or ()
        for bounds in ranges:
            if any(end not in subnet for end in bounds):
                self._complain("ip_ranges", range_text(bounds), "lies outside the network; allowed are its own addresses")
        if self._checker.chooses and len(ranges) > MOST_POOLS:
            self._complain("ip_ranges", f"{len(ranges)} ranges", f"each is a pool for choose(); allowed are {MOST_POOLS}")
        inside = tuple(bounds for bounds in ranges if all(end in subnet for end in bounds))
        return (replace(subnet, pools=(PoolDeclaration(inside),)) if inside else subnet,)

    def every_subnet(self) -> list[SubnetDeclaration]:
        return [*self.subnets, *(one for shared in self.shared_networks for one in shared.subnets)]

    def _check_hosts(self, text: str | None = None) -> None:
        """Check the hosts of the configuration, and those of the reservation file, or of a text in its place."""
        listed: tuple[Reservation, ...] = self.settings["hosts"]
        names, subnets = [one.name for one in self.settings["classes"]], self.every_subnet()
        checker = HostChecker(self._checker, subnets, self.scope, names)
        hosts = []
        for one in listed:
            made, wrong = checker.check(one)
            hosts.append(made)
            self._problems += wrong
        for one in self._reserved() if text is None else self._reserved_in(text):  # a bad row costs no other
            made, wrong = checker.check(one)
            self.warnings += wrong
            hosts += [] if wrong else [made]
        self.hosts = tuple(hosts)
        self._check_joined(hosts)

    def _check_joined(self, hosts: Iterable[Reservation]) -> None:
        """Tell of classes that nobody can be of: without a condition, named by no host, and nothing else names any."""
        if any(self.given.get(name) is not None for name in ("classify", "identify")):
            return
        named = {name for one in hosts for name in one.classes}
        self.warnings += [f"{self._checker.place(one.line)}: client_class {one.name!r} has no client: write a condition, "
                          f"match(...), or name it in host(classes={one.name!r}) or classify()"
                          for one in self.settings["classes"] if one.condition is None and one.name not in named]

    @property
    def reservation_file(self) -> Path:
        """The reservation file: the one that is named, or that beside the lease database, where there may be none."""
        named: Path | None = self.settings["reservation_file"]
        return named or Path(self.settings["host_file"]).parent / RESERVATIONS

    @property
    def history_file(self) -> Path:
        """Where it is kept who had which address: beside the lease database."""
        return Path(self.settings["host_file"]).parent / HISTORY

    @property
    def dns_file(self) -> Path:
        """Where it is kept what the DNS has been told: beside the lease database."""
        return Path(self.settings["host_file"]).parent / DNS

    @property
    def own_options(self) -> Mapping[str, Option]:
        """The options that the file defines, by name."""
        return self._own_options

    @property
    def own_by_code(self) -> Mapping[int, Option]:
        """The same by code, suboptions left out."""
        return {one.code: one for one in self._own_options.values() if one.inside is None}

    @property
    def control_socket(self) -> Path:
        """The UNIX socket of the prompt: the one that is named, or that beside the pid file."""
        named: Path | None = self.settings["control_socket"]
        return named or Path(self.settings["pid_file"]).parent / CONTROL_SOCKET

    def with_reservations(self, text: str) -> "DHCPServerConfiguration":
        """The same with this text as the reservation file, judged as when it is read. The configuration file is not run again.
        Raises Unreadable."""
        made = copy(self)
        made.warnings = []
        made._checker = replace(self._checker, warnings=made.warnings)
        made._check_hosts(text)
        made._reservations_read = _digest(text.encode("utf-8", "surrogateescape"))
        return made

    def reservations_now(self) -> str:
        """The text of the reservation file, empty where there is none. Raises InvalidValue where it is not what was read."""
        file = self.reservation_file
        try:
            data = read_carefully(file, self._user())
        except FileNotFoundError:
            data = b""
        except OSError as error:
            raise InvalidValue(f"{file} cannot be read: {error.strerror}") from error
        if (_digest(data) if data else b"") != self._reservations_read:
            raise InvalidValue(f"{file} has changed since it was read; reload")
        return decoded(data)

    def _reserved_in(self, text: str) -> list[Reservation]:
        hosts, wrong = reservations(text, str(self.reservation_file), [*settings_of(HOST), *self._own_options])
        self.warnings += wrong
        return hosts

    def _reserved(self) -> list[Reservation]:
        """The hosts of the reservation file. One that cannot be read is a mistake, for its hosts would be refused."""
        file = self.reservation_file
        try:
            data = read_carefully(file, self._user())
            self._reservations_read = _digest(data) if data else b""
            return self._reserved_in(decoded(data))
        except FileNotFoundError:
            self._miss(file)
        except InvalidValue as error:
            self._problems.append(str(error) if str(error).startswith(str(file)) else f"{file}: {error}")
        except OSError as error:
            self._problems.append(f"{file}: cannot be read: {error.strerror}; user {os.geteuid()} must be able to read it")
        return []

    def _user(self) -> Collection[int]:
        """The user that the daemon becomes, if there is one: what is his is ours."""
        with suppress(KeyError, TypeError):
            return (pwd.getpwnam(self.settings["user"]).pw_uid,)
        return ()

    def _miss(self, file: Path) -> None:
        """Complain of a reservation file that is not there, where one was named or was read before."""
        lost = sum(one.file == str(file) for one in self._running.hosts) if self._running is not None else 0
        if lost:
            self._problems.append(f"{file}: is gone, and {lost} reservations would go with it; put it back, or leave its first "
                                  "line alone in it")
        elif self.settings["reservation_file"]:
            self._problems.append(f"{file}: is not there; allowed is a CSV file with host()'s arguments in its first line, "
                                  "such as mac,ip,hostname")

    def _check_function(self, name: str, value: object) -> None:
        """One of the functions that the server calls; None is none."""
        try:
            if value is not None:
                check(name, value)
        except InvalidValue as error:
            self._complain(name, value, error)

    def _check_functions(self) -> None:
        if self._problems:
            return

        bases = {(one.mask, one.base) for one in self.every_subnet()}
        masks = {mask for mask, _ in bases}

        def compiled(one: Reservation) -> Reservation:
            for ip in one.ips if bases else ():
                if not any((mask, ip & mask) in bases for mask in masks):
                    raise InvalidValue(f"{one}: {address_text(ip)} lies outside every subnet; allowed are their own addresses")
            checker = Checker(self._checker.file, self._own_options, architectures=self._checker.architectures)
            made = checker.host(one)
            if checker.problems:
                raise InvalidValue(checker.problems[0])
            return made

        self.functions = Functions(self.given, [one.name for one in self.settings["classes"]],
                                   time_limit=self.settings["policy_time_limit"], failure=self.settings["policy_failure"],
                                   clock=time.monotonic, file=str(self.file), host_scope=compiled,
                                   own_options=self._own_options)
        if (function := self.given.get(ON_EVENT)) is not None:
            self.on_event = Fence(check(ON_EVENT, function), f"{ON_EVENT}()", 0.0, FAILURE[0], time.monotonic, str(self.file))

    def _complain(self, name: str, value: object, error: object) -> None:
        shown = "" if value is ... else f" = {short(self._as_written(name, value))}"
        self._problems.append(f"{self._place(name)}: {name}{shown}: {error}")

    def _place(self, name: str) -> str:
        line = self._lines.get(name, UNKNOWN if self.file else ON_COMMAND_LINE)
        return "command line" if line == ON_COMMAND_LINE else f"{self.file}:{line}" if line else f"{self.file}"


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=16).digest()


def _listed(value: object) -> list[object]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def line_in(file: Path, error: BaseException) -> int:
    """The line of the file that was being run when the error came, the innermost one."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else 0


def _read(file: Path) -> bytes:
    """The text of the configuration file. Raises ConfigurationError where it cannot be had or trusted."""
    try:
        text = read_executable_configuration(file)
    except InvalidValue as error:
        raise ConfigurationError([f"{file}: {error}"]) from error
    except FileNotFoundError as error:
        raise ConfigurationError([f"{file}: there is no such file; write it (man 5 pydhcpd.conf), or name another: "
                                  "pydhcpd FILE"]) from error
    except OSError as error:
        raise ConfigurationError([f"{file}: {error.strerror}; name another: pydhcpd FILE"]) from error
    if b"\0" in text:
        line = text[:text.index(b"\0")].count(b"\n") + 1
        raise ConfigurationError([f"{file}:{line}: there is a NUL byte; allowed is text"])
    return text

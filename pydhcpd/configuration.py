"""`DHCPServerConfiguration`: the configuration file run, the command line laid over it, and everything checked.

Owns the way from what people write to values in their inner form, and the messages about what is wrong with it. All
mistakes are found in one go: `FILE:LINE: NAME = VALUE: what is wrong; what is allowed`.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from sys import _getframe
from types import ModuleType
from typing import Any

from pydhcpd import conf
from pydhcpd.addresses import address_from, address_text, network_from
from pydhcpd.conf import Mistake
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_executable_configuration
from pydhcpd.policy.ranges import range_text
from pydhcpd.policy.reservation import Reservation, ReservationIndex
from pydhcpd.policy.scope import Scope, terms_of
from pydhcpd.settings import BY_NAME, HOST_SETTINGS, LATER, SETTINGS
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES
from pydhcpd.wire.options import PROTOCOL_OWN, Option, option_named

NOT_SETTABLE = {**dict.fromkeys(PROTOCOL_OWN, "it is the protocol's own"),
                54: "it follows from the interface; see bind_address", 56: "it is written by the server"}
SHORTEST_NEAR_MISS = 5  # letters; shorter names of the file's own would be taken for misspellings
NEAR = 0.85  # likeness from which a name is taken for a misspelling of a known one
FROM_COMMAND_LINE = 0  # as a line


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

    `scope` is the global scope; `host_scopes` has that of each reservation which sets something.
    """

    def __init__(self) -> None:
        self.file: Path | None = None
        self.settings: dict[str, Any] = {}
        self.given: dict[str, object] = {}
        self.warnings: list[str] = []
        self.scope = Scope()
        self.host_scopes: dict[int, Scope] = {}
        self._lines: dict[str, int] = {}
        self._problems: list[str] = []
        self._own_options: dict[str, Option] = {}

    @classmethod
    def load(cls, file: Path | str | None, command_line: Mapping[str, object] | None = None) -> "DHCPServerConfiguration":
        """Run `file`, lay `command_line` over it and check all. Raises ConfigurationError with every mistake."""
        made = cls()
        if file is not None:
            made.file = Path(file)
            made._run(made.file)
        for name, value in (command_line or {}).items():
            made.given[name], made._lines[name] = value, FROM_COMMAND_LINE
        made._check()
        if made._problems:
            raise ConfigurationError(made._problems)
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

    def entries(self) -> Iterator[tuple[str, str]]:
        """Name and value of every setting, and of every DHCP option that is set, as text for people."""
        for setting in SETTINGS:
            if not setting.command_line_only:
                yield setting.name, _for_people(self.given.get(setting.name, _plain(setting.default)))
        for name, value in sorted(self.given.items()):
            if name not in BY_NAME and self._option(name) is not None:
                yield name, _for_people(value)

    # --- the file

    def _run(self, file: Path) -> None:
        try:
            check_executable_configuration(file)
            text = file.read_bytes()
        except InvalidValue as error:
            raise ConfigurationError([f"{file}: {error}"]) from error
        except OSError as error:
            raise ConfigurationError([f"{file}: {error.strerror}; name another with -config_file"]) from error
        words = {name: getattr(conf, name) for name in conf.__all__}
        namespace = _Lines({**words, "__name__": "configuration", "__file__": str(file)})
        try:
            exec(compile(text, str(file), "exec"), namespace)  # noqa: S102  # the file is Python, by design
        except SyntaxError as error:
            raise ConfigurationError([f"{file}:{error.lineno or 0}: {error.msg}"]) from error
        except ValueError as error:  # NUL bytes, or bytes that are no text
            raise ConfigurationError([f"{file}:{_line_in(file, error)}: {error}"]) from error
        except (Exception, SystemExit) as error:
            raise ConfigurationError([f"{file}:{_line_in(file, error)}: {type(error).__name__}: {error}"]) from error
        self._lines.update(namespace.lines)
        self.given.update((name, namespace[name]) for name in namespace.lines
                          if not name.startswith("_") and not _is_word(name, namespace[name]))

    # --- checks

    def _check(self) -> None:
        self._define_options()
        options: dict[int, bytes | None] = {}
        for name, value in self.given.items():
            if name in BY_NAME:
                self._set(name, value)
            elif (option := self._option(name)) is not None:
                self._encode(options, name, value, option)
            else:
                self._check_own_name(name, value)
        for setting in SETTINGS:
            self.settings.setdefault(setting.name, setting.default)
        self.scope = Scope({name: value for name, value in self.settings.items() if value is not None}, options)
        self._check_hosts()
        self._check_together()

    def _define_options(self) -> None:
        for made in _listed(self.given.get("option_definitions")):
            if isinstance(made, Option):
                self._own_options[made.name] = made
                if made.name in BY_NAME:
                    self._complain("option_definitions", made.name, "is the name of a setting; allowed is another name")

    def _option(self, name: str) -> Option | None:
        return self._own_options.get(name) or option_named(name)

    def _set(self, name: str, value: object) -> None:
        mistakes = [one for one in _listed(value) if isinstance(one, Mistake)]
        for mistake in mistakes:
            self._problems.append(f"{self.file}:{mistake.line}: {mistake.call}: {mistake.reason}")
        if value is None or mistakes:
            self.settings[name] = BY_NAME[name].default
            return
        try:
            self.settings[name] = self._with_text(BY_NAME[name].kind.parse, name, value)
        except InvalidValue as error:
            self._complain(name, value, error)

    def _with_text(self, parse: Callable[[object], Any], name: str, value: object) -> Any:
        """On the command line a number may have been meant as text (`-domain_name 12`), so both are tried."""
        try:
            return parse(value)
        except InvalidValue:
            if self._lines.get(name) != FROM_COMMAND_LINE or isinstance(value, str):
                raise
            try:
                return parse(str(value))
            except InvalidValue:
                pass
            raise

    def _encode(self, options: dict[int, bytes | None], name: str, value: object, option: Option) -> None:
        if option.code in NOT_SETTABLE:
            self._complain(name, value, f"cannot be set: {NOT_SETTABLE[option.code]}; allowed is to leave it out")
            return
        try:
            encoded = None if value is None else self._with_text(option.codec.encode, name, value)
            options[option.code] = encoded if value != [] else None  # an empty list is no option
        except InvalidValue as error:
            self._complain(name, value, error)

    def _check_own_name(self, name: str, value: object) -> None:
        """Names that nobody knows are the file's own, unless they look like a misspelling."""
        if name in LATER:
            self._complain(name, value, "is not known to this version; allowed is one network, set by the flat names")
            return
        from_file = self._lines.get(name) != FROM_COMMAND_LINE
        if from_file and (isinstance(value, ModuleType | type) or len(name) < SHORTEST_NEAR_MISS):
            return
        near = get_close_matches(name, [*BY_NAME, *OPTION_NAMES, *self._own_options, *LATER], 1, NEAR if from_file else 0.6)
        if near:
            own = "; a name of your own may begin with _" if from_file else ""
            self._complain(name, value, f"is not known; did you mean {near[0]}?{own}")
        elif not from_file:
            self._complain(name, value, "is not known; allowed are the names that -help lists, and DHCP options")

    def _check_hosts(self) -> None:
        hosts: tuple[Reservation, ...] = self.settings["hosts"]
        for one in hosts:
            scope = self._host_scope(one)
            if one.settings or one.hostname:
                self.host_scopes[id(one)] = scope
                self._attempt(one, "", terms_of, scope.over(self.scope))
        try:
            ReservationIndex(hosts)
        except InvalidValue as error:
            self._complain("hosts", ..., error)
        addresses: dict[int, int] = {}
        for one in hosts:
            if one.ip and addresses.setdefault(one.ip, one.line) != one.line:
                self._complain_host(one, "", f"{address_text(one.ip)} is reserved on line {addresses[one.ip]} too; "
                                             "allowed is one host for each address")

    def _host_scope(self, one: Reservation) -> Scope:
        settings: dict[str, Any] = {}
        options: dict[int, bytes | None] = {12: one.hostname.encode()} if one.hostname else {}
        for name, value in one.settings.items():
            option = self._option(name)
            what = f" {name} = {value!r}"
            if name in HOST_SETTINGS:
                settings[name] = self._attempt(one, what, BY_NAME[name].kind.parse, value)
            elif option is not None and option.code not in NOT_SETTABLE:
                options[option.code] = None if value is None else self._attempt(one, what, option.codec.encode, value)
            else:
                near = get_close_matches(name, [*HOST_SETTINGS, *OPTION_NAMES, *self._own_options], 1, 0.6)
                hint = f"did you mean {near[0]}?" if near else "allowed are DHCP options and lease times by name"
                self._complain_host(one, what, f"is not known there; {hint}")
        return Scope(settings, options)

    def _attempt(self, one: Reservation, what: str, check: Callable[[Any], Any], value: object) -> Any:
        try:
            return check(value)
        except InvalidValue as error:
            self._complain_host(one, what, error)
            return None

    def _complain_host(self, one: Reservation, what: str, error: object) -> None:
        self._problems.append(f"{self.file}:{one.line}: host({_who(one)}){what}: {error}")

    def _check_together(self) -> None:
        if not (self.settings["interface"] or self.settings["network"] or self.settings["bind_address"]):
            self._problems.append(f"{self.file or 'command line'}: nothing to serve; name an interface or a network")
        if not any("ip_address_lease_time" in problem for problem in self._problems):
            name = next((one for one in ("minimum_lease_time", "maximum_lease_time", "ip_address_lease_time",
                                         "always_send", "never_send", "renewal_time_value") if one in self.given), "")
            try:
                terms_of(self.scope)
            except InvalidValue as error:
                self._complain(name, self.given.get(name), error)
        try:
            network = self.network
        except InvalidValue as error:
            self._complain("network", self.given.get("network"),
                           "no mask is given; allowed is 'a/n', or a mask in subnet_mask"
                           if self.settings["subnet_mask"] is None else error)
            return
        if network is not None:
            self._check_inside(*network)

    def _check_inside(self, base: int, mask: int) -> None:
        """What names addresses of the network must lie in it."""
        for bounds in self.settings["ip_ranges"] or ():
            if any(end & mask != base for end in bounds):
                self._complain("ip_ranges", range_text(bounds), "lies outside the network; allowed are its own addresses")
        for one in self.settings["hosts"]:
            if one.ip and one.ip & mask != base:
                self._complain_host(one, "", f"{address_text(one.ip)} lies outside the network; allowed are its own addresses")
        for text in _listed(self.given.get("router")):
            try:
                outside = address_from(text) & mask != base
            except InvalidValue:
                continue  # told by the option's codec
            if outside:
                self.warnings.append(f"{self._place('router')}: router = {text!r}: lies outside the network, so clients "
                                     "may not reach it")

    def _complain(self, name: str, value: object, error: object) -> None:
        shown = "" if value is ... else f" = {_for_people(value)}"
        self._problems.append(f"{self._place(name)}: {name}{shown}: {error}")

    def _place(self, name: str) -> str:
        line = self._lines.get(name, FROM_COMMAND_LINE)
        return "command line" if line == FROM_COMMAND_LINE else f"{self.file}:{line}"


def _listed(value: object) -> list[object]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value


def _for_people(value: object) -> str:
    if isinstance(value, list | tuple) and any(isinstance(one, Reservation) for one in value):
        return f"[{', '.join(f'host({_who(one)})' if isinstance(one, Reservation) else repr(one) for one in value)}]"
    text = repr(value)
    return text if len(text) <= 400 else text[:397] + "..."


def _who(one: Reservation) -> str:
    """A reservation in a few words, for messages."""
    parts = [f"ip='{address_text(one.ip)}'"] if one.ip else []
    if one.hostname:
        parts.append(f"hostname={one.hostname!r}")
    parts += [f"mac='{mac.hex(':')}'" for mac in one.macs[:1]]
    return ", ".join(parts) or "..."


def _line_in(file: Path, error: BaseException) -> int:
    """The line of the file that was being run when the error came, the innermost one."""
    lines = [frame.lineno or 0 for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return lines[-1] if lines else 0


def _is_word(name: str, value: object) -> bool:
    """Whether a name is one of the vocabulary, which `from pydhcpd.conf import *` assigns too."""
    return name in conf.__all__ and value is getattr(conf, name)

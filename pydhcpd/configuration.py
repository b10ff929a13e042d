"""`DHCPServerConfiguration`: the configuration file run, the command line laid over it, and everything checked.

Owns the way from what people write to values in their inner form, and the messages about what is wrong with it. All
mistakes are found in one go: `FILE:LINE: NAME = VALUE: what is wrong; what is allowed`.
"""

import ast
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path
from sys import _getframe
from types import ModuleType
from typing import Any

from pydhcpd import conf
from pydhcpd.addresses import address_text, network_from
from pydhcpd.conf import Mistake
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_executable_configuration
from pydhcpd.policy.ranges import range_text
from pydhcpd.policy.reservation import Reservation, shared_identities
from pydhcpd.policy.scope import Scope, contradictions
from pydhcpd.settings import BY_NAME, HOST_SETTINGS, LATER, LATER_WORDS, SETTINGS, Setting
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES
from pydhcpd.wire.options import PROTOCOL_OWN, Option, option_named

NOT_SETTABLE = {**dict.fromkeys(PROTOCOL_OWN, "it is the protocol's own"), 51: "use ip_address_lease_time",
                54: "it follows from the interface; see bind_address", 56: "it is written by the server"}
"""Options that nobody sets, by code, and why."""

SHORTEST_NEAR_MISS = 5  # letters; shorter names of the file's own would be taken for misspellings
NEAR = 0.8  # likeness from which a name is taken for a misspelling of a known one
NEAR_ON_COMMAND_LINE = 0.6  # there are no names of one's own there
ON_COMMAND_LINE, UNKNOWN = -1, 0  # as lines
LATER_REASON = "not known to this version; allowed is one network, set by the flat names"


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
            made.given[name], made._lines[name] = None if value == "None" else value, ON_COMMAND_LINE
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
                yield setting.name, _for_people(self._shown(setting))
        for name, value in sorted(self.given.items()):
            if name not in BY_NAME and self._option(name) is not None:
                yield name, _for_people(self._as_written(name, value))

    def _shown(self, setting: Setting) -> object:
        """The value of a setting as it is in force."""
        if isinstance(self.settings[setting.name], bool):
            return self.settings[setting.name]
        value = self.given.get(setting.name)
        return _plain(setting.default) if value is None else self._as_written(setting.name, value)

    def _as_written(self, name: str, value: object) -> object:
        """A value as it stands in the file, or as a word of the command line reads."""
        return literal(value) if self._lines.get(name) == ON_COMMAND_LINE and isinstance(value, str) else value

    # --- the file

    def _run(self, file: Path) -> None:
        text = _read(file)
        words = {name: getattr(conf, name) for name in conf.__all__}
        start = {**words, "__name__": "configuration", "__file__": str(file)}
        namespace = _Lines(start)
        try:
            exec(compile(text, str(file), "exec"), namespace)  # noqa: S102  # the file is Python, by design
        except SyntaxError as error:
            line = error.lineno if error.filename == str(file) else _line_in(file, error)
            raise ConfigurationError([f"{file}:{line or 0}: {error.msg}"]) from error
        except NameError as error:
            later = error.name in LATER_WORDS
            reason = f"{error.name} is {LATER_REASON}" if later else f"NameError: {error}"
            raise ConfigurationError([f"{file}:{_line_in(file, error)}: {reason}"]) from error
        except (Exception, SystemExit) as error:
            raise ConfigurationError([f"{file}:{_line_in(file, error)}: {type(error).__name__}: {error}"]) from error
        for name, value in namespace.items():
            if not name.startswith("_") and (name not in start or value is not start[name]):
                self.given[name] = value  # also what a function assigned by `global`, whose line nobody noted
                self._lines[name] = namespace.lines.get(name, UNKNOWN)

    # --- checks

    def _check(self) -> None:
        self._define_options()
        options: dict[int, bytes | None] = {}
        for name, value in self.given.items():
            if name in LATER:
                self._complain(name, value, f"is {LATER_REASON}")
            elif name in BY_NAME:
                self._set(name, value)
            elif (option := self._option(name)) is not None:
                self._encode(options, name, value, option)
            else:
                self._check_own_name(name, value)
        for setting in SETTINGS:
            self.settings.setdefault(setting.name, setting.default)
        self._resolve_names(self.settings, lambda name, error: self._complain(name, self.given.get(name), error))
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
        for mistake in _listed(value):
            if isinstance(mistake, Mistake):
                self._problems.append(f"{self.file}:{mistake.line}: {mistake.call}: {mistake.reason}")
        if any(isinstance(one, Mistake) for one in _listed(value)) and not isinstance(value, Mistake):
            value = [one for one in _listed(value) if not isinstance(one, Mistake)]
        if value is None or isinstance(value, Mistake):
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

    def _encode(self, options: dict[int, bytes | None], name: str, value: object, option: Option) -> None:
        if option.code in NOT_SETTABLE:
            self._complain(name, value, f"cannot be set: {NOT_SETTABLE[option.code]}; allowed is to leave it out")
            return
        try:
            options[option.code] = self._parsed(lambda one: _encoded(option, one), name, value)
        except InvalidValue as error:
            self._complain(name, value, error)

    def _resolve_names(self, settings: dict[str, Any], complain: Callable[[str, str], None]) -> None:
        """Turn the option names of always_send and never_send into codes, in place."""
        for setting in ("always_send", "never_send"):
            codes = set()
            for name in settings.get(setting) or ():
                option = self._option(name)
                if option is None:
                    near = get_close_matches(name, [*OPTION_NAMES, *self._own_options], 1, NEAR_ON_COMMAND_LINE)
                    complain(setting, f"{name!r} is no DHCP option; " + (f"did you mean {near[0]}?" if near else
                                                                        "allowed are the names of the option table"))
                else:
                    codes.add(option.code)
            if setting in settings:
                settings[setting] = frozenset(codes)

    def _check_own_name(self, name: str, value: object) -> None:
        """Names that nobody knows are the file's own, unless they look like a misspelling."""
        on_command_line = self._lines.get(name) == ON_COMMAND_LINE
        if not on_command_line and (isinstance(value, ModuleType | type) or len(name) < SHORTEST_NEAR_MISS):
            return
        known = [*BY_NAME, *OPTION_NAMES, *self._own_options, *LATER]
        near = _nearest(name, known, NEAR_ON_COMMAND_LINE if on_command_line else NEAR)
        if near:
            own = "" if on_command_line else "; a name of your own may begin with _"
            self._complain(name, value, f"is not known; did you mean {near}?{own}")
        elif on_command_line:
            self._complain(name, value, "is not known; allowed are the names that -help lists, and DHCP options")

    def _check_hosts(self) -> None:
        hosts: tuple[Reservation, ...] = self.settings["hosts"]
        told = list(contradictions(self.scope))
        for one in hosts:
            scope = self._host_scope(one)
            if one.settings or one.hostname:
                self.host_scopes[id(one)] = scope
                for name, error in contradictions(scope.over(self.scope)):
                    if (name, error) not in told:
                        self._complain_host(one, f" {name}", error)
        for one, other, kind in shared_identities(hosts):
            self._complain_host(one, "", f"has the same {kind} as the host on line {other.line}; allowed is one host for each")
        first: dict[int, Reservation] = {}
        for one in hosts:
            other = first.setdefault(one.ip, one)
            if one.ip and other is not one:
                self._complain_host(one, "", f"{address_text(one.ip)} is reserved on line {other.line} too; "
                                             "allowed is one host for each address")

    def _host_scope(self, one: Reservation) -> Scope:
        settings: dict[str, Any] = {}
        options: dict[int, bytes | None] = {12: one.hostname.encode()} if one.hostname else {}
        for name, value in one.settings.items():
            option = self._option(name)
            try:
                if name in HOST_SETTINGS:
                    settings[name] = BY_NAME[name].default if value is None else BY_NAME[name].kind.parse(value)
                elif name in LATER or option is None:
                    near = _nearest(name, [*HOST_SETTINGS, *OPTION_NAMES, *self._own_options], NEAR_ON_COMMAND_LINE)
                    self._complain_host(one, f" {name} = {value!r}", f"is {LATER_REASON}" if name in LATER else
                                        "is not known there; " + (f"did you mean {near}?" if near else
                                                                  "allowed are DHCP options and lease times by name"))
                elif option.code in NOT_SETTABLE:
                    self._complain_host(one, f" {name} = {value!r}", f"cannot be set: {NOT_SETTABLE[option.code]}; "
                                                                     "allowed is to leave it out")
                else:
                    options[option.code] = _encoded(option, value)
            except InvalidValue as error:
                self._complain_host(one, f" {name} = {value!r}", error)
        self._resolve_names(settings, lambda name, error: self._complain_host(one, f" {name}", error))
        return Scope(settings, options)

    def _complain_host(self, one: Reservation, what: str, error: object) -> None:
        self._problems.append(f"{self.file}:{one.line}: host({_who(one)}){what}: {error}")

    def _check_together(self) -> None:
        if not (any(self.given.get(name) for name in ("interface", "network", "bind_address"))
                or any(name in self.given for name in LATER)):
            self._problems.append(f"{self.file or 'command line'}: nothing to serve; name an interface or a network")
        for name, error in contradictions(self.scope):
            self._complain(name if name in self.given else "ip_address_lease_time", ..., error)
        if self.settings["network"] is None or (self.given.get("subnet_mask") and self.settings["subnet_mask"] is None):
            return  # what is wrong with either of them was told
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
        """What names addresses of the network must lie in it, and hosts may not have those that are nobody's."""
        last = base | ~mask & 0xFFFFFFFF
        for bounds in self.settings["ip_ranges"] or ():
            if any(end & mask != base for end in bounds):
                self._complain("ip_ranges", range_text(bounds), "lies outside the network; allowed are its own addresses")
        routers = self._routers()
        for one in self.settings["hosts"]:
            if one.ip and one.ip & mask != base:
                self._complain_host(one, "", f"{address_text(one.ip)} lies outside the network; allowed are its own addresses")
            elif last - base > 1 and one.ip in (base, last):
                self._complain_host(one, "", f"{address_text(one.ip)} is the network's base or broadcast address; "
                                             "allowed are those between them")
            elif one.ip and one.ip in routers:
                self._complain_host(one, "", f"{address_text(one.ip)} is a router's; allowed are other addresses")
        for router in routers:
            if router & mask != base:
                self.warnings.append(f"{self._place('router')}: router = {address_text(router)!r}: lies outside the network, "
                                     "so clients may not reach it")

    def _routers(self) -> list[int]:
        data = self.scope.options.get(3) or b""
        return [int.from_bytes(data[at:at + 4], "big") for at in range(0, len(data), 4)]

    def _complain(self, name: str, value: object, error: object) -> None:
        shown = "" if value is ... else f" = {_for_people(self._as_written(name, value))}"
        self._problems.append(f"{self._place(name)}: {name}{shown}: {error}")

    def _place(self, name: str) -> str:
        line = self._lines.get(name, UNKNOWN if self.file else ON_COMMAND_LINE)
        return "command line" if line == ON_COMMAND_LINE else f"{self.file}:{line}" if line else f"{self.file}"


def _listed(value: object) -> list[object]:
    return [] if value is None else list(value) if isinstance(value, list | tuple) else [value]


def _plain(value: object) -> object:
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


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


def _read(file: Path) -> bytes:
    """The text of the configuration file. Raises ConfigurationError where it cannot be had or trusted."""
    try:
        check_executable_configuration(file)
        text = file.read_bytes()
    except InvalidValue as error:
        raise ConfigurationError([f"{file}: {error}"]) from error
    except OSError as error:
        raise ConfigurationError([f"{file}: {error.strerror}; name another with -config_file"]) from error
    if b"\0" in text:
        line = text[:text.index(b"\0")].count(b"\n") + 1
        raise ConfigurationError([f"{file}:{line}: there is a NUL byte; allowed is text"])
    return text


def _encoded(option: Option, value: object) -> bytes | None:
    """An option's value as bytes, or None where it is to be left out: None itself, and an empty list."""
    return None if value is None or value in ([], ()) else option.codec.encode(value)


def literal(text: str) -> object:
    """A Python literal where the text reads as one, else the text itself."""
    try:
        value: object = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text
    return value


def _nearest(name: str, known: Sequence[str], likeness: float) -> str:
    """The known name that one was probably meant to be, or nothing: by capitals, by changed places, or by likeness."""
    for candidate in known:
        if candidate == name.casefold() or (sorted(candidate) == sorted(name) and len(name) >= SHORTEST_NEAR_MISS):
            return candidate
    near = get_close_matches(name, known, 1, likeness)
    return near[0] if near else ""

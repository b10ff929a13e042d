"""Checks of what a constructor of the configuration was given, all of it before anything is told; and those names that
stand in several of them."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pydhcpd.addresses import several_in
from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest

LONGEST_INTERFACE = 127  # characters: the kernel's limit of an alternative name; that of the name itself is 15
LONGEST_HOSTNAME = 255
_OBJECT = re.compile(r"<function (?:[^\s]*\.)?([^\s.]+) at 0x[0-9a-f]+>|<class '(?:[\w.]*\.)?(\w+)'>")
_LABEL = r"[0-9A-Za-z_](?:[0-9A-Za-z_-]{0,61}[0-9A-Za-z_])?"
_HOSTNAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\.?")


def written(value: object) -> str:
    """A value as the file would write it: functions and classes by their names."""
    return _OBJECT.sub(lambda found: found[1] or found[2], repr(value))


def interface_name(value: object) -> str:
    """A name that an interface can have: no blank, no / and no colon (Linux, dev_valid_name). Raises InvalidValue."""
    if not isinstance(value, str) or value in ("", ".", "..") or not value.isprintable() or len(value) > LONGEST_INTERFACE:
        raise InvalidValue(f"{value!r} is not the name of an interface; allowed is its name, such as 'eth1'")
    if re.search(r"[\s,;]", value):
        raise InvalidValue(f"{value!r} is not the name of an interface; several are a list: {several_in(value)}")
    if "/" in value or ":" in value:
        raise InvalidValue(f"{value!r} is not the name of an interface; allowed is a name without / and :, such as 'eth1'")
    return value


def hostname(value: object) -> str:
    """A name that a host can have (RFC 1123 2.1), with _ besides, which many have. Raises InvalidValue."""
    if not isinstance(value, str) or len(value) > LONGEST_HOSTNAME or not _HOSTNAME.fullmatch(value):
        raise InvalidValue(f"{value!r} is not a host's name; allowed are letters, digits, - and _, in parts of 1 to 63 "
                           "with dots between them (an international name in its xn-- form)")
    return value


def check_arguments(arguments: Mapping[str, object],
                    checks: Mapping[str, Callable[[object], Any]]) -> tuple[dict[str, Any], dict[str, object]]:
    """The arguments that `checks` names, in their inner form, and the others. Raises InvalidValue with all that are wrong."""
    checked: dict[str, Any] = {}
    wrong = []
    settings: dict[str, object] = {}
    for name, value in arguments.items():
        check = checks.get(name)
        if check is None:
            settings[name] = value
        elif value is not None:
            try:
                checked[name] = check(value)
            except InvalidValue as error:
                wrong.append(f"{name}: {error}")
    if wrong:
        raise InvalidValue("; ".join(wrong))
    return checked, settings


def refuse_others(names: Iterable[str], allowed: Sequence[str]) -> None:
    """Raise InvalidValue where there are arguments of other names."""
    for name in names:
        near = nearest(name, allowed, NEAR)
        instead = f"did you mean {near}?" if near else f"allowed are {', '.join(allowed)}"
        raise InvalidValue(f"{name} is not known; {instead}")

"""Checks of what a constructor of the configuration was given, all of it before anything is told."""

from collections.abc import Callable, Mapping
from typing import Any

from pydhcpd.errors import InvalidValue


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

"""What `script()` of the configuration makes: a program that is run when something happens, checked as far as its arguments go.

Whether the file is there and may be trusted is for who runs it, and for `-check`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.happenings import KINDS, USUAL
from pydhcpd.names import NEAR, nearest
from pydhcpd.policy.arguments import check_arguments, refuse_others

ARGUMENTS = ("path", "on", "timeout", "concurrency", "queue", "wait")
NAMES = tuple(kind.name for kind in KINDS)
LONGEST_TIME = 3600  # seconds
MOST_AT_ONCE, MOST_WAITING = 64, 100_000


@dataclass(frozen=True, slots=True, repr=False)
class Script:
    """A program, the kinds of happenings that it is run for, how long it may take, how many may run and wait at a time, and
    whether everything waits until it has ended."""

    path: Path
    on: tuple[str, ...] = USUAL
    timeout: float = 10.0
    concurrency: int = 4
    queue: int = 1000
    wait: bool = False
    line: int = field(default=0, compare=False)

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "Script":
        """Check `script()`'s arguments. Raises InvalidValue with all that are wrong."""
        checked, others = check_arguments(arguments, dict(zip(ARGUMENTS, (
            _path, _kinds, _seconds, _number(MOST_AT_ONCE), _number(MOST_WAITING), _truth), strict=True)))
        refuse_others(others, ARGUMENTS)
        if "path" not in checked:
            raise InvalidValue("has no path; allowed is the whole path of a program, such as '/etc/pydhcpd/on-lease'")
        return cls(**checked, line=line)

    def __repr__(self) -> str:
        more = "".join(f", {one.name}={getattr(self, one.name)!r}" for one in fields(self)[2:-1]
                       if getattr(self, one.name) != one.default)
        return f"script({str(self.path)!r}, on={list(self.on)!r}{more})"


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value).isprintable() or not Path(value).is_absolute():
        raise InvalidValue(f"{value!r} cannot be used here; allowed is the whole path of a program, from / on, and without "
                           "arguments, such as '/etc/pydhcpd/on-lease'")
    return Path(value)


def _kinds(value: object) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names:
        raise InvalidValue(f"{value!r} cannot be used here; allowed is a list of kinds of events, such as "
                           "['bound', 'released']")
    for name in names:
        if name not in NAMES:
            near = nearest(name, NAMES, NEAR) if isinstance(name, str) else ""
            raise InvalidValue(f"{name!r} is no kind of event; "
                               + (f"did you mean {near!r}?" if near else f"allowed are {', '.join(NAMES)}"))
    return tuple(dict.fromkeys(names))


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST_TIME:
        raise InvalidValue(f"{value!r} cannot be used here; allowed is a number of seconds above 0, up to {LONGEST_TIME}")
    return float(value)


def _number(most: int) -> Callable[[object], int]:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise InvalidValue(f"{value!r} cannot be used here; allowed is a whole number from 1 to {most}")
        return value
    return check


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is True or False")
    return value

"""The words of the configuration file: constructors, comparators and units.

They are in scope when the file runs. `from pydhcpd.conf import *` as its first line changes nothing, and lets an editor
complete them. Nothing here acts: a value counts only when the file assigns it to a name that is known.
"""

import sys
from dataclasses import dataclass
from typing import Any

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, NETWORK
from pydhcpd.errors import InvalidValue
from pydhcpd.policy.reservation import Reservation
from pydhcpd.settings import DAYS, HOURS, INFINITE, MINUTES
from pydhcpd.wire.codecs import codec
from pydhcpd.wire.options import Option

__all__ = ["ALL", "CASEINSENSITIVE", "DAYS", "GREATER", "HOURS", "INFINITE", "MINUTES", "NETWORK", "host", "option"]


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a constructor returns for arguments that cannot be used, so that all mistakes are found in one go."""

    line: int
    call: str
    reason: str


def host(ip: object = None, hostname: object = None, **arguments: object) -> Reservation | Mistake:
    """A reservation, for `hosts`: who it is, by mac, client_id, uuid, relay, remote_id, circuit_id, subscriber_id
    (one value, or several of the first three) or by hostname with match_hostname=True; its ip; and DHCP options and
    lease times by name."""
    line = sys._getframe(1).f_lineno
    given = {"ip": ip, "hostname": hostname, **arguments}
    try:
        return Reservation.of(line, given)
    except InvalidValue as error:
        return Mistake(line, _call("host", given), str(error))


def option(code: int, name: str, shape: Any, inside: object = None) -> Option | Mistake:
    """A DHCP option of one's own, for `option_definitions`: its number, name and shape ("address", "text", ...)."""
    line = sys._getframe(1).f_lineno
    try:
        if inside is not None:
            raise InvalidValue("inside= is not known to this version; allowed are options of their own number")
        if isinstance(code, bool) or not isinstance(code, int) or not 1 <= code <= 254:
            raise InvalidValue(f"code {code!r} is no option's number; allowed are 1 to 254")
        if not isinstance(name, str) or not name.isidentifier():
            raise InvalidValue(f"name {name!r} is no name; allowed are letters, digits and _")
        return Option(code, name, codec(shape), f"line {line}")
    except InvalidValue as error:
        return Mistake(line, _call("option", {"code": code, "name": name, "shape": shape}), str(error))


def _call(name: str, arguments: dict[str, object]) -> str:
    return f"{name}({', '.join(f'{key}={value!r}' for key, value in arguments.items() if value is not None)})"

"""The environment of a script: what has happened, as variables that neither a shell nor a terminal can take for more.

A value that a client, or anybody, may have had a hand in consists of ASCII letters and digits and of _ . : @ - alone, and
begins neither with a dot nor with a hyphen. All other characters are written as in a URL: %XX for each octet of their UTF-8.
So nothing in it ends a word, a quotation or a line, names another directory, or looks like an option. A comma parts the values
of a list, a slash those that belong together. What is not known is not set.
"""

import math
import os
from collections.abc import Callable
from urllib.parse import quote_from_bytes

from pydhcpd.happenings import FIELDS, Happening

PREFIX, OPTION, KIND = "PYDHCPD_", "PYDHCPD_OPTION_", "EVENT"
INHERITED = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": ""}
"""What is passed on of our own environment, and what there is in its place; empty for nothing."""
SAFE = "@:"  # besides letters, digits, and _ . -
NOT_FIRST = {".": "%2E", "-": "%2D"}
LONGEST = 1000  # characters of a value
CUT = "%..."  # at the end of one that was longer: no escape looks like that
NEVER = "never"


def environment(what: Happening) -> dict[str, str]:
    """All variables of a script, those that it inherits among them."""
    inherited = {name: os.environ.get(name) or usual for name, usual in INHERITED.items()}
    told = {variable(field.name): _written(field.name, getattr(what, field.name)) for field in FIELDS}
    options = {f"{OPTION}{name.removeprefix('option_')}": _fitted(_word(value)) for name, value in what.options.items()}
    return {**{name: value for name, value in {**inherited, **told}.items() if value}, **options}


def variable(field: str) -> str:
    """The name of a field's variable."""
    return f"{PREFIX}{KIND if field == 'kind' else field.upper()}"


def safe(text: str) -> str:
    """Any text in characters that mean nothing to anybody. What is too long is cut between two characters."""
    found = quote_from_bytes(text.encode("utf-8", "surrogatepass"), SAFE).replace("~", "%7E")
    return _fitted(NOT_FIRST.get(found[:1], found[:1]) + found[1:])


def _fitted(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    end = LONGEST - len(CUT)
    return text[:text.find("%", end - 2, end) if "%" in text[end - 2:end] else end] + CUT


def _written(field: str, value: object) -> str:
    """A field. The network is the configuration's own; of the others strangers may have had a hand in any."""
    if value is None:
        return ""
    written = _word(value)
    return written.replace("%2F", "/") if field == "subnet" else written


def _word(value: object) -> str:
    return next((write(value) for kind, write in _FORMS if isinstance(value, kind)), "")


def _listed(separator: str) -> Callable[[object], str]:
    def write(value: object) -> str:
        assert isinstance(value, list | tuple)
        return separator.join(map(_word, value))
    return write


def _time(value: object) -> str:
    assert isinstance(value, float)
    return NEVER if math.isinf(value) else str(int(value))


_FORMS: tuple[tuple[type, Callable[..., str]], ...] = (
    (bool, lambda value: "true" if value else "false"), (int, str), (float, _time), (str, safe),
    (bytes, lambda value: _fitted(value.hex(":"))), (list, _listed(",")), (tuple, _listed("/")))

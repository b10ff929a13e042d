"""`Template`: a name of the configuration that may hold values of the client, `{mac}` and its kin.

Owns how such names are written, checked and filled; which fields there are, and how each value is made fit for what it is to
be part of, says who has the table: `boot.files` for paths, `dns.naming` for names in the DNS. `${...}` is iPXE's own, and stays
as it is. Knows no messages: what a client sends is in the `Facts`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest

_FIELD = re.compile(r"(?<!\$)\{([^{}]*)\}")
_BRACE = re.compile(r"(?<!\$)\{[^{}]*(?:$|\{)")


@dataclass(frozen=True, slots=True)
class Facts:
    """What names may hold of a client; empty what is not known of it. `address` is in host byte order, 0 for none."""

    hardware: bytes
    address: int
    hostname: str
    uuid: bytes
    architecture: str
    subnet: str


Values = Mapping[str, Callable[[Facts], str]]
"""What may stand in braces, and what is put there: empty where it is not known."""


@dataclass(frozen=True, slots=True, repr=False)
class Template:
    """A name as it was written; `fields` are those in braces, of the table `values`."""

    text: str
    fields: tuple[str, ...] = ()
    values: Values = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, text: str, values: Values) -> "Template":
        """Check the braces of a name. Raises InvalidValue."""
        fields = tuple(_FIELD.findall(text))
        for name in fields:
            if name not in values:
                raise InvalidValue(f"{{{name}}} in {text!r} is not known; {_instead(name, values)}")
        if _BRACE.search(text) or "}" in re.sub(r"\$?\{[^{}]*\}", "", text):
            raise InvalidValue(f"a brace in {text!r} stands alone; allowed are {_listed(values)}")
        return cls(text, fields, values)

    def __repr__(self) -> str:
        return repr(self.text)

    def filled(self, facts: Facts) -> tuple[str, str]:
        """The name for a client, and the field for which there is no value, if there is one: then there is no name."""
        found = {name: self.values[name](facts) for name in self.fields}
        for name, value in found.items():
            if not value:
                return "", name
        return _FIELD.sub(lambda place: found[place[1]], self.text), ""


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in values)


def _instead(name: str, values: Values) -> str:
    near = nearest(name.strip(), values, NEAR)
    return f"did you mean {{{near}}}?" if near else f"allowed are {_listed(values)}"

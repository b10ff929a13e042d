"""Expressions as Python, for what no condition says: functions of a request."""

import re
from collections.abc import Iterator
from itertools import accumulate

from pydhcpd.migration.configurations.isc.conditions import DIGITS, agent_field
from pydhcpd.migration.configurations.isc.expressions import Node, folded
from pydhcpd.migration.configurations.isc.options import AGENT, Definitions, raw_name
from pydhcpd.migration.configurations.layout import value_text

MOST_NUMBER = 1 << 31
LITERAL = re.compile(rb"(\^?)([\w /:,@=-]+)(\$?)")


class NotPython(Exception):
    """It cannot be worked out from a request; the words say what."""


class Functions:
    """Python of the expressions of one file."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    def truth(self, node: Node) -> str:
        """An expression that is True or False."""
        return self._truth(folded(node))

    def data(self, node: Node) -> str:
        """An expression that is bytes, empty where dhcpd has nothing."""
        return self._data(folded(node))

    def _truth(self, node: Node) -> str:
        if node.op in ("and", "or"):
            return f" {node.op} ".join(f"({self._truth(one)})" if one.op in ("and", "or") and one.op != node.op
                                       else self._truth(one) for one in node.parts)
        if node.op == "not":
            return f"not ({self._truth(node.parts[0])})"
        if node.op == "=":
            return " == ".join(map(self._data, node.parts))
        if node.op in ("~=", "~~"):
            return self._like(node)
        if node.op == "exists":
            return f"{self._field(str(node.args[0]))} is not None"
        if node.op == "known":
            return "request.known"
        raise NotPython(f"{node.op} is nothing that a function is told")

    def _like(self, node: Node) -> str:
        """A regular expression that is plain text, with what it may begin and end with."""
        pattern = node.parts[1].args[0] if node.parts[1].op == "const" else None
        found = LITERAL.fullmatch(pattern) if isinstance(pattern, bytes) else None
        if found is None:
            raise NotPython("a regular expression that is no plain text is not taken over")
        data, text = self._data(node.parts[0]), found[2]
        if node.op == "~~":
            data, text = f"{_atom(data)}.lower()", text.lower()
        begins, ends = bool(found[1]), bool(found[3])
        if begins and ends:
            return f"{data} == {value_text(text)}"
        if begins or ends:
            return f"{_atom(data)}.{'startswith' if begins else 'endswith'}({value_text(text)})"
        return f"{value_text(text)} in {data}"

    def _field(self, name: str) -> str:
        if name.startswith(f"{AGENT}."):
            return f"request.{agent_field(name)}"
        known = self._definitions.named(name)
        return f"request.{raw_name(known) if known.space == 'dhcp' else known.name}"

    def _data(self, node: Node) -> str:
        made = getattr(self, "_" + node.op.replace("-", "_"), None) if node.op in _DATA else None
        if made is None:
            raise NotPython(f"{node.op} is nothing that a function is told")
        return str(made(node))

    def _const(self, node: Node) -> str:
        return value_text(node.args[0])

    def _option(self, node: Node) -> str:
        return f'({self._field(str(node.args[0]))} or b"")'

    def _hardware(self, _: Node) -> str:
        return 'bytes([request.htype]) + bytes.fromhex((request.mac or "").replace(":", ""))'

    def _substring(self, node: Node) -> str:
        start, length = (self._number(one) for one in node.parts[1:])
        return f"{_atom(self._data(node.parts[0]))}[{start or ''}:{start + length}]"

    def _suffix(self, node: Node) -> str:
        return f"{_atom(self._data(node.parts[0]))}[-{self._number(node.parts[1])}:]"

    def _lcase(self, node: Node) -> str:
        return f"{_atom(self._data(node.parts[0]))}.lower()"

    def _ucase(self, node: Node) -> str:
        return f"{_atom(self._data(node.parts[0]))}.upper()"

    def _concat(self, node: Node) -> str:
        """With dhcpd it is nothing where a part of it is missing."""
        whole = " + ".join(map(self._data, node.parts))
        needed = dict.fromkeys(map(self._field, _options(node)))
        return f'({whole} if {" and ".join(f"{one} is not None" for one in needed)} else b"")' if needed else whole

    def _pick_first_value(self, node: Node) -> str:
        return "(" + " or ".join(map(self._data, node.parts)) + ")"

    def _binary_to_ascii(self, node: Node) -> str:
        base, width = self._number(node.parts[0]), self._number(node.parts[1])
        separator = node.parts[2].args[0]
        if base not in DIGITS or width not in (8, 16) or not isinstance(separator, bytes):
            raise NotPython("binary-to-ascii of such numbers is not made")
        each = f'f"{{number:{DIGITS[base]}}}"' if base != 10 else "str(number)"
        data = self._data(node.parts[3])
        numbers = data if width == 8 else f"(high << 8 | low for high, low in zip(*[iter({data})] * 2))"
        return f'{value_text(separator.decode("latin-1"))}.join({each} for number in {numbers}).encode()'

    def _leased_address(self, _: Node) -> str:
        return 'bytes(map(int, reply.address.split(".")))'

    @staticmethod
    def _number(node: Node) -> int:
        if node.op != "number" or not isinstance(node.args[0], int) or node.args[0] > MOST_NUMBER:
            raise NotPython("a number that is worked out is not made")
        return node.args[0]


def _options(node: Node) -> Iterator[str]:
    """The names of the options without which a value is none."""
    if node.op == "option":
        yield str(node.args[0])
    elif node.op != "pick-first-value":
        for one in node.parts:
            yield from _options(one)


def _atom(text: str) -> str:
    """In brackets where an operation would take but a part of it."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', '""', text)
    depths = list(accumulate((one == "(") - (one == ")") for one in bare))
    is_whole = bare == 'b""' or (depths[0] == 1 and 0 not in depths[:-1])
    return text if is_whole else f"({text})"


_DATA = {"const", "option", "hardware", "substring", "suffix", "lcase", "ucase", "concat", "pick-first-value",
         "binary-to-ascii", "leased-address"}

"""The configuration file as text: its code, what Python doubts in it, which of its names it reads itself, and which lines of it
have no effect.

Looks at the syntax only where something is to be told, so that a file without a mistake costs nothing. Knows no values.
"""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

HOMES = {"host": "hosts", "subnet": "subnets", "shared_network": "shared_networks", "client_class": "classes",
         "option": "option_definitions"}
"""What takes the values of a constructor."""

_SUSPECT = re.compile(rf"(?:^|:[ \t]*\n[ \t]+)(?:{'|'.join(HOMES)})\s*\(|^\w+[ \t]*:[ \t]*[^\s=]|^\w+[ \t]*==|^\{{".encode(),
                      re.MULTILINE)
"""What may begin such a line; most that do are good."""


def compiled(text: bytes, file: Path) -> tuple[CodeType, list[tuple[int, str]]]:
    """The code of the file, and what Python has doubts about: line, and what to write. Raises SyntaxError.

    Which doubts it has differs by its version, and so does what comes of them: some are mistakes in a later one.
    """
    with warnings.catch_warnings(record=True, action="always") as doubts:
        code = compile(text, str(file), "exec")
    return code, [(one.lineno, _doubt(str(one.message))) for one in doubts]


def _doubt(message: str) -> str:
    escape = re.search(r"""["'](\\[^"']*)["']""", message)
    if escape and "escape sequence" in message:
        return f"{escape[1]} is no escape sequence; write r before the quotation mark, where the backslash is meant: r\"...\""
    return message


def _tree(text: bytes) -> ast.Module:
    """The syntax; the doubts were told with the code."""
    with warnings.catch_warnings(action="ignore"):
        return ast.parse(text)


def names_read(text: bytes) -> frozenset[str]:
    """The names that the file reads somewhere: those are its own, whatever they are called.

    A list that is only filled, by `names.append(...)`, is not read by that.
    """
    tree = _tree(text)
    filled = {id(one.value.func.value) for one in ast.walk(tree)
              if isinstance(one, ast.Expr) and isinstance(one.value, ast.Call) and isinstance(one.value.func, ast.Attribute)}
    return frozenset(one.id for one in ast.walk(tree)
                     if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load) and id(one) not in filled)


def values_dropped(text: bytes) -> Iterator[tuple[int, str]]:
    """Statements that make a value and leave it: line, and what is wrong with it and what to write."""
    if not _SUSPECT.search(text):
        return
    for one in ast.walk(_tree(text)):
        if isinstance(one, ast.Expr):
            yield from _of_expression(one)
        elif isinstance(one, ast.AnnAssign) and one.value is None and isinstance(one.annotation, ast.Constant | ast.List):
            name = ast.unparse(one.target)
            yield one.lineno, f"{name}: ... assigns nothing; write {name} = {ast.unparse(one.annotation)}"


def _of_expression(one: ast.Expr) -> Iterator[tuple[int, str]]:
    value = one.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in HOMES:
        name = value.func.id
        yield one.lineno, f"{name}(...) has no effect by itself; write {HOMES[name]} = [{name}(...), ...]"
    elif isinstance(value, ast.Dict):
        yield one.lineno, "{...} has no effect by itself; write each name in a line of its own: network = \"192.0.2.0/24\""
    elif isinstance(value, ast.Compare) and isinstance(value.left, ast.Name) and isinstance(value.ops[0], ast.Eq):
        text = ast.unparse(value)
        yield one.lineno, f"{text} compares, and assigns nothing; write {text.replace('==', '=', 1)}"

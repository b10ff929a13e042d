"""How a `Draft` is written down: Python that a person would be glad to have written.

Lines are filled up to WIDTH; hosts of which nothing else is known than who they are, their address and their name are a table.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from pydhcpd.migration.configurations.draft import Call, Code, Draft

WIDTH = 120
INDENT = 4
TABLE = ("mac", "client_id", "ip", "hostname")  # the columns of a table, where they are text
LEAST_ROWS = 3
LISTS = ("option_definitions", "classes", "shared_networks", "subnets")


def written(draft: Draft) -> str:
    """The whole file."""
    parts = [comment(draft.head), _settings(draft), _helpers(draft.helpers),
             "\n".join(f"{name} = {condition}" for name, condition in draft.conditions.items()),
             "\n".join(_commented(one, f"{name} = {call_text(one, len(name) + 3)}") for name, one in draft.groups.items()),
             *(_list(name, getattr(draft, name)) for name in LISTS), _hosts(draft.hosts),
             *("\n" + one.strip("\n") for one in draft.functions), comment(draft.tail)]
    return "\n\n".join(part for part in parts if part).strip("\n") + "\n"


def _helpers(functions: Sequence[str]) -> str:
    return "\n" + "\n\n\n".join(one.strip("\n") for one in functions) + "\n" if functions else ""


def comment(lines: Iterable[str], indent: int = 0) -> str:
    """Comment lines; a long one is wrapped."""
    room = WIDTH - indent - 2
    filled = [part for line in map(_legible, lines) for part in (wrap(line, room) if len(line) > room else [line])]
    return "\n".join(f"{' ' * indent}# {line}".rstrip() for line in filled)


def _legible(text: str) -> str:
    """Text whose octets are no UTF-8 is of Latin-1, as it was before."""
    octets = text.encode("utf-8", "surrogateescape")
    return text if octets == text.encode("utf-8", "replace") else octets.decode("latin-1")


def _commented(call: Call, text: str, indent: int = 0) -> str:
    return f"{comment(call.comments, indent)}\n{text}" if call.comments else text


def _settings(draft: Draft) -> str:
    lines = []
    for name, value in draft.settings.keywords.items():
        if above := draft.setting_comments.get(name):
            lines.append(comment(above))
        lines.append(f"{name} = {value_text(value, len(name) + 3)}")
    return "\n".join(lines)


def _list(name: str, calls: Sequence[Call]) -> str:
    if not calls:
        return ""
    return f"{name} = [\n{''.join(f'{_item(one)},{chr(10)}' for one in calls)}]"


def _item(call: Call) -> str:
    return _commented(call, " " * INDENT + call_text(call, INDENT), INDENT)


# --- values

def value_text(value: object, column: int = 0) -> str:
    """A value as Python, beginning at a column; over several lines where it does not fit."""
    if isinstance(value, Call):
        return call_text(value, column)
    if isinstance(value, list) and value:
        return _sequence(value, column)
    return _plain(value)


def _plain(value: object) -> str:
    """A value in one line."""
    if isinstance(value, Code):
        return str(value)
    if isinstance(value, str):
        return _quoted(repr(value))
    if isinstance(value, bytes):
        return "b" + _quoted(repr(value)[1:])
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_plain(key)}: {_plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_plain, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_plain, value)) + ("," if len(value) == 1 else "") + ")"
    if isinstance(value, Call):
        return f"{value.name}({', '.join(_arguments(value))})"
    return repr(value)


def _quoted(literal: str) -> str:
    """A literal of text, as `repr` has it, in double quotation marks."""
    if literal.startswith('"'):
        return literal
    inner = literal[1:-1].replace("\\'", "'").replace('"', '\\"')
    return f'"{inner}"'


def _arguments(call: Call) -> Iterator[str]:
    yield from map(_plain, call.arguments)
    yield from (f"**{name}" for name in call.groups)
    yield from (f"{name}={_plain(value)}" for name, value in call.keywords.items())


def _has_comments(value: object) -> bool:
    """Whether there are comments anywhere within, which need lines of their own."""
    if isinstance(value, Call):
        return any(map(_is_commented, [*value.arguments, *value.keywords.values()]))
    return isinstance(value, list) and any(map(_is_commented, value))


def _is_commented(value: object) -> bool:
    return bool(isinstance(value, Call) and value.comments) or _has_comments(value)


def call_text(call: Call, column: int) -> str:
    """A call, its arguments filled into lines below the first one."""
    whole = _plain(call)
    if column + len(whole) < WIDTH and not _has_comments(call):
        return whole
    begin = column + len(call.name) + 1
    pieces = [*((None, one) for one in call.arguments), *((f"**{name}", None) for name in call.groups), *call.keywords.items()]
    lines: list[str] = []
    line = ""
    for number, (name, value) in enumerate(pieces):
        prefix = "" if name is None else name if value is None and name.startswith("**") else f"{name}="
        end = "" if number == len(pieces) - 1 else ","
        short = prefix + ("" if prefix.startswith("**") else _plain(value)) + end
        if line and begin + len(line) + 1 + len(short) < WIDTH and not _has_comments(value):
            line += " " + short
            continue
        if line:
            lines.append(line)
        line = short
        if begin + len(line) >= WIDTH or _has_comments(value):
            line = prefix + value_text(value, begin + len(prefix)) + end
    return f"{call.name}(" + ("\n" + " " * begin).join([*lines, line]) + ")"


def _sequence(values: Sequence[object], column: int) -> str:
    """A list: in one line, or an item a line."""
    whole = _plain(list(values))
    if column + len(whole) < WIDTH and not _has_comments(list(values)):
        return whole
    if all(isinstance(one, str | int) for one in values):
        return _filled([_plain(one) for one in values], column)
    inner = column + 1
    lines = []
    for one in values:
        text = value_text(one, inner)
        if isinstance(one, Call) and one.comments:
            text = comment(one.comments, inner).lstrip() + "\n" + " " * inner + text
        lines.append(text)
    return "[" + (",\n" + " " * inner).join(lines) + "]"


def _filled(texts: Sequence[str], column: int) -> str:
    lines, line = [], ""
    for one in texts:
        if line and column + 1 + len(line) + len(one) + 2 >= WIDTH:
            lines.append(line)
            line = ""
        line += (" " if line else "") + one + ","
    return "[" + ("\n" + " " * (column + 1)).join([*lines, line.rstrip(",")]) + "]"


# --- hosts

def _columns(call: Call) -> tuple[str, ...]:
    """The columns of the table that a host belongs into; none where it is more than a row."""
    names = tuple(name for name in TABLE if name in call.keywords)
    is_row = len(names) == len(call.keywords) and not call.arguments and not call.groups
    return names if is_row and all(type(value) is str for value in call.keywords.values()) else ()


def _hosts(hosts: Sequence[Call]) -> str:
    """The hosts: rows of tables, and calls, in their order."""
    if not hosts:
        return ""
    runs = [(columns, list(calls)) for columns, calls in groupby(hosts, _columns)]
    runs = [(columns if len(calls) >= LEAST_ROWS else (), calls) for columns, calls in runs]
    if len(runs) == 1 and runs[0][0]:
        columns, calls = runs[0]
        return f"hosts = [{_maker(columns)} [\n{_rows(columns, calls, INDENT)}]]"
    lines = ["hosts = ["]
    for columns, calls in runs:
        if columns:
            lines.append(f"    *({_maker(columns)} [\n{_rows(columns, calls, 2 * INDENT)}    ]),")
        else:
            lines += [f"{_item(one)}," for one in calls]
    return "\n".join([*lines, "]"])


def _maker(columns: Sequence[str]) -> str:
    keywords, names = ", ".join(f"{name}={name}" for name in columns), ", ".join(columns)
    return f"host({keywords}) for {names}{',' * (len(columns) == 1)} in"


def _rows(columns: Sequence[str], calls: Sequence[Call], indent: int) -> str:
    cells = [[_plain(call.keywords[name]) for name in columns] for call in calls]
    widths = [max(len(row[at]) for row in cells) + 1 for at in range(len(columns))]
    lines = []
    for call, row in zip(calls, cells, strict=True):
        if call.comments:
            lines.append(comment(call.comments, indent))
        padded = [f"{cell},".ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
        end = row[-1] + ("," if len(row) == 1 else "")
        lines.append(" " * indent + "(" + " ".join([*padded, end]) + "),")
    return "\n".join(lines) + "\n"

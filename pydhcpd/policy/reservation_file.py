"""The reservation file: hosts as rows of CSV, whose first line names `host()`'s arguments (`mac,ip,hostname,boot_file_name`).

Owns the form of the file: text in, hosts and what is wrong out. A bad row is told with its line and costs no other. Empty
cells are not given; several values of one argument have blanks between them; lines that begin with # are comments.
"""

import ast
import csv
from collections.abc import Iterator

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.reservation import ARGUMENTS, Reservation

SEVERAL = frozenset(("ip", "mac", "client_id", "uuid", "classes"))
TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def reservations(text: str, file: str) -> tuple[list[Reservation], list[str]]:
    """The hosts of a file, and what is wrong with it: `FILE:LINE: ...`, a line of text each."""
    hosts: list[Reservation] = []
    problems: list[str] = []
    columns: list[str] | None = None
    for line, cells in _rows(text):
        try:
            if columns is None:
                columns = _columns(cells)
            else:
                hosts.append(Reservation.of(line, _arguments(columns, cells), file))
        except InvalidValue as error:
            problems.append(f"{file}:{line}: {error}")
            if columns is None:
                break  # without its first line nothing can be understood
    return hosts, problems


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that has any."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            yield number, [cell.strip() for cell in next(csv.reader([line], skipinitialspace=True))]


def _columns(cells: list[str]) -> list[str]:
    wrong = [name for name in cells if not name.isidentifier()]
    if wrong or len(set(cells)) < len(cells):
        raise InvalidValue(f"{(wrong or cells)[0]!r} cannot name a column; allowed are {', '.join(ARGUMENTS)}, DHCP options "
                           "and lease times by name, each once")
    return cells


def _arguments(columns: list[str], cells: list[str]) -> dict[str, object]:
    if len(cells) != len(columns):
        raise InvalidValue(f"has {len(cells)} cells; allowed are {len(columns)}, as in the first line")
    return {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True) if cell}


def _value(name: str, cell: str) -> object:
    if name in SEVERAL:
        return cell.split()
    if name in ("match_hostname", "ignore"):
        return TRUTH.get(cell.lower(), cell)
    if name in ARGUMENTS:
        return cell
    try:
        value: object = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return cell
    return value

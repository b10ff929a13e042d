"""The reservation file: hosts as rows of CSV, whose first line names `host()`'s arguments (`mac,ip,hostname,boot_file_name`).

Owns the form of the file: text in, hosts and what is wrong out, and the text with one more row. A row is one line, so that
a quote that does not end costs its own row alone. Empty cells are not given. Several values have blanks between them, but
commas between classes, whose names may have blanks. Lines that begin with # are comments, and empty lines count for nothing.

Other columns are settings. Their values are literals of Python, as on the command line, or text.
"""

import ast
import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence

from pydhcpd.errors import InvalidValue
from pydhcpd.names import HOST, remedy
from pydhcpd.policy.reservation import ARGUMENTS, Reservation
from pydhcpd.wire.options import BY_NAME, option_named

SEPARATORS: dict[str, str | None] = {"mac": None, "ip": None, "client_id": None, "uuid": None, "classes": ","}  # None: blanks
FLAGS = frozenset(("match_hostname", "ignore"))
TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
LONGEST_PROBLEM = 400  # characters

Row = tuple[int, dict[str, object]]
"""The number of a line, from 1, and its arguments for `host()`."""


def reservations(text: str, file: str, settings: Collection[str] | None = None) -> tuple[list[Reservation], list[str]]:
    """The hosts of a file, and what is wrong with it: `FILE:LINE: ...`, a line of text each. `settings` is as in `read`."""
    rows, problems = read(text, file, settings)
    hosts = []
    for line, arguments in rows:
        try:
            hosts.append(Reservation.of(line, arguments, file))
        except InvalidValue as error:
            problems.append(_problem(file, line, error))
    return hosts, problems


def read(text: str, file: str, settings: Collection[str] | None = None) -> tuple[list[Row], list[str]]:
    """The rows of a file, and what is wrong with it: `FILE:LINE: ...`, a line of text each.

    `settings` are the names, besides those of the registry's options, that a column may have; where it is None, any may.
    A column that is not known is told once and left out.
    """
    rows: list[Row] = []
    problems: list[str] = []
    columns: list[str] = []
    for line, row in _lines_with_rows(text):
        try:
            if columns:
                arguments = _arguments(columns, _cells(row))
                if arguments:
                    rows.append((line, arguments))
                continue
            columns, wrong = _columns(_cells(row), settings)
            problems += [_problem(file, line, one) for one in wrong]
            if wrong and not any(columns):
                break  # nothing is left that the rows could say
        except InvalidValue as error:
            problems.append(_problem(file, line, error))
            if not columns:
                break  # without its first line nothing can be understood
    return rows, problems


def append(text: str, arguments: Mapping[str, str]) -> str:
    """The text of the file with a row more, for a host with these arguments, each as a cell has it.

    What was there stays as it is; columns that are missing are added to all rows. Raises InvalidValue where the arguments
    make no host or cannot stand in a cell, or where the first line cannot be read.
    """
    given = {name: cell.strip() for name, cell in arguments.items() if cell.strip()}
    for name, cell in given.items():
        if not cell.isprintable():
            raise InvalidValue(f"{name} = {cell!r} cannot be written; allowed is printable text, on one line")
    Reservation.of(0, _arguments(list(given), list(given.values())))
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    header = next(_lines_with_rows(text), None)
    if header is None:
        return text + _line(list(given), end) + _line(list(given.values()), end)
    columns = _cells(header[1])
    more = [name for name in given if name not in columns]
    if more:
        text = _with_columns(text, header[0], more)
    return text + _line([given.get(name, "") for name in (*columns, *more)], end)


def _with_columns(text: str, header: int, more: Sequence[str]) -> str:
    """The text with these columns behind those that all rows have. `header` is the number of the line that names them."""
    lines = text.split("\n")
    for number, row in _lines_with_rows(text):
        after = "," + _line(more, "") if number == header else "," * len(more)
        lines[number - 1] = row + after + lines[number - 1].removeprefix(row)
    return "\n".join(lines)


def _line(cells: Sequence[str], end: str) -> str:
    """Cells as a line. A first one that begins with # is quoted, so that it makes no comment."""
    written = io.StringIO()
    csv.writer(written, lineterminator=end,
               quoting=csv.QUOTE_ALL if cells[0].startswith("#") else csv.QUOTE_MINIMAL).writerow(cells)
    return written.getvalue()


def _lines_with_rows(text: str) -> Iterator[tuple[int, str]]:
    """Number and text, without its end, of each line that is neither empty nor a comment."""
    for number, line in enumerate(text.split("\n"), 1):  # lines as editors number them: splitlines() knows more ends
        start = line.lstrip("\ufeff \t\r")  # spreadsheets put a byte order mark before all
        if start and not start.startswith("#"):
            yield number, line.rstrip("\r")


def _cells(line: str) -> list[str]:
    if "\0" in line:
        raise InvalidValue("the line contains NUL; allowed is text")
    try:
        return [cell.strip() for cell in next(csv.reader([line.lstrip("\ufeff")], skipinitialspace=True, strict=True))]
    except csv.Error as error:
        raise InvalidValue(f"the line cannot be read: {error}; allowed are cells with commas between them, \" around those "
                           'that contain one, and "" for a " in them') from None


def _columns(cells: list[str], settings: Collection[str] | None) -> tuple[list[str], list[str]]:
    """The names of the columns, empty for those to leave out; and what is wrong with them."""
    columns: list[str] = []
    wrong = []
    for name in cells:
        is_known = name in ARGUMENTS or option_named(name) is not None or (
            name.isidentifier() if settings is None else name in settings)
        if is_known and name not in columns:
            columns.append(name)
            continue
        columns.append("")
        meant = "" if is_known else remedy(name, [*ARGUMENTS, *BY_NAME, *(settings or ())], HOST)
        wrong.append(f"{name!r} names two columns; allowed is each name once" if is_known else
                     f"{name!r} cannot name a column; " + (meant or "allowed are "
                     f"{', '.join(ARGUMENTS)}, and DHCP options and lease times by name"))
    return columns, wrong


def _arguments(columns: list[str], cells: list[str]) -> dict[str, object]:
    """A row as arguments of `host()`; none where all its cells are empty, as spreadsheets leave them."""
    if not any(cells):
        return {}
    if len(cells) != len(columns):
        raise InvalidValue(f"the row has {len(cells)} cells; allowed are {len(columns)}, as in the first line")
    return {name: _value(name, cell) for name, cell in zip(columns, cells, strict=True) if cell and name}


def _value(name: str, cell: str) -> object:
    """What a cell stands for. One that cannot be understood stays text, for `host()` to tell what is allowed."""
    if name in SEPARATORS:
        return [one.strip() for one in cell.split(SEPARATORS[name]) if one.strip()]
    if name in FLAGS:
        return TRUTH.get(cell.lower(), cell)
    option = None if name in ARGUMENTS else option_named(name)
    if name in ARGUMENTS or (option is not None and option.codec.name == "text"):
        return cell  # a boot file of the name 007 is no number
    try:
        value: object = ast.literal_eval(cell)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return cell
    return value


def _problem(file: str, line: int, what: object) -> str:
    text = f"{file}:{line}: {what}"
    return text if len(text) <= LONGEST_PROBLEM else text[:LONGEST_PROBLEM - 3] + "..."

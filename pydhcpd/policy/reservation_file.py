"""The reservation file: hosts as rows of CSV, whose first line names `host()`'s arguments (`mac,ip,hostname,boot_file_name`).

Owns the form of the file: bytes in, hosts and what is wrong out, and the text with a row more or less. A row is one line, so
that a quote that does not end, or a byte that is no text, costs its own row alone. Empty cells are not given. Several values
have blanks between them, but commas between classes, whose names may have blanks. Lines that begin with # are comments, and
empty lines count for nothing. Between cells are commas, semicolons or tabs, as the first line has them; capitals in it do not
count.

Other columns are settings. Their values are literals of Python, as on the command line, or text.

A file that cannot be read as a whole is not the same as one that reserves nothing: whoever held a reserved address would be
refused it. So it is `Unreadable`, and what was read before stays.
"""

import csv
import io
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydhcpd.errors import InvalidValue
from pydhcpd.literals import literal
from pydhcpd.names import CERTAINLY_NEAR, HOST, nearest, remedy, synonym
from pydhcpd.policy.reservation import ARGUMENTS, Reservation
from pydhcpd.wire.options import BY_NAME, option_named

SEPARATORS: dict[str, str | None] = {"mac": None, "ip": None, "client_id": None, "uuid": None, "classes": ","}  # None: blanks
FLAGS = frozenset(("match_hostname", "ignore"))
TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}
DELIMITERS = (",", ";", "\t")
LONGEST_NAME = 40  # characters of what stands in the first line that are shown
LONGEST_PROBLEM = 400  # characters

Row = tuple[int, dict[str, object]]
"""The number of a line, from 1, and its arguments for `host()`."""


class Unreadable(InvalidValue):
    """The file says nothing as a whole. `str()` of it is `FILE:LINE: what is wrong; what is allowed`."""


@dataclass(frozen=True, slots=True)
class _Form:
    """What the first line says of the rows: what is between their cells, and the columns by name, empty for those left out."""

    delimiter: str
    columns: tuple[str, ...]

    def arguments(self, row: str) -> dict[str, object]:
        """A row as arguments of `host()`; none where its cells are empty, as spreadsheets leave them. Raises InvalidValue."""
        cells = _cells(row, self.delimiter)
        if not any(cells):
            return {}
        if len(cells) != len(self.columns):
            raise InvalidValue(f"the row has {len(cells)} cells; allowed are {len(self.columns)}, as in the first line")
        return _arguments(self.columns, cells)


def decoded(data: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 with the mark that spreadsheets put first. Raises InvalidValue.

    Bytes that are no text become lone surrogates, for which the row that has them is told.
    """
    if data[:2] not in (BOM_UTF16_LE, BOM_UTF16_BE):
        return data.decode("utf-8", "surrogateescape")
    try:
        return data.decode("utf-16")
    except UnicodeDecodeError as error:
        raise InvalidValue(f"it begins as UTF-16, but {error.reason} follows; allowed is text in UTF-8") from None


def reservations(text: str, file: str, settings: Collection[str] | None = None) -> tuple[list[Reservation], list[str]]:
    """The hosts of a file, and what is wrong with single rows: `FILE:LINE: ...`, a line of text each.

    `settings` is as in `read`. Raises Unreadable, also where there are rows and none of them makes a host.
    """
    rows, columns, problems = _read(text, file, settings)
    hosts = []
    for line, arguments in rows:
        try:
            hosts.append(Reservation.of(line, arguments, file))
        except InvalidValue as error:
            problems.append(_problem(file, line, error))
    if problems and not hosts:
        raise Unreadable(f"{problems[0]} (and no other row can be used)")
    return hosts, columns + problems


def read(text: str, file: str, settings: Collection[str] | None = None) -> tuple[list[Row], list[str]]:
    """The rows of a file, and what is wrong with single ones: `FILE:LINE: ...`, a line of text each.

    `settings` are the names, besides those of the registry's options, that a column may have; where it is None, any may.
    A column of another name is told once and left out. Raises Unreadable.
    """
    rows, columns, problems = _read(text, file, settings)
    return rows, columns + problems


def _read(text: str, file: str, settings: Collection[str] | None) -> tuple[list[Row], list[str], list[str]]:
    """The rows of a file, and what is wrong with columns and with rows."""
    lines = _lines_with_rows(text)
    first, header = next(lines, (0, ""))
    if not first and text.strip("\ufeff \t\r\n"):
        return [], [], []  # comments alone
    if not first:
        raise Unreadable(f"{file}: is empty; allowed is a first line that names the columns, such as mac,ip,hostname, which "
                         "stands alone where nothing is reserved")
    try:
        form, wrong = _form(header, settings)
    except InvalidValue as error:
        raise Unreadable(_problem(file, first, error)) from None
    rows: list[Row] = []
    problems: list[str] = []
    for line, row in lines:
        try:
            arguments = form.arguments(row)
        except InvalidValue as error:
            problems.append(_problem(file, line, error))
        else:
            if arguments:
                rows.append((line, arguments))
    return rows, [_problem(file, first, one) for one in wrong], problems


def append(text: str, arguments: Mapping[str, str]) -> str:
    """The text of the file with a row more, for a host with these arguments, each as a cell has it.

    What was there stays as it is; columns that are missing are added to all rows. Raises InvalidValue where the arguments
    make no host or cannot stand in a cell, or where the first line cannot be read.
    """
    given = {name: cell.strip() for name, cell in arguments.items() if cell.strip()}
    for name, cell in given.items():
        if not cell.isprintable():
            raise InvalidValue(f"{name} = {cell!r} cannot be written; allowed is printable text, on one line")
    Reservation.of(0, _arguments(tuple(given), list(given.values())))
    end = "\r\n" if "\r\n" in text else "\n"
    if text and not text.endswith("\n"):
        text += end
    header = next(_lines_with_rows(text), None)
    if header is None:
        return text + _line(list(given), end) + _line(list(given.values()), end)
    form, _ = _form(header[1], None)
    more = [name for name in given if name not in form.columns]
    if more:
        text = _with_columns(text, header[0], more, form.delimiter)
    return text + _line([given.get(name, "") for name in (*form.columns, *more)], end, form.delimiter)


def without(text: str, line: int) -> str:
    """The text of the file without the row on a line; all else stays as it is."""
    lines = text.split("\n")
    del lines[line - 1]
    return "\n".join(lines)


def _with_columns(text: str, header: int, more: Sequence[str], delimiter: str) -> str:
    """The text with these columns behind those that all rows have. `header` is the number of the line that names them."""
    lines = text.split("\n")
    for number, row in _lines_with_rows(text):
        after = delimiter + _line(more, "", delimiter) if number == header else delimiter * len(more)
        lines[number - 1] = row + after + lines[number - 1].removeprefix(row)
    return "\n".join(lines)


def _line(cells: Sequence[str], end: str, delimiter: str = ",") -> str:
    """Cells as a line. A first one that begins with # is quoted, so that it makes no comment."""
    written = io.StringIO()
    csv.writer(written, delimiter=delimiter, lineterminator=end,
               quoting=csv.QUOTE_ALL if cells[0].startswith("#") else csv.QUOTE_MINIMAL).writerow(cells)
    return written.getvalue()


def _lines_with_rows(text: str) -> Iterator[tuple[int, str]]:
    """Number and text, without its end, of each line that is neither empty nor a comment."""
    for number, line in enumerate(text.split("\n"), 1):  # lines as editors number them: splitlines() knows more ends
        start = line.lstrip("\ufeff \t\r")  # spreadsheets put a byte order mark before all
        if start and not start.startswith("#"):
            yield number, line.rstrip("\r")


def _cells(line: str, delimiter: str) -> list[str]:
    if "\0" in line:
        raise InvalidValue("the line contains NUL; allowed is text in UTF-8")
    if not line.isascii() and any("\ud800" <= letter <= "\udfff" for letter in line):
        raise InvalidValue("the line has bytes that are not UTF-8; save the file as UTF-8")
    try:
        return [cell.strip() for cell in next(csv.reader([line.lstrip("\ufeff")], delimiter=delimiter, skipinitialspace=True,
                                                         strict=True))]
    except csv.Error as error:
        raise InvalidValue(f"the line cannot be read: {error}; allowed are cells with {delimiter!r} between them, \" around "
                           'those that contain one, and "" for a " in them') from None


def _form(header: str, settings: Collection[str] | None) -> tuple[_Form, list[str]]:
    """What the first line says of the rows, and what is wrong with single names in it.

    Raises InvalidValue where nothing can be made of it, or a name was meant for a known one: all rows would lose by it.
    """
    delimiter = max(DELIMITERS, key=header.count)
    columns: list[str] = []
    wrong = []
    for name in _cells(header, delimiter):
        meant = _meant(name, settings)
        if meant and meant in columns:
            raise InvalidValue(f"{_short(name)} names two columns; allowed is each name once")
        columns.append(meant)
        if not meant:
            wrong.append(_unknown(name, settings))
    if wrong and not any(columns):
        raise InvalidValue(wrong[0])
    return _Form(delimiter, tuple(columns)), wrong


def _meant(name: str, settings: Collection[str] | None) -> str:
    """The known name that a column has, by capitals or words of others; empty where there is none."""
    plain = name.casefold().replace(" ", "_").replace("-", "_")
    for one in (name, plain, synonym(plain, HOST) or plain):
        if one in ARGUMENTS or option_named(one) is not None or one in (settings or ()):
            return one
    return name if settings is None and name.isidentifier() else ""


def _short(name: str) -> str:
    """A name for a message. What is none may be the inside of another file that was named by mistake."""
    return repr(name if len(name) <= LONGEST_NAME else name[:LONGEST_NAME] + "...")


def _unknown(name: str, settings: Collection[str] | None) -> str:
    """What is wrong with a name that nobody knows. Raises InvalidValue where it was meant for a known one."""
    known = [*ARGUMENTS, *BY_NAME, *(settings or ())]
    meant = remedy(name, known, HOST) or f"allowed are {', '.join(ARGUMENTS)}, and DHCP options and lease times by name"
    text = f"{_short(name)} cannot name a column; {meant}"
    if nearest(name.replace(" ", ""), known, CERTAINLY_NEAR):
        raise InvalidValue(text)
    return text


def _arguments(columns: Sequence[str], cells: Sequence[str]) -> dict[str, object]:
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
    return literal(cell)


def _problem(file: str, line: int, what: object) -> str:
    text = f"{file}:{line}: {what}"
    return text if len(text) <= LONGEST_PROBLEM else text[:LONGEST_PROBLEM - 3] + "..."

"""The action `-import_config`: another server's configuration read, ours written, and a report of each line."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from pydhcpd import __version__
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.dnsmasq.conversion import convert_dnsmasq
from pydhcpd.migration.configurations.dnsmasq.lines import BEGINS as DNSMASQ
from pydhcpd.migration.configurations.dnsmasq.machine import this_machine as machine_of_dnsmasq
from pydhcpd.migration.configurations.draft import Draft
from pydhcpd.migration.configurations.isc.conversion import BEGINS as ISC
from pydhcpd.migration.configurations.isc.conversion import convert_isc
from pydhcpd.migration.configurations.kea import BEGINS as KEA
from pydhcpd.migration.configurations.kea import convert_kea
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.networkd.conversion import convert_networkd
from pydhcpd.migration.configurations.networkd.lines import BEGINS as NETWORKD
from pydhcpd.migration.configurations.networkd.machine import this_machine
from pydhcpd.migration.configurations.report import Report
from pydhcpd.migration.configurations.udhcpd import BEGINS as UDHCPD
from pydhcpd.migration.configurations.udhcpd import convert_udhcpd

LARGEST = 64 << 20  # bytes of a configuration
INCOMPLETE = 3  # exit code where something was not taken over as it was


class Kind(NamedTuple):
    """A server whose configurations are read."""

    name: str
    is_it: Callable[[str], object]
    """Whether a text is one, by what is in it."""
    convert: Callable[[str, str, Report], Draft]
    """From the file's name and its text; what became of each line is told to the report. Raises InvalidValue."""


def _of_dnsmasq(file: str, text: str, report: Report) -> Draft:
    """dnsmasq takes the masks of its networks, and addresses of names, from the machine that it runs on."""
    return convert_dnsmasq(file, text, report, machine_of_dnsmasq())


def _of_networkd(file: str, text: str, report: Report) -> Draft:
    """networkd tells of the machine that it runs on where its file says nothing."""
    return convert_networkd(file, text, report, this_machine())


KINDS = (
    Kind("Kea", KEA.search, convert_kea),
    Kind("systemd-networkd", NETWORKD.search, _of_networkd),
    Kind("dnsmasq", DNSMASQ.search, _of_dnsmasq),
    Kind("udhcpd", UDHCPD.search, convert_udhcpd),
    Kind("ISC dhcpd", ISC.search, lambda file, text, report: convert_isc(file, text, report, _read)),
)


def import_configuration(file: str, out: str) -> int:
    """Write to `out`, or to standard output where that is empty, what a configuration comes to; returns the exit code.

    0: all was taken over; 3: some lines have no counterpart or differ. The report goes to the other output. Raises
    InvalidValue, where nothing was written.
    """
    text = _read(file)
    if not text.strip():
        raise InvalidValue(f"{file} is empty")
    kind = next((kind for kind in KINDS if kind.is_it(text)), None)
    if kind is None:
        raise InvalidValue(f"{file} is not known for a configuration of {', '.join(kind.name for kind in KINDS)}")
    report = Report()
    draft = kind.convert(file, text, report)
    made = f"Made by pydhcpd {__version__} of {escape(file)}, a configuration of {kind.name}."
    draft.head = [made, "", *draft.head] if draft.head else [made]
    result = written(draft)
    problems = _problems(result)
    if out:
        _write(out, result)
    else:
        print(result, end="")
    told = sys.stdout if out else sys.stderr
    print("\n".join(report.lines()), file=told)
    for problem in problems:
        print(f"{out or 'the new file'}: to be mended: {problem}", file=sys.stderr)
    return 1 if problems else 0 if report.is_whole else INCOMPLETE


def _read(file: str) -> str:
    try:
        with open(file, "rb") as source:  # noqa: PTH123
            data = source.read(LARGEST + 1)
    except OSError as error:
        raise InvalidValue(f"{file} cannot be read: {error.strerror}") from error
    if len(data) > LARGEST:
        raise InvalidValue(f"{file} is too large; allowed are {LARGEST >> 20} MiB")
    return data.decode("utf-8", "surrogateescape").removeprefix("\ufeff").replace("\r\n", "\n")


def _write(out: str, text: str) -> None:
    """What is there already is left alone."""
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        raise InvalidValue(f"{out} exists already; name a new file with -config_out") from None
    except OSError as error:
        raise InvalidValue(f"{out} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as target:
        target.write(text)


def _problems(text: str) -> list[str]:
    """What -check would say of it."""
    with tempfile.TemporaryDirectory(prefix="pydhcpd-") as directory:
        file = Path(directory) / "pydhcpd.conf"
        file.write_text(text, "utf-8", "backslashreplace")
        try:
            DHCPServerConfiguration.load(file)
        except ConfigurationError as error:
            return [str(one).replace(f"{file}: ", "").replace(f"{file}:", "line ") for one in error.problems]
    return []

"""The action `-history`: who had which address when, whether a daemon runs or not."""

import time

from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.control.dispatch import JSON, json_line, split
from pydhcpd.control.moments import span_of
from pydhcpd.control.output import BINDING_TITLES, binding_line
from pydhcpd.errors import InvalidValue
from pydhcpd.loading import config_file, load_file
from pydhcpd.services.history.records import Records


def history(command_line: CommandLine) -> int:
    """Print it; returns the exit code. The configuration file counts for `host_file`, if it is there. Raises InvalidValue and
    StoreError."""
    words = command_line.words if len(command_line.words) != 1 else split(command_line.words[0])
    is_json = words[-1:] == [JSON]
    words = words[:-1] if is_json else words
    if not words:
        raise InvalidValue("-history: say of what: an address, a hardware address or a name; for an address a time may follow")
    file = config_file(command_line)
    command_line.settings.setdefault("interface", "any")  # nothing is served
    configuration = load_file(file if file and file.exists() else None, command_line)
    records = Records(configuration.history_file)
    moment = " ".join(words[1:])
    rows = records.who(words[0], *span_of(moment, time.time())) if moment else records.find(words[0])[0]
    number = 0
    for number, row in enumerate(rows, 1):
        if number == 1 and not is_json:
            print(BINDING_TITLES)
        print(json_line(row._asdict()) if is_json else binding_line(row))
    if not number and not is_json:
        print("none")
    return 0

"""Which configuration there is, and that its loading ends: the file is Python, so it may run for ever, or sleep."""

import signal
from collections.abc import Iterable
from pathlib import Path

from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration, line_in
from pydhcpd.errors import Interrupted, InvalidValue
from pydhcpd.process.interrupt import interruptible
from pydhcpd.settings import BY_NAME


def config_file(command_line: CommandLine) -> Path | None:
    """The configuration file to read; None where none was named, the usual one is absent, and settings were given."""
    named = command_line.own.get("config_file")
    file = command_line.directory / str(named or BY_NAME["config_file"].default)
    return None if named is None and command_line.settings and not file.exists() else file


def load(command_line: CommandLine, running: DHCPServerConfiguration | None = None,
         signals: Iterable[signal.Signals] = ()) -> DHCPServerConfiguration:
    """The checked configuration; `running` is the one in force, which it is to replace.

    Raises ConfigurationError, also where that takes too long; and Interrupted where one of `signals` came first.
    """
    return load_file(config_file(command_line), command_line, running, signals)


def load_file(file: Path | None, command_line: CommandLine, running: DHCPServerConfiguration | None = None,
              signals: Iterable[signal.Signals] = ()) -> DHCPServerConfiguration:
    """The same of a certain file, or of the command line alone."""
    limit = time_limit(command_line, running)
    try:
        with interruptible(limit, signals):
            return DHCPServerConfiguration.load(file, command_line.settings, command_line.directory, running)
    except Interrupted as error:
        if error.number != signal.SIGALRM:
            raise
        raise ConfigurationError([too_long(f"{file}:{line_in(file, error)}" if file else "command line", limit)]) from None


def time_limit(command_line: CommandLine, running: DHCPServerConfiguration | None = None) -> float:
    """Seconds that a file may take: as the command line says, else the configuration in force; 0 is for ever."""
    if running is not None:
        return float(running["configuration_time_limit"])
    setting = BY_NAME["configuration_time_limit"]
    try:
        return float(setting.kind.parse(command_line.value(setting.name, setting.default)))
    except InvalidValue:
        return float(setting.default)  # it is told with all else that is wrong


def too_long(place: str, limit: float) -> str:
    """What is said of a file that was ended."""
    return f"{place}: it did not end within {limit:g} s; what takes longer may have a higher configuration_time_limit"

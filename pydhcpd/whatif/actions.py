"""The actions `-replay` and `-rehearse`: what is to be tried over a copy of the leases, and what comes of it as exit code."""

import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from pydhcpd.clients import Options
from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.search import leased
from pydhcpd.loading import load, load_file
from pydhcpd.policy.functions import PARAMETERS
from pydhcpd.progress import Progress
from pydhcpd.trial import on_trial
from pydhcpd.whatif.captures import frames
from pydhcpd.whatif.comparison import own_options
from pydhcpd.whatif.heard import heard_by
from pydhcpd.whatif.rehearsal import Rehearsal
from pydhcpd.whatif.replay import Replay
from pydhcpd.whatif.reservations import reservation_changes
from pydhcpd.whatif.verdicts import Side

INTERRUPTED = 130
SOMETHING_WOULD_CHANGE = 3


def replay(command_line: CommandLine) -> int:
    """Print what would be answered to a capture; returns the exit code. Raises InvalidValue, StoreError, OSError."""
    with ExitStack() as stack:
        capture = _opened(command_line, stack)
        configuration = load(command_line)
        serving, hosts = stack.enter_context(on_trial(configuration))
        one, code = Replay(serving, hosts, print, own_options(configuration)), 0
        try:
            for frame in Progress("frames replayed:", is_wanted=not sys.stdout.isatty()).over(frames(capture)):
                one.take(frame)
        except InvalidValue as error:
            code = _tell(f"{command_line.file}: {error}; what was read before counts" if one.frames else
                         f"{command_line.file}: {error}", 1)
        except KeyboardInterrupt:
            code = _tell("interrupted: what was read before counts", INTERRUPTED)
        one.finish()
        print(*one.summary(), sep="\n")
        return code


def rehearse(command_line: CommandLine) -> int:
    """Print what would change for the clients if a file were the configuration; returns the exit code. Raises InvalidValue,
    StoreError and ConfigurationError."""
    configuration = load(command_line)
    other = load_file(command_line.directory / command_line.file, command_line)
    heard = _heard(configuration)
    with on_trial(configuration) as (serving, hosts), on_trial(other, configuration["host_file"]) as (new, copy):
        now = hosts.time.now()
        rehearsal = Rehearsal(Side(serving, hosts, now), Side(new, copy, now), own_options(configuration, other))
        try:
            for row in Progress("clients judged:").over(hosts.store.select(*leased(int(now)))):
                rehearsal.judge(row, heard.get(row.address))
        except KeyboardInterrupt:
            return _tell("interrupted: nothing is known of the other clients", INTERRUPTED)
        sentences = [*rehearsal.sentences(), *reservation_changes(configuration, other, hosts, now)]
        lines = [rehearsal.judged(), *_of_functions(configuration, other), *(f"waiting: {one}" for one in new.waiting)]
        print(*lines, *(sentences or ["nothing would change"]), sep="\n")
        return SOMETHING_WOULD_CHANGE if sentences else 0


def _heard(configuration: DHCPServerConfiguration) -> dict[int, Options]:
    """How the clients of the running server ask; where it does not tell, that is said, and nothing is known."""
    try:
        return heard_by(configuration.control_socket)
    except (InvalidValue, OSError) as error:
        _tell(f"it is not known how clients ask: {error}", 0)
        return {}


def _of_functions(*configurations: DHCPServerConfiguration) -> Iterable[str]:
    names = [name for name in PARAMETERS if any(one.given.get(name) is not None for one in configurations)]
    if names:
        yield f"functions of the files were run for each: {', '.join(f'{name}()' for name in names)}"


def _opened(command_line: CommandLine, stack: ExitStack) -> BinaryIO:
    """The capture; - is standard input. Raises InvalidValue."""
    if command_line.file == "-":
        return sys.stdin.buffer
    try:
        return stack.enter_context(Path(command_line.directory / command_line.file).open("rb"))
    except OSError as error:
        raise InvalidValue(f"{command_line.file} cannot be read: {error.strerror}") from error


def _tell(words: str, code: int) -> int:
    sys.stdout.flush()
    print(f"pydhcpd: {words}", file=sys.stderr)
    return code

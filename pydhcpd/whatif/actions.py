"""The actions `-replay` and `-rehearse`: what is to be tried over a copy of the leases, and what comes of it as exit code."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.errors import InvalidValue
from pydhcpd.loading import load
from pydhcpd.progress import Progress
from pydhcpd.trial import on_trial
from pydhcpd.whatif.captures import frames
from pydhcpd.whatif.replay import Replay

INTERRUPTED = 130


def replay(command_line: CommandLine) -> int:
    """Print what would be answered to a capture; returns the exit code. Raises InvalidValue, StoreError, OSError."""
    with ExitStack() as stack:
        capture = _opened(command_line, stack)
        serving, hosts = stack.enter_context(on_trial(load(command_line)))
        one, code = Replay(serving, hosts, print), 0
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

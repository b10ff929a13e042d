"""A reload: the configuration file is checked in a process of its own, run here, and put in force; or it is told why not.

Two steps, for the file is Python: what it does to the child (ends it, hangs, takes all memory) is not done to the daemon.
What it does here and not there, such as to hang on what the child found, ends by a limit of time, or by SIGTERM.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

from pydhcpd.configuration.changes import changes, counts
from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.configuration.reload_check import ReloadCheck
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.loading import config_file, load, time_limit
from pydhcpd.process.libraries import lack_of_libraries
from pydhcpd.process.roots import lack_of_roots

log = logging.getLogger(__name__)


class Reloader:
    """The one reload that may be under way. The main thread calls `look` between signals."""

    def __init__(self, command_line: CommandLine, running: Callable[[], DHCPServerConfiguration],
                 put_in_force: Callable[[DHCPServerConfiguration], int], ended: Callable[[], None],
                 signals: Sequence[signal.Signals], allowing: Callable[[float], AbstractContextManager[None]]) -> None:
        """`put_in_force` raises before anything has changed, and returns how many networks are served; `ended` is called
        however a reload ended; `signals` interrupt; `allowing` is told for how many seconds the file may run here."""
        self._command_line, self._running, self._allowing = command_line, running, allowing
        self._put_in_force, self._ended, self._signals = put_in_force, ended, signals
        self._check: ReloadCheck | None = None
        self._outcome = threading.Condition()  # guards both:
        self._outcomes, self._problems = 0, tuple[str, ...]()  # how many reloads have ended; what was wrong with the last

    def ask(self, patience: float) -> Sequence[str]:
        """Have the main thread reload, wait for that, and return what is wrong; for other threads."""
        with self._outcome:
            before = self._outcomes
            os.kill(os.getpid(), signal.SIGHUP)
            if not self._outcome.wait_for(lambda: self._outcomes > before, patience):
                return ["it takes long; the log will tell how it ends"]
            return self._problems

    def start(self) -> None:
        """Begin with the check; one that is under way is given up, for the file has been mended since."""
        self.give_up()
        try:
            self._check = ReloadCheck(config_file(self._command_line), self._command_line.arguments(),
                                      self._command_line.directory, time_limit(self._command_line, self._running()))
        except OSError as error:
            self._end([f"the check cannot be started: {error}; the user of pydhcpd must be able to run {sys.executable}"])

    def remaining(self) -> float | None:
        """Seconds until the check has taken too long; None where nothing is under way."""
        return None if self._check is None else self._check.remaining()

    def give_up(self) -> None:
        """End the check, if one is under way."""
        if self._check is not None:
            self._check.close()
            self._check = None

    def look(self) -> None:
        """Go on, if the check has ended. Raises Interrupted where one of the signals came while the file was run."""
        problems = self._check.problems() if self._check is not None else None
        if problems is None:
            return
        self._check = None
        self._end(problems or self._load())

    def _load(self) -> list[str]:
        """Run the file here, and put it in force; returns what is wrong."""
        before = self._running()
        try:
            with self._allowing(time_limit(self._command_line, before)):
                configuration = load(self._command_line, before, self._signals)
            served = self._put_in_force(configuration)
        except ConfigurationError as error:
            return error.problems
        except (InvalidValue, StoreError, OSError, KeyboardInterrupt) as error:
            return [str(error) or type(error).__name__]
        tell_reloaded(configuration, before, served)
        return []

    def _end(self, problems: Sequence[str]) -> None:
        """Where anything is wrong, what runs goes on, and the log says why."""
        for problem in problems:
            log.error("not reloaded: %s", problem)
        with self._outcome:
            self._outcomes, self._problems = self._outcomes + 1, tuple(problems)
            self._outcome.notify_all()
        self._ended()


def tell_reloaded(configuration: DHCPServerConfiguration, before: DHCPServerConfiguration, served: int) -> None:
    """Log what is in force now, what of it is new, and what a reload cannot bring."""
    for warning in [*configuration.warnings, *lack_of_libraries(configuration), *lack_of_roots(configuration)]:
        log.warning("%s", warning)
    for name, wanted in configuration.needs_restart:
        log.warning("%s stays %s: that it is to be %s needs a restart", name, configuration[name], wanted)
    log.info("reloaded %s: %s; %s", configuration.file or "the command line", counts(configuration, served),
             changes(before, configuration))

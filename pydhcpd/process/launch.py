"""Detaching, as those who start the daemon see it: their process ends once it is up, and its exit code tells whether it is.

The pid file is there by then. What goes wrong on the way is written to the terminal, as it is in the foreground.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from typing import NoReturn

from pydhcpd.errors import InvalidValue

UP = b"\0"
SYSLOG = "/dev/log"


class Launch:
    """The pipe between the process that was started, which waits, and the one that becomes the daemon."""

    def __init__(self) -> None:
        """Make the daemon's process. The other one waits here for news, and ends."""
        self._reader, self._writer = os.pipe()
        if os.fork():
            os.close(self._writer)
            self._wait()
        os.close(self._reader)

    def _wait(self) -> NoReturn:
        """Until the daemon is up, or has ended: then with its reason, and exit code 1."""
        signal.pthread_sigmask(signal.SIG_SETMASK, ())  # whoever waits may give up
        said = b""
        while not said.endswith(UP) and (more := os.read(self._reader, 4096)):
            said += more
        up = said.endswith(UP)
        text = said.removesuffix(UP).decode("utf-8", "replace")
        sys.stderr.write(text if up or text else "pydhcpd: it has ended by itself; the system log may tell why\n")
        sys.stderr.flush()
        os._exit(0 if up else 1)

    def fileno(self) -> int:
        """The descriptor that detaching must leave open."""
        return self._writer

    def fail(self, reason: object) -> None:
        """Tell why the daemon is not coming up."""
        self._tell(f"pydhcpd: {reason}\n".encode("utf-8", "backslashreplace"))

    def succeed(self) -> None:
        """Tell that it is up. Once."""
        self._tell(UP)
        if self._writer >= 0:
            os.close(self._writer)
        self._writer = -1

    def _tell(self, what: bytes) -> None:
        if self._writer >= 0:
            with suppress(OSError):  # nobody waits any more
                os.write(self._writer, what)


def check_syslog() -> None:
    """Raise InvalidValue where nobody would hear what a detached daemon says."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.connect(SYSLOG)
    except OSError as error:
        raise InvalidValue(f"there is no system log: {SYSLOG}: {error.strerror}; nobody would hear what a daemon says. Start a "
                           "log service, or pydhcpd with -foreground") from error

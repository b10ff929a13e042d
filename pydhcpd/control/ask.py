"""`-ask`: asks the running server over its control socket: one command and its answer, or the prompt with line editing.

Knows of the server what the prompt says of itself, and nothing of its configuration.
"""

import os
import shlex
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from pydhcpd.control.dispatch import ASK, SUCCEEDED
from pydhcpd.control.session import PROMPT, SessionOver
from pydhcpd.errors import InvalidValue

USUAL = Path("/run/pydhcpd/control.sock")
HISTORY = "~/.pydhcpd_history"
LONGEST_HISTORY = 1000  # lines
RECEIVED_AT_ONCE = 1 << 16  # bytes
MARK = SUCCEEDED[:1]  # what the verdict begins with, and nothing that is shown has in it
PATIENCE = 10.0  # seconds for the greeting, and for words to complete


class Connection:
    """A session with the server."""

    def __init__(self, path: Path) -> None:
        """Raises InvalidValue where nobody answers, with the remedy."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._held = b""
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.connect(str(path))
            for _ in self.answer():
                pass
        except (FileNotFoundError, ConnectionRefusedError) as error:
            raise InvalidValue(f"no server listens on {path}; is pydhcpd running? With another pid_file or control_socket, "
                               "say where: -control_socket PATH") from error
        except PermissionError as error:
            raise InvalidValue(f"{path} may be used by root and its group alone; use sudo") from error
        except (OSError, SessionOver) as error:
            raise InvalidValue(f"the server does not answer on {path}: {error}") from error
        self._socket.settimeout(None)

    def close(self) -> None:
        """End the session."""
        self._socket.close()

    def say(self, line: str) -> None:
        """Send a line."""
        self._socket.sendall(f"{line}\n".encode())

    def answer(self) -> Iterator[bytes]:
        """What comes before the next prompt, as it comes. Raises SessionOver where the server ends the session instead."""
        while PROMPT not in self._held:
            keep = len(PROMPT) - 1
            yield self._held[:-keep]
            self._held = self._held[-keep:]
            if not (data := self._socket.recv(RECEIVED_AT_ONCE)):
                yield self._held
                raise SessionOver("the server has ended the session")
            self._held += data
        text, _, self._held = self._held.partition(PROMPT)
        yield text

    def rest(self) -> Iterator[bytes]:
        """What comes until the server ends the session."""
        yield self._held
        while data := self._socket.recv(RECEIVED_AT_ONCE):
            yield data


def ask(path: Path, words: Sequence[str]) -> int:
    """Print the answer to a command; returns the exit code: 0, or 1 where the command failed. Raises InvalidValue."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever watches has had enough
    connection = Connection(path)
    connection.say(f"{ASK} {words[0] if len(words) == 1 else shlex.join(words)}")
    verdict = b""
    for data in connection.rest():
        shown, mark, rest = data.partition(MARK) if not verdict else (b"", b"", data)
        verdict += mark + rest
        _print(shown)
    return 0 if verdict == SUCCEEDED else 1


def _print(data: bytes) -> None:
    sys.stdout.buffer.write(data.replace(b"\r\n", b"\n"))
    sys.stdout.buffer.flush()


def converse(path: Path) -> int:
    """The prompt, with line editing, history and completion where there is a terminal. Raises InvalidValue."""
    connection = Connection(path)
    if sys.stdin.isatty():
        _edit_lines(Connection(path))
    with suppress(EOFError, KeyboardInterrupt, SessionOver):
        while True:
            if line := input("pydhcp ?> " if sys.stdin.isatty() else "").strip():
                connection.say(line)
                for data in connection.answer():
                    _print(data)
    return 0


def _edit_lines(connection: Connection) -> None:
    """Have readline edit lines, and complete words by what the server says that they can be."""
    import atexit
    import readline
    file = os.path.expanduser(HISTORY)  # noqa: PTH111
    with suppress(OSError):
        readline.read_history_file(file)
    readline.set_history_length(LONGEST_HISTORY)
    atexit.register(_keep_history, file)
    readline.set_completer(_Completer(connection).complete)
    readline.set_completer_delims(" ")
    readline.parse_and_bind("tab: complete")


def _keep_history(file: str) -> None:
    import readline
    with suppress(OSError):
        readline.write_history_file(file)


class _Completer:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._found: list[str] = []

    def complete(self, text: str, state: int) -> str | None:
        """The word with a number, of those that begin like what is written."""
        if state == 0:
            self._found = self._words(text)
        return self._found[state] + " " if state < len(self._found) else None

    def _words(self, text: str) -> list[str]:
        import readline
        if not text.isprintable() or (not text and readline.get_begidx()):
            return []
        with suppress(OSError, SessionOver):
            self._connection.say(f"complete {'command' if readline.get_begidx() == 0 else 'word'} {text}".strip())
            return b"".join(self._connection.answer()).decode("utf-8", "replace").split()
        return []

"""Two throwaway hosts joined by a cable, and the programs that run on them.

The hosts are network namespaces with names of their own, in which a server and the load generator each have one
interface. What is started here ends with this process, however that ends.
"""

import ctypes
import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

SERVER_ADDRESS, RELAY_ADDRESS, PREFIX = "10.64.0.1", "10.64.0.2", 10
SERVER_PROCESSOR, LOAD_PROCESSOR = 0, 1
STOP_LIMIT = 20.0  # seconds that a server may take to end before it is killed
_PR_SET_PDEATHSIG = 1  # linux/prctl.h

_libc = ctypes.CDLL(None)


class BenchError(Exception):
    """What cannot be measured, and why."""


def die_with_parent() -> None:
    """Called in a child before it becomes another program: it ends when its parent does."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def ip(*words: str) -> None:
    """Run ip(8). Raises BenchError with its complaint."""
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise BenchError(f"ip {' '.join(words)}: {done.stderr.strip()}")


class Cable:
    """The two hosts, for as long as the context lasts: the server's interface is s0, the load generator's is c0."""

    def __init__(self) -> None:
        self.server, self.client = f"pydhcpd-bench-srv-{os.getpid()}", f"pydhcpd-bench-cli-{os.getpid()}"

    def __enter__(self) -> Self:
        try:
            self._lay()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._remove()

    def _lay(self) -> None:
        for name in (self.server, self.client):
            ip("netns", "add", name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("link", "add", "s0", "netns", self.server, "type", "veth", "peer", "name", "c0", "netns", self.client)
        for name, interface, address in ((self.server, "s0", SERVER_ADDRESS), (self.client, "c0", RELAY_ADDRESS)):
            ip("-n", name, "addr", "add", f"{address}/{PREFIX}", "brd", "+", "dev", interface)
            ip("-n", name, "link", "set", interface, "up")

    def _remove(self) -> None:
        for name in (self.server, self.client):
            with suppress(BenchError):  # it was not made
                ip("netns", "del", name)

    def on_server(self, words: list[str]) -> list[str]:
        """The command that runs `words` on the server's host and processor."""
        return ["ip", "netns", "exec", self.server, "taskset", "-c", str(SERVER_PROCESSOR), *words]

    def on_client(self, words: list[str]) -> list[str]:
        """The command that runs `words` on the load generator's host and processor."""
        return ["ip", "netns", "exec", self.client, "taskset", "-c", str(LOAD_PROCESSOR), *words]


def start(words: list[str], log: Path, environment: dict[str, str], directory: Path) -> subprocess.Popen[bytes]:
    """Start a program in the background, with its output in a file."""
    with log.open("ab") as output:
        return subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=directory,
                                env={**os.environ, **environment}, start_new_session=True, preexec_fn=die_with_parent)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a program; kill it where it takes too long."""
    process.terminate()
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_LIMIT)
    finally:
        process.kill()
        process.wait()


def output_of(words: list[str], limit: float) -> str:
    """What a program prints that ends by itself within `limit` seconds. Raises BenchError where it does not."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=limit,
                              start_new_session=True, preexec_fn=die_with_parent, check=False)
    except subprocess.TimeoutExpired as error:
        raise BenchError(f"{' '.join(words)}: did not end within {limit:.0f} s") from error
    return done.stdout

"""How long packets wait while the prompt is asked, with a million leases: the longest pause, and what each command takes.

usage: python tests/bench/prompt.py [LEASES [SECONDS]]

A client renews every millisecond, in a thread of its own with the real path and the real store, while another thread runs one
command of the prompt, or asks one question of the status page, again and again, each for SECONDS (5). A pause is how long a
renewal took. First without any command, for the disk has pauses of its own; set TMPDIR to /dev/shm to do without the disk.
Memory is that of the process, in MiB.
"""

import gc
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path

import path
from path import CLOCK, request_of, serve

from pydhcpd.addresses import address_text
from pydhcpd.comparators import PREFIX
from pydhcpd.conf import client_class, match
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.leases import SCREEN
from pydhcpd.control.session import LINES_AT_ONCE, PAUSE
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.services.page.sessions import Sessions
from pydhcpd.services.service import Surroundings
from pydhcpd.services.views import Views
from pydhcpd.wire.packet import REQUEST

FIRST = 0x0A410000  # 10.65.0.0
EVERY = 0.001  # seconds between renewals


def resident() -> float:
    """Memory of this process, in MiB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4 / 1024


def fill(directory: str, count: int) -> None:
    """A database with so many leases that run."""
    now = int(time.time())
    store = SQLiteStore(Path(directory) / "leases.db")
    store.import_rows(Row(FIRST + number, b"\1\1\2" + number.to_bytes(5, "big"), 1, b"\2" + number.to_bytes(5, "big"),
                          f"host-{number}", now + 86400, now, BOUND) for number in range(count))
    store.close()


def read(rows: Iterable[object]) -> None:
    """Take rows as a session does: in portions, with a pause after each."""
    for number, _ in enumerate(rows):
        if number % LINES_AT_ONCE == 0:
            time.sleep(PAUSE)


def answered(page: socket.socket, question: str) -> None:
    """Ask as the status page does, and read the answer to its end."""
    page.sendall(f"{question} json\n".encode())
    last = b"\r\n"
    while not last.endswith(b"\r\n\r\n"):
        last = (last + page.recv(1 << 16))[-4:]


def renew(server: path.DHCPServer, recorder: path.Recorder, client: int, ended: threading.Event, pauses: list[float]) -> None:
    """Renew every millisecond."""
    batch = [request_of(client, REQUEST, FIRST + client)]
    while not ended.wait(EVERY):
        began = time.perf_counter()
        server.receive(batch)
        pauses.append(time.perf_counter() - began)
        recorder.sent.clear()


def measure(server: path.DHCPServer, recorder: path.Recorder, words: str, work: Callable[[], object], seconds: float) -> None:
    """Run a command for a time beside the renewals, and print what came of it."""
    pauses: list[float] = []
    ended, runs, longest, before = threading.Event(), 0, 0.0, resident()
    thread = threading.Thread(target=renew, args=(server, recorder, 7, ended, pauses))
    thread.start()
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        work()
        longest, runs = max(longest, time.perf_counter() - began), runs + 1
    ended.set()
    thread.join()
    pauses.sort()
    print(f"{words:<22} {runs:>7} {longest * 1000:>10.1f} {pauses[len(pauses) * 99 // 100] * 1000:>9.2f} "
          f"{pauses[-1] * 1000:>9.2f} {resident() - before:>8.1f}", flush=True)


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 5.0
    sys.setswitchinterval(0.001)
    with tempfile.TemporaryDirectory() as directory:
        fill(directory, count)
        configuration = DHCPServerConfiguration.load(None, {"interface": "s0", "network": "10.64.0.0/10",
                                                             "classes": [client_class("many", match(mac=PREFIX("02"))),
                                                                         client_class("few", match(host_name="host-77777"))]})
        server, recorder = serve(directory, configuration)
        gc.collect()
        gc.freeze()
        surroundings = Surroundings(server, lambda: configuration, {})
        views = Views(surroundings)
        print(f"{'command':<22} {'runs':>7} {'longest ms':>10} {'pause 99%':>9} {'longest':>9} {'MiB more':>8}")
        middle = address_text(FIRST + count // 2)
        behind = f"behind.{FIRST + count // 2}.{f'host-{count // 2}'.encode().hex()}"
        sessions = Sessions(surroundings, 1)
        page = sessions.theirs[0].dup()
        sessions.start()
        for words, work in (
                ("nothing", lambda: time.sleep(0.1)),
                ("hosts", lambda: read(views.hosts())),
                ("leases", lambda: read(next(iter([views.leases([])[0]])))),
                ("leases, count", lambda: views.leases([])[1]()),
                (f"leases {middle}", lambda: read(views.leases([middle])[0])),
                ("leases host-99999", lambda: read(views.leases(["host-99999"])[0])),
                ("leases many", lambda: read(islice(views.leases(["many"])[0], SCREEN))),
                ("leases few", lambda: read(islice(views.leases(["few"])[0], SCREEN))),
                ("complete host-777", lambda: read(views.words("host-777"))),
                ("pools", lambda: read(views.pools())),
                ("networks", lambda: read(views.networks())),
                (f"explain {middle}", lambda: read(views.explain([middle]))),
                ("explain host-77777", lambda: read(views.explain(["host-77777"])))):
            measure(server, recorder, words, work, seconds)
            CLOCK.now = time.time()
        for question in ("page address ascending 500 -", "page name ascending 50 -", f"page name ascending 500 {behind}",
                         "page expires descending 500 -", "page name ascending 500 - host-99", "count host-99", "latest 500",
                         f"clients {middle}", f"explain {middle}", "pools"):
            measure(server, recorder, question[:22], lambda asked=question: answered(page, asked), seconds)
            CLOCK.now = time.time()


if __name__ == "__main__":
    main()

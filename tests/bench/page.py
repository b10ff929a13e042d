"""What the status page costs with a million leases: the time of each request, and the memory of both processes.

usage: sudo python tests/bench/page.py [LEASES]

A real daemon with its child, in a network namespace. All leases are gone through by their addresses, 500 at a time; some pages
by name; searches, the last page, one client, and /metrics are asked for again and again, with another word each time. Memory is
resident, in MiB, of daemon and child, after each.
"""

import http.client
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from json import loads
from pathlib import Path
from urllib.parse import quote

from prompt import fill

sys.path[:0] = [str(Path(__file__).parents[1] / "system"), str(Path(__file__).parents[1])]
from lab import Daemon, Machine, finished_lab  # noqa: E402

PORT = 8067
AGAIN = 20  # requests of a kind


def child_of(daemon: Daemon) -> int:
    """The process id of the child."""
    for pid in daemon.machine.processes():
        with suppress(OSError):
            if f"\nPPid:\t{daemon.pid}\n" in Path(f"/proc/{pid}/status").read_text():
                return pid
    raise LookupError("there is no child")


def memory(pid: int) -> float:
    """Resident, in MiB (proc(5))."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


class Browser:
    """A connection to the page."""

    def __init__(self, machine: Machine) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=60)
        self._connection.sock = machine.open(lambda: socket.create_connection(("127.0.0.1", PORT), 60))

    def get(self, target: str) -> bytes:
        """The content of an answer."""
        self._connection.request("GET", target)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body


def pages(browser: Browser, sort: str, most: int) -> Iterator[str]:
    """Go through pages of leases."""
    after, count = "", 0
    for _ in range(most):
        yield ""
        found = loads(browser.get(f"/api/leases?sort={sort}&limit=500&after={quote(after)}"))
        count += len(found["rows"])
        after = found["next"]
        if not after:
            break
    print(f"  {count} leases by {sort}")


def measure(daemon: Daemon, words: str, requests: Iterator[object]) -> None:
    """Print what requests cost."""
    times: list[float] = []
    began = time.perf_counter()
    for _ in requests:
        now = time.perf_counter()
        times.append(now - began)
        began = now
    times.sort()
    print(f"{words:<28} {len(times):>6} {times[len(times) // 2] * 1000:>9.1f} {times[-1] * 1000:>9.1f} "
          f"{memory(daemon.pid):>8.1f} {memory(child_of(daemon)):>8.1f}", flush=True)


def again(ask: Callable[[int], object]) -> Iterator[object]:
    """Ask for something that is another thing each time."""
    return (ask(number) for number in range(AGAIN))


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with finished_lab() as lab:
        lab.client()
        daemon = lab.daemon(network="10.64.0.0/10", ip_ranges=["10.65.0.0/16", "10.66.0.0 - 10.90.0.0"], status_port=PORT)
        daemon.database.parent.mkdir()
        fill(str(daemon.database.parent), count)
        daemon.start()
        time.sleep(1.0)
        browser = Browser(lab.server)
        print(f"{'requests':<28} {'number':>6} {'median ms':>9} {'longest':>9} {'daemon':>8} {'child':>8}")
        measure(daemon, "/", again(lambda _: browser.get("/")))
        measure(daemon, "pages by address", pages(browser, "address", 1 << 20))
        measure(daemon, "pages by name", pages(browser, "name", 20))
        measure(daemon, "pages by expires", pages(browser, "expires", 20))
        for words, target in (
                ("first page, last first", "/api/leases?order=descending&limit={}"),
                ("search of a name", "/api/leases?q=host-9{}"),
                ("search of nothing", "/api/leases?q=nobody{}"), ("search, by name", "/api/leases?q=host-9{}&sort=name"),
                ("count", "/api/leases/count?q=host-{}"), ("one client", "/api/clients/10.65.1.{}"),
                ("pools", "/api/pools?{}"), ("metrics", "/metrics?{}")):
            measure(daemon, words, again(lambda number, asked=target: browser.get(asked.format(number + 10))))


if __name__ == "__main__":
    main()

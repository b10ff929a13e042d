"""The process that tells DNS servers. It knows no DHCP: what it does stands in the register, and what zones there are its
daemon tells it on standard input; it ends when that does. What it says goes into the daemon's log."""

import asyncio
import json
import logging
import os
import signal
import sys
from contextlib import suppress

from pydhcpd.services.child.governor import governed_by
from pydhcpd.services.dns.messages import told_by
from pydhcpd.services.dns.updater import Updater
from pydhcpd.services.rank import give_way

LONGEST_LINE = 1 << 24
LEAST, LONGEST_PAUSE = 0.01, 1.0  # share of a processor that names always have, and seconds of a pause for DHCP: they can wait


class _ToDaemon(logging.Handler):
    """Has records of the log written by the daemon, if it reads them."""

    def emit(self, record: logging.LogRecord) -> None:
        line = json.dumps({"level": record.levelno, "words": self.format(record)[:4000]}) + "\n"
        with suppress(OSError):
            os.write(sys.stdout.fileno(), line.encode())


async def _serve() -> None:
    """By what is told first, until no more is told, or there is a fault."""
    lines = asyncio.StreamReader(LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    if not (line := await lines.readline()):
        return
    path, zones = told_by(line)
    updater = Updater(path)
    updater.set_zones(zones)
    tasks = [asyncio.create_task(one) for one in (updater.run(), _follow(lines, updater))]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for one in tasks:
            if one.done():
                one.result()
    finally:
        updater.close()


async def _follow(lines: asyncio.StreamReader, updater: Updater) -> None:
    while line := await lines.readline():
        updater.set_zones(told_by(line)[1])


def main() -> None:
    """`python -m pydhcpd.services.dns PARENT`: until standard input ends; the process PARENT, the daemon, has the processor
    before it."""
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    os.set_blocking(sys.stdout.fileno(), False)
    give_way()
    logging.basicConfig(handlers=[_ToDaemon()], level=logging.WARNING, format="%(message)s")
    selector = governed_by(int(sys.argv[1]), least=LEAST, longest=LONGEST_PAUSE)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(selector)) as runner:
        runner.run(_serve())


if __name__ == "__main__":
    main()

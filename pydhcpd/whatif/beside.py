"""What a reload changes for clients, worked out and logged beside the path of a packet, once it is in force.

Over copies of the leases, in a thread that rests ten times as long as it works: what is served meanwhile knows nothing of it.
Where there are many leases it is not worked out; `-rehearse` tells before a reload.
"""

import logging
import threading
import time
from collections.abc import Iterator
from typing import NamedTuple

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue, StoreError
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.search import leased
from pydhcpd.serving import Serving
from pydhcpd.trial import copied_leases
from pydhcpd.whatif.comparison import own_options
from pydhcpd.whatif.rehearsal import Rehearsal
from pydhcpd.whatif.reservations import reservation_changes
from pydhcpd.whatif.sentences import few
from pydhcpd.whatif.verdicts import Side

log = logging.getLogger(__name__)

MOST_LEASES = 10_000
MOST_ROWS = 200_000  # of the database, those of former clients included, for it is copied
MOST_SENTENCES = 20
REST = 10  # times as long as the last client took
SHORTEST_REST = 0.001  # seconds
MOST_SLOW = 1  # slow calls of the file's functions: more might leave one out for those who are served
PATIENCE = 5.0  # seconds that the end waits


class Served(NamedTuple):
    """A configuration, and what is served by it."""

    configuration: DHCPServerConfiguration
    serving: Serving


class BesideReload:
    """The one summary that may be under way; a newer reload takes its place."""

    def __init__(self, hosts: HostDatabase) -> None:
        self._hosts = hosts
        self._thread: threading.Thread | None = None
        self._is_over = threading.Event()

    def begin(self, before: Served, after: Served) -> None:
        """Work out what changes from one to the other."""
        self.stop(0.0)
        if before.serving.links:
            self._is_over = threading.Event()
            self._thread = threading.Thread(target=self._run, args=(before, after, self._is_over), name="reload summary",
                                            daemon=True)
            self._thread.start()

    def stop(self, patience: float = PATIENCE) -> None:
        """Give up what is under way, and wait a little for that."""
        self._is_over.set()
        if self._thread is not None:
            self._thread.join(patience)

    def _run(self, before: Served, after: Served, is_over: threading.Event) -> None:
        try:
            for sentence in few(self._sentences(before, after, is_over), MOST_SENTENCES):
                log.info("by the reload: %s", sentence)
        except (InvalidValue, StoreError, OSError) as error:
            log.warning("what the reload changes for clients could not be worked out: %s", error)
        except Exception:
            log.exception("what the reload changes for clients could not be worked out")

    def _sentences(self, before: Served, after: Served, is_over: threading.Event) -> Iterator[str]:
        """What has changed for clients; nothing where there are none, or too many, or it was given up."""
        store, database = self._hosts.store, before.configuration["host_file"]
        count = store.count(*leased(int(self._hosts.time.now())))
        if not 0 < count <= MOST_LEASES or store.count() > MOST_ROWS:
            return
        with copied_leases(before.serving, database) as present, copied_leases(after.serving, database) as new:
            now = present.time.now()
            rehearsal = Rehearsal(Side(before.serving, present, now), Side(after.serving, new, now),
                                  own_options(before.configuration, after.configuration))
            slow = _slow_calls(after)
            for row in present.store.select(*leased(int(now))):
                begun = time.monotonic()
                rehearsal.judge(row, self._hosts.habit(row.address))
                if is_over.wait(max(REST * (time.monotonic() - begun), SHORTEST_REST)):
                    return
                if _slow_calls(after) - slow > MOST_SLOW:
                    yield "what changes for clients is not worked out, for functions of the file are slow"
                    return
            found = [*rehearsal.sentences(), *reservation_changes(before.configuration, after.configuration, present, now)]
        yield rehearsal.judged()
        yield from found or ["nothing changes for them"]


def _slow_calls(served: Served) -> int:
    return sum(fence.slow_calls for fence in served.configuration.fences)

"""The commands about the process itself: what it does at the moment, and that it is to read its configuration again."""

import select
from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher, Refused
from pydhcpd.control.output import event_document, event_line, metric_document, metric_line
from pydhcpd.escape import escape

LOOK_EVERY = 0.25  # seconds between looks at what has happened


class ProcessCommands(Dispatcher):
    """Part of the commands."""

    changing: ClassVar[frozenset[str]] = frozenset({"reload"})

    def do_services(self) -> None:
        """show what runs beside DHCP, and how it fares
        example: services"""
        self._show(self.server.sources.services(), lambda row: f"{row.name}: {escape(row.state)}",
                   lambda row: row._asdict())

    def do_metrics(self) -> None:
        """show what is measured, by the names that Prometheus has for it
        The same as /metrics of the status page has; man 7 pydhcpd-status tells what each means.
        example: metrics"""
        self._show(self.server.sources.metrics(), metric_line, metric_document)

    def do_version(self) -> None:
        """show the version, and since when it runs
        example: version"""
        self._tell(self.server.sources.version())

    def do_reload(self) -> None:
        """read the configuration again
        Where it has a mistake, that is shown, and what runs goes on.
        example: reload"""
        problems = self.server.sources.reload()
        if problems:
            raise Refused("\r\n".join(f"not reloaded: {escape(one)}" for one in problems))
        self._tell("reloaded")

    def do_watch(self, *what: str) -> None:
        """show events as they happen, until Enter is pressed: watch [WHAT]
        Only those are shown that have all words of WHAT.
        example: watch 02:00:00:00:99:07"""
        words = [word.casefold() for word in what]
        events = self.server.sources.watch()
        while not self._wait_for_key(LOOK_EVERY):
            found = [row for row in events() if all(word in row.text.casefold() for word in words)]
            if found:
                self._show(found, event_line, event_document)

    def _wait_for_key(self, seconds: float) -> bool:
        """Whether the peer says anything, or goes away, within a time. A line that it says is for nobody."""
        ready, _, _ = select.select([self.request], [], [], seconds)
        if ready:
            self._receive_line()
        return bool(ready)

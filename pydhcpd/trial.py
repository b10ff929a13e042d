"""A configuration tried without a running server: over a copy of the leases, on the interfaces of the moment."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pydhcpd.configuration.command_line import CommandLine
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.configuration.reload_check import end_with_parent, good
from pydhcpd.control.dispatch import split
from pydhcpd.control.output import ExplainedRow, explained_line
from pydhcpd.explain import explained
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.ledger_time import begun
from pydhcpd.leases.snapshot import copied
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.loading import load, time_limit
from pydhcpd.net.interfaces import take_snapshot
from pydhcpd.questions import Question
from pydhcpd.serving import Serving, make_serving


@contextmanager
def on_trial(configuration: DHCPServerConfiguration, database: Path | None = None) -> Iterator[tuple[Serving, HostDatabase]]:
    """What would be served now, with a copy of the leases, which are its own unless others are named. Raises InvalidValue and
    StoreError."""
    serving = make_serving(configuration, take_snapshot())
    with copied_leases(serving, database or configuration["host_file"]) as hosts:
        yield serving, hosts


@contextmanager
def copied_leases(serving: Serving, database: Path) -> Iterator[HostDatabase]:
    """A copy of the leases, to be served so. Raises InvalidValue and StoreError."""
    with copied(database) as copy, closing(SQLiteStore(copy)) as store:
        hosts = HostDatabase(store, time=begun(store))
        now = int(hosts.time.now())
        hosts.adopt(hosts.prepare(serving.networks(), now), serving.networks(), now)
        yield hosts


def explain(command_line: CommandLine) -> int:
    """Print what a client would get, and why; returns the exit code."""
    words = command_line.words if len(command_line.words) != 1 else split(command_line.words[0])
    end_with_parent(time_limit(command_line))
    configuration = load(command_line)
    with on_trial(configuration) as (serving, hosts):
        question = Question(words, serving, hosts.store, own_options=configuration.own_options)
        request = question.request()
        for line in (question.line(), *explained(request, serving, hosts, hosts.time.now())):
            print(explained_line(ExplainedRow(*line)))
    return good()

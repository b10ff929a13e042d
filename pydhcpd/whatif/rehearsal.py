"""`Rehearsal`: all clients, judged by the present configuration and by a new one, with what came of it in words."""

from collections.abc import Iterator

from pydhcpd.clients import Client, Options
from pydhcpd.errors import MalformedPacket
from pydhcpd.leases.interface import Row
from pydhcpd.whatif.comparison import NO_OWN, OwnOptions
from pydhcpd.whatif.sentences import Summary
from pydhcpd.whatif.verdicts import Side, change_of


class Rehearsal:
    """Of two configurations."""

    def __init__(self, present: Side, new: Side, own: OwnOptions = NO_OWN) -> None:
        """`own` are options that the configurations define."""
        self._present, self._new, self._own = present, new, own
        self._summary = Summary()
        self._heard = self._by_lease = self._unknowable = 0

    def judge(self, row: Row, asks: Options | None) -> None:
        """The next client, by its lease, and how it asks where that is known. Raises StoreError, and InvalidValue where no
        interface is served."""
        try:
            client = Client(row, asks, self._present.serving)
            change = change_of(client, self._present, self._new, self._own)
        except MalformedPacket:  # its lease does not tell by what it was known
            self._unknowable += 1
            return
        self._heard += client.is_heard
        self._by_lease += not client.is_heard
        if change is not None:
            self._summary.add(change)

    def judged(self) -> str:
        """How many clients were judged, and by what."""
        total = self._heard + self._by_lease
        by = f": {self._heard:,} as they asked last, {self._by_lease:,} by their lease alone" if total else ""
        beside = f"; {self._unknowable:,} could not be, for their leases do not tell who they are" if self._unknowable else ""
        return f"{total:,} client{'' if total == 1 else 's'} with a lease judged{by}{beside}"

    def sentences(self) -> Iterator[str]:
        """What would change, none for nothing."""
        return self._summary.sentences()

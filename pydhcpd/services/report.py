"""What one process tells the other, a line of JSON each: `Report`, what became of a file that somebody asked for by TFTP or
HTTP, and `Standing`, how a part of the child fares."""

import json
from dataclasses import asdict, dataclass

BEGUN, FINISHED, FAILED = "begun", "finished", "failed"
SENDING = "sending"  # how far it has got by now, every TELL_EVERY seconds
LOST = "lost"  # what was under way has ended with the process that sent it

TELL_EVERY = 10.0


@dataclass(frozen=True, slots=True)
class Report:
    """One transfer that has begun, finished or failed. `trouble` says why it failed, in words; names are printable."""

    what: str
    by: str
    file: str
    address: str
    size: int | None = None
    sent: int = 0
    seconds: float = 0.0
    trouble: str = ""

    def line(self) -> bytes:
        """As it is sent."""
        return json.dumps(asdict(self)).encode()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a part fares: in words, how much waits, and how much it has dropped since it was made."""

    words: str
    waiting: int
    dropped: int

    def line(self) -> bytes:
        """As it is sent."""
        return json.dumps({"standing": asdict(self)}).encode()


NOBODY = Standing("nobody looks at the page", 0, 0)


def report_from(fields: dict[str, object]) -> Report:
    """The report of such a line. Raises TypeError where it is none."""
    return Report(**fields)  # type: ignore[arg-type]

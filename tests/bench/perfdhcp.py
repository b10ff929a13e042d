"""perfdhcp, the load generator of the Kea project: what it is told, and what it tells.

It plays a relay agent and always asks for four-way exchanges: DISCOVER, OFFER, REQUEST, ACK.
"""

import re
from dataclasses import dataclass, field

from cable import RELAY_ADDRESS, SERVER_ADDRESS, BenchError, Cable, output_of

GRACE = 30.0  # seconds that it may take beyond its period
LAST_WAIT = 100_000  # microseconds in which answers may still come; longer, and a queue that only grows would pass as held
LOSS = 0.01  # the part of the messages that a held rate may lose
OFFERED = 0.9  # the part of the asked-for rate that the generator must have brought about


@dataclass(frozen=True, slots=True)
class Exchange:
    """One kind of request and its answers. Delays are milliseconds, None where nothing came back."""

    sent: int = 0
    received: int = 0
    not_unique: int = 0
    mean_delay: float | None = None
    worst_delay: float | None = None

    def held(self) -> bool:
        """Whether nearly everything was answered."""
        return self.sent > 0 and self.received > (1 - LOSS) * self.sent


@dataclass(frozen=True, slots=True)
class Report:
    """What one run tells."""

    discovers: Exchange = field(default_factory=Exchange)
    requests: Exchange = field(default_factory=Exchange)

    def held(self, expected: float) -> bool:
        """Whether about as many exchanges as expected were offered, and nearly all of them answered."""
        return self.discovers.sent >= OFFERED * expected and self.discovers.held() and self.requests.held()

    def mean_delay(self) -> float | None:
        """Mean delay of an answer, OFFER or ACK, in milliseconds."""
        parts = [(one.received, one.mean_delay) for one in (self.discovers, self.requests) if one.mean_delay is not None]
        count = sum(number for number, _ in parts)
        return sum(number * delay for number, delay in parts) / count if count else None

    def worst_delay(self) -> float | None:
        """Longest delay of an answer, in milliseconds."""
        delays = [one.worst_delay for one in (self.discovers, self.requests) if one.worst_delay is not None]
        return max(delays, default=None)

    def lost(self) -> int:
        """Requests without an answer."""
        return sum(one.sent - one.received for one in (self.discovers, self.requests))


def parse(text: str) -> Report:
    """Read perfdhcp's output. Raises BenchError where it is not that of a whole run."""
    parts = re.split(r"\*\*\*Statistics for: (.+?)\*\*\*", text)
    exchanges = {name: _exchange(part) for name, part in zip(parts[1::2], parts[2::2], strict=True)}
    if "DISCOVER-OFFER" not in exchanges or "REQUEST-ACK" not in exchanges:
        raise BenchError(f"perfdhcp tells no statistics; its last words: {text.strip()[-200:]!r}")
    return Report(exchanges["DISCOVER-OFFER"], exchanges["REQUEST-ACK"])


def _exchange(text: str) -> Exchange:
    return Exchange(_count(text, "sent packets"), _count(text, "received packets"), _count(text, "non unique addresses"),
                    _delay(text, "avg"), _delay(text, "max"))


def _count(text: str, name: str) -> int:
    found = re.search(rf"^{name}: (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _delay(text: str, kind: str) -> float | None:
    found = re.search(rf"^{kind} delay: ([\d.]+) ms", text, re.MULTILINE)
    return float(found[1]) if found else None


class Load:
    """Runs of perfdhcp, each with client addresses that no run before it had."""

    def __init__(self, cable: Cable) -> None:
        self._cable = cable
        self._runs = 0

    def run(self, rate: int, seconds: float, *options: str, clients: int = 0) -> Report:
        """Exchanges at a rate per second; `clients` different ones, else a new one for each exchange."""
        self._runs += 1
        mac = f"mac=02:{self._runs >> 8 & 255:02x}:{self._runs & 255:02x}:00:00:00"
        count = clients or max(2, int(rate * seconds * 1.2))
        words = ["perfdhcp", "-4", "-g", "single", "-l", RELAY_ADDRESS, "-b", mac, "-r", str(rate), "-R", str(count),
                 "-p", f"{max(1, round(seconds))}", "-W", str(LAST_WAIT), *options, SERVER_ADDRESS]
        return parse(output_of(self._cable.on_client(words), seconds + GRACE))

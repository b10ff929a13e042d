"""`Sources`: where what the commands show comes from. They are asked in a session's own thread, and may take their time.

Here all is empty; the service that offers the prompt has another kind of it, which knows the server.
"""

from collections.abc import Iterable

from pydhcpd.control.output import HostRow


class Sources:
    """What the server tells of itself, and what it does when asked."""

    def hosts(self) -> Iterable[HostRow]:
        """Hosts with a lease, and quarantined addresses."""
        return ()

    def events(self) -> Iterable[tuple[float, str]]:
        """(seconds of the epoch, text) of what happened in the last 24 hours, oldest first."""
        return ()

    def configuration(self) -> Iterable[tuple[str, str]]:
        """(name, text of the value)."""
        return ()

    def statistics(self) -> Iterable[tuple[str, int]]:
        """(what was counted, how often)."""
        return ()

    def alarms(self) -> Iterable[tuple[float, str]]:
        """(since when, what is wrong)."""
        return ()

    def settle(self) -> None:
        """Take no more care for leases that were lost."""

    def clear(self, word: str) -> int:  # noqa: ARG002
        """End the quarantine of an address, or of `all`; returns of how many. Raises InvalidValue."""
        return 0

    def note(self, user: str, line: str) -> None:
        """Somebody asks for a change."""

    def words(self, begun: str) -> Iterable[str]:  # noqa: ARG002
        """Addresses, hardware addresses and names that begin so, some at most."""
        return ()

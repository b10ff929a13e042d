"""`Reservations`: a lease becomes a reservation by a row of the reservation file, and a row is taken out again, by hand.

Owns what of it is refused, and why. Whatever the file says is judged as when it is read, so a reload sees the same.
"""

from collections.abc import Iterable, Sequence

from pydhcpd.addresses import address_from, address_text, machine_from
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.leases.interface import BOUND, QUARANTINED, Row
from pydhcpd.leases.search import running
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.reservation_file import append, without
from pydhcpd.services.service import Amendment, Surroundings

MOST_NAMED = 5  # of several, in a message


class Reservations:
    """Of one server. Whatever is refused raises InvalidValue."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._server = surroundings.server

    def reserve(self, who: str, more: Sequence[str]) -> str:
        """Reserve the address of a lease for its client, or another one for a machine; returns what was done."""
        hardware, address, hostname = self._wanted(who, more)
        self._check_free(hardware, address)
        row = {"mac": hardware.hex(":"), "ip": address_text(address), "hostname": hostname}
        made: list[Reservation] = []

        def amended(before: DHCPServerConfiguration) -> tuple[DHCPServerConfiguration, str]:
            _check_not_reserved(before, address)
            text = append(before.reservations_now(), row)
            after = before.with_reservations(text)
            made.append(_host_at(after, text.count("\n")))
            return after, text

        self._amend(amended)
        return f"{address_text(address)} is reserved for {hardware.hex(':')} ({made[0].place})"

    def _wanted(self, who: str, more: Sequence[str]) -> tuple[bytes, int, str]:
        """Hardware address, address and host name of what is to be reserved; the name is empty where none is given."""
        named = _address(who)
        hardware, address = self._leased_to(named) if named else self._machine(who)
        words = list(more)
        if words and (other := _address(words[0])):
            address = other
            del words[0]
        if len(words) > 1:
            raise InvalidValue("too much is said; allowed is reserve ADDRESS|MAC [ip] [hostname]")
        if not address:
            raise InvalidValue(f"no lease of {who} runs; say which address: reserve {who} ADDRESS")
        return hardware, address, words[0] if words else ""

    def _leased_to(self, address: int) -> tuple[bytes, int]:
        row = self._running(address)
        if row is None or row.state != BOUND:
            raise InvalidValue(f"no lease of {address_text(address)} runs; say for whom: reserve MAC {address_text(address)}")
        if not row.hardware:
            raise InvalidValue(f"the client of {address_text(address)} has no hardware address; write host(client_id=...)")
        return row.hardware, address

    def _machine(self, who: str) -> tuple[bytes, int]:
        """A hardware address, and the address that it leases; 0 where none."""
        hardware = _hardware(who)
        sql, values = running(int(self._server.hosts.time.now()))
        found = [row.address for row in self._server.hosts.store.select(f"({sql}) AND hardware = ?", (*values, hardware))
                 if row.state == BOUND]
        if len(found) > 1:
            raise InvalidValue(f"{who} has leases of {_some(map(address_text, found))}; say which: reserve ADDRESS")
        return hardware, found[0] if found else 0

    def _running(self, address: int) -> Row | None:
        row = self._server.hosts.store.row(address)
        return None if row is None or row.ends <= self._server.hosts.time.now() else row

    def _check_free(self, hardware: bytes, address: int) -> None:
        """Raise InvalidValue where the address is none that the machine could have."""
        serving, words = self._server.serving, address_text(address)
        network = serving.policy.networks.of(address) if serving is not None else None
        if network is None:
            raise InvalidValue(f"{words} lies outside every subnet; allowed are their own addresses")
        if address in network.never:
            raise InvalidValue(f"{words} is nobody's to have: the server's own, a router's, or the subnet's")
        row = self._running(address)
        if row is not None and row.state == QUARANTINED:
            raise InvalidValue(f"{words} is in quarantine, for another machine uses it; when that is over: clear {words}")
        if row is not None and row.hardware != hardware:
            raise InvalidValue(f"{words} is leased to {row.hardware.hex(':') or 'another client'}; when it is to lose it: "
                               f"release {words}")

    def unreserve(self, who: str) -> str:
        """Take the row of an address or of a machine out of the reservation file; returns what was done."""
        address = _address(who)
        hardware = b"" if address else _hardware(who)
        made: list[Reservation] = []

        def amended(before: DHCPServerConfiguration) -> tuple[DHCPServerConfiguration, str]:
            one = _only(who, [one for one in before.hosts if address in one.ips or hardware in one.macs])
            if one.file != str(before.reservation_file):
                place = f"{before.file}:{one.line}" if before.file else "the command line"
                raise InvalidValue(f"{who} is reserved by {one} in the configuration ({place}); take it out there")
            text = without(before.reservations_now(), one.line)
            made.append(one)
            return before.with_reservations(text), text

        self._amend(amended)
        return f"{made[0]} is reserved no more (it was {made[0].place}); a lease that runs stays until it ends"

    def _amend(self, amended: Amendment) -> None:
        file = self._surroundings.configuration().reservation_file
        try:
            self._surroundings.amend(amended)
        except OSError as error:
            raise InvalidValue(f"{file} cannot be written: {error.strerror or error}; nothing has changed. The user of pydhcpd "
                               "must be able to write in its directory") from error


def _check_not_reserved(configuration: DHCPServerConfiguration, address: int) -> None:
    for one in configuration.hosts:
        if address in one.ips:
            raise InvalidValue(f"{address_text(address)} is reserved already, by {one} ({one.place})")


def _host_at(configuration: DHCPServerConfiguration, line: int) -> Reservation:
    """The host of a row. Raises InvalidValue, with what is wrong with it, where it makes none."""
    file = str(configuration.reservation_file)
    for one in reversed(configuration.hosts):
        if one.file == file and one.line == line:
            return one
    start = f"{file}:{line}: "
    reasons = [one.removeprefix(start) for one in configuration.warnings if one.startswith(start)]
    raise InvalidValue("; ".join(reasons) or f"{file} does not take the row")


def _only(who: str, found: Sequence[Reservation]) -> Reservation:
    if not found:
        raise InvalidValue(f"{who} is not reserved")
    if len(found) > 1:
        raise InvalidValue(f"{who} has several reservations; say which address: {_some(map(str, found))}")
    return found[0]


def _some(texts: Iterable[str]) -> str:
    """The first of several."""
    listed = list(texts)
    return ", ".join(listed[:MOST_NAMED]) + (", ..." if len(listed) > MOST_NAMED else "")


def _address(word: str) -> int:
    """An address; 0 where the word is none."""
    try:
        return address_from(word)
    except InvalidValue:
        return 0


def _hardware(word: str) -> bytes:
    try:
        return machine_from(word)
    except InvalidValue as error:
        raise InvalidValue(f"{word!r} is neither an address nor a hardware address; allowed is text such as 192.0.2.10 or "
                           "02:00:00:00:99:01") from error

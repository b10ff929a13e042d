"""Leasequery: which leases there are, told to those who may ask; by single datagrams (RFC 4388), or in bulk (RFC 6926).

Owns what a query means and what its answer says. Takes messages and rows and returns messages: knows no sockets, no clock,
no database. Times in seconds, those that are instants by the ledger, but those in bulk queries and answers by the wall clock,
of the epoch; addresses in host byte order.

Where RFC 4388 leaves a choice: an answer that there is no lease repeats what was asked for; the client identifier goes out
whenever it is known, for it is what an answer is matched by; the rest only if option 55 asks for it, or is absent.
"""

import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from heapq import merge
from typing import NamedTuple

from pydhcpd.errors import MalformedPacket
from pydhcpd.leases.interface import BOUND, GRACE, QUARANTINED, RELEASED, Row
from pydhcpd.wire.packet import (
    BOOTREPLY,
    BOOTREQUEST,
    BULKLEASEQUERY,
    LEASEACTIVE,
    LEASEQUERYDONE,
    LEASEUNASSIGNED,
    LEASEUNKNOWN,
    OPTIONS,
    Packet,
    Request,
    encode_option,
)
from pydhcpd.wire.relay import REMOTE_ID, suboption_in, suboptions

RELAY_ID = 12  # suboption of 82 (RFC 6925)

LEASE_TIME, MESSAGE_TYPE, SERVER_IDENTIFIER, REQUESTED, RENEWAL, REBINDING, CLIENT_IDENTIFIER = 51, 53, 54, 55, 58, 59, 61
RELAY_INFORMATION, LAST_TRANSACTION, ASSOCIATED = 82, 91, 92
STATUS, BASE_TIME, START_OF_STATE, QUERY_START, QUERY_END, STATE, DATA_SOURCE = range(151, 158)
VIRTUAL_SUBNET = 221  # RFC 6607

SUCCESS, UNSPECIFIED_FAILURE, QUERY_TERMINATED, MALFORMED_QUERY, NOT_ALLOWED = range(5)  # RFC 6926 section 6.2.2
AVAILABLE, ACTIVE, EXPIRED, RELEASED_BY_CLIENT, ABANDONED = range(1, 6)  # section 6.2.7
LOCAL = b"\0"  # section 6.2.8: the data is this server's own

INFINITE = 0xFFFFFFFF
MTU = 1500  # bytes; the way to a relay agent is not known
MOST_ASSOCIATED = 63  # addresses: what one option holds

ADDRESS, HARDWARE, CLIENT, REMOTE, RELAY, ALL = "address", "hardware", "client", "remote id", "relay id", "all"

Timers = Callable[[Row, int], tuple[int, int]]
"""From a lease and the length that its client was told to T1 and T2, in seconds from the beginning of the lease."""


class Query(NamedTuple):
    """What is asked for. `by` is one of ADDRESS, HARDWARE, CLIENT, REMOTE, RELAY, ALL; `data` the octets that are looked for.

    Only what changed from `start` to `end`, both included (RFC 6926 sections 6.2.5 and 6.2.6).
    """

    by: str
    address: int = 0
    htype: int = 0
    data: bytes = b""
    start: int = 0
    end: int = INFINITE

    @property
    def is_limited(self) -> bool:
        """Whether it asks for the changes of a time only."""
        return self.start > 0 or self.end < INFINITE


class Refused(Exception):
    """A bulk query that is answered by a status code other than success. `str()` of it is the text that goes with it."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class Answer(NamedTuple):
    """The answer to a single query: LEASEACTIVE with the row of the lease and the client's other addresses; or without."""

    kind: int
    row: Row | None = None
    others: tuple[int, ...] = ()


def one_of(networks: Iterable[tuple[int, int]]) -> Callable[[int], bool]:
    """Whether an address lies in one of some networks, given as (base, mask)."""
    pairs = tuple(networks)

    def lies_in(address: int) -> bool:
        return any(address & mask == base for base, mask in pairs)

    return lies_in


def default_timers(row: Row, length: int) -> tuple[int, int]:  # noqa: ARG001 (of the type Timers)
    """T1 and T2 as RFC 2131 section 4.4.5 has them: a half and seven eighths of the lease."""
    return length // 2, length * 7 // 8


# --- one query, one answer: RFC 4388


def read_query(request: Packet) -> Query:
    """What a DHCPLEASEQUERY asks for (section 6.2): exactly one of ciaddr, chaddr and option 61.

    Raises MalformedPacket where it asks for none or several, and where it does not say by giaddr who is to be answered.
    """
    if not request.giaddr:
        raise MalformedPacket("a leasequery without giaddr")
    queries = list(_identities(request))
    if request.ciaddr:
        queries.append(Query(ADDRESS, request.ciaddr))
    if len(queries) != 1:
        raise MalformedPacket("a leasequery for not exactly one of ciaddr, chaddr and client identifier")
    return queries[0]


def _identities(request: Packet) -> Iterator[Query]:
    if any(request.hardware):  # some that ask by address leave htype 1 and hlen 6 beside an empty chaddr
        yield Query(HARDWARE, htype=request.htype, data=request.hardware)
    if request.options.get(CLIENT_IDENTIFIER):
        yield Query(CLIENT, data=request.options[CLIENT_IDENTIFIER])


def is_running(row: Row, now: int) -> bool:
    """Whether a row is a lease that has not ended."""
    return row.state == BOUND and row.ends > now and row.client != b""


def answer_by_address(row: Row | None, others: Iterable[Row], served: bool, now: int) -> Answer:
    """The answer to a query by address (section 6.4.1). `row` is that of the address, `others` those of its client.

    `served`: whether the address lies in a network of ours.
    """
    if not served:
        return Answer(LEASEUNKNOWN)
    if row is None or not is_running(row, now):
        return Answer(LEASEUNASSIGNED)
    return Answer(LEASEACTIVE, row, tuple(one.address for one in _latest_first(others, now) if one.address != row.address))


def answer_by_client(rows: Iterable[Row], now: int) -> Answer:
    """The answer to a query for a client (section 6.4.1): the lease that it was last heard of for, and the others."""
    running = _latest_first(rows, now)
    if not running:
        return Answer(LEASEUNKNOWN)
    return Answer(LEASEACTIVE, running[0], tuple(row.address for row in running[1:]))


def _latest_first(rows: Iterable[Row], now: int) -> list[Row]:
    return sorted((row for row in rows if is_running(row, now)), key=lambda row: (-row.last_used, row.address))


def wants_associated(request: Packet) -> bool:
    """Whether the other addresses of the client are asked for."""
    return ASSOCIATED in _wanted(request)


def encode_answer(request: Request, answer: Answer, server: int, now: int, timers: Timers = default_timers) -> bytes:
    """The reply (section 6.4.2), no longer than option 57 allows; what does not fit is left out, associated addresses first."""
    reply = Packet(BOOTREPLY, xid=request.xid, flags=request.flags, giaddr=request.giaddr)
    options = [(MESSAGE_TYPE, bytes((answer.kind,))), (SERVER_IDENTIFIER, _address(server))]
    row = answer.row
    if row is None:
        _repeat(request, reply, options)
        reply.options = dict(options)
        return reply.encode()
    _describe(row, reply)
    wanted = _wanted(request)
    options += _times(row, wanted, now, timers) + _identifier(row)
    relay = [(RELAY_INFORMATION, row.relay)] if row.relay and RELAY_INFORMATION in wanted else []
    room = request.size_limit(MTU) - OPTIONS - 1
    reply.options = dict(_fitting([*options, *relay], room))
    if answer.others and ASSOCIATED in wanted:
        room -= sum(len(encode_option(code, value)) for code, value in reply.options.items())
        reply.options.update(_associated(answer.others, room))
    _put_last(reply.options, RELAY_INFORMATION)
    return reply.encode()


def _repeat(request: Packet, reply: Packet, options: list[tuple[int, bytes]]) -> None:
    """What was asked for, in the fields where it was."""
    reply.ciaddr, reply.htype, reply.hlen, reply.chaddr = request.ciaddr, request.htype, request.hlen, request.chaddr
    if request.options.get(CLIENT_IDENTIFIER):
        options.append((CLIENT_IDENTIFIER, request.options[CLIENT_IDENTIFIER]))


def _describe(row: Row, reply: Packet) -> None:
    """The address, and the hardware of the client that has it."""
    reply.ciaddr, reply.htype, reply.hlen = row.address, row.htype, len(row.hardware)
    reply.chaddr = row.hardware.ljust(16, b"\0")


def _wanted(request: Packet) -> bytes | range:
    """The options that are asked for: all, if there is no option 55."""
    return request.options.get(REQUESTED, range(256))


def _times(row: Row, wanted: bytes | range, now: int, timers: Timers) -> list[tuple[int, bytes]]:
    """What is left of the lease, of T1 and of T2, where they are still to come; and since when nothing was heard."""
    if row.ends >= INFINITE:
        remaining = {LEASE_TIME: INFINITE}
    else:
        t1, t2 = timers(row, row.ends - GRACE - row.last_used)
        remaining = {LEASE_TIME: max(row.ends - GRACE - now, 1), RENEWAL: row.last_used + t1 - now,
                     REBINDING: row.last_used + t2 - now}
    remaining = {code: seconds for code, seconds in remaining.items() if seconds > 0}
    remaining[LAST_TRANSACTION] = max(now - row.last_used, 0)  # the row may be of a moment ago
    return [(code, _number(seconds)) for code, seconds in remaining.items() if code in wanted]


def _identifier(row: Row) -> list[tuple[int, bytes]]:
    """The client identifier, where the lease is known by it."""
    return [(CLIENT_IDENTIFIER, row.client[1:])] if row.client[:1] == b"\1" else []


def _fitting(options: Sequence[tuple[int, bytes]], room: int) -> Iterator[tuple[int, bytes]]:
    for code, value in options:
        size = len(encode_option(code, value))
        if size <= room:
            room -= size
            yield code, value


def _associated(addresses: Sequence[int], room: int) -> dict[int, bytes]:
    """As many addresses as fit."""
    count = min(len(addresses), MOST_ASSOCIATED, (room - 2) // 4)
    return {ASSOCIATED: b"".join(map(_address, addresses[:count]))} if count > 0 else {}


def _put_last(options: dict[int, bytes], code: int) -> None:
    if code in options:
        options[code] = options.pop(code)


def _address(address: int) -> bytes:
    return address.to_bytes(4, "big")


def _number(value: int) -> bytes:
    return min(max(value, 0), INFINITE).to_bytes(4, "big")


# --- a query in bulk, a stream of answers: RFC 6926

LENGTH = struct.Struct("!H")  # section 6.1: before each message, its length in bytes


def framed(message: bytes) -> bytes:
    """A message as it goes over TCP."""
    return LENGTH.pack(len(message)) + message


def is_bulk_query(message: Packet) -> bool:
    """Whether a message is a DHCPBULKLEASEQUERY; nothing else may come."""
    return message.op == BOOTREQUEST and message.message_type == BULKLEASEQUERY


def read_bulk_query(message: Packet) -> Query:
    """What a DHCPBULKLEASEQUERY asks for (sections 7.2 and 8.2). Raises Refused, with the status code.

    By hardware address, client identifier, remote id or relay id; none of them means all addresses. There is none by
    address: an address in ciaddr, yiaddr or siaddr is an error (section 8.2).
    """
    if message.ciaddr or message.yiaddr or message.siaddr:
        raise Refused(MALFORMED_QUERY, "ciaddr, yiaddr and siaddr must be 0")
    if VIRTUAL_SUBNET in message.options:
        raise Refused(NOT_ALLOWED, "there is no virtual private network here")
    queries = [*_identities(message), *_relayed(message)]
    if len(queries) > 1:
        raise Refused(MALFORMED_QUERY, "more than one thing is asked for")
    start, end = (_instant(message, code, default) for code, default in ((QUERY_START, 0), (QUERY_END, INFINITE)))
    if start > end:
        raise Refused(MALFORMED_QUERY, "query-start-time is later than query-end-time")
    query = queries[0] if queries else Query(ALL)
    return query._replace(start=start, end=end)


def _relayed(message: Packet) -> Iterator[Query]:
    found = suboptions(message.options.get(RELAY_INFORMATION, b""))
    for by, code in ((REMOTE, REMOTE_ID), (RELAY, RELAY_ID)):
        if code in found:
            if not found[code]:
                raise Refused(MALFORMED_QUERY, f"the {by} is empty")
            yield Query(by, data=found[code])


def _instant(message: Packet, code: int, default: int) -> int:
    value = message.options.get(code)
    if value is None:
        return default
    if len(value) != 4:
        raise Refused(MALFORMED_QUERY, f"option {code} is not of 4 bytes")
    return int.from_bytes(value, "big")


def by_ledger(query: Query, ahead: int) -> Query:
    """A query with its times by the ledger, of which the wall clock is `ahead`."""
    start = max(query.start - ahead, 1) if query.start else 0  # 0 would ask for more: what is not limited
    end = query.end if query.end == INFINITE else max(query.end - ahead, 0)
    return query._replace(start=start, end=end)


def relay_octets(query: Query) -> bytes:
    """What the option 82 of a lease must contain, whatever is around it, to be what a query by REMOTE or RELAY asks for."""
    return bytes((_suboption(query), len(query.data))) + query.data


def _suboption(query: Query) -> int:
    return REMOTE_ID if query.by == REMOTE else RELAY_ID


def belongs(row: Row, query: Query, now: int) -> bool:
    """Whether a row found for a bulk query is to be told of.

    That a lease has ended is told where all addresses are asked for, or the changes of a time.
    """
    if query.by in (REMOTE, RELAY) and suboption_in(row.relay, _suboption(query)) != query.data:
        return False
    if not is_running(row, now) and not (query.by == ALL or query.is_limited):
        return False
    return not query.is_limited or query.start <= changed(row, now) <= query.end


def changed(row: Row, now: int) -> int:
    """When a row came to say what it says now: the end of a lease, else the last transaction."""
    return row.ends if row.ends <= now else row.last_used


def state_of(row: Row | None, now: int) -> int:
    """What dhcp-state (section 6.2.7) says of an address, `row` being None where it was never leased."""
    if row is None:
        return AVAILABLE
    if row.state == QUARANTINED:
        return ABANDONED if row.ends > now else AVAILABLE
    if row.state == RELEASED:
        return RELEASED_BY_CLIENT
    return ACTIVE if is_running(row, now) else EXPIRED


def with_free(rows: Iterable[Row], ranges: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Row | None]]:
    """Rows in order of address, and between them the other addresses of some ranges (first, last) in order, with None."""
    last = -1
    free = ((address, None) for first, final in ranges for address in range(first, final + 1))
    leased: Iterator[tuple[int, Row | None]] = ((row.address, row) for row in rows)
    for address, row in merge(leased, free, key=lambda one: one[0]):  # of equals, that of `leased` comes first
        if address != last:
            yield address, row
        last = address


class BulkReplies:
    """Makes the messages of the reply to one bulk query (section 8.2), ready to send.

    The first carries the server identifier, each the time that its times count from.
    """

    def __init__(self, message: Packet, server: int, timers: Timers = default_timers, ahead: int = 0) -> None:
        """`ahead` is the wall clock of the ledger's time, which is what is given as `now`."""
        self._ahead = ahead
        self._xid = message.xid
        self._wanted = _wanted(message)
        self._timers = timers
        self._server = [(SERVER_IDENTIFIER, _address(server))]

    def lease(self, address: int, row: Row | None, now: int) -> bytes:
        """A DHCPLEASEACTIVE or DHCPLEASEUNASSIGNED for an address."""
        state = state_of(row, now)
        reply = Packet(BOOTREPLY, htype=0, xid=self._xid)
        options = self._begin(LEASEACTIVE if state == ACTIVE else LEASEUNASSIGNED, now)
        options += [(STATE, bytes((state,))), (DATA_SOURCE, LOCAL)]
        reply.ciaddr = address
        if row is not None and row.client:
            _describe(row, reply)
            options += _identifier(row)
        if row is not None:
            options += self._details(row, state, now)
        reply.options = dict(options)
        return framed(reply.encode())

    def _details(self, row: Row, state: int, now: int) -> list[tuple[int, bytes]]:
        if state != ACTIVE:  # of a lease that runs it is not known when it began
            since = max(now - changed(row, now), 0)
            return [(START_OF_STATE, _number(since))] if START_OF_STATE in self._wanted else []
        details = _times(row, self._wanted, now, self._timers)
        return details + ([(RELAY_INFORMATION, row.relay)] if row.relay and RELAY_INFORMATION in self._wanted else [])

    def done(self, now: int, status: int = SUCCESS, text: str = "") -> bytes:
        """The DHCPLEASEQUERYDONE that ends the reply, with a status code unless all went well."""
        reply = Packet(BOOTREPLY, htype=0, xid=self._xid)
        options = self._begin(LEASEQUERYDONE, now)
        if status != SUCCESS:
            options.append((STATUS, bytes((status,)) + text.encode()))
        reply.options = dict(options)
        return framed(reply.encode())

    def _begin(self, kind: int, now: int) -> list[tuple[int, bytes]]:
        server, self._server = self._server, []
        return [(MESSAGE_TYPE, bytes((kind,))), *server, (BASE_TIME, _number(now + self._ahead))]

"""`DHCPServer`: reads batches of datagrams, finds each one's transaction, and answers what is due.

One thread receives, decides, commits and sends: handing over to another costs more than it gains. The delay worker
calls the same `answer` with what has fallen due. One lock, that of the `HostDatabase`, guards all that changes.
"""

import logging
import os
import secrets
import select
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from pydhcpd.account import ANSWERS, UNANSWERED, Account, outcome
from pydhcpd.addresses import BROADCAST, address_text
from pydhcpd.backlog import LIMIT, Backlog, Datagram
from pydhcpd.delay_worker import TransactionDelayWorker
from pydhcpd.delivery import CLIENT_PORT, SERVER_PORT
from pydhcpd.errors import Ignored, InvalidValue, MalformedPacket, StoreError, Unserved
from pydhcpd.events import Event, Events, event
from pydhcpd.inquiries import Inquiries
from pydhcpd.leases.address_table import NEVER, AddressTable
from pydhcpd.leases.host_database import PORTION, HostDatabase
from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row
from pydhcpd.leases.upkeep import Upkeep
from pydhcpd.link import Link
from pydhcpd.net.batch import BatchReceiver, BatchSender, Frame, FrameSender, Message
from pydhcpd.net.filtered import receive_filtered
from pydhcpd.net.frames import udp_frame
from pydhcpd.net.probe import Prober, User
from pydhcpd.pace import Pace
from pydhcpd.probes import Probes
from pydhcpd.proxy import kind_of_transaction
from pydhcpd.recurring import Recurring
from pydhcpd.serving import Serving
from pydhcpd.transaction import DHCPTransaction, TransactionKey
from pydhcpd.wire.describe import describe
from pydhcpd.wire.forcerenew import forcerenew
from pydhcpd.wire.options import name_of
from pydhcpd.wire.packet import BOOTP, FROM_CLIENTS, LEASEQUERY, Packet, Request
from pydhcpd.witnesses import Witnesses

log = logging.getLogger(__name__)

BATCH = 64  # datagrams read in one system call; more at once gain nothing
MOST_BATCHES = 16  # read before anything is answered, under pressure: some 5 ms; with more, what is answered comes too late
PRESSURE_LASTS = 1.0  # seconds after the last batch that was full
HOUSEKEEPING = 1.0  # seconds between looks at offers and leases that may have ended
FIRST_PAUSE, LONGEST_PAUSE = 0.01, 0.5  # seconds after a failure to receive, of which the next may come at once
BEAT = 2.0  # seconds after which an idle receiver shows that it is alive
RESERVED_FOR_KNOWN = 8  # an eighth of the delayed answers is kept for clients that have leases
WAITS_NEAR, WAITS_FAR = (0.5, 0.5), (1.0, 1.0)  # seconds for answers to a question by hand, asked so many times
PORTION_PAUSE = 0.02  # seconds, where there is more to reclaim than one portion
ENDED_KINDS = {BOUND: "expired", RELEASED: "released", QUARANTINED: "quarantine ended"}


class Tap(Protocol):
    """Is told of all messages that pass, and must not wait for anything."""

    def received(self, datagrams: Sequence[Datagram], port: int = SERVER_PORT) -> None:
        """What came in on one of our ports."""

    def sent(self, messages: Sequence[Message], port: int = SERVER_PORT) -> None:
        """What leaves by one of our ports, in whatever way."""


class DHCPServer:
    """Serves what `swap` gives it, until `stop`."""

    def __init__(self, hosts: HostDatabase, events: Events, udp: socket.socket, packet: socket.socket | None,
                 maximum_transactions: int, beat: float = BEAT,
                 arp: socket.socket | None = None, icmp: socket.socket | None = None,
                 unaddressed: socket.socket | None = None) -> None:
        """`beat` is the most seconds between signs of life of an idle thread. Without `arp` and `icmp` nothing is probed;
        without `unaddressed` a client that has no address is heard by broadcast alone."""
        self.hosts = hosts
        self.events = events
        self.maximum_transactions = maximum_transactions
        self.transactions: defaultdict[TransactionKey, DHCPTransaction] = defaultdict(DHCPTransaction)
        self.account = Account(events)
        self.pace = Pace()
        self.worker = TransactionDelayWorker(self._answer_delayed)
        self.beats = 0  # grows while the receiving thread makes progress
        self._clock = hosts.time.now
        self._beat = beat
        self._recurring = Recurring(log, "datagrams could not be received or answered")
        self._pause = FIRST_PAUSE  # after a failure
        self._udp = udp
        self._receiver = BatchReceiver(udp, BATCH)
        self._unaddressed = unaddressed
        self._backlog = Backlog()
        self._pressed_until = 0.0
        self._sender = BatchSender(udp)
        self._frames = FrameSender(packet) if packet is not None else None
        self._serving: Serving | None = None
        self._delayed = 0  # transactions in the worker's queue
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)
        self._upkeep = Upkeep(hosts.store, hosts.lock)
        self.leasequery: Callable[[Request], object] | None = None  # takes in what asks which leases there are
        self.tap: Tap | None = None  # other threads put it there, and take it away
        self.probes = Probes(maximum_transactions)
        self.witnesses = Witnesses()
        self._inquiries = Inquiries()
        self._own: Request | None = None  # a question of our own, which is not to be answered
        self._prober = Prober(arp, icmp, self._heard) if arp is not None and icmp is not None else None

    # --- life

    def swap(self, serving: Serving, tables: dict[int, AddressTable]) -> None:
        """Serve this from now on, between two batches. `tables` are the prepared ones of its networks."""
        is_probing = serving.probes or self.hosts.caution.is_on
        if (is_probing or serving.boots) and self._prober is not None:
            self._prober.start()
        elif is_probing:
            log.warning("addresses are offered without a probe: raw sockets need the capability CAP_NET_RAW")
        with self.hosts.lock:
            self.hosts.adopt(tables, serving.networks(), int(self._clock()))
            self._backlog.limit(serving.maximum_per_client, serving.maximum_per_relay_port)
            self._tell_of_leases(serving)
            self._serving = serving
            self._make_transactions(kind_of_transaction(serving))

    def _tell_of_leases(self, serving: Serving) -> None:
        """What still runs in networks of which another server gives the addresses from now on."""
        new = serving.beside() - (self._serving.beside() if self._serving is not None else frozenset())
        ours = [plan for plan in serving.networks() if plan[0] not in new]
        for table, count in self.hosts.tables.leases_outside(ours) if new else ():
            log.warning("%s: another server gives the addresses from now on (proxy_dhcp), and leases of ours still run "
                        "there: %d; they cannot be renewed, so keep that server from giving these addresses until they end",
                        serving.network_words(table.base), count)

    def _make_transactions(self, kind: type[DHCPTransaction]) -> None:
        """New transactions are of this kind. Those of another that wait for their time are given up: the clients ask again."""
        if self.transactions.default_factory is not kind:
            self.transactions.default_factory = kind
            for one in self.transactions.values():
                one.request = None
            self.transactions.clear()
            self._keep_own()

    def disregard(self, own: Request) -> None:
        """Answer none that has the xid and the vendor class of this one, which is ours, by whatever link it comes in."""
        with self.hosts.lock:
            self._own = own
            self._keep_own()

    def _keep_own(self) -> None:
        """Let its xid have a transaction for ever, so that it is among those which are looked at more closely."""
        if self._own is not None:
            self.transactions[self._own.xid].request = self._own

    @property
    def serving(self) -> Serving | None:
        """What is served now; None before the first `swap`."""
        return self._serving

    def is_pressed(self) -> bool:
        """Whether more comes, or did a moment ago, than can be answered at once: who works beside the path gives way then."""
        return time.monotonic() < self._pressed_until

    @property
    def started(self) -> bool:
        """Whether it receives."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to receive."""
        self._thread.start()
        self.worker.start()
        self._upkeep.start()
        self.worker.do_after(min(HOUSEKEEPING, self._beat), self._keep_house)

    def stop(self) -> None:
        """Answer what is due, take nothing new, and end the threads."""
        self._stopping = True
        os.write(self._wake_write, b"x")
        if self._thread.is_alive():
            self._thread.join()
        self.worker.stop()
        self._upkeep.stop()
        if self._prober is not None:
            self._prober.stop()
        for reason, count in self.account.drops.words():
            log.info("%d without an answer %s", count, reason)

    # --- the way of a packet

    def _run(self) -> None:
        poll = select.poll()
        poll.register(self._udp, select.POLLIN)
        poll.register(self._wake_read, select.POLLIN)
        if self._unaddressed is not None:
            poll.register(self._unaddressed, select.POLLIN)
        while not self._stopping:
            try:
                datagrams = self._receiver.receive()
                is_behind = len(datagrams) == BATCH or len(self._backlog) > 0
                if is_behind:
                    self._receive_in_order(datagrams)
                if self._receiver.truncated:
                    self._drop_truncated()
                if datagrams and not is_behind:
                    self.receive(datagrams)
                elif not is_behind:
                    self._wait(poll)
                self._pause = FIRST_PAUSE
            except Exception as error:
                self._recurring.tell(error)
                self._rest()
                if isinstance(error, OSError):
                    continue  # who hears nothing makes no progress
            self.beats += 1

    def _rest(self) -> None:
        """A while, and longer each time, so that a fault which lasts takes neither the processor nor the lock."""
        time.sleep(self._pause)
        self._pause = min(2 * self._pause, LONGEST_PAUSE)

    def _wait(self, poll: select.poll) -> None:
        """Until something is on the port, and not for long; what only a packet socket hears is rare, and waits for this."""
        ready = poll.poll(self._beat * 1000)
        if self._unaddressed is not None and self._unaddressed.fileno() in [descriptor for descriptor, _ in ready]:
            self.receive([one for one in receive_filtered(self._unaddressed) if self._is_own(one[-1])])

    def _is_own(self, address: int) -> bool:
        return self._serving is not None and address in self._serving.own

    def _receive_in_order(self, datagrams: Sequence[Datagram]) -> None:
        """Under pressure: read on, and answer first whoever has a lease; of the rest as many as make a batch."""
        began = time.monotonic()
        self._pressed_until = began + PRESSURE_LASTS
        due: list[DHCPTransaction] = []
        self.account.is_detailed = log.isEnabledFor(logging.DEBUG)
        with self.hosts.lock:
            self._sort(datagrams)
            for _ in range(MOST_BATCHES):
                if len(datagrams) < BATCH:
                    break
                datagrams = self._receiver.receive()
                self._sort(datagrams)
            for request in self._backlog.take(BATCH):
                try:
                    self._take_in(request, due)
                except Exception as reason:
                    self.account.drop(reason, request.interface, request)
            if due:
                self.answer(due)
                self.pace.answers.add(time.monotonic() - began, len(due))
            self.hosts.faces.age()

    def _sort(self, datagrams: Sequence[Datagram]) -> None:
        """Add datagrams to the backlog."""
        self.account.received += len(datagrams)
        if (tap := self.tap) is not None:
            tap.received(datagrams)
        serving, moment = self._serving, time.monotonic()
        if serving is None:
            return
        for datagram in datagrams:
            request = None
            try:
                request = Request.receive(*datagram, serving.bootp)
                self._backlog.put(request, serving, self.hosts, moment)
            except Exception as reason:
                self.account.drop(reason, datagram[1], request)

    def receive(self, datagrams: Sequence[Datagram]) -> None:
        """Take in datagrams as (data, interface, source, port, destination), and answer what is due at once."""
        began = time.monotonic()
        due: list[DHCPTransaction] = []
        self.account.is_detailed = log.isEnabledFor(logging.DEBUG)
        self.account.received += len(datagrams)
        if (tap := self.tap) is not None:
            tap.received(datagrams)
        with self.hosts.lock:
            bootp = self._serving is not None and self._serving.bootp
            for datagram in datagrams:
                request = None
                try:
                    request = Request.receive(*datagram, bootp)
                    self._take_in(request, due)
                except Exception as reason:  # whatever one packet does, the others of its batch are served
                    self.account.drop(reason, datagram[1], request)
            if due:
                self.answer(due)
                self.pace.answers.add(time.monotonic() - began, len(due))

    def _take_in(self, request: Request, due: list[DHCPTransaction]) -> None:
        """Give the request to its transaction, and add this to `due` if it is to be answered with this batch."""
        serving = self._serving
        if serving is None or request.interface not in serving.links:
            raise Ignored("came in on an interface that is not served")
        if request.kind not in FROM_CLIENTS:
            if request.kind == LEASEQUERY and self.leasequery is not None:
                self.leasequery(request)
                self.account.outcomes[outcome(LEASEQUERY, UNANSWERED)] += 1
                return
            if request.kind != BOOTP or not serving.bootp:
                raise Ignored("no message of a client")
        if self.account.is_detailed:
            log.debug("received %s", describe(request))
        transaction = self.transactions[request.xid]
        if transaction.request is None:
            transaction.key = request.xid
        else:
            transaction = self._taken_up(transaction, request, due)
        try:
            delay = transaction.receive(request, serving, self.hosts)
        except Exception:
            if not transaction.due and not transaction.delayed:
                transaction.request = None
                self.transactions.pop(transaction.key, None)
            raise
        if delay:
            if not transaction.delayed:
                self._delay(transaction, delay, serving)
        elif not transaction.due:
            transaction.due = True
            due.append(transaction)

    def _taken_up(self, transaction: DHCPTransaction, request: Request, due: list[DHCPTransaction]) -> DHCPTransaction:
        """The transaction for a request whose xid has one already that is not answered yet."""
        before = transaction.request
        if before is not None and before is self._own and before.options.get(60) == request.options.get(60):
            raise Ignored("our own question, who else answers")
        if before is not None and (before.client != request.client or before.giaddr != request.giaddr):
            # Two clients with one xid have nothing to do with each other. And a relay that overhears what passes through it
            # sends copies, which must not take the place of the client's own message.
            key = (request.xid, request.client, request.giaddr)
            transaction = self.transactions[key]
            transaction.key = key
        if transaction.due and transaction.has_effect:
            self.answer(due)  # it must be carried out, and not give way to the newer request
            due.clear()
            self.transactions[transaction.key] = transaction
        return transaction

    def _delay(self, transaction: DHCPTransaction, delay: float, serving: Serving) -> None:
        if self._delayed >= self._room(transaction, serving):
            del self.transactions[transaction.key]
            raise Unserved("too many delayed answers", "raise maximum_transactions")
        self._delayed += 1
        transaction.delayed = True
        self.worker.answer_after(delay, transaction)

    def _room(self, transaction: DHCPTransaction, serving: Serving) -> int:
        """How many answers may be delayed for such a client: a flood of unknown ones must leave room for the known."""
        most = self.maximum_transactions
        return most if transaction.is_of_known_client(serving, self.hosts) else most - most // RESERVED_FOR_KNOWN

    def _answer_delayed(self, due: list[DHCPTransaction]) -> None:
        with self.hosts.lock:
            self._delayed -= len(due)
            for transaction in due:
                transaction.delayed = False
            self.answer(due)

    def answer(self, due: list[DHCPTransaction]) -> None:
        """Decide, commit, and only then send: for the receiving thread what is due now, for the worker what fell due."""
        with self.hosts.lock:
            if due and (first := due[0].request) is not None:
                self.account.signs.senders.append(first.chaddr)
            position = 0
            try:
                while position < len(due):
                    position = self._answer_some(due, position)
            finally:
                for transaction in due:
                    transaction.due = False
                    if not transaction.wait:
                        transaction.request = None
                        self.transactions.pop(transaction.key, None)

    def _answer_some(self, due: list[DHCPTransaction], position: int) -> int:
        """Answer from `position` on, up to a client of whom something is staged already; returns where to go on."""
        serving, hosts, now = self._serving, self.hosts, self._clock()
        probes, moment = None, 0.0
        if self._prober is not None:
            probes, moment = self.probes, time.monotonic()
        answered: list[DHCPTransaction] = []
        for transaction in due[position:] if position else due:
            request = transaction.request
            if request is not None and serving is not None:
                if request.client in hosts.touched:
                    break
                try:
                    transaction.answer(serving, hosts, now, probes, moment)
                    if transaction.wait:
                        self._postpone(transaction, serving)
                    else:
                        answered.append(transaction)
                except Exception as reason:
                    self.account.drop(reason, request.interface, request)
            position += 1
        due += self._conclude(answered, now)
        return position

    # --- probes

    def _postpone(self, transaction: DHCPTransaction, serving: Serving) -> None:
        """Ask what the transaction wants to know, and answer it when that is to be known."""
        if transaction.question is not None and self._prober is not None:
            self._prober.start()  # what is in quarantine is probed where nothing else is
            place, hardware, address = transaction.question
            sent = self._prober.ask_link(place, hardware, address) if place else self._prober.ask_far(address)
            if not sent:
                self.account.complain("an address could not be probed; it is offered nevertheless")
        if not transaction.delayed:
            wait, transaction.wait = transaction.wait, 0.0
            self._delay(transaction, wait, serving)
            transaction.wait = wait

    def _heard(self, users: list[User]) -> None:
        """Quarantine the addresses that somebody uses who has no lease of them; called by the thread that hears answers."""
        if self._inquiries:
            self._inquiries.heard(users)
        if self._serving is None or not any(address in self.probes for address, _, _ in users):
            return
        found: list[Event] = []
        with self.hosts.lock:
            now, moment, quarantine = self._clock(), time.monotonic(), self._serving.quarantine
            for address, hardware, interface in users:
                table = self.hosts.tables.of(address)
                if table is None or self.witnesses.is_doubted(hardware, moment):
                    continue
                if hardware and self.probes.is_news(address, hardware, interface, moment) and (
                        self.witnesses.answers_for_many(hardware, address, moment)):
                    self._doubt(hardware, now)
                elif self.probes.heard(address, hardware, interface, moment) and self.hosts.quarantine(
                        table, address, min(int(now) + quarantine, NEVER), int(now), hardware, self._serving.quarantine_share):
                    found.append(event(now, "in use", address, hardware, note=f"it answers; nobody gets it for {quarantine} s",
                                       network=self._serving.network_words(address)))
            try:
                self.hosts.commit()
            except StoreError:
                return  # it was told; until it can be stored the address is not offered to this client
            for one in found:
                self.probes.forget(one[2])
        self.account.happened(found)

    def _doubt(self, hardware: bytes, now: float) -> None:
        """Tell that a machine answers for many addresses, and give up what is in quarantine on its word."""
        self.account.complain("%s answers for many addresses that are probed (proxy ARP, or a thief): it is not believed "
                              "any more; turn proxy ARP off there, or find the machine", hardware.hex(":"))
        for address in self.hosts.quarantined(hardware):
            self.hosts.clear_quarantine(address, int(now))

    def who_answers(self, address: int) -> tuple[list[tuple[bytes, str]], list[str]]:
        """The machines that answer for an address, as (hardware address, interface), both empty behind routers; and the
        links on which they were asked by ARP, none where it was by ping. Changes nothing. Raises InvalidValue."""
        serving = self._serving
        network = None if serving is None else serving.policy.networks.of(address)
        if self._prober is None:
            raise InvalidValue("nothing can be probed: raw sockets need the capability CAP_NET_RAW")
        if serving is None or network is None:
            raise InvalidValue(f"{address_text(address)} is of no network that is served")
        if address in serving.own:
            raise InvalidValue(f"{address_text(address)} is this server's own")
        near = [link for link in serving.links.values() if link.hardware and link.holds(address)]
        with self._inquiries.about(address) as inquiry:
            for wait in WAITS_NEAR if near else WAITS_FAR:
                self._ask_by_hand(self._prober, address, near)
                inquiry.wait(wait, for_all=bool(near))
                if inquiry.answers:
                    break
        return list(inquiry.answers), [link.name for link in near]

    def _ask_by_hand(self, prober: Prober, address: int, near: Sequence[Link]) -> None:
        with self.hosts.lock:
            prober.start()
            sent = [prober.ask_link(link.name, link.hardware, address) for link in near] or [prober.ask_far(address)]
        if not any(sent):
            raise InvalidValue(f"{address_text(address)} cannot be asked: the question could not be sent")

    def clear(self, address: int | None = None) -> int:
        """End the quarantine of an address, or of all, by hand; returns of how many. Raises StoreError."""
        with self.hosts.lock:
            now, count = self._clock(), 0
            self.witnesses.clear()
            for one in self.hosts.quarantined() if address is None else [address]:
                if self.hosts.clear_quarantine(one, int(now)):
                    self.probes.forget(one)
                    count += 1
            self.hosts.commit()
        if count:
            note = f"by hand, of {count} addresses" if address is None else "by hand"
            self.account.happened([event(now, "quarantine ended", address or 0, note=note)])
        return count

    def release(self, address: int) -> None:
        """End the lease of an address by hand, its client remembered. Raises StoreError, and InvalidValue where none runs."""
        with self.hosts.lock:
            now = self._clock()
            row, table = self.hosts.store.row(address), self.hosts.tables.of(address)
            if row is None or table is None or not self.hosts.release(table, row.client, address, int(now)):
                raise InvalidValue(f"no lease of {address_text(address)} runs")
            self.hosts.commit()
        self.account.happened([event(now, "released", address, row.hardware, row.hostname, "by hand", client=row.client,
                                     network=self._serving.network_words(address) if self._serving else "", relay=row.relay)])

    def force_renewal(self, address: int) -> bool:
        """Tell the client of an address to renew its lease now (RFC 3203); returns whether it is known to listen.

        Raises InvalidValue where it cannot be told, and StoreError.
        """
        with self.hosts.lock:
            row = self.hosts.store.row(address)
            if row is None or row.state != BOUND or row.ends <= self._clock():
                raise InvalidValue(f"no lease of {address_text(address)} runs")
            nonces = self.hosts.nonces
            xid = nonces.exchange(row.client) if nonces is not None else None
            if nonces is not None and xid is None and not nonces.has_forgotten and self.hosts.was_heard(address):
                raise InvalidValue(f"{address_text(address)} cannot be made to renew: its client does not say that it knows "
                                   "FORCERENEW (option 145, RFC 6704)")
            counter = nonces.count() if nonces is not None else None
            if nonces is None or counter is None:
                raise InvalidValue("nobody can be made to renew, for the files of the nonces cannot be written; see the log")
            self._send_forcerenew(row, secrets.randbits(32) if xid is None else xid, counter, nonces.of(row.client, address))
        return xid is not None

    def _send_forcerenew(self, row: Row, xid: int, counter: int, nonce: bytes) -> None:
        """By the link that the address is on, from the address that its client knows; else as the routing table says."""
        links = self._serving.links.values() if self._serving is not None else ()
        link = next((one for one in links if one.holds(row.address)), None)
        index, ours = (link.index, link.identifier_for(row.address)) if link is not None else (0, 0)
        data = forcerenew(row.htype, row.hardware, xid, row.address, ours, counter, nonce)
        message = data, row.address, CLIENT_PORT, index, ours
        if (tap := self.tap) is not None:
            tap.sent([message])
        failures = self._sender.send([message], on_link=link is not None)
        if failures:
            raise InvalidValue(f"{address_text(row.address)} cannot be reached: {os.strerror(failures[0][1])}")
        self.account.sent += 1

    def _drop_truncated(self) -> None:
        """Count and tell the datagrams that were too long to be read."""
        interfaces, self._receiver.truncated = self._receiver.truncated, []
        with self.hosts.lock:
            for interface in interfaces:
                self.account.drop(MalformedPacket(f"longer than {self._receiver.buffer_size} bytes"), interface, None)

    def _conclude(self, answered: list[DHCPTransaction], now: float) -> list[DHCPTransaction]:
        """Send what need not be stored, commit, and send the rest: an OFFER does not wait for the disk.

        What could not be stored is not sent; a lease that runs is confirmed as it is. Returns what is to be decided anew,
        because another server was faster.
        """
        if not self.hosts.touched:
            self._send(answered)
            self._tell(answered)
            return []
        immediate, durable = [one for one in answered if not one.durable], [one for one in answered if one.durable]
        self._send(immediate)
        began = time.monotonic()
        try:
            refused = self.hosts.commit()
            self.pace.commits.add(time.monotonic() - began)
        except StoreError:
            self.pace.failed += 1
            durable, refused = self._answer_unstored(durable, now), frozenset()
        again = [one for one in durable if one.address in refused] if refused else []
        if again:
            durable = [one for one in durable if one.address not in refused]
        self._send(durable)
        self._tell(immediate + durable)
        return again

    def _tell(self, answered: list[DHCPTransaction]) -> None:
        """What came of a batch: counted, and told if it is worth it."""
        self.account.outcomes.update([one.request.kind * ANSWERS + one.reply for one in answered if one.request is not None])
        if events := [one.event for one in answered if one.event is not None]:
            self.account.happened(events)

    def _answer_unstored(self, durable: list[DHCPTransaction], now: float) -> list[DHCPTransaction]:
        """What can be answered of a batch that could not be stored."""
        kept = []
        for transaction in durable:
            request = transaction.request
            if self._serving is None or request is None:
                continue
            try:
                transaction.answer_unstored(self._serving, self.hosts, now)
                kept.append(transaction)
            except Exception as reason:
                self.account.drop(reason, request.interface, request)
        return kept

    def _send(self, answered: list[DHCPTransaction]) -> None:
        frames: list[Frame] = []
        by_link: list[Message] = []
        by_table: list[Message] = []
        is_detailed = self.account.is_detailed
        for one in answered:
            message = one.message
            if not message:
                continue
            if is_detailed:
                log.debug("sent %s", describe(Packet.decode(message)))
            address, port, interface, hardware = one.route
            if hardware and self._frames is not None:
                frames.append((udp_frame(message, one.link.hardware, hardware, one.source, address), interface))
            else:
                datagrams = by_link if interface == one.link.index else by_table
                datagrams.append((message, BROADCAST if hardware else address, port, interface, one.source))
        if (tap := self.tap) is not None:
            tap.sent([self._outgoing(one) for one in answered if one.message])
        self.account.sent += len(by_link) + len(by_table) + len(frames)
        if by_link and (failures := self._sender.send(by_link, on_link=True)):
            self.account.unsent(failures)
        if by_table and (failures := self._sender.send(by_table)):
            self.account.unsent(failures)
        if frames and self._frames is not None and (failures := self._frames.send(frames)):
            self.account.unsent(failures)

    def _outgoing(self, one: DHCPTransaction) -> Message:
        """An answer as it leaves; without a socket for frames to everyone what would go in one."""
        address, port, interface, hardware = one.route
        return one.message, BROADCAST if hardware and self._frames is None else address, port, interface, one.source

    # --- what comes again

    def _keep_house(self) -> None:
        """A small portion of what is to be done for offers and leases that have ended; then again."""
        ended: list[Row] = []
        lapsed = 0
        try:
            now = self._clock()
            with self.hosts.lock:
                self.hosts.keep_time()
                lapsed = self.hosts.lapse_offers(int(now))
                self.hosts.mend()
                ended = self.hosts.reclaim(int(now))
                self.account.tell_rest(now)
                self.pace.sample(time.monotonic(), self.account.received, self.account.sent, self.pace.commits.count)
                self.account.lost(self._receiver.kernel_drops() + self._backlog.dropped)
                self.account.gave_way(self.hosts.gave_way, self.hosts.given_up)
                self.account.happened([self._end_of(row, now) for row in ended])
            if self.hosts.caution.is_on and self._prober is not None:
                self._prober.start()
        except StoreError as error:
            self.account.complain("the lease database cannot be read: %s", error)
        finally:
            busy = max(len(ended), lapsed) >= PORTION or not self.hosts.is_settled
            again = PORTION_PAUSE if busy else min(HOUSEKEEPING, self._beat)
            self.worker.do_after(again, self._keep_house)

    def _end_of(self, row: Row, now: float) -> Event:
        return event(now, ENDED_KINDS[row.state], row.address, row.hardware, row.hostname,
                     sent_name=row.sent_name or None, client=row.client, ends=row.ends,
                     network=self._serving.network_words(row.address) if self._serving else "", relay=row.relay)

    def queues(self) -> Iterator[tuple[str, int, int]]:
        """What waits where, how much of it, and how much of it may."""
        yield "backlog", len(self._backlog), LIMIT
        yield "delayed answers", self._delayed, self.maximum_transactions
        yield "offers", len(self.hosts.offers), self.hosts.offers.limit

    def statistics(self) -> Iterator[tuple[str, float]]:
        """What was counted since the start, in words, and what waits now."""
        yield from self.pace.words()
        yield from self.account.words()
        if self._serving is not None:
            yield from ((f"replies without {name_of(code)}, which did not fit, by this configuration", count)
                        for code, count in self._serving.policy.left_out.most_common())
        yield "answers that are delayed", self._delayed
        yield "offers that wait for their clients", len(self.hosts.offers)
        yield "offers to strangers that gave way to other clients, for a pool was full of them", self.hosts.gave_way
        yield "addresses that left quarantine early, for there were too many in it", self.hosts.given_up

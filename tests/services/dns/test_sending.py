"""Updates on the wire: by UDP and TCP, signed, to one server after the other; and what is said of answers that help nobody."""

import asyncio
import base64
import struct

import pytest

pytest.importorskip("dns", reason="dnspython is not installed")

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.tsig

from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.services.dns import sending
from pydhcpd.services.dns.matters import ANOTHERS, NOBODYS, Outcome, see_to, see_to_all, sharing
from pydhcpd.services.dns.plan import ENDS, NEXT, NOERROR, NXRRSET, TAKE, UPDATES, YXDOMAIN, Matter, first_step, together
from pydhcpd.services.dns.register import ADDRESS, NAME, NOT_WANTED, WANTED, Job
from pydhcpd.services.dns.sending import Refusal, Trouble, send
from pydhcpd.services.dns.updater import AT_ONCE, ENOUGH_REFUSED, Lane, Updater

SECRET = b"a secret"
KEY = Tsig("k", "hmac-sha256", SECRET)
UPDATE = UPDATES[TAKE](Matter("a.example", "a.example", "192.0.2.7", b"\0\1\1" + bytes(32)))
SILENT = None


class FakeServer(asyncio.DatagramProtocol):
    """A DNS server on one port by UDP and TCP; `by_udp` and `by_tcp` make an answer of a query, or SILENT."""

    def __init__(self, by_udp, by_tcp=lambda query: SILENT):
        self.by_udp, self.by_tcp = by_udp, by_tcp
        self.heard = []

    async def __aenter__(self):
        while True:
            self._tcp = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            self.port = self._tcp.sockets[0].getsockname()[1]
            try:
                place = "127.0.0.1", self.port
                self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, place)
            except OSError:  # another test has this one by UDP
                self._tcp.close()
            else:
                return self

    async def __aexit__(self, *_):
        self._udp.close()
        self._tcp.close()

    def _answer(self, make, data, way):
        query = dns.message.from_wire(data, keyring={dns.name.from_text("k."): SECRET})
        self.heard.append(way)
        return make(query)

    def datagram_received(self, data, sender):
        if (answer := self._answer(self.by_udp, data, "udp")) is not SILENT:
            self._udp.sendto(answer, sender)

    async def _serve(self, reader, writer):
        (length,) = struct.unpack("!H", await reader.readexactly(2))
        if (answer := self._answer(self.by_tcp, await reader.readexactly(length), "tcp")) is not SILENT:
            writer.write(struct.pack("!H", len(answer)) + answer)
            await writer.drain()
        writer.close()


def answering(code=NOERROR, *, flags=0, signed=True, change=lambda data: data):
    """An answer to a query, with a response code."""
    def make(query):
        answer = dns.message.make_response(query)
        answer.set_rcode(code)
        answer.flags |= flags
        if not (signed and query.had_tsig):
            answer.tsig = answer.keyring = None
        return change(answer.to_wire())
    return make


def silent(query):
    return SILENT


def run(*servers, key=KEY, what=send, argument=UPDATE):
    """What comes of an update that is sent to these servers."""
    async def at_once():
        async with asyncio.timeout(30):
            started = [await one.__aenter__() for one in servers]
            zone = DnsZone("example", tuple(("127.0.0.1", one.port) for one in started), key)
            try:
                return await (what(zone, argument, 600) if what is send else what(zone, argument))
            finally:
                for one in started:
                    await one.__aexit__()
    return asyncio.run(at_once())


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(sending, "BY_UDP", 0.2)
    monkeypatch.setattr(sending, "BY_TCP", 0.5)


@pytest.mark.parametrize("key", [KEY, None])
@pytest.mark.parametrize("code", [NOERROR, YXDOMAIN, NXRRSET])
def test_an_answer_by_udp(key, code):
    server = FakeServer(answering(code))
    assert run(server, key=key) == code
    assert server.heard == ["udp"]


def test_what_is_cut_short_is_asked_by_tcp():
    server = FakeServer(answering(flags=dns.flags.TC), answering())
    assert (run(server), server.heard) == (NOERROR, ["udp", "tcp"])


def test_who_is_silent_by_udp_is_asked_by_tcp():
    server = FakeServer(silent, answering())
    assert (run(server), server.heard) == (NOERROR, ["udp", "tcp"])


@pytest.mark.parametrize("first", [silent, answering(dns.rcode.SERVFAIL), answering(dns.rcode.NOTAUTH)])
def test_the_next_server_is_asked_where_one_is_of_no_use(first):
    assert run(FakeServer(first), FakeServer(answering())) == NOERROR


@pytest.mark.parametrize(("make", "key", "expected"), [
    (silent, KEY, "does not answer"),
    (answering(dns.rcode.SERVFAIL), KEY, r"fails \(SERVFAIL\); see its log"),
    (answering(dns.rcode.NOTIMP), None, r"fails \(NOTIMP\)"),
    (answering(dns.rcode.NOTAUTH), KEY, r"is not the primary server of example \(NOTAUTH\)"),
    (answering(signed=False), KEY, "does not sign its answers with the key k, so they are not believed; see that it takes"),
    (answering(NXRRSET, signed=False), KEY, "so they are not believed"),
    (answering(change=lambda data: data[:-1] + bytes([data[-1] ^ 1])), KEY, "answers what is no answer|BADSIG"),
    (answering(change=lambda data: data[:5]), None, "answers what is no answer|does not answer"),
    (answering(change=lambda data: bytes(200)), None, "answers what is no answer|does not answer"),
])
def test_troubles_of_a_server(make, key, expected):
    with pytest.raises(Trouble, match=expected):
        run(FakeServer(make, make), key=key)


@pytest.mark.parametrize(("code", "key", "expected"), [
    (dns.rcode.REFUSED, KEY, r"refuses it \(REFUSED\); let the key k update example there"),
    (dns.rcode.REFUSED, None, r"let our address update example there"),
    (dns.rcode.NOTZONE, KEY, r"has the name in another zone than example \(NOTZONE\)"),
    (dns.rcode.FORMERR, KEY, r"does not take it \(FORMERR; see its log\)"),
])
def test_what_is_refused(code, key, expected):
    with pytest.raises(Refusal, match=expected):
        run(FakeServer(answering(code)), key=key)


def test_nobody_listens():
    async def nowhere():
        return await send(DnsZone("example", (("127.0.0.1", 9), ("127.0.0.1", 10))), UPDATE, 600)

    expected = r"127.0.0.1:9 cannot be reached: Connection refused; nobody listens there; 127.0.0.1:10 "
    with pytest.raises(Trouble, match=expected):
        asyncio.run(nowhere())


def test_what_goes_over_the_wire():
    """RFC 2136: the zone, the prerequisite, the records, and the signature."""
    seen = []

    def make(query):
        seen.append(query)
        return answering()(query)

    run(FakeServer(make))
    (message,) = seen
    assert [str(rrset) for rrset in message.sections[0]] == ["example. IN SOA"]
    assert [str(rrset) for rrset in message.sections[1]] == ["a.example. NONE ANY"]
    dhcid = base64.b64encode(b"\0\1\1" + bytes(32)).decode()
    assert sorted(str(rrset).replace(" ", "") for rrset in message.sections[2]) == sorted(
        ["a.example.600INA192.0.2.7", f"a.example.600INDHCID{dhcid}"])
    assert message.had_tsig and str(message.keyname) == "k."


# --- a matter, and a lane

JOB = Job(0xC0000207, NAME, "a.example", b"\0\1\1" + bytes(32), "a.example", 600, WANTED, 0)


def codes(*several):
    """Answers with these codes, one after the other."""
    rest = iter(several)
    return lambda query: answering(next(rest))(query)


@pytest.mark.parametrize(("answers", "job", "trouble"), [
    ([NOERROR], JOB, ""),
    ([YXDOMAIN, NOERROR], JOB, ""),
    ([YXDOMAIN, 3, NOERROR], JOB, ""),
    ([NOERROR, NOERROR], JOB._replace(wanted=0), ""),
    ([NOERROR, 7], JOB._replace(wanted=0), ""),
    ([NXRRSET], JOB._replace(wanted=0), ""),
    ([YXDOMAIN, 3] * 5, JOB, "somebody else takes it and gives it back all the time"),
    ([NXRRSET], JOB, "the server's answer 8 makes no sense to it"),
])
def test_a_matter(answers, job, trouble):
    outcome = run(FakeServer(codes(*answers)), what=see_to, argument=job)
    assert (outcome.trouble, outcome.is_held, outcome.is_of_server) == (trouble, False, False)


@pytest.mark.parametrize("theirs", [True, False])
def test_a_name_that_is_held(theirs):
    def make(query):
        if query.opcode() == dns.opcode.QUERY:
            answer = dns.message.make_response(query)
            if theirs:
                digest = base64.b64encode(b"\0\1\1x").decode()
                answer.answer.append(dns.rrset.from_text("a.example.", 60, "IN", "DHCID", digest))
            return answer.to_wire()
        return updates(query)

    updates = codes(YXDOMAIN, NXRRSET)
    outcome = run(FakeServer(make), what=see_to, argument=JOB)
    assert (outcome.trouble, outcome.is_held) == (ANOTHERS if theirs else NOBODYS, True)


# --- several in one message

JOBS = [JOB._replace(address=JOB.address + number, name=f"{number}.example", owner=f"{number}.example")
        for number in range(4)]


def test_matters_of_one_kind_share_a_message():
    seen = []

    def make(query):
        seen.append(query)
        return answering()(query)

    outcomes = run(FakeServer(make), what=see_to_all, argument=JOBS)
    assert [(one.job, one.trouble) for one in outcomes] == [(job, "") for job in JOBS]
    (message,) = seen
    assert sorted(str(rrset.name) for rrset in message.sections[1]) == [f"{job.name}." for job in JOBS]
    assert len(message.sections[2]) == 2 * len(JOBS)


def test_names_are_given_back_together_address_first_and_then_dhcid():
    outcomes = run(FakeServer(codes(NOERROR, NOERROR)), what=see_to_all, argument=[job._replace(wanted=0) for job in JOBS])
    assert [one.trouble for one in outcomes] == [""] * len(JOBS)


@pytest.mark.parametrize("code", [YXDOMAIN, dns.rcode.REFUSED])
def test_where_one_stands_in_the_way_each_is_seen_to_by_itself(code):
    """RFC 2136 section 3.4.2.7: all of a message is done, or nothing."""
    def make(query):
        names = [str(rrset.name) for rrset in query.sections[2]]
        return answering(code if "3.example." in names and len(query.sections[1]) != 2 else NXRRSET if "3.example." in names
                         else NOERROR)(query)

    outcomes = run(FakeServer(make), what=see_to_all, argument=JOBS)
    assert [job.name for job, trouble, *_ in outcomes if trouble] == ["3.example"]
    assert outcomes[3].is_held is (code == YXDOMAIN)


def test_a_server_in_trouble_is_not_asked_for_each_of_several():
    server = FakeServer(codes(YXDOMAIN, NOERROR, *[dns.rcode.SERVFAIL] * 2))
    outcomes = run(server, what=see_to_all, argument=JOBS)
    assert [one.is_of_server for one in outcomes] == [False] + [True] * (len(JOBS) - 1)
    assert [one.job for one in outcomes] == JOBS and len(server.heard) == 3


def test_who_shares_a_message():
    """One kind, one time to live, and nobody with whom anything went wrong before."""
    other = [JOBS[1]._replace(wanted=0), JOBS[2]._replace(ttl=60), JOBS[3]._replace(tries=1)]
    many = [JOB._replace(owner=f"{number}.example") for number in range(6)]
    assert list(sharing([*many, *other], "example")) == [many[:4], many[4:], *([one] for one in other)]


@pytest.mark.parametrize("label", [1, 8, 15, 30, 63])
@pytest.mark.parametrize("kind", [NAME, ADDRESS])
@pytest.mark.parametrize("wanted", [WANTED, NOT_WANTED])
def test_what_is_shared_is_one_datagram(label, kind, wanted):
    """RFC 1035 section 4.2.1: 512 octets; signed with the longest digest."""
    def job(number):
        name = f"{number:x>{label}}.lab.example"
        owner = name if kind == NAME else f"{number}.1.64.10.in-addr.arpa"
        return Job(0x0A400100 + number, kind, name, b"\0\1\1" + bytes(32) if kind == NAME else b"", owner, 600, wanted, 0)

    zone = DnsZone("lab.example" if kind == NAME else "10.in-addr.arpa", (), Tsig("some-key", "hmac-sha512", bytes(64)))
    (some, *_) = sharing(map(job, range(100, 110)), zone.name)
    matters = [Matter(one.owner, one.name, "10.64.1.1", one.dhcid) for one in some]
    step, sizes = first_step(matters[0], wanted == WANTED), []
    while step not in ENDS:
        sizes.append(len(sending._message(zone, together(map(UPDATES[step], matters)), 600).to_wire()))
        step = NEXT[step, NOERROR]
    assert max(sizes) <= 512
    assert len(some) >= 2 or label == 63, "it is worth while"


def test_a_server_in_trouble_is_tried_again_after_growing_pauses_by_one_matter():
    lane, now, pauses = Lane("example", DnsZone("example", ())), 100.0, []
    for _ in range(12):
        for _ in range(3):  # several were under way
            lane.note(Outcome(JOB, "it is away", is_of_server=True), now)
        begun = now
        while not lane.room(now):
            now += 0.5
        pauses.append(now - begun)
        assert lane.room(now) == 1
    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    lane.note(Outcome(JOB), now)
    assert (lane.room(now), lane.trouble) == (AT_ONCE, "")


def test_one_name_that_is_refused_does_not_stop_a_zone_but_many_do():
    lane = Lane("example", DnsZone("example", ()))
    for _ in range(ENOUGH_REFUSED - 1):
        lane.note(Outcome(JOB, "no"), 100.0)
        lane.note(Outcome(JOB, "another's", is_held=True), 100.0)
        assert lane.room(100.0) == AT_ONCE
    for _ in range(ENOUGH_REFUSED):
        lane.note(Outcome(JOB, "no"), 100.0)
    assert (lane.room(100.0), lane.room(101.0), lane.trouble) == (0, 1, "no")
    lane.go_on()
    assert lane.room(100.0) == 1


@pytest.mark.parametrize("turns", range(5))
def test_the_end_comes_also_when_something_has_just_ended(tmp_path, turns):
    """Else the process would outlive its daemon."""
    async def at_once():
        updater = Updater(tmp_path / "dns.db")
        task = asyncio.create_task(updater.run())
        await asyncio.sleep(0.05)
        updater._wake.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        updater.close()
        task.cancel()
        _, waiting = await asyncio.wait({task}, timeout=5)
        assert not waiting
        assert not task.cancelled() or updater._register is None

    asyncio.run(at_once())

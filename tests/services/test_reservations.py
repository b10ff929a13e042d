"""A lease becomes a reservation, and ceases to be one, by hand: the row, and what is refused."""

import os
from contextlib import suppress
from dataclasses import replace

import pytest
from rig import ALICE, BOB, CAROL, NETWORK

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.files import write_safely
from pydhcpd.policy import reservation_file
from pydhcpd.services.reservations import Reservations
from pydhcpd.services.service import Surroundings
from pydhcpd.serving import make_serving
from pydhcpd.wire.packet import ACK, NAK

ONE, TWO, THREE = ALICE.hex(":"), BOB.hex(":"), CAROL.hex(":")
HOSTS = f"hosts = [host(mac={THREE!r}, ip='192.0.2.30', hostname='fixed')]\n"


class Desk:
    """What the daemon is to `Reservations`, over a bench."""

    def __init__(self, bench, before=None):
        self.bench, self.file = bench, bench.database.parent / "reservations.csv"
        if before is not None:
            self.file.write_text(before)
        bench.serve(NETWORK + HOSTS)
        self.configuration = DHCPServerConfiguration.load(bench.database.parent / "pydhcpd.conf",
                                                          {"host_file": str(bench.database)})
        self.put(self.configuration)
        self.reservations = Reservations(Surroundings(bench.server, lambda: self.configuration, {}, amend=self.amend))

    def put(self, configuration):
        serving = make_serving(configuration, self.bench.interfaces)
        self.bench.server.swap(serving, self.bench.hosts.prepare(serving.networks(), int(self.bench.now)))

    def amend(self, amendment):
        after, text = amendment(self.configuration)
        self.put(after)
        write_safely(after.reservation_file, text)
        self.configuration = after

    def reserve(self, who, *more):
        return self.reservations.reserve(who, more)

    def reloaded(self):
        """The hosts that a reload would see, and those in force."""
        again = DHCPServerConfiguration.load(self.configuration.file, {"host_file": str(self.bench.database)})
        return [(one.place, str(one)) for one in again.hosts], [(one.place, str(one)) for one in self.configuration.hosts]


@pytest.mark.parametrize(("words", "row"), [
    (["192.0.2.10"], f"{ONE},192.0.2.10,"), ([ONE], f"{ONE},192.0.2.10,"), ([ONE, "desk"], f"{ONE},192.0.2.10,desk"),
    (["192.0.2.10", "192.0.2.77", "desk"], f"{ONE},192.0.2.77,desk"), ([TWO, "192.0.2.50"], f"{TWO},192.0.2.50,"),
    ([TWO.upper(), "192.0.2.12", "pc"], f"{TWO},192.0.2.12,pc")])
def test_a_row_more_is_in_force_at_once_and_after_a_reload(bench, words, row):
    before = f"# by us\nmac,ip,hostname\n\n{THREE[:-2]}99,192.0.2.40,old\n# more\n"
    desk = Desk(bench, before)
    assert bench.lease(ALICE).yiaddr == "192.0.2.10"
    client, address, _ = row.split(",")
    assert desk.reserve(*words) == f"{address} is reserved for {client} ({desk.file}:6)"
    assert desk.file.read_text() == before + row + "\n"
    again, now = desk.reloaded()
    assert again == now and len(now) == 3
    assert bench.lease(bytes.fromhex(client.replace(":", ""))).yiaddr == address


def test_the_first_row_makes_the_file_and_a_stranger_does_not_get_the_address(bench):
    desk = Desk(bench)
    bench.lease(ALICE)
    desk.reserve(TWO, "192.0.2.11")
    assert desk.file.read_text() == f"mac,ip\n{TWO},192.0.2.11\n"
    (reply,) = bench.say(bench.request(CAROL, options={50: "192.0.2.11"}))
    assert reply.kind == NAK
    (reply,) = bench.say(bench.request(ALICE, options={50: "192.0.2.10"}))
    assert reply.kind == ACK, "the leases of others stay"


@pytest.mark.parametrize(("words", "why"), [
    (["192.0.2.11"], "no lease of 192.0.2.11 runs; say for whom"), ([TWO], "no lease of .* runs; say which address"),
    (["desk"], "'desk' is neither an address nor a hardware address"), ([TWO, "192.0.2.10"], f"is leased to {ONE}"),
    ([TWO, "198.51.100.9"], "lies outside every subnet"), ([TWO, "192.0.2.1"], "nobody's to have"),
    ([TWO, "192.0.2.255"], "nobody's to have"), ([TWO, "192.0.2.30"], r"is reserved already, by host\(.*fixed"),
    ([THREE, "192.0.2.31"], "has the same mac as the host on .*pydhcpd.conf:8|has the same mac as the host on line"),
    ([TWO, "192.0.2.40", "no good name"], "hostname"), ([ONE, "desk", "more"], "too much is said"),
    ([TWO, "192.0.2.19"], "in quarantine")])
def test_what_is_refused_changes_nothing(bench, words, why):
    before = "mac,ip\n"
    desk = Desk(bench, before)
    bench.lease(ALICE)
    hosts = bench.hosts
    with hosts.lock:
        hosts.quarantine(hosts.tables.of(0xC0000213), 0xC0000213, int(bench.now) + 100, int(bench.now))
        hosts.commit()
    was = desk.configuration
    with pytest.raises(InvalidValue, match=why):
        desk.reserve(*words)
    assert desk.configuration is was and desk.file.read_text() == before


@pytest.mark.parametrize("after", [f"mac,ip\n{TWO},192.0.2.44\n", None])
def test_a_file_that_another_has_changed_is_left_alone(bench, after):
    desk = Desk(bench, "mac,ip\n")
    bench.lease(ALICE)
    desk.file.unlink()
    if after is not None:
        desk.file.write_text(after)
    for act in (lambda: desk.reserve(ONE), lambda: desk.reserve(TWO, "192.0.2.50")):
        with pytest.raises(InvalidValue, match="has changed since it was read; reload"):
            act()
    assert (desk.file.read_text() if desk.file.exists() else None) == after


def test_a_file_that_cannot_be_written_is_told(bench):
    desk = Desk(bench, "mac,ip\n")
    bench.lease(ALICE)

    def amend(_):
        raise PermissionError(13, "Permission denied")
    desk.reservations._surroundings = replace(desk.reservations._surroundings, amend=amend)
    with pytest.raises(InvalidValue, match=r"reservations.csv cannot be written: Permission denied; nothing has changed"):
        desk.reserve(ONE)


@pytest.mark.parametrize("who", ["192.0.2.41", TWO])
def test_a_row_less(bench, who):
    text = f"# a\nmac,ip\n{ONE},192.0.2.40\n# b\n{TWO},192.0.2.41\n\n# c\n{THREE[:-2]}77,192.0.2.42"
    desk = Desk(bench, text)
    assert bench.lease(BOB).yiaddr == "192.0.2.41"
    assert "is reserved no more" in desk.reservations.unreserve(who)
    assert desk.file.read_text() == text.replace(f"{TWO},192.0.2.41\n", "")
    again, now = desk.reloaded()
    assert again == now and len(now) == 3
    (reply,) = bench.say(bench.request(ALICE, options={50: "192.0.2.41"}))
    assert reply.kind == NAK, "it is BOB's until his lease ends"
    for _ in range(2):
        with suppress(InvalidValue):
            desk.reservations.unreserve(ONE)
    with pytest.raises(InvalidValue, match=f"{TWO} is not reserved"):
        desk.reservations.unreserve(TWO)


@pytest.mark.parametrize(("who", "why"), [
    (THREE, r"is reserved by host\(.*in the configuration \(.*pydhcpd.conf:8\); take it out there"),
    ("192.0.2.30", "take it out there"),
    (ONE, "has several reservations; say which address"), ("192.0.2.99", "is not reserved")])
def test_what_is_not_a_row_of_the_file_stays(bench, who, why):
    bench.serve(NETWORK)
    text = f"mac,ip\n{ONE},192.0.2.40\n{ONE},198.51.100.40\n"
    desk = Desk(bench, text)
    desk.configuration = desk.configuration.with_reservations(text)
    desk.configuration.hosts = (*desk.configuration.hosts, desk.configuration.hosts[-1])
    with pytest.raises(InvalidValue, match=why):
        desk.reservations.unreserve(who)
    assert desk.file.read_text() == text


def test_ten_thousand_rows_are_no_hindrance(bench):
    rows = "".join(f"06:00:00:00:{n >> 8:02x}:{n & 255:02x},\n" for n in range(10_000))
    desk = Desk(bench, "mac,ip\n" + rows)
    began = os.times().user
    desk.reserve(TWO, "192.0.2.50")
    assert os.times().user - began < 3
    assert bench.lease(BOB).yiaddr == "192.0.2.50"


def test_without_leaves_all_else():
    assert reservation_file.without("mac\r\n#\r\na\r\nb", 3) == "mac\r\n#\r\nb"

"""How a name is taken and given back (RFC 4703 section 5): the updates, and what follows from an answer."""

import itertools

import pytest

from pydhcpd.services.dns import plan
from pydhcpd.services.dns.plan import (
    CLEAR,
    DONE,
    ENDS,
    FORMERR,
    GIVE_BACK,
    GONE,
    HELD,
    MOST_STEPS,
    NEXT,
    NOERROR,
    NXDOMAIN,
    NXRRSET,
    POINT,
    REFUSED,
    RETAKE,
    TAKE,
    UNPOINT,
    UPDATES,
    YXDOMAIN,
    YXRRSET,
    Matter,
    Record,
    Update,
    first_step,
)

NAME, ADDRESS, OURS, THEIRS = "a.example", "192.0.2.7", b"ours", b"theirs"
MATTER = Matter(NAME, NAME, ADDRESS, OURS)
REVERSE = Matter("7.2.0.192.in-addr.arpa", NAME, ADDRESS)


@pytest.mark.parametrize(("step", "matter", "expected"), [
    (TAKE, MATTER, Update(absent=(Record(NAME, "ANY"),),
                          added=(Record(NAME, "A", ADDRESS), Record(NAME, "DHCID", OURS)))),  # 5.3.1
    (RETAKE, MATTER, Update(present=(Record(NAME, "ANY"), Record(NAME, "DHCID", OURS)), deleted=(Record(NAME, "A"),),
                            added=(Record(NAME, "A", ADDRESS),))),  # 5.3.2
    (POINT, REVERSE, Update(deleted=(Record(REVERSE.owner, "PTR"),), added=(Record(REVERSE.owner, "PTR", NAME),))),  # 5.4
    (GIVE_BACK, MATTER, Update(present=(Record(NAME, "DHCID", OURS),), deleted=(Record(NAME, "A", ADDRESS),))),  # 5.5
    (CLEAR, MATTER, Update(present=(Record(NAME, "DHCID", OURS),), absent=(Record(NAME, "A"), Record(NAME, "AAAA")),
                           deleted=(Record(NAME, "DHCID"),))),
    (UNPOINT, REVERSE, Update(present=(Record(REVERSE.owner, "PTR", NAME),), deleted=(Record(REVERSE.owner, "PTR", NAME),))),
])
def test_updates(step, matter, expected):
    assert UPDATES[step](matter) == expected


@pytest.mark.parametrize(("step", "code", "expected"), [
    (TAKE, NOERROR, DONE), (TAKE, YXDOMAIN, RETAKE),
    (RETAKE, NOERROR, DONE), (RETAKE, NXRRSET, HELD), (RETAKE, NXDOMAIN, TAKE),
    (POINT, NOERROR, DONE),
    (GIVE_BACK, NOERROR, CLEAR), (GIVE_BACK, NXRRSET, GONE), (GIVE_BACK, NXDOMAIN, GONE),
    (CLEAR, NOERROR, DONE), (CLEAR, YXRRSET, DONE), (CLEAR, NXRRSET, DONE),
    (UNPOINT, NOERROR, DONE), (UNPOINT, NXRRSET, GONE), (UNPOINT, NXDOMAIN, GONE),
])
def test_what_follows(step, code, expected):
    assert NEXT[step, code] == expected


@pytest.mark.parametrize("step", UPDATES)
@pytest.mark.parametrize("code", [FORMERR, REFUSED])
def test_other_answers_are_failures(step, code):
    assert (step, code) not in NEXT


def test_a_step_leads_to_a_step_or_to_an_end():
    assert all(step in UPDATES and (then in UPDATES or then in ENDS) for (step, _), then in NEXT.items())


class Zone:
    """A primary server's idea of a zone, by RFC 2136 section 3: prerequisites, then changes."""

    def __init__(self, *records):
        self.records = set(records)

    def has(self, one):
        return any(owner == one.owner and one.type in ("ANY", kind) and one.data in (None, data)
                   for owner, kind, data in self.records)

    def take(self, update):
        for one in update.present:
            if not self.has(one):
                return NXDOMAIN if one.type == "ANY" else NXRRSET
        for one in update.absent:
            if self.has(one):
                return YXDOMAIN if one.type == "ANY" else YXRRSET
        for one in update.deleted:
            self.records -= {record for record in self.records
                             if record[:2] == (one.owner, one.type) and one.data in (None, record.data)}
        self.records |= set(update.added)
        return NOERROR

    def see_to(self, matter, wanted):
        step = first_step(matter, wanted)
        for _ in range(MOST_STEPS):
            step = NEXT[step, self.take(UPDATES[step](matter))]
            if step in ENDS:
                return step
        raise AssertionError("no end")


MINE = {Record(NAME, "A", ADDRESS), Record(NAME, "DHCID", OURS)}
OTHERS = {Record(NAME, "A", "192.0.2.9"), Record(NAME, "DHCID", THEIRS)}
BY_HAND = {Record(NAME, "A", "192.0.2.9")}
BESIDE = {Record(NAME, "TXT", "x"), Record("b.example", "A", ADDRESS)}


@pytest.mark.parametrize(("before", "wanted", "end", "after"), [
    (set(), True, DONE, MINE),
    (MINE, True, DONE, MINE),
    ({Record(NAME, "A", "192.0.2.8"), Record(NAME, "DHCID", OURS)}, True, DONE, MINE),  # it had another address
    ({Record(NAME, "AAAA", "2001:db8::1"), Record(NAME, "DHCID", OURS)}, True, DONE,
     MINE | {Record(NAME, "AAAA", "2001:db8::1")}),  # and one of IPv6, by the same DUID
    (OTHERS, True, HELD, OTHERS),
    (BY_HAND, True, HELD, BY_HAND),
    (MINE, False, DONE, set()),
    (MINE | BESIDE, False, DONE, BESIDE),
    (MINE | {Record(NAME, "AAAA", "2001:db8::1")}, False, DONE,
     {Record(NAME, "AAAA", "2001:db8::1"), Record(NAME, "DHCID", OURS)}),
    ({Record(NAME, "A", "192.0.2.8"), Record(NAME, "DHCID", OURS)}, False, DONE,
     {Record(NAME, "A", "192.0.2.8"), Record(NAME, "DHCID", OURS)}),  # it has another address by now
    (OTHERS, False, GONE, OTHERS),
    (BY_HAND, False, GONE, BY_HAND),
    (set(), False, GONE, set()),
])
def test_a_zone_before_and_after(before, wanted, end, after):
    zone = Zone(*before)
    assert (zone.see_to(MATTER, wanted), zone.records) == (end, after)
    if end != HELD:
        zone.see_to(MATTER, wanted)  # doing it twice does no harm
        assert zone.records == after


def test_names_of_addresses():
    zone = Zone(Record(REVERSE.owner, "PTR", "other.example"), Record(REVERSE.owner, "TXT", "x"))
    assert zone.see_to(REVERSE, False) == GONE
    assert zone.see_to(REVERSE, True) == DONE
    assert zone.records == {Record(REVERSE.owner, "PTR", NAME), Record(REVERSE.owner, "TXT", "x")}
    assert zone.see_to(REVERSE, False) == DONE
    assert zone.records == {Record(REVERSE.owner, "TXT", "x")}


def test_two_clients_never_have_one_name_in_whatever_order_they_are_seen_to():
    theirs = Matter(NAME, NAME, "192.0.2.9", THEIRS)
    for order in itertools.product([(MATTER, True), (MATTER, False), (theirs, True), (theirs, False)], repeat=5):
        zone = Zone()
        for matter, wanted in order:
            zone.see_to(matter, wanted)
            assert zone.records in (set(), MINE, {Record(NAME, "A", "192.0.2.9"), Record(NAME, "DHCID", THEIRS)})
    assert plan.MOST_STEPS >= 3

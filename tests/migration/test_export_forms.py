"""What `-export` writes in each form, read again: nothing is lost but what the form has no place for."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.leases.interface import BOUND, QUARANTINED, RELEASED, Row
from pydhcpd.migration.forms import WRITERS, form_of
from pydhcpd.migration.source import Source

NOW, NEVER = 1_795_514_400, 0xFFFFFFFF
names = st.text(st.characters(codec="utf-8"), max_size=40)
moments = st.integers(1_000_000_000, NOW)
hardware = st.binary(min_size=6, max_size=6)
identifiers = st.binary(min_size=1, max_size=40)
relays = st.one_of(st.just(b""), st.builds(lambda giaddr, circuit: giaddr + bytes((1, len(circuit))) + circuit,
                                           st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=30)))


@st.composite
def rows(draw):
    """Rows that a server of ours may have: of one address each."""
    made = []
    for address in sorted(draw(st.sets(st.integers(0x0A000001, 0x0AFFFFFE), min_size=1, max_size=8))):
        state, mac, used = draw(st.sampled_from((BOUND, RELEASED, QUARANTINED))), draw(hardware), draw(moments)
        ends = draw(st.one_of(st.integers(NOW + 1, NOW + 86400), st.just(NEVER))) if state != RELEASED else used
        key = draw(st.one_of(st.just(b"\2\1" + mac), st.builds(bytes.__add__, st.sampled_from((b"\1", b"\3")), identifiers)))
        made.append(Row(address, b"", 0, b"", "", ends, used, state) if state == QUARANTINED else
                    Row(address, key, 1, mac, draw(names), ends, used, state, draw(relays)))
    return made


def again(form, written):
    """The rows of what was written, what was told, and how many were written."""
    file = io.StringIO()
    count = WRITERS[form](iter(written), NOW, file)
    source = Source("written", io.BytesIO(file.getvalue().encode("utf-8", "surrogateescape")), NOW, 3600)
    return list(form_of(source).read(source)), source.bad, count


def escaped(name):
    from pydhcpd.escape import escape
    return escape(name)


@pytest.mark.parametrize("form", ["csv", "json"])
@settings(max_examples=150, deadline=None)
@given(written=rows())
def test_csv_and_json_have_all_of_a_lease(form, written):
    read, bad, count = again(form, written)
    assert (bad, count) == ([], len(written))
    assert read == [row._replace(hostname=escaped(row.hostname)) for row in written]


@settings(max_examples=150, deadline=None)
@given(written=rows())
def test_iscs_form_has_what_dhcpd_keeps(written):
    read, bad, count = again("isc", written)
    assert (bad, count) == ([], len(written))
    for row, one in zip(written, read, strict=True):
        key = row.client if row.client[:1] != b"\3" else b"\2\1" + row.hardware
        relay = bytes(4) + row.relay[4:] if row.relay else b""
        assert one == row._replace(client=key, relay=relay)


@settings(max_examples=150, deadline=None)
@given(written=rows())
def test_keas_form_has_the_leases_that_run(written):
    read, bad, count = again("kea", written)
    kept = [row for row in written if row.state != RELEASED]
    assert (bad, count) == ([], len(kept))
    for row, one in zip(kept, read, strict=True):
        key = row.client if row.client[:1] != b"\3" else b"\2\1" + row.hardware
        assert one == row._replace(client=key, relay=bytes(4) + row.relay[4:] if row.relay else b"")

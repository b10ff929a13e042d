"""Nonces follow from a secret, survive restarts, and their counter never goes back."""

import pytest

from pydhcpd.errors import InvalidValue
from pydhcpd.leases import nonces
from pydhcpd.leases.nonces import BLOCK, RESERVE, Nonces, nonces_of

NOW = 1_700_000_000


@pytest.fixture
def database(tmp_path):
    return tmp_path / "leases.db"


def full(path, mode):
    raise OSError(28, "No space left on device")


def made(database, now=NOW):
    return Nonces(database, lambda: now)


def test_a_nonce_is_of_the_client_the_address_and_the_secret(database):
    one = made(database)
    found = {one.of(client, address) for client in (b"a", b"b") for address in (1, 2)}
    assert len(found) == 4 and {len(nonce) for nonce in found} == {16}
    assert made(database).of(b"a", 1) == one.of(b"a", 1)
    (database.parent / "leases.db.secret").unlink()
    assert made(database).of(b"a", 1) != one.of(b"a", 1)


def test_the_files_are_nobody_elses(database):
    made(database).save()
    for suffix in (".secret", ".counter", ".exchanges"):
        assert (database.parent / f"leases.db{suffix}").stat().st_mode & 0o777 == 0o600
    assert len((database.parent / "leases.db.secret").read_bytes()) == 32


@pytest.mark.parametrize("step", [0, 1, -1, 3600, -3600, -86400 * 365 * 30])
@pytest.mark.parametrize("used", [0, 1, 1000])
def test_the_counter_never_goes_back_over_restarts_and_steps_of_the_clock(database, step, used):
    one = made(database)
    last = max([one.count() for _ in range(used)], default=0)
    assert made(database, NOW + step).count() > last


@pytest.mark.parametrize("lost", [None, b"", b"torn"])
def test_a_lost_counter_goes_on_where_the_clock_is(database, lost):
    last = made(database).count()
    file = database.parent / "leases.db.counter"
    file.unlink()
    if lost is not None:
        file.write_bytes(lost)
    assert made(database, NOW + 1).count() > last


def test_a_block_is_reserved_before_it_is_used(database, monkeypatch):
    one = made(database)
    for _ in range(3):
        one._next = one._reserved
        assert one.count() + BLOCK == int.from_bytes((database.parent / "leases.db.counter").read_bytes(), "big")


def test_the_next_block_is_reserved_while_there_is_plenty(database, monkeypatch, caplog):
    """Who was promised a nonce takes no ACK without (RFC 6704 section 3.1.4): so promises end long before the numbers do."""
    one = made(database)
    assert one.has_plenty()
    one._next = one._reserved - RESERVE - 1
    monkeypatch.setattr(nonces, "replacing", full)
    assert one.count() is not None and caplog.text == ""
    assert one.count() is not None and "soon clients get no nonce" in caplog.text and one.has_plenty()
    one._next = one._reserved - RESERVE // 2
    assert one.count() is not None and not one.has_plenty()
    monkeypatch.undo()
    one._try_again = 0.0
    last = one.count()
    assert one.has_plenty() and one.count() == last + 1


@pytest.mark.parametrize("counter", [(1 << 64) - 1, (1 << 63) + 1])
def test_a_counter_that_cannot_be_goes_on_where_the_clock_is(database, counter):
    """A damaged file must not keep the server from its start."""
    last = made(database).count()
    (database.parent / "leases.db.counter").write_bytes(counter.to_bytes(8, "big"))
    assert last < made(database, NOW + 1).count() < counter


def test_that_a_client_takes_nonces_is_news_in_its_first_exchange(database):
    one = made(database)
    said = [(b"a", 7), (b"a", 7), (b"b", 7), (b"a", 8), (b"a", 8), (b"a", 7)]
    assert [one.note(*each) for each in said] == [True, True, True, False, False, False]
    assert (one.exchange(b"a"), one.exchange(b"b")) == (7, 7)
    one.save()
    again = made(database)
    assert (again.exchange(b"a"), again.exchange(b"b"), again.note(b"b", 7)) == (7, 7, False)


def test_what_cannot_be_reserved_is_not_given_and_is_told_once(database, monkeypatch, caplog):
    one = made(database)
    one._next = one._reserved
    monkeypatch.setattr(nonces, "replacing", full)
    assert [one.count() for _ in range(5)] == [None] * 5
    assert caplog.text.count("cannot be written") == 1
    monkeypatch.undo()
    one._try_again = 0.0
    assert one.count() is not None


def test_exchanges_are_kept_over_a_restart_the_last_of_them(database, monkeypatch):
    monkeypatch.setattr(nonces, "MOST", 3)
    one = made(database)
    for number, client in enumerate([b"a", b"b" * 300, b"c", b"a", b"d"]):
        one.note(client, number)
    assert [one.exchange(client) for client in (b"a", b"b" * 300, b"c", b"d", b"e")] == [3, None, 2, 4, None]
    one.note(b"b" * 300, 9)
    one.save()
    again = made(database)
    assert [again.exchange(client) for client in (b"a", b"b" * 300, b"c", b"d")] == [3, 9, None, 4]
    (database.parent / "leases.db.exchanges").write_bytes(b"\0" * 5)
    assert made(database).exchange(b"a") is None


def test_another_users_secret_is_refused_and_leases_go_on_without(database, caplog):
    (database.parent / "other").write_bytes(b"x" * 32)
    (database.parent / "leases.db.secret").symlink_to(database.parent / "other")
    with pytest.raises(InvalidValue, match="symbolic link"):
        made(database)
    assert nonces_of(database) is None and "cannot be made to renew" in caplog.text

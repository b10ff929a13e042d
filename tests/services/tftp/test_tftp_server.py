"""TFTP as a client meets it, on loopback: RFC 1350, 2347 to 2349, 7440; and what no client may do."""

import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from tftp_serving import ACK, DATA, ERROR, OACK, SETTINGS, WRITE, Client, Refusal, Relay, Served, request, serving

from pydhcpd.services.tftp.transfer import GIVE_UP

TEXT = b"one\ntwo\r\nthree\rfour\n\n"
SIZES = (0, 1, 511, 512, 513, 1024, 100_000)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of lengths that are on the edges of blocks, and text."""
    place = tmp_path_factory.mktemp("root")
    for size in SIZES:
        (place / f"f{size}").write_bytes(random.Random(size).randbytes(size))
    (place / "text").write_bytes(TEXT)
    (place / "big").write_bytes(random.Random(7).randbytes(3_000_000))
    (place / "out").symlink_to("/etc/passwd")
    return place


@pytest.fixture(scope="module")
def served(root: Path) -> Iterator[Served]:
    """One server for all that leave it as it is."""
    with serving(root) as running:
        yield running


def fetch(served: Served, name: str, **options: object) -> bytes:
    """A file, with a client of its own."""
    with Client(served.port) as client:
        return client.fetch(name, **options)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("options", [
    {}, {"blksize": 8}, {"blksize": 1468}, {"blksize": 1468, "windowsize": 8}, {"windowsize": 2}, {"blksize": 65464},
    {"tsize": 0, "timeout": 3}, {"BLKSIZE": 1024, "WindowSize": 64}, {"unheard": "of", "blksize": 512},
], ids=str)
def test_a_file_comes_whole(root: Path, served: Served, size: int, options: dict[str, object]) -> None:
    assert fetch(served, f"f{size}", **options) == (root / f"f{size}").read_bytes()


@pytest.mark.parametrize("name", ["f513", "/f513", r"\f513", "./f513"])
def test_names_are_paths_under_the_root(root: Path, served: Served, name: str) -> None:
    assert fetch(served, name) == (root / "f513").read_bytes()


@pytest.mark.parametrize(("asked", "accepted"), [
    ({"blksize": "1468"}, {"blksize": "1468"}),
    ({"blksize": "1468", "windowsize": "4", "tsize": "0", "timeout": "2"},
     {"blksize": "1468", "windowsize": "4", "tsize": "3000000", "timeout": "2"}),
    ({"tsize": "0"}, {"tsize": "3000000"}),
    ({"blksize": "1468", "windowsize": "65535"}, {"blksize": "1468", "windowsize": "44"}),  # 64 KiB at a time
    ({"windowsize": "65535"}, {"windowsize": "64"}),
    ({"timeout": "255", "blksize": "600"}, {"blksize": "600"}),  # we go by our own
    ({"multicast": "", "blksize": "600", "x": "y"}, {"blksize": "600"}),
])
def test_what_is_accepted(served: Served, asked: dict[str, str], accepted: dict[str, str]) -> None:
    with Client(served.port) as client:
        client.ask("big", **asked)
        assert client.receive()[0] == OACK
        assert client.accepted == accepted


def test_without_options_that_are_known_data_comes_at_once(served: Served) -> None:
    """RFC 2347: an option that the server does not acknowledge is ignored."""
    for options in ({}, {"unheard": "of"}):
        with Client(served.port) as client:
            client.ask("f513", **options)
            assert client.receive()[:2] == (DATA, 1)


def test_numbers_of_blocks_begin_again(tmp_path: Path) -> None:
    """More blocks than 16 bits can count, with and without windows."""
    content = random.Random(3).randbytes(8 * 140_000 + 5)
    (tmp_path / "many").write_bytes(content)
    with serving(tmp_path) as served:
        assert fetch(served, "many", blksize=8, windowsize=64) == content
        assert fetch(served, "many", blksize=16) == content


def test_netascii_has_the_ends_of_lines_that_it_wants(served: Served) -> None:
    """RFC 764: LF goes as CR LF, CR as CR NUL."""
    assert fetch(served, "text", mode="NetASCII") == b"one\r\ntwo\r\0\r\nthree\r\0four\r\n\r\n"
    with Client(served.port) as client:
        assert client.fetch("text", mode="netascii", blksize=8, windowsize=2, tsize=0)
        assert "tsize" not in client.accepted


def test_netascii_of_a_long_file_with_loss(tmp_path: Path) -> None:
    content = b"\n\r" * 40_000
    (tmp_path / "ends").write_bytes(content)
    with serving(tmp_path) as served, Relay(served.port, 5, lost=0.02) as relay, Client(relay.port) as client:
        assert client.fetch("ends", mode="netascii", windowsize=16) == content.replace(b"\r", b"\r\0").replace(b"\n", b"\r\n")


# --- a network that does what networks do


@pytest.mark.parametrize("options", [{"blksize": 1468}, {"blksize": 1468, "windowsize": 8}, {"blksize": 1468, "windowsize": 32},
                                     {"windowsize": 64}], ids=str)
@pytest.mark.parametrize("misfortune", [{"lost": 0.01}, {"doubled": 0.2}, {"late": 0.02},
                                        {"lost": 0.005, "doubled": 0.05, "late": 0.01}], ids=str)
def test_a_file_comes_whole_over_a_bad_network(root: Path, served: Served, options: dict[str, object],
                                               misfortune: dict[str, float]) -> None:
    name = "big" if "windowsize" in options else "f100000"
    with Relay(served.port, 11, **misfortune) as relay, Client(relay.port, patience=0.5) as client:
        content = client.fetch(name, **options)
        assert content == (root / name).read_bytes()
        if name == "big":
            assert relay.misfortunes > 5


def test_doubled_acknowledgements_double_nothing(served: Served) -> None:
    """The sorcerer's apprentice (RFC 1123 section 4.2.3.1): no block is sent again because its acknowledgement came twice."""
    with Client(served.port) as client:
        client.ask("f1024")
        for block in (1, 2, 3):
            assert client.receive()[1] == block
            client.acknowledge(block)
            client.acknowledge(block)
        with pytest.raises(TimeoutError):
            client.receive()


def test_a_network_that_doubles_everything_breaks_nothing(root: Path, served: Served) -> None:
    with Relay(served.port, 1, doubled=1.0) as relay, Client(relay.port) as client:
        assert client.fetch("big", blksize=1000, windowsize=16) == (root / "big").read_bytes()
        assert client.datagrams <= 20 * 3002  # and does not make it worse and worse


def test_a_window_goes_on_after_what_was_acknowledged(served: Served) -> None:
    """RFC 7440 section 4: after a gap the next window begins where the client's blocks end."""
    with Client(served.port, patience=0.1) as client:
        client.ask("f100000", windowsize=4)
        assert client.receive()[0] == OACK
        client.acknowledge(0)
        assert [client.receive()[1] for _ in range(4)] == [1, 2, 3, 4]
        client.acknowledge(2)
        assert [client.receive()[1] for _ in range(4)] == [3, 4, 5, 6]
        client.acknowledge(2)  # the first of these was lost
        assert [client.receive()[1] for _ in range(4)] == [3, 4, 5, 6]
        client.acknowledge(99)  # was never sent
        with pytest.raises(TimeoutError):
            client.receive()


def test_what_is_not_acknowledged_is_sent_again_in_the_client_s_time(served: Served) -> None:
    """RFC 2349: timeout is when the server sends again."""
    with Client(served.port, patience=3.0) as client:
        client.ask("f513", timeout=1)
        assert client.receive()[0] == OACK
        began = time.monotonic()
        assert client.receive()[0] == OACK
        assert 0.8 < time.monotonic() - began < 1.5


def test_the_size_alone_may_be_asked_for(root: Path) -> None:
    """As PXE ROMs do: the transfer is given up before it begins, which is no trouble."""
    with serving(root) as served, Client(served.port) as client:
        client.ask("big", tsize=0)
        assert client.receive()[0] == OACK
        client.socket.sendto(struct.pack(">HH", ERROR, 8) + b"\0", client.peer)
        client.peer = None
        assert client.fetch("f513") == (root / "f513").read_bytes()  # from the same port
        served.told("finished")
        assert [one.file for one in served.reports] == ["f513", "f513"]


# --- what is told


def test_begin_and_end_are_told(root: Path) -> None:
    with serving(root) as served:
        fetch(served, "/f100000", blksize=1468, windowsize=4)
        (finished,), (begun,) = served.told("finished"), served.told("begun")
    assert (begun.by, begun.file, begun.address, begun.size, begun.sent) == ("tftp", "f100000", "127.0.0.1", 100_000, 0)
    assert (finished.file, finished.size, finished.sent, finished.trouble) == ("f100000", 100_000, 100_000, "")
    assert 0 < finished.seconds < 5


def test_an_end_by_the_client_is_told_with_its_words(root: Path) -> None:
    with serving(root) as served, Client(served.port) as client:
        client.ask("big")
        client.receive()
        client.acknowledge(1)
        client.socket.sendto(struct.pack(">HH", ERROR, 3) + b"disk\x1b full\0", client.peer)
        (failed,) = served.told("failed")
    assert failed.trouble == r"the client gave up: disk\x1b full" and failed.sent == 512


def test_a_client_that_is_gone_is_told(root: Path) -> None:
    """Its port is closed (ICMP)."""
    with serving(root) as served:
        with Client(served.port) as client:
            client.ask("big", blksize=1468, windowsize=4)
            client.receive()
            client.acknowledge(0)
            client.receive()
        (failed,) = served.told("failed")
    assert "is gone" in failed.trouble


# --- bad input


@pytest.mark.parametrize(("datagram", "code", "words"), [
    (request("nothing"), 1, "asked for nothing, which is not there"),
    (request("f51"), 1, "asked for f51, which is not there; there is f513"),
    (request("../secret"), 2, "leaves the root"),
    (request("out"), 2, "a link that leaves the root"),
    (request(""), 2, "is a directory"),
    (request("f513", operation=WRITE), 2, "nothing can be written here"),
    (request("f513", "mail"), 4, "the mode mail; there are octet and netascii"),
    (request("f513", ""), 4, "the mode ; there are"),
    (request("f513", blksize=7), 8, "a blksize outside 8 to 65464"),
    (request("f513", blksize=65465), 8, "a blksize outside"),
    (request("f513", blksize=-1), 8, "a blksize outside"),
    (request("f513", blksize="x"), 8, "a blksize outside"),
    (request("f513", blksize="١٤٦٨"), 8, "a blksize outside"),
    (request("f513", blksize="9" * 400), 8, "a blksize outside"),
    (request("f513", windowsize=0), 8, "a windowsize outside 1 to 65535"),
    (request("f513", timeout=0), 8, "a timeout outside 1 to 255"),
    (request("f513", timeout=256), 8, "a timeout outside"),
    (request("f513", **{f"o{number}": 1 for number in range(20)}), 4, "more than 16 options"),
    (b"\0\1f513", 4, "cut short"), (b"\0\1f513\0", 4, "cut short"), (b"\0\1f513\0octet", 4, "cut short"),
    (b"\0\1", 4, "cut short"),
    (b"\0\1f513\0octet\0blksize\0", 4, "cut short, after the option blksize"),
    (request("x" * 1500), 4, "longer than 1024 bytes"), (request("x" * 5000), 4, "longer than"),
    (struct.pack(">HH", DATA, 1) + b"data", 4, "a message of type 3"), (struct.pack(">HH", ACK, 1), 4, "a message of type 4"),
    (b"\0\7", 4, "a message of type 7"), (b"\xff\xff" + b"x" * 100, 4, "a message of type 65535"),
], ids=lambda one: repr(one)[:40])
def test_bad_input_gets_the_error_of_the_rfc_and_is_told(root: Path, datagram: bytes, code: int, words: str) -> None:
    with serving(root) as served, Client(served.port) as client:
        client.socket.sendto(datagram, client.server)
        with pytest.raises(Refusal) as refused:
            client.receive()
        assert refused.value.code == code
        (failed,) = served.told("failed")
        assert words in failed.trouble and failed.trouble.isprintable()
        assert fetch(served, "f513") == (root / "f513").read_bytes()


@pytest.mark.parametrize("datagram", [b"", b"\0", struct.pack(">HH", ERROR, 0) + b"no\0", b"\0\5"])
def test_errors_and_what_is_nothing_get_no_answer(root: Path, datagram: bytes) -> None:
    """Else two servers could answer each other for ever."""
    with serving(root) as served, Client(served.port) as client:
        client.socket.sendto(datagram, client.server)
        with pytest.raises(TimeoutError):
            client.receive()
        assert served.reports == []


def test_any_octets_at_all_leave_it_serving(root: Path) -> None:
    chance = random.Random(1)
    good = request("f513", blksize=1468, windowsize=4, tsize=0)
    with serving(root) as served, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(3000):
            datagram = bytearray(good if chance.random() < 0.8 else chance.randbytes(chance.randrange(60)))
            for _ in range(chance.randrange(1, 6)):
                if datagram:
                    datagram[chance.randrange(len(datagram))] = chance.randrange(256)
            sock.sendto(datagram[:chance.randrange(len(datagram) + 1)], ("127.0.0.1", served.port))
        assert fetch(served, "f513") == (root / "f513").read_bytes()


def test_strangers_cannot_disturb_a_transfer(root: Path, served: Served) -> None:
    """Its socket hears its client alone."""
    with Client(served.port) as client, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        client.ask("f1024")
        client.receive()
        stranger.sendto(struct.pack(">HH", ERROR, 0) + b"stop\0", client.peer)
        client.acknowledge(1)
        assert client.receive()[1] == 2


def test_nonsense_in_a_transfer_is_passed_over(root: Path, served: Served) -> None:
    with Client(served.port) as client:
        client.ask("f1024")
        client.receive()
        for datagram in (b"", b"\0", b"\0\4\0", b"\0\3\0\1data", b"\0\6blksize\0", os.urandom(600)):
            client.socket.sendto(b"\0\7" + datagram if len(datagram) > 500 else datagram, client.peer)
        client.acknowledge(1)
        assert client.receive()[1] == 2


# --- files that are not what they were


@pytest.mark.parametrize(("what", "words"), [
    ("shortened", "the file has changed: it became shorter while it was sent"),
    ("written", "the file has changed: it was written to while it was sent"),
    ("removed", "the file has changed: it was removed or replaced while it was sent"),
    ("replaced", "the file has changed: it was removed or replaced while it was sent"),
])
def test_a_file_that_changes_while_it_is_sent_ends_the_transfer(tmp_path: Path, what: str, words: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(5000))
    with serving(tmp_path) as served, Client(served.port) as client:
        client.ask("file")
        client.receive()
        if what == "shortened":
            os.truncate(path, 600)
        elif what == "written":
            with path.open("r+b") as file:
                file.seek(4000)
                file.write(b"x")
        elif what == "removed":
            path.unlink()
        else:
            (tmp_path / "other").write_bytes(bytes(5000))
            os.replace(tmp_path / "other", path)
        with pytest.raises(Refusal) as refused:
            for block in range(1, 12):
                client.acknowledge(block)
                client.receive()
        assert refused.value.code == 0 and words in str(refused.value)
        (failed,) = served.told("failed")
        assert failed.trouble == words and 0 < failed.sent < 5000


# --- bounds


def test_a_client_that_never_acknowledges_is_given_up(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydhcpd.services.tftp.transfer.GIVE_UP", 1.2)
    assert GIVE_UP <= 60
    with serving(root) as served, Client(served.port, patience=3.0) as client:
        client.ask("big", blksize=1468, windowsize=64)
        with pytest.raises(Refusal) as refused:
            while client.receive():
                assert client.datagrams < 10
        assert "never acknowledged anything" in str(refused.value)
        (failed,) = served.told("failed")
        assert (failed.size, failed.sent) == (3_000_000, 0)


def test_a_client_that_is_slow_for_ever_is_given_up(root: Path) -> None:
    with serving(root, seconds=1) as served, Client(served.port, patience=3.0) as client:
        client.ask("big")
        with pytest.raises(Refusal) as refused:
            for block in range(1, 100):
                client.receive()
                time.sleep(0.1)
                client.acknowledge(block)
        assert "took longer than 1 s" in str(refused.value)


def test_a_request_that_is_repeated_is_one_transfer(root: Path) -> None:
    with serving(root) as served, Client(served.port) as client:
        for _ in range(5):
            client.ask("f1024")
        assert client.fetch("f1024") == (root / "f1024").read_bytes()
        served.told("finished")
        assert Counter(one.what for one in served.reports) == {"begun": 1, "finished": 1}


def test_a_client_that_begins_anew_from_the_same_port_is_served_anew(root: Path) -> None:
    with serving(root) as served, Client(served.port) as client:
        client.ask("big")
        client.receive()
        client.acknowledge(1)
        served.told("begun")
        client.receive()
        client.peer = None
        assert client.fetch("f513") == (root / "f513").read_bytes()
        assert served.told("failed")[0].trouble == "the client began anew"


@pytest.mark.parametrize("bounds", [{"transfers": 2}, {"of_client": 2}], ids=str)
def test_what_is_more_than_may_be_at_a_time_waits(root: Path, bounds: dict[str, int]) -> None:
    with serving(root, **bounds) as served, Client(served.port) as one, Client(served.port) as two, \
            Client(served.port) as three:
        one.ask("f1024")
        two.ask("f1024")
        assert one.receive()[1] == two.receive()[1] == 1
        three.ask("f1024")
        with pytest.raises(TimeoutError):
            three.receive()
        for block in (1, 2, 3):
            one.acknowledge(block)
            if block < 3:
                one.receive()
        assert three.receive()[1] == 1


def test_who_asks_again_while_it_waits_is_served_once(root: Path) -> None:
    with serving(root, transfers=1) as served, Client(served.port) as one, Client(served.port) as two:
        one.ask("f511")
        one.receive()
        two.ask("f511")
        time.sleep(0.1)
        one.acknowledge(1)
        two.ask("f511")
        assert two.receive()[1] == 1
        two.acknowledge(1)
        served.told("finished", 2)
        time.sleep(0.1)
        assert Counter(report.what for report in served.reports) == {"begun": 2, "finished": 2}
        assert fetch(served, "f513")  # there is room


def test_what_has_waited_too_long_is_told(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pydhcpd.services.tftp.server.PATIENCE", 0.3)
    monkeypatch.setattr("pydhcpd.services.tftp.server.MOST_WAITING", 1)
    with serving(root, transfers=1) as served, Client(served.port) as one, Client(served.port) as two, \
            Client(served.port) as three:
        one.ask("f1024")
        one.receive()
        two.ask("f1024")
        time.sleep(0.05)
        three.ask("f1024")
        failed = served.told("failed", 2)
    assert "1 requests wait for others to end; see maximum_transfers" in failed[0].trouble
    assert "waited too long" in failed[1].trouble


def test_a_thousand_requests_at_once(root: Path) -> None:
    content, many = (root / "f513").read_bytes(), 1000
    with serving(root, transfers=200) as served:
        clients = [Client(served.port) for _ in range(many)]
        for client in clients:
            client.ask("f513")
        results = Counter[bytes]()

        def finish(some: list[Client]) -> None:
            for client in some:
                client.socket.settimeout(30)
                first = client.receive()[2]
                client.acknowledge(1)
                results[first + client.receive()[2]] += 1
                client.acknowledge(2)

        threads = [threading.Thread(target=finish, args=(clients[start::8],)) for start in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert results == {content: many}
        served.told("finished", many)
        for client in clients:
            client.socket.close()


def test_descriptors_are_given_back(root: Path) -> None:
    with serving(root) as served:
        before = len(os.listdir("/proc/self/fd"))
        for name in ("f513", "f1024", "f0"):
            fetch(served, name)
        for bad in (request("nothing"), request("f513", blksize=1)):
            with Client(served.port) as client:
                client.socket.sendto(bad, client.server)
                with pytest.raises(Refusal):
                    client.receive()
        served.told("finished", 3)
        assert len(os.listdir("/proc/self/fd")) == before


def test_the_end_is_told_to_clients(root: Path) -> None:
    with Client(0, patience=3.0) as client:
        with serving(root) as served:
            client.server = ("127.0.0.1", served.port)
            client.ask("big")
            client.receive()
            client.acknowledge(1)
            client.receive()
        with pytest.raises(Refusal, match="the server stops"):
            client.receive()


# --- addresses and ports


def test_the_answer_comes_from_the_address_that_was_asked(root: Path) -> None:
    """RFC 1122 section 4.1.3.5: of errors too."""
    with serving(root, address="") as served:
        for address in ("127.0.0.1", "127.9.8.7"):
            with Client(served.port, address) as client:
                client.fetch("f513")
                assert client.peer[0] == address
            with Client(served.port, address) as client:
                client.ask("nothing")
                with pytest.raises(Refusal):
                    client.receive()
                assert client.peer[0] == address


def test_transfers_come_from_the_ports_for_firewalls(root: Path) -> None:
    with serving(root, ports=(50117, 50119)) as served:
        clients = [Client(served.port) for _ in range(4)]
        for client in clients[:3]:
            client.ask("f1024")
            client.receive()
        assert sorted(client.peer[1] for client in clients[:3]) == [50117, 50118, 50119]
        clients[3].ask("f1024")
        with pytest.raises(Refusal, match="busy"):
            clients[3].receive()
        assert "all of tftp_ports, 50117 to 50119, are in use" in served.told("failed")[0].trouble
        for client in clients:
            client.socket.close()


def test_a_reload_changes_the_root_and_leaves_transfers_alone(root: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    with serving(root) as served, Client(served.port) as client:
        client.ask("f1024")
        client.receive()
        served.configure({**SETTINGS, "root": str(tmp_path)})
        assert fetch(served, "other") == b"other"
        client.acknowledge(1)
        assert client.receive()[1] == 2

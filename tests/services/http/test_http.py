"""The files of a root by HTTP, over real sockets on the loopback address: what is given, what is refused, and what of strangers
is put up with. Every wait is for bytes, a report or an end, never for a time to pass."""

import asyncio
import fcntl
import http.client
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

aiohttp = pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from pydhcpd.services.http import account, connections, sending  # noqa: E402
from pydhcpd.services.http.files import name_in  # noqa: E402
from pydhcpd.services.http.server import HTTPServer  # noqa: E402
from pydhcpd.services.report import BEGUN, FAILED, FINISHED, SENDING, Report  # noqa: E402
from pydhcpd.services.root import Refused, Root  # noqa: E402

PATIENCE = 10.0
SIOCOUTQNSD = 0x894B  # linux/sockios.h: octets that are not sent yet
BIG = 32 << 20  # octets: more than all buffers between two sockets hold
ROOM = 20_000  # octets of a receive buffer that is soon full
WORDS = b"#!ipxe\nshell\n"


class Served:
    """A server on a port of its own, and what it reported."""

    def __init__(self, root: Path, **settings: Any) -> None:
        self.root = root
        self.reports: list[Report] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = self._listener.getsockname()
        self.port = self.address[1]
        self._settings = {"root": str(root), "seconds": 60.0, "transfers": 1000, "of_client": 64, **settings}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._server = self._in_loop(self._made())

    async def _made(self) -> HTTPServer:
        server = HTTPServer(self._listener, self.reports.append)
        await server.configure(self._settings)
        return server

    def _in_loop(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def configure(self, **settings: Any) -> None:
        """As a reload does."""
        self._settings |= settings
        self._in_loop(self._server.configure(self._settings))

    def stop(self) -> None:
        self._in_loop(self._server.close())
        self._in_loop(asyncio.sleep(0.01))
        tasks = asyncio.all_tasks(self._loop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        assert not tasks, "all that was begun has ended"

    def connect(self, source: str = "127.0.0.1", room: int = 0) -> socket.socket:
        made = socket.socket()
        made.settimeout(PATIENCE)
        if room:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, room)
        made.bind((source, 0))
        made.connect(self.address)
        return made

    def raw(self, request: bytes) -> bytes:
        """All that comes back for these bytes, until the server closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return all_of(connection)

    def get(self, target: str, method: str = "GET", **fields: str) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(*self.address, timeout=PATIENCE)
        connection.request(method, target, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        try:
            return answer, answer.read()
        finally:
            connection.close()

    def told(self, what: str, file: str = "", number: int = 1) -> Report:
        """The report of this kind, once there are so many."""
        def found() -> list[Report]:
            return [one for one in list(self.reports) if one.what == what and file in ("", one.file)]
        wait_until(lambda: len(found()) >= number, f"{what} in {self.reports}")
        return found()[-1]


def all_of(connection: socket.socket) -> bytes:
    """What comes until the end, or the reset, of a connection."""
    received = bytearray()
    try:
        while data := connection.recv(1 << 20):
            received += data
    except ConnectionResetError:
        pass
    return bytes(received)


def wait_until(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with files to boot from, beside what is nobody's business."""
    place = tmp_path / "root"
    (place / "grub").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"nobody's business")
    (place / "boot.ipxe").write_bytes(WORDS)
    (place / "ipxe.efi").write_bytes(b"MZ" + bytes(1000))
    (place / "grub" / "grub.cfg").write_bytes(b"menuentry x {}\n")
    (place / "sp ace%41").write_bytes(WORDS)
    (place / "\u00fcber").write_bytes(WORDS)
    Path(os.fsdecode(bytes(place) + b"/raw\xff")).write_bytes(WORDS)
    (place / "empty").write_bytes(b"")
    (place / "out").symlink_to(tmp_path / "secret")
    os.mkfifo(place / "pipe")
    return place


@pytest.fixture
def serve(root: Path) -> Iterator[Callable[..., Served]]:
    with ExitStack() as stack:
        def make(**settings: Any) -> Served:
            made = Served(root, **settings)
            stack.callback(made.stop)
            return made
        yield make


@pytest.fixture
def served(serve: Callable[..., Served]) -> Served:
    return serve()


@pytest.fixture
def big(root: Path) -> bytes:
    """What is in the file `big`."""
    content = os.urandom(1 << 20) * (BIG >> 20)
    (root / "big").write_bytes(content)
    return content


# --- what is given


def test_a_file_is_given_with_what_firmware_needs(served: Served) -> None:
    """UEFI 2.10 section 24.7: the length and the type of what it boots."""
    answer, content = served.get("/ipxe.efi")
    assert (answer.status, content) == (200, (served.root / "ipxe.efi").read_bytes())
    assert answer.headers["Content-Length"] == "1002"
    assert answer.headers["Content-Type"] == "application/efi"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert "Transfer-Encoding" not in answer.headers and "Content-Encoding" not in answer.headers
    report = served.told(FINISHED)
    assert (report.by, report.file, report.address, report.size, report.sent, report.trouble) == (
        "http", "ipxe.efi", "127.0.0.1", 1002, 1002, "")
    assert [one.what for one in served.reports] == [BEGUN, FINISHED]


def test_a_head_is_the_same_without_the_file(served: Served) -> None:
    """RFC 9110 section 9.3.2; UEFI asks so for the length first. It is no boot."""
    (given, _), (head, content) = served.get("/ipxe.efi"), served.get("/ipxe.efi", "HEAD")
    assert (head.status, content) == (200, b"")
    assert {**head.headers, "Date": ""} == {**given.headers, "Date": ""}
    served.told(FINISHED)
    assert len(served.reports) == 2


@pytest.mark.parametrize("target", [
    "/boot.ipxe", "//boot.ipxe", "/./boot.ipxe", "/%62oot.ipxe", "/boot.ipxe?mac=02:00&x=../y", "/boot.ipxe#part",
    "/\\boot.ipxe", "/%5cboot.ipxe", "/grub/../boot.ipxe", "/grub/%2e%2e/boot.ipxe", "/grub%2f..%2fboot.ipxe", "http://192.0.2.1/boot.ipxe",
    "http://192.0.2.1:80/boot.ipxe?x", "HTTP://x/./boot.ipxe", "/sp%20ace%2541", "/%c3%bcber",
    "/raw%ff",
])
def test_all_ways_to_write_a_name(served: Served, target: str) -> None:
    """RFC 9112 section 3.2: a path, and the form that begins with the server's name; by RFC 3986 octets may be written %XX."""
    answer = served.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\n" + WORDS)


@pytest.mark.parametrize(("target", "status", "words"), [
    ("/../secret", 403, "leaves the root"), ("/%2e%2e/secret", 403, "leaves the root"),
    ("/..%2fsecret", 403, "leaves the root"),
    ("/..\\secret", 403, "leaves the root"), ("/..%5csecret", 403, "leaves the root"),
    ("/grub/../../secret", 403, "leaves the root"), ("http://x/../secret", 403, "leaves the root"),
    ("/out", 403, "a link that leaves the root"), ("/pipe", 403, "no plain file"), ("/grub", 403, "is a directory"),
    ("/", 403, "is a directory"), ("http://x", 403, "is a directory"), ("/boot.ipxe/", 403, "is a directory"),
    ("/boot.ipxe%00", 403, "no name of a file"), ("/%00", 403, "no name of a file"),
    ("/" + 70 * "x/", 403, "no name of a file"),
    ("/nothing", 404, "which is not there"), ("/%252e%252e/secret", 404, "which is not there"),
    ("/%zz", 404, "which is not there"), ("/%ff%fe", 404, "which is not there"), ("/" + 300 * "x", 404, "which is not there"),
    ("/ipxe.EFI", 404, "there is ipxe.efi"), ("/grub.cfg", 404, "there is grub/grub.cfg"),
    ("/boot.ipxe%0d%0aX:%20y", 404, r"\x0d\x0a"),
])
def test_what_is_not_given_says_why_to_the_administrator_alone(served: Served, target: str, status: int, words: str) -> None:
    answer = served.raw(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"secret" not in answer and b"root" not in answer and b"nobody" not in answer
    assert words in served.told(FAILED).trouble


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"])
def test_nothing_but_get_and_head(served: Served, method: str) -> None:
    request = f"{method} /boot.ipxe HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc"
    answer = served.raw(request.encode())
    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n") and b"\r\nAllow: GET, HEAD\r\n" in answer
    assert served.told(FAILED).trouble == f"wanted to {method} boot.ipxe; there are only GET and HEAD"
    assert (served.root / "boot.ipxe").read_bytes() == WORDS


def test_a_part_of_a_file(served: Served) -> None:
    """RFC 9110 section 14; one request for two parts gets all."""
    answer, content = served.get("/boot.ipxe", Range="bytes=7-11")
    assert (answer.status, content, answer.headers["Content-Range"]) == (206, b"shell", "bytes 7-11/13")
    answer, content = served.get("/boot.ipxe", Range="bytes=-6")
    assert (answer.status, content) == (206, b"shell\n")
    answer, content = served.get("/boot.ipxe", Range="bytes=13-")
    assert (answer.status, content, answer.headers["Content-Range"]) == (416, b"", "bytes */13")
    answer, content = served.get("/boot.ipxe", Range="bytes=0-0,3-4")
    assert (answer.status, content) == (200, WORDS)


def test_who_has_it_gets_no_more_than_that_word(served: Served) -> None:
    answer, _ = served.get("/boot.ipxe")
    for field, value in (("If_None_Match", answer.headers["ETag"]), ("If_Modified_Since", answer.headers["Last-Modified"])):
        again, content = served.get("/boot.ipxe", **{field: value})
        assert (again.status, content, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    assert served.get("/boot.ipxe", If_Match='"other"')[0].status == 412


def test_an_empty_file(served: Served) -> None:
    answer, content = served.get("/empty")
    assert (answer.status, content, answer.headers["Content-Length"]) == (200, b"", "0")
    assert served.told(FINISHED).size == 0


# --- versions of the protocol, and connections


def test_http_1_0_closes_unless_asked_to_stay(served: Served) -> None:
    """RFC 9112 section 9.3; a Host is not asked for."""
    answer = served.raw(b"GET /boot.ipxe HTTP/1.0\r\n\r\n")
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n") and answer.endswith(WORDS)
    with served.connect() as connection:
        for _ in range(2):
            connection.sendall(b"GET /boot.ipxe HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.read(), answer.headers["Connection"]) == (WORDS, "keep-alive")


@pytest.mark.parametrize("fields", ["", "Host: a\r\nHost: b\r\n"])
def test_http_1_1_needs_one_host(served: Served, fields: str) -> None:
    """RFC 9112 section 3.2."""
    answer = served.raw(f"GET /boot.ipxe HTTP/1.1\r\n{fields}Connection: close\r\n\r\n".encode())
    assert answer.split()[1] == b"400" and WORDS not in answer


def test_several_requests_on_one_connection(served: Served) -> None:
    connection = http.client.HTTPConnection(*served.address, timeout=PATIENCE)
    for target, expected in (("/boot.ipxe", WORDS), ("/nothing", b"404 Not Found\n"), ("/boot.ipxe", WORDS)):
        connection.request("GET", target)
        assert connection.getresponse().read() == expected
    connection.close()
    two = b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n\r\n" + b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    assert served.raw(two).count(WORDS) == 2


def test_who_says_no_more_still_gets_the_answer(served: Served, big: bytes) -> None:
    """A half-closed connection, as nc makes it."""
    with served.connect() as connection:
        connection.sendall(b"GET /big HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        assert all_of(connection).endswith(big[-1000:])
    assert served.told(FINISHED).sent == BIG


@pytest.mark.parametrize("program", [
    ["curl", "-sS", "-o", "-"], ["wget", "-q", "-O", "-"], ["wget", "-q", "-O", "-", "--no-http-keep-alive"],
    ["curl", "-sS", "--http1.0"], ["busybox", "wget", "-q", "-O", "-"],
], ids=" ".join)
def test_other_programs_get_the_file(served: Served, big: bytes, program: list[str]) -> None:
    if shutil.which(program[0]) is None:
        pytest.skip(f"{program[0]} is not installed")
    done = subprocess.run([*program, f"http://127.0.0.1:{served.port}/big"], capture_output=True, timeout=60, check=True)
    assert done.stdout == big


def test_curl_goes_on_where_it_stopped(served: Served, big: bytes, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    part = tmp_path / "part"
    part.write_bytes(big[:12345])
    subprocess.run(["curl", "-sS", "-C", "-", "-o", part, f"http://127.0.0.1:{served.port}/big"], timeout=60, check=True)
    assert part.read_bytes() == big


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126)) | st.lists(st.sampled_from(
    ["/", "..", "%2e", "%2f", "%5c", "\\", "%00", "secret", "x", "http://", "?", "#", "%", "%c0%ae", "out"])).map("".join))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=500)
def test_no_target_leads_out_of_the_root(root: Path, target: str) -> None:
    try:
        with Root(root).open(name_in(target), 0.0) as file:
            assert os.readlink(f"/proc/self/fd/{file.descriptor}").startswith(f"{root}/")
    except Refused as refused:
        assert str(refused).isprintable()


# --- while it is sent


@contextmanager
def begun(served: Served, target: str = "/big") -> Iterator[socket.socket]:
    """A connection by which a file is sent to somebody who has read only its beginning."""
    with served.connect(room=ROOM) as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        served.told(BEGUN)
        yield connection


def test_another_file_in_its_place_changes_nothing(served: Served, big: bytes) -> None:
    """Who replaces by mv may do so at any time: each client gets one of the two, whole."""
    with begun(served) as connection:
        (served.root / "new").write_bytes(b"new")
        os.replace(served.root / "new", served.root / "big")
        assert all_of(connection).endswith(big[-1000:])
    assert served.told(FINISHED).sent == BIG
    assert served.get("/big")[1] == b"new"


def test_a_file_that_is_removed_is_sent_to_its_end(served: Served, big: bytes) -> None:
    with begun(served) as connection:
        (served.root / "big").unlink()
        assert all_of(connection).endswith(big[-1000:])


@pytest.mark.parametrize(("change", "words"), [
    (lambda path: os.truncate(path, 100_000), ("it was written to while it was sent", "it became shorter while it was sent")),
    (lambda path: path.write_bytes(bytes(BIG)), ("it was written to while it was sent",)),
    (lambda path: path.open("ab").write(b"more"), ("it was written to while it was sent",)),
], ids=["truncated", "rewritten", "appended"])
def test_a_file_that_is_changed_is_not_sent_to_its_end(served: Served, big: bytes, change: Any, words: tuple[str, ...]) -> None:
    """The client must not take it for whole: fewer octets come than were promised."""
    with begun(served) as connection:
        change(served.root / "big")
        received = all_of(connection)
    assert len(received) < BIG
    report = served.told(FAILED)
    assert report.trouble.partition(";")[0] in words and "by mv" in report.trouble
    assert 0 < report.sent < BIG and report.size == BIG
    assert served.get("/boot.ipxe")[1] == WORDS


def test_a_client_that_goes_away_is_told(served: Served, big: bytes) -> None:
    with begun(served) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    report = served.told(FAILED)
    assert report.trouble == "the client broke it off" and 0 < report.sent < BIG


def test_a_client_that_says_no_more_and_goes_away_is_told_at_once(served: Served, root: Path) -> None:
    """What it does not take has left us by then: its reset is all that there is to be seen."""
    (root / "small").write_bytes(bytes(40_000))
    with served.connect(room=4096) as connection:
        connection.sendall(b"GET /small HTTP/1.0\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        served.told(BEGUN)
        time.sleep(0.2)
    report = served.told(FAILED)
    assert report.trouble == "the client broke it off" and report.sent < 40_000


def test_how_far_it_has_got_is_told(served: Served, big: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "TELL_EVERY", 0.01)
    with begun(served) as connection:
        for _ in range(20):
            connection.recv(1 << 20)
            time.sleep(0.005)
        report = served.told(SENDING)
        assert 0 < report.sent < BIG and report.size == BIG and report.seconds > 0
        assert all_of(connection).endswith(big[-1000:])
    served.told(FINISHED)


def test_a_client_that_stalls_is_dropped(served: Served, big: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending.Sending.__init__, "__defaults__", (0.3,))
    with begun(served) as connection:
        report = served.told(FAILED)
        assert len(all_of(connection)) < BIG
    assert "took next to nothing" in report.trouble and 0 < report.sent < BIG


def test_what_takes_too_long_is_ended(serve: Callable[..., Served], big: bytes) -> None:
    served = serve(seconds=0.3)
    with begun(served) as connection:
        assert served.told(FAILED).trouble.startswith("it took longer than")
        assert len(all_of(connection)) < BIG


def test_a_disk_by_http_is_one_boot(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for a thousand parts of a file is told once, with all that it got."""
    monkeypatch.setattr(account.Account.__init__, "__defaults__", (0.2,))
    served = Served(served.root)
    try:
        for first in range(0, 1000, 100):
            served.get("/ipxe.efi", Range=f"bytes={first}-{first + 99}")
        report = served.told(FINISHED)
        assert (report.size, report.sent, [one.what for one in served.reports]) == (1002, 1000, [BEGUN, FINISHED])
    finally:
        served.stop()


# --- many, and strangers


def test_hundred_at_once(served: Served, big: bytes) -> None:
    """From one address: what is beyond its share waits for its turn."""
    with ThreadPoolExecutor(100) as pool:
        contents = list(pool.map(lambda _: served.get("/ipxe.efi")[1], range(300)))
    assert set(contents) == {(served.root / "ipxe.efi").read_bytes()}
    with ThreadPoolExecutor(32) as pool:
        assert all(content == big for content in pool.map(lambda _: served.get("/big")[1], range(32)))


def test_who_is_beyond_his_share_waits(serve: Callable[..., Served], big: bytes) -> None:
    served = serve(of_client=1)
    with begun(served) as connection, served.connect() as second:
        second.sendall(b"GET /boot.ipxe HTTP/1.0\r\n\r\n")
        with served.connect("127.0.0.9") as other:
            other.sendall(b"GET /boot.ipxe HTTP/1.0\r\n\r\n")
            assert all_of(other).endswith(WORDS), "others do not wait for it"
        assert len(served.reports) == 3 and served.reports[1].address == "127.0.0.9"
        connection.close()
        assert all_of(second).endswith(WORDS)


def test_all_places_taken(serve: Callable[..., Served], big: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks for nothing gives way; else one waits; else one is turned away."""
    monkeypatch.setattr(connections, "MOST_WAITING", 1)
    served = serve(transfers=2)
    with served.connect("127.0.0.2") as idle, begun(served) as first, served.connect("127.0.0.3") as second:
        second.sendall(b"GET /big HTTP/1.0\r\n\r\n")
        served.told(BEGUN, number=2)
        assert all_of(idle) == b""
        with served.connect("127.0.0.4") as third, served.connect("127.0.0.5") as fourth:
            third.sendall(b"GET /boot.ipxe HTTP/1.0\r\n\r\n")
            assert all_of(fourth).startswith(b"HTTP/1.1 503 ")
            assert all_of(second).endswith(big[-1000:])
            assert all_of(third).endswith(WORDS)
        assert all_of(first).endswith(big[-1000:])


@pytest.mark.parametrize("request_", [
    b"", b"GET", b"GET /boot.ipxe HTTP/1.1\r\n", b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nX: ", b"\0" * 10,
])
def test_who_asks_nothing_is_dropped(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch, request_: bytes) -> None:
    monkeypatch.setattr(connections.Connections.__init__, "__defaults__", (0.3,))
    monkeypatch.setattr(connections, "LOOK", 0.1)
    served = serve()
    with served.connect() as connection:
        connection.sendall(request_)
        assert WORDS not in all_of(connection)


def test_a_byte_from_time_to_time_is_no_request(serve: Callable[..., Served], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections.Connections.__init__, "__defaults__", (0.5,))
    monkeypatch.setattr(connections, "LOOK", 0.1)
    served = serve()
    with served.connect() as connection, pytest.raises(OSError):
        connection.sendall(b"GET / HTTP/1.1\r\n")
        for _ in range(1000):
            connection.sendall(b"X")
            time.sleep(0.05)


@pytest.mark.parametrize("request_", [
    b"GET /" + 10_000 * b"x" + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nX: " + 10_000 * b"x" + b"\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"GET /boot.ipxe\r\n\r\n", b"GET /boot.ipxe HTTP/9.9\r\n\r\n",
    b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nno field\r\n\r\n", b"GET  /boot.ipxe  HTTP/1.1\r\nHost: x\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    b"GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"\r\n" * 100 + b"nonsense\r\n\r\n",
], ids=["target", "field", "tls", "0.9", "9.9", "no-field", "spaces", "2.0", "lengths", "chunks", "lines"])
def test_what_is_no_request_costs_only_itself(served: Served, request_: bytes) -> None:
    with served.connect() as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        all_of(connection)
    assert served.get("/boot.ipxe")[1] == WORDS


def test_requests_without_end_are_not_kept(served: Served, big: bytes) -> None:
    """What comes while an answer is under way stays with the client, or costs it the connection."""
    many, taken = 1000 * b"GET /big HTTP/1.1\r\nHost: x\r\n\r\n", 0
    with begun(served) as connection, pytest.raises(OSError):
        connection.settimeout(0.5)
        while taken < BIG:
            taken += connection.send(many)
    assert taken < BIG


def test_who_reads_nothing_costs_little(served: Served, big: bytes) -> None:
    """A thousand that stall would fill gigabytes of the system's memory, if it took from us whatever fits its buffers."""
    with begun(served):
        (connection,) = served._server._connections._open.values()
        descriptor = connection.transport.get_extra_info("socket").fileno()
        unsent = struct.unpack("i", fcntl.ioctl(descriptor, SIOCOUTQNSD, bytes(4)))[0]
        assert unsent < 2 * connections.MOST_UNSENT


def test_a_reload_changes_the_root(served: Served, tmp_path: Path, big: bytes) -> None:
    """What is under way goes on."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "boot.ipxe").write_bytes(b"other")
    with begun(served) as connection:
        served.configure(root=str(other))
        assert served.get("/boot.ipxe")[1] == b"other"
        assert all_of(connection).endswith(big[-1000:])


def test_no_descriptor_is_left(served: Served, big: bytes) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for target in ("/boot.ipxe", "/nothing", "/pipe", "/big") * 5:
        served.get(target)
    with begun(served):
        pass
    served.told(FAILED, "big")
    wait_until(lambda: len(os.listdir("/proc/self/fd")) == before, "descriptors are closed")

"""The status page of a real daemon: over IPv4 and IPv6, behind a proxy, under strangers, and to the end of either process."""

import asyncio
import http.client
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from lab import ROOT, SERVER, Daemon, Lab, Machine, need, wait_until
from messages import mac_of
from station import Station
from test_live_files import child_of, is_there

from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore

pytestmark = pytest.mark.namespaces
pytest.importorskip("aiohttp", reason="aiohttp is not installed")

PORT = 8067
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def shown(lab: Lab, client: Machine) -> Daemon:
    """A daemon with a status page on loopback and on the cable."""
    client.ip("addr add 10.77.0.2/16 brd + dev c0")
    return lab.daemon(status_port=PORT, status_address=["127.0.0.1", SERVER]).start()


@contextmanager
def connected(machine: Machine, address: str = "127.0.0.1") -> Iterator[http.client.HTTPConnection]:
    """A connection from a machine."""
    made = http.client.HTTPConnection(address, PORT, timeout=15)
    made.sock = machine.open(lambda: socket.create_connection((address, PORT), 15))
    with closing(made):
        yield made


def get(machine: Machine, target: str, address: str = "127.0.0.1", **fields: str) -> tuple[int, bytes]:
    """The status and the content of an answer."""
    with connected(machine, address) as connection:
        connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in fields.items()})
        answer = connection.getresponse()
        return answer.status, answer.read()


def rows(daemon: Daemon, target: str) -> list[dict[str, Any]]:
    """Those of an answer."""
    status, body = get(daemon.machine, target)
    assert status == 200, body
    found: list[dict[str, Any]] = json.loads(body)["rows"]
    return found


def prompted(daemon: Daemon, *words: str) -> list[dict[str, Any]]:
    """What the prompt shows in JSON."""
    return [json.loads(line) for line in daemon.ask(*words, "json").stdout.splitlines()]


@pytest.mark.sandbox
def test_what_the_prompt_shows_in_json_is_on_the_page(shown: Daemon, station: Station) -> None:
    station.lease(mac_of(7), (12, EVIL.encode()))
    for name in ("pools", "networks", "classes", "alarms", "boots", "configuration", "hosts"):
        assert rows(shown, f"/api/{name}") == prompted(shown, name), name
    wait_until(lambda: rows(shown, "/api/services") == prompted(shown, "services"),
               "the same services, of which one tells that its page is looked at", 30)
    told = prompted(shown, "leases")
    assert rows(shown, "/api/leases") == told and told[0]["name"] == EVIL
    told = prompted(shown, "history", told[0]["address"])
    assert rows(shown, f"/api/history/{told[0]['address']}") == told != []
    events = prompted(shown, "events")
    assert [{name: row[name] for name in row if name != "id"} for row in rows(shown, "/api/events")] == events[::-1]
    status, body = get(shown.machine, "/")
    assert status == 200 and b"<title>" in body


def test_it_warns_of_who_can_read(shown: Daemon, lab: Lab) -> None:
    shown.wait_for(f"the status page is at http://127.0.0.1:{PORT}/ and http://{SERVER}:{PORT}/")
    assert re.search(rf"conf:\d+: whoever reaches {SERVER} can read on the status page", shown.log())
    assert "whoever reaches" in shown.run("-check").stderr
    assert "whoever reaches" not in lab.daemon(status_port=PORT, status_address=["127.0.0.1", "::1"]).run("-check").stderr


@pytest.mark.sandbox
def test_it_is_there_over_ipv6_and_on_an_address_that_comes_later(lab: Lab, client: Machine) -> None:
    lab.server.run("sh", "-c", "for one in lo s0; do echo 0 > /proc/sys/net/ipv6/conf/$one/disable_ipv6; done")
    shown = lab.daemon(status_port=PORT, status_address=["::1", "2001:db8::67"]).start()
    status, body = get(shown.machine, "/api/networks", "::1", Host=f"[::1]:{PORT}")
    assert status == 200 and json.loads(body)["rows"]
    lab.server.ip("addr add 2001:db8::67/64 dev s0 nodad")
    assert wait_until(lambda: get(shown.machine, "/api/version", "2001:db8::67")[0], "the address") == 200
    with pytest.raises(OSError):
        get(shown.machine, "/", "127.0.0.1")


def test_a_reload_takes_other_names_and_tells_what_needs_a_restart(shown: Daemon) -> None:
    assert get(shown.machine, "/api/pools", Host="dhcp.lab.example")[0] == 421
    shown.write(status_hosts=["dhcp.lab.example"])
    shown.reload()
    assert get(shown.machine, "/api/pools", Host="dhcp.lab.example")[0] == 200
    shown.write(status_port=PORT + 1)
    assert re.search(r"status_port.*restart|restart.*status_port", shown.reload())
    assert get(shown.machine, "/api/pools")[0] == 200


def test_a_port_that_is_taken_is_told_at_the_start(shown: Daemon) -> None:
    with shown.machine.open(lambda: socket.create_server(("127.0.0.1", PORT + 1))):
        shown.stop()
        shown.write(status_port=PORT + 1)
        done = shown.run()
    assert done.returncode == 1
    assert f"the status page cannot listen on 127.0.0.1 port {PORT + 1}: Address already in use; name another" in done.stderr


@pytest.mark.sandbox
def test_a_child_that_is_killed_is_replaced_and_leases_go_on(shown: Daemon, station: Station) -> None:
    before = child_of(shown)
    os.kill(before, signal.SIGKILL)
    station.lease(mac_of(1))
    shown.wait_for("the file and page server ended by itself; it is started again in 1 s")
    wait_until(lambda: _answers(shown), "the page is there again")
    assert child_of(shown) != before
    (row,) = [one for one in rows(shown, "/api/services") if one["name"] == "the file and page server"]
    assert row["runs"] and row["failures"] == 1 and "before, it ended by itself" in row["state"]


def _answers(daemon: Daemon) -> bool:
    with suppress(OSError, http.client.HTTPException):
        return get(daemon.machine, "/api/pools")[0] == 200
    return False


def test_the_child_ends_with_a_daemon_that_is_killed(shown: Daemon) -> None:
    child = child_of(shown)
    shown.kill()
    wait_until(lambda: not is_there(child), "the child has ended")


def test_it_stops_at_once_with_streams_and_strangers_under_way(shown: Daemon) -> None:
    with connected(shown.machine) as stream, shown.machine.open(lambda: socket.create_connection(("127.0.0.1", PORT))) as half:
        stream.request("GET", "/api/events/stream")
        assert stream.getresponse().status == 200
        half.sendall(b"GET / HTTP/1.1\r\n")
        began = time.monotonic()
        assert shown.stop() == 0
        assert time.monotonic() - began < 3, "the prompt takes one by itself, on a busy machine"


def test_events_come_while_leases_are_given_and_after_the_daemon_was_started_anew(shown: Daemon, station: Station) -> None:
    with connected(shown.machine) as connection:
        connection.request("GET", "/api/events/stream")
        answer = connection.getresponse()
        assert [answer.readline() for _ in range(2)] == [b"retry: 3000\n", b"\n"]
        lease = station.lease(mac_of(3))
        name, data = answer.readline(), answer.readline()
        assert name.startswith(b"id: ") and json.loads(data.removeprefix(b"data: "))["hardware_address"] == mac_of(3).hex(":")
        assert lease is not None
    shown.stop()
    shown.start()
    with connected(shown.machine) as connection:
        connection.request("GET", "/api/events/stream", headers={"Last-Event-ID": name.removeprefix(b"id: ").decode().strip()})
        answer = connection.getresponse()
        assert [answer.readline() for _ in range(4)][2:] == [b"event: missed\n", b'data: {"count": null}\n']


def test_ten_thousand_connections_are_bounded_and_dhcp_goes_on(shown: Daemon, client: Machine, station: Station) -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (12_000, max(most[1], 12_000)))
    child = child_of(shown)
    wait_until(lambda: _answers(shown), "it has begun")
    before = _memory(child)
    held: list[socket.socket] = []
    try:
        client.open(lambda: [held.append(_opened(SERVER)) for _ in range(10_000)])
        wait_until(lambda: len(os.listdir(f"/proc/{child}/fd")) < 700, "those that are too many are turned away")
        assert _memory(child) - before < 40 << 20
        began = time.monotonic()
        station.lease(mac_of(5))
        assert time.monotonic() - began < 5
    finally:
        for one in held:
            one.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, most)
    assert re.search("status page: a connection of 10.77.0.2 is one too many: .*; close some browsers", shown.log())
    wait_until(lambda: _answers(shown), "the page is there for others", 60)


def _opened(address: str) -> socket.socket:
    made = socket.socket()
    made.setblocking(False)
    with suppress(BlockingIOError):
        made.connect((address, PORT))
    time.sleep(0.0002)
    return made


def _memory(pid: int) -> int:
    """Resident, in bytes (proc(5))."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_many_leases_are_gone_through_and_the_memory_stays(lab: Lab, client: Machine) -> None:
    shown = lab.daemon(status_port=PORT)
    shown.database.parent.mkdir()
    now, first, count = int(time.time()), 0x0A4D0100, 30_000
    store = SQLiteStore(shown.database)
    store.import_rows(Row(first + number, b"\1\1\2" + number.to_bytes(5, "big"), 1, b"\2" + number.to_bytes(5, "big"),
                          f"host-{number * 7919 % count}", now + 86400, now, BOUND) for number in range(count))
    store.close()
    shown.start()
    with connected(shown.machine) as connection:
        def found(query: str) -> Any:
            connection.request("GET", f"/api/leases?{query}")
            return json.loads(connection.getresponse().read())
        found("limit=500")
        child = child_of(shown)
        before = _memory(child), shown.memory()
        for sort in ("address", "name"):
            names, after = [], ""
            while after is not None:
                page = found(f"sort={sort}&limit=500&after={after}")
                names += [row["name"] for row in page["rows"]]
                after = page["next"]
            assert len(names) == len(set(names)) == count
        assert names == sorted(names)
        assert _memory(child) - before[0] < 16 << 20
        assert shown.memory() - before[1] < 16 << 20
    assert json.loads(get(shown.machine, "/api/leases/count?q=host-1")[1])["count"] == 11_111


def test_it_works_behind_a_proxy_with_a_prefix(shown: Daemon, station: Station) -> None:
    with proxied(shown.machine) as place:
        def ask(path: str) -> tuple[int, str, bytes]:
            with connection_to(shown.machine, place) as connection:
                connection.request("GET", f"/dhcp/{path}", headers={"Host": "dhcp.lab.example"})
                answer = connection.getresponse()
                return answer.status, answer.getheader("Content-Type") or "", answer.read()
        assert ask("")[0] == 421, "a proxy that passes on a name of its own needs status_hosts"
        shown.write(status_hosts=["dhcp.lab.example"])
        shown.reload()
        status, kind, body = ask("")
        assert status == 200 and kind.startswith("text/html")
        for name in re.findall(rb'(?:src|href)="([^"#]+)"', body):
            assert ask(name.decode())[0] == 200
        assert json.loads(ask("api/pools")[2])["rows"]
        with connection_to(shown.machine, place) as connection:
            connection.request("GET", "/dhcp/api/events/stream", headers={"Host": "dhcp.lab.example"})
            answer = connection.getresponse()
            assert answer.getheader("X-Accel-Buffering") == "no" and answer.readline() == b"retry: 3000\n"
            station.lease(mac_of(9))
            answer.readline()
            assert answer.readline().startswith(b"id: "), "at once, not when a buffer is full"


def connection_to(machine: Machine, port: int) -> Any:
    made = http.client.HTTPConnection("127.0.0.1", port, timeout=15)
    made.sock = machine.open(lambda: socket.create_connection(("127.0.0.1", port), 15))
    return closing(made)


@contextmanager
def proxied(machine: Machine) -> Iterator[int]:
    """A proxy on the machine, that has the page below /dhcp/ and passes the field Host on; its port."""
    from aiohttp import ClientSession, ClientTimeout, web

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        target = f"http://127.0.0.1:{PORT}/{request.raw_path.removeprefix('/dhcp/')}"
        async with ClientSession(timeout=ClientTimeout(total=None)) as session, session.get(
                target, headers={"Host": request.headers["Host"]}) as got:
            fields = {name: got.headers[name] for name in ("Content-Type", "X-Accel-Buffering") if name in got.headers}
            answer = web.StreamResponse(status=got.status, headers=fields)
            await answer.prepare(request)
            async for data in got.content.iter_any():
                await answer.write(data)
            return answer

    started: list[int] = []
    ended = threading.Event()

    def serve() -> None:
        async def run() -> None:
            runner = web.ServerRunner(web.Server(handle))
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            started.append(site._server.sockets[0].getsockname()[1])  # type: ignore[union-attr]
            await asyncio.get_running_loop().run_in_executor(None, ended.wait)
            await runner.cleanup()
        machine.open(lambda: asyncio.run(run()))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield wait_until(lambda: started, "the proxy")[0]
    finally:
        ended.set()
        thread.join(20)


def test_nginx_passes_it_on_as_the_manual_says(shown: Daemon, station: Station, lab: Lab) -> None:
    need("nginx")
    manual = (ROOT / "etc/man/pydhcpd-status.7").read_text()
    location = re.search(r"^location /dhcp/ {\n.*?^}", manual, re.M | re.S)
    assert location
    place = lab.directory / "nginx"
    place.mkdir()
    place.chmod(0o755)
    users, file = place / "users", place / "nginx.conf"
    users.write_text("boss:{PLAIN}secret\n")
    users.chmod(0o644)
    file.write_text(f"daemon off; pid {place}/pid; error_log {place}/error.log; events {{}}\n"
                    f"http {{ access_log off; server {{ listen 127.0.0.1:8080;\n"
                    f"{location[0].replace('/etc/nginx/dhcp.htpasswd', str(users))}\n}} }}\n")
    lab.keep(Closing(shown.machine.start("nginx", "-c", file, "-e", place / "error.log")))
    shown.write(status_hosts=["dhcp.lab.example"])
    shown.reload()
    wait_until(lambda: (place / "pid").exists(), "nginx")
    fields = {"Host": "dhcp.lab.example", "Authorization": f"Basic {b64encode(b'boss:secret').decode()}"}
    with connection_to(shown.machine, 8080) as connection:
        connection.request("GET", "/dhcp/api/pools", headers={"Host": "dhcp.lab.example"})
        answer = connection.getresponse()
        assert answer.status == 401 and answer.read()
        connection.request("GET", "/dhcp/api/pools", headers=fields)
        assert json.loads(connection.getresponse().read())["rows"]
        connection.request("GET", "/dhcp/api/events/stream", headers=fields)
        answer = connection.getresponse()
        assert [answer.readline() for _ in range(2)] == [b"retry: 3000\n", b"\n"]
        station.lease(mac_of(9))
        assert answer.readline().startswith(b"id: "), "at once, not when a buffer is full"


class Closing:
    """Ends a program."""

    def __init__(self, process: "subprocess.Popen[Any]") -> None:
        self._process = process

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def test_curl_gets_what_a_browser_gets(shown: Daemon) -> None:
    need("curl")
    done = shown.machine.run("curl", "-sS", "--compressed", "--fail", f"http://localhost:{PORT}/api/networks")
    assert json.loads(done.stdout)["rows"]
    done = shown.machine.run("curl", "-sS", "--max-time", "2", f"http://127.0.0.1:{PORT}/api/events/stream", check=False)
    assert done.stdout.startswith("retry: 3000\n\n")

"""What the status page answers, and what it does not."""

import http.client
import json
import re
import socket
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rig import ALICE, BOB, CAROL

from pydhcpd.control.pages import PageSession
from pydhcpd.errors import StoreError
from pydhcpd.events import event

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from page_rig import PATIENCE, START, Page, all_of, wait_until

from pydhcpd.services.page import happenings, questions, server
from pydhcpd.services.page.interface import LISTS
from pydhcpd.services.report import NOBODY

EVIL = "<script>alert(1)</script>"
LEASE = ["address", "hardware_address", "client_identifier", "name", "sent_name", "expires", "last_used", "state", "network",
         "relay"]


@pytest.fixture
def leased(bench):
    """Three clients with leases, one of whose names is meant to be run."""
    for client, name in ((ALICE, b"printer"), (BOB, EVIL.encode()), (CAROL, b"Boss")):
        bench.lease(client, options={12: name})
    return bench


# --- the interface


@pytest.mark.parametrize("name", sorted({*LISTS} - {"dns/zones"}))
def test_a_list_is_what_the_prompt_shows(page, name):
    answer = page.json(f"/api/{name}")
    assert set(answer) == {"time", "rows", "more"}
    assert abs(answer["time"] - time.time()) < 5 and answer["more"] is False


def test_pools_networks_and_leases(leased, page):
    (pool,) = page.rows("/api/pools")
    assert (pool["size"], pool["leased"], pool["free"]) == (10, 3, 7)
    (network,) = page.rows("/api/networks")
    assert network == {"network": "192.0.2.0/24", "shared_network": "", "where": "eth1", "pools": 1, "leased": 3, "free": 7}
    answer = page.json("/api/leases")
    assert [row["address"] for row in answer["rows"]] == ["192.0.2.10", "192.0.2.11", "192.0.2.12"]
    assert [list(row) for row in answer["rows"]] == [LEASE] * 3
    assert (answer["more"], answer["next"], answer["previous"]) == (False, None, None)
    assert page.json("/api/leases/count")["count"] == 3
    assert page.json("/api/version")["host"] == socket.gethostname()


@pytest.mark.parametrize(("query", "names"), [
    ("q=printer", ["printer"]), ("q=192.0.2.11", [EVIL]), ("q=02:00:00:00:00:0c", ["Boss"]), ("q=script+alert", [EVIL]),
    ("q=nobody", []), ("q=it's", []), ("q=%22", []), ("q=%5C", []), ("q=%27+json", []), ("q=", ["printer", EVIL, "Boss"]),
    ("sort=name", [EVIL, "Boss", "printer"]), ("sort=name&order=descending", ["printer", "Boss", EVIL]),
    ("sort=address&order=descending&limit=2", ["Boss", EVIL]), ("sort=hardware_address", ["printer", EVIL, "Boss"])])
def test_leases_can_be_searched_and_sorted(leased, page, query, names):
    assert [row["name"] for row in page.rows(f"/api/leases?{query}")] == names


def test_pages_are_turned_both_ways(leased, page):
    first = page.json("/api/leases?sort=name&limit=1")
    second = page.json(f"/api/leases?sort=name&limit=1&after={first['next']}")
    third = page.json(f"/api/leases?sort=name&limit=1&after={second['next']}")
    assert [one["rows"][0]["name"] for one in (first, second, third)] == [EVIL, "Boss", "printer"]
    assert (first["previous"], third["next"], third["more"]) == (None, None, False)
    back = page.json(f"/api/leases?sort=name&limit=1&after={third['previous']}")
    assert back["rows"] == second["rows"]


@pytest.mark.parametrize("query", [
    "sort=nothing", "order=sideways", "limit=0", "limit=501", "limit=x", "limit=1.5", "limit=-1", "after=x", "after=behind.1",
    "after=behind.x.y", "after=before.1.zz", "after=%00", "q=%00", "q=a+b+c+d+e+f+g+h+i", "q=%1b[2J", "sort=",
    "q=" + "x" * 2000, "&".join(f"a{number}=1" for number in range(50))])
def test_a_bad_parameter_is_told(leased, page, query):
    if query == "sort=":
        assert page.rows(f"/api/leases?{query}"), "what is empty is not given"
    else:
        assert page.json(f"/api/leases?{query}", 400)["error"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.dictionaries(st.sampled_from(["q", "sort", "order", "limit", "after", "before", "time"]), st.text(max_size=60)),
       st.sampled_from(["leases", "leases/count", "clients", "events", "clients/x", "history/x", "explain/x", "who/192.0.2.1"]))
def test_whatever_is_asked_for_is_answered(page, parameters, route):
    from urllib.parse import urlencode
    answer, body = page.ask(f"/api/{route}?{urlencode(parameters, errors='surrogatepass')}")
    assert answer.status in (200, 400), body
    assert json.loads(body)
    assert page.rows("/api/pools"), "and it goes on answering"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.binary(min_size=1, max_size=80))
def test_whatever_path_is_asked_for_is_answered(page, octets):
    from urllib.parse import quote
    answer, body = page.ask("/api/clients/" + quote(octets))
    assert answer.status in (200, 400, 404)
    assert json.loads(body)


def test_one_client_has_all_that_is_known_of_it(leased, page):
    found = page.json("/api/clients/02:00:00:00:00:0a")
    assert [row["address"] for row in found["leases"]["rows"]] == ["192.0.2.10"]
    assert [row["is_heard"] for row in found["clients"]["rows"]] == [True]
    assert found["explain"]["rows"][0]["about"] == "client" and not found["explain"]["error"]
    assert "history" in found["history"]["error"] and found["history"]["rows"] == []
    by_name = page.json("/api/clients/PRINTER")
    assert by_name["leases"] == found["leases"], "the same, whatever it is asked for by"
    assert page.json("/api/clients/print")["leases"]["rows"] == [], "a part of a name is nobody"


def test_of_nobody_it_is_told_that_there_is_none(page):
    found = page.json("/api/clients/nobody")
    assert found["leases"]["rows"] == found["clients"]["rows"] == []
    assert found["explain"]["error"]


def test_explain_says_what_would_be_elsewhere(leased, page):
    rows = page.rows("/api/explain/02:00:00:00:00:0a?vendor_class_identifier=PXEClient")
    assert any(row["about"] == "network" for row in rows)
    assert "nonsense" in page.json("/api/explain/02:00:00:00:00:0a?nonsense=1", 400)["error"]


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/leases/", "/api/clear/all", "/api/page", "/nothing",
                                  "/../server.py", "/%2e%2e/server.py", "/static/index.html", "/index.html/", "/script.js/x"])
def test_what_there_is_not(page, path):
    assert page.json(path, 404)["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "GEt"])
def test_there_are_only_get_and_head(page, method):
    answer, _body = page.ask("/api/pools", method)
    assert answer.status in (400, 405)
    assert answer.status == 400 or answer.getheader("Allow") == "GET, HEAD"


def test_head_is_get_without_its_content(leased, page):
    for path in ("/", "/api/leases", "/metrics"):
        got, _content = page.ask(path)
        head, nothing = page.ask(path, "HEAD")
        assert (head.status, nothing) == (200, b"")
        assert head.getheader("Content-Type") == got.getheader("Content-Type")
    answer, nothing = page.ask("/api/events/stream", "HEAD")
    assert (answer.status, nothing) == (200, b"")


def test_metrics_are_those_of_the_daemon(leased, page):
    pytest.importorskip("prometheus_client")
    answer, body = page.ask("/metrics")
    assert answer.status == 200 and answer.getheader("Content-Type").startswith("text/plain")
    assert re.search(rb"^pydhcpd_leases 3\.0$", body, re.M)


def test_the_manual_has_every_route(page):
    manual = (Path(__file__).resolve().parents[3] / "etc/man/pydhcpd-status.7").read_text()
    for name in (*page.server._interface.routes, "events/stream", *(f"{one}/" for one in page.server._interface.routes_about)):
        assert re.search(rf"api/{name}(?![a-z])", manual), name


# --- nothing can be changed


CHANGING = ["clear all", "clear 192.0.2.10", "release 192.0.2.10", "renew 192.0.2.10", "reserve 192.0.2.10",
            "unreserve 192.0.2.10", "reload", "alarms settle", "capture 02:00:00:00:00:0a x.pcapng", "capture stop all",
            "probe 192.0.2.10", "watch", "quit", "help", "ask hosts", "complete word 1", "dns sync", "dns sync lab.example"]


@pytest.mark.parametrize("line", CHANGING)
def test_what_changes_or_does_something_cannot_be_asked_for(leased, page, line):
    before = len(leased.told())
    with pytest.raises(questions.Refused):
        page.in_loop(page.server._questions.ask(*line.split()))
    assert len(leased.told()) == before and page.json("/api/leases/count")["count"] == 3


def test_every_command_is_known_to_show_or_to_change():
    others = set(PageSession.commands()) - PageSession.views
    doing = {"clear", "help", "probe", "quit", "release", "reload", "renew", "reserve", "unreserve", "watch"}
    assert others <= doing, "a new command that shows something belongs into views, and into the table of routes"


# --- a packet's text


def test_what_comes_from_a_packet_is_no_html_anywhere(leased, page):
    for path in ("/api/leases", "/api/hosts", "/api/events", "/api/clients", "/api/clients/02:00:00:00:00:0b",
                 f"/api/clients/{EVIL}".replace("<", "%3C").replace(">", "%3E")):
        answer, body = page.ask(path)
        assert answer.status == 200
        assert b"alert(1)" in body and b"\\u003cscript\\u003e" in body
        assert not re.search(rb"[<>&]", body), path


def test_errors_do_not_repeat_html(page):
    for target, fields in ((f"/api/leases?sort={EVIL}", {}), ("/api/pools", {"Host": EVIL}), (f"/{EVIL}", {})):
        answer, body = page.ask(target.replace("<", "%3C").replace(">", "%3E"), **fields)
        assert answer.status in (400, 404, 421) and not re.search(rb"[<>&]", body)


# --- the header


@pytest.mark.parametrize(("target", "status", "fields"), [
    ("/", 200, {}), ("/script.js", 200, {}), ("/api/leases", 200, {}), ("/nothing", 404, {}), ("/api/leases?limit=x", 400, {}),
    ("/metrics", 200, {}), ("/api/pools", 421, {"Host": "evil.example"}),
    ("/api/events/stream", 421, {"Host": "evil.example"})])
def test_every_answer_is_kept_from_other_uses(page, target, status, fields):
    answer, _ = page.ask(target, **fields)
    assert answer.status == status
    policy = dict(one.strip().split(" ", 1) for one in answer.getheader("Content-Security-Policy").split(";"))
    assert policy["default-src"] == "'none'" and policy["frame-ancestors"] == "'none'"
    assert {policy[one] for one in ("script-src", "style-src", "img-src", "connect-src")} == {"'self'"}
    assert "unsafe" not in str(policy) and "http" not in str(policy)
    assert answer.getheader("X-Content-Type-Options") == "nosniff"
    assert answer.getheader("Referrer-Policy") == "no-referrer"
    assert answer.getheader("Cache-Control") == ("no-cache" if target in ("/", "/script.js") else "no-store")
    assert answer.getheader("Access-Control-Allow-Origin") is None
    assert answer.getheader("Server") == "pydhcpd"


def test_a_file_is_not_sent_again_to_who_has_it(page):
    answer, body = page.ask("/")
    again, nothing = page.ask("/", If_None_Match=answer.getheader("ETag"))
    assert body and (again.status, nothing) == (304, b"")
    assert again.getheader("Content-Security-Policy")


def test_the_page_brings_all_that_it_needs(page):
    _, body = page.ask("/")
    for target in re.findall(rb'(?:src|href)="([^"#]+)"', body):
        assert not re.match(rb"/|[a-z]+:", target), "relative, for a proxy may have it elsewhere"
        answer, _ = page.ask("/" + target.decode())
        assert answer.status == 200
    assert not re.search(rb'\son[a-z]+=|\sstyle=|<style|<script(?![^>]*src)', body), "no inline script or style"


@pytest.mark.parametrize("octets", [
    f"GET /{EVIL} HTTP/9.9\r\nHost: localhost\r\n\r\n", f"GET / HTTP/1.1\r\nHost: localhost\r\n{EVIL}: <b>\r\n\r\n",
    "\x16\x03\x01<script>\r\n\r\n", f"GET / HTTP/1.1\r\nHost: localhost\r\nX: {EVIL * 1000}\r\n\r\n",
    "<b> <b> <b>\r\n\r\n", "GET http://[<b> HTTP/1.1\r\nHost: localhost\r\n\r\n"])
def test_what_is_no_request_gets_a_number_alone(page, octets):
    head, _, body = page.raw(octets.encode("latin-1")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 400") and body == b"400 Bad Request\n"
    assert b"nosniff" in head and b"default-src 'none'" in head and b"aiohttp" not in head


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60)
@given(st.lists(st.one_of(st.binary(max_size=30), st.sampled_from([
    b"GET /api/pools HTTP/1.1\r\n", b"Host: localhost\r\n", b"\r\n", b"HEAD / HTTP/1.0\r\n", b"Content-Length: 5\r\n"])),
    max_size=8))
def test_whatever_is_sent_the_page_goes_on(page, pieces):
    with page.connect() as connection:
        connection.sendall(b"".join(pieces))
        connection.shutdown(socket.SHUT_WR)
        all_of(connection)
    assert page.rows("/api/networks")


# --- the field Host


@pytest.mark.parametrize("host", [
    "127.0.0.1", "127.0.0.1:8067", "[::1]:8067", "[2001:db8::1]", "192.0.2.1:80", "localhost", "LOCALHOST:8067", "localhost.",
    "dhcp.lab.example", "DHCP.lab.example:443", "dhcp.lab.example.:8067", socket.gethostname(), f"{socket.gethostname()}:8067"])
def test_a_name_that_is_ours_is_answered(page, host):
    assert page.ask("/api/pools", Host=host)[0].status == 200


@pytest.mark.parametrize("host", [
    "evil.example", "evil.example:8067", "127.0.0.1.evil.example", "localhost.evil.example", "dhcp.lab.example.evil.example",
    "evil", "[::1", "::1]", "[evil]", "127.0.0.1:x", "localhost:80:80", "0x7f000001.evil.example", "127.0.0.1@evil.example", "",
    " ", "a" * 3000, "\u00e9.example"])
def test_a_name_of_somebody_else_is_not(page, host):
    octets = host.encode()
    for path in (b"/", b"/api/pools", b"/api/events/stream", b"/nothing"):
        found = page.raw(b"GET " + path + b" HTTP/1.1\r\nHost: " + octets + b"\r\nConnection: close\r\n\r\n")
        assert found.split(b" ", 2)[1] in (b"421", b"400"), found[:300]
    found = page.raw(b"GET /metrics HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n")
    assert found.startswith(b"HTTP/1.1 200"), "Prometheus calls it whatever it likes"


@pytest.mark.parametrize(("head", "status"), [
    ("GET / HTTP/1.1\r\n", 400), ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n", 400),
    ("GET / HTTP/1.0\r\n", 200), ("GET http://evil.example/api/pools HTTP/1.1\r\nHost: evil.example\r\n", 421)])
def test_there_is_one_host(page, head, status):
    assert page.raw(f"{head}Connection: close\r\n\r\n".encode()).split(b" ")[1] == str(status).encode()


# --- events


def publish(bench, *notes):
    bench.server.events.publish([event(bench.now, "leased", note=note) for note in notes])


def test_events_are_told_some_at_a_time_the_newest_first(bench, page):
    publish(bench, *map(str, range(7)))
    first = page.json("/api/events?limit=3")
    assert [(row["id"], row["note"]) for row in first["rows"]] == [(f"{START}.{n}", str(n)) for n in (6, 5, 4)]
    second = page.json(f"/api/events?limit=4&before={first['next']}")
    assert [row["note"] for row in second["rows"]] == ["3", "2", "1", "0"] and second["next"] is None
    assert page.json("/api/events?before=other.3", 400)["error"]


def test_events_come_as_they_happen(bench, page):
    publish(bench, "before")
    with page.stream() as stream:
        assert stream.answer.getheader("Content-Type") == "text/event-stream"
        assert stream.answer.getheader("X-Accel-Buffering") == "no"
        assert stream.block() == {"retry": "3000"}
        publish(bench, EVIL, "second")
        one, two = stream.block(), stream.block()
        assert (one["id"], json.loads(one["data"])["note"]) == (f"{START}.1", EVIL)
        assert "<" not in one["data"]
        assert json.loads(two["data"])["id"] == two["id"] == f"{START}.2"


@pytest.mark.parametrize("how", ["field", "parameter"])
def test_who_comes_again_misses_nothing(bench, page, how):
    publish(bench, *map(str, range(5)))
    target, fields = (("/api/events/stream", {"Last_Event_ID": f"{START}.1"}) if how == "field" else
                      (f"/api/events/stream?after={START}.1", {}))
    with page.stream(target, **fields) as stream:
        stream.block()
        assert [stream.block()["id"] for _ in range(3)] == [f"{START}.{n}" for n in (2, 3, 4)]
        publish(bench, "5")
        assert stream.block()["id"] == f"{START}.5"


def test_what_happens_while_it_is_asked_what_was_missed_comes_behind_it(bench, page, monkeypatch):
    before, seen = happenings.Happenings._ask, []

    async def ask(self, most, first=None, last=None):
        news = await before(self, most, first, last)
        if first == 1 and not seen:
            seen.append(first)
            publish(bench, "3", "4")
            self._tell(await before(self, "200", 3))
        return news
    publish(bench, "0", "1", "2")
    monkeypatch.setattr(happenings.Happenings, "_ask", ask)
    with page.stream(f"/api/events/stream?after={START}.0") as stream:
        stream.block()
        assert [stream.block()["id"] for _ in range(4)] == [f"{START}.{n}" for n in (1, 2, 3, 4)]


@pytest.mark.parametrize("after", ["other.1", f"{START}.99", f"{START}.", "x", f"{START}.-1", f"{START}.{'9' * 30}", "\u00b2"])
def test_what_is_not_known_to_have_been_missed_is_told(bench, page, after):
    from urllib.parse import quote
    publish(bench, "0", "1")
    with page.stream(f"/api/events/stream?after={quote(after)}") as stream:
        assert stream.block() == {"retry": "3000"}
        assert stream.block() == {"event": "missed", "data": '{"count": null}'}
        publish(bench, "2")
        assert stream.block()["id"] == f"{START}.2"


def test_of_a_flood_some_are_told_and_the_others_counted(bench, page):
    with page.stream() as stream:
        stream.block()
        publish(bench, *map(str, range(5000)))
        missed = stream.block()
        assert missed["event"] == "missed"
        count = json.loads(missed["data"])["count"]
        numbers = [int(stream.block()["id"].partition(".")[2]) for _ in range(happenings.MOST_AT_ONCE)]
        assert numbers == list(range(count, 5000))


def test_a_stream_shows_that_it_lives(page, monkeypatch):
    monkeypatch.setattr(server, "HEARTBEAT", 0.1)
    monkeypatch.setattr(happenings, "LOOK", 0.1)
    with page.stream() as stream:
        stream.block()
        assert stream.block() == {"": "still here"}


def test_who_has_gone_follows_no_more(page):
    streams = []
    for _ in range(5):
        connection = page.connect()
        connection.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert b"HTTP/1.1 200" in connection.recv(4096)
        streams.append(connection)
    assert len(page.server._happenings._followers) == 5
    for one in streams:
        one.close()
    wait_until(lambda: not page.server._happenings._followers, "all have left")
    wait_until(lambda: page.server._happenings._asking.done(), "and nobody asks any more")


def test_followers_are_bounded(page, monkeypatch):
    monkeypatch.setattr(happenings, "MOST_FOLLOWERS", 2)
    with page.stream() as first, page.stream() as second:
        first.block()
        second.block()
        answer, body = page.ask("/api/events/stream")
        assert answer.status == 503 and "browsers follow events already" in json.loads(body)["error"]


def test_who_does_not_read_is_dropped(bench, page, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE", 0.5)
    monkeypatch.setattr(happenings, "EVERY", 0.01)
    with page.connect(room=4096) as reader:
        reader.sendall(b"GET /api/events/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_until(lambda: page.server._happenings._followers, "it follows")
        deadline = time.monotonic() + PATIENCE
        while page.server._happenings._followers:
            assert time.monotonic() < deadline
            publish(bench, *["x" * 200] * 150)
            time.sleep(0.02)


# --- bounds


def test_how_it_fares_is_told_where_it_has_changed(page, monkeypatch):
    wait_until(lambda: page.told, "it is told")
    with page.stream() as stream:
        stream.block()
        wait_until(lambda: page.told[-1].words == "connections to the page: 1, of which follow events: 1", "who is there")
        before = len(page.told)
        time.sleep(server.TELL_EVERY * 1.5)
        assert len(page.told) == before, "no more than once"
    wait_until(lambda: page.told[-1] == NOBODY, "nobody is there")


def test_who_asks_at_once_for_the_same_shares_the_answer(bench, page, monkeypatch):
    asked = []
    before = questions._Line.answer

    async def answer(self, question):
        asked.append(question)
        return await before(self, question)
    monkeypatch.setattr(questions._Line, "answer", answer)
    for _ in range(20):
        page.rows("/api/pools")
    assert asked.count("pools") <= 2


def test_a_slow_question_keeps_nobody_from_a_quick_one(page, monkeypatch):
    before = questions._Line.answer

    async def answer(self, question):
        if question.startswith("page"):
            import asyncio
            await asyncio.sleep(1.0)
        return await before(self, question)
    monkeypatch.setattr(questions._Line, "answer", answer)
    connections = []
    for number in range(10):
        connection = http.client.HTTPConnection(*page.address, timeout=PATIENCE)
        connection.request("GET", f"/api/leases?q=x{number}")
        connections.append(connection)
    began = time.monotonic()
    page.rows("/api/networks")
    assert time.monotonic() - began < 0.5
    for one in connections:
        one.close()


def test_too_many_questions_are_refused_and_told(page, monkeypatch):
    monkeypatch.setattr(questions, "MOST_WAITING", 0)
    answer, body = page.ask("/api/pools")
    assert answer.status == 503 and answer.getheader("Retry-After") and "try again" in json.loads(body)["error"]


def test_a_daemon_that_does_not_answer_is_told(page, monkeypatch):
    monkeypatch.setattr(questions, "PATIENCE", 0.05)
    before = questions._Line.answer

    async def answer(self, question):
        import asyncio
        await asyncio.sleep(0.3)
        return await before(self, question)
    monkeypatch.setattr(questions._Line, "answer", answer)
    assert "does not answer in time" in page.json("/api/pools", 503)["error"]
    monkeypatch.setattr(questions, "PATIENCE", PATIENCE)
    assert page.rows("/api/networks"), "what was begun is read to its end, and does not mix with what comes next"


def test_what_goes_wrong_in_the_middle_of_an_answer_is_told(leased, page):
    before = page.sessions.sources.networks

    def networks():
        yield from before()
        raise StoreError("the disk is gone")
    page.sessions.sources.networks = networks
    assert page.json("/api/networks", 400)["error"] == "the disk is gone"


def test_a_daemon_that_has_ended_is_told(page):
    page.sessions.close()
    assert page.json("/api/pools", 503)["error"] == "pydhcpd has ended"


def test_it_ends_at_once_whatever_is_under_way(surroundings):
    page = Page(surroundings)
    with page.stream() as stream:
        stream.block()
        assert page.stop() < 0.5


def test_a_request_that_does_not_end_is_dropped(page):
    page.server._connections._idle = 0.3
    with page.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        began = time.monotonic()
        assert all_of(connection) == b""
        assert time.monotonic() - began < 5


@pytest.mark.parametrize("more", [b"X: " + b"a" * 5000, b"\r\n".join(b"X%d: a" % n for n in range(100)) + b"a" * 5000,
                                  b"X : a", b"\0: a"])
def test_a_header_is_bounded(page, more):
    found = page.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" + more + b"\r\n\r\n")
    assert found.startswith((b"HTTP/1.1 400", b"HTTP/1.0 400"))

"""The status page as a browser shows it, of a daemon that serves clients: every view, by mouse, keyboard and screen reader.

Pictures of all views are in the directory that PICTURES names, else in pytest's.
"""

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from browser import NARROW, SCHEMES, WIDE, Browser, browser_in, inside, proxied, reason_to_skip
from lab import SERVER, Daemon, Lab, Machine, finished_lab, wait_until
from messages import DECLINE, mac_of, mac_text, message, packed
from station import Station

from pydhcpd.addresses import address_text
from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore

pytest.importorskip("aiohttp", reason="aiohttp is not installed")
pytestmark = [pytest.mark.namespaces, pytest.mark.skipif(bool(reason_to_skip()), reason=reason_to_skip())]

PORT = 8080
BASE = f"http://127.0.0.1:{PORT}/"
SCRIPT, IMAGE = b"<script>document.title='taken'</script>", b"<img src=x onerror=document.title='taken'>"
VIEWS = {"": ("Overview", ".pools a"), "#/leases": ("Leases", ".leases td a"),
         "#/client/10.77.0.12": ("Client 10.77.0.12", ".history td"), "#/events": ("Events", ".events td"),
         "#/boots": ("Boots", ".boots td")}
"""The heading of each view, and what is there as soon as it is filled, by its place."""
NEWEST = "document.querySelector('.events tbody tr')?.innerText ?? ''"
COLOUR = "getComputedStyle(part).background"
CLASSES = 'classes = [client_class("hosts", match(host_name=PREFIX("host")), lease_limit=100)]\n'
LEASED, KEPT = 9, 500  # leases, and rows of events
LONG, HIDDEN = b"x" * 200, "turned\u202eround\u200b\udcff".encode(errors="surrogateescape")
SEEN = rb"turned\u202eround\u200b\xff"
FIRST, MANY = 0x0A410000, 1_000_000  # from 10.65.0.0
SECONDS = 30  # that a search may take, on a machine that is busy with other tests


class Scene(NamedTuple):
    """A daemon with clients, one of whose pools is nearly full, and a browser."""

    lab: Lab
    daemon: Daemon
    client: Machine
    station: Station
    browser: Browser


@pytest.fixture(scope="module")
def scene(namespaces: None) -> Iterator[Scene]:
    """One for all tests of this module: each begins by opening what it wants to see."""
    with finished_lab() as lab:
        client, station, daemon = peopled(lab)
        with browser_in(lab.server, lab.directory, BASE) as browser:
            yield Scene(lab, daemon, client, station, browser)


def peopled(lab: Lab) -> tuple[Machine, Station, Daemon]:
    """A daemon of which there is something to see in every view."""
    client = lab.client()
    station = lab.keep(Station(client))
    root = lab.directory / "daemon0" / "root"
    root.mkdir(mode=0o755, parents=True)
    daemon = lab.daemon(ip_ranges=["10.77.0.10 - 10.77.0.21"], router=SERVER, pool_alarm=50, status_port=PORT,
                        offer_hold_time=600, tftp_root=str(root))
    daemon.write(daemon.file.read_text() + CLASSES)
    daemon.start()
    names = [SCRIPT, IMAGE, *(b"host-%d" % number for number in range(LEASED - 4)), LONG, HIDDEN]
    addresses = [station.lease(mac_of(number), (12, name), (55, bytes((1, 3, 6, 51))), (60, b"examples")).yiaddr
                 for number, name in enumerate(names)]
    station.discover(mac_of(77), (12, b"undecided"))
    decline(station, mac_of(78))
    client.ip(f"addr add {addresses[0]}/16 brd + dev c0")
    client.run("curl", "-sS", f"tftp://{SERVER}/linux.efi", check=False)
    wait_until(lambda: "pool alarm" in daemon.ask("alarms", "json").stdout, "there is an alarm")
    return client, station, daemon


def decline(station: Station, mac: bytes) -> None:
    """Get an address, and say that somebody else has it."""
    options = (50, packed(station.lease(mac).yiaddr)), (54, packed(SERVER))
    station.send(message(DECLINE, mac, station.xid(), options=options), mac)


def open_filled(browser: Browser, place: str) -> None:
    """Open a view, and wait until there is something in it."""
    heading, filled = VIEWS[place]
    browser.open(place, heading)
    browser.wait_until(f"document.querySelector('{filled}') !== null", f"{heading} is filled")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures are put."""
    return Path(os.environ.get("PICTURES") or tmp_path_factory.mktemp("pictures"))


@pytest.mark.parametrize("place", VIEWS)
def test_every_view_can_be_read_by_everybody(scene: Scene, pictures: Path, place: str) -> None:
    """At both widths and in both schemes: no part of the page is beside the window, no rule of axe is broken (contrast, names,
    landmarks, order of headings), and the console is told of no error, nor of anything that the policy forbids."""
    browser = scene.browser
    browser.console()
    for width in (WIDE, NARROW):
        for scheme in SCHEMES:
            browser.size(width, scheme)
            open_filled(browser, place)
            assert browser.overflow() <= 0, (width, scheme)
            assert browser.console() == [], (width, scheme)
            assert browser.violations() == [], (width, scheme)
            browser.shoot(pictures / f"{VIEWS[place][0].split()[0].lower()}-{width}-{scheme}.png", width, scheme)
    browser.size(WIDE)
    title = f"(1 alarm) {VIEWS[place][0]} \N{EN DASH} pydhcpd on server"
    wait_until(lambda: browser.title() == title, f"the title of the window is {title}")


def test_the_overview_shows_what_is_wrong_and_how_full_the_pools_are(scene: Scene) -> None:
    browser = scene.browser
    open_filled(browser, "")
    assert "since" in browser.wait_for(".alarms li", "Pool alarm") and browser.text(".badge") == "1 alarm"
    browser.wait_for("[data-slot=services]", "the control socket")
    browser.wait_for("[data-slot=classes]", "hosts")
    browser.wait_for(".figures", "commits a second")
    browser.wait_for(".plain tbody", "commits of leases")
    cells = browser.texts(".pools tbody td")
    assert cells[0].startswith("10.77.0.10 - 10.77.0.21") and "on s0" in cells[0]
    assert cells[1:] == ["91 % nearly full", "9", "1", "1", "1", "0"]
    bar = browser.run("const bar = document.querySelector('.bar'); return ['aria-valuenow', 'aria-valuemax', 'aria-valuetext']"
                      ".map(name => bar.getAttribute(name)).concat([...bar.children].map(part => part.style.width))")
    assert bar[:3] == ["11", "12", "9 leased, 1 offered, 1 quarantined, 1 free"]
    assert [round(float(one.rstrip("%"))) for one in bar[3:]] == [75, 8, 8]
    assert browser.texts(".figures dd")[:2] == ["9", "1"], "leased, and free"
    assert browser.texts(".figures dt")[2:] == ["messages received a second", "messages sent a second", "commits a second"]
    assert browser.texts(".plain tbody th") == ["answers, from the message read to the answer sent",
                                                "commits of leases to the disk"]
    assert len(browser.texts(".plain tbody td")) == 6 and not any(" a second" in one for one in browser.texts(".counts dt"))


def test_a_name_of_a_host_is_text_whatever_it_is(scene: Scene) -> None:
    """In every view in which it is shown; nothing of it is made an element, and no script of it runs."""
    browser = scene.browser
    for place, name in (("#/leases", SCRIPT), ("#/leases", IMAGE), ("#/leases", SEEN), ("#/client/10.77.0.10", SCRIPT),
                        ("#/client/10.77.0.11", IMAGE), ("#/events", IMAGE), ("#/boots", SCRIPT)):
        browser.open(place, VIEWS[place][0] if place in VIEWS else "Client")
        browser.wait_for("main", name.decode())
        assert browser.run("return document.querySelectorAll('main script, main img').length") == 0
        assert "taken" not in browser.title()


def test_leases_are_searched_and_sorted_and_the_address_says_so(scene: Scene) -> None:
    browser = scene.browser
    open_filled(browser, "#/leases")
    assert len(browser.texts(".leases tbody tr")) == LEASED + 1 and browser.wait_for(".found", "10 leases")
    browser.type("#sought", "host-3")
    browser.wait_for(".found", "1 lease found")
    wait_until(lambda: browser.texts(".leases td.name") == ["host-3"], "that one is shown")
    assert browser.run("return location.hash") == "#/leases?q=host-3" and "Leases: host-3" in browser.title()
    browser.type("#sought", "nobody")
    assert "No lease has all of “nobody”" in browser.wait_for(".none", "nobody")
    browser.type("#sought", "host")
    browser.wait_for(".found", "5 leases found")
    browser.click(".leases th a", "name")
    browser.wait_until("document.querySelector('td.name')?.innerText === 'host-0'", "it is sorted by name")
    browser.click(".leases th a", "name")
    browser.wait_until("document.querySelector('td.name')?.innerText === 'host-4'", "it is sorted the other way round")
    assert browser.run("return document.querySelector('th[aria-sort]').ariaSort") == "descending"
    assert browser.focused().startswith("name"), "and the focus stays where it was"
    place = browser.run("return location.hash")
    browser.open(place, "Leases")
    browser.wait_until("document.querySelector('td.name')?.innerText === 'host-4'", "a link leads to the same")


def test_one_client_has_its_lease_its_history_and_what_it_would_get(scene: Scene) -> None:
    browser = scene.browser
    open_filled(browser, "#/leases")
    browser.click(".leases td a", "10.77.0.12")
    browser.wait_for("h1", "Client 10.77.0.12")
    assert browser.focused() == "Client 10.77.0.12", "who reads by ear is told that it is another view"
    facts = browser.wait_for(".facts", mac_text(mac_of(2)))
    assert "host-0" in facts and "bound" in facts and "1, 3, 6, 51" in facts and "examples" in facts
    assert "its present lease" in browser.wait_for(".explain", "router=10.77.0.1")
    assert "now" in browser.wait_for(".history tbody", mac_text(mac_of(2)))
    browser.type("#fields", "host_name=other vendor_class_identifier=PXEClient")
    browser.click("button", "Explain")
    assert "is not of hosts" in browser.wait_for(".explain", "here host_name is other")
    browser.type("#fields", "intrface=eth2")
    browser.click("button", "Explain")
    assert "interface" in browser.wait_for(".none", "intrface")
    browser.driver.back()
    browser.wait_for(".explain", "here host_name is other")
    browser.driver.back()
    browser.driver.back()
    browser.wait_for("h1", "Leases")
    browser.open("#/client/10.77.9.9", "Client 10.77.9.9")
    browser.wait_for(".none", "There is no lease of it now.")
    browser.wait_for(".none", "no lease is known by it")
    browser.wait_for(".none", "Nothing is known of it.")


def test_events_are_shown_as_they_come_and_can_be_held(scene: Scene) -> None:
    browser, station = scene.browser, scene.station
    open_filled(browser, "#/events")
    browser.wait_for(".found", "Events are shown as they come.")
    station.lease(mac_of(2), (12, b"host-0"))
    browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(2))}')", "the newest is on top")
    browser.click("button", "Pause")
    before = browser.texts(".events tbody tr")
    station.lease(mac_of(3), (12, b"host-1"))
    browser.wait_for(".found", "1 event is held back")
    assert browser.texts(".events tbody tr") == before
    browser.click("button", "Go on")
    browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(3))}')", "it goes on")
    browser.type("#words", "declined")
    wait_until(lambda: set(browser.texts(".events td.what")) == {"declined"}, "only those are shown")
    browser.type("#words", "nothing of this kind")
    browser.wait_for(".none", "None of the last events has all of these words.")


def test_boots_are_shown_with_what_became_of_them(scene: Scene) -> None:
    browser = scene.browser
    open_filled(browser, "#/boots")
    assert "linux.efi" in browser.text(".boots td.what") and "failed" in browser.text(".boots td.long")
    browser.type("#files", "sending")
    browser.wait_for(".none", "None has all of these words.")


def test_it_is_worked_by_keys_alone(scene: Scene) -> None:
    from selenium.webdriver.common.keys import Keys

    browser = scene.browser
    open_filled(browser, "")
    browser.press(Keys.TAB)
    assert browser.focused() == "Skip to the content"
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus can be seen"
    assert browser.run("return document.activeElement.getBoundingClientRect().top >= 0"), "and what has it"
    browser.press(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "main" and browser.run("return location.hash") == ""
    browser.press("/")
    browser.wait_for("h1", "Leases")
    assert browser.focused() == "sought"
    browser.press(*"host-1", Keys.ENTER)
    browser.wait_for(".found", "1 lease found")
    for _ in range(20):
        browser.press(Keys.TAB)
        if browser.focused().startswith("10.77"):
            break
    browser.press(Keys.ENTER)
    browser.wait_for("h1", "Client 10.77")
    browser.driver.back()
    browser.wait_for(".found", "1 lease found")
    assert browser.text(".leases td.name") == "host-1"


def test_nothing_foreign_is_asked_for(scene: Scene) -> None:
    browser = scene.browser
    browser.requests()
    for place in VIEWS:
        open_filled(browser, place)
    browser.wait_for(".badge", "1 alarm")
    asked = browser.requests()
    assert {one for one in asked if not one.startswith(BASE)} <= {"about:blank"}
    assert {one.removeprefix(BASE).partition("?")[0] for one in asked} >= {
        "", "style.css", "script.js", "icon.svg", "api/pools", "api/leases", "api/events/stream"}


def test_a_server_that_stops_is_told_and_so_is_that_it_is_back(scene: Scene) -> None:
    browser, daemon = scene.browser, scene.daemon
    open_filled(browser, "#/events")
    browser.wait_for(".found", "Events are shown as they come.")
    assert daemon.stop() == 0
    browser.wait_for(".link", "No answer")
    assert re.search(r"No answer from the server since \d\d:\d\d:\d\d", browser.text(".trouble"))
    browser.wait_for(".found", "Events do not come in now")
    assert browser.violations() == []
    assert browser.texts(".events td"), "what was there can still be read"
    daemon.start()
    browser.wait_for(".link", "Connected")
    browser.wait_for(".found", "Events are shown as they come.")
    assert browser.text(".trouble") == ""
    scene.station.lease(mac_of(4), (12, b"host-2"))
    browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(4))}')", "events come again")


def test_views_that_are_not_there_and_what_is_empty_is_told_in_words(scene: Scene) -> None:
    browser = scene.browser
    browser.open("#/nonsense", "There is no such view")
    browser.open("#/leases?after=nonsense", "Leases")
    browser.wait_for(".none", "begin with the first one")
    browser.open("#/leases?q=nobody", "Leases")
    browser.wait_for(".none", "No lease has all of")
    assert browser.violations() == []


def test_a_window_that_nobody_sees_leaves_the_connections_to_others(scene: Scene) -> None:
    """A browser has six to one server, and streams of events would take all of them."""
    browser = scene.browser
    open_filled(browser, "#/events")
    browser.wait_for(".found", "Events are shown as they come.")
    browser.run("Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
                "document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_for(".found", "Events do not come in now")
    scene.station.lease(mac_of(5), (12, b"host-3"))
    browser.run("Object.defineProperty(document, 'hidden', {value: false});"
                "document.dispatchEvent(new Event('visibilitychange'))")
    browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(5))}')", "what has happened meanwhile is shown")
    browser.wait_for(".found", "Events are shown as they come.")


def test_a_flood_of_events_leaves_the_page_as_it_is(scene: Scene) -> None:
    """So many rows are kept, and it can be worked with."""
    browser, station = scene.browser, scene.station
    open_filled(browser, "#/events")
    browser.wait_for(".found", "Events are shown as they come.")

    def rows() -> int:
        for number in range(99):
            station.lease(mac_of(number % 3), (12, b"flood"))
        return len(browser.texts(".events tbody tr"))

    wait_until(lambda: rows() >= KEPT, "so many have come", 2 * SECONDS)
    assert {rows() for _ in range(10)} == {KEPT}
    browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(2))}')", "the newest is on top")
    browser.type("#words", "declined")
    browser.wait_for(".none", "None of the last events has all of these words.")


def test_it_may_lie_below_a_path_of_a_proxy(scene: Scene) -> None:
    """For all of its addresses are relative."""
    browser = scene.browser
    browser.console()
    with inside(scene.lab.server), proxied("/dhcp/", PORT) as port:
        browser.driver.get(f"http://127.0.0.1:{port}/dhcp/#/events")
        browser.wait_for(".found", "Events are shown as they come.")
        scene.station.lease(mac_of(6), (12, b"host-4"))
        browser.wait_until(f"({NEWEST}).includes('{mac_text(mac_of(6))}')", "events come through it")
        browser.click("nav a", "Overview")
        browser.wait_for(".pools", "10.77.0.10")
        assert browser.console() == []


def test_on_paper_there_is_what_is_to_be_read(scene: Scene) -> None:
    browser = scene.browser
    open_filled(browser, "#/leases")
    browser.size(WIDE, media="print")
    assert browser.text("header nav") == "" and browser.text(".tools") == "" and "host-1" in browser.text(".leases")
    browser.size(WIDE)


@pytest.mark.parametrize("place", VIEWS)
def test_in_the_colours_of_who_reads_it_everything_is_there(scene: Scene, pictures: Path, place: str) -> None:
    """Forced colours (Windows' contrast themes): the parts of a bar differ still, and no rule of axe is broken."""
    browser = scene.browser
    for scheme in SCHEMES:
        browser.size(WIDE, scheme, forced_colors="active")
        open_filled(browser, place)
        assert browser.run("return matchMedia('(forced-colors: active)').matches")
        assert browser.violations() == [], scheme
        parts = browser.run(f"return [...document.querySelectorAll('.bar i')].map(part => {COLOUR})")
        ground = browser.run(f"return [...document.querySelectorAll('.bar')].map(part => {COLOUR})")
        assert len({*parts, *ground}) == len({*parts}) + len({*ground}), "no part looks like what is free"
        assert place or len({*parts}) == 3
        browser.shoot(pictures / f"{VIEWS[place][0].split()[0].lower()}-forced-{scheme}.png", WIDE, scheme,
                      forced_colors="active")
    browser.size(WIDE)


def test_a_million_leases_are_paged(namespaces: None) -> None:
    """A page at a time, to and fro, sorted and searched; what is found among all of them is there in seconds."""
    with finished_lab() as lab:
        lab.client()
        daemon = lab.daemon(subnets=None, status_port=PORT, network="10.64.0.0/10", ip_ranges=["10.65.0.0 - 10.100.255.255"])
        daemon.database.parent.mkdir()
        fill(daemon.database)
        lab.server.ip("addr add 10.64.0.1/10 dev s0")
        daemon.start()
        with browser_in(lab.server, lab.directory, BASE) as browser:
            browser.open("#/leases", "Leases")
            browser.wait_for(".found", f"{MANY:,} leases")
            browser.wait_for(".pager", "1 to 100")
            browser.click(".pager a", "Next")
            browser.wait_for(".pager", "101 to 200")
            assert browser.texts(".leases td.what")[0] == "10.65.0.100"
            browser.click(".pager a", "Next")
            browser.wait_for(".leases td.what", "10.65.0.200")
            browser.click(".pager a", "Previous")
            browser.wait_for(".leases td.what", "10.65.0.100")
            browser.driver.back()
            browser.wait_for(".leases td.what", "10.65.0.200")
            browser.click(".leases th a", "address")
            browser.wait_for(".leases td.what", address_text(FIRST + MANY - 1))
            began = time.monotonic()
            browser.type("#sought", "host-765432")
            browser.wait_for(".leases td.what", address_text(FIRST + 765_432))
            assert time.monotonic() - began < SECONDS
            browser.wait_for(".found", "1 lease found")
            assert browser.violations() == []


def fill(database: Path) -> None:
    """A database with so many leases that run."""
    now = int(time.time())
    store = SQLiteStore(database)
    store.import_rows(Row(FIRST + number, b"\1\1\2" + number.to_bytes(5, "big"), 1, b"\2" + number.to_bytes(5, "big"),
                          f"host-{number}", now + 86400, now, BOUND) for number in range(MANY))
    store.close()

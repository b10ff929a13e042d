"""What scripts are told: safe for every shell and terminal; in order for one address; and by names that the manual has."""

import gc
import json
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rig import ALICE, BOB, NETWORK, SERVER

from pydhcpd import happenings
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.events import Told, event
from pydhcpd.happenings import FIELDS, KINDS, Happening
from pydhcpd.policy.script import Script
from pydhcpd.services.happening import happening, is_for, kind_of
from pydhcpd.services.scripts.environment import CUT, LONGEST, environment, safe, variable
from pydhcpd.services.scripts.lane import Job, Lane
from pydhcpd.services.scripts.service import Scripts
from pydhcpd.services.service import Surroundings
from pydhcpd.wire.packet import DECLINE, OVERLOAD, RELEASE, Packet

PATH = "/etc/pydhcpd/on-lease"
WITH_SCRIPT = NETWORK + f"\nscripts = [script({PATH!r})]\n"
SAFE = re.compile(r"(?![.-])[A-Za-z0-9_.:@%-]*(%\.\.\.)?")
SHELL = """
echo "$PYDHCPD_HOSTNAME"; echo $PYDHCPD_HOSTNAME; eval "echo $PYDHCPD_HOSTNAME"; eval "echo \\"$PYDHCPD_HOSTNAME\\""
eval "echo '$PYDHCPD_HOSTNAME'"; sh -c "echo $PYDHCPD_HOSTNAME"; set -- $PYDHCPD_HOSTNAME; echo "$1"; cat <<EOF
$PYDHCPD_HOSTNAME
EOF
echo $(eval echo `echo $PYDHCPD_HOSTNAME`)
"""
LINES = SHELL.count("echo") - 3 + 1


# --- the environment


@given(st.text(min_size=1, max_size=60))
@example("; reboot")
@example("$(reboot)")
@example("`reboot`")
@example("\n\x1b[2J\x9b\u202e\x00")
@example("../../etc/passwd")
@example("-rf")
@example("* ? [a] {a,b} ~root !! ^x #x %s \\n ' \" & | < > ( )")
@example("PATH=/tmp")
@example("\udc80\udcff\ud800")
@settings(max_examples=60, deadline=None)
def test_no_shell_takes_a_value_for_more(text: str) -> None:
    """Row 94, hardening 8: unquoted, quoted, in eval, in a here document, as a word of another shell."""
    value = environment(Happening("bound", 0.0, hostname=text))["PYDHCPD_HOSTNAME"]
    assert SAFE.fullmatch(value), value
    for shell in ("sh", "bash"):
        done = subprocess.run([shell, "-c", SHELL], env={"PYDHCPD_HOSTNAME": value, "PATH": "/usr/bin:/bin"}, cwd="/",
                              capture_output=True, text=True, timeout=20, check=False)
        assert (done.stdout.splitlines(), done.stderr) == ([value] * 9, "")


@given(st.text(max_size=300), st.text(max_size=300))
@settings(deadline=None)
def test_two_texts_never_look_the_same(one: str, other: str) -> None:
    assert one == other or safe(one) != safe(other)


@given(st.text(max_size=2000))
@settings(deadline=None)
def test_what_is_long_is_cut_between_two_characters(text: str) -> None:
    found = safe(text)
    assert len(found) <= LONGEST and re.fullmatch(r"([^%]|%[0-9A-F]{2})*(%\.\.\.)?", found)
    assert found.endswith(CUT) or unquote_to_bytes(found) == text.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(("value", "written"), [
    ("printer", "printer"), ("a.b-c_d", "a.b-c_d"), ("-rf", "%2Drf"), ("..", "%2E."), ("a/b", "a%2Fb"), ("a,b", "a%2Cb"),
    ("a b", "a%20b"), ("ä", "%C3%A4"), ("~", "%7E"), (b"\1\2", "01:02"), (b"", ""), (True, "true"), (7, "7"), ([1, 3], "1,3"),
    (["a,b", "c"], "a%2Cb,c"), ([("10.0.0.0/8", "10.0.0.1")], "10.0.0.0%2F8/10.0.0.1"), (float("inf"), "never"), (1.9, "1")])
def test_values(value: object, written: str) -> None:
    assert environment(Happening("bound", 0.0, options={"option_224": value}))["PYDHCPD_OPTION_224"] == written


def test_nothing_is_inherited_but_path_and_language(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"PATH": "/bin", "LANG": "C", "LD_PRELOAD": "x", "PYTHONPATH": "x", "NOTIFY_SOCKET": "x"}.items():
        monkeypatch.setenv(name, value)
    assert environment(Happening("asked", 7.0)) == {"PATH": "/bin", "LANG": "C", "PYDHCPD_EVENT": "asked", "PYDHCPD_TIME": "7"}


# --- what is told


def told(bench, number=-1):
    """The happenings so far."""
    return [happening(one, lambda seconds: seconds, {}) for one in bench.server.events.since_yesterday(bench.now)][number]


def test_what_a_lease_was_before(bench) -> None:
    """bound, renewed, and bound to another client after it."""
    bench.serve(WITH_SCRIPT)
    address = bench.lease(ALICE, options={12: b"one"}).yiaddr
    first = told(bench)
    assert (first.kind, first.address, first.hostname, first.options["host_name"]) == ("bound", address, "one", "one")
    assert (first.old_address, first.old_mac, first.old_hostname, first.old_expires) == (None,) * 4
    bench.now += 60
    bench.say(bench.request(ALICE, ciaddr=address, options={12: b"two"}))
    again = told(bench)
    assert (again.kind, again.old_hostname, again.old_mac, again.hostname) == ("renewed", "one", ALICE.hex(":"), "two")
    assert again.old_expires == first.expires and again.expires == first.expires + 60
    bench.say((bench.message(RELEASE, ALICE, ciaddr=address, options={54: SERVER}), SERVER, address))
    assert told(bench).kind == "released"
    bench.say(bench.selecting(address, BOB))
    last = told(bench)
    assert (last.kind, last.mac, last.old_mac, last.old_hostname) == ("bound", BOB.hex(":"), ALICE.hex(":"), "two")


def test_a_client_that_moves_has_an_old_address(bench) -> None:
    bench.serve(WITH_SCRIPT)
    before = bench.lease(ALICE).yiaddr
    bench.serve(WITH_SCRIPT + f'hosts = [host(mac="{ALICE.hex(":")}", ip="192.0.2.77")]\n')
    assert bench.lease(ALICE).yiaddr == "192.0.2.77"
    assert (told(bench).kind, told(bench).old_address) == ("bound", before)


def test_what_a_declined_address_is_told_with(bench) -> None:
    bench.serve(WITH_SCRIPT)
    address = bench.lease(ALICE).yiaddr
    bench.say(bench.message(DECLINE, ALICE, options={50: address, 54: SERVER}))
    last = told(bench)
    assert (last.kind, last.address, last.options["requested_ip_address"]) == ("declined", address, address)


def test_who_has_no_script_pays_nothing(bench) -> None:
    """What came before is noted where something hears of it. Whoever keeps the events has plain tuples of plain values, which
    the garbage collector does not look at again."""
    for more in ("", "scripts = [script('/x')]\n", "def on_event(event):\n    pass\n"):
        bench.serve(NETWORK + more)
        bench.lease(ALICE)
        *_, last = bench.server.events.since_yesterday(bench.now)
        assert (Told._make(last).note_of_before is not None) is bool(more)
        for _ in range(2):  # the tuple within, and the tuple
            gc.collect()
        assert not gc.is_tracked(last)


def test_what_a_machine_is_told_with_that_boots_beside_another_server(bench) -> None:
    bench.serve(WITH_SCRIPT + "proxy_dhcp = True\nboot_file_name = 'x'\n")
    bench.say(bench.discover(ALICE, options={60: b"PXEClient", 93: b"\0\0"}))
    last = told(bench)
    assert (last.kind, last.mac, last.options["vendor_class_identifier"]) == ("told_what_to_boot", ALICE.hex(":"), "PXEClient")


def test_every_kind_of_event_has_a_name_that_stays() -> None:
    """Whatever the program publishes; a new kind needs a line in KINDS, and with it in the manual."""
    source = "\n".join(path.read_text() for path in Path(happenings.__file__).parent.rglob("*.py"))
    published = set(re.findall(r"\bevent\([^,()]+(?:\([^()]*\))?, \"([a-z ]+)\"", source))
    published |= set(re.findall(r"_tell\(request, \"([a-z ]+)\"", source))
    assert {"asked", "released", "in use", "refused"} <= published <= {kind.event for kind in KINDS}
    names = [kind.name for kind in KINDS]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"[a-z_]+", name) for name in names)
    assert {"bound", "renewed", "released", "expired", "declined", "alarm", "pool_alarm", "pool_alarm_over"} <= set(names)


def test_the_table_of_fields_is_that_of_what_is_told() -> None:
    assert [*(field.name for field in FIELDS), "options"] == list(Happening.__slots__)
    assert all(re.fullmatch("PYDHCPD_[A-Z_]+", variable(field.name)) for field in FIELDS)


@pytest.mark.parametrize(("kind", "on", "expected"), [
    ("bound", ["bound"], True), ("bound", ["renewed"], False), ("pool_alarm", ["alarm"], True),
    ("pool_alarm", ["pool_alarm"], True), ("pool_alarm_over", ["alarm"], False), ("pool_alarm_over", ["alarm_over"], True),
    ("pool_alarm", ["alarm_over"], False)])
def test_which_events_a_script_is_for(kind: str, on: list[str], expected: bool) -> None:
    assert is_for(kind, on) is expected


def test_what_counts_others_is_no_event_of_its_own() -> None:
    assert kind_of(event(0.0, "refused", name="12 more in the last minute", network="192.0.2.0/24")) == ""
    assert kind_of(event(0.0, "pool alarm", note="full")) == "pool_alarm"


@given(st.dictionaries(st.sampled_from(sorted({*range(1, 255)} - {OVERLOAD})), st.binary(max_size=80), max_size=8),
       st.text(max_size=20), st.binary(max_size=40))
@settings(deadline=None)
def test_whatever_a_client_sends_can_be_told(options: dict[int, bytes], name: str, relay: bytes) -> None:
    *told, _ = event(1.0, "leased", 7, b"\2\0", name, client=b"\1" + relay, ends=9, relay=b"\0\0\0\1" + relay)
    noted = *told, (Packet(options=options).encode(), False, 0, b"", b"", "", 0)
    variables = environment(happening(noted, lambda seconds: seconds, {}))
    told = {one: value for one, value in variables.items() if one.startswith("PYDHCPD_")}
    assert all(re.fullmatch(r"[A-Za-z0-9_.:@%,/-]*", value) for value in told.values()), told
    assert sum(one.startswith("PYDHCPD_OPTION_") for one in told) == len(options)


# --- in order


def job(lane: Lane, address: int, number: int = 0) -> Job:
    return Job(lane.script, event(number, "leased", address))


def test_one_at_a_time_for_an_address_in_order() -> None:
    lane = Lane(Script(Path(PATH)))
    for number in range(3):
        assert lane.put(job(lane, 7, number))
    assert lane.put(job(lane, 8, 9))
    first, other = lane.take(2), lane.take(2)
    assert (first, other, lane.take(2)) == (job(lane, 7, 0), job(lane, 8, 9), None)
    lane.end(job(lane, 7, 0))
    assert (lane.take(2), lane.take(2), lane.waiting) == (job(lane, 7, 1), None, 1)


def test_what_waits_and_what_runs_is_bounded() -> None:
    lane = Lane(Script(Path(PATH), queue=3))
    assert [lane.put(job(lane, number)) for number in range(5)] == [True] * 3 + [False] * 2
    assert lane.dropped == 2 and lane.take(2) and lane.take(2) and lane.take(2) is None
    assert lane.clear() == 1 and lane.take(2) is None and not lane.is_idle
    lane.end(job(lane, 0))
    lane.end(job(lane, 1))
    assert lane.is_idle


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=80))
@settings(deadline=None)
def test_nothing_is_lost_or_overtaken(steps: list[tuple[int, bool]]) -> None:
    lane, running, given_in, out = Lane(Script(Path(PATH), queue=1000)), [], [], []
    for number, (address, ends) in enumerate(steps):
        lane.put(job(lane, address, number))
        given_in.append((address, number))
        if ends and running:
            lane.end(running.pop())
        while (one := lane.take(2)) is not None:
            assert one.about not in [other.about for other in running]
            running.append(one)
            out.append((one.event[2], one.event[0]))
    while running:
        lane.end(running.pop())
        while (one := lane.take(2)) is not None:
            running.append(one)
            out.append((one.event[2], one.event[0]))
    assert sorted(out, key=lambda one: one[1]) == given_in
    for address in range(4):
        assert [one for one in out if one[0] == address] == [one for one in given_in if one[0] == address]


# --- beside the path


@pytest.mark.parametrize(("is_pressed", "begun"), [(False, [3, 4, 4]), (True, [1, 1, 2])])
def test_under_pressure_a_run_begins_with_a_round_alone(bench, tmp_path, monkeypatch, is_pressed, begun) -> None:
    """What may run begins at once, and at the end of another run, unless more comes than can be answered."""
    (tmp_path / "file").write_text(f"interface = 'eth1'\nscripts = [script({PATH!r}, on=['bound'], concurrency=3)]\n")
    configuration = DHCPServerConfiguration.load(tmp_path / "file")
    scripts = Scripts(Surroundings(bench.server, lambda: configuration, {}))
    scripts.reconfigure()
    sent, found = [], []
    monkeypatch.setattr(scripts, "_link", SimpleNamespace(send=sent.append))
    monkeypatch.setattr(bench.server, "is_pressed", lambda: is_pressed)
    bench.server.events.publish([event(0.0, "leased", address) for address in (1, 2, 3, 4)])
    scripts._read()
    found.append(len(sent))
    scripts._heard({"run": 1, "code": 0, "seconds": 0.0, "late": False, "left": 0, "unsaid": 0})
    found.append(len(sent))
    scripts._read()
    found.append(len(sent))
    assert found == begun


# --- the configuration


@pytest.mark.parametrize(("given", "words"), [
    ("script('on-lease')", "allowed is the whole path of a program, from / on"),
    ("script('/x', on=['bond'])", "'bond' is no kind of event; did you mean 'bound'?"),
    ("script('/x', on=[])", "allowed is a list of kinds of events"),
    ("script('/x', timeout=0)", "allowed is a number of seconds above 0, up to 3600"),
    ("script('/x', concurrency=1000)", "allowed is a whole number from 1 to 64"),
    ("script('/x', queue=True)", "allowed is a whole number from 1 to 100000"),
    ("script('/x', wait='yes')", "allowed is True or False"),
    ("script('/x', timout=3)", "timout is not known; did you mean timeout?"),
    ("script(path=None)", "has no path"),
])
def test_mistakes(tmp_path: Path, given: str, words: str) -> None:
    """Each with its place and the remedy."""
    file = tmp_path / "pydhcpd.conf"
    file.write_text(f"interface = 'eth1'\nscripts = [{given}]\n")
    with pytest.raises(ConfigurationError) as caught:
        DHCPServerConfiguration.load(file)
    assert any(one.startswith(f"{file}:2: ") and words in one for one in caught.value.problems), caught.value.problems


def test_the_event_of_python_has_what_json_would(bench) -> None:
    """on_event() sees values, as people write them."""
    bench.serve(NETWORK + "def on_event(event):\n    pass\n")
    bench.lease(ALICE, options={12: b"$(x)", 55: bytes([1, 3])})
    seen = told(bench)
    assert (seen.hostname, seen.options["parameter_request_list"]) == ("$(x)", [1, 3])
    assert json.dumps(seen.options, default=str)

"""`capture` at the prompt: what a client says and is told, in a file that tshark reads."""

import json
import subprocess

import pytest
from lab import Daemon, Lab, need, wait_until
from messages import mac_of, mac_text
from station import Station

pytestmark = pytest.mark.namespaces
MAC, OTHER = mac_of(1), mac_of(2)


def test_a_client_is_captured_both_ways(lab: Lab, daemon: Daemon, station: Station) -> None:
    need("tshark")
    assert daemon.ask("capture").stdout == "none\n"
    begun = daemon.ask("capture", mac_text(MAC), "a.pcapng", "20")
    path = daemon.database.parent / "captures" / "a.pcapng"
    assert begun.returncode == 0 and f"goes into {path} for 20s" in begun.stdout, begun
    address = station.lease(MAC).yiaddr
    station.lease(OTHER)

    def running() -> dict[str, object]:
        return json.loads(daemon.ask("capture", "json").stdout)

    wait_until(lambda: running()["messages"] == 4, "four messages are captured")
    assert running()["client"] == mac_text(MAC)
    words = ["tshark", "-r", str(path), "-T", "fields", "-e", "dhcp.option.dhcp", "-e", "dhcp.hw.mac_addr",
             "-e", "dhcp.ip.your"]
    lines = [line.split("\t") for line in subprocess.run(words, capture_output=True, text=True, timeout=60,
                                                         check=True).stdout.splitlines()]
    assert [line[0] for line in lines] == ["1", "2", "3", "5"]
    assert {line[1] for line in lines} == {mac_text(MAC)} and lines[3][2] == address
    assert f"asked: root: capture {mac_text(MAC)} a.pcapng 20" in daemon.prompt("events")


def test_one_is_stopped_early_and_its_file_is_whole(lab: Lab, daemon: Daemon, station: Station) -> None:
    directory = daemon.database.parent / "captures"
    for number, name in enumerate(("a", "b", "c", "d")):
        assert daemon.ask("capture", mac_text(mac_of(number + 1)), name, "3600").returncode == 0
    assert "wait until one has ended" in daemon.ask("capture", mac_text(MAC), "e").stdout
    station.lease(MAC)
    done = daemon.ask("capture", "stop", mac_text(MAC).upper().replace(":", "-"))
    size = (directory / "a").stat().st_size
    assert (done.returncode, done.stdout) == (0, f"{directory / 'a'}: {mac_text(MAC)}, ended with 4 messages, {size} bytes\n")
    station.lease(MAC)
    assert (directory / "a").stat().st_size == size
    assert "ended with 0 messages" in daemon.ask("capture", "stop", "b").stdout
    assert {one.split(":")[0] for one in daemon.ask("capture").stdout.splitlines()} == {str(directory / one) for one in "cd"}
    assert len(daemon.ask("capture", "stop", "all", "json").stdout.splitlines()) == 2
    assert daemon.ask("capture").stdout == "none\n"
    for words, told in ((["all"], "nothing is captured"), (["a"], "nothing is captured of a"), ([], "name the client")):
        done = daemon.ask("capture", "stop", *words)
        assert done.returncode == 1 and told in done.stdout, done
    assert "in full" in daemon.ask("captur", "stop", "a").stdout
    assert "allowed on the control socket alone" in daemon.prompt("capture stop all")
    assert daemon.log().count("with 4 messages: it was stopped") == 1
    assert f"asked: root: capture stop {mac_text(MAC).upper().replace(':', '-')}" in daemon.log()


def test_what_is_refused(lab: Lab, daemon: Daemon) -> None:
    for words in ("capture", f"capture {mac_text(MAC)} a"):
        assert "allowed on the control socket alone" in daemon.prompt(words)
    for words, told in (([mac_text(MAC)], "name a file"), ([mac_text(MAC), "../a"], "no path"),
                        (["x", "a"], "hardware address"), ([mac_text(MAC), "a", "soon"], "no number of seconds")):
        done = daemon.ask("capture", *words)
        assert done.returncode == 1 and told in done.stdout, done
    assert "in full" in daemon.ask("captur", mac_text(MAC), "a").stdout

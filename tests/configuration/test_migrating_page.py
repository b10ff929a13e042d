"""pydhcpd-migrating(7): what stands beside an older server's lines is what comes of them; its steps and names are ours."""

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from test_manual import ROOT
from test_manual import written as in_file

from pydhcpd.addresses import address_from
from pydhcpd.configuration.command_line import BARE_ACTIONS, FILE_ACTIONS, WORD_ACTIONS
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.migration.configurations.dnsmasq.conversion import convert_dnsmasq
from pydhcpd.migration.configurations.dnsmasq.machine import Machine
from pydhcpd.migration.configurations.draft import Draft
from pydhcpd.migration.configurations.isc.conversion import convert_isc
from pydhcpd.migration.configurations.kea import convert_kea
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.networkd.conversion import convert_networkd
from pydhcpd.migration.configurations.networkd.machine import NOTHING
from pydhcpd.migration.configurations.report import NONE, Report
from pydhcpd.migration.configurations.udhcpd import convert_udhcpd
from pydhcpd.settings import SETTINGS
from pydhcpd.wire.options import BY_NAME

PAGE = (ROOT / "etc/man/pydhcpd-migrating.7").read_text()
SECTIONS = dict(re.findall(r"^\.S[hs] (.*)\n([^\0]*?)(?=^\.S[hs] |\Z)", PAGE, flags=re.M))
ROW = re.compile(r"((?:^\.It Li .*\n)+)\.Bd -literal -compact\n([^\0]*?)^\.Ed$", flags=re.M)
LEASES = "1999999999 02:00:00:00:99:07 192.168.137.50 printer *\n"


def of_dnsmasq(text: str, report: Report) -> Draft:
    there = "dhcp-range=192.168.137.10,192.168.137.200,255.255.255.0,12h\n"
    return convert_dnsmasq("dnsmasq.conf", text if "dhcp-range=" in text else there + text, report,
                           Machine([(address_from("192.168.137.1"), address_from("255.255.255.0"))]))


def of_networkd(text: str, report: Report) -> Draft:
    lines = text.splitlines()
    address = [one for one in lines if one.startswith("Address=")] or ["Address=192.168.137.1/24"]
    rest = [one for one in lines if one not in address]
    return convert_networkd("x.network", "\n".join(["[Network]", *address, "[DHCPServer]", *rest]), report, NOTHING)


def of_dhcpd(text: str, report: Report) -> Draft:
    there = "subnet 10.1.0.0 netmask 255.255.0.0 { range 10.1.0.10 10.1.0.20; }\n"
    return convert_isc("dhcpd.conf", text if "subnet" in text else text + there, report, lambda name: Path(name).read_text())


def of_kea(text: str, report: Report) -> Draft:
    return convert_kea("kea-dhcp4.conf", f'{{ "Dhcp4": {{ {text} }} }}', report)


def of_udhcpd(text: str, report: Report) -> Draft:
    there = "start 192.168.137.10\nend 192.168.137.200\noption subnet 255.255.255.0\n"
    return convert_udhcpd("udhcpd.conf", text if "start" in text else there + text, report)


CONVERTED: dict[str, Callable[[str, Report], Draft]] = {
    "ISC DHCPD": of_dhcpd, "KEA": of_kea, "DNSMASQ": of_dnsmasq, "SYSTEMD-NETWORKD": of_networkd,
    "UDHCPD": of_udhcpd}
ROWS = [(name, "".join(line.removeprefix(".It Li ") for line in old.splitlines(keepends=True)).replace("\\(dq", '"'), new)
        for name in CONVERTED for old, new in ROW.findall(SECTIONS[f"COMING FROM {name}"])]


@pytest.mark.parametrize(("server", "old", "new"), ROWS, ids=lambda one: one.split("\n")[0])
def test_what_stands_below_a_line_is_what_comes_of_it(server: str, old: str, new: str) -> None:
    report = Report()
    made = " ".join(written(CONVERTED[server](old, report)).split())
    assert [line for line in new.splitlines() if line not in made] == [], made
    assert [str(one) for one in report.remarks if one.verdict == NONE] == []


@pytest.mark.parametrize(("server", "old", "new"), ROWS, ids=lambda one: one.split("\n")[0])
def test_what_comes_of_a_line_is_a_good_configuration(server: str, old: str, new: str, tmp_path: Path) -> None:
    text = written(CONVERTED[server](old, Report()))
    somewhere = {} if re.search(r"^(network|interface|subnets|shared_networks) = ", text, flags=re.M) else {"interface": "lo"}
    DHCPServerConfiguration.load(in_file(tmp_path, text), somewhere)


@pytest.mark.parametrize("name", ["DNSMASQ", "ISC DHCPD", "KEA"])
def test_there_are_twenty_that_people_look_for_first(name: str) -> None:
    assert len([server for server, _, _ in ROWS if server == name]) >= 20


def test_each_name_of_ours_is_one() -> None:
    named = {word for line in re.findall(r"^\.Va (.*)$", PAGE, flags=re.M) for word in line.split() if len(word) > 1}
    assert sorted(named - {one.name for one in SETTINGS} - set(BY_NAME)) == []
    options = set(re.findall(r"^\.Fl (\w+)", PAGE, flags=re.M)) | set(re.findall(r"^pydhcpd.* -(\w+)", PAGE, flags=re.M))
    assert sorted(options - {"import", *BARE_ACTIONS, *FILE_ACTIONS, *WORD_ACTIONS} - {one.name for one in SETTINGS}) == []


def commands() -> list[list[str]]:
    """What the page says to type that is ours and needs no network."""
    lines = re.findall(r"^pydhcpd (.*)$", PAGE, flags=re.M)
    return [shlex.split(line) for line in lines if not line.startswith(("-replay", "-rehearse"))]


def test_the_steps_in_their_order(tmp_path: Path) -> None:
    """In a directory of ours, the interface being lo."""
    old = {"/etc/dnsmasq.conf": "dhcp-range=192.168.137.10,192.168.137.200,255.255.255.0,12h\n",
           "/var/lib/misc/dnsmasq.leases": LEASES}
    for place, text in old.items():
        (tmp_path / place.rpartition("/")[2]).write_text(text)
    tmp_path.chmod(0o755)
    assert len(commands()) >= 6
    for words in commands():
        words = words[:words.index(">")] if ">" in words else words
        words = [f"{tmp_path}/{word.rpartition('/')[2]}" if "/" in word or "." in word else word for word in words]
        if "-import_config" not in words:
            words += ["-config_file", f"{tmp_path}/pydhcpd.conf", "-host_file", f"{tmp_path}/leases/leases.db"]
        done = subprocess.run([sys.executable, "-m", "pydhcpd", *words], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
    assert "192.168.137.50" in (tmp_path / "kea-leases4.csv").read_text()
    assert "lease 192.168.137.50 {" in (tmp_path / "dhcpd.leases").read_text()

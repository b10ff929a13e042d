"""Lines of udhcpd.conf: what each comes to in our file, and what is said of it; tests/system has udhcpd as the judge."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.report import NONE, TAKEN, Report
from pydhcpd.migration.configurations.udhcpd import convert_udhcpd

BASE = "start 192.0.2.10\nend 192.0.2.20\n"


def convert(text):
    """What is written, and the report."""
    report = Report()
    return written(convert_udhcpd("udhcpd.conf", text, report)), report


@pytest.mark.parametrize(("line", "there"), [
    ("interface\teth0", 'interface = "eth0"'), ("opt dns 192.0.2.1 192.0.2.2", '["192.0.2.1", "192.0.2.2"]'),
    ("opt dns 192.0.2.1\noption dns 192.0.2.2", '["192.0.2.1", "192.0.2.2"]'), ("opt lease 0x258", "= 10 * MINUTES"),
    ("opt lease 864000 # ten days", "# ten days\nip_address_lease_time = 10 * DAYS"),
    ("opt tzstr CET-1CEST", 'posix_timezone = "CET-1CEST"'), ("opt vlanid 100", r'option_132 = b"\x00d"'),
    ("opt vlanpriority 3", r'option_133 = b"\x03"'), ("opt pxeconffile pxe.cfg", 'configuration_file = "pxe.cfg"'),
    ("static_lease 00:60:08:11:CE:4E 192.0.2.54 printer", 'ip="192.0.2.54", hostname="printer")'),
    ('opt 14 "core file"', 'merit_dump_file = "core file"'), ("opt 8 c0000201", 'cookie_server = ["192.0.2.1"]'),
    ("offer_time 60", "offer_hold_time = 1 * MINUTES"), ("opt reboottime 30", "reboot_time = 30"),
    ("opt 0x96 0a4d0009", 'tftp_server_address = ["10.77.0.9"]'),
    ("static_lease 00:60:08:11:CE:4E  192.0.2.54", 'host(mac="00:60:08:11:ce:4e", ip="192.0.2.54")'),
    ("siaddr 192.0.2.9\nboot_file x", 'next_server = "192.0.2.9"'), ("Option domain lan", 'domain_name = "lan"')])
def test_what_a_line_comes_to(line, there, tmp_path):
    text, report = convert(BASE + line + "\n")
    assert there in text
    assert {one.verdict for one in report.remarks} == {TAKEN}
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    DHCPServerConfiguration.load(file)


@pytest.mark.parametrize(("line", "words"), [
    ("option", "option  is not known"), ("option dns", "has no value"), ("interface", "has no value"),
    ("siaddr boot", "names are not"), ("option subnet x", "IPv4 address"), ("option lease abc", "not a number"),
    ("static_lease zz 192.0.2.3", "hardware address"),
    ("static_lease 00:60:08:11:CE:4E", "IPv4 address"), ("foo", "not understood"), ("opt 14 10.0.0.1", "not hexadecimal"),
    ("opt sipsrv 0 x", "sip_servers"), ("opt message x", "itself"),
    ("opt 255 00", "is not known"), ("opt vlanpriority 300", "does not fit"),
    ("start", "has no value"), ("lease_file x", "host_file")])
def test_what_is_wrong_or_not_ours_is_told_and_costs_no_other(line, words):
    text, report = convert(BASE + line + "\n")
    assert [one.words for one in report.remarks if one.verdict == NONE and words in one.words]
    assert "192.0.2.10 - 192.0.2.20" in text


def test_a_range_without_an_end_goes_as_far_as_its_network():
    text, report = convert("start 192.0.2.10\n")
    assert "192.0.2.10 - 192.0.2.254" in text and any("where the range ends" in note for note in report.notes)


@pytest.mark.parametrize("text", ["start 192.0.2.20\nend 192.0.2.10\n", "start 192.0.2.20\nend 198.51.100.10\n"])
def test_a_range_that_is_none_is_refused(text):
    with pytest.raises(InvalidValue, match="ends before it begins"):
        convert(text)


WORDS = ("start ", "end ", "opt ", "option ", "dns ", "subnet ", "lease ", "static_lease ", "siaddr ", "192.0.2.9",
         "255.255.0.0", "00:60:08:11:CE:4E", " ", "\n", "#", "0x96 ", "vlanid ", "7")


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(WORDS) | st.text(max_size=9), max_size=14).map("".join))
def test_nothing_that_stands_in_the_file_does_harm(text):
    with suppress(InvalidValue):
        convert(BASE + text)

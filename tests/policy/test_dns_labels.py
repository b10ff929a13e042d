"""Row 65, row 94 and hardening 8: what a stranger calls itself, made a name that a DNS server and a file can hold."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.errors import InvalidValue
from pydhcpd.policy.dns.labels import host_name, is_name, label_of
from pydhcpd.policy.dns.naming import FIELDS, Naming, templates_of
from pydhcpd.policy.templates import Facts


@pytest.mark.parametrize(("sent", "label"), [
    ("pc1", "pc1"), ("PC-1", "pc-1"), ("a", "a"), ("7of9", "7of9"), ("xn--mnchen-3ya", "xn--mnchen-3ya"),
    ("my_pc", "my-pc"), ("Living Room TV", "living-room-tv"), ("Anna's iPhone", "annas-iphone"), ("Anna\u2019s", "annas"),
    ("-pc-", "pc"), ("a..b", "a-b"), ("a  $(reboot) b", "a-reboot-b"), ("*", ""), ("*.lab", "lab"), ("", ""), ("---", ""),
    ("m\xfcnchen", "xn--mnchen-3ya"), ("M\xdcNCHEN", "xn--mnchen-3ya"), ("J\xf6rgs PC", "xn--jrgs-pc-90a"),
    ("\u30c6\u30b9\u30c8", "xn--zckzah"), ("a\0b", "a-b"), ("a\nb\x1b[2J", "a-b-2j"), ("\\xff", "xff"), ("\u202egpj", "gpj"),
    ("x" * 63, "x" * 63), ("x" * 64, "x" * 63), ("x" * 62 + "--y", "x" * 62), ("\xe4" * 255, ""), (";drop", "drop"),
    ("@", ""), ("$ORIGIN", "origin"), ("a;b#c\"d", "a-b-c-d")])
def test_row_65_a_label_is_made_of_any_text(sent, label):
    assert label_of(sent) == label


@given(st.text())
def test_whatever_is_sent_it_is_a_label_or_none(text):
    label = label_of(text)
    assert label == "" or (is_name(label) and "." not in label)


@given(st.text(), st.sampled_from(["", "lab.example", "x"]))
def test_whatever_is_sent_it_is_a_name_or_none(text, domain):
    name = host_name(text, domain)
    assert name == "" or re.fullmatch(r"[a-z0-9.-]+", name)


@pytest.mark.parametrize(("sent", "name"), [
    ("pc1", "pc1"), ("pc1.", "pc1"), ("PC1.Lab.Example.", "pc1"), ("a.b.lab.example", "a.b"),
    ("a b.c_d.lab.example", "a-b.c-d"),
    ("pc1.corp.example", "pc1"), ("pc1.evil.com", "pc1"), ("www.google.com.lab.example", "www.google.com"),
    ("lab.example", "lab"), (".lab.example", ""), ("a..lab.example", ""), ("..", ""), (".", ""), ("", ""),
    ("localhost", ""), ("LOCALHOST.lab.example", ""), ("localhost.localdomain", ""), ("wpad", ""), ("isatap", ""),
    ("x.localhost.lab.example", ""),
    ("1234", ""), ("10.0.0.7", ""), ("0x7f", ""), ("1.lab.example", ""), ("7a", "7a")])
def test_of_a_client_only_its_host_counts_below_our_domain(sent, name):
    """And not what would be taken for an address, or for more than a host (US-CERT VU#598349)."""
    assert host_name(sent, "lab.example") == name


def facts(hostname):
    return Facts(bytes.fromhex("02000000000a"), 0xC0000207, hostname, b"", "", "192.0.2.0/24")


@pytest.mark.parametrize(("templates", "sent", "name"), [
    ("{hostname}", "PC 1", "pc-1.lab.example"), ("{hostname}", "", ""), ("dhcp-{ip}", "pc", "dhcp-192-0-2-7.lab.example"),
    (["{hostname}", "dhcp-{ip}"], "pc", "pc.lab.example"), (["{hostname}", "dhcp-{ip}"], "wpad", "dhcp-192-0-2-7.lab.example"),
    (["{hostname}", "H{mac}"], "", "h02-00-00-00-00-0a.lab.example"), ("{ip_hex}", "", "c0000207.lab.example"),
    ("{hostname}.{subnet}", "pc", "pc.192-0-2-0-24.lab.example"), ("{hostname}.dyn.example.", "pc", "pc.dyn.example"),
    ("{mac_hyphens}", "", "02-00-00-00-00-0a.lab.example"),
    ("dhcp-{hostname}", "x" * 63, ""), (["dhcp-{hostname}", "{ip}"], "x" * 63, "192-0-2-7.lab.example"), ([], "pc", "")])
def test_row_65_names_are_made_by_dns_name(templates, sent, name):
    assert Naming(templates_of(templates), "lab.example", "as_asked").name_for(facts(sent)) == name


def test_without_a_domain_there_is_no_name_but_a_complete_one():
    assert Naming(templates_of("{hostname}"), "", "as_asked").name_for(facts("pc")) == ""
    assert Naming(templates_of("{hostname}.lab.example."), "", "as_asked").name_for(facts("pc")) == "pc.lab.example"


@pytest.mark.parametrize(("given_name", "name"), [
    ("boss", "boss.lab.example"), ("Boss_1", "boss-1.lab.example"), ("boss.lab.example", "boss.lab.example"),
    ("www.other.example.", "www.other.example"), ("wpad", "wpad.lab.example")])
@pytest.mark.parametrize("templates", ["{hostname}", "dhcp-{ip}", ["dhcp-{ip}", "{hostname}"]])
def test_what_the_administrator_calls_a_host_is_its_name(given_name, name, templates):
    assert Naming(templates_of(templates), "lab.example", "as_asked").given_name_for(facts(given_name)) == name


def test_a_name_that_is_anothers_is_not_taken():
    naming = Naming(templates_of(["{hostname}", "dhcp-{ip}"]), "lab.example", "as_asked")
    assert naming.name_for(facts("Boss"), {"boss"}) == "dhcp-192-0-2-7.lab.example"


@pytest.mark.parametrize(("value", "words"), [
    ("{name}", "did you mean {hostname}?"), ("{uuid}", "allowed are {hostname}, "), ("a{ip", "stands alone"),
    (7, "is not text"),
    ("a b", "makes no name of a host"), ("-{ip}-", "makes no name"), ("", "makes no name"), ("{hostname}..x", "makes no name"),
    ("x" * 64, "makes no name"), (["{hostname}", "_{ip}"], "makes no name")])
def test_what_is_no_template_is_told_with_what_is(value, words):
    with pytest.raises(InvalidValue) as error:
        templates_of(value)
    assert words in str(error.value)


def test_what_may_stand_in_braces_follows_from_a_lease():
    assert sorted(FIELDS) == ["hostname", "ip", "ip_hex", "mac", "mac_hyphens", "subnet"]

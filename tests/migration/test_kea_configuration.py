"""kea-dhcp4.conf: its JSON, its tests of classes, its scopes, and what is told of what; tests/system has Kea as the judge."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.action import KINDS, import_configuration
from pydhcpd.migration.configurations.kea import convert_kea
from pydhcpd.migration.configurations.kea.expressions import parse
from pydhcpd.migration.configurations.kea.reader import read
from pydhcpd.migration.configurations.kea.scopes import plain
from pydhcpd.migration.configurations.kea.values import octets_of, words_of
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.report import DIFFERS, NONE, Report

SUBNET = '"subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.10 - 192.0.2.99" } ] } ]'


def made(text, name="kea.conf"):
    """What a Dhcp4 becomes, and the report."""
    report = Report()
    return written(convert_kea(name, f'{{ "Dhcp4": {{ {text} }} }}', report)), report


def words_about(report, shown):
    """What was said of the members that begin so."""
    return [(one.verdict, one.words) for one in report.remarks if one.text.startswith(shown)]


# --- JSON

JSON = [
    ('{"a": 1, "b": [true, false, null, "x"]}', {"a": 1, "b": [True, False, None, "x"]}),
    ("# one\n{ // two\n /* three */ \"a\" /* four */ : -1.5 }", {"a": -1.5}),
    ('{"a": [1, 2, ], }', {"a": [1, 2]}),
    (r'{"a": "\"\\\/é"}', {"a": '"\\/é'}),
    ('{"a": "# // /* no comment"}', {"a": "# // /* no comment"}),
    ("[]", []), ('"text"', "text")]


@pytest.mark.parametrize(("text", "value"), JSON)
def test_json_is_read_with_comments_of_all_kinds_and_commas_at_the_end(text, value):
    assert plain(read("f", text).root) == value


BAD_JSON = [
    ('{\n"a": 1\n"b": 2}', "f:3: found \"b\"; expected is a comma or }"), ('{"a"\n: }', "f:2: found }; expected is a value"),
    ('{"a": 1', "f:1: found the end of the file; expected is a comma or }"), ("{a: 1}", "f:1: found a; expected is a member"),
    ("{}\n{}", "f:2: found {; expected is the end of the file"), ('{"a": "b\n"}', "f:1: this text has no end in its line"),
    ("{\n/* so", "f:2: this comment has no end; expected is */"),
    ('{"a": "!\\q"}', 'f:1: "!\\\\q" has a \\ that JSON does not'),
    ('{"a": yes}', "f:1: found yes; expected is a value"), ("[1 2]", "f:1: found 2; expected is a comma or ]"),
    ('{"a" 1}', "f:1: found 1; expected is a colon"), ("{'a': 1}", "f:1: 'a': is not JSON"),
    ("[" * 100, "f:1: nested too deeply"), ('<?include "/nowhere/x"?>', "f:1: /nowhere/x cannot be read: No such file")]


@pytest.mark.parametrize(("text", "words"), BAD_JSON)
def test_bad_json_is_told_by_its_place_and_what_was_expected(text, words):
    with pytest.raises(InvalidValue) as caught:
        read("f", text)
    assert str(caught.value).startswith(words)


PIECES = ['{', '}', '[', ']', ',', ':', '"a"', '"Dhcp4"', '1', '-2.5e3', 'true', 'null', '#x\n', '// y\n', '/* z */',
          '<?include "x"?>', '"', '\\', '\n', ' ', '\0', '\udcff']


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join) | st.text(max_size=60))
def test_the_reader_reads_or_refuses_whatever_it_is_given(text):
    with suppress(InvalidValue):
        read("/nowhere/f", text)


def test_each_member_has_its_place_and_the_comments_above_and_beside_it():
    root = read("f", '{\n# above\n# it\n"a": 1, // beside\n"b": {"c": 2} }').root
    assert (root.members["a"].line, root.members["a"].comments) == (4, ["above", "it", "beside"])
    assert (root.members["b"].members["c"].line, root.members["b"].comments) == (5, [])


def test_includes_are_relative_to_the_file_and_may_not_go_round(tmp_path):
    (tmp_path / "parts").mkdir()
    main, hosts = tmp_path / "kea.conf", tmp_path / "parts" / "hosts.json"
    hosts.write_text('[\n{"hw-address": "02:00:00:00:00:01"} ]')
    text = '{ "reservations":\n<?include "parts/hosts.json"?>, "b": 1 }'
    root = read(str(main), text).root
    inner = root.members["reservations"].items[0]
    assert (inner.file, inner.line, root.members["b"].line) == (str(hosts), 2, 2)
    hosts.write_text('<?include "hosts.json"?>')
    with pytest.raises(InvalidValue, match=r"hosts\.json:1: hosts\.json includes itself"):
        read(str(main), text)


# --- tests of classes

CONDITIONS = [
    ("option[60].hex == 'PXEClient'", 'match(vendor_class_identifier="PXEClient")'),
    ("'PXEClient' == option[vendor-class-identifier].text", 'match(vendor_class_identifier="PXEClient")'),
    ("substring(option[60].hex,0,9) == 'PXEClient'", 'match(vendor_class_identifier=PREFIX("PXEClient"))'),
    ("substring(option[60].hex,-3,all) == 'ent'", 'match(vendor_class_identifier=SUFFIX("ent"))'),
    ("substring(option[60].hex,0,3) == 'PXEClient'", "lambda request: (request.option_60 or b\"\")[:3] == b\"PXEClient\""),
    ("option[93].hex == 0x0007", "match(client_system_architecture=7)"),
    ("option[61].hex == 0x01aabb", 'match(client_id=b"\\x01\\xaa\\xbb")'),
    ("option[12].exists", "match(host_name=ALL)"), ("not option[12].exists", "~match(host_name=ALL)"),
    ("relay4[1].hex == 'x'", 'match(circuit_id=b"x")'), ("relay4[151].exists", "match(relay_suboption_151=ALL)"),
    ("pkt4.mac == 0x020000000001", 'match(mac="02:00:00:00:00:01")'),
    ("substring(pkt4.mac,0,3) == 0x020000", 'match(mac=PREFIX("02:00:00"))'),
    ("pkt4.giaddr == 10.0.0.1", 'match(giaddr="10.0.0.1")'), ("pkt4.giaddr == 0.0.0.0", "match(giaddr=None)"),
    ("pkt.iface == 'eth0'", 'match(interface="eth0")'), ("pkt4.msgtype == 1", 'match(message_type="DISCOVER")'),
    ("pkt4.htype == 1", "match(htype=1)"), ("member('KNOWN')", "match(known=True)"),
    ("member('UNKNOWN') and option[12].exists", "match(known=False) & match(host_name=ALL)"),
    ("member('VENDOR_CLASS_MSFT 5.0')", 'match(vendor_class_identifier="MSFT 5.0")'),
    ("option[12].exists or option[60].exists and option[61].exists",
     "match(host_name=ALL) | (match(vendor_class_identifier=ALL) & match(client_id=ALL))"),
    ("option[12].hex == ''", 'lambda request: (request.option_12 or b"") == b""'),
    ("hexstring(pkt4.mac, ':') == '02:00'",
     'lambda request: bytes.fromhex((request.mac or "").replace(":", "")).hex(":").encode() == b"02:00"'),
    ("vendor[4491].exists", 'lambda request: (request.option_125 or b"")[:4] == b\'\\x00\\x00\\x11\\x8b\''),
]


@pytest.mark.parametrize(("test", "condition"), CONDITIONS)
def test_a_test_becomes_the_condition_that_says_the_same(test, condition, tmp_path):
    text, _ = made(f'"client-classes": [ {{ "name": "one", "test": "{test}" }} ], {SUBNET}')
    assert condition in " ".join(text.split())
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    DHCPServerConfiguration.load(file)


BAD_TESTS = [
    ("option[60].hex ==", "where a value is expected"), ("option[60].hex", "where a condition is expected"),
    ("(option[60].exists", "where ')' is expected"), ("foo(1) == 2", "foo, which is not known"),
    ("option[60].exists and", "where a value is expected"), ("option[nope].exists", "'nope' is not defined"),
    ("pkt4.siaddr == 10.0.0.1", "no field of a request here"), ("option[93].text == '7'", "what Kea makes of octets"),
    ("match('a.*', option[60].text)", "write match(FIELD=REGEX('...'))"), ("~ x", "is not known")]


@pytest.mark.parametrize(("test", "words"), BAD_TESTS)
def test_what_cannot_be_said_leaves_a_class_that_nobody_is_of_and_is_told(test, words):
    text, report = made(f'"client-classes": [ {{ "name": "one", "test": "{test}" }} ], {SUBNET}')
    assert 'client_class("one")' in text
    assert [verdict for verdict, said in words_about(report, '"test"') if words in said] == [NONE]


WORDS = ["option", "[", "60", "]", ".", "hex", "text", "exists", "==", "'a'", "0x1", "(", ")", "not", "and", "or", "member",
         ",", "substring", "all", "-1", "10.0.0.1", "pkt4", "mac", "vendor", "*", "+", "relay4", "ifelse", "concat",
         "enterprise"]


@given(st.lists(st.sampled_from(WORDS), max_size=15).map(" ".join) | st.text(max_size=40))
def test_a_test_is_read_or_refused_whatever_it_is(text):
    with suppress(InvalidValue):
        parse(text)


# --- values

@pytest.mark.parametrize(("data", "words"), [("a, b", ["a", "b"]), ("a\\, b", ["a, b"]), ("", []), ("x", ["x"])])
def test_values_are_words_between_commas(data, words):
    assert words_of(data) == words


@pytest.mark.parametrize(("data", "octets"), [
    ("0A:0B", b"\n\x0b"), ("0x0a0b", b"\n\x0b"), ("a:b", b"\n\x0b"), ("0a 0b", b"\n\x0b"), ("abc", b"\n\xbc"),
    ("'text'", b"text")])
def test_octets_are_read_in_all_of_keas_forms(data, octets):
    assert octets_of(data) == octets


# --- scopes, and what is told

def test_an_inherited_value_stands_where_it_stood():
    text, report = made("""
        "valid-lifetime": 4000, "shared-networks": [ { "name": "hall", "valid-lifetime": 600, "subnet4": [
            { "subnet": "192.0.2.0/24", "next-server": "192.0.2.9", "pools": [ { "pool": "192.0.2.0/25",
              "option-data": [ { "name": "routers", "data": "192.0.2.1", "always-send": true } ] } ] } ] } ]""")
    assert "ip_address_lease_time = 4000\nminimum_lease_time = 4000" in text
    assert "ip_address_lease_time=10 * MINUTES" in text
    assert 'pool("192.0.2.0/25", router="192.0.2.1",' in text
    assert not [one for one in report.remarks if one.verdict != "taken over"]


def of(inner):
    """A subnet with these members."""
    return '"subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.10 - 192.0.2.99" } ], ' + inner + " } ]"


BY_POOL = """
    "client-classes": [ { "name": "a", "test": "option[12].exists", "only-if-required": true, "next-server": "192.0.2.9" } ],
    "subnet4": [ { "subnet": "192.0.2.0/24", "pools": [
        { "pool": "192.0.2.0/25", "require-client-classes": [ "a" ] }, { "pool": "192.0.2.128/25" } ] } ]"""
SAID = [
    ('"valid-lifetime": 600, "min-valid-lifetime": 300, "max-valid-lifetime": 900, ' + of('"valid-lifetime": 800'),
     "ip_address_lease_time=800, minimum_lease_time=5 * MINUTES, maximum_lease_time=15 * MINUTES"),
    ('"calculate-tee-times": true, "t1-percent": 0.4, "valid-lifetime": 1000, ' + of('"valid-lifetime": 2000'),
     "renewal_time_value=800"),
    ('"calculate-tee-times": true, "t1-percent": 0.4, "valid-lifetime": 1000, ' + of('"calculate-tee-times": false'),
     "renewal_time_value=None"),
    ('"renew-timer": 900, "valid-lifetime": 1000, ' + of('"valid-lifetime": 600'), "renewal_time_value=None"),
    ('"offer-lifetime": 60, ' + SUBNET, "offer_hold_time = 1 * MINUTES"), (of('"offer-lifetime": 60'), "offer_hold_time"),
    ('"interfaces-config": { "interfaces": [ "eth0/192.0.2.1" ] }, ' + SUBNET, 'bind_address = "192.0.2.1"'),
    ('"subnet4": [ { "subnet": "192.0.2.7/24", "pools": [ { "pool": "192.0.2.70/26" } ] } ]', 'ip_ranges = ["192.0.2.64/26"]'),
    (of('"reservations": [ { "hw-address": "020000000001", "ip-address": "192.0.2.5" } ]'), 'mac="02:00:00:00:00:01"'),
    ('"client-classes": [ { "name": "p", "template-test": "relay4[1].hex", '
     '"user-context": { "limits": { "address-limit": 2 } } }, '
     '{ "name": "SPAWN_p_seven", "next-server": "192.0.2.9" } ], ' + SUBNET,
     'client_class("p", match(circuit_id=ALL), lease_limit=2, lease_limit_per="circuit_id")'),
    ('"client-classes": [ { "name": "p", "template-test": "relay4[1].hex" }, '
     '{ "name": "SPAWN_p_seven", "next-server": "192.0.2.9" } ], ' + SUBNET,
     'client_class("SPAWN_p_seven", match(circuit_id=b"seven"), next_server="192.0.2.9")'),
    ('"client-classes": [ { "name": "p", "template-test": "substring(option[60].hex, 0, 3)" } ], ' + SUBNET,
     'client_class("p", lambda request: bool((request.option_60 or b"")[:3]))'),
    ('"client-classes": [ { "name": "a", "test": "option[12].exists" } ], "option-data": [ { "name": "www-server", '
     '"data": "192.0.2.9", "client-classes": [ "a" ] } ], ' + SUBNET,
     'client_class("a", match(host_name=ALL), default_www_server="192.0.2.9")'),
    ('"client-classes": [ { "name": "a", "test": "option[12].exists" } ], ' + of('"option-data": [ { "name": "www-server", '
     '"data": "192.0.2.8" }, { "name": "www-server", "data": "192.0.2.9", "client-classes": [ "a" ] } ]'),
     'client_class("a in 192.0.2.0/24", match(host_name=ALL) & (lambda request: request.subnet in ["192.0.2.0/24"]), '
     'default_www_server="192.0.2.9")'),
    ('"client-classes": [ { "name": "a", "test": "option[12].exists", "only-in-additional-list": true, '
     '"next-server": "192.0.2.9" } ], "subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.0/25", '
     '"evaluate-additional-classes": [ "a" ] } ] } ]',
     'client_class("a", match(host_name=ALL) & (lambda request: request.subnet in ["192.0.2.0/24"]), next_server="192.0.2.9")'),
    (BY_POOL, 'pool("192.0.2.0/25", next_server="192.0.2.9"), "192.0.2.128/25"'),
    (BY_POOL, 'client_class("not a in 192.0.2.0/24", ~match(host_name=ALL) & (lambda request: '
     'request.subnet in ["192.0.2.0/24"]), next_server=None)'),
    ('"hooks-libraries": [ { "library": "libdhcp_flex_id.so", "parameters": { "identifier-expression": '
     '"concat(relay4[2].hex, relay4[1].hex)" } } ], "host-reservation-identifiers": [ "flex-id" ], '
     + of('"reservations": [ { "flex-id": "\'sw1p7\'", "ip-address": "192.0.2.7" } ]'), 'b"sw1p7": host(ip="192.0.2.7"),'),
]


@pytest.mark.parametrize(("members", "there"), SAID)
def test_what_a_member_comes_to(members, there, tmp_path):
    text, report = made(members)
    assert there in re.sub(r"\s*\n\s*", " ", text).replace("( ", "(")
    assert not [one for one in report.remarks if one.verdict == NONE], report.remarks
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    DHCPServerConfiguration.load(file)


DDNS = """
    "dhcp-ddns": { "enable-updates": true }, "ddns-override-client-update": true, "ddns-qualifying-suffix": "x.example.",
    "ddns-replace-client-name": "when-not-present", "ddns-generated-prefix": "h", "ddns-ttl": 600,
    "subnet4": [ { "subnet": "192.0.2.0/24", "ddns-send-updates": false },
                 { "subnet": "198.51.100.0/24", "ddns-qualifying-suffix": "y.example" } ]"""
D2 = """{ "DhcpDdns": { "tsig-keys": [ { "name": "k", "algorithm": "HMAC-SHA256", "secret": "c2VjcmV0" } ],
  "forward-ddns": { "ddns-domains": [ { "name": "x.example.", "key-name": "k",
    "dns-servers": [ { "ip-address": "192.0.2.53" } ] } ] },
  "reverse-ddns": { "ddns-domains": [ { "name": "2.0.192.in-addr.arpa.", "dns-servers": [
    { "ip-address": "192.0.2.53", "port": 5353 } ] } ] } } }"""


def test_names_in_the_dns_are_told_as_kea_tells_them_with_the_zones_of_the_file_beside(tmp_path):
    (tmp_path / "kea-dhcp-ddns.conf").write_text(D2)
    text, report = made(DDNS, str(tmp_path / "kea-dhcp4.conf"))
    text = re.sub(r"\s*\n\s*", " ", text)
    assert 'dns_zone("x.example", server="192.0.2.53", key=tsig("k", "hmac-sha256", secret="c2VjcmV0"), ttl=10 ' in text
    assert 'dns_zone("2.0.192.in-addr.arpa", server="192.0.2.53:5353", ttl=10 * MINUTES)' in text
    assert 'dns_name = ["{hostname}.x.example.", "h-{ip}.x.example."]' in text
    assert 'dns_updates = "by_server"' in text
    assert 'subnet("192.0.2.0/24", dns_zones=None)' in text
    assert 'dns_name=["{hostname}.y.example.", "h-{ip}.y.example."]' in text
    assert "c2VjcmV0" not in "\n".join(report.lines())


def test_without_updates_nothing_is_told_and_without_the_other_file_its_zones_are_missed():
    text, _ = made(DDNS.replace("true }", "false }"))
    assert "dns_" not in text
    _, report = made(DDNS)
    assert any("kea-dhcp-ddns.conf, which is not beside" in note for note in report.notes)


@pytest.mark.parametrize(("member", "words"), [
    ("Dhcp6", "DHCPv6 server"), ("Control-agent", "control agent"), ("DhcpDdns", "lies beside it"), ("Netconf", "NETCONF")])
def test_what_another_program_of_keas_has_is_refused_by_its_name(member, words, tmp_path):
    file = tmp_path / "other.conf"
    file.write_text(f'{{ "{member}": {{ }} }}')
    with pytest.raises(InvalidValue, match=f"{words}.*; name kea-dhcp4.conf"):
        import_configuration(str(file), "")


def test_an_empty_file_is_told(tmp_path):
    file = tmp_path / "kea-dhcp4.conf"
    file.write_text("\n")
    with pytest.raises(InvalidValue, match="is empty"):
        import_configuration(str(file), "")


def test_passwords_are_shown_nowhere():
    _, report = made('"lease-database": { "type": "mysql", "password": "hush" }, ' + SUBNET)
    assert "hush" not in "\n".join(report.lines())


def test_what_is_always_sent_in_a_subnet_is_what_is_always_sent_and_its_own():
    text, _ = made("""
        "option-data": [ { "name": "ntp-servers", "data": "192.0.2.1", "always-send": true } ],
        "subnet4": [
            { "subnet": "192.0.2.0/24",
              "option-data": [ { "name": "log-servers", "data": "192.0.2.1", "always-send": true } ] },
            { "subnet": "198.51.100.0/24" } ]""")
    assert 'always_send = ["subnet_mask", "network_time_protocol_servers"]' in text
    assert 'always_send=["subnet_mask", "network_time_protocol_servers", "log_server"]' in text


TOLD = [
    ('"loggers": []', '"loggers"', NONE, "journal"), ('"control-socket": {}', '"control-socket"', NONE, "-ask"),
    ('"multi-threading": { "enable-multi-threading": true }', '"multi-threading"', NONE, "batches"),
    ('"lease-database": { "type": "memfile" }', '"type"', NONE, "-import"),
    ('"lease-database": { "type": "mysql" }', '"type"', NONE, "lease-dump"),
    ('"hooks-libraries": [ { "library": "/usr/lib/libdhcp_ha.so" } ]', '"library"', NONE, "one server"),
    ('"hooks-libraries": [ { "library": "/usr/lib/libdhcp_run_script.so" } ]', '"library"', NONE, "scripts"),
    ('"hooks-libraries": [ { "library": "/usr/lib/libdhcp_lease_cmds.so" } ]', '"library"', NONE, "prompt"),
    ('"ddns-qualifying-suffix": "example"', '"ddns', NONE, "pydhcpd-dns(7)"),
    ('"dhcp-ddns": { "server-ip": "127.0.0.1" }', '"server-ip"', NONE, "no such process"),
    ('"echo-client-id": false', '"echo', DIFFERS, "RFC 6842"), ('"frobnicate": 1', '"frob', NONE, "no such member"),
    ('"reservations": [ { "hw-address": "02:00:00:00:00:01" } ]', '"reservations"', NONE, "reservations-global"),
    ('"valid-lifetime": "x"', '"valid', NONE, "no number"), ('"valid-lifetime": 0', '"valid', NONE, "a lease of no time"),
    ('"option-def": [ { "name": "x", "code": 230, "type": "string" } ], "option-data": [ { "name": "x", "data": "" } ]',
     '"data"', NONE, "it is empty"), ('"authoritative": 1', '"auth', NONE, "neither true nor false"),
    ('"valid-lifetime": 1, "valid-lifetime": 2', '"valid-lifetime": 1', NONE, "said again in line 1"),
    ('"option-data": [ { "name": "dhcp-lease-time", "data": "1" } ]', '"data"', NONE, "follows from the protocol"),
    ('"option-data": [ { "name": "routers", "data": "nowhere" } ]', '"data"', NONE, "nowhere"),
]


@pytest.mark.parametrize(("member", "shown", "verdict", "words"), TOLD)
def test_what_is_not_taken_over_as_it_was_is_told_with_the_reason(member, shown, verdict, words):
    _, report = made(f"{member}, {SUBNET}")
    assert [said for told, said in words_about(report, shown) if told == verdict and words in said]


def test_of_every_member_something_is_said():
    text, report = made("""
        "client-classes": {}, "option-def": [ { "name": "x" } ], "reservations": 3,
        "subnet4": [ 1, { "pools": [ {} ] },
                     { "subnet": "192.0.2.0/24", "pools": [ { "pool": "x" } ],
                       "reservations": [ { "x": 1 } ], "relay": [] } ]""")
    said = {one.text for one in report.remarks}
    assert {'"client-classes": ...', '"pools": ...', '"pool": "x"', '"x": 1', '"relay": ...', '"name": "x"', "1"} <= said
    assert 'subnet("192.0.2.0/24"' in text or 'network = "192.0.2.0/24"' in text


def test_a_class_that_follows_from_one_of_hosts_is_told_by_a_function():
    text, _ = made("""
        "client-classes": [ { "name": "staff" }, { "name": "guests", "test": "not member('staff')" } ], """ + SUBNET)
    assert 'if not "staff" in classes:\n        classes.add("guests")' in text


@pytest.mark.parametrize("test", ["member('b')", "member('a')", "not member('nowhere')"])
def test_a_class_asks_for_those_above_it_alone(test):
    _, report = made(f""""client-classes": [ {{ "name": "a", "test": "{test}" }}, {{ "name": "b", "test": "member('a')" }} ],
                     {SUBNET}""")
    (_, words), *_ = words_about(report, '"test"')
    assert words.endswith("is not defined above it")


@pytest.mark.parametrize("name", ["hosts", "class", "router", "match", "subnet"])
def test_an_option_of_ones_own_has_no_name_that_means_something_else(name, tmp_path):
    text, _ = made(f""""option-def": [ {{ "name": "{name}", "code": 230, "type": "string" }} ],
                   "option-data": [ {{ "name": "{name}", "data": "x" }} ], {SUBNET}""")
    assert f'dhcp4_{name} = "x"' in text
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    DHCPServerConfiguration.load(file)


def test_subnets_of_one_interface_are_one_link(tmp_path):
    text, report = made("""
        "client-classes": [ { "name": "a", "test": "option[12].exists" } ],
        "subnet4": [ { "subnet": "10.1.0.0/16", "interface": "eth0", "client-class": "a" },
                     { "subnet": "10.2.0.0/16", "interface": "eth0" }, { "subnet": "10.3.0.0/16", "interface": "eth1" } ]""")
    assert 'shared_network("on eth0", [subnet("10.1.0.0/16", allow="a"), subnet("10.2.0.0/16")], interface="eth0")' in text
    assert 'subnet("10.3.0.0/16", interface="eth1")' in text
    assert any("are a shared network" in note for note in report.notes)
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    DHCPServerConfiguration.load(file)


def test_a_name_that_no_host_may_have_is_left_out_and_told():
    host = '{ "hw-address": "02:00:00:00:00:01", "hostname": "-x y" }'
    text, report = made(f'"subnet4": [ {{ "subnet": "192.0.2.0/24", "reservations": [ {host} ] }} ]')
    assert "-x y" not in text
    assert words_about(report, '"hostname"')[0][0] == NONE


def test_a_class_of_clients_that_are_dropped_becomes_a_function():
    text, _ = made('"client-classes": [ { "name": "DROP", "test": "pkt4.mac == 0x020000000001" } ], ' + SUBNET)
    assert 'return not (request.mac == "02:00:00:00:00:01")' in text
    assert "client_class" not in text


OF_A_CLASS = """
    "client-classes": [ { "name": "a", "test": "option[12].exists",
                          "option-data": [ { "name": "routers", "data": "192.0.2.1" } ] } ], """


def test_what_a_subnet_sets_counts_more_than_a_class_as_it_does_to_kea():
    text, report = made(OF_A_CLASS + """
        "subnet4": [ { "subnet": "192.0.2.0/24", "option-data": [ { "name": "routers", "data": "192.0.2.2" } ] } ]""")
    assert 'request.subnet not in ["192.0.2.0/24"]' in text
    assert not any("the class a" in note for note in report.notes)


def test_a_class_that_counts_more_here_than_a_pool_is_told():
    _, report = made(OF_A_CLASS + """
        "subnet4": [ { "subnet": "192.0.2.0/24", "pools": [ { "pool": "192.0.2.0/25",
                       "option-data": [ { "name": "routers", "data": "192.0.2.2" } ] } ] } ]""")
    assert any("the class a" in note and "router" in note for note in report.notes)


def test_suboptions_of_a_vendor_are_named_within_its_option():
    text, _ = made('"option-data": [ { "name": "tftp-servers", "space": "vendor-4491", "data": "192.0.2.1" }, '
                   '{ "name": "vivso-suboptions", "data": "4491" } ], ' + SUBNET)
    assert 'option(2, "tftp_servers", "addresses", inside=("vendor_identifying", 4491))' in text
    assert 'tftp_servers = "192.0.2.1"' in text
    assert "vendor_identifying =" not in text


def test_it_is_known_by_its_content_and_written_where_it_is_asked_for(tmp_path, capsys):
    old, new = tmp_path / "kea-dhcp4.conf", tmp_path / "new.conf"
    old.write_text('# the office\n{ "Dhcp4": { "valid-lifetime": 60, ' + SUBNET + " } }")
    assert next(kind.name for kind in KINDS if kind.is_it(old.read_text())) == "Kea"
    assert import_configuration(str(old), str(new)) == 0
    assert "# the office\n" in new.read_text()
    assert 'network = "192.0.2.0/24"' in new.read_text()
    assert f"{old}:2: " in capsys.readouterr().out


@pytest.mark.parametrize("text", ['{ "Dhcp4": 1 }', '[ "Dhcp4" ]', '{ "Dhcp4": [ ] }'])
def test_what_has_no_dhcp4_is_refused(text):
    with pytest.raises(InvalidValue, match=r"kea\.conf:1: expected is"):
        convert_kea("kea.conf", text, Report())

"""dhcpd.conf made into ours: tokens, trees, expressions, scopes, includes, and what is said of mistakes (dhcpd.conf(5))."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.isc.conditions import Conditions, NeverTrue, Unsayable
from pydhcpd.migration.configurations.isc.conversion import BEGINS, convert_isc
from pydhcpd.migration.configurations.isc.expressions import expression, folded
from pydhcpd.migration.configurations.isc.functions import Functions
from pydhcpd.migration.configurations.isc.lexer import COMMENT, tokens_of
from pydhcpd.migration.configurations.isc.options import Definitions
from pydhcpd.migration.configurations.isc.tree import tree_of, walk
from pydhcpd.migration.configurations.layout import written
from pydhcpd.migration.configurations.report import Report

SUBNET = "subnet 10.1.0.0 netmask 255.255.0.0 { range 10.1.0.10 10.1.0.20; }\n"
PIECES = (
    "subnet 10.1.0.0 netmask 255.255.0.0", "range 10.1.0.10 10.1.0.20", "option routers 10.1.0.1", "host a", "group", "pool",
    "hardware ethernet 0:1:2:3:4:5", "fixed-address 10.1.0.5", 'class "a"', 'match if option host-name = "x"', "match hardware",
    'subclass "a" 1:2:3:4:5:6:7', "if known", "else", "elsif exists host-name", "{", "}", ";", ",", "=", "(", '"x"', "option",
    "code 250 = text", "shared-network x", "lease limit 3", "spawn with option agent.circuit-id", 'allow members of "a"',
    "deny unknown-clients", 'filename "x"', "next-server 10.1.0.1", "max-lease-time 5", "zone x. { primary 1.2.3.4; }",
    "option space S", "vendor-option-space S", "option S.a code 1 = text", 'option S.a "x"', "# words\n", "\n", "1:2", "\\")


def nothing(name):
    raise InvalidValue(f"{name} cannot be read: No such file or directory")


def converted(text, read=nothing):
    report = Report()
    return written(convert_isc("dhcpd.conf", text, report, read)), report


def loaded(tmp_path, text):
    file = tmp_path / "pydhcpd.conf"
    file.write_text(text)
    return DHCPServerConfiguration.load(file)


def condition(text):
    return str(Conditions(Definitions()).of(expression(list(tokens_of("x", text)))))


# --- tokens

@pytest.mark.parametrize(("text", "texts"), [
    ("option routers 10.0.0.1, a-b.c;", ["option", "routers", "10.0.0.1", ",", "a-b.c", ";"]),
    ('"a\\"b\\x41\\102\\n" 1:ff', ['a"bAB\n', "1:ff"]), ("a#b;\nc", ["a", "#b;", "c"]),
    ("x != y ~= z", ["x", "!=", "y", "~=", "z"]),
    ('"\\377"', ["\udcff"])])
def test_tokens(text, texts):
    assert [one.text for one in tokens_of("x", text)] == texts


@given(st.text())
def test_the_lexer_says_what_is_wrong_or_gives_tokens(text):
    try:
        assert all(one.line >= 1 for one in tokens_of("x", text))
    except InvalidValue as error:
        assert str(error).startswith("x:")


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=25))
def test_whatever_is_put_together_is_a_mistake_or_a_configuration(pieces):
    try:
        text, _ = converted(" ".join(pieces))
    except InvalidValue as error:
        assert str(error).startswith("dhcpd.conf:")
    else:
        compile(text, "made", "exec")


# --- trees

def test_comments_stand_above_what_they_stood_above():
    tree = tree_of("x", "# the top\n\n# a\nauthoritative; # b\ngroup { # c\n  filename \"x\";\n  # d\n}\n# e\n", nothing)
    assert tree.head == ["the top"]
    assert [one.comments for one in tree.statements] == [["a", "b"], []]
    assert tree.statements[1].body[0].comments == ["c"]
    assert tree.statements[1].tail == ["d"]
    assert tree.tail == ["e"]
    assert not [one for one in tokens_of("x", "a") if one.kind == COMMENT]


def test_included_files_are_read_in_their_place():
    read = {"/etc/dhcp/hosts.conf": "host a { }"}.__getitem__
    tree = tree_of("/etc/dhcp/dhcpd.conf", 'include "hosts.conf";\nauthoritative;', read)
    assert [(one.file, one.word) for one in walk(tree.statements)] == [
        ("/etc/dhcp/dhcpd.conf", "include"), ("/etc/dhcp/hosts.conf", "host"), ("/etc/dhcp/dhcpd.conf", "authoritative")]


@pytest.mark.parametrize(("text", "words"), [
    ("option routers 10.0.0.1\noption domain-name \"x\";", "dhcpd.conf:1: a semicolon is expected after 10.0.0.1"),
    ("option routers 10.0.0.1 10.0.0.2 }", "dhcpd.conf:1: a semicolon is expected after 10.0.0.2"),
    ("authoritative; option subnet-mask 255.0.0.0 1.2.3.4;", "dhcpd.conf:1: a semicolon is expected before 1.2.3.4"),
    ("subnet 10.0.0.0 netmask 255.0.0.0 {\n", "dhcpd.conf:1: the file ends; expected is the brace that closes that of line 1"),
    ("}\n", "dhcpd.conf:1: } closes nothing"), ('\noption domain-name "x;\n', 'dhcpd.conf:2: a string has no end'),
    ("subnet 10.0.0.0 { }", "dhcpd.conf:1: subnet ADDRESS netmask MASK { is expected"),
    ("host a;", "dhcpd.conf:1: { is expected after host a"), ("else { }", "dhcpd.conf:1: if is expected before else"),
    ('class "a" { match if option host-name = ; }', "dhcpd.conf:1: the expression ends too early"),
    ('class "a" {\n match if substring(option host-name, 0 1) = "x"; }', "dhcpd.conf:2: , is expected, not 1"),
    ('include "gone";', "dhcpd.conf:1: gone cannot be read"),
    ("include gone;", "dhcpd.conf:1: include takes the name of a file"),
    ('include "dhcpd.conf";', "dhcpd.conf:1: dhcpd.conf includes itself"), ("range;", "dhcpd.conf:1: an address is expected")])
def test_a_mistake_is_told_with_its_place_and_what_was_expected(text, words):
    with pytest.raises(InvalidValue) as told:
        converted(text)
    assert words in str(told.value)


@pytest.mark.parametrize("text", [
    "authoritative;", SUBNET, 'option domain-name "x";\n', "# a\nddns-update-style none;", "host a {\n}"])
def test_it_is_known_by_what_is_in_it(text):
    assert BEGINS.search(text)


@pytest.mark.parametrize("text", ["interface eth0\noption router 10.0.0.1\n", "dhcp-range=10.0.0.1,10.0.0.9\n",
    '{"Dhcp4": {}}'])
def test_others_are_not_taken_for_one(text):
    assert not BEGINS.search(text)


# --- expressions

@pytest.mark.parametrize(("text", "ours"), [
    ('substring(option vendor-class-identifier, 0, 9) = "PXEClient"', 'match(vendor_class_identifier=PREFIX("PXEClient"))'),
    ('substring(option vendor-class-identifier, 0, 9) = "PXE"', 'match(vendor_class_identifier="PXE")'),
    ("exists agent.circuit-id", "match(circuit_id=ALL)"), ("not exists user-class", "match(user_class=None)"),
    ('option agent.remote-id = "sw"', 'match(remote_id=b"sw")'),
    ("option agent.unknown-9 = 1:2", 'match(relay_suboption_9=b"\\x01\\x02")'),
    ('exists user-class and option user-class = "iPXE"', 'match(user_class="iPXE")'),
    ("option pxe-system-type = 00:07", "match(client_system_architecture=7)"),
    ("option pxe-system-type != 00:07", "~match(client_system_architecture=7)"),
    ("extract-int(option pxe-system-type, 16) = 9", "match(client_system_architecture=9)"),
    ("hardware = 1:2:0:0:0:0:1", 'match(mac="02:00:00:00:00:01")'),
    ("substring(hardware, 1, 3) = b8:27:eb", 'match(mac=PREFIX("b8:27:eb"))'),
    ('binary-to-ascii(16, 8, ":", substring(hardware, 1, 3)) = "b8:27:eb"', 'match(mac=PREFIX("b8:27:eb"))'),
    ('lcase(option host-name) = "boss"', 'match(host_name=CASEINSENSITIVE("boss"))'),
    ('suffix(option host-name, 3) = "-pc"', 'match(host_name=SUFFIX("-pc"))'),
    ('option host-name ~= "^web"', 'match(host_name=PREFIX("web"))'),
    ("packet(24, 4) = 0a:01:00:01", 'match(giaddr="10.1.0.1")'), ("known", "match(known=True)"),
    ('pick-first-value(option dhcp-client-identifier, hardware) = 1:2:0:0:0:0:1',
     'match(client_id="01:02:00:00:00:00:01") | match(client_id=None) & match(mac="02:00:00:00:00:01")'),
    ('exists host-name or exists user-class and known', '(match(host_name=ALL) | match(user_class=ALL)) & match(known=True)'),
    ('exists host-name or option user-class = "a" and known',
     'match(host_name=ALL) | match(user_class="a") & match(known=True)'),
    ('option host-name = "a" and option user-class = "b" or known',
     'match(host_name="a") & (match(user_class="b") | match(known=True))'),
    ('option host-name = "a" and not option user-class = "b"', 'match(host_name="a") & ~match(user_class="b")'),
    ('option host-name = concat("a", "b")', 'match(host_name="ab")')])
def test_conditions(text, ours):
    assert condition(text) == ours


@pytest.mark.parametrize("text", [
    'substring(option host-name, 0, 2) = "abc"', 'binary-to-ascii(16, 8, ":", substring(hardware, 1, 3)) = "00:11:22"',
    'lcase(option host-name) = "Boss"'])
def test_what_dhcpd_never_finds_true_is_told(text):
    with pytest.raises(NeverTrue):
        condition(text)


@pytest.mark.parametrize(("text", "python"), [
    ('substring(option host-name, 2, 3) = "pto"', '(request.option_12 or b"")[2:5] == b"pto"'),
    ('not (lcase(substring(option agent.circuit-id, 1, 2)) = "a")',
     'not (((request.circuit_id or b"")[1:3]).lower() == b"a")'),
    ('option host-name ~= "lab$"', '(request.option_12 or b"").endswith(b"lab")'),
    ('lcase(option host-name) ~= "^lab"', '((request.option_12 or b"").lower()).startswith(b"lab")'),
    ('option host-name ~~ "LAB"', 'b"lab" in (request.option_12 or b"").lower()'),
    ('binary-to-ascii(10, 16, "", substring(option agent.circuit-id, 2, 2)) = "100"',
     '"".join(str(number) for number in (high << 8 | low for high, low in zip(*[iter((request.circuit_id or b"")[2:4])] * 2)))'
     '.encode() == b"100"')])
def test_what_no_condition_says_is_a_function(text, python):
    node = folded(expression(list(tokens_of("x", text))))
    with pytest.raises(Unsayable):
        condition(text)
    assert Functions(Definitions()).truth(node) == python


# --- whole files

@pytest.mark.parametrize(("text", "lines"), [
    ("option domain-name-servers 10.1.0.1, 9.9.9.9;", ['domain_name_server = ["10.1.0.1", "9.9.9.9"]']),
    ("option vendor-encapsulated-options 01:04:de:ad:be:ef;", ['vendor_specific_information = "01:04:de:ad:be:ef"']),
    ("option x code 240 = unsigned integer 16; option x 7;", ['    option(240, "x", "uint16"),', "x = 7"]),
    ("option c code 121 = array of integer 8; option c 8, 10, 10, 1, 0, 1;",
     ['classless_static_route = [("10.0.0.0/8", "10.1.0.1")]']),
    ("default-lease-time -1; max-lease-time -1;", ["ip_address_lease_time = INFINITE"]),
    ("ping-check off;", ["probe_before_offer = False"]),
    ("", ["probe_before_offer = True", "ip_address_lease_time = 12 * HOURS"]),
    ("deny unknown-clients;", ['    subnet("10.1.0.0/16", pools=["10.1.0.10 - 10.1.0.20"], deny="unknown"),']),
    ("option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, d1, d2);",
     ['always_send = ["configuration_file", "path_prefix"]']),
    ("ignore client-updates;", ['dns_updates = "by_server"']),
    ("ignore-client-uids true;", ["one_address_per_machine = True"])])
def test_statements(tmp_path, text, lines):
    made, report = converted(text + "\n" + SUBNET)
    assert [one for one in lines if one not in made.splitlines()] == [], made
    loaded(tmp_path, made)
    assert report.remarks


def test_what_a_group_says_is_said_once_and_hosts_say_their_own(tmp_path):
    made, _ = converted(SUBNET + 'group pcs { filename "a"; next-server 10.1.0.2;\n' + "".join(
        f"host h{n} {{ hardware ethernet 2:0:0:0:0:{n}; fixed-address 10.1.1.{n}; }}\n" for n in (1, 2))
        + 'host h3 { hardware ethernet 2:0:0:0:0:3; filename "b"; }\n}')
    assert 'pcs = dict(boot_file_name="a", next_server="10.1.0.2")' in made
    assert 'host(**pcs, mac="02:00:00:00:00:01", ip="10.1.1.1", hostname="h1")' in made
    assert 'host(mac="02:00:00:00:00:03", hostname="h3", boot_file_name="b", next_server="10.1.0.2")' in made
    loaded(tmp_path, made)


def test_an_if_is_classes_and_its_else_is_what_holds_for_all(tmp_path):
    made, report = converted('if exists user-class and option user-class = "iPXE" { filename "s"; }\n'
                             'elsif option pxe-system-type = 00:07 { filename "e"; } else { filename "b"; }\n' + SUBNET)
    assert 'boot_file_name = "b"' in made.splitlines()
    assert 'client_class("iPXE", match(user_class="iPXE"), boot_file_name="s")' in made
    assert report.is_whole
    loaded(tmp_path, made)


def test_what_an_if_says_and_a_subnet_too_is_left_out():
    """A class would win over the subnet; with dhcpd the subnet wins over what stands around it."""
    inner = SUBNET.replace("}", "option routers 10.1.0.1; }")
    made, report = converted("if exists user-class { option routers 10.1.0.9; }\n" + inner)
    assert "10.1.0.9" not in made
    assert any("left out" in one.words for one in report.remarks)


def test_hosts_with_one_address_are_one_and_names_are_told():
    made, report = converted(SUBNET + "host a { hardware ethernet 2:0:0:0:0:1; fixed-address 10.1.1.1, 10.9.9.9; }\n"
                             "host b { hardware ethernet 2:0:0:0:0:2; fixed-address 10.1.1.1; }\n"
                             "host c { hardware ethernet 2:0:0:0:0:3; fixed-address c.example.org; }")
    assert 'host(mac=["02:00:00:00:00:01", "02:00:00:00:00:02"], ip="10.1.1.1", hostname="a")' in made
    assert any("10.9.9.9" in note for note in report.notes)
    assert any("c.example.org" in one.words and "write its address" in one.words for one in report.remarks)


def test_zones_have_their_keys_and_no_secret_is_shown():
    text = ('key k { algorithm hmac-sha256; secret "c2VjcmV0c2VjcmV0c2VjcmV0"; }\n'
            "zone example.org. { primary 10.1.0.53; key k; }\n")
    made, report = converted("ddns-update-style standard;\n" + text + SUBNET)
    assert 'dns_zone("example.org", server="10.1.0.53"' in made
    assert 'key=tsig("k", "hmac-sha256", secret="c2VjcmV0' in made
    assert "c2Vjc" not in "\n".join(report.lines())
    made, report = converted(text + SUBNET)
    assert "dns_zone" not in made
    assert any("tells no DNS" in one.words for one in report.remarks)


def test_options_of_vendors_are_sent_where_their_space_is_named():
    made, report = converted("option space V; option V.url code 1 = text; option V.url \"http://x\";\n"
                             'class "v" { match if option vendor-class-identifier = "v"; vendor-option-space V; }\n' + SUBNET)
    assert 'client_class("v", match(vendor_class_identifier="v"), V_url="http://x")' in made
    assert report.is_whole


@pytest.mark.parametrize("text", [
    "omapi-port 7911;", "failover peer \"x\" { primary; port 647; }", "on commit { execute(\"/bin/x\"); }", "log(info, \"x\");",
    "set x = \"y\";", "nonsense 5;", "always-broadcast on;", "subnet6 2001:db8::/32 { range6 2001:db8::1 2001:db8::2; }",
    "ldap-server \"x\";", "server-identifier 10.1.0.1;", "get-lease-hostnames on;", "option dhcp-server-identifier 10.1.0.1;"])
def test_what_has_no_counterpart_is_told(text):
    made, report = converted(text + "\n" + SUBNET)
    assert not report.is_whole
    assert all(one.words for one in report.remarks if one.line == 1)
    assert made == converted(SUBNET)[0]


def test_what_is_worked_out_gives_way_to_what_is_nearer(tmp_path):
    made, report = converted('option host-name = concat("pc-", suffix(option dhcp-client-identifier, 2));\n' + SUBNET)
    assert ('    if wants(request, 12) and "host_name" not in reply.options and '
            '(value := (b"pc-" + (request.option_61 or b"")[-2:] if request.option_61 is not None else b"")):'
            ) in made.splitlines()
    assert report.is_whole
    loaded(tmp_path, made)


def test_clients_that_are_not_to_boot_are_denied_in_each_subnet(tmp_path):
    made, _ = converted('class "bad" { match if option host-name = "bad"; deny booting; }\n'
                        'if option host-name = "worse" { ignore booting; }\n' + SUBNET)
    assert 'deny=["bad", "worse"]' in made
    loaded(tmp_path, made)


def test_names_of_classes_are_given_once(tmp_path):
    made, _ = converted('if option host-name = "a" { filename "x"; }\nclass "a" { match if exists host-name; }\n' + SUBNET)
    assert made.count('client_class("a",') == 1
    loaded(tmp_path, made)


def test_classes_are_found_before_hosts_are_known(tmp_path):
    """Seen with dhcpd 4.4.3: known is never true in match if, and is in an if."""
    made, report = converted('class "a" { match if known; }\nclass "b" { match if not known and exists host-name; }\n'
                             "if known { option time-offset 7; }\n" + SUBNET)
    assert 'client_class("a"),' in made
    assert 'client_class("b", match(host_name=ALL))' in made
    assert "match(known=True)" in made
    assert not report.is_whole
    loaded(tmp_path, made)


def test_functions_that_are_joined_become_one(tmp_path):
    """Two plain functions have no & and no ~ between them."""
    made, _ = converted(SUBNET + SUBNET.replace("10.1.", "10.2.").replace(
        "}", 'if substring(option host-name, 1, 1) = "a" { filename "x"; } else { filename "y"; option time-offset 5; } }'))
    loaded(tmp_path, made)
    assert "in_10_2_0_0" in made


def test_a_machine_is_one_host_in_a_network_and_may_be_others_elsewhere(tmp_path):
    made, report = converted(SUBNET + SUBNET.replace("10.1.", "10.2.") + "".join(
        f"host {name} {{ hardware ethernet 2:0:0:0:0:{mac}; {address} }}\n" for name, mac, address in (
            ("a", 1, "fixed-address 10.1.1.1;"), ("b", 1, "fixed-address 10.2.1.1;"), ("c", 1, "fixed-address 10.1.1.2;"),
            ("d", 2, "fixed-address 10.1.1.3, 10.2.1.3;"), ("e", 3, "fixed-address 10.2.1.3;"), ("f", 1, ""))))
    loaded(tmp_path, made)
    assert [name for name in "abcdef" if f'"{name}"' in made] == ["a", "b", "d"]
    assert len([note for note in report.notes if "left out" in note]) == 3


def test_what_one_network_takes_away_is_not_what_all_say(tmp_path):
    made, _ = converted(SUBNET.replace("}", "ddns-updates off; }") + SUBNET.replace("10.1.", "10.2."))
    assert 'subnet("10.1.0.0/16", pools=["10.1.0.10 - 10.1.0.20"], dns_zones=None)' in made
    loaded(tmp_path, made)


# --- if in hosts and groups

HOST = "host {0} {{ hardware ethernet 2:0:0:0:0:{1}; {2} }}\n"


@pytest.mark.parametrize(("text", "classes"), [
    (HOST.format("a", 1, 'if exists user-class { filename "x"; } else { filename "y"; }'),
     ['client_class("line 1", match(mac="02:00:00:00:00:01") & match(user_class=ALL), boot_file_name="x")',
      'client_class("line 1_2", match(mac="02:00:00:00:00:01"), boot_file_name="y")']),
    (HOST.format("a", 1, 'filename "z"; if exists user-class { filename "x"; }'),
     ['client_class("line 1", match(mac="02:00:00:00:00:01") & match(user_class=ALL), boot_file_name="x")',
      'client_class("a otherwise", match(mac="02:00:00:00:00:01"), boot_file_name="z")']),
    (HOST.format("a", 1, 'if exists user-class { filename "x"; } filename "z";'), []),
    ("group { if exists user-class { filename \"x\"; }\n" + HOST.format("a", 1, "") + HOST.format("b", 2, "") + "}\n",
     ['client_class("line 1", match(known=True) & match(user_class=ALL), boot_file_name="x")']),
    ("group { if exists user-class { filename \"x\"; }\n" + HOST.format("a", 1, "") + "}\n" + HOST.format("b", 2, ""),
     ['client_class("line 1", match(mac="02:00:00:00:00:01") & match(user_class=ALL), boot_file_name="x")']),
    ("group pcs { if exists user-class { filename \"x\"; }\n"
     + "".join(HOST.format(f"h{n}", n, "") for n in range(1, 7)) + "}\n" + HOST.format("b", 9, ""),
     ['client_class("line 1", match(user_class=ALL) & among_pcs, boot_file_name="x")'])])
def test_an_if_of_a_host_or_a_group_is_classes_before_all_others(tmp_path, text, classes):
    made, report = converted(text + 'class "all" { match if exists host-name; filename "all"; }\n' + SUBNET)
    flat = " ".join(made.split())
    assert [one for one in classes if one not in flat] == [], made
    assert flat.count("client_class(") == len(classes) + 1
    assert not classes or flat.index(classes[-1]) < flat.index('client_class("all"')
    assert report.is_whole == bool(classes)
    loaded(tmp_path, made)


def test_an_if_of_a_pool_is_told(tmp_path):
    made, report = converted(SUBNET.replace("range 10.1.0.10 10.1.0.20;", "pool { range 10.1.0.10 10.1.0.20; "
                                            'if exists user-class { filename "x"; } }'))
    told = [one.words for one in report.remarks if one.verdict == "no counterpart"]
    assert told == ["which pool a client gets its address from is not known when classes are found; write it into "
                    "finish(request, reply)"] * 2
    loaded(tmp_path, made)


# --- files as they stand on machines

@pytest.mark.parametrize(("text", "lines"), [
    ('option domain-search "a.example", "b.example";', ['domain_search = ["a.example", "b.example"]']),
    ("# caf\udce9\nauthoritative;", ["# caf\xe9"]),
    ('zone x. { primary ns.example.; }', []),
    ("if exists host-name { log(info, \"x\"); }", []),
    ('class "a" { match if exists user-class;\n if exists host-name { filename "x"; } else { filename "y"; } }', [
        '    client_class("line 2", match(user_class=ALL) & match(host_name=ALL), boot_file_name="x"),',
        '    client_class("a", match(user_class=ALL), boot_file_name="y"),']),
    ('if option pxe-system-type = 00:07 { filename "e"; }', [
        '    client_class("architecture 7", match(client_system_architecture=7), boot_file_name="e"),']),
    ('option space U; option U.c code 1 = ip-address;\nclass "u" { match if exists user-class; vendor-option-space U; }\n'
     "subnet 10.2.0.0 netmask 255.255.0.0 { option U.c 10.2.0.9; }", [
         '    client_class("u in 10.2.0.0/16", match(user_class=ALL) & in_10_2_0_0, U_c="10.2.0.9"),']),
    ('use-host-decl-names on; group { option host-name "g"; host a { hardware ethernet 2:0:0:0:0:1; option host-name "own"; }\n'
     "host b { hardware ethernet 2:0:0:0:0:2; } host c { hardware ethernet 2:0:0:0:0:3; } }", [
         '    host(mac="02:00:00:00:00:01", hostname="own"),'])])
def test_what_was_found_in_whole_files(tmp_path, text, lines):
    made, _ = converted(text + "\n" + SUBNET)
    assert [one for one in lines if one not in made.splitlines()] == [], made
    loaded(tmp_path, made)


@pytest.mark.parametrize(("text", "verdicts"), [
    ("if exists host-name {\n log(info, \"x\"); }", ["no counterpart"] * 2),
    ("default-lease-time infinite;", ["differs"]), ("zone x. {\n primary ns.example.; }", ["no counterpart"] * 2),
    ('if exists host-name {\n filename "x"; }', ["taken over"] * 2)])
def test_what_the_report_says_is_true(text, verdicts):
    _, report = converted(text + "\n" + SUBNET)
    last = text.count("\n") + 1
    assert [one.verdict for one in sorted(report.remarks, key=lambda one: one.line) if one.line <= last] == verdicts


def test_no_secret_is_in_a_message():
    with pytest.raises(InvalidValue) as told:
        converted('key k { algorithm hmac-sha256; secret "c2VjcmV0" }\n' + SUBNET)
    assert "c2Vjc" not in str(told.value)
    assert "a semicolon is expected after the secret" in str(told.value)

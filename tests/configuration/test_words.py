"""What an administrator writes who knows another server, or does not know Python: each is told with its line and the line to
write instead.

The rule: `FILE:LINE: what is wrong; what to write`. In the tables below N stands for a network that is good, on line 1.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from pydhcpd import names
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.configuration.summary import summary
from pydhcpd.policy.fields import HEADER
from pydhcpd.policy.reservation_file import reservations
from pydhcpd.settings import ARGUMENTS, BY_NAME
from pydhcpd.wire.options import BY_NAME as OPTION_NAMES

N = 'network = "10.9.0.0/24"\n'


def load(directory: Path, text: str, words: "dict[str, object] | None" = None) -> DHCPServerConfiguration:
    file = directory / "pydhcpd.conf"
    file.write_text(text)
    file.chmod(0o644)
    return DHCPServerConfiguration.load(file, words)


def problems(directory: Path, text: str, words: "dict[str, object] | None" = None) -> list[str]:
    """What is told, without the file's path: `LINE: ...`."""
    with pytest.raises(ConfigurationError) as found:
        load(directory, text, words)
    return [line.removeprefix(f"{directory / 'pydhcpd.conf'}:") for line in found.value.problems]


# --- other servers' words


OF_THE_FILE = [
    ('gateway = "10.9.0.1"', "router = '10.9.0.1'"), ('default_router = "10.9.0.1"', "router = '10.9.0.1'"),
    ('dns = "10.9.0.1"', "domain_name_server = '10.9.0.1'"),
    ('dns_servers = ["10.9.0.1"]', "domain_name_server = ['10.9.0.1']"),
    ('nameserver = "10.9.0.1"', "domain_name_server = '10.9.0.1'"),
    ('ntp_servers = ["10.9.0.1"]', "network_time_protocol_servers = ['10.9.0.1']"),
    ("ntp = '10.9.0.1'", "network_time_protocol_servers = '10.9.0.1'"),
    ("lease_time = 3600", "ip_address_lease_time = 3600"), ("default_lease_time = 3600", "ip_address_lease_time = 3600"),
    ("max_lease_time = 3600", "maximum_lease_time = 3600"), ("valid_lifetime = 3600", "ip_address_lease_time = 3600"),
    ("DefaultLeaseTimeSec = 3600", "ip_address_lease_time = 3600"), ("renew_timer = 900", "renewal_time_value = 900"),
    ('filename = "pxelinux.0"', "boot_file_name = 'pxelinux.0'"), ('bootfile = "p"', "boot_file_name = 'p'"),
    ('netmask = "255.255.255.0"', "subnet_mask = '255.255.255.0'"),
    ('range = "10.9.0.10 - 10.9.0.20"', "ip_ranges = '10.9.0.10 - 10.9.0.20'"),
    ('pools = ["10.9.0.10 - 10.9.0.20"]', "ip_ranges = ['10.9.0.10 - 10.9.0.20']"),
    ("reservations = []", "hosts = []"), ("host = []", "hosts = []"), ("mtu = 1400", "interface_mtu = 1400"),
    ('tftp_server = "t"', "tftp_server_name = 't'"), ('option43 = b"1"', "vendor_specific_information = b'1'"),
    ('option_domain_name_servers = "10.9.0.1"', "domain_name_server = '10.9.0.1'"), ('option3 = b"1"', "option_3 = b'1'"),
    ('dhcp_option_42 = b"1"', "option_42 = b'1'"), ('domain = "example"', "domain_name = 'example'"),
    ('search = ["example"]', "domain_search = ['example']"), ("subnet4 = []", "subnets = []"),
    ("client_classes = []", "classes = []"),
    ('interfaces = ["eth1"]', "interface = ['eth1']"), ('lease_file = "/x"', "host_file = '/x'"),
    ('siaddr = "10.9.0.1"', "next_server = '10.9.0.1'"), ("ping_check = True", "probe_before_offer = True"),
    ('wins_server = "10.9.0.1"', "netbios_over_tcp_ip_name_server = '10.9.0.1'"),
    ('wpad = "u"', "web_proxy_auto_discovery = 'u'"),
    ('tz = "Europe/Berlin"', "tzdb_timezone = 'Europe/Berlin'"), ("option_data = []", "each option by its own name"),
    ("PoolOffset = 5", "ip_ranges = "), ("max_leases = 9", "lease_limit=... in client_class()"),
    ('start = "10.9.0.10"', "ip_ranges = "), ('allow = "known"', "allow=... or deny=..."),
    ("EmitDNS = True", "domain_name_server = "),
]


@pytest.mark.parametrize(("line", "instead"), OF_THE_FILE)
def test_a_word_of_another_server_is_told_with_the_line_to_write(tmp_path: Path, line: str, instead: str) -> None:
    (problem,) = problems(tmp_path, N + line)
    assert problem.startswith(f"2: {line.split(' = ', maxsplit=1)[0]} = "), problem
    assert "write " in problem.partition("; ")[2], problem
    assert instead in problem.partition("write ")[2], problem


@pytest.mark.parametrize("line", ["ddns_update_style = 'none'", "log_facility = 'local7'", "port = 67",
 "bind_interfaces = True",
                                  "failover = {}", "option_300 = b'x'"])
def test_what_there_is_not_is_told(tmp_path: Path, line: str) -> None:
    (problem,) = problems(tmp_path, N + line)
    assert "; leave it out: " in problem or "1 to 254" in problem


@pytest.mark.parametrize("text", [
    'gateway = "10.9.0.1"\nrouter = gateway', "rows = []\nfor mac, ip, hostname in rows:\n    print(mac, ip, hostname)",
    "dns = ['10.9.0.1']\nsubnets = [subnet('10.1.0.0/16', domain_name_server=dns)]\nnetwork = None",
    "pools = {'a': 1}\nx = pools['a']", "_gateway = 1", "def search(n):\n    return n", "from pathlib import Path as range"])
def test_a_name_that_the_file_itself_reads_is_its_own(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, N + text).warnings == []


def test_a_list_that_is_only_filled_is_not_read(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, N + "reservations = []\nreservations.append(host(mac='02:00:00:00:00:01', ip='10.9.0.5'))")
    assert "write hosts = " in problem


PLACES = [
    ('subnets = [\n subnet("10.1.0.0/16", {})]', [
        ('gateway="10.1.0.1"', "router='10.1.0.1'"), ('dns=["10.1.0.1"]', "domain_name_server=['10.1.0.1']"),
        ('range="10.1.4.0/24"', "pools='10.1.4.0/24'"), ('ip_ranges=["10.1.4.0/24"]', "pools=['10.1.4.0/24']"),
        ('pool="10.1.4.0/24"', "pools='10.1.4.0/24'"), ("lease_time=3600", "ip_address_lease_time=3600"),
        ("hosts=[]", "hosts = [host(mac=..., ip=...)]"), ("reservations=[]", "hosts = [host(mac=..., ip=...)]"),
        ('relay="10.2.0.1"', "relays='10.2.0.1'"), ('giaddr="10.2.0.1"', "relays='10.2.0.1'"),
        ('netmask="255.255.0.0"', 'subnet("10.1.0.0/16")'), ('client_class="a"', "allow='a'"),
        ("mtu=1400", "interface_mtu=1400"),
        ('lease_file="/x"', "host_file = '/x'"), ('option43=b"x"', "vendor_specific_information=b'x'")]),
    ('subnets = [subnet("10.1.0.0/16", pools=[\n pool("10.1.4.0/24", {})])]', [
        ("lease_time=3600", "ip_address_lease_time=3600"), ('gateway="10.1.0.1"', "router='10.1.0.1'"),
        ('client_class="a"', "allow='a'"), ('start="10.1.4.1"', 'pool("192.0.2.10 - 192.0.2.99")'),
        ('exclude="10.1.4.1"', "exclude=[...] in the subnet()"), ("deny_unknown=True", 'allow="known"')]),
    (N + 'hosts = [host(mac="02:00:00:00:00:01", {})]', [
        ('address="10.9.0.5"', "ip='10.9.0.5'"), ('fixed_address="10.9.0.5"', "ip='10.9.0.5'"), ('name="x"', "hostname='x'"),
        ('hw_address="02:00:00:00:00:02"', "mac='02:00:00:00:00:02'"), ('gateway="10.9.0.1"', "router='10.9.0.1'"),
        ('filename="x"', "boot_file_name='x'"), ('duid="x"', "client_id='x'"), ('client_identifier="x"', "client_id='x'"),
        ('tag="x"', "classes='x'"), ('dns="10.9.0.1"', "domain_name_server='10.9.0.1'")]),
    (N + 'hosts = [host(ip="10.9.0.5", {})]', [
        ('hw_address="02:00:00:00:00:02"', "mac='02:00:00:00:00:02'"),
        ('hardware="02:00:00:00:00:02"', "mac='02:00:00:00:00:02'")]),
    (N + 'classes = [client_class("a", {})]', [
        ("test=\"option[60].text == 'x'\"", 'client_class("name", match(vendor_class_identifier='),
        ('filename="x"', "boot_file_name='x'"),
        ("limit=3", "lease_limit=3"), ('next_servers="10.9.0.1"', "next_server='10.9.0.1'")]),
    ('shared_networks = [\n shared_network("f", [subnet("10.1.0.0/16")], {})]', [
        ('gateway="10.1.0.1"', "router='10.1.0.1'"), ('relay="10.5.0.1"', "relays='10.5.0.1'"),
        ('pools=["10.1.4.0/24"]', "pools=[...] in its subnets")]),
    (N + 'classes = [client_class("a", match({}))]', [
        ('vendor_class="x"', "vendor_class_identifier"), ('chaddr="02:00:00:00:00:01"', "mac"),
        ("arch=7", "client_system_architecture"),
        ('hostname="x"', "host_name"), ('agent_circuit_id="x"', "circuit_id"), ('relay="10.1.0.1"', "giaddr"),
        ('option82="x"', "relay_agent_information"), ('substring="x"', "a comparator")]),
]


@pytest.mark.parametrize(("text", "instead"), [(text.format(given), instead) for text, table in PLACES for given,
 instead in table])
def test_it_is_told_in_every_constructor_and_condition(tmp_path: Path, text: str, instead: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("2: "), problem
    assert instead in problem.partition("write ")[2], problem


def test_it_is_told_in_lists_of_options_and_of_fields(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, N + 'always_send = ["ntp_servers"]')
    assert "write 'network_time_protocol_servers'" in problem
    (problem,) = problems(tmp_path, N + 'client_identity = ["agent_circuit_id"]')
    assert "write circuit_id" in problem


def test_it_is_understood_in_the_reservation_file() -> None:
    """What a spreadsheet's first line says is another program's to say, and nobody's reservation should go for it."""
    (host,), found = reservations("hw-address,address,name\n02:00:00:00:00:01,10.9.0.5,boss\n", "r.csv", [])
    assert (str(host), found) == ("host(ip='10.9.0.5', hostname='boss', mac='02:00:00:00:00:01')", [])


@pytest.mark.parametrize(("name", "value", "instead"), [
    ("gateway", "10.9.0.1", "router = '10.9.0.1'"), ("lease-time", "3600", "ip_address_lease_time = 3600"),
    ("netmask", "255.255.255.0", "subnet_mask = '255.255.255.0'")])
def test_it_is_told_on_the_command_line(name: str, value: str, instead: str) -> None:
    with pytest.raises(ConfigurationError) as found:
        DHCPServerConfiguration.load(None, {"network": "10.9.0.0/24", name: value})
    (problem,) = found.value.problems
    assert problem.startswith(f"command line: {name} = ")
    assert f"write {instead}" in problem


def test_every_name_of_the_tables_is_ours() -> None:
    known = {*BY_NAME, *OPTION_NAMES, *(name for one in ARGUMENTS.values() for name in one), *(field.name for field in HEADER)}
    tables = [names._EVERYWHERE, *names._PLACES.values()]
    assert [name for table in tables for name in table if name.isidentifier() and name not in known] == []


def test_no_word_stands_twice_in_a_table_nor_is_a_name_of_ours_that_means_something_else() -> None:
    for table in (names._EVERYWHERE, *names._PLACES.values()):
        keys = [names._key(word) for words in table.values() for word in words.split()]
        assert sorted(keys) == sorted(set(keys))
    words = [word for words in names._EVERYWHERE.values() for word in words.split()]
    assert [word for word in words if word in BY_NAME or word in OPTION_NAMES] == []


# --- values


VALUES = [
    ("router = 5", "allowed is text such as"), ('router = ["10.9.0.1", 5]', "allowed is text such as"),
    ('router = "10.9.0.1, 10.9.0.2"', "several addresses are a list: ['10.9.0.1', '10.9.0.2']"),
    ('router = "10.9.0.1 10.9.0.2"', "several addresses are a list: ['10.9.0.1', '10.9.0.2']"),
    ('router = "10.9.0.1/24"', "write '10.9.0.1'"), ('router = "10.9.0.01"', "write '10.9.0.1'"),
    ('router = "gw.example"', "names are not looked up"), ('domain_name_server = ["10.9.0.1" "9.9.9.9"]', "comma missing"),
    ('ip_address_lease_time = "8h"', "write 8 * HOURS"), ('ip_address_lease_time = "90 min"', "write 90 * MINUTES"),
    ('ip_address_lease_time = "3600"', "write 3600, without the quotes"),
    ('ip_address_lease_time = "infinite"', "write INFINITE"),
    ("ip_address_lease_time = 1.25", "write 1: times are in whole seconds"), ('renewal_time_value = "2h"', "write 2 * HOURS"),
    ('interface = "eth1, eth2"', "several are a list: ['eth1', 'eth2']"), ('interface = "/dev/eth1"', "a name without /"),
    ('interface = "eth0:1"', "a name without /"), ("subnet_mask = 24", "write '255.255.255.0'"),
    ('subnet_mask = "/16"', "write '255.255.0.0'"), ('ip_ranges = "10.9.0.10-20"', "write '10.9.0.10 - 10.9.0.20'"),
    ('ip_ranges = "10.9.0.10,10.9.0.20"', "write '10.9.0.10 - 10.9.0.20'"),
    ('ip_ranges = ["10.9.0.10 10.9.0.20"]', "write '10.9.0.10 - 10.9.0.20'"),
    ('domain_search = "a.example, b.example"', "several names are a list: ['a.example', 'b.example']"),
    ('interface_mtu = "1400"', "write 1400, without the quotes"),
    ('classless_static_route = [("10.0.0.1/8", "10.9.0.1")]', "write '10.0.0.0/8'"),
    ('leasequery_from = "10.0.0.1/8"', "write '10.0.0.0/8'"), ('control_address = "localhost"', "names are not looked up"),
    ('network = "10.9.0.7/24"', "write '10.9.0.0/24'"),
    ('network = ["10.9.0.0/24", "10.8.0.0/24"]', "subnets = [subnet('10.9.0.0/24')"),
    ('hosts = host(mac="02:00:00:00:00:01", ip="10.9.0.5")', "write brackets around it: [host(ip='10.9.0.5'"),
    ('option_definitions = option(224, "rack", "text")', "write brackets around it: [option(224, 'rack', 'text')]"),
    ('hosts = [host(mac="02:00:00:00:01", ip="10.9.0.5")]', "has 5 octets; allowed is a hardware address of 6"),
    ('hosts = [host(mac="0200.0000.0001", ip="10.9.0.5")]', "write '02:00:00:00:00:01'"),
    ('hosts = [host(mac="020000000001", ip="10.9.0.5")]', "write '02:00:00:00:00:01'"),
    ('hosts = [host(mac="02:00:00:00:00:01", ip=5)]', "5 is not an IPv4 address"),
    ('subnets = [subnet("10.1.0.0/16"), [subnet("10.2.0.0/16")]]', "write a star before it"),
    ('hosts = [{"mac": "02:00:00:00:00:01", "ip": "10.9.0.5"}]', "write host(mac='02:00:00:00:00:01', ip='10.9.0.5')"),
    ('ip_ranges = [pool("10.9.0.10 - 10.9.0.20")]', "write ['10.9.0.10 - 10.9.0.20']"),
    ('ip_ranges = ["10.9.0.10 to 10.9.0.20"]', "write '10.9.0.10 - 10.9.0.20'"),
    ('ip_ranges = ["10.9.0.10 \u2013 10.9.0.20"]', "write '10.9.0.10 - 10.9.0.20'"),
    ('classes = ["voip"]', "write client_class('voip', ...)"), ('ip_ranges = ["all"]', "is not a range; allowed are"),
    ('classes = [client_class("a", match(giaddr="10.0.0.0/8"))]', "write NETWORK('10.0.0.0/8')"),
    ('classes = [client_class("a", match(mac="b8:27:eb:*:*:*"))]', "write PREFIX('b8:27:eb')"),
    ('classes = [client_class("a", match(secs=">8"))]', "write GREATER(8)"),
    ('classes = [client_class("a", match(mac=PREFIX))]', "write mac=PREFIX(...)"),
    ('hosts = [host("02:00:00:00:00:01")]', "write mac='02:00:00:00:00:01'"),
    ('hosts = [host(mac="02:00:00:00:00:01,02:00:00:00:00:02")]', "several are a list: ['02:00:00:00:00:01', '02"),
    ('ip_address_lease_time = "1d12h"', "write 1 * DAYS + 12 * HOURS"), ("probe_wait = 0,5", "write 0.5"),
    ('client_identity = "remote_id, circuit_id"', "several names are a list: ['remote_id', 'circuit_id']"),
    ('always_send = "router, dns"', "several names are a list: ['router', 'dns']"),
    ('option_definitions = [option(224, "rack", "ip-address")]', "write 'address'"),
    ('option_definitions = [option(224, "rack", str)]', "write 'text'"),
    ('option_definitions = [option(1, "rack", "text", inside=43)]', "write inside='vendor_specific_information'"),
    ('vendor_specific_information = {1: "x"}', 'inside="vendor_specific_information"'),
    ('next_server = ["10.9.0.1"]', "write '10.9.0.1', without brackets"), ('network = "10.9/16"', "write '10.9.0.0/16'"),
    ('network = "0.0.0.0/0"', "is too large; allowed is a /8 at most"),
    ("def finish(request):\n pass", "allowed is: def finish(request, reply)"),
    ('hosts = [host(mac="02:00:00:00:00:01", hostname="bad name!")]', "is not a host's name; allowed are letters"),
]


@pytest.mark.parametrize(("line", "remedy"), VALUES)
def test_a_value_that_is_nearly_right_is_told_with_what_to_write(tmp_path: Path, line: str, remedy: str) -> None:
    (problem,) = problems(tmp_path, N + line)
    assert problem.startswith("2: "), problem
    assert remedy in problem, problem
    assert " at 0x" not in problem
    assert "macs=(" not in problem


@pytest.mark.parametrize("text", [
    'subnets = subnet("10.1.0.0/16", pools=["10.1.4.0/24"])', 'shared_networks = shared_network("f", [subnet("10.1.0.0/16")])',
    N + 'classes = client_class("a", match(mac=PREFIX("02")))', N + 'hosts = host(mac="02:00:00:00:00:01", ip="10.9.0.5")',
    N + 'hosts = [subnet("10.1.0.0/16"), host(mac="02:00:00:00:00:01")]', N + 'router = [host(mac="02:00:00:00:00:01")]',
    N + 'domain_name = match(mac=PREFIX("02"))', N + 'interface = option(224, "rack", "text")'])
def test_a_value_is_shown_as_it_is_written_and_never_its_inside(tmp_path: Path, text: str) -> None:
    told = "\n".join(problems(tmp_path, text))
    assert [word for word in ("Declaration", "Reservation(", "ClientClass(", "_Match", "Codec", "0x",
     "1678376") if word in told] == []


# --- Python's own errors


PYTHON = [
    (N + "router = 192.168.1.1", 2, 'write router = "192.168.1.1"'), (N + "router=10.9.0.1;", 2, 'write router = "10.9.0.1"'),
    ("interface = eth1", 1, 'write interface = "eth1"'), ("interface = eth1, eth2", 1, 'write interface = ["eth1", "eth2"]'),
    ("interface = br-lan", 1, 'write interface = "br-lan"'), ("interface = eth0.100", 1, 'write interface = "eth0.100"'),
    ("network = 192.168.1.0/24", 1, 'write network = "192.168.1.0/24"'),
    (N + "ip_address_lease_time = 8h", 2, "write ip_address_lease_time = 8 * HOURS"),
    (N + "ip_address_lease_time = 1 * HOUR", 2, "write HOURS"), (N + "ip_address_lease_time = 2 * WEEKS", 2, "write 7 * DAYS"),
    (N + "ip_address_lease_time = infinite", 2, "write INFINITE"), (N + "authoritative = true", 2, "write True"),
    (N + "authoritative = yes", 2, "write True"), (N + "router = null", 2, "write None"),
    (N + "authoritative", 2, "write authoritative = True"), (N + "x = Prefix('a')", 2, "write PREFIX"),
    (N + "hosts = [Host(mac='02:00:00:00:00:01')]", 2, "write host"), ("subnets = [Subnet('10.1.0.0/16')]", 1, "write subnet"),
    (N + "hosts.append(host(mac='02:00:00:00:00:01'))", 2, "write hosts = [] in a line before"),
    (N + "hosts += [host(mac='02:00:00:00:00:01')]", 2, "write hosts = [] in a line before"),
    (N + "classes = [client_class('a', match(mac==PREFIX('b8')))]", 2, "write one =: mac=..."),
    (N + "classes = [client_class('a', match(mac=ALL) and match(known=True))]", 2, "write & | ~ in place of and, or, not"),
    (N + "hosts = [host(mac=02:00:00:00:00:01, ip='10.9.0.5')]", 2, 'mac="02:00:00:00:00:01"'),
    (N + "router = \u201c10.9.0.1\u201d", 2, 'write router = "10.9.0.1"'), (N + 'router = "10.9.0.1', 2, "write the quote"),
    (N + 'router "10.9.0.1"', 2, 'write router = "10.9.0.1"'), (N + '  router = "10.9.0.1"', 2, "take out the blanks"),
    (N + "hosts = [\n host(mac='02:00:00:00:00:01')\n host(mac='02:00:00:00:00:02')]", 3, "write a comma"),
    (N + "hosts = [host(mac='02:00:00:00:00:01')", 2, "write the bracket that closes it"),
    (N + "hosts = [host(mac='a', mac='b')]", 2, "several values are a list"),
    (N + 'domain-name = "x"', 2, 'write domain_name = "x"'),
    (N + "ip-address-lease-time = 5", 2, "write ip_address_lease_time = 5"),
    ('subnets = [subnet("10.1.0.0", "255.255.0.0")]', 1, 'write it as subnet("10.1.0.0/16"'),
    ("subnets = [subnet()]", 1, 'write it as subnet("10.1.0.0/16"'),
    ('shared_networks = [shared_network([subnet("10.1.0.0/16")])]', 1, 'write it as shared_network("floor 3", ['),
    (N + "import no_such_module", 2, "-m pip install no_such_module"),
    (N + "open('macs.csv')", 2, "Path(__file__).with_name('macs.csv')"),
    (N + "router \uff1d '10.9.0.1'", 2, "write router = '10.9.0.1'"),
    (N + "ip_address_lease_time = HOURS(8)", 2, "write 8 * HOURS"),
    (N + "ip_address_lease_time = 8 HOURS", 2, "write ip_address_lease_time = 8 * HOURS"),
    (N + "log_level = debug", 2, 'write log_level = "debug"'),
    (N + "domain_name = a.example", 2, 'write domain_name = "a.example"'),
    (N + "domain_name_server = [10.9.0.1, 9.9.9.9]", 2, 'write domain_name_server = ["10.9.0.1", "9.9.9.9"]'),
    (N + "subnets = [subnet(10.1.0.0/16)]", 2, 'write subnets = [subnet("10.1.0.0/16")]'),
    (N + "hosts = [host(mac='a', 'b')]", 2, "give each argument its name"),
    (N + "x = match(mac=ALL) + match(secs=8)", 2, "write & | ~ between conditions"),
    (N + "exit()", 2, "take it out"), (N + "1/0", 2, "correct the line: 1/0"),
    (N + "def f():\n return f()\nf()", 3, "calls itself without end"),
]


@pytest.mark.parametrize(("text", "line", "remedy"), PYTHON)
def test_an_error_of_python_is_told_with_a_remedy(tmp_path: Path, text: str, line: int, remedy: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(f"{line}: "), problem
    assert remedy in problem.partition("; ")[2], problem


def test_a_mistake_in_a_module_beside_the_file_is_told_with_both_places(tmp_path: Path) -> None:
    module = tmp_path / "racks_of_words.py"
    module.write_text("racks = [\n")
    module.chmod(0o644)
    text = f"import sys\nsys.path.insert(0, {str(tmp_path)!r})\nimport racks_of_words\n"
    (problem,) = problems(tmp_path, text)
    assert problem.startswith("3: ")
    assert f"correct {module}:1" in problem


PASTED = [
    ("ISC dhcpd", "subnet 10.9.0.0 netmask 255.255.255.0 {\n  range 10.9.0.10 10.9.0.20;\n}\n",
     'subnets = [subnet("10.9.0.0/24"'),
    ("ISC dhcpd", "option domain-name-servers 10.9.0.1, 9.9.9.9;\n", 'domain_name_server = ["10.9.0.1", "9.9.9.9"]'),
    ("ISC dhcpd", "# ours\ndefault-lease-time 600;\nmax-lease-time 7200;\n", "ip_address_lease_time = 600"),
    ("ISC dhcpd", "range 10.9.0.10 10.9.0.20;\n", 'ip_ranges = ["10.9.0.10 - 10.9.0.20"]'),
    ("ISC dhcpd", "host boss { hardware ethernet 02:00:00:00:00:01; fixed-address 10.9.0.5; }\n",
     'hosts = [host(mac="02:00:00:00:00:01", ip="10.9.0.5", hostname="boss")]'),
    ("ISC dhcpd", "authoritative;\n", "authoritative = True"),
    ("Kea", '{\n// ours\n"Dhcp4": {\n "valid-lifetime": 4000 } }', "man 5 pydhcpd.conf"),
    ("dnsmasq", "dhcp-range=10.9.0.50,10.9.0.150,12h\n", 'ip_ranges = ["10.9.0.50 - 10.9.0.150"]'),
    ("dnsmasq", "dhcp-host=11:22:33:44:55:66,10.9.0.60\n", 'hosts = [host(mac="11:22:33:44:55:66", ip="10.9.0.60")]'),
    ("dnsmasq", "dhcp-option=option:router,10.9.0.1\n", 'router = "10.9.0.1"'),
    ("systemd-networkd", "[DHCPServer]\nPoolOffset=100\n", "man 5 pydhcpd.conf"),
    ("udhcpd", "start 10.9.0.20\nend 10.9.0.254\ninterface eth0\n", "ip_ranges = "),
    ("udhcpd", "interface eth0\n", 'interface = "eth0"'),
    ("OpenWrt", "config dhcp lan\n option start 100\n", "man 5 pydhcpd.conf"),
    ("Cisco IOS", "ip dhcp pool LAN\n network 10.9.0.0 255.255.255.0\n", "man 5 pydhcpd.conf"),
    ("YAML", "network: 10.9.0.0/24\nrouter: 10.9.0.1\n", 'network = "10.9.0.0/24"'),
]


@pytest.mark.parametrize(("language", "text", "remedy"), PASTED)
def test_a_pasted_file_of_another_server_is_known(tmp_path: Path, language: str, text: str, remedy: str) -> None:
    (problem,) = problems(tmp_path, text)
    assert f"this looks like the language of {language}, but the file is Python; " in problem
    assert remedy in problem
    assert "man 5 pydhcpd.conf" in problem


@pytest.mark.parametrize(("text", "told"), [
    ('host(mac="02:00:00:00:00:01", ip="10.9.0.5")', "write hosts = [host(...), ...]"),
    ('for n in range(1):\n    host(mac="02:00:00:00:00:01")', "write hosts = [host(...), ...]"),
    ('router: "10.9.0.1"', "write router = '10.9.0.1'"),
    ("router = '10.9.0.1'\nrouter == '10.9.0.2'", "write router = '10.9.0.2'")])
def test_a_line_without_effect_is_told(tmp_path: Path, text: str, told: str) -> None:
    (warning,) = load(tmp_path, N + text).warnings
    assert told in warning


# --- told, and good all the same


@pytest.mark.parametrize(("text", "told"), [
    (N + 'subnet_mask = "255.255.0.0"', "2: subnet_mask = '255.255.0.0': network says 10.9.0.0/24, which is what is served"),
    (N + 'classes = [client_class("fax")]', "2: client_class 'fax' has no client: write a condition, match(...), or name "),
])
def test_what_has_no_effect_is_told(tmp_path: Path, text: str, told: str) -> None:
    (warning,) = load(tmp_path, text).warnings
    assert warning.startswith(f"{tmp_path / 'pydhcpd.conf'}:{told}"), warning


@pytest.mark.parametrize("text", [
    N + 'subnet_mask = "255.255.255.0"', N + 'classes = [client_class("a", match(known=True))]',
    N + 'classes = [client_class("a")]\nhosts = [host(mac="02:00:00:00:00:01", classes="a")]',
    N + 'classes = [client_class("a")]\ndef classify(request):\n return ["a"]',
    N + 'classes = [client_class("a")]\ndef identify(request):\n return None'])
def test_what_has_an_effect_is_not(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text).warnings == []


# --- what -check ends with


UNDERSTOOD = [
    (N + 'ip_ranges = ["10.9.0.10 - 10.9.0.19"]', ["network 10.9.0.0/24: 10 addresses in a pool (10.9.0.10 - 10.9.0.19)"]),
    (N, ["network 10.9.0.0/24: 249 addresses in a pool (10.9.0.6 - 10.9.0.254)"]),
    (N + 'ip_ranges = ["10.9.0.10", "10.9.0.20"]',
     ["network 10.9.0.0/24: 2 addresses in 2 pools (10.9.0.10 - 10.9.0.10, 10.9.0.20 - 10.9.0.20)"]),
    (N + "ip_ranges = []", ["network 10.9.0.0/24: no pool: reservations only"]),
    ('interface = "eth1"', ["network: that of eth1's address"]),
    ('subnets = [subnet("10.1.0.0/24", pools=["10.1.0.0/24"], exclude=["10.1.0.0 - 10.1.0.9"], relays="10.5.0.1")]',
     ["network 10.1.0.0/24: 245 addresses in a pool (10.1.0.0 - 10.1.0.255), 1 relay"]),
    ('shared_networks = [shared_network("f", [subnet("10.1.0.0/24"), subnet("10.2.0.0/24", pools=["10.2.0.8/30"])], '
     'interface="wg0")]',
     ["shared network 'f': interface wg0", "  network 10.1.0.0/24: no pool: reservations only",
      "  network 10.2.0.0/24: 4 addresses in a pool (10.2.0.8 - 10.2.0.11)"]),
    ('interface = "eth1"\nhosts = [host(mac="02:00:00:00:00:01")]\nclasses = [client_class("a", match(known=True))]\n'
     'option_definitions = [option(224, "rack", "text")]\nrack = "x"\nimport os\nshelf, _x = 1, 2\n'
     'def accept(request):\n return True\ndef help_me():\n pass',
     ["network: that of eth1's address", "hosts: 1", "classes: a", "functions: accept", "options of your own: rack",
      "names of the file's own: help_me, shelf"]),
]


@pytest.mark.parametrize(("text", "lines"), UNDERSTOOD)
def test_what_was_understood_is_told_in_a_few_lines(tmp_path: Path, text: str, lines: "list[str]") -> None:
    found = summary(load(tmp_path, text, {"host_file": str(tmp_path / "leases.db")}))
    assert [line.replace("f':  ", "f': ") for line in found] == lines


def test_of_many_networks_some_are_told_and_the_rest_is_counted(tmp_path: Path) -> None:
    lines = summary(load(tmp_path, "subnets = [subnet(f'10.{n}.0.0/16') for n in range(100)]"))
    assert (len(lines), lines[-1]) == (21, "and 80 more")


def test_check_ends_with_it_and_tells_of_users_and_interfaces_that_there_are_not(tmp_path: Path) -> None:
    file = tmp_path / "pydhcpd.conf"
    file.write_text('interface = "noeth7"\nnetwork = "10.9.0.0/24"\nuser = "nobody_of_this_name"\n')
    file.chmod(0o644)
    done = subprocess.run([sys.executable, "-m", "pydhcpd", "-check", str(file)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    good, network = done.stdout.splitlines()[:2]
    assert (good, network) == (f"{file}: good", "network 10.9.0.0/24: 249 addresses in a pool (10.9.0.6 - 10.9.0.254)")
    assert "waiting: interface noeth7 is missing" in done.stdout
    assert "warning: user = 'nobody_of_this_name': " in done.stderr
    assert "useradd" in done.stderr

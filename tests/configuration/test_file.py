"""The flat form of the configuration: what may be written, what it means, and what is said of mistakes.

Every case is a file of its own that is loaded as the daemon would load it. Lines of mistakes count from 1; a file begins
with an empty line, because it is written as a block, so its first statement is on line 2.
"""

import re
from pathlib import Path

import pytest

from pydhcpd.addresses import address_from
from pydhcpd.configuration.command_line import parse
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.policy.scope import terms_of

SERVE = 'network = "192.0.2.0/24"\n'
BEYOND = "\n" + SERVE  # the next line is line 3


def load(directory, text, words=()):
    """The checked configuration of a file with this text, and of the words of a command line."""
    file = directory / "pydhcpd.conf"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return DHCPServerConfiguration.load(file, parse(list(words)).settings)


def problems(directory, text, words=()):
    """What is said of a file that cannot be used."""
    with pytest.raises(ConfigurationError) as caught:
        load(directory, text, words)
    return caught.value.problems


def option(configuration, code):
    """What goes out as this option, by the global scope."""
    scope = configuration.scope
    return terms_of(scope).options.get(code, scope.options.get(code))


def from_words(*words):
    """The configuration of a command line alone."""
    return DHCPServerConfiguration.load(None, parse(["-network", "192.0.2.0/24", *words]).settings)


# --- values


SETTINGS = [
    ("", "ip_address_lease_time", 8 * 3600),
    ("ip_address_lease_time = 8 * HOURS", "ip_address_lease_time", 28_800),
    ("ip_address_lease_time = 90 * MINUTES", "ip_address_lease_time", 5_400),
    ("ip_address_lease_time = 2 * DAYS", "ip_address_lease_time", 172_800),
    ("ip_address_lease_time = 3600", "ip_address_lease_time", 3_600),
    ("ip_address_lease_time = INFINITE", "ip_address_lease_time", 0xFFFFFFFF),
    ("dhcp_offer_after_seconds = 0.5", "dhcp_offer_after_seconds", 0.5),
    ("dhcp_offer_after_seconds = 2", "dhcp_offer_after_seconds", 2.0),
    ("length_of_transaction = 30", "length_of_transaction", 30),
    ('interface = "eth1"', "interface", ("eth1",)),
    ('interface = ["eth1", "eth2"]', "interface", ("eth1", "eth2")),
    ("authoritative = True", "authoritative", True),
    ('authoritative = "yes"', "authoritative", True),
    ('authoritative = "no"', "authoritative", False),
    ("debug = 1", "debug", True),
    ("authoritative = None", "authoritative", False),
    ('bind_address = "192.0.2.1"', "bind_address", 0xC0000201),
    ('next_server = "192.0.2.9"', "next_server", 0xC0000209),
    ('host_file = "/srv/leases.db"', "host_file", Path("/srv/leases.db")),
    ('always_send = "router"', "always_send", {3}),
    ('never_send = ["router", "routers", "option_160"]', "never_send", {3, 160}),
    ('ip_ranges = [("192.0.2.10", "192.0.2.20")]', "ip_ranges", ((0xC000020A, 0xC0000214),)),
    ("ip_ranges = None", "ip_ranges", None),
    ("ip_ranges = []", "ip_ranges", ()),
    ("maximum_unknown_per_second = None", "maximum_unknown_per_second", None),
    ("hosts = []", "hosts", ()),
    ("hosts = None", "hosts", ()),
]


@pytest.mark.parametrize(("line", "name", "value"), SETTINGS)
def test_a_setting_has_its_inner_form(tmp_path, line, name, value):
    assert load(tmp_path, SERVE + line)[name] == value


OPTIONS = [
    ('router = "192.0.2.1"', 3, "c0000201"),  # one value or a list, where the option is a list
    ('router = ["192.0.2.1"]', 3, "c0000201"),
    ('router = ("192.0.2.1", "192.0.2.2")', 3, "c0000201 c0000202"),
    ('routers = "192.0.2.1"', 3, "c0000201"),
    ("router = None", 3, None),
    ("router = []", 3, None),
    ("router = ()", 3, None),  # an option of no address would break RFC 2132 section 3.5
    ('router = [] if False else ["192.0.2.1"]', 3, "c0000201"),
    ("time_offset = -3600", 2, "fffff1f0"),
    ('domain_name = "example"', 15, "6578616d706c65"),
    ("ip_forwarding_enabled = True", 19, "01"),
    ("ip_forwarding_enabled = False", 19, "00"),
    ('policy_filter = [("192.0.2.0", "255.255.255.0")]', 21, "c0000200 ffffff00"),
    ('policy_filer = [("192.0.2.0", "255.255.255.0")]', 21, "c0000200 ffffff00"),
    ('network_information_servers = "192.0.2.1"', 41, "c0000201"),
    ('network_informtaion_servers = "192.0.2.1"', 41, "c0000201"),
    ('network_information_service_plus_servers = "192.0.2.1"', 65, "c0000201"),
    ('broadcast_address = "192.0.2.255"', 28, "c00002ff"),
    ('tftp_server_name = "t"', 66, "74"),
    ('boot_file_name = "b"', 67, "62"),
    ("renewal_time_value = 30 * MINUTES", 58, "00000708"),
    ('option_43 = b"\\1\\2"', 43, "0102"),
    ('option_160 = b"x"', 160, "78"),
    ('option_160 = "01:a2:ff"', 160, "01a2ff"),
    ('classless_static_route = [("198.51.100.0/24", "192.0.2.9")]', 121, "18 c63364 c0000209"),
    ("mobile_ip_home_agent = []", 68, None),
]


@pytest.mark.parametrize(("line", "code", "wire"), OPTIONS)
def test_an_option_goes_out_as_its_shape_says(tmp_path, line, code, wire):
    assert option(load(tmp_path, SERVE + line), code) == (None if wire is None else bytes.fromhex(wire))


def test_none_leaves_an_option_out_of_the_terms(tmp_path):
    configuration = load(tmp_path, SERVE + 'router = None\ndomain_name = "a"')
    assert set(terms_of(configuration.scope).options) == {15}


@pytest.mark.parametrize(("line", "network"), [
    ('network = "192.0.2.0/24"', (0xC0000200, 0xFFFFFF00)),
    ('network = "192.0.2.0"\nsubnet_mask = "255.255.255.0"', (0xC0000200, 0xFFFFFF00)),
    ('subnet_mask = "255.0.0.0"\nnetwork = "10.0.0.0"', (0x0A000000, 0xFF000000)),
    ('interface = "eth1"', None),
    ('bind_address = "192.0.2.1"', None),
])
def test_the_network_is_given_with_its_mask_or_follows_from_the_interface(tmp_path, line, network):
    assert load(tmp_path, line).network == network


def test_the_example_of_one_network_is_good(tmp_path):
    configuration = load(tmp_path, """
interface = "eth1"
ip_ranges = [("192.168.137.10", "192.168.137.200")]
router = "192.168.137.1"
domain_name_server = ["192.168.137.1", "9.9.9.9"]
ip_address_lease_time = 8 * HOURS
hosts = [host(mac="02:00:00:00:99:01", ip="192.168.137.5", hostname="boss")]
""")
    assert [one.line for one in configuration["hosts"]] == [7]
    assert configuration.warnings == []


def test_an_older_file_is_good(tmp_path):
    configuration = load(tmp_path, """
network = '192.168.137.0'
subnet_mask = '255.255.255.0'
broadcast_address = '192.168.137.255'
router = ['192.168.137.1']
domain_name_server = None
ip_address_lease_time = 300
dhcp_offer_after_seconds = 10
dhcp_acknowledge_after_seconds = 10
length_of_transaction = 40
host_file = 'leases.db'
bind_address = ''.join(['0.0.0.0'])
debug = False
option_160 = b'x'
""")
    assert configuration.network == (0xC0A88900, 0xFFFFFF00)
    assert configuration["dhcp_offer_after_seconds"] == 10
    assert configuration["bind_address"] == 0


# --- the file is Python


OWN = [
    "import socket, csv, os.path\nfrom pathlib import Path\nfrom ipaddress import IPv4Address",
    "from pydhcpd.conf import *",
    "racks = [1, 2, 3]\nlab = True\nspare = 'x'",
    "def machines(rack):\n    return [host(mac=f'02:00:00:00:0{rack}:0{n}') for n in range(3)]\nhosts = machines(1)",
    "class Site:\n    router = 'nonsense'",
    "for n in range(3):\n    pass",
    "for n in range(3):\n    pass\ndel n",
    "try:\n    import no_such_module_here\nexcept ImportError as error:\n    pass",
    "with open(__file__) as this:\n    text = this.read()",
    "(lambda: None)()\n[n for n in range(3)]",
    "_routr = 1\n_hosts = 'x'\n__private = 2",  # a leading _ frees a name
    "if __name__ == '__main__':\n    raise SystemExit",
    "printers = option(0, 'x', 'text')",
    "route_list = [('10.0.0.0/8', '192.0.2.1')]",
    "x: int = 3",
    "global_names = sorted(globals())",
]


@pytest.mark.parametrize("text", OWN)
def test_names_imports_loops_and_functions_are_the_files_own(tmp_path, text):
    assert load(tmp_path, SERVE + text).warnings == []


DOUBTFUL = [
    (r'name = "^a\d+$"', r'\d is no escape sequence; write r before the quotation mark, where the backslash is meant: r"..."'),
    (r"name = b'\z'", r'\z is no escape sequence; write r before the quotation mark, where the backslash is meant: r"..."'),
    ("found = 1 is 1", '"is" with '),
]


@pytest.mark.parametrize(("text", "told"), DOUBTFUL)
def test_what_python_doubts_is_a_warning_with_its_line_in_every_version(tmp_path, recwarn, text, told):
    lines = f"{SERVE}\n{text}\n"
    (found,) = load(tmp_path, lines).warnings
    assert f"pydhcpd.conf:{lines[:lines.index(text)].count(chr(10)) + 1}: {told}" in found
    assert not recwarn.list


ASSIGNED = [
    "router = '192.0.2.1'",
    "if True:\n    router = '192.0.2.1'",
    "for router in ['192.0.2.7', '192.0.2.1']:\n    pass",
    "router, x = '192.0.2.1', 1",
    "(router := '192.0.2.1')",
    "x = router = '192.0.2.1'",
    "router = []\nrouter += ['192.0.2.1']",
    "globals()['router'] = '192.0.2.1'",
    "def site(n):\n    global router\n    router = f'192.0.2.{n}'\nsite(1)",
    "globals().update(router='192.0.2.1')",
    "router: str = '192.0.2.1'",
    "domain_name = 'x'\nrouter = '192.0.2.1'\ndel domain_name",
]


@pytest.mark.parametrize("text", ASSIGNED)
def test_what_the_file_assigns_is_the_configuration_however_it_does(tmp_path, text):
    configuration = load(tmp_path, SERVE + text)
    assert option(configuration, 3) == bytes.fromhex("c0000201")
    assert option(configuration, 15) is None


# --- mistakes: FILE:LINE: NAME = VALUE: what is wrong; what is allowed


FORM = re.compile(r"(?P<file>[^:]+):(?P<line>\d+): (?P<what>.*?): (?P<why>.+); "
                  r"(?P<allowed>(?:allowed|name|run|write|several|is there).+)", re.DOTALL)

VALUES = [
    ("ip_address_lease_time = 0", "ip_address_lease_time = 0"),
    ("ip_address_lease_time = -1", "ip_address_lease_time = -1"),
    ("ip_address_lease_time = 1 << 32", "ip_address_lease_time = 4294967296"),
    ("ip_address_lease_time = True", "ip_address_lease_time = True"),
    ("ip_address_lease_time = 'an hour'", "ip_address_lease_time = 'an hour'"),
    ("minimum_lease_time = '5'", "minimum_lease_time = '5'"),
    ("dhcp_offer_after_seconds = -0.5", "dhcp_offer_after_seconds = -0.5"),
    ("dhcp_offer_after_seconds = float('nan')", "dhcp_offer_after_seconds = nan"),
    ("length_of_transaction = 1.5", "length_of_transaction = 1.5"),
    ("look_for_other_servers = 59", "look_for_other_servers = 59"),
    ("look_for_other_servers = 0.5 * MINUTES + 0.5", "look_for_other_servers = 30.5"),
    ("look_for_other_servers = True", "look_for_other_servers = True"),
    ("look_for_other_servers = '1h'", "look_for_other_servers = '1h'"),
    ("look_for_other_servers = -60", "look_for_other_servers = -60"),
    ("maximum_transactions = 0", "maximum_transactions = 0"),
    ("control_port = 65536", "control_port = 65536"),
    ("control_address = 'localhost'", "control_address = 'localhost'"),
    ("authoritative = 'perhaps'", "authoritative = 'perhaps'"),
    ("authoritative = 2", "authoritative = 2"),
    ("authoritative = [True]", "authoritative = [True]"),
    ("interface = ''", "interface = ''"),
    ("interface = 'eth1, eth2'", "interface = 'eth1, eth2'"),
    ("interface = '/dev/eth1'", "interface = '/dev/eth1'"),
    ("interface = [1]", "interface = [1]"),
    ("subnet_mask = '255.255.255.256'", "subnet_mask = '255.255.255.256'"),
    ("bind_address = 'eth0'", "bind_address = 'eth0'"),
    ("next_server = '192.0.2.01'", "next_server = '192.0.2.01'"),
    ("server_name = 5", "server_name = 5"),
    ("server_name = 'x' * 64", f"server_name = '{'x' * 64}'"),
    ("server_name = 'a\\nb'", r"server_name = 'a\nb'"),
    ("host_file = ''", "host_file = ''"),
    ("pid_file = 'a\\0b'", r"pid_file = 'a\x00b'"),
    ("log_level = 'loud'", "log_level = 'loud'"),
    ("always_send = 3", "always_send = 3"),
    ("always_send = ['router', 'no_such']", "always_send = ['router', 'no_such']"),
    ("never_send = ['no_such']", "never_send = ['no_such']"),
    ("hosts = 'x'", "hosts = 'x'"),
    ("hosts = [{'mac': 'x'}]", "hosts = [{'mac': 'x'}]"),
    ("option_definitions = [224]", "option_definitions = [224]"),
    ("router = 'gateway'", "router = 'gateway'"),
    ("router = ['192.0.2.1', 5.5]", "router = ['192.0.2.1', 5.5]"),
    ("router = True", "router = True"),
    ("domain_name = 5", "domain_name = 5"),
    ("domain_name = ''", "domain_name = ''"),
    ("domain_name = 'a\\0'", r"domain_name = 'a\x00'"),
    ("interface_mtu = 65536", "interface_mtu = 65536"),
    ("time_offset = 1 << 31", "time_offset = 2147483648"),
    ("ip_forwarding_enabled = 'on'", "ip_forwarding_enabled = 'on'"),
    ("renewal_time_value = -1", "renewal_time_value = -1"),
    ("option_160 = 5", "option_160 = 5"),
    ("classless_static_route = [('198.51.100.1/24', '192.0.2.1')]", "classless_static_route = "),
]


@pytest.mark.parametrize(("line", "what"), VALUES)
def test_a_value_that_cannot_be_used_is_told_with_line_name_value_and_remedy(tmp_path, line, what):
    (problem,) = problems(tmp_path, BEYOND + line)
    found = FORM.fullmatch(problem)
    assert found, problem
    assert (found["file"], found["line"]) == (str(tmp_path / "pydhcpd.conf"), "3")
    assert problem.split(": ", 1)[1].startswith(what), problem


RANGES = [
    ("['192.0.2.20 - 192.0.2.10']", "ends before it begins"),
    ("[('192.0.2.20', '192.0.2.10')]", "ends before it begins"),
    ("['192.0.2.10 - 192.0.2.20', '192.0.2.20 - 192.0.2.30']", "overlap"),
    ("['192.0.2.10 - 192.0.2.20', '192.0.2.8/30']", "overlap"),
    ("['192.0.2.10 - 192.0.2.20', '192.0.2.10 - 192.0.2.20']", "overlap"),
    ("['192.0.3.10 - 192.0.3.20']", "outside the network"),
    ("['192.0.2.10 - 192.0.3.20']", "outside the network"),
    ("['192.0.1.0/24']", "outside the network"),
    ("['192.0.2.9/30']", "not an IPv4 network"),
    ("['192.0.2.1 - 192.0.2.2 - 192.0.2.3']", "not a range"),
    ("[('192.0.2.1', '192.0.2.2', '192.0.2.3')]", "not a range"),
    ("['x - y']", "not a range"),
    ("5", "not a list of ranges"),
    ("[None]", "not a range"),
    ("[()]", "not a range"),
]


@pytest.mark.parametrize(("value", "why"), RANGES)
def test_a_range_must_be_of_the_network_forwards_and_apart_from_others(tmp_path, value, why):
    (problem,) = problems(tmp_path, BEYOND + f"ip_ranges = {value}")
    assert FORM.fullmatch(problem), problem
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: ip_ranges = ")
    assert why in problem


TOGETHER = [
    ("renewal_time_value = 900\nrebinding_time_value = 600", {3, 4}, "below rebinding_time_value"),
    ("renewal_time_value = 600\nrebinding_time_value = 600", {3, 4}, "below rebinding_time_value"),
    ("ip_address_lease_time = 3600\nrenewal_time_value = 900\nrebinding_time_value = 600", {4, 5}, "below"),
    ("minimum_lease_time = 7200\nip_address_lease_time = 3600", {3, 4}, "minimum_lease_time <="),
    ("ip_address_lease_time = 3600\nminimum_lease_time = 7200", {3, 4}, "minimum_lease_time <="),
    ("maximum_lease_time = 600\nip_address_lease_time = 3600", {3, 4}, "<= maximum_lease_time"),
    ("maximum_lease_time = 600", {3}, "<= maximum_lease_time"),
    ("ip_address_lease_time = 3600\nalways_send = 'no_such'", {4}, "no_such"),
    ("ip_address_lease_time = 3600\nserver_name = 'x' * 64", {4}, "at most 63"),
]


def test_all_contradictions_are_told(tmp_path):
    found = problems(tmp_path, BEYOND + """minimum_lease_time = 600
maximum_lease_time = 300
ip_address_lease_time = 400
renewal_time_value = 9
rebinding_time_value = 8
always_send = "no_such"
never_send = "no_such"
""")
    assert len(found) == 5


@pytest.mark.parametrize("text", [
    "hosts = [host(mac='x')]", "hosts = (host(mac='x'),)", "hosts = host(mac='x')",
    "option_definitions = (option(0, 'x', 'text'),)", "hosts = (host(mac='x'), host(mac='02:00:00:00:00:01'))"])
def test_one_mistake_is_told_once(tmp_path, text):
    (problem,) = problems(tmp_path, BEYOND + text)
    assert problem.split(": ")[1].startswith(("host(mac='x')", "option(code=0"))


@pytest.mark.parametrize(("lines", "where", "why"), TOGETHER)
def test_values_that_contradict_each_other_are_told_at_the_line_of_one_of_them(tmp_path, lines, where, why):
    (problem,) = problems(tmp_path, BEYOND + lines)
    assert int(problem.removeprefix(f"{tmp_path}/pydhcpd.conf:").split(":")[0]) in where, problem
    assert why in problem


NETWORKS = [
    ('network = "192.0.2.0"', "no mask"),
    ('network = "192.0.2.1/24"', "write '192.0.2.0/24'"),
    ('network = "192.0.2.0/33"', "not an IPv4 network"),
    ('network = "192.0.2.0"\nsubnet_mask = "255.0.255.0"', "255.0.255.0"),
    ('network = "192.0.2.7"\nsubnet_mask = "255.255.255.0"', "write '192.0.2.0/24'"),
    ('network = "lab"', "not an IPv4 address"),
    ("network = 5", "allowed is a network"),
    ('subnet_mask = "255.0.255.0"\ninterface = "eth1"', "255.0.255.0"),
]


@pytest.mark.parametrize(("lines", "why"), NETWORKS)
def test_a_network_has_a_base_address_and_a_mask(tmp_path, lines, why):
    (problem,) = problems(tmp_path, "\n" + lines)
    assert re.match(re.escape(f"{tmp_path}/pydhcpd.conf:") + "[23]: (network|subnet_mask) = ", problem), problem
    assert why in problem


MISSPELT = [
    ("routr = 1", "router"),
    ("domain_name_servers = []", "domain_name_server"),
    ("ip_rnages = []", "ip_ranges"),
    ("ip_range = []", "ip_ranges"),
    ("interfaces = ['eth1']", "interface"),
    ("lenght_of_transaction = 5", "length_of_transaction"),
    ("ip_adress_lease_time = 5", "ip_address_lease_time"),
    ("autoritative = True", "authoritative"),
    ("Router = '192.0.2.1'", "router"),
    ("rotuer = '192.0.2.1'", "router"),  # two letters changed places
    ("hsots = []", "hosts"),
    ("subnet = []", "subnets"),
    ("site_cod = 5\noption_definitions = [option(224, 'site_code', 'uint8')]", "site_code"),
]


@pytest.mark.parametrize(("line", "meant"), MISSPELT)
def test_a_near_miss_of_a_known_name_is_an_error_with_that_name(tmp_path, line, meant):
    (problem,) = problems(tmp_path, BEYOND + line)
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: {line.splitlines()[0].split(' =')[0]} = "), problem
    assert f"did you mean {meant}?" in problem or f"pydhcpd calls it {meant}: write {meant} = " in problem
    assert "may begin with _" in problem


PROTOCOLS = ["requested_ip_address = '192.0.2.7'", "option_overload = 1", "dhcp_message_type = 2",
             "parameter_request_list = [1]", "maximum_dhcp_message_size = 576", "client_identifier = b'x'",
             "relay_agent_information = b'x'",
             "server_identifier = '192.0.2.1'", "message = 'x'",
             *(f"option_{code} = b'1234'" for code in (50, 51, 52, 53, 54, 55, 56, 57, 61, 82))]


@pytest.mark.parametrize("line", PROTOCOLS)
def test_what_is_the_protocols_own_cannot_be_set(tmp_path, line):
    (problem,) = problems(tmp_path, BEYOND + line)
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: {line}: cannot be set")


@pytest.mark.parametrize("line", PROTOCOLS)
def test_what_is_the_protocols_own_cannot_be_set_for_a_host_either(tmp_path, line):
    (problem,) = problems(tmp_path, BEYOND + f"hosts = [host(mac='02:00:00:00:00:01', {line.replace(' = ', '=')})]")
    name = line.split(" ")[0]
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: host(mac='02:00:00:00:00:01') {name} = "), problem
    assert f"did you mean {name}" not in problem
    assert "cannot be set" in problem


@pytest.mark.parametrize("text", ["", "# all comments\n", "router = '192.0.2.1'", "interface = []", "network = None"])
def test_nothing_is_served_that_was_not_asked_for(tmp_path, text):
    assert problems(tmp_path, text) == [f"{tmp_path}/pydhcpd.conf: nothing to serve; name an interface or a network"]


def test_subnets_alone_are_told_as_such(tmp_path):
    (problem,) = problems(tmp_path, "subnets = []")
    assert "subnets" in problem


@pytest.mark.parametrize(("name", "usual"), [
    ("ip_address_lease_time", 8 * 3600), ("minimum_lease_time", 60), ("maximum_lease_time", 8 * 3600)])
def test_a_host_may_take_an_inherited_lease_time_away(tmp_path, name, usual):
    """None takes an inherited value away: what is left is the default."""
    configuration = load(tmp_path, SERVE + f"""
minimum_lease_time = 300
ip_address_lease_time = 8 * HOURS
maximum_lease_time = 9 * HOURS
hosts = [host(mac="02:00:00:00:00:01", {name}=None)]
""")
    (one,) = configuration.hosts
    terms = terms_of(one.scope.over(configuration.scope))
    assert getattr(terms, name.removeprefix("ip_address_")) == usual


def test_a_router_outside_the_network_is_a_warning(tmp_path):
    (warning,) = load(tmp_path, BEYOND + "router = ['192.0.2.1', '198.51.100.1']").warnings
    assert warning.startswith(f"{tmp_path}/pydhcpd.conf:3: router = '198.51.100.1': lies outside the network")


def test_a_long_value_is_cut_in_the_message(tmp_path):
    (problem,) = problems(tmp_path, BEYOND + "router = list(range(10**5)) + ['x']")
    assert len(problem) < 1500


def test_all_mistakes_are_found_in_one_go(tmp_path):
    found = problems(tmp_path, """
network = "192.0.2.0/24"
ip_ranges = ["192.0.3.10 - 192.0.3.20"]
router = "gateway"
ip_address_lease_time = "long"
domain_nam = "x"
option_53 = b"1"
renewal_time_value = 900
rebinding_time_value = 600
always_send = ["no_such"]
subnets = 5
hosts = [
    host(mac="nonsense"),
    host(mac="02:00:00:00:00:01", ip="198.51.100.1"),
    host(mac="02:00:00:00:00:02", no_such=5),
    host(mac="02:00:00:00:00:03", router="x"),
]
option_definitions = [option(300, "x", "text")]
""")
    lines = sorted(int(problem.removeprefix(f"{tmp_path}/pydhcpd.conf:").split(":")[0]) for problem in found)
    assert [8 if line == 9 else line for line in lines] == [3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 18]


# --- lines


LINES = [
    (b"network = '192.0.2.0/24'\nrouter = [\n    'x',\n]\n", 2),
    (b"network = '192.0.2.0/24'\nfor n in range(3):\n    router = 'x'\n", 3),
    (b"network = '192.0.2.0/24'\nrouter = '192.0.2.1'\n\nrouter = 'x'\n", 4),  # the one that counts
    (b"network = '192.0.2.0/24'\nhosts = [\n    host(mac='02:00:00:00:00:01'),\n    host(mac='x'),\n]\n", 4),
    (b"network = '192.0.2.0/24'\nhosts = [\n    host(\n        mac='x',\n        ip='192.0.2.7',\n    ),\n]\n", 3),
    (b"network = '192.0.2.0/24'\nhosts = []\nhosts += [\n    host(mac='x')]\n", 4),
    (b"network = '192.0.2.0/24'\ndef one(n):\n    return host(mac=n)\nhosts = [one('x')]\n", 3),
    (b"network = '192.0.2.0/24'\noption_definitions = [\n    option(224, 'a', 'uint8'),\n    option(0, 'b', 'uint8'),\n]\n", 4),
    (b"network = '192.0.2.0/24'\nrouter = ('192.0.2.1'\n", 2),  # a syntax error
    (b"network = '192.0.2.0/24'\nif True:\nrouter = 1\n", 3),
    (b"network = '192.0.2.0/24'\n\nreturn\n", 3),
    (b"network = '192.0.2.0/24'\nrouter = 1 / 0\n", 2),  # an exception
    (b"network = '192.0.2.0/24'\ndef f():\n    raise KeyError('x')\n\nf()\n", 3),  # where it was raised in the file
    (b"network = '192.0.2.0/24'\nint('x')\n", 2),
    (b"network = '192.0.2.0/24'\nimport no_such_module_here\n", 2),
    (b"network = '192.0.2.0/24'\n\nexec('a b')\n", 3),  # another text's syntax, run here
    (b"network = '192.0.2.0/24'\nraise SystemExit(0)\n", 2),
    (b"network = '192.0.2.0/24'\nNETWORK('x')\n", 2),
    (b"network = '192.0.2.0/24'\ndef f():\n    f()\nf()\n", 3),
    (b"network = '192.0.2.0/24'\n\nrouter = '\0'\n", 3),  # NUL bytes
    (b"\xff\xfe", 1),
    (b"network = '192.0.2.0/24'\nrouter = '\xff'\n", 2),  # no UTF-8
]


@pytest.mark.parametrize(("text", "line"), LINES)
def test_a_mistake_is_told_at_its_line(tmp_path, text, line):
    (problem,) = problems(tmp_path, text)
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:{line}: "), problem
    assert "\n" not in problem


def test_a_mistake_in_a_loop_is_told_once_for_each_host(tmp_path):
    found = problems(tmp_path, BEYOND + """
hosts = []
for n in range(1, 4):
    hosts.append(host(mac=f"02:00:00:00:00:0{n}",
                      ip=f"198.51.100.{n}"))
""")
    assert [problem.split(": ", 2)[:2] for problem in found] == [
        [f"{tmp_path}/pydhcpd.conf:6", f"host(ip='198.51.100.{n}', mac='02:00:00:00:00:0{n}')"] for n in (1, 2, 3)]


def test_a_file_that_is_missing_is_told_with_its_name(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        DHCPServerConfiguration.load(tmp_path / "missing.conf")
    assert caught.value.problems == [f"{tmp_path}/missing.conf: there is no such file; write it (man 5 pydhcpd.conf), or name "
                                     "another: pydhcpd FILE"]


def test_a_file_that_is_a_directory_is_told(tmp_path):
    with pytest.raises(ConfigurationError) as caught:
        DHCPServerConfiguration.load(tmp_path)
    assert caught.value.problems[0].startswith(f"{tmp_path}: ")


def test_links_that_lead_to_each_other_are_told(tmp_path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(ConfigurationError) as caught:
        DHCPServerConfiguration.load(tmp_path / "a")
    assert caught.value.problems[0].startswith(f"{tmp_path}/a: ")


# --- host()


IDENTITIES = [
    ("mac='02:00:00:00:99:01'", ("mac", bytes.fromhex("020000009901"))),
    ("mac='02-00-00-00-99-01'", ("mac", bytes.fromhex("020000009901"))),
    ("mac=b'\\2\\0\\0\\0\\x99\\1'", ("mac", bytes.fromhex("020000009901"))),
    ("mac=['02:00:00:00:99:01', '02:00:00:00:99:02']", ("mac", bytes.fromhex("020000009902"))),
    ("client_id=b'\\1\\2'", ("client_id", b"\1\2")),
    ("client_id='01:a2:ff'", ("client_id", b"\1\xa2\xff")),
    ("client_id='boss'", ("client_id", b"boss")),
    ("client_id=['a', 'b']", ("client_id", b"b")),
    ("uuid='00112233-4455-6677-8899-aabbccddeeff'", ("uuid", bytes.fromhex("00112233445566778899aabbccddeeff"))),
    ("uuid='00112233445566778899AABBCCDDEEFF'", ("uuid", bytes.fromhex("00112233445566778899aabbccddeeff"))),
    ("uuid=bytes(17)", ("uuid", bytes(16))),
    ("circuit_id='eth1/2'", ("relay:circuit_id", (b"eth1/2",))),
    ("circuit_id='p1', remote_id='00:11'", ("relay:circuit_id,remote_id", (b"p1", b"\x00\x11"))),
    ("subscriber_id=b'me'", ("relay:subscriber_id", (b"me",))),
    ("relay='192.0.2.9', circuit_id='p1'", ("relay:circuit_id,relay", (b"p1", 0xC0000209))),
    ("hostname='Boss', match_hostname=True", ("hostname", "boss")),
]


@pytest.mark.parametrize(("arguments", "identity"), IDENTITIES)
def test_a_host_is_known_by_any_kind_of_identity(tmp_path, arguments, identity):
    (one,) = load(tmp_path, BEYOND + f"hosts = [host('192.0.2.7', {arguments})]")["hosts"]
    assert identity in one.identities()
    assert (one.ips, one.line) == ((address_from("192.0.2.7"),), 3)


HOST_MISTAKES = [
    ("", "who it is"),
    ("ip='192.0.2.7'", "who it is"),
    ("hostname='x', match_hostname=False", "who it is"),
    ("match_hostname=True", "who it is"),
    ("mac=[]", "who it is"),
    ("mac='02:00:00:00:00'  + ':zz'", "not a hardware address"),
    ("mac=''", "not a hardware address"),
    ("mac=5", "not a hardware address"),
    ("mac=':'.join(['00'] * 17)", "not a hardware address"),
    ("client_id=5", "neither bytes nor text"),
    ("client_id=''", "client_id"),
    ("circuit_id=''", "circuit_id"),
    ("uuid='0011'", "not a UUID"),
    ("uuid=5", "not a UUID"),
    ("relay='x'", "not an IPv4 address"),
    ("mac='02:00:00:00:00:01', ip='x'", "not an IPv4 address"),
    ("mac='02:00:00:00:00:01', ip=True", "not an IPv4 address"),
    ("mac='02:00:00:00:00:01', hostname=''", "not a host's name"),
    ("mac='02:00:00:00:00:01', hostname='a\\nb'", "not a host's name"),
    ("mac='02:00:00:00:00:01', hostname='x' * 256", "not a host's name"),
    ("mac='02:00:00:00:00:01', ip='198.51.100.1'", "outside the network"),
    ("mac='02:00:00:00:00:01', ip='192.0.2.0'", "192.0.2.0"),  # the base address is never given out
    ("mac='02:00:00:00:00:01', ip='192.0.2.255'", "192.0.2.255"),
    ("mac='02:00:00:00:00:01', rooter='192.0.2.1'", "did you mean router?"),
    ("mac='02:00:00:00:00:01', router='x'", "router = 'x'"),
    ("mac='02:00:00:00:00:01', authoritativ=True", "not known in host(); did you mean authoritative?"),
    ("mac='02:00:00:00:00:01', classes=['x']", "not defined"),
    ("mac='02:00:00:00:00:01', ip_address_lease_time=0", "ip_address_lease_time = 0"),
    ("mac='02:00:00:00:00:01', server_name='x' * 64", "at most 63"),
    ("mac='02:00:00:00:00:01', minimum_lease_time=90 * DAYS", "minimum_lease_time"),
    ("mac='02:00:00:00:00:01', renewal_time_value=9, rebinding_time_value=5", "below rebinding_time_value"),
    ("mac='02:00:00:00:00:01', always_send='no_such'", "no_such"),
]


@pytest.mark.parametrize(("arguments", "why"), HOST_MISTAKES)
def test_a_host_that_cannot_be_is_told_with_its_line(tmp_path, arguments, why):
    (problem,) = problems(tmp_path, BEYOND + f"hosts = [host({arguments})]")
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: host("), problem
    assert why in problem


def test_a_host_may_have_options_and_lease_times_of_its_own(tmp_path):
    configuration = load(tmp_path, SERVE + """
router = "192.0.2.1"
domain_name = "example"
hosts = [host(mac="02:00:00:00:00:01", hostname="boss", router="192.0.2.2", domain_name=None, boot_file_name="b",
              ip_address_lease_time=1 * DAYS, next_server="192.0.2.9", option_160=b"x", always_send=["router"])]
""")
    (one,) = configuration.hosts
    terms = terms_of(one.scope.over(configuration.scope))
    assert dict(terms.options) == {3: bytes.fromhex("c0000202"), 12: b"boss", 66: b"192.0.2.9", 67: b"b", 160: b"x"}
    assert (terms.lease_time, terms.maximum_lease_time, terms.next_server) == (86_400, 86_400, 0xC0000209)
    assert terms.always_send == {3}


@pytest.mark.parametrize("value", ["None", "[]", "()"])
def test_a_host_may_take_an_inherited_option_away(tmp_path, value):
    configuration = load(tmp_path, SERVE + f'router = "192.0.2.1"\nhosts = [host(mac="02:00:00:00:00:01", router={value})]')
    (one,) = configuration.hosts
    assert 3 not in terms_of(one.scope.over(configuration.scope)).options


def test_a_hosts_lease_time_is_its_maximum_too(tmp_path):
    """maximum_lease_time is by default the lease time that holds at the same scope."""
    configuration = load(tmp_path, SERVE + """
maximum_lease_time = 12 * HOURS
hosts = [host(mac="02:00:00:00:00:01", ip_address_lease_time=7 * DAYS)]
""")
    (one,) = configuration.hosts
    assert terms_of(one.scope.over(configuration.scope)).maximum_lease_time == 7 * 86_400


TWICE = [
    ("mac='02:00:00:00:00:01'", "mac='02-00-00-00-00-01'", "mac"),
    ("mac=['02:00:00:00:00:01', '02:00:00:00:00:02']", "mac=['02:00:00:00:00:03', '02:00:00:00:00:02']", "mac"),
    ("client_id='01:02'", "client_id=b'\\1\\2'", "client_id"),
    ("uuid='00112233-4455-6677-8899-aabbccddeeff'", "uuid='00112233445566778899AABBCCDDEEFF'", "uuid"),
    ("circuit_id='a', remote_id='b'", "remote_id='b', circuit_id='a'", "circuit_id"),
    ("hostname='Boss', match_hostname=True", "hostname='boss', match_hostname=True", "hostname"),
    ("mac='02:00:00:00:00:01', ip='192.0.2.7'", "mac='02:00:00:00:00:02', ip='192.0.2.7'", "192.0.2.7"),
]


@pytest.mark.parametrize(("one", "other", "what"), TWICE)
def test_what_is_reserved_twice_is_told_with_both_lines(tmp_path, one, other, what):
    (problem,) = problems(tmp_path, BEYOND + f"hosts = [\n    host({one}),\n    host({other}),\n]")
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:"), problem
    assert what in problem
    assert {"4", "5"} <= set(re.findall(r"(?:line |:)(\d+)", problem)), problem


@pytest.mark.parametrize("hosts", [
    "[host(mac=f'02:00:00:00:00:0{n}', ip='192.0.2.7') for n in range(2)]",
    "[host(mac='02:00:00:00:00:01', ip=f'192.0.2.{n}') for n in (7, 8)]",
])
def test_what_is_reserved_twice_on_one_line_is_told_too(tmp_path, hosts):
    (problem,) = problems(tmp_path, BEYOND + f"hosts = {hosts}")
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:3: ")


def test_everything_that_is_reserved_twice_is_told_in_one_go(tmp_path):
    found = problems(tmp_path, BEYOND + """hosts = [
    host(mac="02:00:00:00:00:01", ip="192.0.2.7"),
    host(mac="02:00:00:00:00:01", ip="192.0.2.7"),
    host(mac="02:00:00:00:00:02"),
    host(mac="02:00:00:00:00:02"),
]""")
    assert len(found) == 3


def test_one_circuit_at_two_switches_is_two_hosts(tmp_path):
    """A circuit id alone repeats from switch to switch, so uniqueness is that of the whole set."""
    configuration = load(tmp_path, SERVE + """
hosts = [host(circuit_id="p1", remote_id="a", ip="192.0.2.7"), host(circuit_id="p1", remote_id="b", ip="192.0.2.8"),
         host(circuit_id="p1", ip="192.0.2.9")]
""")
    assert len(configuration["hosts"]) == 3


# --- options of one's own


def test_options_of_ones_own_are_set_by_name(tmp_path):
    configuration = load(tmp_path, SERVE + """
option_definitions = [option(224, "site_code", "uint16"), option(225, "wall", ("uint8", "address"))]
site_code = 513
wall = (1, "192.0.2.1")
always_send = ["site_code"]
hosts = [host(mac="02:00:00:00:00:01", site_code=1)]
""")
    assert (option(configuration, 224), option(configuration, 225)) == (b"\2\1", bytes.fromhex("01c0000201"))
    (one,) = configuration.hosts
    assert one.scope.options[224] == b"\0\1"
    assert terms_of(configuration.scope).always_send == {224}


def test_a_definition_may_stand_after_its_use(tmp_path):
    text = SERVE + 'site_code = 5\noption_definitions = [option(224, "site_code", "uint8")]'
    assert option(load(tmp_path, text), 224) == b"\5"


DEFINITIONS = [
    ("option(0, 'x', 'text')", "code 0"),
    ("option(255, 'x', 'text')", "code 255"),
    ("option(True, 'x', 'text')", "code True"),
    ("option('224', 'x', 'text')", "code '224'"),
    ("option(224, 'a b', 'text')", "name 'a b'"),
    ("option(224, 'x', 'string')", "not a shape"),
    ("option(224, 'x', ['text'])", "allowed"),
    ("option(224, 'x', ('text', 'uint8'))", "allowed"),
    ("option(1, 'x', 'text', inside='router')", "no place for suboptions"),
    ("option(1, 'x', 'text', inside=('vendor_identifying', -1))", "no enterprise number"),
    ("option(224, 'router_', 5)", "not a shape"),
    ("option(224, 'network', 'text')", "name of a setting"),
    ("option(53, 'x', 'uint8')", "protocol's own"),
    ("5", "list of option"),
]


@pytest.mark.parametrize(("made", "why"), DEFINITIONS)
def test_a_definition_that_cannot_be_is_told_with_its_line(tmp_path, made, why):
    x = "x = 5\n" if "protocol" in why else ""
    (problem,) = problems(tmp_path, BEYOND + f"option_definitions = [{made}]\n{x}")
    assert re.match(re.escape(f"{tmp_path}/pydhcpd.conf:") + "[34]: ", problem), problem
    assert why in problem


def test_a_value_is_checked_by_its_definition(tmp_path):
    (problem,) = problems(tmp_path, BEYOND + "option_definitions = [option(224, 'site_code', 'uint8')]\nsite_code = 256")
    assert problem.startswith(f"{tmp_path}/pydhcpd.conf:4: site_code = 256: ")


# --- the command line laid over


def test_the_command_line_goes_first(tmp_path):
    configuration = load(tmp_path, SERVE + 'router = "192.0.2.1"\ndebug = False', ["-router", "192.0.2.2", "--debug=yes"])
    assert option(configuration, 3) == bytes.fromhex("c0000202")
    assert configuration["debug"] is True


WORDS = [
    (("-router", "['192.0.2.1', '192.0.2.2']"), 3, "c0000201 c0000202"),
    (("-router", "192.0.2.1"), 3, "c0000201"),
    (("-router", "None"), 3, None),
    (("-time_offset", "-3600"), 2, "fffff1f0"),
    (("-domain_name", "12"), 15, b"12".hex()),
    (("-domain_name", "'12'"), 15, b"12".hex()),
    (("-domain_name", "1.10"), 15, b"1.10".hex()),  # as it was written
    (("-domain_name", "0x10"), 15, b"0x10".hex()),
    (("-domain_name", "True"), 15, b"True".hex()),
    (("-ip_forwarding_enabled", "yes"), 19, "01"),
    (("-ip_forwarding_enabled", "true"), 19, "01"),
    (("-ip_forwarding_enabled", "1"), 19, "01"),
    (("-ip_forwarding_enabled", "False"), 19, "00"),
    (("--ip_forwarding_enabled=no",), 19, "00"),
    (("-option_160", "b'x'"), 160, "78"),
    (("-option_160", "12"), 160, b"12".hex()),
    (("-always_send", "['router']", "-router", "192.0.2.1"), 3, "c0000201"),
    (("-policy_filer", "[('192.0.2.0', '255.255.255.0')]"), 21, "c0000200 ffffff00"),
]


@pytest.mark.parametrize(("words", "code", "wire"), WORDS)
def test_options_by_the_command_line(words, code, wire):
    assert option(from_words(*words), code) == (None if wire is None else bytes.fromhex(wire))


BY_WORDS = [
    (("-ip_address_lease_time", "300"), "ip_address_lease_time", 300),
    (("-maximum_unknown_per_second", "None"), "maximum_unknown_per_second", None),
    (("-ip_ranges", "None"), "ip_ranges", None),
    (("-user", "None"), "user", ""),
    (("-ip_ranges", "192.0.2.10 - 192.0.2.20"), "ip_ranges", ((0xC000020A, 0xC0000214),)),
    (("-ip_ranges", "[('192.0.2.10', '192.0.2.20')]"), "ip_ranges", ((0xC000020A, 0xC0000214),)),
    (("-interface", "eth1"), "interface", ("eth1",)),
    (("-interface", "['eth1', 'eth2']"), "interface", ("eth1", "eth2")),
    (("-dhcp_offer_after_seconds", ".5"), "dhcp_offer_after_seconds", 0.5),
    (("-debug", "yes"), "debug", True),
    (("-debug", "0"), "debug", False),
    (("-host_file", "leases.db"), "host_file", Path.cwd() / "leases.db"),
    (("-bind_address", "0.0.0.0"), "bind_address", 0),
]


@pytest.mark.parametrize(("words", "name", "value"), BY_WORDS)
def test_settings_by_the_command_line(words, name, value):
    assert from_words(*words)[name] == value


def test_entries_show_values_of_the_command_line_as_the_literals_that_they_are():
    entries = dict(from_words("-router", "['192.0.2.2']", "-ip_address_lease_time", "300", "-domain_name", "x").entries())
    assert (entries["router"], entries["ip_address_lease_time"], entries["domain_name"]) == ("['192.0.2.2']", "300", "'x'")


@pytest.mark.parametrize(("words", "why"), [
    (("-router", "x"), "router = 'x'"),
    (("-rooter", "192.0.2.1"), "did you mean router?"),
    (("-xyzzy", "5"), "is not known; allowed are"),
    (("-subnets", "10.1.0.0/16"), "allowed is a list of subnet(...)"),
    (("-dhcp_message_type", "5"), "cannot be set"),
    (("-ip_address_lease_time", "0"), "ip_address_lease_time = 0"),
])
def test_mistakes_of_the_command_line_say_so(words, why):
    with pytest.raises(ConfigurationError) as caught:
        from_words(*words)
    (problem,) = caught.value.problems
    assert problem.startswith("command line: ")
    assert why in problem


# --- for people


def test_entries_are_settings_and_options_as_they_were_written(tmp_path):
    entries = dict(load(tmp_path, SERVE + 'router = "192.0.2.1"\nracks = 3\nhosts = [host(mac="02:00:00:00:00:01")]').entries())
    assert entries["network"] == "'192.0.2.0/24'"
    assert entries["router"] == "'192.0.2.1'"
    assert entries["ip_address_lease_time"] == "28800"
    assert entries["hosts"] == "[host(mac='02:00:00:00:00:01')]"
    assert "racks" not in entries
    assert "config_file" not in entries

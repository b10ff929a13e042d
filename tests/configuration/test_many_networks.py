"""What is wrong with subnets, pools, shared networks, classes, hosts, conditions and functions is told at load: all of it in
one go, each with file, line, name and remedy."""

import gc
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration


def written(directory: Path, text: str) -> Path:
    file = directory / "pydhcpd.conf"
    file.write_text(text)
    file.chmod(0o644)
    directory.chmod(0o755)
    return file


def loaded(directory: Path, text: str) -> DHCPServerConfiguration:
    return DHCPServerConfiguration.load(written(directory, text), {"host_file": str(directory / "leases.db")})


def problems(directory: Path, text: str) -> list[str]:
    """What is told of a file, without its path: `LINE: ...`."""
    with pytest.raises(ConfigurationError) as found:
        loaded(directory, text)
    return [line.removeprefix(f"{directory / 'pydhcpd.conf'}:") for line in found.value.problems]


def warnings(directory: Path, text: str) -> list[str]:
    return [line.removeprefix(f"{directory / 'pydhcpd.conf'}:") for line in loaded(directory, text).warnings]


TWO = 'subnets = [subnet("10.1.0.0/16", pools=["10.1.4.0/24"]), subnet("10.2.0.0/16", pools=["10.2.4.0/24"])]\n'

ONE_MISTAKE = {
    "pool outside": ('subnets = [\n subnet("10.1.0.0/24",\n  pools=[pool("10.1.0.10 - 10.1.1.10")])]',
                     r"3: pool 10\.1\.0\.10 - 10\.1\.1\.10 lies outside its subnet 10\.1\.0\.0/24; allowed are its own"),
    "pool as text outside": ('subnets = [\n subnet("10.1.0.0/24", pools=["10.2.0.0/25"])]',
                     r"2: pool .* lies outside its subnet"),
    "pools overlap": ('subnets = [subnet("10.1.0.0/24", pools=[\n '
                       'pool("10.1.0.10 - 10.1.0.20"),\n pool("10.1.0.20 - 10.1.0.30")])]',
                      r"3: the pools .*10\.1\.0\.20 and 10\.1\.0\.20.* overlap; allowed is each address once"),
    "range backwards": ('subnets = [subnet("10.1.0.0/24",\n pools=[pool("10.1.0.20 - 10.1.0.10")])]',
                        r"2: pool\(range='10\.1\.0\.20 - 10\.1\.0\.10'\): range: .*; allowed"),
    "excluded range backwards": ('subnets = [\n subnet("10.1.0.0/24", exclude="10.1.0.20 - 10.1.0.10")]',
                                 r"2: subnet\(.*\): exclude: .*; allowed"),
    "subnets overlap": ('subnets = [\n subnet("10.1.0.0/16"),\n subnet("10.1.3.0/24")]',
                        r"3: subnet 10\.1\.3\.0/24 overlaps 10\.1\.0\.0/16 on line 2; allowed is each address once"),
    "subnet twice": ('subnets = [\n subnet("10.1.0.0/16"),\n subnet("10.1.0.0/16")]',
                     r"[23]: subnet .* overlaps 10\.1\.0\.0/16"),
    "subnet overlaps one of a shared network": (
        'subnets = [subnet("10.1.0.0/16")]\nshared_networks = [shared_network("a", [\n subnet("10.1.3.0/24")])]',
        r"3: subnet 10\.1\.3\.0/24 overlaps 10\.1\.0\.0/16 on line 1"),
    "relay of two": ('subnets = [subnet("10.1.0.0/16", relays="192.0.2.7"),\n subnet("10.2.0.0/16", relays=["192.0.2.7"])]',
                     r"2: subnet 10\.2\.0\.0/16: relay 192\.0\.2\.7 is that of subnet 10\.1\.0\.0/16 on line 1 too; allowed"),
    "relay of a subnet and of a shared network": (
        'subnets = [subnet("10.1.0.0/16", relays="192.0.2.7")]\nshared_networks = [\n shared_network("a", '
        '[subnet("10.2.0.0/16")], relays="192.0.2.7")]',
        r"3: shared network 'a': relay 192\.0\.2\.7 is that of subnet 10\.1\.0\.0/16 on line 1 too; allowed"),
    "interface of two": ('subnets = [subnet("10.1.0.0/16", interface="wg0"),\n subnet("10.2.0.0/16", interface="wg0")]',
                         r"2: subnet 10\.2\.0\.0/16: interface 'wg0' is that of subnet 10\.1\.0\.0/16 on line 1 too; allowed"),
    "no mask": ('subnets = [\n subnet("10.1.0.0")]', r"2: subnet\(network='10\.1\.0\.0'\): network: .*; allowed"),
    "host bits": ('subnets = [\n subnet("10.1.0.1/24")]',
                  r"2: subnet\(network='10\.1\.0\.1/24'\): network: .*; write '10\.1\.0\.0/24'"),
    "too large": ('subnets = [\n subnet("0.0.0.0/1")]', r"2: subnet\(.*too large; allowed is a /8 at most"),
    "no relay's address": ('subnets = [\n subnet("10.1.0.0/24", relays=["10.1.0"])]',
                     r"2: subnet\(.*relays: '10\.1\.0' .*; allowed"),
    "no subnet": ('subnets = [\n "10.1.0.0/24"]', r"\d: subnets = .*write subnet\('10\.1\.0\.0/24', \.\.\.\)"),
    "flat beside subnets": ('subnets = [subnet("10.1.0.0/24")]\nip_ranges = ["10.1.0.10 - 10.1.0.20"]',
                            r"2: ip_ranges = .*allowed is subnet\(\.\.\.\)"),
    "network beside subnets": ('subnets = [subnet("10.1.0.0/24")]\nnetwork = "10.3.0.0/24"',
                     r"2: network = '10\.3\.0\.0/24': .*"),
    "name in subnet": ('subnets = [\n subnet("10.1.0.0/24", ruter="10.1.0.1")]',
                       r"2: subnet 10\.1\.0\.0/24 ruter = '10\.1\.0\.1': is not known in subnet\(\); did you mean router\?"),
    "name in pool": ('subnets = [subnet("10.1.0.0/24", pools=[\n pool("10.1.0.0/25", alow="known")])]',
                     r"2: pool .* alow = 'known': is not known in pool\(\); did you mean allow\?"),
    "name of an argument in subnet": ('subnets = [\n subnet("10.1.0.0/24", pool=["10.1.0.0/25"])]',
                                      r"2: subnet 10\.1\.0\.0/24 pool = .*pydhcpd calls it pools: write pools="),
    "name in shared network": ('shared_networks = [\n shared_network("a", [subnet("10.1.0.0/24")], domain_nam="x")]',
                               r"2: shared network 'a' domain_nam = 'x': .*did you mean domain_name\?"),
    "name in class": ('interface = "eth1"\nclasses = [client_class("a", ruter="10.1.0.1")]',
                      r"2: client_class 'a' ruter = '10\.1\.0\.1': .*did you mean router\?"),
    "name of an argument in class": ('interface = "eth1"\nclasses = [client_class("a", lease_limi=3)]',
                                     r"2: client_class 'a' lease_limi = 3: .*did you mean lease_limit\?"),
    "name in host": ('interface = "eth1"\nhosts = [host(mac="02:00:00:00:00:01", ruter="10.1.0.1")]',
                     r"2: host\(.*\) ruter = '10\.1\.0\.1': .*did you mean router\?"),
    "name of an argument in host": ('interface = "eth1"\nhosts = [host(mac="02:00:00:00:00:01", ignor=True)]',
                                    r"2: host\(.*\) ignor = True: .*did you mean ignore\?"),
    "setting of a wider scope": ('subnets = [\n subnet("10.1.0.0/24", control_port=1)]',
                                 r"2: subnet 10\.1\.0\.0/24 control_port = 1: is not for subnet\(\); allowed is in the "
                                 r"whole file"),
    "setting of a network in a class": ('interface = "eth1"\nclasses = [client_class("a", authoritative=True)]',
                                        r"2: client_class 'a' authoritative = True: is not for client_class\(\); allowed "
                                        r"is in subnet\(\)"),
    "value in subnet": ('subnets = [\n subnet("10.1.0.0/24", router="10.1.0")]',
                        r"2: subnet 10\.1\.0\.0/24 router = '10\.1\.0': .*; allowed"),
    "value in pool": ('subnets = [subnet("10.1.0.0/24", pools=[\n pool("10.1.0.0/25", ip_address_lease_time="long")])]',
                      r"2: pool .* ip_address_lease_time = 'long': .*; allowed"),
    "protocol's own in subnet": ('subnets = [\n subnet("10.1.0.0/24", client_identifier=b"x")]',
                     r"2: subnet .*cannot be set: .*"),
    "class of a pool": ('classes = [client_class("voip")]\nsubnets = [subnet("10.1.0.0/24", pools=[\n pool("10.1.0.0/25", '
                        'allow="viop")])]', r"3: pool .*class 'viop' is not defined; did you mean 'voip'\?"),
    "class of a subnet": ('subnets = [\n subnet("10.1.0.0/24", deny=["unkown"])]',
                          r"2: subnet .*class 'unkown' is not defined; did you mean 'unknown'\?"),
    "class of a host": ('interface = "eth1"\nclasses = [client_class("voip")]\nhosts = [\n host(mac="02:00:00:00:00:01", '
                        'classes="tv set")]', r"4: host\(.*class 'tv set' is not defined; defined are 'voip'"),
    "class twice": ('interface = "eth1"\nclasses = [client_class("a"),\n client_class("a")]',
                    r"3: client_class 'a' is defined on line 2 too; allowed is each name once"),
    "class of a fixed name": ('interface = "eth1"\nclasses = [\n client_class("known")]', r"3: client_class\(.*known.*allowed"),
    "limit without number": ('interface = "eth1"\nclasses = [\n client_class("a", lease_limit_per="mac")]',
                             r"3: client_class\(.*lease_limit_per: .*; allowed is with lease_limit"),
    "limit per no field": ('interface = "eth1"\nclasses = [\n client_class("a", lease_limit=2, lease_limit_per="circuit")]',
                           r"3: client_class 'a': lease_limit_per: 'circuit' is no field .*pydhcpd calls it circuit_id: "
                           "write circuit_id"),
    "no condition": ('interface = "eth1"\nclasses = [\n client_class("a", "mac")]',
                     r"3: client_class\(.*condition: .*; allowed"),
    "condition of two": ('interface = "eth1"\nclasses = [\n client_class("a", lambda a, b: True)]',
                         r"3: client_class\(.*condition: .*; allowed"),
    "no field": ('interface = "eth1"\nclasses = [\n client_class("a", match(vendor_clas_identifier="x"))]',
                 r"3: client_class 'a': condition: .*did you mean vendor_class_identifier\?"),
    "no field in client_identity": ('interface = "eth1"\nclient_identity = ["circuitid"]',
                                    r"2: client_identity = .*'circuitid' is no field of a request; did you mean circuit_id\?"),
    "option twice": ('interface = "eth1"\noption_definitions = [\n option(300, "a b", "text")]', r"3: option\(.*; allowed"),
    "pools for choose": ('subnets = [\n subnet("10.1.0.0/16", pools=[f"10.1.1.{i}/32" for i in range(251)])]\n'
                         "def choose(request, pools):\n    return pools",
                         r"2: subnet 10\.1\.0\.0/16 has 251 pools for choose\(\); allowed are 250"),
    "flat pools for choose": ('network = "10.1.0.0/16"\nip_ranges = [f"10.1.1.{i}/32" for i in range(251)]\n'
                              "def choose(request, pools):\n    return pools",
                              r"2: ip_ranges = .*251 ranges.*: each is a pool for choose\(\); allowed are 250"),
    "T2 of a subnet": ('subnets = [\n subnet("10.1.0.0/24", renewal_time_value=200, rebinding_time_value=100)]',
                       r"2: subnet 10\.1\.0\.0/24 .*; allowed"),
    "T2 of a pool": ('subnets = [subnet("10.1.0.0/24", renewal_time_value=200, pools=[\n pool("10.1.0.0/25", '
                     'rebinding_time_value=100)])]', r"2: pool .*; allowed"),
    "T2 of a shared network": ('shared_networks = [\n shared_network("a", [subnet("10.1.0.0/24")], renewal_time_value=200,'
                               ' rebinding_time_value=100)]', r"2: shared network 'a' .*; allowed"),
    "T2 of a class": ('interface = "eth1"\nclasses = [\n client_class("a", renewal_time_value=200, rebinding_time_value=100)]',
                      r"3: client_class 'a' .*; allowed"),
    "T2 of a host": ('interface = "eth1"\nhosts = [\n host(mac="02:00:00:00:00:01", renewal_time_value=200, '
                     'rebinding_time_value=100)]', r"3: host\(.*; allowed"),
    "least above most": ('subnets = [\n subnet("10.1.0.0/24", minimum_lease_time=200, maximum_lease_time=100)]',
                         r"2: subnet 10\.1\.0\.0/24 .*; allowed"),
    "reserved outside": (TWO + 'hosts = [\n host(mac="02:00:00:00:00:01", ip="10.3.0.1")]',
                         r"3: host\(.*10\.3\.0\.1 lies outside every subnet; allowed"),
    "reserved base": (TWO + 'hosts = [\n host(mac="02:00:00:00:00:01", ip="10.1.0.0")]', r"3: host\(.*base or broadcast"),
    "two in one subnet": (TWO + 'hosts = [\n host(mac="02:00:00:00:00:01", ip=["10.1.0.1", "10.1.0.2"])]',
                          r"3: host\(.*two of its addresses lie in one subnet; allowed is one in each"),
    "address twice": (
        TWO + 'hosts = [host(mac="02:00:00:00:00:01", ip="10.1.0.1"),\n '
        'host(mac="02:00:00:00:00:02", ip="10.1.0.1")]',
                      r"3: host\(.*10\.1\.0\.1 is reserved on line 2 too; allowed is one host for each address"),
    "identifier twice": (
        TWO + 'hosts = [host(mac="02:00:00:00:00:01", ip="10.1.0.1"),\n '
        'host(mac="02:00:00:00:00:01", ip="10.1.0.2")]',
                         r"3: host\(.*has the same mac as the host on line 2; allowed is one host for each"),
    "identifier twice, once anywhere": (
        TWO + 'hosts = [host(client_id=b"a", ip="10.1.0.1"),\n host(client_id=b"a", hostname="x")]',
        r"3: host\(.*has the same client_id as the host on line 2"),
    "signature": ('interface = "eth1"\n\ndef finish(request):\n pass', r"3: finish = .*: it takes \(request\); allowed is: def "
                                                                       r"finish\(request, reply\)"),
    "no function": ('interface = "eth1"\naccept = True', r"2: accept = True: True is not a function; allowed is: def accept"),
    "async": ('interface = "eth1"\nasync def accept(request):\n pass', r"2: accept = .*it is async"),
    "yields": ('interface = "eth1"\ndef accept(request):\n yield True', r"2: accept = .*it yields"),
    "misspelt function": ('interface = "eth1"\ndef classfy(request):\n return []', r"2: classfy = .*did you mean classify\?"),
    "failure": ('interface = "eth1"\npolicy_failure = "stop"', r"2: policy_failure = 'stop': .*allowed is 'ignore' or 'drop'"),
    "no shared name": ('shared_networks = [\n shared_network("", [subnet("10.1.0.0/24")])]', r"2: shared_network\(.*; allowed"),
    "no shared subnets": ('shared_networks = [\n shared_network("a", [])]',
                     r"2: shared_network\(.*needs a name and subnets; allowed"),
    "shared names": ('shared_networks = [\n shared_network("a", ["10.1.0.0/24"])]',
                     r"2: shared_network\(.*subnets: .*; allowed"),
    "no option": ('subnets = [\n subnet("10.1.0.0/24", always_send=["ruter"])]',
                  r"2: subnet .*always_send: 'ruter' is no DHCP option; did you mean router\?"),
}


@pytest.mark.parametrize("name", ONE_MISTAKE)
def test_a_mistake_is_told_once_with_line_name_and_remedy(tmp_path: Path, name: str) -> None:
    text, expected = ONE_MISTAKE[name]
    found = problems(tmp_path, text)
    assert len(found) == 1, found
    assert re.match(expected, found[0]), found[0]


COMPARATORS = {
    'match(vendor_class_identifier=GREATER(3))': "vendor_class_identifier",
    'match(mac=LESS(3))': "mac",
    'match(secs=PREFIX("x"))': "secs",
    'match(host_name=NETWORK("10.0.0.0/8"))': "host_name",
    'match(secs="many")': "secs",
    'match(known="yes")': "known",
    'match(giaddr="10.1")': "giaddr",
    'match(mac="zz")': "mac",
    'match(message_type="HELLO")': "message_type",
    'match(client_system_architecture=[7, "uefi"])': "client_system_architecture",
    'match(relay_suboption_999=b"x")': "relay_suboption_999",
}


@pytest.mark.parametrize("condition", COMPARATORS)
def test_a_comparator_that_makes_no_sense_of_its_field_is_told(tmp_path: Path, condition: str) -> None:
    found = problems(tmp_path, f'interface = "eth1"\nclasses = [\n client_class("a", {condition})]')
    assert len(found) == 1
    assert re.match(rf"3: client_class.*{COMPARATORS[condition]}", found[0])
    assert re.search("allowed|did you mean", found[0])


def test_a_regular_expression_that_cannot_be_read_is_told_with_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, 'interface = "eth1"\nclasses = [\n client_class("a", match(host_name=REGEX("[")))]')
    assert [re.match(r"3: REGEX\('\['\) cannot be read .*; allowed", one) is not None for one in found] == [True]


def test_all_mistakes_are_told_in_one_go_each_at_its_line(tmp_path: Path) -> None:
    found = problems(tmp_path, """classes = [
    client_class("voip", match(vendor_class="x")),
    client_class("voip"),
]
subnets = [
    subnet("10.1.0.0/16", ruter="10.1.0.1",
           pools=[pool("10.1.4.0 - 10.1.4.99", allow="phones"),
                  pool("10.1.4.50/33"),
                  pool("10.1.4.90 - 10.1.4.120"),
                  pool("10.2.0.0/24")]),
    subnet("10.1.9.0/24"),
    subnet("10.3.0.0"),
]
shared_networks = [
    shared_network("floor", [
        subnet("10.4.0.0/24", pools=[pool("a - b")]),
        subnet("10.5.0.0"),
    ], domain_nme="x"),
]
hosts = [
    host(mac="zz", ip="10.1.0.5"),
    host(mac="02:00:00:00:00:01", ip="10.9.0.5"),
    host(mac="02:00:00:00:00:02", ip="10.1.0.6", classes="fax"),
    host(mac="02:00:00:00:00:03", ip="10.1.0.6"),
]
def accept():
    return True
""")
    lines = sorted({int(problem.partition(":")[0]) for problem in found})
    assert lines == [2, 3, 6, 7, 8, 9, 10, 11, 12, 15, 16, 17, 21, 22, 23, 24, 26]
    assert [problem for problem in found if not re.search("allowed|did you mean|defined are|pydhcpd calls it", problem)] == []
    assert len(found) == len(set(found)) == len(lines)


def test_a_subnet_that_is_wrong_itself_hides_no_mistake_of_its_pools(tmp_path: Path) -> None:
    found = problems(tmp_path, 'subnets = [\n subnet("10.1.0.0",\n  pools=[pool("a - b"),\n   pool("10.1.0.9/33")])]')
    assert sorted(problem[0] for problem in found) == ["2", "3", "4"]


def test_a_shared_network_that_is_wrong_itself_hides_no_mistake_of_its_subnets(tmp_path: Path) -> None:
    found = problems(tmp_path, 'shared_networks = [\n shared_network("",\n  [subnet("10.1.0.0"),\n   subnet("x")])]')
    assert sorted(problem[0] for problem in found) == ["2", "3", "4"]


@pytest.mark.parametrize("text", [
    TWO + 'hosts = [host(mac="02:00:00:00:00:01", ip="10.1.0.1"), host(mac="02:00:00:00:00:01", ip="10.2.0.1")]',
    TWO + 'hosts = [host(mac="02:00:00:00:00:01", ip=["10.1.0.1", "10.2.0.1"])]',
    TWO + 'hosts = [host(relay="10.1.0.1", circuit_id=b"7", ip="10.1.0.3"), '
    'host(relay="10.2.0.1", circuit_id=b"7", ip="10.2.0.3")]',
    'subnets = [subnet("10.1.0.0/16", pools=("10.1.0.1", "10.1.0.9"))]',
    'subnets = [subnet("10.1.0.0/16", allow=["known", "unknown"])]',
    'interface = "eth1"\naccept = None',
    'interface = "eth1"\ndef accept(request, *more, level=3):\n return True',
    'interface = "eth1"\ndef classify(request):\n yield "a"',
    'subnets = [subnet("10.0.0.0/8")]',
])
def test_what_is_no_mistake_is_not_told(tmp_path: Path, text: str) -> None:
    assert warnings(tmp_path, text) == []


@pytest.mark.parametrize("text, line", [
    ('subnets = [\n subnet("10.1.0.0/24",\n  router="10.2.0.1")]', 2),
    ('router = "10.2.0.1"\nsubnets = [subnet("10.1.0.0/24")]', 1),
    ('shared_networks = [\n shared_network("a", [subnet("10.1.0.0/24")], router="10.2.0.1")]', 2),
])
def test_a_router_outside_its_subnet_is_a_warning_at_its_line(tmp_path: Path, text: str, line: int) -> None:
    assert warnings(tmp_path, text) == [f"{line}: router = '10.2.0.1': lies outside the network 10.1.0.0/24, so clients may "
                                        "not reach it"]


# --- the reservation file

FILE = 'subnets = [subnet("10.1.0.0/16")]\nreservation_file = "{}"\n'


def of_rows(directory: Path, rows: str) -> DHCPServerConfiguration:
    table = directory / "table.csv"
    table.write_text(rows)
    return loaded(directory, FILE.format(table))


def test_a_bad_row_is_a_warning_with_its_line_and_costs_no_other(tmp_path: Path) -> None:
    made = of_rows(tmp_path, "mac,ip,hostname\n02:00:00:00:00:01,10.1.0.1,a\nzz,10.1.0.2,b\n02:00:00:00:00:03,10.9.0.3,c\n"
                             "02:00:00:00:00:04,10.1.0.1,d\n02:00:00:00:00:05,10.1.0.5\n02:00:00:00:00:06,10.1.0.6,f\n")
    assert [one.hostname for one in made.hosts] == ["a", "f"]
    told = sorted(line.removeprefix(f"{tmp_path / 'table.csv'}:") for line in made.warnings)
    assert [line.partition(":")[0] for line in told] == ["3", "4", "5", "6"]
    assert all("allowed" in line for line in told)


def test_a_row_that_repeats_a_host_of_the_file_is_told_with_both_places(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("mac,ip\n02:00:00:00:00:02,10.1.0.1\n")
    text = FILE.format(tmp_path / "table.csv") + 'hosts = [host(mac="02:00:00:00:00:01", ip="10.1.0.1")]'
    made = loaded(tmp_path, text)
    assert len(made.hosts) == 1
    assert len(made.warnings) == 1
    assert made.warnings[0].startswith(f"{tmp_path / 'table.csv'}:2: ")
    assert "is reserved on line 3 too" in made.warnings[0]


def test_a_file_that_is_named_and_missing_is_a_mistake(tmp_path: Path) -> None:
    """Whoever has a reserved address would be refused it."""
    (problem,) = problems(tmp_path, FILE.format(tmp_path / "none.csv"))
    assert problem.startswith(f"{tmp_path / 'none.csv'}: is not there; allowed is a CSV file")


@pytest.mark.parametrize(("data", "words"), [
    (b"", "is empty"), (b"mac,ip\0", "contains NUL"), (b"m\xe4c,ip\n", "not UTF-8"),
    ("mac,ip\n".encode("utf-16-be"), "contains NUL"),
    (b"mac|ip\n02:00:00:00:00:01|10.1.0.1\n", "cannot name a column"), (b"mac,ip\nx,y\n", "no other row can be used")])
def test_a_file_that_cannot_be_read_as_a_whole_is_a_mistake(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "reservations.csv").write_bytes(data)
    (problem,) = problems(tmp_path, 'subnets = [subnet("10.1.0.0/16")]')
    assert problem.startswith(f"{tmp_path / 'reservations.csv'}:")
    assert words in problem


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_plain_file_is_a_mistake(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "reservations.csv")
    (problem,) = problems(tmp_path, 'subnets = [subnet("10.1.0.0/16")]')
    assert problem == f"{tmp_path / 'reservations.csv'} is not a plain file; name another"


def test_a_file_that_was_read_before_and_is_gone_is_a_mistake(tmp_path: Path) -> None:
    """Nobody named it, so that it is not there may be right at a start; at a reload its hosts would go."""
    text = 'subnets = [subnet("10.1.0.0/16")]'
    (tmp_path / "reservations.csv").write_text("mac,ip\n02:00:00:00:00:01,10.1.0.1\n")
    before = loaded(tmp_path, text)
    (tmp_path / "reservations.csv").unlink()
    with pytest.raises(ConfigurationError, match="is gone, and 1 reservations would go with it; put it back"):
        DHCPServerConfiguration.load(before.file, {"host_file": str(before["host_file"])}, tmp_path, before)
    (tmp_path / "reservations.csv").write_text("mac,ip\n")
    assert DHCPServerConfiguration.load(before.file, {"host_file": str(before["host_file"])}, tmp_path, before).hosts == ()


def test_the_file_beside_the_leases_is_read_without_being_named_and_not_missed(tmp_path: Path) -> None:
    text = 'subnets = [subnet("10.1.0.0/16")]'
    assert warnings(tmp_path, text) == []
    (tmp_path / "reservations.csv").write_text("mac,ip\n02:00:00:00:00:01,10.1.0.1\n")
    assert len(loaded(tmp_path, text).hosts) == 1


def test_ten_thousand_rows_take_about_a_second(tmp_path: Path) -> None:
    rows = "".join(f"02:00:00:00:{n >> 8:02x}:{n & 255:02x},10.1.{n >> 8}.{n & 255},node-{n},pxe.0\n"
                   for n in range(256, 10_256))
    start = time.process_time()
    made = of_rows(tmp_path, "mac,ip,hostname,boot_file_name\n" + rows)
    assert time.process_time() - start < 5  # about one where it was measured; shared machines are slower
    assert (len(made.hosts), made.warnings) == (10_000, [])


def test_many_hosts_cost_little_more_to_check_than_to_write(tmp_path: Path) -> None:
    """A reload with 100,000 of them should take two seconds, of which the file itself has nearly one."""
    network = 'subnets = [subnet("10.0.0.0/8", router="10.0.0.1")]\n'
    hosts = ('hosts = [host(mac=f"02:00:00:{n >> 16:02x}:{n >> 8 & 255:02x}:{n & 255:02x}", hostname=f"node-{n}",\n'
             '              ip=f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}") for n in range(256, 20_256)]\n')

    def seconds(text: str) -> float:
        begin = time.process_time()
        loaded(tmp_path, network + text)
        return time.process_time() - begin

    gc.collect()
    gc.freeze()  # what other tests have left is not to be walked again and again while this is measured
    written, checked = (min(seconds(text) for _ in range(3)) for text in ("_" + hosts, hosts))
    gc.unfreeze()
    assert checked < 5 * written  # 2.4 where it was measured

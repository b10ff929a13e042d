"""How a configuration that was made is written: Python as a person would write it, that says what the draft says."""

import pytest

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.migration.configurations.draft import Call, Code, Draft, seconds
from pydhcpd.migration.configurations.layout import WIDTH, value_text, written


@pytest.mark.parametrize(("value", "text"), [
    ("plain", '"plain"'), ('with "marks"', '"with \\"marks\\""'), ("it's", '"it\'s"'), ("back\\slash", '"back\\\\slash"'),
    ("line\nend", '"line\\nend"'), (b"\0\xff\"'", 'b"\\x00\\xff\\"\'"'), (["a", 1, True, None], '["a", 1, True, None]'),
    (("10.0.0.0/8", "10.0.0.1"), '("10.0.0.0/8", "10.0.0.1")'), ((1,), "(1,)"), ({"bios": "x"}, '{"bios": "x"}'),
    (Code("8 * HOURS"), "8 * HOURS"), (Call("match", [], {"mac": Code('PREFIX("02")')}), 'match(mac=PREFIX("02"))'),
    (Call("subnet", ["10.0.0.0/8"], {"mtu": 9}, [], ["office"]), 'subnet("10.0.0.0/8", **office, mtu=9)'),
])
def test_values(value, text):
    assert value_text(value) == text
    if not any(isinstance(value, kind) for kind in (Code, Call)):
        assert eval(text) == value


@pytest.mark.parametrize(("number", "text"), [
    (0, "0"), (59, "59"), (60, "1 * MINUTES"), (5400, "90 * MINUTES"), (7200, "2 * HOURS"), (86400, "1 * DAYS"),
    (0xFFFFFFFF, "INFINITE")])
def test_lengths_of_time(number, text):
    assert value_text(seconds(number)) == text


def draft(*subnets, **more):
    return Draft(subnets=list(subnets), **more)


def test_one_subnet_is_the_flat_form_and_what_all_say_is_said_once():
    one = draft(Call("subnet", ["10.1.0.0/16"], {"pools": ["10.1.0.10 - 10.1.0.20"], "router": ["10.1.0.1"]}, ["the office"]))
    one.tidy()
    assert written(one) == ('# the office\nnetwork = "10.1.0.0/16"\nip_ranges = ["10.1.0.10 - 10.1.0.20"]\n'
                            'router = ["10.1.0.1"]\n')
    two = draft(*(Call("subnet", [f"10.{n}.0.0/16"], {"pools": [], "router": [f"10.{n}.0.1"], "domain_name": "x"})
                  for n in (1, 2)))
    two.tidy()
    assert written(two) == ('domain_name = "x"\n\nsubnets = [\n    subnet("10.1.0.0/16", pools=[], router=["10.1.0.1"]),\n'
                            '    subnet("10.2.0.0/16", pools=[], router=["10.2.0.1"]),\n]\n')


def test_a_subnet_without_pools_stays_one():
    """The flat form has a pool of its own where none is named."""
    one = draft(Call("subnet", ["10.1.0.0/16"], {}))
    one.tidy()
    assert 'subnet("10.1.0.0/16")' in written(one)


def test_hosts_are_a_table_with_their_comments():
    hosts = [Call("host", [], {"mac": f"02:00:00:00:00:{n:02x}", "ip": f"10.1.0.{n}"}, ["the boss"] * (n == 9))
             for n in (8, 9, 10)]
    text = written(Draft(hosts=[*hosts, Call("host", [], {"mac": "02:00:00:00:00:0b", "boot_file_name": "x"})]))
    assert text == '''hosts = [
    *(host(mac=mac, ip=ip) for mac, ip in [
        ("02:00:00:00:00:08", "10.1.0.8"),
        # the boss
        ("02:00:00:00:00:09", "10.1.0.9"),
        ("02:00:00:00:00:0a", "10.1.0.10"),
    ]),
    host(mac="02:00:00:00:00:0b", boot_file_name="x"),
]
'''


def test_what_is_written_is_what_is_read(tmp_path):
    pools = [f"10.1.{n}.0 - 10.1.{n}.200" for n in range(20)]
    phones = Call("pool", ["10.1.40.0 - 10.1.40.9"], {"allow": "phone"}, ["phones"])
    condition = Call("match", [], {"vendor_class_identifier": Code('PREFIX("P")')})
    one = Draft(head=["A long story. " * 20], functions=["def accept(request):\n    return True\n"], tail=["the end"],
                classes=[Call("client_class", ["phone", condition], {"router": ["10.1.0.2"]})],
                groups={"office": Call("dict", [], {"domain_name": "office.example"})},
                subnets=[Call("subnet", ["10.1.0.0/16"], {
                    "pools": [*pools, phones], "router": ["10.1.0.1"],
                    "domain_name_server": [f"10.1.0.{n}" for n in range(1, 20)]}, ["of the office"], ["office"])])
    file = tmp_path / "pydhcpd.conf"
    file.write_text(written(one))
    assert max(map(len, file.read_text().splitlines())) <= WIDTH
    assert len(DHCPServerConfiguration.load(file)["subnets"][0].pools) == 21

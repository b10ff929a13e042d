"""`dns_zones`, `dns_zone()` and `tsig()`: what may be written, what is told of what may not, and that no secret is shown."""

import base64

import pytest

from pydhcpd.addresses import address_from, address_text
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.configuration.manual import EXAMPLES
from pydhcpd.policy.dns.domains import range_of
from pydhcpd.policy.dns.zone import zone_of_address, zone_of_name

SECRET = base64.b64encode(b"a secret that nobody may see ...").decode()
BIND = f'key "Lab-Key" {{\n\talgorithm hmac-sha512;\n\tsecret "{SECRET}";\n}};\n'
KNOT = f"# hmac-sha512:lab-key:{SECRET}\nkey:\n  - id: lab-key\n    algorithm: hmac-sha512\n    secret: {SECRET}\n"


def loaded(directory, zones, **files):
    """The configuration with these zones; files, by name, are only their owner's."""
    for name, text in files.items():
        (directory / f"{name}.key").write_text(text)
        (directory / f"{name}.key").chmod(0o600)
    file = directory / "pydhcpd.conf"
    file.write_text(f'network = "192.0.2.0/24"\ndns_zones = [{zones}]\n')
    return DHCPServerConfiguration.load(file, directory=directory)


def problems(directory, zones, **files):
    with pytest.raises(ConfigurationError) as refused:
        loaded(directory, zones, **files)
    return "\n".join(refused.value.problems)


@pytest.mark.parametrize(("server", "expected"), [
    ("server='10.0.0.53'", (("10.0.0.53", 53),)),
    ("server='10.0.0.53:5353'", (("10.0.0.53", 5353),)),
    ("server='10.0.0.53', port=5353", (("10.0.0.53", 5353),)),
    ("server=['10.0.0.53', '10.0.0.54:54'], port=5353", (("10.0.0.53", 5353), ("10.0.0.54", 54))),
    ("server='2001:db8::53'", (("2001:db8::53", 53),)),
    ("server='[2001:db8::53]:5353'", (("2001:db8::53", 5353),)),
    ("server='[2001:db8::53]', port=54", (("2001:db8::53", 54),)),
    ("server='fe80::53%eth1'", (("fe80::53%eth1", 53),)),
    ("server='[fe80::53%eth1]:5353'", (("fe80::53%eth1", 5353),)),
])
def test_servers(tmp_path, server, expected):
    (zone,) = loaded(tmp_path, f"dns_zone('Lab.Example.', {server})")["dns_zones"]
    assert (zone.name, zone.servers) == ("lab.example", expected)


@pytest.mark.parametrize(("name", "expected"), [
    ("lab.example", None),
    ("2.0.192.in-addr.arpa", ("192.0.2.0", "192.0.2.255")),
    ("192.0.2.0/24", ("192.0.2.0", "192.0.2.255")),
    ("10.0.0.0/8", ("10.0.0.0", "10.255.255.255")),
    ("0.10.in-addr.arpa", ("10.0.0.0", "10.0.255.255")),
    ("128/26.2.0.192.in-addr.arpa", ("192.0.2.128", "192.0.2.191")),
    ("16-31.2.0.192.in-addr.arpa", ("192.0.2.16", "192.0.2.31")),
    ("in-addr.arpa", ("0.0.0.0", "255.255.255.255")),
])
def test_zones_of_addresses(tmp_path, name, expected):
    (zone,) = loaded(tmp_path, f"dns_zone({name!r}, server='10.0.0.53')")["dns_zones"]
    assert (zone.range and tuple(map(address_text, zone.range))) == expected
    assert zone.is_reverse is (expected is not None)


@pytest.mark.parametrize("zone", ["256.in-addr.arpa", "x.0.192.in-addr.arpa", "1.2.3.4.5.in-addr.arpa", "lab.example"])
def test_what_is_no_zone_of_addresses(zone):
    assert range_of(zone) is None


def test_a_name_is_of_the_longest_zone_and_an_address_of_the_smallest(tmp_path):
    zones = loaded(tmp_path, ", ".join(f"dns_zone({name!r}, server='10.0.0.53')" for name in (
        "example", "lab.example", "10.0.0.0/8", "0.10.in-addr.arpa", "0/25.0.0.10.in-addr.arpa")))["dns_zones"]
    for name, expected in {"a.lab.example": "lab.example", "a.b.lab.example": "lab.example", "lab.example": "lab.example",
                           "xlab.example": "example", "a.other": None}.items():
        assert (found := zone_of_name(zones, name)) is None or found.name == expected
        assert (found is None) is (expected is None)
    for address, expected in {"10.9.0.1": ("10.in-addr.arpa", "1.0.9.10.in-addr.arpa"),
                              "10.0.1.7": ("0.10.in-addr.arpa", "7.1.0.10.in-addr.arpa"),
                              "10.0.0.7": ("0/25.0.0.10.in-addr.arpa", "7.0/25.0.0.10.in-addr.arpa")}.items():
        zone = zone_of_address(zones, address_from(address))
        assert (zone.name, zone.owner(address_from(address))) == expected
    assert zone_of_address(zones, address_from("192.0.2.1")) is None


@pytest.mark.parametrize(("key", "text", "expected"), [
    ("tsig(file='a.key')", BIND, ("lab-key", "hmac-sha512")),
    ("tsig(file='a.key')", KNOT, ("lab-key", "hmac-sha512")),
    ("tsig(file='a.key')", f"hmac-sha384:lab-key:{SECRET}\n", ("lab-key", "hmac-sha384")),
    ("tsig('Lab-Key', 'HMAC-SHA512', file='a.key')", BIND, ("lab-key", "hmac-sha512")),
    ("tsig('lab-key', file='a.key')", f"{SECRET}\n", ("lab-key", "hmac-sha256")),
    ("tsig('lab-key', 'hmac-md5.sig-alg.reg.int', file='a.key')", SECRET, ("lab-key", "hmac-md5")),
    ("tsig(file='a.key')", "\ufeff" + BIND.replace("\n", "\r\n"), ("lab-key", "hmac-sha512")),
    ("tsig(file='a.key')", BIND.replace("Lab-Key", "old").replace("key", "# key", 1) + BIND, ("lab-key", "hmac-sha512")),
    ("tsig(file='a.key')", "/* " + BIND.replace("Lab-Key", "old") + "*/\n" + BIND, ("lab-key", "hmac-sha512")),
    ("tsig('lab-key', file='a.key')", BIND.replace("Lab-Key", "other") + BIND, ("lab-key", "hmac-sha512")),
    ("tsig('lab-key', file='a.key')", f"{SECRET}\r\n", ("lab-key", "hmac-sha256")),
    (f"tsig('lab-key', 'hmac-sha1', secret={SECRET!r})", "", ("lab-key", "hmac-sha1")),
    (f"tsig('lab-key', secret={SECRET!r})", "", ("lab-key", "hmac-sha256")),
])
def test_keys(tmp_path, key, text, expected):
    (zone,) = loaded(tmp_path, f"dns_zone('lab.example', server='10.0.0.53', key={key})", a=text)["dns_zones"]
    assert (zone.key.name, zone.key.algorithm) == expected
    assert zone.key.secret == base64.b64decode(SECRET)


def test_a_key_that_anyone_can_read_is_refused(tmp_path):
    zone = "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='a.key'))"
    loaded(tmp_path, zone, a=BIND)
    (tmp_path / "a.key").chmod(0o644)
    with pytest.raises(ConfigurationError, match="can be read by anyone, who could sign what they like; run: chmod o="):
        DHCPServerConfiguration.load(tmp_path / "pydhcpd.conf", directory=tmp_path)
    (tmp_path / "a.key").chmod(0o640)
    DHCPServerConfiguration.load(tmp_path / "pydhcpd.conf", directory=tmp_path)


WRONG = {
    "dns_zone('lab.example')": "needs a name and a server",
    "dns_zone('lab example', server='10.0.0.53')": "'lab example' is not the name of a zone",
    "dns_zone('-', server='10.0.0.53')": "'-' is not the name of a zone",
    "dns_zone('192.0.2.0/25', server='10.0.0.53')": "or '0/25.2.0.192.in-addr.arpa' (RFC 2317)",
    "dns_zone('a.2.0.192.in-addr.arpa', server='10.0.0.53')": "is no reverse zone",
    "dns_zone('lab.example', server='ns.lab.example')": "allowed is its address",
    "dns_zone('lab.example', server='10.0.0.53#5353')": "or '[2001:db8::53]:5353'",
    "dns_zone('lab.example', server='2001:db8::53 port 5353')": "or '[2001:db8::53]:5353'",
    "dns_zone('lab.example', server='[2001:db8::53]:0')": "0 is no port",
    "dns_zone('lab.example', server='2001:db8::/64')": "is no DNS server",
    "dns_zone('lab.example', server='fe80::53')": "is on any link; say by which interface: 'fe80::53%eth1'",
    "dns_zone('lab.example', server='[fe80::53]:5353')": "is on any link; say by which interface",
    "dns_zone('lab.example', server='ff02::1')": "'ff02::1' is the address of no machine",
    "dns_zone('lab.example', server='0.0.0.0')": "'0.0.0.0' is the address of no machine",
    "dns_zone('lab.example', server='255.255.255.255')": "is the address of no machine",
    "dns_zone('lab.example', server='10.0.0.53:99999')": "99999 is no port",
    "dns_zone('lab.example', server=[])": "there are 0; allowed are 1 to 8",
    "dns_zone('lab.example', server='10.0.0.53', port='x')": "'x' is no port",
    "dns_zone('lab.example', server='10.0.0.53', ttl=-1)": "-1 cannot be used here",
    "dns_zone('lab.example', servers='10.0.0.53')": "servers is not known; did you mean server?",
    "dns_zone('lab.example', server='10.0.0.53'), dns_zone('LAB.example', server='10.0.0.54')": "the zone is on line 2 too",
    f"dns_zone('lab.example', server='10.0.0.53', key={SECRET!r})": "that is no key (it is not shown here)",
    f"dns_zone('lab.example', server='10.0.0.53', key=tsig(secret={SECRET!r}))": "has no name",
    f"dns_zone('lab.example', server='10.0.0.53', key=tsig('x', secret={SECRET + '!'!r}))": "the secret is no base64",
    f"dns_zone('lab.example', server='10.0.0.53', key=tsig('x', file='a.key', secret={SECRET!r}))": "one of both",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig('x'))": "needs file or secret",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig('x', 'sha256', file='a.key'))": "write 'hmac-sha256'",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig('x', 'rot13', file='a.key'))": "'rot13' is no algorithm of TSIG",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='gone.key'))": "gone.key is not there; tsig-keygen",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig('other', file='a.key'))": "it is a key of the name 'lab-key'",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='b.key'))": "there is no name of the key in it",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='c.key'))": "there is no key in it",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='d.key'))": "there is no key in it",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='e.key'))": "the secret is no base64",
    "dns_zone('lab.example', server='10.0.0.53', key=tsig(file='.'))": "is not a plain file",
    "'lab.example'": "dns_zone('lab.example', ...)",
}


@pytest.mark.parametrize("zones", WRONG)
def test_what_is_wrong_is_told_with_its_line_and_remedy_and_no_secret(tmp_path, zones):
    told = problems(tmp_path, zones, a=BIND, b=SECRET, c="nothing here", d="", e=BIND.replace('";', '*";'))
    assert WRONG[zones] in told
    assert f"{tmp_path}/pydhcpd.conf:2: " in told
    assert SECRET not in told


def test_no_secret_is_shown_by_the_configuration_in_force(tmp_path):
    configuration = loaded(tmp_path, f"dns_zone('lab.example', server='10.0.0.53', key=tsig('k', secret={SECRET!r})), "
                                     "dns_zone('192.0.2.0/24', server='10.0.0.53', key=tsig(file='a.key'))", a=BIND)
    shown = dict(configuration.entries())["dns_zones"]
    assert SECRET not in shown and "secret='***'" in shown and "file='a.key'" in shown


def test_a_subnet_may_have_zones_of_its_own(tmp_path):
    (tmp_path / "a.key").write_text(BIND)
    (tmp_path / "a.key").chmod(0o600)
    file = tmp_path / "pydhcpd.conf"
    file.write_text("dns_zones = [dns_zone('lab.example', server='10.0.0.53')]\n"
                    "subnets = [subnet('192.0.2.0/24', dns_zones=[dns_zone('lab.example', server='10.0.0.54', "
                    "key=tsig(file='a.key'))]), subnet('198.51.100.0/24')]\n")
    configuration = DHCPServerConfiguration.load(file, directory=tmp_path)
    (own,) = configuration.subnets[0].scope.settings["dns_zones"]
    assert own.servers == (("10.0.0.54", 53),) and own.key.secret
    assert [zone.servers[0][0] for zone in configuration.zones()] == ["10.0.0.53", "10.0.0.54"]


def test_the_example_of_the_manual_is_good(tmp_path):
    zones = EXAMPLES["dns_zones"].strip("[]").replace("/etc/pydhcpd/tsig.key", str(tmp_path / "a.key"))
    assert loaded(tmp_path, zones, a=SECRET)["dns_zones"]

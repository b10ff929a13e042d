"""What a reload tells: how much there is, and what has changed."""

from pathlib import Path

import pytest

from pydhcpd.configuration.changes import changes, counts
from pydhcpd.configuration.file import DHCPServerConfiguration

BASE = """\
router = "10.1.0.1"
voip = match(vendor_class_identifier=PREFIX("Phone"))
classes = [client_class("voip", voip), client_class("mine", match(mac=ALL) & (lambda request: request.secs == 0))]
subnets = [subnet("10.1.0.0/16", pools=["10.1.4.0/24", "10.1.6.0/24"]), subnet("10.2.0.0/16", pools=["10.2.4.0/24"])]
hosts = [host(mac="02:00:00:00:00:01", ip="10.1.0.5", hostname="a"), host(mac="02:00:00:00:00:02", ip="10.1.0.6")]
def finish(request, reply):
    reply.options["domain_name"] = "a.example"
"""


def loaded(directory: Path, text: str) -> DHCPServerConfiguration:
    file = directory / "pydhcpd.conf"
    file.write_text(text)
    return DHCPServerConfiguration.load(file, {"host_file": str(directory / "leases.db")})


def test_counts(tmp_path: Path) -> None:
    assert counts(loaded(tmp_path, BASE), 2) == "2 subnets, 3 pools, 2 hosts, 2 classes"
    assert counts(loaded(tmp_path, 'interface = "eth1"'), 1) == "1 subnet, 1 pool, 0 hosts, 0 classes"
    assert counts(loaded(tmp_path, 'network = "10.0.0.0/24"'), 1) == "1 subnet, 1 pool, 0 hosts, 0 classes"


@pytest.mark.parametrize(("old", "new", "told"), [
    ("", "", "nothing changed"),
    ("router", "\n\nrouter", "nothing changed"),  # lines are no values
    ('router = "10.1.0.1"', 'router = "10.1.0.2"', "changed: router"),
    ('router = "10.1.0.1"', "authoritative = True", "changed: authoritative, router"),
    ('"Phone"', '"Fon"', "classes: 1 changed"), ("secs == 0", "secs == 1", "classes: 1 changed"),
    ('"10.1.6.0/24"', '"10.1.7.0/24"', "subnets: 1 changed"), ('"10.2.0.0/16"', '"10.2.0.0/17"', "subnets: 1 new, 1 gone"),
    ('hostname="a"', 'hostname="b"', "hosts: 1 changed"),
    (', host(mac="02:00:00:00:00:02", ip="10.1.0.6")', "", "hosts: 1 gone"),
    ("00:02", "00:03", "hosts: 1 new, 1 gone"), ("a.example", "b.example", "changed: finish"),
    ("def finish", "def ending", "changed: finish")])
def test_changes(tmp_path: Path, old: str, new: str, told: str) -> None:
    before = loaded(tmp_path, BASE)
    assert changes(before, loaded(tmp_path, BASE.replace(old, new) if old else BASE)) == told

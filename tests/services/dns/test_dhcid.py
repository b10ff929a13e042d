"""DHCID (RFC 4701): the examples of its section 3.6, and which identifier is taken (section 3.3)."""

import base64

import pytest

from pydhcpd.services.dns.dhcid import BY_CLIENT_IDENTIFIER, BY_DUID, BY_HARDWARE, dhcid, identity, wire_name

MAC = bytes.fromhex("01020304 0506".replace(" ", ""))


@pytest.mark.parametrize(("name", "kind", "identifier", "expected"), [
    ("chi6.example.com", BY_DUID, "00:01:00:06:41:2d:f1:66:01:02:03:04:05:06",
     "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA="),  # section 3.6.1
    ("chi.example.com", BY_CLIENT_IDENTIFIER, "01:07:08:09:0a:0b:0c",
     "AAEBOSD+XR3Os/0LozeXVqcNc7FwCfQdWL3b/NaiUDlW2No="),  # section 3.6.2
    ("client.example.com", BY_HARDWARE, "01:01:02:03:04:05:06",
     "AAABxLmlskllE0MVjd57zHcWmEH3pCQ6VytcKD//7es/deY="),  # section 3.6.3
])
def test_examples_of_the_rfc(name, kind, identifier, expected):
    assert dhcid(name, kind, bytes.fromhex(identifier.replace(":", ""))) == base64.b64decode(expected)


def test_capitals_do_not_count():
    assert dhcid("Chi6.Example.COM", 2, b"x") == dhcid("chi6.example.com", 2, b"x")
    assert wire_name("Chi.example") == b"\3chi\7example\0"


@pytest.mark.parametrize(("identifier", "expected"), [
    (b"", (BY_HARDWARE, b"\1" + MAC)),
    (b"\1" + MAC, (BY_CLIENT_IDENTIFIER, b"\1" + MAC)),
    (b"\0name", (BY_CLIENT_IDENTIFIER, b"\0name")),
    (b"\xff\0\0\0\1\0\3\0\1" + MAC, (BY_DUID, b"\0\3\0\1" + MAC)),  # RFC 4361: type 255, IAID, DUID
    (b"\xff\0\0\0\1", (BY_CLIENT_IDENTIFIER, b"\xff\0\0\0\1")),  # too short for a DUID
])
def test_which_identifier_is_taken(identifier, expected):
    assert identity(identifier, 1, MAC) == expected

"""Option 81 (RFC 4702, rule 38): read in both forms, and answered by what is really done in the DNS."""

import pytest

from pydhcpd.wire import fqdn
from pydhcpd.wire.fqdn import Fqdn

CANONICAL = b"\2pc\3lab\7example\0"
LONGEST = b"".join(bytes([size]) + b"x" * size for size in (63, 63, 63, 61)) + b"\0"  # 255 octets


@pytest.mark.parametrize(("sent", "flags", "name"), [
    (b"\0\0\0pc.lab.example", 0, "pc.lab.example"), (b"\0\0\0pc.", 0, "pc"), (b"\1\0\0pc\0", 1, "pc"), (b"\0\0\0", 0, ""),
    (b"\5\xff\xff" + CANONICAL, 5, "pc.lab.example"),  # what is in the RCODE fields is ignored (section 2.2)
    (b"\4\0\0\2pc", 4, "pc"),  # a partial name has no root at its end (section 2.3)
    (b"\4\0\0\2pc\0", 4, "pc"), (b"\4\0\0", 4, ""), (b"\4\0\0\0", 4, ""), (b"\xf4\0\0\2pc", 0xf4, "pc"),
    (b"\4\0\0\3a.b", 4, "a_b"), (b"\4\0\0" + LONGEST, 4, ".".join("x" * size for size in (63, 63, 63, 61))),
    (b"\0\0\0p\xc3\xa4", 0, "p\xe4"), (b"\0\0\0\xff", 0, "\\xff")])
def test_it_is_read_in_the_form_of_rfc_1035_and_in_ascii(sent, flags, name):
    assert fqdn.decode(sent) == Fqdn(flags, name)
    assert fqdn.name(sent) == name


@pytest.mark.parametrize("sent", [
    b"", b"\0", b"\0\0",  # the fields alone are three octets
    b"\4\0\0\x3fpc", b"\4\0\0\2pc\5lab",  # a label ends behind the option
    b"\4\0\0\xc0\0", b"\4\0\0\2pc\xc0\3", b"\4\0\0\x40" + b"x" * 64,  # pointers: without compression (section 2.1)
    b"\4\0\0\2pc\0\3lab", b"\4\0\0\0\0", b"\4\0\0\1y" + LONGEST])
def test_hardening_5_what_cannot_be_read_counts_for_nothing(sent):
    assert (fqdn.decode(sent), fqdn.name(sent), fqdn.words(sent)) == (None, "", "cannot be read")


S, O, E, N = 1, 2, 4, 8  # noqa: E741 (as the RFC has them)


@pytest.mark.parametrize(("flags", "forward", "reverse", "answer"), [
    (S, True, True, S), (S, True, False, S), (S, False, True, O), (S, False, False, N | O),
    (0, True, True, S | O), (0, False, True, 0), (0, False, False, N),
    (N, False, False, N), (N, True, True, S | O), (N, False, True, 0),
    (N | S, False, False, N | O),  # which nobody should send: with N, S is to be 0
    (S | O, True, True, S), (0xf0 | S, True, True, S)])  # what means nothing, or is not the client's, is not sent back
@pytest.mark.parametrize("form", [0, E])
def test_rule_38_the_bits_of_the_answer_say_what_is_done(flags, forward, reverse, answer, form):
    """N = 1 implies S = 0; O tells that S is another than the client's; E is the client's (RFC 4702 sections 2.1 and 4)."""
    made = fqdn.answer(bytes((flags | form, 0, 0)), forward, reverse)
    assert made == bytes((answer | form,)) + b"\xff\xff"


@pytest.mark.parametrize(("sent", "name", "answer"), [
    (b"\1\0\0pc", "pc.lab.example", b"\1\xff\xffpc.lab.example"), (b"\5\0\0\2pc", "pc.lab.example", b"\5\xff\xff" + CANONICAL),
    (b"\5\0\0", "pc.lab.example", b"\5\xff\xff" + CANONICAL), (b"\1\0\0pc.", "", b"\1\xff\xffpc."),
    (b"\5\0\0\2pc", "", b"\5\xff\xff\2pc")])
def test_the_answer_has_the_full_name_in_the_clients_form_else_the_clients_own(sent, name, answer):
    assert fqdn.answer(sent, True, True, name) == answer

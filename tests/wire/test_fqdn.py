"""Option 81 (RFC 4702, rule 38): answered only if sent; N=1 implies S=0; O=1 when overriding; E mirrored."""

import pytest

from pydhcpd.wire import fqdn

CANONICAL = b"\2pc\3lab\7example\0"


@pytest.mark.parametrize(("sent", "answer", "name"), [
    (b"\0\0\0pc.lab.example", b"\x08\xff\xffpc.lab.example", "pc.lab.example"),
    (b"\1\0\0pc", b"\x0a\xff\xffpc", "pc"),  # the client wants the server to update: overridden
    (b"\5\0\0" + CANONICAL, b"\x0e\xff\xff" + CANONICAL, "pc.lab.example"),
    (b"\4\0\0\2pc", b"\x0c\xff\xff\2pc", "pc"),  # a partial name has no root at its end (section 2.3.1)
    (b"\x08\0\0pc.", b"\x08\xff\xffpc.", "pc"),
    (b"\0\0\0", b"\x08\xff\xff", ""), (b"\0\0", b"", ""), (b"", b"", ""),
    (b"\4\0\0\x3fpc", b"\x0c\xff\xff\x3fpc", ""), (b"\4\0\0\xc0\0", b"\x0c\xff\xff\xc0\0", "")])
def test_rule_38(sent, answer, name):
    assert (fqdn.answer(sent), fqdn.name(sent)) == (answer, name)

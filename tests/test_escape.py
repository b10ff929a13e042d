"""What strangers' text looks like once it may be shown."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.escape import CUT, as_written, escape
from pydhcpd.wire.codecs import BYTES


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("printer-3", "printer-3"),
        ("two words", "two words"),
        ("büro-é", "büro-é"),
        ("日本", "日本"),
        ("büro".encode(), "büro"),
        (b"plain", "plain"),
        ("back\\slash", r"back\\slash"),
        (b"\\x00", r"\\x00"),
        ("\0", r"\x00"),
        ("a\r\nb\tc", r"a\x0d\x0ab\x09c"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x7f", r"\x7f"),
        ("\x9b2J", r"\u009b2J"),  # C1: CSI as one character
        (b"\x9b2J", r"\x9b2J"),  # the same number as a byte, which is not UTF-8
        (b"caf\xe9", r"caf\xe9"),
        (b"\xe6\x97", r"\xe6\x97"),  # cut short
        (b"\xed\xa0\x80", r"\xed\xa0\x80"),  # a surrogate, which UTF-8 may not hold
        (b"\xc0\xaf", r"\xc0\xaf"),  # overlong
        ("\udce9", r"\xe9"),  # PEP 383
        ("\ud800", r"\ud800"),
        ("\u202egpj.exe", r"\u202egpj.exe"),  # bidi override
        ("\u2066x\u2069", r"\u2066x\u2069"),  # bidi isolates
        ("a\u200bb", r"a\u200bb"),  # zero width space
        ("\ufeff", r"\ufeff"),
        ("\u2028", r"\u2028"),
        ("\u00a0", r"\u00a0"),
        ("\u3164", r"\u3164"),  # a letter for Unicode, nothing for the eye
        ("a\ufe0f", r"a\ufe0f"),
        ("\U000e0041", r"\U000e0041"),
        ("\U000e0100", r"\U000e0100"),
    ],
)
def test_only_what_can_be_seen_is_shown_as_it_is(text: str | bytes, shown: str) -> None:
    assert escape(text) == shown


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("abcdefgh", 8, "abcdefgh"),
        ("abcdefghi", 8, "abcd" + CUT),
        ("abc\x1bdefghi", 8, "abc" + CUT),  # never half an escape
        ("\\" * 5, 8, "\\\\" * 2 + CUT),
        (b"abcdefghi", 8, "abcd" + CUT),
        ("日" * 9, 8, "日" * 4 + CUT),
        (("x" + "😀" * 99).encode(), 8, "x😀😀😀" + CUT),
        ("abc", 2, CUT[:2]),
        ("abc", 0, ""),
        ("", 0, ""),
    ],
)
def test_what_is_too_long_is_cut_between_characters(text: str | bytes, limit: int, shown: str) -> None:
    assert escape(text, limit) == shown


def test_a_huge_text_costs_what_its_limit_costs() -> None:
    began = time.process_time()
    for huge in (b"\xff" * 50_000_000, "\x1b" * 50_000_000):
        assert len(escape(huge)) <= 255
    assert time.process_time() - began < 1


@given(st.binary() | st.text(), st.integers(0, 300))
def test_the_result_is_visible_and_within_the_limit(text: str | bytes, limit: int) -> None:
    shown = escape(text, limit)
    assert len(shown) <= limit
    assert shown.isprintable()


_ESCAPED = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")


def _original(shown: str) -> bytes:
    def bytes_of(match: re.Match[str]) -> str:
        byte, short, long = match.groups()
        if byte:
            code = int(byte, 16)
            return chr(code if code < 0x80 else code + 0xDC00)
        return chr(int(short or long, 16)) if short or long else "\\"

    return _ESCAPED.sub(bytes_of, shown).encode("utf-8", "surrogateescape")


@given(st.binary())
def test_the_bytes_can_be_told_from_what_is_shown(text: bytes) -> None:
    assert _original(escape(text, 10 * len(text) + 10)) == text


# --- octets as one writes them in the configuration file


@pytest.mark.parametrize(("octets", "written"), [
    (b"port 7", '"port 7"'), ("büro".encode(), '"büro"'), (b'say "x" \\ y', r'"say \"x\" \\ y"'),
    (b"\0\4\1\2", '"00:04:01:02"'), (b"a\nb", '"61:0a:62"'), ("a\u202eb".encode(), '"61:e2:80:ae:62"'),
    (b"caf\xe9", '"63:61:66:e9"'),
    (b"01:a2", 'b"01:a2"'), (b"01:a2:f", '"01:a2:f"'), (b"\7", r'b"\x07"'), (b"", 'b""'), (b"7", '"7"'), (b"07", '"07"')])
def test_octets_are_text_where_they_are_printable_and_else_hexadecimal(octets, written):
    assert as_written(octets) == written


@given(st.binary(max_size=40) | st.text(max_size=20).map(lambda text: text.encode(errors="surrogatepass"))
       | st.lists(st.sampled_from(["01", "aF", ":", "x"]), max_size=5).map(lambda parts: "".join(parts).encode()))
def test_what_is_written_so_is_read_as_the_same(octets):
    written = as_written(octets)
    assert written.isprintable()
    assert BYTES.encode(eval(written)) == octets

r"""Text from strangers, made safe for a terminal, a log line or a table.

Owns the one rule of how such text is shown. What may pass is printable and visible; everything else becomes an escape:

    \xNN         a control character of ASCII, or a byte that is not part of valid UTF-8
    \uNNNN       any other character that cannot be seen: C1 controls, bidi overrides, zero width, lone surrogates
    \UNNNNNNNN   the same beyond the basic plane
    \\           a backslash

The backslash is doubled and bytes are told from characters, so that two different texts never look the same. (A byte
that Python smuggled into a string as U+DC80 to U+DCFF, PEP 383, is shown as that byte.)
"""

import re

CUT = r"\..."
"""Stands for what was cut off. No text that fits contains it, since its own backslashes come in pairs."""

HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2})+")
"""Text that the configuration file takes for octets in hexadecimal."""

_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""What has no width and yet passes `str.isprintable`, as a letter or mark (Unicode: Default_Ignorable_Code_Point)."""


def escape(text: str | bytes, limit: int = 255) -> str:
    """`text` in at most `limit` visible characters; a longer one is cut between two characters and ends in CUT."""
    if isinstance(text, bytes):
        # Four bytes make one character at least: what is beyond these is cut off anyway, and a megabyte costs no more.
        text = text[: 4 * limit + 4].decode("utf-8", "surrogateescape")
    if len(text) <= limit and text.isascii() and text.isprintable() and "\\" not in text:
        return text
    return _fitted([_shown(character) for character in text[: limit + 1]], limit)


def as_written(octets: bytes) -> str:
    """Octets as one writes them in the configuration file: text in quotation marks where it is printable, else hexadecimal.

    The file takes text that looks like hexadecimal for that, so such text is written as bytes.
    """
    text = _printable(octets)
    if text:
        quoted = text.replace("\\", r"\\").replace('"', r'\"')
        return f'b"{quoted}"' if HEXADECIMAL.fullmatch(text) else f'"{quoted}"'
    return f'"{octets.hex(":")}"' if len(octets) > 1 else "b" + repr(octets)[1:].replace("'", '"')


def _printable(octets: bytes) -> str:
    """The octets as text; empty where they are none that could be seen."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        return ""
    return text if text.isprintable() and not _INVISIBLE.search(text) else ""


def _shown(character: str) -> str:
    """One character as it may stand on a screen."""
    if character == "\\":
        return r"\\"
    if character.isprintable() and not _INVISIBLE.match(character):
        return character
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _fitted(pieces: list[str], limit: int) -> str:
    """The pieces joined if they fit, else as many whole pieces as leave room for CUT."""
    whole = "".join(pieces)
    if len(whole) <= limit:
        return whole
    room = limit - len(CUT)
    kept: list[str] = []
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            break
        kept.append(piece)
    return ("".join(kept) + CUT)[:limit]

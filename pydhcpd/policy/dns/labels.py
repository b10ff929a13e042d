"""Host names as they may stand in the DNS, made of text that a stranger has sent (RFC 1123 2.1, RFC 1035 2.3.1).

A label is of letters, digits and hyphens, with no hyphen at its ends, of 63 octets at the most. What is made here needs no
escaping anywhere: not in a zone, a hosts file, a log nor a query. Names are in small letters, without the dot at their end.
"""

import re

LONGEST_LABEL = 63
LONGEST_NAME = 253  # in text; RFC 1035 section 2.3.4 has 255 octets on the wire
REFUSED = frozenset(("localhost", "localdomain", "broadcasthost", "wpad", "isatap"))
"""What no client may be called: resolvers and browsers take these names for more than a host (US-CERT VU#598349)."""

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_IS_LABEL = re.compile(_LABEL)
_IS_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LEFT_OUT = re.compile("['`\u00b4\u2018\u2019]")
_OTHERS = re.compile("[^a-z0-9]+")
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")


def is_name(text: str) -> bool:
    """Whether text is a name of such labels."""
    return len(text) <= LONGEST_NAME and _IS_NAME.fullmatch(text) is not None


def label_of(text: str) -> str:
    """A label made of any text; empty where none can be.

    An apostrophe goes, letters of other alphabets are written as IDNA has it (RFC 3490), and whatever else a label cannot hold
    is a hyphen. What is too long is cut.
    """
    text = text.lower()
    if _IS_LABEL.fullmatch(text):
        return text
    text = _LEFT_OUT.sub("", text)
    if not text.isascii():
        text = _by_idna(text[:LONGEST_LABEL]) or text
    if not _IS_LABEL.fullmatch(text):
        text = _OTHERS.sub("-", text)
    return text[:LONGEST_LABEL].strip("-")


def _by_idna(text: str) -> str:
    """A label with letters of other alphabets in its form of ASCII; empty where it has none."""
    plain = "-".join(re.findall(r"\w+", text.replace("_", " "))).strip("-")
    try:
        return plain.encode("idna").decode().lower()
    except UnicodeError:
        return ""


def host_name(text: str, domain: str) -> str:
    """What a client calls itself, below a domain; empty where that is nothing that a host may be called.

    Only the domain that the administrator gives counts: in a name of another one the first label is the host's.
    """
    text = text.rstrip(".").lower()
    inside = text.removesuffix(f".{domain}") if domain else text
    labels = [label_of(one) for one in (inside.split(".") if inside != text else text.split(".")[:1])]
    if "" in labels or labels[-1] in REFUSED or _NUMBER.fullmatch(labels[0]):
        return ""
    return ".".join(labels)

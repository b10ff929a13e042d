"""Service parameters: how a server is spoken to, as DNS (SVCB records) and option 162 carry it; text to octets and back.

Owns the wire form of RFC 9460 section 2.2 (key, length, value, keys in rising order and each once) and a plain part of
the text form of its section 2.1: words with a space between them,

    alpn=dot,h2 port=853 dohpath=/dns-query{?dns} key2 key5=00ff

alpn is that of RFC 9460 section 7.1, port of 7.2, dohpath of RFC 9461 section 5. Every other key, and a value that the
plain form cannot say, is `keyN=` with the value in hexadecimal. Does not know which keys a place forbids.
"""

import re

from pydhcpd.errors import InvalidValue, MalformedPacket

ALPN, PORT, IPV4HINT, IPV6HINT, DOHPATH = 1, 3, 4, 6, 7
NO_PORT = 65536
LARGEST_KEY = 65534  # RFC 9460 section 14.3.2: 65535 is no key
ALLOWED = "words such as 'alpn=dot,h2 port=853 dohpath=/dns-query{?dns}', and keyN=hexadecimal for other keys"

_NAMES = {ALPN: "alpn", PORT: "port", DOHPATH: "dohpath"}
_KEYS = {name: key for key, name in _NAMES.items()}
_NUMBERED = re.compile(r"key(0|[1-9][0-9]{0,4})(?:=((?:[0-9A-Fa-f]{2})+))?")
_IDENTIFIERS = re.compile(r"[!#-+\--\[\]-~]+(,[!#-+\--\[\]-~]+)*")  # printable, no comma, quote or backslash inside
_PATH = re.compile(r"/[!#-\[\]-~]*")  # the same, commas included
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,4}")
_DNS_VARIABLE = re.compile(r"\{[^{}]*\bdns\b[^{}]*\}")


def encode(text: str) -> bytes:
    """The wire form. Raises InvalidValue."""
    values: dict[int, bytes] = {}
    for word in text.split():
        key, value = _parameter(word)
        if key in values:
            raise _refusal(word, "gives a key that was given before")
        values[key] = value
    return b"".join(_counted_pair(key, values[key]) for key in sorted(values))


def decode(data: bytes) -> str:
    """The text form, as `encode` takes it. Raises MalformedPacket where keys and lengths are not those of RFC 9460."""
    return " ".join(_word(key, value) for key, value in read(data).items())


def read(data: bytes) -> dict[int, bytes]:
    """The values by key. Raises MalformedPacket."""
    values: dict[int, bytes] = {}
    at, last = 0, -1
    while at < len(data):
        key, begin = int.from_bytes(data[at:at + 2], "big"), at + 4
        at = begin + int.from_bytes(data[at + 2:begin], "big")
        if begin > len(data) or at > len(data):
            raise MalformedPacket("service parameter is cut off")
        if key <= last:
            raise MalformedPacket("service parameters are not in rising order")
        last = key
        values[key] = data[begin:at]
    return values


def _parameter(word: str) -> tuple[int, bytes]:
    """Key and value of one word."""
    numbered = _NUMBERED.fullmatch(word)
    if numbered is not None and int(numbered[1]) <= LARGEST_KEY:
        return int(numbered[1]), bytes.fromhex(numbered[2] or "")
    name, _, value = word.partition("=")
    if name not in _KEYS:
        raise _refusal(word, "is not known, or not in hexadecimal")
    data = _plain(_KEYS[name], value)
    if data is None:
        raise _refusal(word, "has a value that its key does not allow")
    return _KEYS[name], data


def _plain(key: int, value: str) -> bytes | None:
    """The octets of a value in its plain form; None where it is not in it."""
    if key == PORT:
        number = int(value) if _DECIMAL.fullmatch(value) else NO_PORT
        return number.to_bytes(2, "big") if number < NO_PORT else None
    if key == DOHPATH:
        return value.encode("ascii") if _PATH.fullmatch(value) and _DNS_VARIABLE.search(value) else None
    identifiers = [part.encode("ascii") for part in value.split(",")] if _IDENTIFIERS.fullmatch(value) else []
    if not identifiers or max(map(len, identifiers)) > 255:
        return None
    return b"".join(bytes((len(part),)) + part for part in identifiers)


def _word(key: int, value: bytes) -> str:
    """One parameter as text: by its name, if the plain form says exactly these octets."""
    if key in _NAMES:
        text = _plain_text(key, value)
        if _plain(key, text) == value:
            return f"{_NAMES[key]}={text}"
    return f"key{key}={value.hex()}" if value else f"key{key}"


def _plain_text(key: int, value: bytes) -> str:
    """What the value would be in its plain form; of octets that are none of it, anything."""
    if key == PORT:
        return str(int.from_bytes(value[:2], "big"))
    if key == DOHPATH:
        return value.decode("latin-1")
    parts, at = [], 0
    while at < len(value):
        parts.append(value[at + 1:at + 1 + value[at]].decode("latin-1"))
        at += 1 + value[at]
    return ",".join(parts)


def _counted_pair(key: int, value: bytes) -> bytes:
    if len(value) > 65535:
        raise _refusal(f"key{key}", "has more than 65535 octets")
    return key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def _refusal(word: str, why: str) -> InvalidValue:
    return InvalidValue(f"service parameter {word!r} {why}; allowed is {ALLOWED}")

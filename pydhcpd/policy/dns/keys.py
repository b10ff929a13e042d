"""What `tsig()` of the configuration makes: a key that signs updates of the DNS (RFC 8945), and the text of a key file read.

A secret is never shown: neither in what a key looks like as text, nor in a message about what is wrong with it.
"""

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.names import NEAR, nearest
from pydhcpd.policy.arguments import check_arguments
from pydhcpd.policy.dns.domains import domain

TSIG_ARGUMENTS = ("name", "algorithm", "secret", "file")
ALGORITHMS = ("hmac-sha256", "hmac-sha512", "hmac-sha384", "hmac-sha224", "hmac-sha1", "hmac-md5")
USUAL = ALGORITHMS[0]
ALLOWED_ALGORITHMS = ", ".join(map(repr, ALGORITHMS))
MAKE_ONE = "tsig-keygen NAME > FILE (BIND) and keymgr -t NAME hmac-sha256 > FILE (Knot) make one"

_FORMS = (
    re.compile(r'key\s+"?(?P<name>[^\s"{]+)"?\s*\{(?=[^}]*?algorithm\s+"?(?P<algorithm>[\w.-]+)"?\s*;)'
               r'[^}]*?secret\s+"?(?P<secret>[^\s";]+)"?\s*;'),  # BIND: tsig-keygen, rndc-confgen
    re.compile(r"-\s*id:\s*(?P<name>\S+)\s+algorithm:\s*(?P<algorithm>\S+)\s+secret:\s*(?P<secret>\S+)"),  # Knot: keymgr -t
    re.compile(r"\s*(?P<algorithm>hmac-[\w-]+):(?P<name>[^\s:]+):(?P<secret>\S+)\s*"),  # nsupdate -y, kdig -y
    re.compile(r"\s*(?P<secret>[A-Za-z0-9+/]+=*)\s*"),
)
"""Forms of a key file: the first that is found in it holds. The last two are all that there is in it."""
_ALONE = 2
_COMMENT = re.compile(r"/\*.*?\*/|^[ \t]*(?:#|//)[^\n]*", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class Tsig:
    """A key. Without a name, algorithm or secret these come from the file, which is read once all is checked."""

    name: str = ""
    algorithm: str = ""
    secret: bytes = b""
    file: Path | None = None
    line: int = 0

    @classmethod
    def of(cls, line: int, arguments: Mapping[str, object]) -> "Tsig":
        """Check `tsig()`'s arguments. Raises InvalidValue with all that are wrong."""
        checks = dict(zip(TSIG_ARGUMENTS, (_name, _algorithm, _secret, _path), strict=True))
        checked, others = check_arguments(arguments, checks)
        for name in others:
            near = nearest(name, TSIG_ARGUMENTS, NEAR)
            raise InvalidValue(f"{name} is not known; " + (f"did you mean {near}?" if near else
                                                           f"allowed are {', '.join(TSIG_ARGUMENTS)}"))
        if ("secret" in checked) is ("file" in checked):
            raise InvalidValue("needs file or secret, one of both; allowed is "
                               "tsig('name', 'hmac-sha256', file='/etc/pydhcpd/tsig.key')")
        if "secret" in checked and "name" not in checked:
            raise InvalidValue("has no name; allowed is the name that the DNS server has for it, as the first argument")
        return cls(checked.get("name", ""), checked.get("algorithm", ""), checked.get("secret", b""), checked.get("file"), line)

    def __repr__(self) -> str:
        words = [repr(self.name)] if self.name else []
        words += [f"{'' if words else 'algorithm='}{self.algorithm!r}"] if self.algorithm else []
        words.append(f"file={str(self.file)!r}" if self.file else "secret='***'")
        return f"tsig({', '.join(words)})"

    def with_text(self, text: str) -> "Tsig":
        """The key with what its file says besides. Raises InvalidValue where that is no key, or that of another name."""
        told = self._found_in(text.removeprefix("\ufeff"))
        if told is None:
            raise InvalidValue(f"there is no key in it; allowed is a file as {MAKE_ONE}, or the secret in base64 alone")
        name = _name(told["name"]) if told.get("name") else ""
        algorithm = _algorithm(told["algorithm"]) if told.get("algorithm") else ""
        for given, said, what in ((self.name, name, "name"), (self.algorithm, algorithm, "algorithm")):
            if given and said and given != said:
                raise InvalidValue(f"it is a key of the {what} {said!r}, and tsig() says {given!r}; leave the {what} out")
        if not (self.name or name):
            raise InvalidValue("there is no name of the key in it; write it into tsig() as the first argument")
        return replace(self, name=self.name or name, algorithm=self.algorithm or algorithm or USUAL,
                       secret=_secret(told["secret"]))

    def _found_in(self, text: str) -> dict[str, str] | None:
        """The parts of a key in a text; of several that of our name, else the first."""
        for number, form in enumerate(_FORMS):
            matches = [form.fullmatch(text)] if number >= _ALONE else list(form.finditer(_COMMENT.sub("", text)))
            found = [match.groupdict() for match in matches if match is not None]
            if found:
                return next((one for one in found if one.get("name", "").lower().rstrip(".") == self.name), found[0])
        return None


def _name(value: object) -> str:
    return domain(value, "the name of a key", "lab-key")


def _algorithm(value: object) -> str:
    text = value.lower().replace("_", "-").rstrip(".").removesuffix(".sig-alg.reg.int") if isinstance(value, str) else ""
    if text not in ALGORITHMS:
        near = next((one for one in ALGORITHMS if text and one.removeprefix("hmac-") == text), "")
        raise InvalidValue(f"{value!r} is no algorithm of TSIG; " + (f"write {near!r}" if near else
                                                                     f"allowed are {ALLOWED_ALGORITHMS}"))
    return text


def _secret(value: object) -> bytes:
    if isinstance(value, bytes) and value:
        return value
    try:
        secret = binascii.a2b_base64(value.encode(), strict_mode=True) if isinstance(value, str) else b""
    except (ValueError, UnicodeEncodeError):
        secret = b""
    if not secret:
        raise InvalidValue("the secret is no base64 (it is not shown here); allowed is what stands in the DNS server's "
                           f"configuration; {MAKE_ONE}")
    return secret


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value) or "\0" in str(value):
        raise InvalidValue(f"{value!r} cannot be used here; allowed is the path of a file")
    return Path(value)

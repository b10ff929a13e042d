"""What Python says of a file that it cannot run, and the remedy: the line to write instead, wherever it can be told.

Owns the mistakes of people who know another server's configuration file, or who do not know Python: text without quotes,
`8h`, `domain-name`, a pasted dhcpd.conf. Does not run anything.
"""

import keyword
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable

from pydhcpd import conf
from pydhcpd.addresses import network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.names import FILE, nearest, synonym
from pydhcpd.wire.codecs import instead_of_number

MANUAL = "see man 5 pydhcpd.conf"
USAGE = {
    "host": 'host(mac="02:00:00:00:99:01", ip="192.0.2.5", hostname="boss")',
    "subnet": 'subnet("10.1.0.0/16", pools=["10.1.4.0 - 10.1.7.255"], router="10.1.0.1")',
    "pool": 'pool("10.1.4.0 - 10.1.7.255", allow="known")',
    "shared_network": 'shared_network("floor 3", [subnet("10.3.0.0/24"), subnet("10.4.0.0/24")])',
    "client_class": 'client_class("pxe", match(vendor_class_identifier=PREFIX("PXEClient")), boot_file_name="ipxe.efi")',
    "pxe_item": 'pxe_item("Debian", "debian/pxelinux.0")',
    "pxe_menu": 'pxe_menu("Boot what?", [pxe_item("Debian", "debian/pxelinux.0"), pxe_item("Own disk")], timeout=10)',
    "dns_file": 'dns_file("/var/lib/pydhcpd/hosts", form="hosts", domain="lab.example")',
    "dns_zone": 'dns_zone("lab.example", server="10.0.0.53", key=tsig("name", "hmac-sha256", file="/etc/pydhcpd/tsig.key"))',
    "tsig": 'tsig("name", "hmac-sha256", file="/etc/pydhcpd/tsig.key")',
    "option": 'option(224, "rack", "text")',
    "match": 'match(vendor_class_identifier=PREFIX("PXEClient"))',
}
"""How each constructor is called."""

_WORDS = {**dict.fromkeys(("true", "yes", "on", "enable", "enabled"), "True"),
          **dict.fromkeys(("false", "no", "off", "disable", "disabled"), "False"),
          **dict.fromkeys(("null", "none", "nil", "nothing", "undefined"), "None"),
          **dict.fromkeys(("second", "seconds", "sec", "s"), "a plain number: times are in seconds"),
          **dict.fromkeys(("minute", "min", "mins"), "MINUTES"), **dict.fromkeys(("hour", "hr", "hrs"), "HOURS"),
          **dict.fromkeys(("day",), "DAYS"), **dict.fromkeys(("week", "weeks"), "7 * DAYS"),
          **dict.fromkeys(("month", "months"), "30 * DAYS"), **dict.fromkeys(("year", "years"), "365 * DAYS"),
          **dict.fromkeys(("inf", "infinity", "infinite", "forever", "unlimited", "never"), "INFINITE"),
          **dict.fromkeys(("reservation", "static_lease", "dhcp_host"), "host"), "subnet4": "subnet", "range": "pool",
          "class": "client_class", "startswith": "PREFIX", "endswith": "SUFFIX", "re": "REGEX", "any": "ALL"}
"""Words of people and of other servers, and what the file has for them."""

_LANGUAGES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("OpenWrt", re.compile(r"^\s*config\s+(?:dhcp|host|dnsmasq)\b", re.MULTILINE)),
    ("Cisco IOS", re.compile(r"^\s*(?:ip dhcp (?:pool|excluded-address)|default-router\s)", re.MULTILINE)),
    ("ISC dhcpd", re.compile(r"^\s*(?:(?:subnet|shared-network|host|group|class|subclass|pool|failover|zone|key|if)\b[^=(]*\{|"
                             r"option\s+[\w.-]+\s.*;|range\s+[\w.-]+.*;|(?:default|max|min)-lease-time\s.*;|authoritative\s*;|"
                             r"(?:allow|deny|ignore)\s[\w -]+;|[a-z][a-z-]+\s+[^=()]*;\s*$)", re.MULTILINE)),
    ("Kea", re.compile(r"\"(?:Dhcp4|subnet4|interfaces-config|valid-lifetime|option-data|lease-database)\"\s*:")),
    ("dnsmasq", re.compile(r"^\s*(?:dhcp-[a-z]+|bind-interfaces|bogus-priv|domain-needed|expand-hosts|no-[a-z]+|log-dhcp|"
                           r"enable-tftp|tftp-root|listen-address|except-interface|read-ethers)\s*(?:=|$)", re.MULTILINE)),
    ("systemd-networkd", re.compile(r"^\s*\[(?:Network|Match|DHCPServer|DHCPServerStaticLease|Link)\]", re.MULTILINE)),
    ("udhcpd", re.compile(r"^\s*(?:start|end|opt|option|interface|static_lease|lease_file|max_leases|siaddr|boot_file)"
                          r"\s+[^=\s(]", re.MULTILINE)),
    ("YAML", re.compile(r"^(?:[a-z_]+:(?:\s+[\w.-].*)?$\s*){2}|^---\s*$", re.MULTILINE)),
)
"""How another server's configuration is known, or another language."""

_ASSIGNMENT = re.compile(r"\s*([A-Za-z_][\w-]*)\s*=\s*([^=].*?)\s*;?\s*$")
_YAML = re.compile(r"\s*([A-Za-z_][\w-]*)\s*:\s*(\S.*?)\s*$")
_DNSMASQ_OPTION = re.compile(r"^\s*dhcp-option(?:-force)?\s*=\s*(?:[a-z]+:[\w-]+,)*?(?:option:)?([\w-]+),")
_SPACED = re.compile(r"\s*(?:(?:dhcp-)?opt(?:ion)?\s+)?([A-Za-z_][\w-]*)[\s,]+([^=({]+?)\s*;?\s*$")
_BARE = re.compile(r"[\w./:+-]+(?:\s*[, ]\s*[\w./:+-]+)*")
_QUOTELESS = re.compile(r"""(?<!["'\w.:])((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|\d+\.\d+\.\d+\.\d+(?:/\d+)?)(?!["'\w.:])""")


def of_syntax(text: str, line: int, message: str, known: Iterable[str]) -> str:
    """The remedy for a file that is no Python. `known` are the names of settings and options."""
    instead = _instead(_line(text, line), list(known))
    words = instead or next((words for part, words in _SYNTAX if part in message), "")
    return _of_language(text, instead) or words or f"the file is Python; {MANUAL}"


def of_exception(text: str, line: int, error: BaseException, known: Iterable[str]) -> str:
    """The remedy for what came up while the file ran; nothing where the error has one itself."""
    if "; write " in str(error):
        return ""
    written, names = _line(text, line), list(known)
    words = next((made for kind, of_kind in _EXCEPTIONS
                  if isinstance(error, kind) and (made := of_kind(written, error, names))), "")
    if isinstance(error, NameError):
        words = _of_language(text, _instead(written, names) or (words if error.name in names else "")) or words
    return words or f"correct the line: {written.strip()[:200]}"


def _of_language(text: str, words: str) -> str:
    """That a file is another server's, if it is, and the remedy for the line."""
    language = next((name for name, pattern in _LANGUAGES if pattern.search(text)), "")
    if not language:
        return ""
    return f"this looks like the language of {language}, but the file is Python; " + (
        f"{words}, and so on; {MANUAL}" if words else MANUAL)


def _line(text: str, number: int) -> str:
    lines = text.split("\n")
    return lines[number - 1].partition(" #")[0] if 0 < number <= len(lines) else ""


# --- a line that is no Python


def _subnet(base: str, mask: str) -> str:
    try:
        network = network_text(*network_from(base, mask))
    except InvalidValue:
        network = f"{base}/24"
    return f'subnets = [subnet("{network}", pools=[...], router=...)]'


def _range(first: str, last: str | None) -> str:
    return f'ip_ranges = ["{first} - {last}"]' if last else f'ip_ranges = ["{first}"]'


def _host(mac: str, ip: str, name: str | None = None) -> str:
    return f'hosts = [host(mac="{mac}", ip="{ip}"' + (f', hostname="{name}")]' if name else ")]")


_MAC, _IP = r"((?:[0-9A-Fa-f]{1,2}:){5}[0-9A-Fa-f]{1,2})", r"(\d+\.\d+\.\d+\.\d+)"
_FORMS: tuple[tuple[re.Pattern[str], Callable[..., str]], ...] = (
    (re.compile(rf"\s*subnet\s+{_IP}\s+netmask\s+{_IP}"), _subnet),
    (re.compile(rf"\s*range\s+(?:dynamic-bootp\s+)?{_IP}(?:\s+{_IP})?\s*;"), _range),
    (re.compile(rf"\s*host\s+([\w.-]+)\s*\{{\s*hardware\s+ethernet\s+{_MAC}\s*;\s*fixed-address\s+{_IP}"),
     lambda name, mac, ip: _host(mac, ip, name)),
    (re.compile(r"\s*host\s+([\w.-]+)\s*\{"), lambda name: f'hosts = [host(mac="...", ip="...", hostname="{name}")]'),
    (re.compile(r"\s*shared-network\s+\"?([\w.-]+)"),
     lambda name: f'shared_networks = [shared_network("{name}", [subnet(...), ...])]'),
    (re.compile(r"\s*class\s+\"([^\"]+)\""), lambda name: f'classes = [client_class("{name}", match(...))]'),
    (re.compile(rf"\s*dhcp-range\s*=\s*(?:[^\d,][^,]*,)*{_IP}\s*,\s*{_IP}"), _range),
    (re.compile(rf"\s*dhcp-host\s*=\s*{_MAC}\s*,\s*{_IP}(?:,([A-Za-z][\w-]*))?"), _host),
    (re.compile(rf"\s*static_lease\s+{_MAC}\s+{_IP}"), _host),
    (re.compile(rf"\s*start\s+{_IP}()"), lambda first, _: _range(first, "...")),
    (re.compile(rf"\s*{_MAC}\s*[,;]\s*{_IP}(?:\s*[,;]\s*([\w-]+))?"), _host),
)
"""Lines of other servers whose values are not one after the other, and what makes ours of them."""


def _instead(line: str, known: list[str]) -> str:
    """What to write for a line, as the file would have it; nothing where that cannot be told."""
    for form, made in _FORMS:
        found = form.match(line)
        if found is not None:
            return f"write {made(*found.groups())}"
    plain = unicodedata.normalize("NFKC", line)
    if plain != line and "\u00a0" not in line:
        return f"write {plain.strip()}"
    if re.search("[\u2018\u2019\u201c\u201d\u00ab\u00bb]", line):
        straight = re.sub("[\u2018\u2019\u201c\u201d\u00ab\u00bb]", '"', line).strip()
        return f'write {straight}, with the quotes " of a keyboard'
    line = _DNSMASQ_OPTION.sub(lambda one: f"option_{one[1]} " if one[1].isdecimal() else f"{one[1]} ", line)
    found = next((found for pattern in (_ASSIGNMENT, _YAML, _SPACED) if (found := pattern.fullmatch(line))), None)
    same = f"write {line.strip()}"
    words = same if found is None else _assignment(found[1], found[2], known) or same
    if words == same and not re.search("[{};<]", line):
        words = f"write {_QUOTELESS.sub(_quoted, line).strip()}"
    return "" if words == same else words


def _quoted(found: re.Match[str]) -> str:
    return f'"{found[1]}"'


def _assignment(name: str, value: str, known: list[str]) -> str:
    ours = _name(name, known)
    if not ours.isidentifier():
        return ours
    made = _value(value)
    return f"write {ours} = {made}" if made else ""


def _name(name: str, known: list[str]) -> str:
    plain = name.replace("-", "_")
    if plain in known or re.fullmatch("option_[0-9]+", plain):
        return plain
    return synonym(plain, FILE) or nearest(plain, known, 0.8)


def _value(value: str) -> str:
    """A value in Python's form."""
    time = instead_of_number(value)
    if time and "*" in time:
        return time.removeprefix("write ")
    if re.fullmatch(r"\d+|True|False|None|[\"\[({].*", value):
        return value
    if value.lower() in _WORDS and keyword.iskeyword(_WORDS[value.lower()]):
        return _WORDS[value.lower()]
    if not _BARE.fullmatch(value) and not value.startswith("'"):
        return ""
    parts = re.split(r"\s*,\s*|\s+(?!-)(?<!-\s)", value.strip("'"))
    return f'"{parts[0]}"' if len(parts) == 1 else "[" + ", ".join(f'"{part}"' for part in parts if part) + "]"


_SYNTAX = (
    ("was never closed", "write the bracket that closes it"),
    ("unmatched", "take out the bracket that closes nothing, or write the one that opens it"),
    ("does not match", "write the bracket that closes the one which is open"),
    ("unterminated", "write the quote that ends the text"),
    ("Perhaps you forgot a comma", "write a comma between the values, and \" around each text"),
    ("unexpected indent", "take out the blanks at the beginning of the line"),
    ("expected an indented block", "write the lines that belong together with four blanks before them"),
    ("unindent", "begin the lines that belong together with the same number of blanks"),
    ("inconsistent use of tabs", "write blanks instead of tabs"),
    ("positional argument follows", "give each argument its name: host(mac=..., ip=..., hostname=...)"),
    ("keyword argument repeated", "give each argument once; several values are a list: mac=[\"...\", \"...\"]"),
    ("leading zeros", "write numbers without zeros before them, and \" around addresses"),
    ("non-printable character", "write a plain blank in its place"),
    ("cannot assign to", "write a name of letters, digits and _ before the ="),
    ("invalid decimal literal", "write \" around text, and times as 8 * HOURS"),
    ("unicode error", "write \\\\ for each \\ in a text"),
    ("null bytes", "save the file as text in UTF-8"),
    ("codec can't decode", "save the file as text in UTF-8"),
)
"""Parts of Python's messages, and what to do."""


# --- what comes up while the file runs


def _unknown_name(written: str, error: BaseException, known: list[str]) -> str:
    name = getattr(error, "name", None) or ""
    word = "" if name in known else _word(name)
    if word:
        return f"write {word}"
    found = _ASSIGNMENT.fullmatch(written)
    if found is not None and _BARE.fullmatch(found[2]):
        return _assignment(found[1], found[2], known) or f"write {found[1]} = {_value(found[2])}"
    if name in known:
        return _known_name(name, written)
    ours = synonym(name, FILE)
    return (f"write \" around it if it is text, or {name} = ... in a line before"
            + (f"; pydhcpd's own name is {ours}" if ours and ours.isidentifier() else ""))


def _word(name: str) -> str:
    """The word of the file that was meant."""
    return _WORDS.get(name.casefold()) or next((one for one in conf.__all__ if one.casefold() == name.casefold()), "") or (
        nearest(name, conf.__all__, 0.8))


def _known_name(name: str, written: str) -> str:
    """A setting or an option that is read before anything was assigned to it."""
    if re.search(rf"\b{name}\s*==", written):
        return f"write one =: {written.strip().replace('==', '=')}" if "(" not in written else f"write one =: {name}=..."
    if re.fullmatch(rf"\s*{name}\s*;?\s*", written):
        return f"write {name} = True"
    if re.search(rf"\b{name}\s*(?:\.|\+=)", written):
        return f"write {name} = [] in a line before"
    return f"write {name} = ... in a line before, or \" around it if it is text"


def _wrong_call(line: str, error: BaseException, _known: list[str]) -> str:
    found = re.match(r"(?:.*\.)?(\w+)\(\) (?:takes|missing|got)", str(error))
    if found is not None and found[1] in USAGE:
        return f"write it as {USAGE[found[1]]}"
    if "_Match" in str(error):
        return "write & | ~ between conditions"
    called = re.search(r"\b(MINUTES|HOURS|DAYS)\s*\(\s*([\d.]+)\s*\)", line)
    return f"write {called[2]} * {called[1]}" if called else ""


def _no_module(_line: str, error: BaseException, _known: list[str]) -> str:
    name = (getattr(error, "name", None) or "").partition(".")[0]
    if not name or name == "pydhcpd":
        return "the words of the file are there without an import, or by: from pydhcpd.conf import *"
    return f"install it for the Python that runs pydhcpd: {sys.executable} -m pip install {name}"


def _no_file(_line: str, error: BaseException, _known: list[str]) -> str:
    name = getattr(error, "filename", None)
    return (f"write the whole path, or for a file beside this one: Path(__file__).with_name({str(name)!r}), "
            "after: from pathlib import Path") if isinstance(name, str) and not name.startswith("/") else ""


_EXCEPTIONS: tuple[tuple[type[BaseException], Callable[[str, BaseException, list[str]], str]], ...] = (
    (NameError, _unknown_name),
    (TypeError, _wrong_call),
    (ImportError, _no_module),
    (FileNotFoundError, _no_file),
    (SystemExit, lambda *_: "take it out: a configuration has no exit()"),
    (RecursionError, lambda *_: "a function of the file calls itself without end"),
)
"""Kinds of exceptions, and what makes the remedy of the line, the error and the known names; nothing where it cannot."""

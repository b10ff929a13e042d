"""What somebody who looks for a lease may mean by a word: an address or its beginning, a network, a hardware address, a client
identifier, a name, what a relay agent said, what a lease counts for, or a part of any of these; as a condition for the store.
"""

import re
from ipaddress import IPv4Network

from pydhcpd.addresses import address_from
from pydhcpd.leases.interface import BOUND, QUARANTINED

_BEGINNING = re.compile(r"(\d{1,3})(\.\d{1,3}){0,2}\.?")
_BEGUN = re.compile(r"(\d{1,3}\.){0,3}\d{0,3}")
_HARDWARE = re.compile(r"([0-9a-fA-F]{2}:)*[0-9a-fA-F]{0,2}")
_OCTETS = re.compile(r"[0-9a-fA-F]{2}([:-]?[0-9a-fA-F]{2})*[:-]?")

RUNNING = f"ends > ? AND state IN ({BOUND}, {QUARANTINED})"

Condition = tuple[str, tuple[object, ...]]


def running(now: int) -> Condition:
    """Leases that run, and quarantined addresses, at a time by the ledger."""
    return RUNNING, (now,)


def leased(now: int) -> Condition:
    """Leases that run, at a time by the ledger."""
    return f"ends > ? AND state = {BOUND} AND client != ?", (now, b"")


def every(*conditions: Condition) -> Condition:
    """Rows for which all of some conditions hold."""
    return " AND ".join(f"({sql})" for sql, _ in conditions), tuple(value for _, some in conditions for value in some)


def other_than(condition: Condition) -> Condition:
    """Rows for which a condition does not hold."""
    return f"NOT ({condition[0]})", condition[1]


def matching(word: str) -> Condition:
    """The rows that a word may mean."""
    return of_addresses(word) or _of_any_part(word)


def beginning(word: str) -> Condition:
    """The rows whose address, hardware address or name begins like a word, as they are shown."""
    tests, values = ["instr(lower(hostname), ?) = 1", "instr(lower(sent_name), ?) = 1"], [_lower(word)] * 2
    if _HARDWARE.fullmatch(word):
        tests.append("instr(hex(hardware), ?) = 1")
        values.append(word.replace(":", "").upper())
    found = [every((" OR ".join(tests), tuple(values))), *_numbers(word)]
    return " OR ".join(sql for sql, _ in found), tuple(value for _, some in found for value in some)


def _numbers(word: str) -> list[Condition]:
    """Addresses whose text begins so: "10.1" begins 10.1.0.1 and 10.11.0.1, but "10.1." does not begin the latter."""
    if not _BEGUN.fullmatch(word):
        return []
    *whole, last = word.split(".")
    starts = [".".join([*whole, str(number)]) for number in range(256) if str(number).startswith(last)]
    return [found for start in starts if (found := _of_beginning(start)) is not None]


def of_addresses(word: str) -> Condition | None:
    """An address, a network in the form a/n, or the first numbers of an address: "10.1" is not 10.11.0.1."""
    if word.count(".") == 3 and "/" not in word and not word.endswith("."):
        return _between(word, word)
    if "/" in word:
        try:
            network = IPv4Network(word, strict=False)
        except ValueError:
            return None
        return _between(str(network[0]), str(network[-1]))
    return _of_beginning(word) if "." in word and _BEGINNING.fullmatch(word) else None


def _of_beginning(word: str) -> Condition | None:
    """Addresses with these first numbers."""
    numbers = word.rstrip(".").split(".")
    return _between(".".join(numbers + ["0"] * (4 - len(numbers))), ".".join(numbers + ["255"] * (4 - len(numbers))))


def _between(first: str, last: str) -> Condition | None:
    try:
        return "address BETWEEN ? AND ?", (address_from(first), address_from(last))
    except ValueError:
        return None


def _of_any_part(word: str) -> Condition:
    """A part of a name, of octets as they are or in hexadecimal, or of what the lease counts for."""
    tests = ["instr(lower(hostname), ?)", "instr(lower(sent_name), ?)", "instr(lower(limits), ?)"]
    values: list[object] = [_lower(word)] * len(tests)
    parts = [word.encode()]
    if _OCTETS.fullmatch(word):
        parts.append(bytes.fromhex(re.sub("[:-]", "", word)))
    for part in parts:
        tests += ["instr(hardware, ?)", "instr(client, ?)", "instr(relay, ?)"]
        values += [part] * 3
    return " OR ".join(tests), tuple(values)


def _lower(word: str) -> str:
    """As SQLite's lower() has it: it knows letters of ASCII alone, but asks nobody, so that other threads go on meanwhile."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in word)

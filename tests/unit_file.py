"""What the unit for systemd says, and what its filter of system calls comes to."""

import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "systemd" / "pydhcpd.service"


def values(name: str) -> list[str]:
    """The values of a directive, in order."""
    return re.findall(rf"^{name}=(.*)$", UNIT.read_text(), flags=re.M)


def words(name: str) -> list[str]:
    """The words of a directive that stands once."""
    (value,) = values(name)
    return value.split()


def system_call_sets() -> dict[str, list[str]]:
    """The sets of system calls that systemd knows, by name."""
    told = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager"], capture_output=True, text=True, check=True)
    sets: dict[str, list[str]] = {}
    for line in told.stdout.splitlines():
        word = line.strip()
        if line.startswith("@"):
            members = sets.setdefault(word, [])
        elif line.startswith(" ") and word and not word.startswith("#"):
            members.append(word)
    return sets


@cache
def allowed_system_calls() -> set[str]:
    """What the unit's SystemCallFilter= comes to (systemd.exec(5))."""
    sets = system_call_sets()
    allowed = _expanded(["@default"], sets)
    for value in values("SystemCallFilter"):
        named = _expanded(value.removeprefix("~").split(), sets)
        allowed = allowed - named if value.startswith("~") else allowed | named
    return allowed


def _expanded(names: list[str], sets: dict[str, list[str]]) -> set[str]:
    found: set[str] = set()
    for name in names:
        found |= _expanded(sets[name], sets) if name.startswith("@") else {name}
    return found


def for_sandbox() -> dict[str, object]:
    """What a sandbox like the unit's must know."""
    return {"system_calls": sorted(allowed_system_calls()), "families": words("RestrictAddressFamilies"),
            "capabilities": words("CapabilityBoundingSet"), "umask": words("UMask")[0]}

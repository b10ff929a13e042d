"""pydhcpd-reliability(7): each group of promises has its rows, and each row is whole and names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "etc/man/pydhcpd-reliability.7").read_text()
FEWEST = {"PACKETS": 9, "FLOODS AND THIEVES": 5, "PROMPT": 2, "STATUS PAGE": 4, "FILES": 4, "DISK AND DATABASE": 4, "TIME": 1,
          "NETWORK": 3, "PROCESS": 5, "UNIT": 1}
"""Groups, and how many kinds of faults each has at least."""

SECTIONS = dict(re.findall(r"^\.Sh (.*)\n([^\0]*?)(?=^\.Sh |\Z)", PAGE, flags=re.M))
ROWS = [(name, row) for name in FEWEST for row in SECTIONS[name].split(".It\n")[1:]]


def collected(path: Path) -> set[str]:
    """Names of the tests of a module."""
    names = {name for one in ast.walk(ast.parse(path.read_text())) for name in _names_of(one)}
    return {name for name in names if name.lower().startswith("test")}


def _names_of(one: ast.AST) -> list[str]:
    """What a statement defines: a function, or a state machine that is assigned."""
    if isinstance(one, ast.FunctionDef):
        return [one.name]
    return [target.id for target in one.targets if isinstance(target, ast.Name)] if isinstance(one, ast.Assign) else []


@pytest.mark.parametrize("name", FEWEST)
def test_each_group_has_its_rows(name: str) -> None:
    assert len([row for group, row in ROWS if group == name]) >= FEWEST[name]


@pytest.mark.parametrize("row", [row for _, row in ROWS], ids=lambda row: row.split("\n")[0][3:60])
def test_each_promise_says_what_is_told_what_to_do_and_which_test_would_break(row: str) -> None:
    assert row.startswith("\\fB") and "\nTold: " in row and "\nRemedy: " in row
    named = re.findall(r"^\.Dl (tests/\S+)::(\w+)$", row, flags=re.M)
    assert named
    assert [f"{path}::{name}" for path, name in named if name not in collected(ROOT / path)] == []


def test_each_longer_proof_is_there() -> None:
    longer = re.findall(r"^\.(?:It )?Li .*?(tests/\S+\.py)", SECTIONS["LONGER PROOFS"], flags=re.M)
    assert len(longer) >= 9 and all((ROOT / one).exists() for one in longer)

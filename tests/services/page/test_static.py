"""The files of the status page: what a strict policy for them needs (CSP), and that no stranger's words become markup."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

pytest.importorskip("aiohttp", reason="aiohttp is not installed")

from pydhcpd.services.page.static_files import DIRECTORY

INDEX, SCRIPT, STYLE = ((DIRECTORY / name).read_text() for name in ("index.html", "script.js", "style.css"))
OF_THE_PAGE = {path.name for path in DIRECTORY.iterdir()}
MOST = 100_000  # octets in all, as they are sent


class Elements(HTMLParser):
    """All elements, with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(INDEX)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


ELEMENTS = Elements().found


def test_there_is_one_script_and_one_stylesheet_and_all_addresses_are_the_page_s_own_and_relative():
    assert [fields for tag, fields in ELEMENTS if tag == "script"] == [{"type": "module", "src": "script.js"}]
    assert [fields["href"] for tag, fields in ELEMENTS if tag == "link"] == ["icon.svg", "style.css"]
    addresses = {value for _, fields in ELEMENTS for name, value in fields.items() if name in ("href", "src")}
    assert {one for one in addresses if one is not None and not one.startswith("#")} == OF_THE_PAGE - {"index.html"}
    assert not re.search(r"https?:|//[a-z]|@import|url\(", STYLE + re.sub(r"^ *//.*|\s// .*", "", SCRIPT, flags=re.MULTILINE))


def test_nothing_is_inline():
    assert not [tag for tag, fields in ELEMENTS if "style" in fields or any(name.startswith("on") for name in fields)]
    assert "style" not in {tag for tag, _ in ELEMENTS}


@pytest.mark.parametrize("way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                                 "createContextualFragment", "DOMParser", "srcdoc", "setHTML", "javascript:"])
def test_no_text_becomes_markup(way):
    assert way not in SCRIPT


def test_every_field_has_a_label_and_every_slot_is_filled():
    labelled = {fields.get("for") for tag, fields in ELEMENTS if tag == "label"}
    assert {fields["id"] for tag, fields in ELEMENTS if tag == "input"} == labelled
    slots = {fields["data-slot"] for _, fields in ELEMENTS if "data-slot" in fields}
    assert {one for one in slots if f".{one}" not in SCRIPT and f'["{one}"]' not in SCRIPT} == set()


def test_it_is_small():
    assert sum(path.stat().st_size for path in DIRECTORY.iterdir()) < MOST


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_the_script_is_a_module_of_javascript():
    done = subprocess.run(["node", "--check", "--input-type=module"], input=SCRIPT, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr

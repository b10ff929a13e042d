"""The dashboard of etc/grafana is whole: no panel lies on another, each says what it shows, and asks for what is measured."""

import json
import re
from itertools import combinations
from pathlib import Path

import pytest

from pydhcpd.metrics import BY_NAME, HISTOGRAM, TABLE

DASHBOARD = json.loads((Path(__file__).parents[3] / "etc/grafana/pydhcpd.json").read_text())
PANELS = [one for one in DASHBOARD["panels"] if one["type"] != "row"]
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
NAMES = {f"{one.name}{suffix}": one for one in TABLE
         for suffix in (("_bucket", "_sum", "_count") if one.kind == HISTOGRAM else ("",))}
NOT_SHOWN = {"pydhcpd_networks", "pydhcpd_pools", "process_virtual_memory_bytes"}


def test_no_panel_lies_on_another():
    for one in DASHBOARD["panels"]:
        assert one["gridPos"]["x"] + one["gridPos"]["w"] <= 24
    for one, other in combinations(DASHBOARD["panels"], 2):
        a, b = one["gridPos"], other["gridPos"]
        assert (a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"] or a["y"] + a["h"] <= b["y"] or
                b["y"] + b["h"] <= a["y"]), (one["title"], other["title"])
        assert one["id"] != other["id"] and one["title"] != other["title"]


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_a_panel_says_what_it_shows_of_the_servers_that_are_chosen(panel):
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    references = [target["refId"] for target in panel["targets"]]
    assert references and len(set(references)) == len(references)
    for target in panel["targets"]:
        assert target["datasource"] == panel["datasource"]
        for selector in re.findall(r"\{([^{}]*)\}", target["expr"]):
            assert 'job=~"$job", instance=~"$instance"' in selector


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_is_measured(expression):
    names = re.findall(r"\b(?:pydhcpd|process)_\w+", expression) or ["up"]
    labels = {"job", "instance", "le"}.union(*(NAMES[name].labels for name in names if name != "up"))
    for group in re.findall(r"\bby \(([^)]*)\)", expression):
        assert set(group.split(", ")) <= labels
    for selector in re.findall(r"\{([^{}]*)\}", expression):
        assert set(re.findall(r"(\w+)=~", selector)) <= labels


def test_all_that_is_measured_is_shown():
    shown = {name for expression in EXPRESSIONS for name in re.findall(r"\b(?:pydhcpd|process)_\w+", expression)}
    assert {NAMES[name].name for name in shown} == BY_NAME.keys() - NOT_SHOWN


def test_its_variables_are_those_that_it_uses():
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD))) - {"__rate_interval", "__all"}
    assert used == variables == {"datasource", "job", "instance", "network"}

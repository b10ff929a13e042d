"""Each alert of etc/prometheus fires when it should and is silent when it should be, as promtool judges it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from pydhcpd.alarms import KINDS, OTHER_SERVER, POOL, STORE
from pydhcpd.metrics import TABLE

pytestmark = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")

RULES = Path(__file__).parents[3] / "etc/prometheus/pydhcpd.rules.yml"
TEXT = RULES.read_text()
ALERTS = re.findall(r"- alert: (\w+)", TEXT)
OWN = 'job="pydhcpd",instance="dhcp1"'
FLAT, GROWS = "0x60", "0+60x60"  # for an hour, a value each minute
QUICK, SLOW = "0.032768", "1.048576"  # ends of buckets


def series(name, values, **labels):
    inside = "".join(f',{label}="{value}"' for label, value in labels.items())
    return {"series": f"{name}{{{OWN}{inside}}}", "values": values}


def delays(name, end):
    ends = [QUICK, SLOW, "+Inf"]
    return [series(f"{name}_bucket", GROWS if ends.index(le) >= ends.index(end) else FLAT, le=le) for le in ends]


def asked(kind="DISCOVER", outcome="no answer", values=GROWS):
    return series("pydhcpd_messages_total", values, kind=kind, outcome=outcome)


def answered(values=FLAT):
    return series("pydhcpd_messages_sent_total", values)


def pool(free, size=100, name="a"):
    return [series("pydhcpd_pool_free_addresses", f"{free}x60", network="n", pool=name),
            series("pydhcpd_pool_size_addresses", f"{size}x60", network="n", pool=name)]


def alarm(kind, number="1x60"):
    return series("pydhcpd_alarms", number, kind=kind)


CASES = {
    "PydhcpdDown": ([series("up", "1x3 0x57")], [series("up", "1x60")], [series("up", "1x27 0 0 1x30")],
                    [{"series": 'up{job="node",instance="dhcp1"}', "values": "0x60"}]),
    "PydhcpdRestarts": ([series("process_start_time_seconds", "0+300x60")], [series("process_start_time_seconds", "7x60")],
                        [series("process_start_time_seconds", "7x20 8x20 9x20")]),
    "PydhcpdServesNothing": ([series("pydhcpd_networks", FLAT)], [series("pydhcpd_networks", "2x60")]),
    "PydhcpdNoAnswers": ([asked(), answered()], [asked(), answered(GROWS)], [asked(values=FLAT), answered()],
                         [asked(kind="RELEASE", outcome="carried out"), answered()]),
    "PydhcpdStoreFails": ([series("pydhcpd_commit_failures_total", "0x29 1x30")],
                          [series("pydhcpd_commit_failures_total", "5x60")]),
    "PydhcpdPoolFull": (pool(0), pool(1), pool(0, size=0)),
    "PydhcpdPoolNearlyFull": (pool(9), pool(10), pool(0)),
    "PydhcpdPoolAlarm": ([alarm(POOL)], [alarm(POOL, FLAT)]),
    "PydhcpdOtherServer": ([alarm(OTHER_SERVER)], [alarm(OTHER_SERVER, FLAT)]),
    "PydhcpdAlarm": ([alarm("flood alarm")], [alarm("flood alarm", FLAT)], [alarm(POOL), alarm(STORE), alarm(OTHER_SERVER)]),
    "PydhcpdSlowAnswers": (delays("pydhcpd_answer_duration_seconds", SLOW), delays("pydhcpd_answer_duration_seconds", QUICK)),
    "PydhcpdSlowDisk": (delays("pydhcpd_commit_duration_seconds", SLOW), delays("pydhcpd_commit_duration_seconds", QUICK)),
    "PydhcpdMessagesLost": ([series("pydhcpd_messages_lost_total", "0+120x60")],
                            [series("pydhcpd_messages_lost_total", "0+6x60")]),
    "PydhcpdQueueNearlyFull": (
        [series("pydhcpd_queue_length", "900x60", queue="backlog"), series("pydhcpd_queue_limit", "1024x60", queue="backlog")],
        [series("pydhcpd_queue_length", "90x60", queue="backlog"), series("pydhcpd_queue_limit", "1024x60", queue="backlog")]),
    "PydhcpdRepliesUnsent": ([series("pydhcpd_replies_unsent_total", GROWS, error="ENETUNREACH")],
                             [series("pydhcpd_replies_unsent_total", "7x60", error="ENETUNREACH")]),
    "PydhcpdServiceDown": ([series("pydhcpd_service_up", FLAT, service="the history")],
                           [series("pydhcpd_service_up", "1x60", service="the history")]),
    "PydhcpdServiceDrops": ([series("pydhcpd_service_dropped_total", GROWS, service="the history")],
                            [series("pydhcpd_service_dropped_total", "7x60", service="the history")]),
}
"""Of each alert: series with which it fires once by the thirtieth minute, and others with which it does not."""


def promtool(tmp_path, tests):
    file = tmp_path / "tests.yml"
    file.write_text(json.dumps({"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run(["promtool", "test", "rules", file], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def judged(alert, given, number):
    firing = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    return {"interval": "1m", "input_series": given, "promql_expr_test": [
        {"expr": firing, "eval_time": "30m", "exp_samples": [{"labels": "{}", "value": number}] if number else []}]}


def test_the_rules_are_good_and_each_is_tested():
    done = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and f"{len(ALERTS)} rules found" in done.stdout
    assert sorted(CASES) == sorted(ALERTS)


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_fires(tmp_path, alert):
    promtool(tmp_path, [judged(alert, CASES[alert][0], 1)])


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_is_silent(tmp_path, alert):
    promtool(tmp_path, [judged(alert, given, 0) for given in [[], *CASES[alert][1:]]])


def test_one_thing_that_is_wrong_is_one_alert(tmp_path):
    """A kind of alarm that has an alert of its own is not told by that for all others; a full pool is not nearly full."""
    count = 'count(ALERTS{alertstate="firing"})'
    promtool(tmp_path, [{"interval": "1m", "input_series": given, "promql_expr_test": [
        {"expr": count, "eval_time": "30m", "exp_samples": [{"labels": "{}", "value": 1}]}]}
        for given in ([alarm(STORE)], [alarm(POOL)], [alarm(OTHER_SERVER)], pool(0), pool(9))])


def test_summaries_are_plain_words(tmp_path):
    given = [*pool(5, name="192.0.2.10 - 192.0.2.109"), series("up", FLAT)]
    told = {"PydhcpdPoolNearlyFull": "5% of 192.0.2.10 - 192.0.2.109 (n) is free",
            "PydhcpdDown": "No word from pydhcpd on dhcp1"}
    for alert, summary in told.items():
        body = TEXT[TEXT.index(f"- alert: {alert}"):]
        description = re.search(r'description: "(.*)"', body)[1].replace("{{ $labels.instance }}", "dhcp1")
        severity = re.search(r"severity: (\w+)", body)[1]
        more = {"network": "n", "pool": "192.0.2.10 - 192.0.2.109"} if alert == "PydhcpdPoolNearlyFull" else {}
        promtool(tmp_path, [{"interval": "1m", "input_series": given, "alert_rule_test": [
            {"alertname": alert, "eval_time": "30m", "exp_alerts": [
                {"exp_labels": {"severity": severity, "job": "pydhcpd", "instance": "dhcp1", **more},
                 "exp_annotations": {"summary": summary, "description": description}}]}]}])


def test_the_manual_names_each():
    page = (RULES.parents[2] / "etc/man/pydhcpd-status.7").read_text()
    assert re.findall(r"\.It Li (Pydhcpd\w+)", page) == ALERTS


def test_what_the_rules_ask_for_is_measured():
    names = {metric.name for metric in TABLE}
    asked_for = {name.removesuffix("_bucket") for name in re.findall(r"\b(?:pydhcpd|process)_[a-z_]+(?=[ ){\[])", TEXT)}
    assert len(asked_for) > 15 and asked_for <= names
    kinds = {kind for text in re.findall(r'kind!?[=~]+"([^"]*alarm[^"]*)"', TEXT) for kind in text.split("|")}
    assert len(kinds) == 3 and kinds <= set(KINDS)

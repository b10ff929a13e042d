"""What Prometheus is told: the daemon's rows as they are, in each form that it asks for, and as promtool wants it."""

import asyncio
import json
import math
import shutil
import subprocess

import pytest
from rig import ALICE, BOB

from pydhcpd.control.output import ServiceRow, metric_document
from pydhcpd.metrics import TABLE
from pydhcpd.services.boots import Boots
from pydhcpd.services.measured import Measured
from pydhcpd.services.page.metrics import exposition
from pydhcpd.services.report import FINISHED, Report
from pydhcpd.services.service import Surroundings

pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
TEXT, OPEN = "text/plain;version=0.0.4", "application/openmetrics-text; version=1.0.0"


@pytest.fixture
def documents(bench):
    """All metrics of a server, as the daemon tells them."""
    bench.lease(ALICE)
    bench.say(bench.discover(BOB), b"nonsense", bench.request(options={50: "10.9.9.9"}))
    bench.server.account.unsent([(0, 101)])
    boots = Boots(id, lambda ip: (), lambda: 0.0)
    boots.take(Report(FINISHED, "tftp", "a", "192.0.2.9", 100, 100))
    services = [ServiceRow('a "toy"\\\n', "runs", True, 3, 7, 1)]
    measured = Measured(Surroundings(bench.server, dict, {}, services=lambda: services, files=boots.counts))
    return [json.loads(json.dumps(metric_document(row))) for row in measured.rows()]


def exposed(documents, accept=TEXT):
    async def ask(word):
        assert word == "metrics"
        return documents
    return asyncio.run(exposition(ask, accept))


def parsed(text, accept):
    if accept == OPEN:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    else:
        from prometheus_client.parser import text_string_to_metric_families
    return list(text_string_to_metric_families(text))


@pytest.mark.parametrize(("accept", "media_type"), [(TEXT, "text/plain"), ("", "text/plain"), ("*/*", "text/plain"),
                                                    (OPEN, "application/openmetrics-text")])
def test_each_row_is_a_sample_with_its_help_and_type(documents, accept, media_type):
    told, body = exposed(documents, accept)
    assert told.startswith(media_type)
    families = parsed(body.decode(), accept)
    samples = {(one.name, tuple(sorted(one.labels.items()))): one.value for family in families for one in family.samples}
    for row in documents:
        if "buckets" not in row:
            assert samples.pop((row["name"], tuple(sorted(row["labels"].items())))) == row["value"]
            continue
        for end, count in row["buckets"]:
            le = "+Inf" if end is None else str(end)
            assert samples.pop((f"{row['name']}_bucket", (("le", le),))) == count
        assert samples.pop((f"{row['name']}_count", ())) == row["buckets"][-1][1]
        assert math.isclose(samples.pop((f"{row['name']}_sum", ())), row["value"])
    assert samples == {}
    kinds = {family.name.removesuffix("_total"): (family.type, family.documentation) for family in families}
    assert kinds == {one.name.removesuffix("_total"): (one.kind, one.words) for one in TABLE}


def test_nothing_is_kept_from_one_scrape_to_the_next(documents):
    assert exposed(documents) == exposed(documents)
    fewer = [row for row in documents if row["labels"].get("kind") != "DISCOVER"]
    assert b"DISCOVER" in exposed(documents)[1].replace(b"DISCOVER, ...", b"")
    assert b"DISCOVER" not in exposed(fewer)[1].replace(b"DISCOVER, ...", b"")
    assert exposed([])[1] == b""


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool (Debian: prometheus) is not installed")
def test_promtool_finds_nothing_to_say(documents):
    done = subprocess.run(["promtool", "check", "metrics"], input=exposed(documents)[1], capture_output=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")

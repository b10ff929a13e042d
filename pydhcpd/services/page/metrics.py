"""`exposition`: what Prometheus is told when it asks: the daemon's rows, in the words of its format.

Nothing is counted here, nor kept from one time to the next: the numbers are the daemon's, and where it gives none there are
none.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydhcpd.metrics import COUNTER, HISTOGRAM, TABLE, Metric
from pydhcpd.services.page.questions import Ask

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

Row = Mapping[str, Any]


async def exposition(ask: Ask, accept: str) -> tuple[str, bytes]:
    """The media type and the text, of the forms that `accept` names. Raises ImportError without prometheus_client."""
    from prometheus_client import CollectorRegistry
    from prometheus_client.exposition import choose_encoder
    registry = CollectorRegistry()
    registry.register(_Collector(await ask("metrics")))
    encode, media_type = choose_encoder(accept)
    return media_type, encode(registry)


class _Collector:
    """Collects what the daemon has told."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for row in rows:
            self._rows.setdefault(row["name"], []).append(row)

    def collect(self) -> "Iterator[Family]":
        """A family for each metric of the table that there are numbers of."""
        return (_family(metric, self._rows[metric.name]) for metric in TABLE if metric.name in self._rows)


def _family(metric: Metric, rows: Sequence[Row]) -> "Family":
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
    if metric.kind == HISTOGRAM:
        histogram = HistogramMetricFamily(metric.name, metric.words, labels=metric.labels)
        for row in rows:
            histogram.add_metric(_labels(metric, row), [(_end(end), count) for end, count in row["buckets"]], row["value"])
        return histogram
    family = (CounterMetricFamily if metric.kind == COUNTER else GaugeMetricFamily)(
        metric.name, metric.words, labels=metric.labels)
    for row in rows:
        family.add_metric(_labels(metric, row), row["value"])
    return family


def _labels(metric: Metric, row: Row) -> list[str]:
    return [row["labels"][label] for label in metric.labels]


def _end(seconds: float | None) -> str:
    """Where a bucket ends, in the words of the format."""
    return "+Inf" if seconds is None else repr(seconds)

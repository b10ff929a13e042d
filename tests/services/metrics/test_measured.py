"""What is measured is what happened: each message once, by kind and outcome; no counter ever goes back; labels are bounded."""

import math
import time
from itertools import islice

import pytest
from rig import ALICE, BOB, CAROL, ETH2, EVERYBODY, NETWORK, STRANGER

from pydhcpd import metrics
from pydhcpd.account import BOOTREPLY, CARRIED_OUT, HANDED_ON, KINDS, NO_ANSWER
from pydhcpd.alarms import KINDS as ALARMS
from pydhcpd.alarms import POOL, About
from pydhcpd.control.output import ServiceRow, metric_document, metric_line
from pydhcpd.errors import StoreError
from pydhcpd.metrics import COUNTER, MOST_POOLS, MOST_REASONS, OTHER, TABLE
from pydhcpd.services.boots import Boots
from pydhcpd.services.measured import SELDOM, Lately, Measured
from pydhcpd.services.report import BEGUN, FAILED, FINISHED, SENDING, Report
from pydhcpd.services.service import Surroundings
from pydhcpd.wire.packet import BOOTP, DECLINE, INFORM, LEASEQUERY, RELEASE

SERVICES = [ServiceRow("the history", "runs", True, 3, 7, 1), ServiceRow("toy", "ended by itself", False, 0, 2, 4)]


@pytest.fixture
def measured(bench):
    return Measured(Surroundings(bench.server, dict, {}, services=lambda: SERVICES))


def value_of(measured, name, **labels):
    (value,) = [row.value for row in measured.rows() if (row.name, row.labels) == (name, labels)]
    return value


def by(measured, name):
    return {tuple(row.labels.values()): row.value for row in measured.rows() if row.name == name}


# --- each message once


def an_offer(bench):
    bench.say(bench.discover())


def a_lease(bench):
    bench.lease()


def a_renewal_to_us(bench):
    ack = bench.lease()
    bench.say((bench.request(ciaddr=ack.yiaddr), "192.0.2.1", ack.yiaddr))


def a_refusal(bench):
    bench.lease()
    bench.say(bench.request(options={50: "192.0.2.99"}))


def a_release(bench):
    ack = bench.lease()
    bench.say((bench.message(RELEASE, ciaddr=ack.yiaddr, options={54: "192.0.2.1"}), "192.0.2.1", ack.yiaddr))


def a_decline(bench):
    ack = bench.lease()
    bench.say(bench.message(DECLINE, options={50: ack.yiaddr, 54: "192.0.2.1"}))


def a_release_of_anothers(bench):
    bench.say((bench.message(RELEASE, ciaddr=STRANGER, options={54: "192.0.2.1"}), "192.0.2.1", STRANGER))


def an_inform(bench):
    bench.say((bench.message(INFORM, ciaddr=STRANGER), EVERYBODY, STRANGER))


def what_came_where_nothing_is_served(bench):
    bench.serve('interface = "eth1"\n' + NETWORK)
    bench.say((bench.discover(), EVERYBODY, "0.0.0.0", 68, ETH2))


def what_cannot_be_read(bench):
    bench.say(b"nonsense")


def what_no_client_sends(bench):
    bench.say(bench.message(77), bench.message(2))


def a_leasequery(bench):
    bench.server.leasequery = lambda request: None
    bench.say(bench.message(LEASEQUERY, giaddr="192.0.2.2"))


def bootp(bench):
    bench.serve(NETWORK + "bootp = True\n")
    request = bench.message(BOOTP)
    del request.options[53]
    bench.say(request)


def none_that_is_free(bench):
    bench.serve(NETWORK.replace("192.0.2.19", "192.0.2.10"))
    bench.lease(ALICE)
    bench.say(bench.discover(BOB))


def what_cannot_be_stored(bench):
    (offer,) = bench.say(bench.discover())
    bench.hosts.store.commit = fail
    bench.say(bench.selecting(offer.yiaddr))


def fail(*_):
    raise StoreError("no space left")


@pytest.mark.parametrize(("act", "outcomes"), [
    (an_offer, {("DISCOVER", "OFFER"): 1}),
    (a_lease, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 1}),
    (a_renewal_to_us, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 2}),
    (a_refusal, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 1, ("REQUEST", "NAK"): 1}),
    (a_release, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 1, ("RELEASE", CARRIED_OUT): 1}),
    (a_decline, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 1, ("DECLINE", CARRIED_OUT): 1}),
    (a_release_of_anothers, {("RELEASE", NO_ANSWER): 1}),
    (an_inform, {("INFORM", "ACK"): 1}),
    (what_came_where_nothing_is_served, {("DISCOVER", NO_ANSWER): 1}),
    (what_cannot_be_read, {(OTHER, NO_ANSWER): 1}),
    (what_no_client_sends, {(OTHER, NO_ANSWER): 2}),
    (a_leasequery, {("LEASEQUERY", HANDED_ON): 1}),
    (bootp, {("BOOTP", BOOTREPLY): 1}),
    (what_cannot_be_stored, {("DISCOVER", "OFFER"): 1, ("REQUEST", NO_ANSWER): 1}),
    (none_that_is_free, {("DISCOVER", "OFFER"): 1, ("REQUEST", "ACK"): 1, ("DISCOVER", NO_ANSWER): 1}),
])
def test_a_message_counts_once_by_what_it_is_and_what_came_of_it(bench, measured, act, outcomes):
    act(bench)
    assert by(measured, "pydhcpd_messages_total") == outcomes
    assert sum(outcomes.values()) == value_of(measured, "pydhcpd_messages_received_total")


def test_a_message_that_is_probed_for_counts_once(bench, measured):
    """It is decided on again when the probe is over."""
    bench.server._prober = Prober()
    bench.server.worker = worker = Worker()
    bench.serve(NETWORK + "probe_before_offer = True\nprobe_wait = 0.01\n")
    assert bench.say(bench.discover()) == []
    assert by(measured, "pydhcpd_messages_total") == {}
    time.sleep(0.02)
    bench.server._answer_delayed(worker.waiting)
    assert by(measured, "pydhcpd_messages_total") == {("DISCOVER", "OFFER"): 1}


class Prober:
    """Asks, and hears nothing."""

    def start(self):
        pass

    def ask_link(self, *_):
        return True


class Worker:
    """Keeps what is delayed."""

    def answer_after(self, seconds, transaction):
        self.waiting = [transaction]


def test_statistics_and_metrics_tell_the_same(bench, measured):
    for client in (ALICE, BOB, CAROL):
        bench.lease(client)
    bench.say(b"nonsense", bench.request(options={50: "10.9.9.9"}), bench.discover(giaddr="203.0.113.9"))
    told = dict(bench.server.statistics())
    assert value_of(measured, "pydhcpd_messages_received_total") == told["messages received"] == 9
    assert value_of(measured, "pydhcpd_messages_sent_total") == told["messages sent"] == 7
    kinds = by(measured, "pydhcpd_messages_total")
    for kind in ("DISCOVER", "REQUEST"):
        assert told[f"{kind} received"] == sum(count for (one, _), count in kinds.items() if one == kind) == 4
    dropped = sum(count for what, count in told.items() if what.startswith("no answer"))
    assert sum(by(measured, "pydhcpd_messages_dropped_total").values()) == dropped == 2
    assert by(measured, "pydhcpd_incidents_total") == {("refused",): told["refused in 192.0.2.0/24"]}


# --- the rest


def test_delays_are_those_of_the_prompt_in_coarser_buckets(bench, measured):
    bench.lease()
    (row,) = [row for row in measured.rows() if row.name == "pydhcpd_answer_duration_seconds"]
    ends, counts = zip(*row.buckets, strict=True)
    assert list(ends) == sorted(ends) and ends[-1] == math.inf
    assert list(counts) == sorted(counts) and counts[-1] == bench.server.pace.answers.count == 2
    longest = bench.server.pace.answers.percentile(100)
    assert all(count == 2 for end, count in row.buckets if end >= longest)
    assert 0 < row.value <= 2 * longest
    (commits,) = [row for row in measured.rows() if row.name == "pydhcpd_commit_duration_seconds"]
    assert commits.buckets[-1][1] == 1


def test_pools_leases_and_queues(bench, measured):
    bench.serve(NETWORK + 'hosts = [host(mac="02:00:00:00:00:0a", ip="192.0.2.19")]')
    bench.lease(ALICE)
    bench.lease(BOB)
    bench.say(bench.discover(CAROL))
    labels = {"network": "192.0.2.0/24", "pool": "192.0.2.10 - 192.0.2.19"}
    numbers = {what: value_of(measured, f"pydhcpd_pool_{what}_addresses", **labels)
               for what in ("size", "free", "leased", "offered", "quarantined", "reserved")}
    assert numbers == {"size": 9, "free": 7, "leased": 2, "offered": 1, "quarantined": 0, "reserved": 1}
    assert value_of(measured, "pydhcpd_leases") == 2
    assert value_of(measured, "pydhcpd_networks") == 1
    assert value_of(measured, "pydhcpd_queue_length", queue="offers") == 1
    assert value_of(measured, "pydhcpd_queue_limit", queue="delayed answers") == 1000


def test_of_many_pools_the_first_are_told_and_the_rest_is_summed_up(bench, measured):
    number = MOST_POOLS + 70
    bench.serve(f"""
interface = "eth1"
subnets = [subnet("192.0.2.0/24", pools=["192.0.2.10 - 192.0.2.19"])] + [
    subnet(f"10.{{n // 256}}.{{n % 256}}.0/24", pools=[f"10.{{n // 256}}.{{n % 256}}.10 - 10.{{n // 256}}.{{n % 256}}.13"])
    for n in range({number - 1})]""")
    sizes = by(measured, "pydhcpd_pool_size_addresses")
    assert value_of(measured, "pydhcpd_pools") == number
    assert len(sizes) == MOST_POOLS + 1 and sizes[OTHER, OTHER] == 70 * 4
    assert sum(sizes.values()) == 10 + (number - 1) * 4
    assert next(iter(sizes)) == ("192.0.2.0/24", "192.0.2.10 - 192.0.2.19"), "in the order of the file"


def test_reasons_are_bounded_and_none_ever_grows_less(bench, measured):
    drops = bench.server.account.drops
    for number in range(MOST_REASONS + 50):
        drops.counts[f"reason {number}", (1, 0)] += 1
    before = by(measured, "pydhcpd_messages_dropped_total")
    assert len(before) == MOST_REASONS + 1 and before[OTHER,] == 50
    for number in range(MOST_REASONS + 60):
        drops.counts[f"reason {number}", (1, 0)] += number
    after = by(measured, "pydhcpd_messages_dropped_total")
    assert all(after[reason] >= count for reason, count in before.items())


def test_kinds_of_messages_are_bounded(bench, measured):
    for kind in range(256):
        bench.say(bench.message(kind))
    assert {kind for kind, _ in by(measured, "pydhcpd_messages_total")} <= {*KINDS.values(), OTHER}


def test_every_kind_of_alarm_is_told_also_while_there_is_none(bench, measured):
    assert by(measured, "pydhcpd_alarms") == {(kind,): 0 for kind in ALARMS}
    for pool in "ab":
        bench.hosts.store.alarms.begin(POOL, f"{pool} is nearly full", about=About(pool))
    assert value_of(measured, "pydhcpd_alarms", kind=POOL) == 2


def test_services(measured):
    assert by(measured, "pydhcpd_service_up") == {("the history",): 1, ("toy",): 0}
    assert by(measured, "pydhcpd_service_queue_length") == {("the history",): 3, ("toy",): 0}
    assert by(measured, "pydhcpd_service_dropped_total") == {("the history",): 7, ("toy",): 2}
    assert by(measured, "pydhcpd_service_failures_total") == {("the history",): 1, ("toy",): 4}


def test_files_count_when_they_are_over(bench):
    boots = Boots(id, lambda ip: (), lambda: 0.0)
    measured = Measured(Surroundings(bench.server, dict, {}, files=boots.counts))
    for what, sent in ((BEGUN, 0), (SENDING, 50), (FINISHED, 100), (BEGUN, 0), (FAILED, 30), (FAILED, 0)):
        boots.take(Report(what, "tftp", "a", "192.0.2.9", 100, sent))
    assert by(measured, "pydhcpd_files_total") == {("tftp", "finished"): 1, ("tftp", "failed"): 2}
    assert by(measured, "pydhcpd_file_sent_bytes_total") == {("tftp", "finished"): 100, ("tftp", "failed"): 30}


def test_the_process_is_this_one(measured):
    assert 1e6 < value_of(measured, "process_resident_memory_bytes") < value_of(measured, "process_virtual_memory_bytes")
    assert 0 < value_of(measured, "process_cpu_seconds_total") <= time.process_time()
    assert 3 <= value_of(measured, "process_open_fds") < value_of(measured, "process_max_fds")
    assert time.time() - 7200 < value_of(measured, "process_start_time_seconds") < time.time()


def test_no_counter_goes_back_over_a_reload(bench, measured):
    for act in (a_refusal, a_decline, a_leasequery, what_cannot_be_read, an_inform, what_cannot_be_stored):
        act(bench)
    del bench.hosts.store.commit
    before = counters(measured)
    bench.serve(NETWORK.replace("192.0.2.19", "192.0.2.12"))
    bench.serve(NETWORK)
    after = counters(measured)
    assert all(after[key] >= value for key, value in before.items())
    assert sum(before.values()) > 20


def counters(measured):
    return {(row.name, *row.labels.values()): row.buckets[-1][1] if row.buckets else row.value
            for row in measured.rows() if metrics.BY_NAME[row.name].kind != metrics.GAUGE}


def test_what_takes_long_is_asked_for_seldom():
    now, times = [0.0], []

    def find():
        now[0] += 0.1
        times.append(now[0])
        return len(times)

    lately = Lately(find, lambda: now[0])
    assert [lately(), lately()] == [1, 1]
    now[0] += SELDOM * 0.1 - 0.01
    assert lately() == 1
    now[0] += 0.02
    assert lately() == 2


def test_the_table_is_what_is_told(bench):
    """Every metric of it, with its labels, and no other; a counter, and nothing else, ends in _total."""
    bench.lease()
    what_cannot_be_read(bench)
    a_refusal(bench)
    bench.server.account.unsent([(0, 101)])
    boots = Boots(id, lambda ip: (), lambda: 0.0)
    boots.take(Report(FAILED, "http", "a", "192.0.2.9"))
    measured = Measured(Surroundings(bench.server, dict, {}, services=lambda: SERVICES, files=boots.counts))
    told = {row.name: tuple(row.labels) for row in measured.rows()}
    assert told == {metric.name: metric.labels for metric in TABLE}
    for metric in TABLE:
        assert (metric.kind == COUNTER) == metric.name.endswith("_total")
        assert metric.words.endswith(".")


def test_rows_as_lines_and_as_documents(bench, measured):
    bench.lease()
    rows = {row.name: row for row in islice(measured.rows(), 20)}
    assert metric_line(rows["pydhcpd_messages_received_total"]) == "pydhcpd_messages_received_total 2"
    assert metric_line(rows["pydhcpd_messages_total"]) == 'pydhcpd_messages_total{kind="REQUEST", outcome="ACK"} 1'
    assert metric_line(rows["pydhcpd_answer_duration_seconds"]).startswith("pydhcpd_answer_duration_seconds 2 times, 0.0")
    document = metric_document(rows["pydhcpd_answer_duration_seconds"])
    assert document["buckets"][-1] == (None, 2) and document["buckets"][0][0] == 3.2e-5
    assert metric_document(rows["pydhcpd_networks"]) == {"name": "pydhcpd_networks", "labels": {}, "value": 1}

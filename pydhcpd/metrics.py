"""What is measured of a running server, by the names that Prometheus has for it: the table of all metrics.

Owns names, kinds, labels and meanings. Does not know where the numbers come from, nor how they are written. A name begins with
`pydhcpd_`, but for those of the process, which are called as in all programs. The values of a label are bounded in number:
where there could be many, the first have their own, and the rest is summed up as `other`.
"""

from typing import NamedTuple

COUNTER, GAUGE, HISTOGRAM = "counter", "gauge", "histogram"
MOST_POOLS = 500  # that have labels of their own, in the order of the configuration
MOST_REASONS = 100  # in the order in which they came first
OTHER = "other"


class Metric(NamedTuple):
    """One of them. A counter only grows, over reloads as well; it begins anew with the process."""

    name: str
    kind: str
    words: str
    labels: tuple[str, ...] = ()


POOL = ("network", "pool")
TABLE = (
    Metric("pydhcpd_build_info", GAUGE,
           "Always 1; its labels are the versions of pydhcpd and of Python.", ("version", "python")),
    Metric("pydhcpd_networks", GAUGE, "Networks that are served now."),
    Metric("pydhcpd_messages_received_total", COUNTER, "Messages that were read."),
    Metric("pydhcpd_messages_sent_total", COUNTER, "Messages that were sent."),
    Metric("pydhcpd_messages_total", COUNTER,
           "Messages that were decided on, by their kind (DISCOVER, ...; other: unreadable, or of no client) and what came "
           "of them (OFFER, ACK, NAK, carried out, no answer, ...).", ("kind", "outcome")),
    Metric("pydhcpd_messages_dropped_total", COUNTER, "Messages that got no answer, by the reason.", ("reason",)),
    Metric("pydhcpd_messages_lost_total", COUNTER,
           "Messages that were dropped unread, or before they were decided on, for they came faster than they could be "
           "answered."),
    Metric("pydhcpd_replies_unsent_total", COUNTER,
           "Replies that the system did not send, by the name of its error.", ("error",)),
    Metric("pydhcpd_incidents_total", COUNTER,
           "What happened that may come with every message (refused, declined, no free address, ...), by kind.", ("kind",)),
    Metric("pydhcpd_events_total", COUNTER, "Events that were told."),
    Metric("pydhcpd_answer_duration_seconds", HISTOGRAM,
           "From when a message was read until its answer was sent; without answers that were delayed on purpose."),
    Metric("pydhcpd_commit_duration_seconds", HISTOGRAM, "How long commits of leases to the disk took, each of one batch."),
    Metric("pydhcpd_commit_failures_total", COUNTER, "Commits of leases to the disk that failed."),
    Metric("pydhcpd_leases", GAUGE, "Leases that run, in all networks that are served."),
    Metric("pydhcpd_pools", GAUGE,
           f"Pools of all networks. The first {MOST_POOLS} have labels of their own, the rest is summed up as other."),
    Metric("pydhcpd_pool_size_addresses", GAUGE, "Addresses of a pool that can be given.", POOL),
    Metric("pydhcpd_pool_free_addresses", GAUGE, "Addresses of a pool that are free.", POOL),
    Metric("pydhcpd_pool_leased_addresses", GAUGE, "Addresses in the ranges of a pool that are leased.", POOL),
    Metric("pydhcpd_pool_offered_addresses", GAUGE, "Addresses of a pool that are offered to clients.", POOL),
    Metric("pydhcpd_pool_quarantined_addresses", GAUGE,
           "Addresses of a pool in quarantine, for somebody else uses them.", POOL),
    Metric("pydhcpd_pool_reserved_addresses", GAUGE,
           "Addresses in the ranges of a pool that are reserved, beside its size.", POOL),
    Metric("pydhcpd_offers_given_up_total", COUNTER,
           "Offers to strangers that gave way to other clients, for a pool was full."),
    Metric("pydhcpd_quarantines_given_up_total", COUNTER,
           "Addresses that left quarantine early, for there were too many in it."),
    Metric("pydhcpd_queue_length", GAUGE,
           "How much waits: messages for their turn (backlog), answers for their time (delayed answers), offers for their "
           "clients (offers).", ("queue",)),
    Metric("pydhcpd_queue_limit", GAUGE, "How much may wait there.", ("queue",)),
    Metric("pydhcpd_alarms", GAUGE, "Alarms that there are now, by kind.", ("kind",)),
    Metric("pydhcpd_service_up", GAUGE, "Whether a service that is wanted runs: 1, or 0.", ("service",)),
    Metric("pydhcpd_service_queue_length", GAUGE, "How much a service has still to do.", ("service",)),
    Metric("pydhcpd_service_dropped_total", COUNTER, "How much a service has dropped, for there was too much.", ("service",)),
    Metric("pydhcpd_service_failures_total", COUNTER,
           "How often a service ended by itself, or could not be started.", ("service",)),
    Metric("pydhcpd_files_total", COUNTER,
           "Files that machines asked for by TFTP and HTTP (netboot), by what became of them.", ("protocol", "outcome")),
    Metric("pydhcpd_file_sent_bytes_total", COUNTER,
           "What was sent of such files, once they are over.", ("protocol", "outcome")),
    Metric("process_cpu_seconds_total", COUNTER, "Processor time of the daemon, user and system."),
    Metric("process_resident_memory_bytes", GAUGE, "Resident memory of the daemon."),
    Metric("process_virtual_memory_bytes", GAUGE, "Virtual memory of the daemon."),
    Metric("process_open_fds", GAUGE, "File descriptors that the daemon has open."),
    Metric("process_max_fds", GAUGE, "File descriptors that it may have open."),
    Metric("process_start_time_seconds", GAUGE, "When the daemon was started, in seconds of the epoch."),
)
BY_NAME = {metric.name: metric for metric in TABLE}

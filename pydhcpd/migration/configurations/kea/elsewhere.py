"""Members of Kea's configuration that have no counterpart, or one that is not a matter of a line, and what to do instead."""

DDNS = "dns_zones = [dns_zone(...)] keeps names in the DNS: pydhcpd-dns(7)"
STORES = {
    "memfile": "pydhcpd -import takes them over from the file that name says, with its kin (.1, .2, .completed)",
    "mysql": "dump them with kea-admin lease-dump, and take them over with pydhcpd -import",
    "postgresql": "dump them with kea-admin lease-dump, and take them over with pydhcpd -import",
    "cql": "dump them with kea-admin lease-dump, and take them over with pydhcpd -import"}
LEASE_STORE = "host_file is where leases are stored, each synced to the disk before it is told"
HOOKS = {
    "lease_cmds": "the prompt has leases, release, clear and reserve: pydhcpd -ask help",
    "host_cmds": "reserve and unreserve at the prompt, and reservation_file",
    "subnet_cmds": "subnets are changed in the file; a reload takes them in without a pause",
    "class_cmds": "classes are changed in the file; a reload takes them in without a pause",
    "stat_cmds": "pools at the prompt, and /metrics of the status page: pydhcpd-status(7)",
    "flex_id": "client_identity = [...] for leases, and the fields of host(...) for reservations",
    "flex_option": "finish(request, reply) may compute any option",
    "run_script": "scripts = [script(...)]: pydhcpd-scripts(7)",
    "user_chk": "accept(request) decides whether somebody is answered",
    "legal_log": "the history of leases is kept for history_days, and asked by who and history",
    "ha": "there is none yet: one server owns its leases",
    "bootp": "bootp = True",
    "radius": "there is no such query; accept(request) and identify(request) may compute what they know",
    "host_cache": "reservations are in memory; there is no database of hosts",
    "mysql_cb": "there is one configuration, the file", "pgsql_cb": "there is one configuration, the file",
    "cb_cmds": "there is one configuration, the file",
    "ddns_tuning": "dns_name makes names: pydhcpd-dns(7)", "gss_tsig": "updates are signed by TSIG: tsig(...)",
    "lease_query": "leasequery_from = [...] and bulk_leasequery = True",
    "limits": "lease_limit and lease_limit_per of client_class(...), and maximum_per_client for rates",
    "ping_check": "probe_before_offer = True", "perfmon": "/metrics of the status page: pydhcpd-status(7)",
    "rbac": "what changes something is allowed by control_socket alone", "tkey": "updates are signed by TSIG: tsig(...)"}
OTHERS = {
    "Dhcp6": "of Kea's DHCPv6 server, and DHCPv6 is not served",
    "Control-agent": "of Kea's control agent; there is no such process here",
    "DhcpDdns": "of Kea's DHCP-DDNS server, which is read with kea-dhcp4.conf where it lies beside it",
    "Netconf": "of Kea's NETCONF agent; there is no such process here"}
"""Configurations of Kea's other programs."""
BESIDE = {
    "Control-agent": "there is no such process; pydhcpd -ask NAME json answers by control_socket",
    "Dhcp6": "DHCPv6 is not served", "DhcpDdns": DDNS, "Netconf": "there is no such process",
    "Logging": "log_level, and what the journal keeps", "Dhcp-ddns": DDNS}
COMMON = {
    **dict.fromkeys(("ddns-ttl-percent", "ddns-ttl-min", "ddns-ttl-max"),
                    "ttl of dns_zone(...), else a third of the lease time"),
    **dict.fromkeys(("ddns-use-conflict-resolution", "ddns-conflict-resolution-mode"), "names of others are left alone always "
                    "(RFC 4703)"),
    "ddns-update-on-renew": "what the DNS has is told again where it has changed",
    "hostname-char-set": "names are put right always: pydhcpd-dns(7)",
    "hostname-char-replacement": "names are put right always: pydhcpd-dns(7)",
    "cache-threshold": "a lease is never given out for a time that is not on the disk",
    "cache-max-age": "a lease is never given out for a time that is not on the disk",
    "4o6-interface": "DHCPv4 over DHCPv6 is not served", "4o6-interface-id": "DHCPv4 over DHCPv6 is not served",
    "4o6-subnet": "DHCPv4 over DHCPv6 is not served",
    "allocator": "a client's own address comes first, then the one longest unused",
    "pool-allocator": "a client's own address comes first, then the one longest unused",
    "adaptive-lease-time-threshold": "shorten_leases_above shortens leases where a pool is nearly full",
    "metadata": "it is of a configuration database"}
SOCKETS = {
    "dhcp-socket-type": "there are sockets of both kinds: clients without an address are reached",
    "outbound-interface": "a reply leaves where its request came in, or by the routing table",
    "re-detect": "interfaces that come and go are followed always",
    "service-sockets-max-retries": "what cannot be opened is tried again",
    "service-sockets-retry-wait-time": "what cannot be opened is tried again",
    "service-sockets-require-all": "status tells what is served at this moment"}
GLOBAL = COMMON | {
    "expired-leases-processing": "leases that have ended cost nothing; there is nothing to be set",
    "control-socket": "control_socket is where pydhcpd -ask is answered",
    "control-sockets": "control_socket is where pydhcpd -ask is answered",
    "loggers": "the log goes to the journal; log_level says how much",
    "multi-threading": "batches take its place: there is nothing to be set",
    "server-tag": "there is one configuration, the file",
    "config-control": "there is one configuration, the file",
    "hosts-database": "reservations are in the file, and in reservation_file",
    "hosts-databases": "reservations are in the file, and in reservation_file",
    "dhcp-queue-control": "requests are read in batches, and dropped by age where there are too many",
    "dhcp4o6-port": "DHCPv4 over DHCPv6 is not served", "sanity-checks": "the lease database is checked at each start",
    "statistic-default-sample-count": "/metrics of the status page: pydhcpd-status(7)",
    "statistic-default-sample-age": "/metrics of the status page: pydhcpd-status(7)",
    "parked-packet-limit": "nothing is parked", "ip-reservations-unique": "an address is reserved once in a subnet",
    "reservations-lookup-first": "reservations come first always",
    "early-global-reservations-lookup": "reservations are looked for before classes always, and after the subnet",
    "server-id": "a server is known by the address of its interface", "compatibility": "the protocol's own forms are sent"}

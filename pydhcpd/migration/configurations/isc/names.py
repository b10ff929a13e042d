"""What things are called in dhcpd.conf: options, and the statements that have no counterpart, each with the reason."""

OPTIONS = {name: code for code, name in enumerate((
    "subnet-mask", "time-offset", "routers", "time-servers", "ien116-name-servers", "domain-name-servers", "log-servers",
    "cookie-servers", "lpr-servers", "impress-servers", "resource-location-servers", "host-name", "boot-size", "merit-dump",
    "domain-name", "swap-server", "root-path", "extensions-path", "ip-forwarding", "non-local-source-routing",
    "policy-filter", "max-dgram-reassembly", "default-ip-ttl", "path-mtu-aging-timeout", "path-mtu-plateau-table",
    "interface-mtu", "all-subnets-local", "broadcast-address", "perform-mask-discovery", "mask-supplier", "router-discovery",
    "router-solicitation-address", "static-routes", "trailer-encapsulation", "arp-cache-timeout", "ieee802-3-encapsulation",
    "default-tcp-ttl", "tcp-keepalive-interval", "tcp-keepalive-garbage", "nis-domain", "nis-servers", "ntp-servers",
    "vendor-encapsulated-options", "netbios-name-servers", "netbios-dd-server", "netbios-node-type", "netbios-scope",
    "font-servers", "x-display-manager", "dhcp-requested-address", "dhcp-lease-time", "dhcp-option-overload",
    "dhcp-message-type", "dhcp-server-identifier", "dhcp-parameter-request-list", "dhcp-message", "dhcp-max-message-size",
    "dhcp-renewal-time", "dhcp-rebinding-time", "vendor-class-identifier", "dhcp-client-identifier", "nwip-domain",
    "nwip-suboptions", "nisplus-domain", "nisplus-servers", "tftp-server-name", "bootfile-name", "mobile-ip-home-agent",
    "smtp-server", "pop-server", "nntp-server", "www-server", "finger-server", "irc-server", "streettalk-server",
    "streettalk-directory-assistance-server", "user-class", "slp-directory-agent", "slp-service-scope"), 1)} | {
    "fqdn": 81, "relay-agent-information": 82, "nds-servers": 85, "nds-tree-name": 86, "nds-context": 87,
    "bcms-controller-names": 88, "bcms-controller-address": 89, "client-last-transaction-time": 91, "associated-ip": 92,
    "pxe-system-type": 93, "pxe-interface-id": 94, "pxe-client-id": 97, "uap-servers": 98, "geoconf-civic": 99, "pcode": 100,
    "tcode": 101, "v6-only-preferred": 108, "netinfo-server-address": 112, "netinfo-server-tag": 113, "default-url": 114,
    "auto-config": 116, "name-service-search": 117, "subnet-selection": 118, "domain-search": 119, "vivco": 124,
    "vivso": 125, "pana-agent": 136, "v4-lost": 137, "capwap-ac-v4": 138, "sip-ua-cs-domains": 141,
    "ipv4-address-andsf": 142, "rdnss-selection": 146, "tftp-server-address": 150, "v4-portparams": 159,
    "v4-captive-portal": 160, "loader-configfile": 209, "loader-pathprefix": 210, "loader-reboottime": 211,
    "option-6rd": 212, "v4-access-domain": 213}
"""Names of dhcp-options(5), and their codes."""

AGENT = {"circuit-id": 1, "remote-id": 2, "agent-id": 3, "DOCSIS-device-class": 4, "link-selection": 5, "subscriber-id": 6,
         "relay-port": 19}
AGENT_FIELDS = {1: "circuit_id", 2: "remote_id", 6: "subscriber_id"}
"""Suboptions of a relay agent, and the fields that have names of their own."""

V6 = "it is of DHCPv6, which is not spoken here"
LOG = "the log goes to systemd's journal, or to standard error with foreground; log_level and log_form say what"
PLACES = "host_file is where leases are stored"
OMAPI = "there is no OMAPI; pydhcpd -ask shows and changes what there is, and status_port has it as JSON"
DNS = "how the DNS is told is fixed (RFC 4703): names are kept for the client that has them"
FAILOVER = "there is no failover protocol between two servers"
NONE = {
    "abandon-lease-time": "decline_quarantine_time is the same, for all networks",
    "adaptive-lease-time-threshold": "shorten_leases_above is the same",
    "always-broadcast": "answers are broadcast to clients that ask for it (the broadcast flag), as RFC 2131 has it",
    "always-reply-rfc1048": "options are sent to every BOOTP client whose request has a cookie",
    "check-secs-byte-order": "the field secs is taken as it is", "db-time-format": PLACES, "lease-file-name": PLACES,
    "lease-id-format": PLACES, "delayed-ack": "leases are written in groups by themselves", "max-ack-delay":
    "leases are written in groups by themselves", "dont-use-fsync": "each lease is on the disk before its acknowledgement",
    "dhcp-cache-threshold": "each renewal is written", "dynamic-bootp-lease-cutoff": "leases of BOOTP clients do not end",
    "dynamic-bootp-lease-length": "leases of BOOTP clients do not end",
    "echo-client-id": "the client identifier is always returned (RFC 6842)",
    "infinite-is-reserved": "an INFINITE lease ends when it is released", "ddns-dual-stack-mixed-mode": DNS,
    "ddns-guard-id-must-match": DNS, "ddns-other-guard-is-dynamic": DNS, "update-conflict-detection": DNS,
    "update-optimization": DNS, "ddns-local-address4": DNS, "ddns-local-address6": DNS, "do-reverse-updates":
    "a reverse zone is updated where dns_zones names it", "ddns-rev-domainname": "reverse zones are named in dns_zones",
    "limited-broadcast-address": "answers are broadcast to 255.255.255.255", "local-address": "bind_address is the same",
    "local-port": "the port is 67", "log-facility": LOG, "log-threshold-high": "pool_alarm is the same",
    "log-threshold-low": "pool_alarm is the same, and ends by itself", "log": LOG, "omapi-port": OMAPI, "omapi-key": OMAPI,
    "parse-vendor-option": "the options of vendors are read by their definitions", "ping-cltt-secs":
    "who has a lease is not asked", "pid-file-name": "pid_file is set for the service already", "remote-port":
    "answers go to the port that the RFC says", "server-id-check": "a client that chose another server is never answered",
    "server-identifier": "it is the address of the interface by which the client is reached",
    "server-name-check": "there is no such check", "site-option-space": "options are defined by option_definitions",
    "use-lease-addr-for-default-route": "no client is told its own address as its router", "failover": FAILOVER,
    "mclt": FAILOVER, "execute": "scripts = [script(PROGRAM, on=[...])] are run at events: pydhcpd-scripts(7)",
    "on": "on_event(event) and scripts = [script(PROGRAM, on=[...])] hear of leases: pydhcpd-scripts(7)",
    "set": "there are no variables of a lease", "unset": "there are no variables of a lease", "define":
    "functions are written in Python", "eval": "functions are written in Python", "return": "functions are written in Python",
    "switch": "classes = [client_class(...)] say what holds for which client", "ldap-server": "files alone are read",
    "bind-local-address6": V6, "dhcpv6-lease-file-name": V6, "dhcpv6-pid-file-name": V6, "dhcpv6-set-tee-times": V6,
    "limit-addrs-per-ia": V6, "limit-prefs-per-ia": V6, "preferred-lifetime": V6, "prefix-length-mode": V6, "server-duid": V6,
    "subnet6": V6, "pool6": V6, "range6": V6, "prefix6": V6, "fixed-address6": V6, "fixed-prefix6": V6, "release-on-roam": V6,
    "authoring-byte-order": PLACES, "lease": "leases are taken over by -import", "hba": FAILOVER, "split": FAILOVER,
    "get-lease-hostnames": "names are not asked of the DNS when a lease is given; dns_name makes one of the address",
    "deleted": "the host was deleted at runtime", "dynamic": "the host was made at runtime",
    "min-secs": "def accept(request) can look at request.secs",
    "update-static-leases": "the DNS is told of reservations as of other leases", "do-forward-updates":
    "a zone is updated where dns_zones names it", "ddns-hostname": "dns_name says how clients are called in the DNS",
    "persist-eui-64-leases": V6, "use-eui-64": V6}
"""Statements without a counterpart, and why."""

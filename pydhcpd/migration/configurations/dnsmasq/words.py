"""What of dnsmasq's settings has no counterpart, and why."""

DNS = "a setting of its DNS; dnsmasq can go on with that where its dhcp- lines are taken out"
HERE = {
    "dhcp-leasefile": "pydhcpd -import takes the leases over from that file",
    "dhcp-lease-max": "the pools are the bound",
    "dhcp-sequential-ip": "a new client gets the address that has been free for longest",
    "dhcp-script": "scripts = [script(...)], whose variables are others: pydhcpd-scripts(7)",
    "dhcp-luascript": "def on_event(event), in Python: pydhcpd-scripts(7)",
    "dhcp-scriptuser": "scripts are run as the daemon's user",
    "script-arp": "there is no event for neighbours",
    "script-on-renewal": 'scripts = [script(..., on=["renewed"])]',
    "quiet-dhcp": "log_level",
    "log-dhcp": "explain at the prompt, or -debug yes",
    "log-facility": "the log is the journal's, or syslog's",
    "log-async": "the log never holds up an answer",
    "dhcp-fqdn": "names are made by dns_name: pydhcpd-dns(7)",
    "dhcp-ttl": "dns_zone(..., ttl=...)",
    "dhcp-no-override": "sname and file carry options only where there is no room else, and the client asks for it",
    "dhcp-broadcast": "an answer is broadcast where the client wants it (RFC 2131 section 4.1)",
    "dhcp-relay": "pydhcpd is no relay agent: ISC dhcrelay or systemd-networkd's are",
    "dhcp-proxy": "server_identifier_override of relay agents (RFC 5107) is always heard",
    "dhcp-alternate-port": "ports are those of RFC 2131",
    "dhcp-duid": "of IPv6",
    "enable-ra": "of IPv6",
    "ra-param": "of IPv6",
    "quiet-dhcp6": "of IPv6",
    "quiet-ra": "of IPv6",
    "no-dhcpv6-interface": "of IPv6",
    "dhcp-pxe-vendor": "clients that say PXEClient are told what to boot",
    "tftp-unique-root": "{ip} and {mac} may stand in boot_file_name",
    "tftp-lowercase": "names are taken as they are",
    "tftp-max": "transfers are bounded already",
    "tftp-mtu": "the client's blksize counts",
    "tftp-no-blocksize": "blksize is answered",
    "tftp-port-range": "tftp_ports",
    "tftp-single-port": "tftp_ports",
    "quiet-tftp": "log_level",
    "bridge-interface": "interface names each",
    "user": "user",
    "group": "group",
    "pid-file": "pid_file is set for the service already",
    "keep-in-foreground": "foreground",
    "no-daemon": "foreground",
    "enable-dbus": "the control socket and -ask",
    "enable-ubus": "the control socket and -ask",
    "conf-script": "the configuration is Python itself",
    "dumpfile": "capture at the prompt",
    "dumpmask": "capture at the prompt",
    "port-limit": DNS}
SAME = {
    "bind-interfaces": "it is always so",
    "bind-dynamic": "it is always so",
    "dhcp-client-update": "a client that wants to do so is let, unless dns_updates says otherwise: pydhcpd-dns(7)",
    "tftp-secure": "only files that all may read are sent",
    "tftp-no-fail": "a missing directory is told, and waited for",
    "leasefile-ro": "leases are always kept"}
"""What needs no setting."""
NAMES = "it counts where dns_files or dns_zones are: pydhcpd-dns(7)"
OF_DNS = frozenset((
    "add-cpe-id", "add-mac", "add-subnet", "addn-hosts", "address", "alias", "all-servers", "auth-peer",
    "auth-sec-servers", "auth-server", "auth-soa", "auth-ttl", "auth-zone", "bogus-nxdomain", "bogus-priv",
    "caa-record", "cache-rr", "cache-size", "clear-on-reload", "cname", "connmark-allowlist",
    "connmark-allowlist-enable", "conntrack", "dns-forward-max", "dns-loop-detect", "dns-rr", "dnssec",
    "dnssec-check-unsigned", "dnssec-debug", "dnssec-limits", "dnssec-no-timecheck", "dnssec-timestamp",
    "domain-needed", "dynamic-host", "edns-packet-max", "expand-hosts", "fast-dns-retry", "filter-a", "filter-aaaa",
    "filter-rr", "filterwin2k", "host-record", "hostsdir", "ignore-address", "interface-name", "ipset", "local",
    "local-service", "local-ttl", "localise-queries", "localmx", "log-debug", "log-queries", "max-cache-ttl",
    "max-port", "max-tcp-connections", "max-ttl", "min-cache-ttl", "min-port", "mx-host", "mx-target", "naptr-record",
    "neg-ttl", "nftset", "no-hosts", "no-ident", "no-negcache", "no-poll", "no-resolv", "no-round-robin", "port",
    "proxy-dnssec", "ptr-record", "query-port", "rebind-domain-ok", "rebind-localhost-ok", "resolv-file",
    "rev-server", "selfmx", "server", "servers-file", "srv-host", "stop-dns-rebind", "strict-order", "strip-mac",
    "strip-subnet", "synth-domain", "trust-anchor", "txt-record", "umbrella", "use-stale-cache"))
NAMES_IN_DNS = (
    "the names of clients stand in dnsmasq's DNS by themselves; where it goes on with that, dns_files = [dns_file("
    "'/var/lib/pydhcpd/dns/hosts', domain=...)] here and hostsdir=/var/lib/pydhcpd/dns there do the same: pydhcpd-dns(7)")
FOLLOWED = "its lines are taken over each"
NOTES = (
    "dnsmasq sends the mask and the broadcast address unasked; here who asks gets them, and who says nothing gets all",
    "of the free addresses dnsmasq gives the one that a hash of the hardware address names, pydhcpd the one free for longest",
    "an option that several lines give for the same client is taken from the line with tags there, from the nearest scope here")

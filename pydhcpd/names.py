"""Names that pydhcpd does not know, and what was probably meant: another server's word for it, or a misspelling.

Owns the words of ISC dhcpd, Kea, dnsmasq, systemd-networkd, udhcpd and of everyday speech, in tables: our name, then theirs.
They are compared without capitals, hyphens and underscores, so that `Default-Lease-Time` and `DefaultLeaseTime` are one. What
a place of the configuration says otherwise than the rest has a table of its own. Where we have no such name, what to
write instead stands in its place. Knows no values, and not which of our names exist.
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

FILE, SUBNET, POOL, SHARED_NETWORK, HOST, CLIENT_CLASS, MATCH, OPTION = (
    "file", "subnet", "pool", "shared_network", "host", "client_class", "match", "option")
"""Where a name stands: the file itself (and the command line), a constructor, a field of match(), an option by itself."""

NEAR = 0.6  # likeness from which a name is taken for a misspelling of a known one
CERTAINLY_NEAR = 0.85  # likeness from which there is hardly a doubt
SHORTEST_NEAR_MISS = 5  # letters; shorter names of the file's own would be taken for misspellings

_EVERYWHERE = {
    # DHCP options
    "router": "gateway gateways gw default_gateway default_router default_route option_router option_routers gateway_ip",
    "domain_name_server": "dns dns_server dns_servers dns_server_address nameserver name_servers "
                          "domain_name_servers domain_server domain_servers resolver resolvers",
    "network_time_protocol_servers": "ntp ntp_server ntp_servers ntpsrv",
    "time_server": "time_servers timesvr timesrv",
    "name_server": "namesvr ien116_name_servers",
    "log_server": "log_servers syslog syslog_server syslog_servers logsrv",
    "cookie_server": "cookie_servers cookiesrv",
    "lpr_server": "lpr lpr_servers lprsvr print_server print_servers",
    "impress_server": "impress_servers",
    "resource_location_server": "resource_location_servers",
    "host_name": "hostname client_hostname option_host_name",
    "domain_name": "domain dns_domain domainname dns_suffix",
    "domain_search": "search search_list search_domain search_domains dns_search dns_search_domains domain_search_list "
                     "domain_suffix_search_list search_domain_list",
    "boot_file_size": "boot_size",
    "merit_dump_file": "merit_dump",
    "swap_server": "swapsrv swap_servers",
    "root_path": "nfs_root",
    "ip_forwarding_enabled": "ip_forwarding ip_forward ip_forward_enable",
    "non_local_source_routing_enabled": "non_local_source_routing",
    "maximum_datagram_reassembly_size": "max_dgram_reassembly max_datagram_reassembly",
    "default_ip_time_to_live": "default_ip_ttl ip_ttl ttl",
    "interface_mtu": "mtu mtu_size link_mtu option_mtu",
    "all_subnets_are_local": "all_subnets_local",
    "broadcast_address": "broadcast bcast",
    "perform_router_discovery": "router_discovery",
    "static_route": "static_routes",
    "classless_static_route": "routes route classless_route classless_routes classless_static_routes "
                              "rfc3442_classless_static_routes rfc3442_routes cidr_routes",
    "microsoft_static_route": "ms_classless_static_routes ms_static_routes microsoft_static_routes",
    "trailer_encapsulation_option": "trailer_encapsulation",
    "ethernet_encapsulation": "ieee802_3_encapsulation",
    "tcp_default_ttl": "default_tcp_ttl",
    "tcp_keep_alive_interval": "tcp_keepalive_interval",
    "tcp_keep_alive_garbage": "tcp_keepalive_garbage",
    "network_information_service_domain": "nis nis_domain",
    "network_information_servers": "nis_server nis_servers nissrv",
    "network_information_service_plus_domain": "nisplus_domain",
    "network_information_service_plus_servers": "nisplus_servers nisplus_server",
    "vendor_specific_information": "option43 vendor_encapsulated_options vendor_option vendor_options vendor_specific "
                                   "vendor_specific_options vendor_opts send_vendor_option",
    "netbios_over_tcp_ip_name_server": "wins wins_server wins_servers netbios_name_server netbios_name_servers netbios_ns nbns",
    "netbios_over_tcp_ip_datagram_distribution_server": "netbios_dd_server netbios_dd_servers",
    "netbios_over_tcp_ip_node_type": "netbios_node_type wins_node_type",
    "netbios_over_tcp_ip_scope": "netbios_scope",
    "x_window_system_font_server": "font_server font_servers",
    "x_window_system_display_manager": "x_display_manager x_display_managers",
    "renewal_time_value": "t1 renewal_time renew_time renew_timer dhcp_renewal_time",
    "rebinding_time_value": "t2 rebinding_time rebind_time rebind_timer dhcp_rebinding_time",
    "tftp_server_name": "tftp tftp_name tftp_servername tftp_server option66",
    "tftp_server_address": "tftp_server_ip tftp_servers tftp_server_addresses option150",
    "boot_file_name": "filename boot_file boot_filename boot_name dhcp_boot pxe_file pxe_filename "
                      "pxe_boot_file option67 boot_image boot_files efi_boot_file uefi_boot_file",
    "mobile_ip_home_agent": "mobile_ip_home_agents home_agent",
    "smtp_server": "smtp smtp_servers",
    "pop_servers": "pop3 pop pop_server pop3_server",
    "nntp_server": "nntp nntp_servers news_server",
    "default_www_server": "www www_server",
    "default_finger_server": "finger_server",
    "default_irc_server": "irc_server",
    "stda_server": "streettalk_directory_assistance_server",
    "directory_agent": "slp_directory_agent",
    "service_scope": "slp_service_scope",
    "nds_servers": "nds_server",
    "bcmcs_controller_domain_name_list": "bcms_controller_names",
    "bcmcs_controller_ipv4_address": "bcms_controller_address",
    "posix_timezone": "pcode posix_tz",
    "tzdb_timezone": "time_zone tz tcode tz_name olson_timezone",
    "time_offset": "utc_offset",
    "ipv6_only_preferred": "v6_only_preferred ipv6_only ipv6_only_preferred_sec v6only",
    "netinfo_address": "netinfo_server_address",
    "netinfo_tag": "netinfo_server_tag",
    "captive_portal": "default_url v4_captive_portal captive_portal_uri captive_portal_url portal_url",
    "auto_configure": "auto_config autoconfigure",
    "sip_servers": "sip sip_server sipsrv",
    "capwap_access_controllers": "capwap capwap_ac_v4 wlan_controller wlan_controllers",
    "vendor_identifying": "vivso vivso_suboptions",
    "vendor_identifying_class": "vivco vivco_suboptions",
    "web_proxy_auto_discovery": "wpad wpad_url proxy_autodiscovery proxy_pac option252",
    "configuration_file": "pxe_conf_file pxelinux_configfile configfile",
    "path_prefix": "pxe_path_prefix pxelinux_pathprefix loader_pathprefix",
    "reboot_time": "pxelinux_reboottime",
    "option_6rd": "6rd sixrd",
    # lease times and the rest of what any place may set
    "ip_address_lease_time": "lease lease_time lease_duration lease_length default_lease default_lease_time "
                             "default_lease_time_sec valid_lifetime lifetime dhcp_lease_time",
    "minimum_lease_time": "min_lease_time minimum_lease min_valid_lifetime min_lease",
    "maximum_lease_time": "max_lease_time maximum_lease max_valid_lifetime max_lease_time_sec",
    "next_server": "siaddr next_servers boot_server boot_server_address tftp_boot_server dhcp_next_server pxe_server",
    "server_name": "sname server_hostname boot_server_name",
    "tftp_root": "tftp_directory tftp_dir tftp_path tftpboot tftp_server_root tftpd_root",
    'write tftp_root = "/srv/tftp", which turns it on': "enable_tftp tftp_enabled tftp_enable",
    "http_root": "www_root web_root document_root http_directory http_dir http_path httpboot",
    "http_port": "web_port www_port",
    "tftp_ports": "tftp_port_range tftp_port tftpd_ports",
    "ipxe_script": "ipxe_boot_file ipxe_file ipxe_filename ipxe_boot_script ipxe ipxe_url ipxe_boot_file_name",
    "architecture_names": "architectures arch_names client_architectures",
    "dns_zones": "ddns_zones ddns_zone forward_ddns reverse_ddns ddns_domains forward_zone forward_zones reverse_zone "
                 "reverse_zones dns_update_zones",
    "dns_updates": "ddns_override_client_update ddns_override_no_update override_client_update override_no_update "
                   "client_updates ignore_client_updates deny_client_updates",
    "dns_name": "ddns_replace_client_name replace_client_name ddns_generated_prefix generated_prefix dns_names",
    "dns_files": "dns_file hosts_files addn_hosts hostsdir",
    "pxe_menu": "pxe_service pxe_services pxe_boot_menu boot_menu pxe_prompt menu",
    "proxy_dhcp": "proxydhcp proxy dhcp_proxy pxe_proxy proxy_mode proxydhcp_mode",
    "probe_before_offer": "ping ping_check icmp_check conflict_detection conflict_check arp_check ping_before_offer",
    "probe_wait": "ping_timeout ping_wait",
    "authoritative": "dhcp_authoritative",
    "bootp": "allow_bootp bootp_dynamic dynamic_bootp bootp_enabled",
    "rapid_commit": "dhcp_rapid_commit",
    "one_address_per_machine": "one_lease_per_client ignore_client_id ignore_client_ids ignore_client_uids match_client_id "
                               "dhcp_ignore_clid",
    "client_identity": "host_reservation_identifiers lease_identity flex_id",
    "always_send": "send_always always_send_options dhcp_option_force",
    "offer_hold_time": "offer_lifetime",
    "subnet_mask": "netmask mask option_subnet_mask",
    "shorten_leases_above": "adaptive_lease_time_threshold",
    # what is set once, for all
    "interface": "interfaces nic device listen_interface listen_interfaces bind_interface interface_name bind_to_interface "
                 "interfacesv4 dhcp_interface dhcp_interfaces",
    "bind_address": "listen_address listen local_address server_address server_id server_ip",
    "subnets": "subnet subnet4 subnets4 networks scopes scope",
    "shared_networks": "shared_network superscope superscopes",
    "hosts": "host reservation reservations dhcp_host dhcp_hosts static_lease static_leases fixed_addresses static_hosts "
             "host_reservations dhcp_server_static_lease static",
    "classes": "client_class client_classes class dhcp_class",
    "reservation_file": "hosts_file dhcp_hostsfile hosts_database reservations_file ethers host_file_csv static_leases_file",
    "host_file": "lease_file leases_file dhcp_leasefile lease_file_name lease_database lease_db leases persist_leases",
    "option_definitions": "option_def option_defs option_definition custom_options",
    "decline_quarantine_time": "abandon_lease_time decline_probation_period decline_time conflict_time",
    "length_of_transaction": "offer_time offer_timeout",
    "maximum_transactions": "max_transactions",
    "dhcp_offer_after_seconds": "offer_delay dhcp_reply_delay reply_delay",
    "control_port": "omapi_port telnet_port prompt_port",
    "control_address": "control_host prompt_address",
    "status_port": "web_ui_port dashboard_port metrics_port prometheus_port http_api_port",
    "status_address": "web_ui_address dashboard_address metrics_address",
    "status_hosts": "allowed_hosts trusted_hosts server_names",
    "control_socket": "control_sockets socket_name unix_socket",
    "pid_file": "pid_file_name",
    "log_level": "verbosity severity loggers logging",
    "log_form": "log_format structured_logging",
    "history_days": "retain_days history_time",
    "debug": "verbose log_dhcp",
    "leasequery_from": "leasequery allow_leasequery",
    "remember_relay_information": "stash_agent_options store_extended_info",
    "user": "username run_as",
    # what is said in another way, or not at all
    "ip_ranges": "range ranges address_range address_ranges ip_range pool pools address_pool address_pools dynamic_range",
    'write ip_ranges = ["192.0.2.10 - 192.0.2.99"], or pools=[...] in subnet()':
        "dhcp_range dhcp_ranges start_ip end_ip range_start range_end start_address end_address pool_start pool_end "
        "pool_offset pool_size",
    'write exclude=["192.0.2.20 - 192.0.2.29"] in subnet()': "excluded excludes excluded_addresses exclude_range exclusions",
    "write each option by its own name, such as router = \"192.0.2.1\", or option_N = b\"...\" by its number":
        "option options opt option_data dhcp_option dhcp_options send_option",
    "write allow=\"known\" or deny=\"unknown\" in subnet() or pool(): those with and without a reservation":
        "allow_unknown_clients deny_unknown_clients unknown_clients allow_known_clients known_clients boot_unknown_clients "
        "allow_members deny_members dhcp_ignore",
    "write lease_limit=... in client_class()": "max_leases lease_max dhcp_lease_max maximum_leases max_hosts limit_leases",
    "leave it out: relay agents need no switch; one whose address is in no subnet stands in relays=[...] of subnet()":
        "dhcp_relay relay_target relay_agent",
    'leave it out: the DNS is updated where there is dns_zones = [dns_zone("lab.example", server="10.0.0.53")]':
        "ddns ddns_update_style ddns_updates dhcp_ddns ddns_send_updates enable_updates",
    "leave it out: names are of the zones in dns_zones": "ddns_domainname ddns_rev_domainname ddns_hostname",
    "leave it out: a name is taken by the rules of RFC 4703": "update_conflict_detection update_static_leases",
    "leave it out: the log goes to syslog, or with foreground to stderr; log_level says how much": "log_facility log_file",
    "leave it out: the ports of DHCP are 67 and 68 (RFC 2131)": "port local_port dhcp_port server_port dhcp_alternate_port",
    "write functions in this file, such as def finish(request, reply)":
        "hooks_libraries hooks dhcp_script notify_file script on_commit",
    "leave it out: there is nothing to set": "multi_threading threads thread_pool_size packet_queue_size",
    "leave it out: leases that have ended are given again by themselves": "expired_leases_processing reclaim_timer_wait_time",
    "leave it out: the interfaces stand in interface": "bind_interfaces bind_dynamic interfaces_config",
    "leave it out: there is no failover; give each of two servers pools of its own":
        "failover ha high_availability failover_peer mclt",
}
_PLACES: dict[str, dict[str, str]] = {
    FILE: {
        "leave these addresses out of ip_ranges, or write exclude=[...] in subnet()": "exclude",
        "write allow=... or deny=... with names of classes in subnet() or pool()": "allow deny",
        'write ip_ranges = ["192.0.2.10 - 192.0.2.99"]': "start end",
        "write relays=[\"192.0.2.7\"] in subnet() or shared_network()": "relay relays giaddr",
        'write classes = [client_class("pxe", match(vendor_class_identifier=PREFIX("PXEClient")))]':
            "vendor_class vendor_class_id dhcp_vendorclass user_class_id dhcp_userclass dhcp_match test match_if",
        "write domain_name_server = [...]; without it none is sent": "emit_dns",
        "write network_time_protocol_servers = [...]; without it none is sent": "emit_ntp",
        "write router = ...; without it none is sent": "emit_router",
    },
    SUBNET: {
        "pools": "range ranges ip_range ip_ranges pool address_range address_pool dhcp_range dynamic_range addresses",
        "relays": "relay giaddr relay_address relay_addresses relay_agent relay_ip ip_addresses",
        "interface": "interfaces nic device interface_name",
        "exclude": "excluded excludes excluded_addresses exclude_range exclusions",
        "allow": "client_class client_classes classes require_client_classes allow_members allow_classes",
        "deny": "deny_members deny_classes",
        'write the mask with the network: subnet("10.1.0.0/16")': "netmask mask prefix prefix_length prefixlen cidr",
        'write hosts = [host(mac=..., ip=...)] outside the subnet: it is found by the address':
            "hosts host reservations static_leases",
        'write shared_networks = [shared_network("name", [subnet(...), subnet(...)])]': "shared_network shared_network_name",
        "leave it out: a subnet is known by its network; comments begin with #": "id subnet_id name description comment",
    },
    POOL: {
        "range": "ranges pool pools addresses ip_ranges ip_range dhcp_range",
        'write pool("192.0.2.10 - 192.0.2.99")': "start end start_ip end_ip first last",
        "allow": "client_class client_classes classes require_client_classes allow_members allow_classes members",
        "deny": "deny_members deny_classes",
        "write exclude=[...] in the subnet()": "exclude excluded excludes excluded_addresses",
        "write relays=[...] in the subnet()": "relay relays giaddr",
        'write allow="known"': "known_clients deny_unknown deny_unknown_clients known_only",
        'write allow="unknown"': "unknown_clients deny_known",
        'write hosts = [host(mac=..., ip=...)] outside the subnet: it is found by the address': "hosts host reservations",
    },
    SHARED_NETWORK: {
        "subnets": "subnet subnet4 networks network scopes",
        "relays": "relay giaddr relay_address relay_addresses relay_agent relay_ip ip_addresses",
        "interface": "interfaces nic device interface_name",
        'write pools=[...] in its subnets: [subnet("10.1.0.0/24", pools=[...]), ...]':
            "pool pools range ranges ip_ranges",
        "write allow=... or deny=... in its subnets": "allow deny client_class client_classes classes require_client_classes",
    },
    HOST: {
        "ip": "address addresses ip_address ip_addresses ip_addr fixed_address fixed ipv4 ipv4_address "
              "static_ip reserved_address yiaddr",
        "mac": "hw_address hw_addr hardware hardware_ethernet hardware_address mac_address mac_addr ethernet "
               "chaddr ether ethernet_address lladdr",
        "client_id": "client_identifier dhcp_client_identifier duid uid cid flex_id",
        "uuid": "guid system_uuid machine_id smbios_uuid pxe_client_id client_machine_identifier",
        "hostname": "name host option_host_name",
        "circuit_id": "circuit port agent_circuit_id relay_circuit_id",
        "remote_id": "agent_remote_id relay_remote_id remote",
        "subscriber_id": "agent_subscriber_id subscriber",
        "relay": "giaddr relay_address relay_ip relays",
        "classes": "class client_class client_classes tag tags set_tag groups group",
        "ignore": "deny blocked block disabled deny_booting drop",
    },
    CLIENT_CLASS: {
        'write a condition of fields: client_class("name", match(vendor_class_identifier=PREFIX("PXEClient")))':
            "test match match_if if when expression",
        "lease_limit": "limit max_leases lease_max maximum_leases",
        "lease_limit_per": "limit_per per spawn_with",
        'write a condition: client_class("name", match(vendor_class_identifier=PREFIX("PXEClient")))':
            "mac mac_prefix vendor vendor_class user_classes only_if_required only_in_additional_list subclass",
        'write allow="name" in subnet() or pool()': "pools pool allow",
    },
    MATCH: {
        "vendor_class_identifier": "vendor vendor_class vendor_class_id vendor_id option60 dhcp_vendorclass",
        "user_class": "user_class_id user_classes dhcp_userclass option77",
        "mac": "hardware hw_address hw_addr chaddr mac_address ethernet hardware_address hardware_ethernet mac_addr "
               "dhcp_mac pkt4_mac",
        "host_name": "hostname name client_hostname option12",
        "client_system_architecture": "arch architecture client_arch client_architecture pxe_system_type system_architecture "
                                      "client_arch_type option93",
        "client_id": "dhcp_client_identifier duid uid client_identifier_id",
        "uuid": "guid pxe_client_id machine_id option97 smbios_uuid",
        "client_ndi": "pxe_interface_id",
        "circuit_id": "agent_circuit_id circuit port relay4_circuit_id dhcp_circuitid relay4_1",
        "remote_id": "agent_remote_id remote relay4_remote_id dhcp_remoteid relay4_2",
        "subscriber_id": "agent_subscriber_id subscriber dhcp_subscrid",
        "relay_agent_information": "option82 agent_options dhcp_agent_options relay4",
        "giaddr": "relay relays relay_address gateway gateway_address relay_ip",
        "parameter_request_list": "dhcp_parameter_request_list prl option55 requested_options",
        "requested_ip_address": "dhcp_requested_address requested_address ip",
        "client_fqdn": "fqdn option81",
        "message_type": "dhcp_message_type msgtype type pkt4_msgtype",
        "interface": "iface nic pkt_iface",
        "known": "reserved has_reservation",
        'write a comparator as the value of a field, such as vendor_class_identifier=PREFIX("PXEClient")':
            "substring prefix suffix regex contains startswith",
    },
    OPTION: {},
}


EVERYDAY = {
    "router": "default gateways",
    "domain_name_server": "DNS servers",
    "network_time_protocol_servers": "NTP servers",
    "domain_name": "DNS domain",
    "domain_search": "DNS search list",
    "interface_mtu": "MTU of the link",
    "classless_static_route": "routes; Windows asks for 249, which is filled from it",
    "static_route": "routes of classful times",
    "boot_file_name": "boot file of PXE and netboot (filename)",
    "tftp_server_name": "TFTP server of PXE; next_server is its address",
    "root_path": "root of netboot: NFS, iSCSI",
    "vendor_specific_information": "option 43: access points, telephones, PXE menus",
    "tftp_server_address": "TFTP servers of IP telephones",
    "configuration_file": "PXELINUX",
    "path_prefix": "PXELINUX",
    "reboot_time": "PXELINUX",
    "netbios_over_tcp_ip_name_server": "WINS servers",
    "netbios_over_tcp_ip_node_type": "8 for h-node",
    "web_proxy_auto_discovery": "WPAD: URL of the proxy's PAC file",
    "log_server": "syslog servers",
    "lpr_server": "printers",
    "tzdb_timezone": "time zone, such as 'Europe/Berlin'",
    "posix_timezone": "time zone, such as 'CET-1CEST'",
    "capwap_access_controllers": "controllers of WLAN access points",
    "sip_servers": "SIP servers of IP telephones",
    "captive_portal": "URL of the page where guests log in",
    "host_name": "name of the client; hostname of host()",
    "renewal_time_value": "T1",
    "rebinding_time_value": "T2",
    "ipv6_only_preferred": "RFC 8925: seconds without IPv4",
    "broadcast_address": "follows from the network",
    "encrypted_dns": "DNS over TLS, HTTPS and QUIC",
}
"""What options are called in everyday speech, so that help and manual are found by these words."""


def _key(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")


def _by_their_names(table: dict[str, str]) -> dict[str, str]:
    return {_key(theirs): ours for ours, words in table.items() for theirs in words.split()}


_GENERAL = _by_their_names(_EVERYWHERE)
_OF_PLACES = {place: _by_their_names(table) for place, table in _PLACES.items()}
_CONSTRUCTORS = {"hosts": "host", "subnets": "subnet", "shared_networks": "shared_network", "classes": "client_class",
                 "dns_zones": "dns_zone", "dns_files": "dns_file"}
SHAPES = {
    "address": "ip ipv4 ip_address ipv4_address ipaddress", "addresses": "ips array_of_ip_address ip_addresses",
    "text": "str string char", "bytes": "binary hex hexadecimal opaque data",
    "flag": "bool boolean", "uint8": "byte unsigned_integer_8", "uint16": "short unsigned_integer_16",
    "uint32": "int integer number unsigned_integer_32 long", "int32": "signed_integer_32", "seconds": "time duration",
    "domain": "fqdn name domain_name", "domains": "domain_list domain_names", "routes": "route",
}
"""The shapes of values by the words that other servers and languages have for them."""

_NUMBERED = re.compile(r"(?:dhcp_?)?opt(?:ion)?_?0*([0-9]{1,4})")
_HEADS = ("dhcp4option", "dhcpoption", "option", "opt")  # that other servers put before an option's name


def synonym(name: str, place: str) -> str | None:
    """Our name for another server's word in a place, or in words what there is instead; None for a word that nobody has."""
    key = _key(name)
    for one in (key, *(key.removeprefix(head) for head in _HEADS if key.startswith(head))):
        ours = _OF_PLACES[place].get(one) or _GENERAL.get(one)
        if ours is not None and ours != name:
            return ours
    return None


def shape_meant(name: object) -> str:
    """The shape that another word stands for; empty where there is none."""
    word = name.__name__ if isinstance(name, type) else str(name)
    return next((ours for ours, words in SHAPES.items() if _key(word) in map(_key, words.split())), "")


def is_foreign(name: str, place: str) -> bool:
    """Whether a name is another server's, or tries to name an option by its number."""
    return synonym(name, place) is not None or _NUMBERED.fullmatch(name) is not None


def remedy(name: str, known: Iterable[str], place: str, value: str = "") -> str:
    """What to write instead of a name that is not known: the name, or with its `value` as the file would write that.

    Empty where nobody can tell.
    """
    names = list(known)
    ours = synonym(name, place)
    number = _NUMBERED.fullmatch(name)
    if ours is None and number is not None:
        is_option = 0 < int(number[1]) < 255
        return f"write {_written(f'option_{number[1]}', place, value)}" if is_option else "options have the numbers 1 to 254"
    if ours is None:
        near = nearest(name, names, CERTAINLY_NEAR) or _near_synonym(name, place, names) or nearest(name, names, NEAR)
        return f"did you mean {near}?" if near else ""
    if not ours.isidentifier():
        return ours
    if ours not in names:
        return f"pydhcpd calls it {ours}, which stands by itself: write {ours} = {value or '...'} in a line of its own"
    return f"pydhcpd calls it {ours}: write {_written(ours, place, value)}"


def _near_synonym(name: str, place: str, names: list[str]) -> str:
    """Our name for a misspelling of another server's word."""
    words = {**_GENERAL, **_OF_PLACES[place]}
    near = get_close_matches(_key(name), [word for word, ours in words.items() if ours in names], 1, CERTAINLY_NEAR)
    return words[near[0]] if near else ""


def _written(name: str, place: str, value: str) -> str:
    if not value:
        return repr(name) if place == OPTION else name
    if place == FILE and name in _CONSTRUCTORS and not value.startswith("["):
        value = f"[{_CONSTRUCTORS[name]}(...)]"
    return f"{name} = {value}" if place == FILE else f"{name}={value}"


def nearest(name: str, known: Iterable[str], likeness: float) -> str:
    """The known name that one was probably meant to be, or nothing: by capitals, by changed places, or by likeness."""
    names = list(known)
    for candidate in names:
        if candidate == name.casefold() or (sorted(candidate) == sorted(name) and len(name) >= SHORTEST_NEAR_MISS):
            return candidate
    near = get_close_matches(name, names, 1, likeness)
    return near[0] if near else ""

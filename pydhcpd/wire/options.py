"""The options of DHCP and BOOTP: number, name, shape and source of each, in one table.

This module owns what an option is called and which shape its value has. It does not know how a shape is written (that
is `codecs`), how options lie in a packet, nor what the server does with them. From the table come the names of the
configuration, its checks, help, and the words of logs.

The numbers are those of the IANA registry "BOOTP Vendor Extensions and DHCP Options", with two of the private range
that many systems share (249 and 252). Numbers without an assignment are reachable as `option_N` alone, among them those
given back by RFC 3679, and 160, which RFC 8910 replaced by 114. Names are RFC 2132's up to 76, and the registry's after
that. Options with an inner structure that no shape can say are bytes.
"""

import re
from dataclasses import dataclass

from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.names import OPTION, synonym
from pydhcpd.wire import fqdn
from pydhcpd.wire.codecs import (
    ADDRESS,
    ADDRESS_PAIRS,
    ADDRESSES,
    ADDRESSES_OR_NONE,
    BYTES,
    DOMAIN,
    DOMAINS,
    EMPTY,
    ENCRYPTED_DNS,
    FLAG,
    INT32,
    PLAIN_DOMAINS,
    ROUTES,
    SECONDS,
    SIP_SERVERS,
    TEXT,
    TEXT_OR_NOTHING,
    UINT8,
    UINT8S,
    UINT16,
    UINT16S,
    UINT32,
    USER_CLASSES,
    VENDOR_CLASSES,
    Codec,
    record,
)

PAD, END = 0, 255
"""The two codes that are no options: octets without length (RFC 2132 3.1, 3.2)."""

LONGEST_DESCRIPTION = 400
"""Characters of one option in a log line; the rest of a longer one is left out."""

Inside = tuple[int, int]
"""Where a suboption lies: (43, 0), or (125, enterprise number)."""

VENDOR_SPECIFIC, VENDOR_IDENTIFYING = 43, 125
LARGEST_ENTERPRISE = 0xFFFFFFFF  # RFC 3925 4: four octets


@dataclass(frozen=True, slots=True, repr=False)
class Option:
    """One option: code (1 to 254), name, codec of its value, where it is defined, and other names that it has had.

    A suboption is `inside` another: its code is one of that option's own numbers.
    """

    code: int
    name: str
    codec: Codec
    reference: str
    aliases: tuple[str, ...] = ()
    inside: Inside | None = None

    def __repr__(self) -> str:
        return f"option({self.code}, {self.name!r}, {self.codec.name!r})"


TABLE: tuple[Option, ...] = (
    # RFC 2132 section 3, RFC 1497: vendor extensions
    Option(1, "subnet_mask", ADDRESS, "RFC 2132 3.3"),
    Option(2, "time_offset", INT32, "RFC 2132 3.4"),
    Option(3, "router", ADDRESSES, "RFC 2132 3.5", aliases=("routers",)),
    Option(4, "time_server", ADDRESSES, "RFC 2132 3.6"),
    Option(5, "name_server", ADDRESSES, "RFC 2132 3.7"),
    Option(6, "domain_name_server", ADDRESSES, "RFC 2132 3.8"),
    Option(7, "log_server", ADDRESSES, "RFC 2132 3.9"),
    Option(8, "cookie_server", ADDRESSES, "RFC 2132 3.10"),
    Option(9, "lpr_server", ADDRESSES, "RFC 2132 3.11"),
    Option(10, "impress_server", ADDRESSES, "RFC 2132 3.12"),
    Option(11, "resource_location_server", ADDRESSES, "RFC 2132 3.13"),
    Option(12, "host_name", TEXT, "RFC 2132 3.14"),
    Option(13, "boot_file_size", UINT16, "RFC 2132 3.15"),
    Option(14, "merit_dump_file", TEXT, "RFC 2132 3.16"),
    Option(15, "domain_name", TEXT, "RFC 2132 3.17"),
    Option(16, "swap_server", ADDRESS, "RFC 2132 3.18"),
    Option(17, "root_path", TEXT, "RFC 2132 3.19"),
    Option(18, "extensions_path", TEXT, "RFC 2132 3.20"),
    # sections 4 and 5: the IP layer, of the host and of the interface
    Option(19, "ip_forwarding_enabled", FLAG, "RFC 2132 4.1"),
    Option(20, "non_local_source_routing_enabled", FLAG, "RFC 2132 4.2"),
    Option(21, "policy_filter", ADDRESS_PAIRS, "RFC 2132 4.3", aliases=("policy_filer",)),
    Option(22, "maximum_datagram_reassembly_size", UINT16, "RFC 2132 4.4"),
    Option(23, "default_ip_time_to_live", UINT8, "RFC 2132 4.5"),
    Option(24, "path_mtu_aging_timeout", SECONDS, "RFC 2132 4.6"),
    Option(25, "path_mtu_plateau_table", UINT16S, "RFC 2132 4.7"),
    Option(26, "interface_mtu", UINT16, "RFC 2132 5.1"),
    Option(27, "all_subnets_are_local", FLAG, "RFC 2132 5.2"),
    Option(28, "broadcast_address", ADDRESS, "RFC 2132 5.3"),
    Option(29, "perform_mask_discovery", FLAG, "RFC 2132 5.4"),
    Option(30, "mask_supplier", FLAG, "RFC 2132 5.5"),
    Option(31, "perform_router_discovery", FLAG, "RFC 2132 5.6"),
    Option(32, "router_solicitation_address", ADDRESS, "RFC 2132 5.7"),
    Option(33, "static_route", ADDRESS_PAIRS, "RFC 2132 5.8"),
    # sections 6 and 7: the link layer and TCP
    Option(34, "trailer_encapsulation_option", FLAG, "RFC 2132 6.1"),
    Option(35, "arp_cache_timeout", SECONDS, "RFC 2132 6.2"),
    Option(36, "ethernet_encapsulation", FLAG, "RFC 2132 6.3"),
    Option(37, "tcp_default_ttl", UINT8, "RFC 2132 7.1"),
    Option(38, "tcp_keep_alive_interval", SECONDS, "RFC 2132 7.2"),
    Option(39, "tcp_keep_alive_garbage", FLAG, "RFC 2132 7.3"),
    # section 8: applications and services
    Option(40, "network_information_service_domain", TEXT, "RFC 2132 8.1"),
    Option(41, "network_information_servers", ADDRESSES, "RFC 2132 8.2", aliases=("network_informtaion_servers",)),
    Option(42, "network_time_protocol_servers", ADDRESSES, "RFC 2132 8.3"),
    Option(43, "vendor_specific_information", BYTES, "RFC 2132 8.4"),
    Option(44, "netbios_over_tcp_ip_name_server", ADDRESSES, "RFC 2132 8.5"),
    Option(45, "netbios_over_tcp_ip_datagram_distribution_server", ADDRESSES, "RFC 2132 8.6"),
    Option(46, "netbios_over_tcp_ip_node_type", UINT8, "RFC 2132 8.7"),
    Option(47, "netbios_over_tcp_ip_scope", TEXT, "RFC 2132 8.8"),
    Option(48, "x_window_system_font_server", ADDRESSES, "RFC 2132 8.9"),
    Option(49, "x_window_system_display_manager", ADDRESSES, "RFC 2132 8.10"),
    # section 9: DHCP itself
    Option(50, "requested_ip_address", ADDRESS, "RFC 2132 9.1"),
    Option(51, "ip_address_lease_time", SECONDS, "RFC 2132 9.2"),
    Option(52, "option_overload", UINT8, "RFC 2132 9.3"),
    Option(53, "dhcp_message_type", UINT8, "RFC 2132 9.6"),
    Option(54, "server_identifier", ADDRESS, "RFC 2132 9.7"),
    Option(55, "parameter_request_list", UINT8S, "RFC 2132 9.8"),
    Option(56, "message", TEXT, "RFC 2132 9.9"),
    Option(57, "maximum_dhcp_message_size", UINT16, "RFC 2132 9.10"),
    Option(58, "renewal_time_value", SECONDS, "RFC 2132 9.11"),
    Option(59, "rebinding_time_value", SECONDS, "RFC 2132 9.12"),
    Option(60, "vendor_class_identifier", TEXT, "RFC 2132 9.13"),
    Option(61, "client_identifier", BYTES, "RFC 2132 9.14"),
    Option(62, "netware_ip_domain", TEXT, "RFC 2242"),
    Option(63, "netware_ip_option", BYTES, "RFC 2242"),
    # and section 8 again
    Option(64, "network_information_service_plus_domain", TEXT, "RFC 2132 8.11"),
    Option(65, "network_information_service_plus_servers", ADDRESSES, "RFC 2132 8.12"),
    Option(66, "tftp_server_name", TEXT, "RFC 2132 9.4"),
    Option(67, "boot_file_name", TEXT, "RFC 2132 9.5"),
    Option(68, "mobile_ip_home_agent", ADDRESSES_OR_NONE, "RFC 2132 8.13"),
    Option(69, "smtp_server", ADDRESSES, "RFC 2132 8.14"),
    Option(70, "pop_servers", ADDRESSES, "RFC 2132 8.15"),
    Option(71, "nntp_server", ADDRESSES, "RFC 2132 8.16"),
    Option(72, "default_www_server", ADDRESSES, "RFC 2132 8.17"),
    Option(73, "default_finger_server", ADDRESSES, "RFC 2132 8.18"),
    Option(74, "default_irc_server", ADDRESSES, "RFC 2132 8.19"),
    Option(75, "streettalk_server", ADDRESSES, "RFC 2132 8.20"),
    Option(76, "stda_server", ADDRESSES, "RFC 2132 8.21"),
    # later RFCs
    Option(77, "user_class", USER_CLASSES, "RFC 3004 4"),
    Option(78, "directory_agent", record(FLAG, ADDRESSES), "RFC 2610 3"),  # mandatory?, agents
    Option(79, "service_scope", record(FLAG, TEXT_OR_NOTHING), "RFC 2610 4"),  # mandatory?, scopes
    Option(80, "rapid_commit", EMPTY, "RFC 4039 4"),
    Option(81, "client_fqdn", BYTES, "RFC 4702 2"),
    Option(82, "relay_agent_information", BYTES, "RFC 3046 2"),
    Option(83, "isns", record(UINT16, UINT16, UINT16, UINT32, ADDRESSES), "RFC 4174 2"),
    Option(85, "nds_servers", ADDRESSES, "RFC 2241 2"),
    Option(86, "nds_tree_name", TEXT, "RFC 2241 3"),
    Option(87, "nds_context", TEXT, "RFC 2241 4"),
    Option(88, "bcmcs_controller_domain_name_list", PLAIN_DOMAINS, "RFC 4280 4.1"),
    Option(89, "bcmcs_controller_ipv4_address", ADDRESSES, "RFC 4280 4.3"),
    Option(90, "authentication", BYTES, "RFC 3118 2"),
    Option(91, "client_last_transaction_time", SECONDS, "RFC 4388 6.1"),
    Option(92, "associated_ip", ADDRESSES, "RFC 4388 6.1"),
    Option(93, "client_system_architecture", UINT16S, "RFC 4578 2.1"),
    Option(94, "client_ndi", record(UINT8, UINT8, UINT8), "RFC 4578 2.2"),
    Option(95, "ldap", TEXT, "RFC 3679 3.2"),
    Option(97, "client_machine_identifier", BYTES, "RFC 4578 2.3"),
    Option(98, "user_auth", TEXT, "RFC 2485"),
    Option(99, "geoconf_civic", BYTES, "RFC 4776 3.1"),
    Option(100, "posix_timezone", TEXT, "RFC 4833 2"),
    Option(101, "tzdb_timezone", TEXT, "RFC 4833 2"),
    Option(108, "ipv6_only_preferred", SECONDS, "RFC 8925 3.1"),
    Option(109, "dhcp4o6_s46_saddr", BYTES, "RFC 8539"),
    Option(112, "netinfo_address", ADDRESSES, "RFC 3679 3.2"),
    Option(113, "netinfo_tag", TEXT, "RFC 3679 3.2"),
    Option(114, "captive_portal", TEXT, "RFC 8910 2.1"),
    Option(116, "auto_configure", FLAG, "RFC 2563 2"),
    Option(117, "name_service_search", UINT16S, "RFC 2937 2"),
    Option(118, "subnet_selection", ADDRESS, "RFC 3011 2"),
    Option(119, "domain_search", DOMAINS, "RFC 3397 2"),
    Option(120, "sip_servers", SIP_SERVERS, "RFC 3361 3"),
    Option(121, "classless_static_route", ROUTES, "RFC 3442"),
    Option(122, "ccc", BYTES, "RFC 3495 4", aliases=("cablelabs_client_configuration",)),
    Option(123, "geoconf", BYTES, "RFC 6225 2.2"),
    Option(124, "vendor_identifying_class", VENDOR_CLASSES, "RFC 3925 3"),
    Option(125, "vendor_identifying", BYTES, "RFC 3925 4"),
    # RFC 4578 2.4 reserves these for PXE without a word on their contents, and makers of telephones use them each in
    # their own way: bytes, and names that promise nothing
    Option(128, "pxe_undefined_128", BYTES, "RFC 4578 2.4"),
    Option(129, "pxe_undefined_129", BYTES, "RFC 4578 2.4"),
    Option(130, "pxe_undefined_130", BYTES, "RFC 4578 2.4"),
    Option(131, "pxe_undefined_131", BYTES, "RFC 4578 2.4"),
    Option(132, "pxe_undefined_132", BYTES, "RFC 4578 2.4"),
    Option(133, "pxe_undefined_133", BYTES, "RFC 4578 2.4"),
    Option(134, "pxe_undefined_134", BYTES, "RFC 4578 2.4"),
    Option(135, "pxe_undefined_135", BYTES, "RFC 4578 2.4"),
    Option(136, "pana_agent", ADDRESSES, "RFC 5192"),
    Option(137, "v4_lost", DOMAIN, "RFC 5223 3"),
    Option(138, "capwap_access_controllers", ADDRESSES, "RFC 5417 2"),
    Option(139, "ipv4_address_mos", BYTES, "RFC 5678 2"),
    Option(140, "ipv4_fqdn_mos", BYTES, "RFC 5678 3"),
    Option(141, "sip_ua_configuration_service_domains", PLAIN_DOMAINS, "RFC 6011"),
    Option(142, "ipv4_address_andsf", ADDRESSES, "RFC 6153 2"),
    Option(143, "v4_sztp_redirect", BYTES, "RFC 8572 8.1"),
    Option(144, "geoloc", BYTES, "RFC 6225 2.2"),
    Option(145, "forcerenew_nonce_capable", UINT8S, "RFC 6704 3.1.1"),
    Option(146, "rdnss_selection", record(UINT8, ADDRESS, ADDRESS, PLAIN_DOMAINS), "RFC 6731 4.3"),
    Option(147, "v4_dots_ri", DOMAIN, "RFC 8973 5.2"),
    Option(148, "v4_dots_address", ADDRESSES, "RFC 8973 5.2"),
    Option(150, "tftp_server_address", ADDRESSES, "RFC 5859"),
    Option(151, "status_code", record(UINT8, TEXT_OR_NOTHING), "RFC 6926 6.2.2"),
    Option(152, "base_time", UINT32, "RFC 6926 6.2.3"),  # absolute: seconds of the epoch
    Option(153, "start_time_of_state", SECONDS, "RFC 6926 6.2.4"),
    Option(154, "query_start_time", UINT32, "RFC 6926 6.2.5"),
    Option(155, "query_end_time", UINT32, "RFC 6926 6.2.6"),
    Option(156, "dhcp_state", UINT8, "RFC 6926 6.2.7"),
    Option(157, "data_source", UINT8, "RFC 6926 6.2.8"),
    Option(158, "v4_pcp_server", BYTES, "RFC 7291 4"),
    Option(159, "v4_portparams", record(UINT8, UINT8, UINT16), "RFC 7618 9"),
    Option(161, "mud_url_v4", TEXT, "RFC 8520 10"),
    Option(162, "encrypted_dns", ENCRYPTED_DNS, "RFC 9463 5"),
    # tentatively assigned in 2005, without a definition
    Option(175, "etherboot", BYTES, "IANA registry"),
    Option(176, "ip_telephone", BYTES, "IANA registry"),
    Option(177, "packetcable_and_cablehome", BYTES, "IANA registry"),
    Option(208, "pxelinux_magic", BYTES, "RFC 5071 3"),
    Option(209, "configuration_file", TEXT, "RFC 5071 4", aliases=("pxelinux_configuration_file",)),
    Option(210, "path_prefix", TEXT, "RFC 5071 5", aliases=("pxelinux_path_prefix",)),
    Option(211, "reboot_time", SECONDS, "RFC 5071 6", aliases=("pxelinux_reboot_time",)),
    Option(212, "option_6rd", BYTES, "RFC 5969 7.1.1"),
    Option(213, "v4_access_domain", DOMAIN, "RFC 5986 3.1"),
    Option(220, "subnet_allocation", BYTES, "RFC 6656"),
    Option(221, "virtual_subnet_selection", BYTES, "RFC 6607 3.1"),
    # private range, by custom
    Option(249, "microsoft_static_route", ROUTES, "MS-DHCPE 2.2.8"),
    Option(252, "web_proxy_auto_discovery", TEXT, "draft-ietf-wrec-wpad-01"),
)

BY_CODE: dict[int, Option] = {option.code: option for option in TABLE}
OF_NAME = BY_CODE[81]  # bytes to policy; words to people

BY_NAME: dict[str, Option] = {name: option for option in TABLE for name in (option.name, *option.aliases)}
"""Every name that an option has, aliases included."""

PROTOCOL_OWN: frozenset[int] = frozenset({50, 52, 53, 55, 57, 61, 81, 82, 97})
"""The protocol's own: what client, relay and server tell each other about the exchange itself. An administrator may
not set them; a value there would contradict the packet that carries it."""

_BY_NUMBER = re.compile(r"option_([1-9][0-9]{0,2})")
_PLAIN = re.compile(r"[A-Za-z0-9._/:@+-]+")  # text that a log can show without quotes


def option_named(name: str) -> Option | None:
    """The option of this name or alias; for `option_N`, N from 1 to 254, that number as raw bytes; else None."""
    if name in BY_NAME:
        return BY_NAME[name]
    number = _BY_NUMBER.fullmatch(name)
    if number is None or int(number[1]) >= END:
        return None
    return Option(int(number[1]), name, BYTES, "raw bytes")


def inside_from(value: object) -> Inside:
    """Where a suboption lies, as the configuration says it: "vendor_specific_information" is option 43 (RFC 2132 8.4),
    ("vendor_identifying", 4491) what option 125 has of that enterprise (RFC 3925 4). Raises InvalidValue.
    """
    if value == BY_CODE[VENDOR_SPECIFIC].name:
        return VENDOR_SPECIFIC, 0
    if isinstance(value, tuple | list) and len(value) == 2 and value[0] == BY_CODE[VENDOR_IDENTIFYING].name:
        enterprise = value[1]
        if isinstance(enterprise, int) and not isinstance(enterprise, bool) and 0 <= enterprise <= LARGEST_ENTERPRISE:
            return VENDOR_IDENTIFYING, enterprise
        raise InvalidValue(f"{enterprise!r} is no enterprise number; allowed are 0 to {LARGEST_ENTERPRISE}")
    code = value if isinstance(value, int) else {"vendor_specific_information": 43}.get(synonym(str(value), OPTION) or "", 0)
    if code == VENDOR_SPECIFIC:
        raise InvalidValue(f"{value!r} is no place for suboptions; write inside={BY_CODE[VENDOR_SPECIFIC].name!r}")
    raise InvalidValue(f"{value!r} is no place for suboptions; allowed are \"vendor_specific_information\" and "
                       "(\"vendor_identifying\", ENTERPRISE NUMBER)")


def name_of(code: int) -> str:
    """The name of a code; `option_N` where none is assigned."""
    option = BY_CODE.get(code)
    return option.name if option else f"option_{code}"


def describe(code: int, data: bytes, own: Option | None = None) -> str:
    """`name=value` for a log: printable ASCII in one line, whatever the network sent, and of bounded length. `own` is what the
    configuration file defines for the code.

    Octets that the option's shape cannot read are shown in hexadecimal, with the reason.
    """
    option = own or BY_CODE.get(code)
    try:
        value = fqdn.words(data) if option is OF_NAME else _words(option.codec.decode(data) if option else data)
    except MalformedPacket as reason:
        value = f"{_words(data)} ({reason})"
    words = f"{own.name if own else name_of(code)}={value}"
    return words if len(words) <= LONGEST_DESCRIPTION else words[:LONGEST_DESCRIPTION - 3] + "..."


def _words(value: object) -> str:
    if isinstance(value, str):
        return value if _PLAIN.fullmatch(value) else ascii(value)
    if isinstance(value, bytes):
        return value[:LONGEST_DESCRIPTION].hex(":") or "''"
    if isinstance(value, tuple):
        return f"({','.join(map(_words, value))})"
    if isinstance(value, list):
        return ",".join(map(_words, value))
    return str(value)

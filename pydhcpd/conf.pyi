# Written by python -m pydhcpd.configuration.manual from the tables of options, settings and fields.
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypedDict, Unpack

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, LESS, NETWORK, NOT, PREFIX, REGEX, SUFFIX
from pydhcpd.policy.boot.menu import PxeItem, PxeMenu
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.conditions import Condition
from pydhcpd.policy.declarations import PoolDeclaration, SharedNetworkDeclaration, SubnetDeclaration
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.script import Script
from pydhcpd.wire.options import Option

__all__ = ["ALL", "CASEINSENSITIVE", "DAYS", "GREATER", "HOURS", "INFINITE", "LESS", "MINUTES", "NETWORK", "NOT", "PREFIX",
           "REGEX", "SUFFIX", "Event", "Reply", "Request", "client_class", "dns_file", "dns_zone", "host", "match", "option",
           "pool", "pxe_item", "pxe_menu", "script", "shared_network", "subnet", "tsig"]

MINUTES: Final = 60
HOURS: Final = 3600
DAYS: Final = 86400
INFINITE: Final = 0xFFFFFFFF

_Range = str | tuple[str, str]
_Names = str | Sequence[str]
_Octets = bytes | str
_BootFile = str | Mapping[str | int, str | None] | Mapping[str, str | None] | Mapping[str, str]

class _Options(TypedDict, total=False):
    time_offset: int | None
    router: str | Sequence[str] | None
    routers: str | Sequence[str] | None
    time_server: str | Sequence[str] | None
    name_server: str | Sequence[str] | None
    domain_name_server: str | Sequence[str] | None
    log_server: str | Sequence[str] | None
    cookie_server: str | Sequence[str] | None
    lpr_server: str | Sequence[str] | None
    impress_server: str | Sequence[str] | None
    resource_location_server: str | Sequence[str] | None
    host_name: str | None
    boot_file_size: int | None
    merit_dump_file: str | None
    domain_name: str | None
    swap_server: str | None
    root_path: str | None
    extensions_path: str | None
    ip_forwarding_enabled: bool | None
    non_local_source_routing_enabled: bool | None
    policy_filter: object | None
    policy_filer: object | None
    maximum_datagram_reassembly_size: int | None
    default_ip_time_to_live: int | None
    path_mtu_aging_timeout: int | None
    path_mtu_plateau_table: int | Sequence[int] | None
    interface_mtu: int | None
    all_subnets_are_local: bool | None
    broadcast_address: str | None
    perform_mask_discovery: bool | None
    mask_supplier: bool | None
    perform_router_discovery: bool | None
    router_solicitation_address: str | None
    static_route: object | None
    trailer_encapsulation_option: bool | None
    arp_cache_timeout: int | None
    ethernet_encapsulation: bool | None
    tcp_default_ttl: int | None
    tcp_keep_alive_interval: int | None
    tcp_keep_alive_garbage: bool | None
    network_information_service_domain: str | None
    network_information_servers: str | Sequence[str] | None
    network_informtaion_servers: str | Sequence[str] | None
    network_time_protocol_servers: str | Sequence[str] | None
    vendor_specific_information: _Octets | None
    netbios_over_tcp_ip_name_server: str | Sequence[str] | None
    netbios_over_tcp_ip_datagram_distribution_server: str | Sequence[str] | None
    netbios_over_tcp_ip_node_type: int | None
    netbios_over_tcp_ip_scope: str | None
    x_window_system_font_server: str | Sequence[str] | None
    x_window_system_display_manager: str | Sequence[str] | None
    server_identifier: str | None
    message: str | None
    renewal_time_value: int | None
    rebinding_time_value: int | None
    vendor_class_identifier: str | None
    netware_ip_domain: str | None
    netware_ip_option: _Octets | None
    network_information_service_plus_domain: str | None
    network_information_service_plus_servers: str | Sequence[str] | None
    tftp_server_name: str | None
    mobile_ip_home_agent: str | Sequence[str] | None
    smtp_server: str | Sequence[str] | None
    pop_servers: str | Sequence[str] | None
    nntp_server: str | Sequence[str] | None
    default_www_server: str | Sequence[str] | None
    default_finger_server: str | Sequence[str] | None
    default_irc_server: str | Sequence[str] | None
    streettalk_server: str | Sequence[str] | None
    stda_server: str | Sequence[str] | None
    user_class: object | None
    directory_agent: object | None
    service_scope: object | None
    isns: object | None
    nds_servers: str | Sequence[str] | None
    nds_tree_name: str | None
    nds_context: str | None
    bcmcs_controller_domain_name_list: _Names | None
    bcmcs_controller_ipv4_address: str | Sequence[str] | None
    authentication: _Octets | None
    client_last_transaction_time: int | None
    associated_ip: str | Sequence[str] | None
    client_system_architecture: int | Sequence[int] | None
    client_ndi: object | None
    ldap: str | None
    user_auth: str | None
    geoconf_civic: _Octets | None
    posix_timezone: str | None
    tzdb_timezone: str | None
    ipv6_only_preferred: int | None
    dhcp4o6_s46_saddr: _Octets | None
    netinfo_address: str | Sequence[str] | None
    netinfo_tag: str | None
    captive_portal: str | None
    auto_configure: bool | None
    name_service_search: int | Sequence[int] | None
    subnet_selection: str | None
    domain_search: _Names | None
    sip_servers: object | None
    classless_static_route: object | None
    ccc: _Octets | None
    cablelabs_client_configuration: _Octets | None
    geoconf: _Octets | None
    vendor_identifying_class: object | None
    vendor_identifying: _Octets | None
    pxe_undefined_128: _Octets | None
    pxe_undefined_129: _Octets | None
    pxe_undefined_130: _Octets | None
    pxe_undefined_131: _Octets | None
    pxe_undefined_132: _Octets | None
    pxe_undefined_133: _Octets | None
    pxe_undefined_134: _Octets | None
    pxe_undefined_135: _Octets | None
    pana_agent: str | Sequence[str] | None
    v4_lost: str | None
    capwap_access_controllers: str | Sequence[str] | None
    ipv4_address_mos: _Octets | None
    ipv4_fqdn_mos: _Octets | None
    sip_ua_configuration_service_domains: _Names | None
    ipv4_address_andsf: str | Sequence[str] | None
    v4_sztp_redirect: _Octets | None
    geoloc: _Octets | None
    forcerenew_nonce_capable: int | Sequence[int] | None
    rdnss_selection: object | None
    v4_dots_ri: str | None
    v4_dots_address: str | Sequence[str] | None
    tftp_server_address: str | Sequence[str] | None
    status_code: object | None
    base_time: int | None
    start_time_of_state: int | None
    query_start_time: int | None
    query_end_time: int | None
    dhcp_state: int | None
    data_source: int | None
    v4_pcp_server: _Octets | None
    v4_portparams: object | None
    mud_url_v4: str | None
    encrypted_dns: object | None
    etherboot: _Octets | None
    ip_telephone: _Octets | None
    packetcable_and_cablehome: _Octets | None
    pxelinux_magic: _Octets | None
    configuration_file: str | None
    pxelinux_configuration_file: str | None
    path_prefix: str | None
    pxelinux_path_prefix: str | None
    reboot_time: int | None
    pxelinux_reboot_time: int | None
    option_6rd: _Octets | None
    v4_access_domain: str | None
    subnet_allocation: _Octets | None
    virtual_subnet_selection: _Octets | None
    microsoft_static_route: object | None
    web_proxy_auto_discovery: str | None
    option_1: _Octets | None
    option_2: _Octets | None
    option_3: _Octets | None
    option_4: _Octets | None
    option_5: _Octets | None
    option_6: _Octets | None
    option_7: _Octets | None
    option_8: _Octets | None
    option_9: _Octets | None
    option_10: _Octets | None
    option_11: _Octets | None
    option_12: _Octets | None
    option_13: _Octets | None
    option_14: _Octets | None
    option_15: _Octets | None
    option_16: _Octets | None
    option_17: _Octets | None
    option_18: _Octets | None
    option_19: _Octets | None
    option_20: _Octets | None
    option_21: _Octets | None
    option_22: _Octets | None
    option_23: _Octets | None
    option_24: _Octets | None
    option_25: _Octets | None
    option_26: _Octets | None
    option_27: _Octets | None
    option_28: _Octets | None
    option_29: _Octets | None
    option_30: _Octets | None
    option_31: _Octets | None
    option_32: _Octets | None
    option_33: _Octets | None
    option_34: _Octets | None
    option_35: _Octets | None
    option_36: _Octets | None
    option_37: _Octets | None
    option_38: _Octets | None
    option_39: _Octets | None
    option_40: _Octets | None
    option_41: _Octets | None
    option_42: _Octets | None
    option_43: _Octets | None
    option_44: _Octets | None
    option_45: _Octets | None
    option_46: _Octets | None
    option_47: _Octets | None
    option_48: _Octets | None
    option_49: _Octets | None
    option_51: _Octets | None
    option_54: _Octets | None
    option_56: _Octets | None
    option_58: _Octets | None
    option_59: _Octets | None
    option_60: _Octets | None
    option_62: _Octets | None
    option_63: _Octets | None
    option_64: _Octets | None
    option_65: _Octets | None
    option_66: _Octets | None
    option_67: _Octets | None
    option_68: _Octets | None
    option_69: _Octets | None
    option_70: _Octets | None
    option_71: _Octets | None
    option_72: _Octets | None
    option_73: _Octets | None
    option_74: _Octets | None
    option_75: _Octets | None
    option_76: _Octets | None
    option_77: _Octets | None
    option_78: _Octets | None
    option_79: _Octets | None
    option_80: _Octets | None
    option_83: _Octets | None
    option_84: _Octets | None
    option_85: _Octets | None
    option_86: _Octets | None
    option_87: _Octets | None
    option_88: _Octets | None
    option_89: _Octets | None
    option_90: _Octets | None
    option_91: _Octets | None
    option_92: _Octets | None
    option_93: _Octets | None
    option_94: _Octets | None
    option_95: _Octets | None
    option_96: _Octets | None
    option_98: _Octets | None
    option_99: _Octets | None
    option_100: _Octets | None
    option_101: _Octets | None
    option_102: _Octets | None
    option_103: _Octets | None
    option_104: _Octets | None
    option_105: _Octets | None
    option_106: _Octets | None
    option_107: _Octets | None
    option_108: _Octets | None
    option_109: _Octets | None
    option_110: _Octets | None
    option_111: _Octets | None
    option_112: _Octets | None
    option_113: _Octets | None
    option_114: _Octets | None
    option_115: _Octets | None
    option_116: _Octets | None
    option_117: _Octets | None
    option_118: _Octets | None
    option_119: _Octets | None
    option_120: _Octets | None
    option_121: _Octets | None
    option_122: _Octets | None
    option_123: _Octets | None
    option_124: _Octets | None
    option_125: _Octets | None
    option_126: _Octets | None
    option_127: _Octets | None
    option_128: _Octets | None
    option_129: _Octets | None
    option_130: _Octets | None
    option_131: _Octets | None
    option_132: _Octets | None
    option_133: _Octets | None
    option_134: _Octets | None
    option_135: _Octets | None
    option_136: _Octets | None
    option_137: _Octets | None
    option_138: _Octets | None
    option_139: _Octets | None
    option_140: _Octets | None
    option_141: _Octets | None
    option_142: _Octets | None
    option_143: _Octets | None
    option_144: _Octets | None
    option_145: _Octets | None
    option_146: _Octets | None
    option_147: _Octets | None
    option_148: _Octets | None
    option_149: _Octets | None
    option_150: _Octets | None
    option_151: _Octets | None
    option_152: _Octets | None
    option_153: _Octets | None
    option_154: _Octets | None
    option_155: _Octets | None
    option_156: _Octets | None
    option_157: _Octets | None
    option_158: _Octets | None
    option_159: _Octets | None
    option_160: _Octets | None
    option_161: _Octets | None
    option_162: _Octets | None
    option_163: _Octets | None
    option_164: _Octets | None
    option_165: _Octets | None
    option_166: _Octets | None
    option_167: _Octets | None
    option_168: _Octets | None
    option_169: _Octets | None
    option_170: _Octets | None
    option_171: _Octets | None
    option_172: _Octets | None
    option_173: _Octets | None
    option_174: _Octets | None
    option_175: _Octets | None
    option_176: _Octets | None
    option_177: _Octets | None
    option_178: _Octets | None
    option_179: _Octets | None
    option_180: _Octets | None
    option_181: _Octets | None
    option_182: _Octets | None
    option_183: _Octets | None
    option_184: _Octets | None
    option_185: _Octets | None
    option_186: _Octets | None
    option_187: _Octets | None
    option_188: _Octets | None
    option_189: _Octets | None
    option_190: _Octets | None
    option_191: _Octets | None
    option_192: _Octets | None
    option_193: _Octets | None
    option_194: _Octets | None
    option_195: _Octets | None
    option_196: _Octets | None
    option_197: _Octets | None
    option_198: _Octets | None
    option_199: _Octets | None
    option_200: _Octets | None
    option_201: _Octets | None
    option_202: _Octets | None
    option_203: _Octets | None
    option_204: _Octets | None
    option_205: _Octets | None
    option_206: _Octets | None
    option_207: _Octets | None
    option_208: _Octets | None
    option_209: _Octets | None
    option_210: _Octets | None
    option_211: _Octets | None
    option_212: _Octets | None
    option_213: _Octets | None
    option_214: _Octets | None
    option_215: _Octets | None
    option_216: _Octets | None
    option_217: _Octets | None
    option_218: _Octets | None
    option_219: _Octets | None
    option_220: _Octets | None
    option_221: _Octets | None
    option_222: _Octets | None
    option_223: _Octets | None
    option_224: _Octets | None
    option_225: _Octets | None
    option_226: _Octets | None
    option_227: _Octets | None
    option_228: _Octets | None
    option_229: _Octets | None
    option_230: _Octets | None
    option_231: _Octets | None
    option_232: _Octets | None
    option_233: _Octets | None
    option_234: _Octets | None
    option_235: _Octets | None
    option_236: _Octets | None
    option_237: _Octets | None
    option_238: _Octets | None
    option_239: _Octets | None
    option_240: _Octets | None
    option_241: _Octets | None
    option_242: _Octets | None
    option_243: _Octets | None
    option_244: _Octets | None
    option_245: _Octets | None
    option_246: _Octets | None
    option_247: _Octets | None
    option_248: _Octets | None
    option_249: _Octets | None
    option_250: _Octets | None
    option_251: _Octets | None
    option_252: _Octets | None
    option_253: _Octets | None
    option_254: _Octets | None

class _HostSettings(_Options, total=False):
    ip_address_lease_time: int | None
    minimum_lease_time: int | None
    maximum_lease_time: int | None
    probe_before_offer: bool | None
    rapid_commit: bool | None
    next_server: str | None
    server_name: str | None
    boot_file_name: _BootFile | None
    always_send: _Names | None
    never_send: _Names | None
    ipxe_script: _BootFile | None
    pxe_menu: PxeMenu | None
    dns_name: _Names | None
    dns_updates: str | None

class _PoolSettings(_HostSettings, total=False):
    shorten_leases_above: float | None
    pool_alarm: str | None

class _NetworkSettings(_PoolSettings, total=False):
    authoritative: bool | None
    adopt_unknown: bool | None
    bootp: bool | None
    client_identity: _Names | None
    one_address_per_machine: bool | None
    proxy_dhcp: bool | None
    dns_zones: Sequence[DnsZone] | None
    trust_relay_information: bool | None
    offer_hold_time: int | None

class _Fields(TypedDict, total=False):
    mac: object
    client_id: object
    htype: object
    ciaddr: object
    giaddr: object
    secs: object
    interface: object
    message_type: object
    circuit_id: object
    remote_id: object
    subscriber_id: object
    uuid: object
    known: object
    subnet_mask: object
    time_offset: object
    router: object
    routers: object
    time_server: object
    name_server: object
    domain_name_server: object
    log_server: object
    cookie_server: object
    lpr_server: object
    impress_server: object
    resource_location_server: object
    host_name: object
    boot_file_size: object
    merit_dump_file: object
    domain_name: object
    swap_server: object
    root_path: object
    extensions_path: object
    ip_forwarding_enabled: object
    non_local_source_routing_enabled: object
    policy_filter: object
    policy_filer: object
    maximum_datagram_reassembly_size: object
    default_ip_time_to_live: object
    path_mtu_aging_timeout: object
    path_mtu_plateau_table: object
    interface_mtu: object
    all_subnets_are_local: object
    broadcast_address: object
    perform_mask_discovery: object
    mask_supplier: object
    perform_router_discovery: object
    router_solicitation_address: object
    static_route: object
    trailer_encapsulation_option: object
    arp_cache_timeout: object
    ethernet_encapsulation: object
    tcp_default_ttl: object
    tcp_keep_alive_interval: object
    tcp_keep_alive_garbage: object
    network_information_service_domain: object
    network_information_servers: object
    network_informtaion_servers: object
    network_time_protocol_servers: object
    vendor_specific_information: object
    netbios_over_tcp_ip_name_server: object
    netbios_over_tcp_ip_datagram_distribution_server: object
    netbios_over_tcp_ip_node_type: object
    netbios_over_tcp_ip_scope: object
    x_window_system_font_server: object
    x_window_system_display_manager: object
    requested_ip_address: object
    ip_address_lease_time: object
    option_overload: object
    dhcp_message_type: object
    server_identifier: object
    parameter_request_list: object
    message: object
    maximum_dhcp_message_size: object
    renewal_time_value: object
    rebinding_time_value: object
    vendor_class_identifier: object
    client_identifier: object
    netware_ip_domain: object
    netware_ip_option: object
    network_information_service_plus_domain: object
    network_information_service_plus_servers: object
    tftp_server_name: object
    boot_file_name: object
    mobile_ip_home_agent: object
    smtp_server: object
    pop_servers: object
    nntp_server: object
    default_www_server: object
    default_finger_server: object
    default_irc_server: object
    streettalk_server: object
    stda_server: object
    user_class: object
    directory_agent: object
    service_scope: object
    rapid_commit: object
    client_fqdn: object
    relay_agent_information: object
    isns: object
    nds_servers: object
    nds_tree_name: object
    nds_context: object
    bcmcs_controller_domain_name_list: object
    bcmcs_controller_ipv4_address: object
    authentication: object
    client_last_transaction_time: object
    associated_ip: object
    client_system_architecture: object
    client_ndi: object
    ldap: object
    client_machine_identifier: object
    user_auth: object
    geoconf_civic: object
    posix_timezone: object
    tzdb_timezone: object
    ipv6_only_preferred: object
    dhcp4o6_s46_saddr: object
    netinfo_address: object
    netinfo_tag: object
    captive_portal: object
    auto_configure: object
    name_service_search: object
    subnet_selection: object
    domain_search: object
    sip_servers: object
    classless_static_route: object
    ccc: object
    cablelabs_client_configuration: object
    geoconf: object
    vendor_identifying_class: object
    vendor_identifying: object
    pxe_undefined_128: object
    pxe_undefined_129: object
    pxe_undefined_130: object
    pxe_undefined_131: object
    pxe_undefined_132: object
    pxe_undefined_133: object
    pxe_undefined_134: object
    pxe_undefined_135: object
    pana_agent: object
    v4_lost: object
    capwap_access_controllers: object
    ipv4_address_mos: object
    ipv4_fqdn_mos: object
    sip_ua_configuration_service_domains: object
    ipv4_address_andsf: object
    v4_sztp_redirect: object
    geoloc: object
    forcerenew_nonce_capable: object
    rdnss_selection: object
    v4_dots_ri: object
    v4_dots_address: object
    tftp_server_address: object
    status_code: object
    base_time: object
    start_time_of_state: object
    query_start_time: object
    query_end_time: object
    dhcp_state: object
    data_source: object
    v4_pcp_server: object
    v4_portparams: object
    mud_url_v4: object
    encrypted_dns: object
    etherboot: object
    ip_telephone: object
    packetcable_and_cablehome: object
    pxelinux_magic: object
    configuration_file: object
    pxelinux_configuration_file: object
    path_prefix: object
    pxelinux_path_prefix: object
    reboot_time: object
    pxelinux_reboot_time: object
    option_6rd: object
    v4_access_domain: object
    subnet_allocation: object
    virtual_subnet_selection: object
    microsoft_static_route: object
    web_proxy_auto_discovery: object
    option_1: object
    option_2: object
    option_3: object
    option_4: object
    option_5: object
    option_6: object
    option_7: object
    option_8: object
    option_9: object
    option_10: object
    option_11: object
    option_12: object
    option_13: object
    option_14: object
    option_15: object
    option_16: object
    option_17: object
    option_18: object
    option_19: object
    option_20: object
    option_21: object
    option_22: object
    option_23: object
    option_24: object
    option_25: object
    option_26: object
    option_27: object
    option_28: object
    option_29: object
    option_30: object
    option_31: object
    option_32: object
    option_33: object
    option_34: object
    option_35: object
    option_36: object
    option_37: object
    option_38: object
    option_39: object
    option_40: object
    option_41: object
    option_42: object
    option_43: object
    option_44: object
    option_45: object
    option_46: object
    option_47: object
    option_48: object
    option_49: object
    option_50: object
    option_51: object
    option_52: object
    option_53: object
    option_54: object
    option_55: object
    option_56: object
    option_57: object
    option_58: object
    option_59: object
    option_60: object
    option_61: object
    option_62: object
    option_63: object
    option_64: object
    option_65: object
    option_66: object
    option_67: object
    option_68: object
    option_69: object
    option_70: object
    option_71: object
    option_72: object
    option_73: object
    option_74: object
    option_75: object
    option_76: object
    option_77: object
    option_78: object
    option_79: object
    option_80: object
    option_81: object
    option_82: object
    option_83: object
    option_84: object
    option_85: object
    option_86: object
    option_87: object
    option_88: object
    option_89: object
    option_90: object
    option_91: object
    option_92: object
    option_93: object
    option_94: object
    option_95: object
    option_96: object
    option_97: object
    option_98: object
    option_99: object
    option_100: object
    option_101: object
    option_102: object
    option_103: object
    option_104: object
    option_105: object
    option_106: object
    option_107: object
    option_108: object
    option_109: object
    option_110: object
    option_111: object
    option_112: object
    option_113: object
    option_114: object
    option_115: object
    option_116: object
    option_117: object
    option_118: object
    option_119: object
    option_120: object
    option_121: object
    option_122: object
    option_123: object
    option_124: object
    option_125: object
    option_126: object
    option_127: object
    option_128: object
    option_129: object
    option_130: object
    option_131: object
    option_132: object
    option_133: object
    option_134: object
    option_135: object
    option_136: object
    option_137: object
    option_138: object
    option_139: object
    option_140: object
    option_141: object
    option_142: object
    option_143: object
    option_144: object
    option_145: object
    option_146: object
    option_147: object
    option_148: object
    option_149: object
    option_150: object
    option_151: object
    option_152: object
    option_153: object
    option_154: object
    option_155: object
    option_156: object
    option_157: object
    option_158: object
    option_159: object
    option_160: object
    option_161: object
    option_162: object
    option_163: object
    option_164: object
    option_165: object
    option_166: object
    option_167: object
    option_168: object
    option_169: object
    option_170: object
    option_171: object
    option_172: object
    option_173: object
    option_174: object
    option_175: object
    option_176: object
    option_177: object
    option_178: object
    option_179: object
    option_180: object
    option_181: object
    option_182: object
    option_183: object
    option_184: object
    option_185: object
    option_186: object
    option_187: object
    option_188: object
    option_189: object
    option_190: object
    option_191: object
    option_192: object
    option_193: object
    option_194: object
    option_195: object
    option_196: object
    option_197: object
    option_198: object
    option_199: object
    option_200: object
    option_201: object
    option_202: object
    option_203: object
    option_204: object
    option_205: object
    option_206: object
    option_207: object
    option_208: object
    option_209: object
    option_210: object
    option_211: object
    option_212: object
    option_213: object
    option_214: object
    option_215: object
    option_216: object
    option_217: object
    option_218: object
    option_219: object
    option_220: object
    option_221: object
    option_222: object
    option_223: object
    option_224: object
    option_225: object
    option_226: object
    option_227: object
    option_228: object
    option_229: object
    option_230: object
    option_231: object
    option_232: object
    option_233: object
    option_234: object
    option_235: object
    option_236: object
    option_237: object
    option_238: object
    option_239: object
    option_240: object
    option_241: object
    option_242: object
    option_243: object
    option_244: object
    option_245: object
    option_246: object
    option_247: object
    option_248: object
    option_249: object
    option_250: object
    option_251: object
    option_252: object
    option_253: object
    option_254: object
    relay_suboption_1: object
    relay_suboption_2: object
    relay_suboption_3: object
    relay_suboption_4: object
    relay_suboption_5: object
    relay_suboption_6: object
    relay_suboption_7: object
    relay_suboption_8: object
    relay_suboption_9: object
    relay_suboption_10: object
    relay_suboption_11: object
    relay_suboption_12: object
    relay_suboption_13: object
    relay_suboption_14: object
    relay_suboption_15: object
    relay_suboption_16: object
    relay_suboption_17: object
    relay_suboption_18: object
    relay_suboption_19: object
    relay_suboption_20: object
    relay_suboption_21: object
    relay_suboption_22: object
    relay_suboption_23: object
    relay_suboption_24: object
    relay_suboption_25: object
    relay_suboption_26: object
    relay_suboption_27: object
    relay_suboption_28: object
    relay_suboption_29: object
    relay_suboption_30: object
    relay_suboption_31: object
    relay_suboption_32: object
    relay_suboption_33: object
    relay_suboption_34: object
    relay_suboption_35: object
    relay_suboption_36: object
    relay_suboption_37: object
    relay_suboption_38: object
    relay_suboption_39: object
    relay_suboption_40: object
    relay_suboption_41: object
    relay_suboption_42: object
    relay_suboption_43: object
    relay_suboption_44: object
    relay_suboption_45: object
    relay_suboption_46: object
    relay_suboption_47: object
    relay_suboption_48: object
    relay_suboption_49: object
    relay_suboption_50: object
    relay_suboption_51: object
    relay_suboption_52: object
    relay_suboption_53: object
    relay_suboption_54: object
    relay_suboption_55: object
    relay_suboption_56: object
    relay_suboption_57: object
    relay_suboption_58: object
    relay_suboption_59: object
    relay_suboption_60: object
    relay_suboption_61: object
    relay_suboption_62: object
    relay_suboption_63: object
    relay_suboption_64: object
    relay_suboption_65: object
    relay_suboption_66: object
    relay_suboption_67: object
    relay_suboption_68: object
    relay_suboption_69: object
    relay_suboption_70: object
    relay_suboption_71: object
    relay_suboption_72: object
    relay_suboption_73: object
    relay_suboption_74: object
    relay_suboption_75: object
    relay_suboption_76: object
    relay_suboption_77: object
    relay_suboption_78: object
    relay_suboption_79: object
    relay_suboption_80: object
    relay_suboption_81: object
    relay_suboption_82: object
    relay_suboption_83: object
    relay_suboption_84: object
    relay_suboption_85: object
    relay_suboption_86: object
    relay_suboption_87: object
    relay_suboption_88: object
    relay_suboption_89: object
    relay_suboption_90: object
    relay_suboption_91: object
    relay_suboption_92: object
    relay_suboption_93: object
    relay_suboption_94: object
    relay_suboption_95: object
    relay_suboption_96: object
    relay_suboption_97: object
    relay_suboption_98: object
    relay_suboption_99: object
    relay_suboption_100: object
    relay_suboption_101: object
    relay_suboption_102: object
    relay_suboption_103: object
    relay_suboption_104: object
    relay_suboption_105: object
    relay_suboption_106: object
    relay_suboption_107: object
    relay_suboption_108: object
    relay_suboption_109: object
    relay_suboption_110: object
    relay_suboption_111: object
    relay_suboption_112: object
    relay_suboption_113: object
    relay_suboption_114: object
    relay_suboption_115: object
    relay_suboption_116: object
    relay_suboption_117: object
    relay_suboption_118: object
    relay_suboption_119: object
    relay_suboption_120: object
    relay_suboption_121: object
    relay_suboption_122: object
    relay_suboption_123: object
    relay_suboption_124: object
    relay_suboption_125: object
    relay_suboption_126: object
    relay_suboption_127: object
    relay_suboption_128: object
    relay_suboption_129: object
    relay_suboption_130: object
    relay_suboption_131: object
    relay_suboption_132: object
    relay_suboption_133: object
    relay_suboption_134: object
    relay_suboption_135: object
    relay_suboption_136: object
    relay_suboption_137: object
    relay_suboption_138: object
    relay_suboption_139: object
    relay_suboption_140: object
    relay_suboption_141: object
    relay_suboption_142: object
    relay_suboption_143: object
    relay_suboption_144: object
    relay_suboption_145: object
    relay_suboption_146: object
    relay_suboption_147: object
    relay_suboption_148: object
    relay_suboption_149: object
    relay_suboption_150: object
    relay_suboption_151: object
    relay_suboption_152: object
    relay_suboption_153: object
    relay_suboption_154: object
    relay_suboption_155: object
    relay_suboption_156: object
    relay_suboption_157: object
    relay_suboption_158: object
    relay_suboption_159: object
    relay_suboption_160: object
    relay_suboption_161: object
    relay_suboption_162: object
    relay_suboption_163: object
    relay_suboption_164: object
    relay_suboption_165: object
    relay_suboption_166: object
    relay_suboption_167: object
    relay_suboption_168: object
    relay_suboption_169: object
    relay_suboption_170: object
    relay_suboption_171: object
    relay_suboption_172: object
    relay_suboption_173: object
    relay_suboption_174: object
    relay_suboption_175: object
    relay_suboption_176: object
    relay_suboption_177: object
    relay_suboption_178: object
    relay_suboption_179: object
    relay_suboption_180: object
    relay_suboption_181: object
    relay_suboption_182: object
    relay_suboption_183: object
    relay_suboption_184: object
    relay_suboption_185: object
    relay_suboption_186: object
    relay_suboption_187: object
    relay_suboption_188: object
    relay_suboption_189: object
    relay_suboption_190: object
    relay_suboption_191: object
    relay_suboption_192: object
    relay_suboption_193: object
    relay_suboption_194: object
    relay_suboption_195: object
    relay_suboption_196: object
    relay_suboption_197: object
    relay_suboption_198: object
    relay_suboption_199: object
    relay_suboption_200: object
    relay_suboption_201: object
    relay_suboption_202: object
    relay_suboption_203: object
    relay_suboption_204: object
    relay_suboption_205: object
    relay_suboption_206: object
    relay_suboption_207: object
    relay_suboption_208: object
    relay_suboption_209: object
    relay_suboption_210: object
    relay_suboption_211: object
    relay_suboption_212: object
    relay_suboption_213: object
    relay_suboption_214: object
    relay_suboption_215: object
    relay_suboption_216: object
    relay_suboption_217: object
    relay_suboption_218: object
    relay_suboption_219: object
    relay_suboption_220: object
    relay_suboption_221: object
    relay_suboption_222: object
    relay_suboption_223: object
    relay_suboption_224: object
    relay_suboption_225: object
    relay_suboption_226: object
    relay_suboption_227: object
    relay_suboption_228: object
    relay_suboption_229: object
    relay_suboption_230: object
    relay_suboption_231: object
    relay_suboption_232: object
    relay_suboption_233: object
    relay_suboption_234: object
    relay_suboption_235: object
    relay_suboption_236: object
    relay_suboption_237: object
    relay_suboption_238: object
    relay_suboption_239: object
    relay_suboption_240: object
    relay_suboption_241: object
    relay_suboption_242: object
    relay_suboption_243: object
    relay_suboption_244: object
    relay_suboption_245: object
    relay_suboption_246: object
    relay_suboption_247: object
    relay_suboption_248: object
    relay_suboption_249: object
    relay_suboption_250: object
    relay_suboption_251: object
    relay_suboption_252: object
    relay_suboption_253: object
    relay_suboption_254: object

class Request(Protocol):
    @property
    def mac(self) -> str | None: ...
    @property
    def client_id(self) -> bytes | None: ...
    @property
    def htype(self) -> int | None: ...
    @property
    def ciaddr(self) -> str | None: ...
    @property
    def giaddr(self) -> str | None: ...
    @property
    def secs(self) -> int | None: ...
    @property
    def interface(self) -> str | None: ...
    @property
    def message_type(self) -> str | None: ...
    @property
    def circuit_id(self) -> bytes | None: ...
    @property
    def remote_id(self) -> bytes | None: ...
    @property
    def subscriber_id(self) -> bytes | None: ...
    @property
    def uuid(self) -> str | None: ...
    @property
    def known(self) -> bool | None: ...
    @property
    def time(self) -> float: ...
    @property
    def subnet(self) -> str | None: ...
    @property
    def classes(self) -> Sequence[str]: ...
    @property
    def lease(self) -> str | None: ...
    @property
    def subnet_mask(self) -> Any: ...
    @property
    def time_offset(self) -> Any: ...
    @property
    def router(self) -> Any: ...
    @property
    def routers(self) -> Any: ...
    @property
    def time_server(self) -> Any: ...
    @property
    def name_server(self) -> Any: ...
    @property
    def domain_name_server(self) -> Any: ...
    @property
    def log_server(self) -> Any: ...
    @property
    def cookie_server(self) -> Any: ...
    @property
    def lpr_server(self) -> Any: ...
    @property
    def impress_server(self) -> Any: ...
    @property
    def resource_location_server(self) -> Any: ...
    @property
    def host_name(self) -> Any: ...
    @property
    def boot_file_size(self) -> Any: ...
    @property
    def merit_dump_file(self) -> Any: ...
    @property
    def domain_name(self) -> Any: ...
    @property
    def swap_server(self) -> Any: ...
    @property
    def root_path(self) -> Any: ...
    @property
    def extensions_path(self) -> Any: ...
    @property
    def ip_forwarding_enabled(self) -> Any: ...
    @property
    def non_local_source_routing_enabled(self) -> Any: ...
    @property
    def policy_filter(self) -> Any: ...
    @property
    def policy_filer(self) -> Any: ...
    @property
    def maximum_datagram_reassembly_size(self) -> Any: ...
    @property
    def default_ip_time_to_live(self) -> Any: ...
    @property
    def path_mtu_aging_timeout(self) -> Any: ...
    @property
    def path_mtu_plateau_table(self) -> Any: ...
    @property
    def interface_mtu(self) -> Any: ...
    @property
    def all_subnets_are_local(self) -> Any: ...
    @property
    def broadcast_address(self) -> Any: ...
    @property
    def perform_mask_discovery(self) -> Any: ...
    @property
    def mask_supplier(self) -> Any: ...
    @property
    def perform_router_discovery(self) -> Any: ...
    @property
    def router_solicitation_address(self) -> Any: ...
    @property
    def static_route(self) -> Any: ...
    @property
    def trailer_encapsulation_option(self) -> Any: ...
    @property
    def arp_cache_timeout(self) -> Any: ...
    @property
    def ethernet_encapsulation(self) -> Any: ...
    @property
    def tcp_default_ttl(self) -> Any: ...
    @property
    def tcp_keep_alive_interval(self) -> Any: ...
    @property
    def tcp_keep_alive_garbage(self) -> Any: ...
    @property
    def network_information_service_domain(self) -> Any: ...
    @property
    def network_information_servers(self) -> Any: ...
    @property
    def network_informtaion_servers(self) -> Any: ...
    @property
    def network_time_protocol_servers(self) -> Any: ...
    @property
    def vendor_specific_information(self) -> Any: ...
    @property
    def netbios_over_tcp_ip_name_server(self) -> Any: ...
    @property
    def netbios_over_tcp_ip_datagram_distribution_server(self) -> Any: ...
    @property
    def netbios_over_tcp_ip_node_type(self) -> Any: ...
    @property
    def netbios_over_tcp_ip_scope(self) -> Any: ...
    @property
    def x_window_system_font_server(self) -> Any: ...
    @property
    def x_window_system_display_manager(self) -> Any: ...
    @property
    def requested_ip_address(self) -> Any: ...
    @property
    def ip_address_lease_time(self) -> Any: ...
    @property
    def option_overload(self) -> Any: ...
    @property
    def dhcp_message_type(self) -> Any: ...
    @property
    def server_identifier(self) -> Any: ...
    @property
    def parameter_request_list(self) -> Any: ...
    @property
    def message(self) -> Any: ...
    @property
    def maximum_dhcp_message_size(self) -> Any: ...
    @property
    def renewal_time_value(self) -> Any: ...
    @property
    def rebinding_time_value(self) -> Any: ...
    @property
    def vendor_class_identifier(self) -> Any: ...
    @property
    def client_identifier(self) -> Any: ...
    @property
    def netware_ip_domain(self) -> Any: ...
    @property
    def netware_ip_option(self) -> Any: ...
    @property
    def network_information_service_plus_domain(self) -> Any: ...
    @property
    def network_information_service_plus_servers(self) -> Any: ...
    @property
    def tftp_server_name(self) -> Any: ...
    @property
    def boot_file_name(self) -> Any: ...
    @property
    def mobile_ip_home_agent(self) -> Any: ...
    @property
    def smtp_server(self) -> Any: ...
    @property
    def pop_servers(self) -> Any: ...
    @property
    def nntp_server(self) -> Any: ...
    @property
    def default_www_server(self) -> Any: ...
    @property
    def default_finger_server(self) -> Any: ...
    @property
    def default_irc_server(self) -> Any: ...
    @property
    def streettalk_server(self) -> Any: ...
    @property
    def stda_server(self) -> Any: ...
    @property
    def user_class(self) -> Any: ...
    @property
    def directory_agent(self) -> Any: ...
    @property
    def service_scope(self) -> Any: ...
    @property
    def rapid_commit(self) -> Any: ...
    @property
    def client_fqdn(self) -> Any: ...
    @property
    def relay_agent_information(self) -> Any: ...
    @property
    def isns(self) -> Any: ...
    @property
    def nds_servers(self) -> Any: ...
    @property
    def nds_tree_name(self) -> Any: ...
    @property
    def nds_context(self) -> Any: ...
    @property
    def bcmcs_controller_domain_name_list(self) -> Any: ...
    @property
    def bcmcs_controller_ipv4_address(self) -> Any: ...
    @property
    def authentication(self) -> Any: ...
    @property
    def client_last_transaction_time(self) -> Any: ...
    @property
    def associated_ip(self) -> Any: ...
    @property
    def client_system_architecture(self) -> Any: ...
    @property
    def client_ndi(self) -> Any: ...
    @property
    def ldap(self) -> Any: ...
    @property
    def client_machine_identifier(self) -> Any: ...
    @property
    def user_auth(self) -> Any: ...
    @property
    def geoconf_civic(self) -> Any: ...
    @property
    def posix_timezone(self) -> Any: ...
    @property
    def tzdb_timezone(self) -> Any: ...
    @property
    def ipv6_only_preferred(self) -> Any: ...
    @property
    def dhcp4o6_s46_saddr(self) -> Any: ...
    @property
    def netinfo_address(self) -> Any: ...
    @property
    def netinfo_tag(self) -> Any: ...
    @property
    def captive_portal(self) -> Any: ...
    @property
    def auto_configure(self) -> Any: ...
    @property
    def name_service_search(self) -> Any: ...
    @property
    def subnet_selection(self) -> Any: ...
    @property
    def domain_search(self) -> Any: ...
    @property
    def sip_servers(self) -> Any: ...
    @property
    def classless_static_route(self) -> Any: ...
    @property
    def ccc(self) -> Any: ...
    @property
    def cablelabs_client_configuration(self) -> Any: ...
    @property
    def geoconf(self) -> Any: ...
    @property
    def vendor_identifying_class(self) -> Any: ...
    @property
    def vendor_identifying(self) -> Any: ...
    @property
    def pxe_undefined_128(self) -> Any: ...
    @property
    def pxe_undefined_129(self) -> Any: ...
    @property
    def pxe_undefined_130(self) -> Any: ...
    @property
    def pxe_undefined_131(self) -> Any: ...
    @property
    def pxe_undefined_132(self) -> Any: ...
    @property
    def pxe_undefined_133(self) -> Any: ...
    @property
    def pxe_undefined_134(self) -> Any: ...
    @property
    def pxe_undefined_135(self) -> Any: ...
    @property
    def pana_agent(self) -> Any: ...
    @property
    def v4_lost(self) -> Any: ...
    @property
    def capwap_access_controllers(self) -> Any: ...
    @property
    def ipv4_address_mos(self) -> Any: ...
    @property
    def ipv4_fqdn_mos(self) -> Any: ...
    @property
    def sip_ua_configuration_service_domains(self) -> Any: ...
    @property
    def ipv4_address_andsf(self) -> Any: ...
    @property
    def v4_sztp_redirect(self) -> Any: ...
    @property
    def geoloc(self) -> Any: ...
    @property
    def forcerenew_nonce_capable(self) -> Any: ...
    @property
    def rdnss_selection(self) -> Any: ...
    @property
    def v4_dots_ri(self) -> Any: ...
    @property
    def v4_dots_address(self) -> Any: ...
    @property
    def tftp_server_address(self) -> Any: ...
    @property
    def status_code(self) -> Any: ...
    @property
    def base_time(self) -> Any: ...
    @property
    def start_time_of_state(self) -> Any: ...
    @property
    def query_start_time(self) -> Any: ...
    @property
    def query_end_time(self) -> Any: ...
    @property
    def dhcp_state(self) -> Any: ...
    @property
    def data_source(self) -> Any: ...
    @property
    def v4_pcp_server(self) -> Any: ...
    @property
    def v4_portparams(self) -> Any: ...
    @property
    def mud_url_v4(self) -> Any: ...
    @property
    def encrypted_dns(self) -> Any: ...
    @property
    def etherboot(self) -> Any: ...
    @property
    def ip_telephone(self) -> Any: ...
    @property
    def packetcable_and_cablehome(self) -> Any: ...
    @property
    def pxelinux_magic(self) -> Any: ...
    @property
    def configuration_file(self) -> Any: ...
    @property
    def pxelinux_configuration_file(self) -> Any: ...
    @property
    def path_prefix(self) -> Any: ...
    @property
    def pxelinux_path_prefix(self) -> Any: ...
    @property
    def reboot_time(self) -> Any: ...
    @property
    def pxelinux_reboot_time(self) -> Any: ...
    @property
    def option_6rd(self) -> Any: ...
    @property
    def v4_access_domain(self) -> Any: ...
    @property
    def subnet_allocation(self) -> Any: ...
    @property
    def virtual_subnet_selection(self) -> Any: ...
    @property
    def microsoft_static_route(self) -> Any: ...
    @property
    def web_proxy_auto_discovery(self) -> Any: ...
    @property
    def option_1(self) -> Any: ...
    @property
    def option_2(self) -> Any: ...
    @property
    def option_3(self) -> Any: ...
    @property
    def option_4(self) -> Any: ...
    @property
    def option_5(self) -> Any: ...
    @property
    def option_6(self) -> Any: ...
    @property
    def option_7(self) -> Any: ...
    @property
    def option_8(self) -> Any: ...
    @property
    def option_9(self) -> Any: ...
    @property
    def option_10(self) -> Any: ...
    @property
    def option_11(self) -> Any: ...
    @property
    def option_12(self) -> Any: ...
    @property
    def option_13(self) -> Any: ...
    @property
    def option_14(self) -> Any: ...
    @property
    def option_15(self) -> Any: ...
    @property
    def option_16(self) -> Any: ...
    @property
    def option_17(self) -> Any: ...
    @property
    def option_18(self) -> Any: ...
    @property
    def option_19(self) -> Any: ...
    @property
    def option_20(self) -> Any: ...
    @property
    def option_21(self) -> Any: ...
    @property
    def option_22(self) -> Any: ...
    @property
    def option_23(self) -> Any: ...
    @property
    def option_24(self) -> Any: ...
    @property
    def option_25(self) -> Any: ...
    @property
    def option_26(self) -> Any: ...
    @property
    def option_27(self) -> Any: ...
    @property
    def option_28(self) -> Any: ...
    @property
    def option_29(self) -> Any: ...
    @property
    def option_30(self) -> Any: ...
    @property
    def option_31(self) -> Any: ...
    @property
    def option_32(self) -> Any: ...
    @property
    def option_33(self) -> Any: ...
    @property
    def option_34(self) -> Any: ...
    @property
    def option_35(self) -> Any: ...
    @property
    def option_36(self) -> Any: ...
    @property
    def option_37(self) -> Any: ...
    @property
    def option_38(self) -> Any: ...
    @property
    def option_39(self) -> Any: ...
    @property
    def option_40(self) -> Any: ...
    @property
    def option_41(self) -> Any: ...
    @property
    def option_42(self) -> Any: ...
    @property
    def option_43(self) -> Any: ...
    @property
    def option_44(self) -> Any: ...
    @property
    def option_45(self) -> Any: ...
    @property
    def option_46(self) -> Any: ...
    @property
    def option_47(self) -> Any: ...
    @property
    def option_48(self) -> Any: ...
    @property
    def option_49(self) -> Any: ...
    @property
    def option_50(self) -> Any: ...
    @property
    def option_51(self) -> Any: ...
    @property
    def option_52(self) -> Any: ...
    @property
    def option_53(self) -> Any: ...
    @property
    def option_54(self) -> Any: ...
    @property
    def option_55(self) -> Any: ...
    @property
    def option_56(self) -> Any: ...
    @property
    def option_57(self) -> Any: ...
    @property
    def option_58(self) -> Any: ...
    @property
    def option_59(self) -> Any: ...
    @property
    def option_60(self) -> Any: ...
    @property
    def option_61(self) -> Any: ...
    @property
    def option_62(self) -> Any: ...
    @property
    def option_63(self) -> Any: ...
    @property
    def option_64(self) -> Any: ...
    @property
    def option_65(self) -> Any: ...
    @property
    def option_66(self) -> Any: ...
    @property
    def option_67(self) -> Any: ...
    @property
    def option_68(self) -> Any: ...
    @property
    def option_69(self) -> Any: ...
    @property
    def option_70(self) -> Any: ...
    @property
    def option_71(self) -> Any: ...
    @property
    def option_72(self) -> Any: ...
    @property
    def option_73(self) -> Any: ...
    @property
    def option_74(self) -> Any: ...
    @property
    def option_75(self) -> Any: ...
    @property
    def option_76(self) -> Any: ...
    @property
    def option_77(self) -> Any: ...
    @property
    def option_78(self) -> Any: ...
    @property
    def option_79(self) -> Any: ...
    @property
    def option_80(self) -> Any: ...
    @property
    def option_81(self) -> Any: ...
    @property
    def option_82(self) -> Any: ...
    @property
    def option_83(self) -> Any: ...
    @property
    def option_84(self) -> Any: ...
    @property
    def option_85(self) -> Any: ...
    @property
    def option_86(self) -> Any: ...
    @property
    def option_87(self) -> Any: ...
    @property
    def option_88(self) -> Any: ...
    @property
    def option_89(self) -> Any: ...
    @property
    def option_90(self) -> Any: ...
    @property
    def option_91(self) -> Any: ...
    @property
    def option_92(self) -> Any: ...
    @property
    def option_93(self) -> Any: ...
    @property
    def option_94(self) -> Any: ...
    @property
    def option_95(self) -> Any: ...
    @property
    def option_96(self) -> Any: ...
    @property
    def option_97(self) -> Any: ...
    @property
    def option_98(self) -> Any: ...
    @property
    def option_99(self) -> Any: ...
    @property
    def option_100(self) -> Any: ...
    @property
    def option_101(self) -> Any: ...
    @property
    def option_102(self) -> Any: ...
    @property
    def option_103(self) -> Any: ...
    @property
    def option_104(self) -> Any: ...
    @property
    def option_105(self) -> Any: ...
    @property
    def option_106(self) -> Any: ...
    @property
    def option_107(self) -> Any: ...
    @property
    def option_108(self) -> Any: ...
    @property
    def option_109(self) -> Any: ...
    @property
    def option_110(self) -> Any: ...
    @property
    def option_111(self) -> Any: ...
    @property
    def option_112(self) -> Any: ...
    @property
    def option_113(self) -> Any: ...
    @property
    def option_114(self) -> Any: ...
    @property
    def option_115(self) -> Any: ...
    @property
    def option_116(self) -> Any: ...
    @property
    def option_117(self) -> Any: ...
    @property
    def option_118(self) -> Any: ...
    @property
    def option_119(self) -> Any: ...
    @property
    def option_120(self) -> Any: ...
    @property
    def option_121(self) -> Any: ...
    @property
    def option_122(self) -> Any: ...
    @property
    def option_123(self) -> Any: ...
    @property
    def option_124(self) -> Any: ...
    @property
    def option_125(self) -> Any: ...
    @property
    def option_126(self) -> Any: ...
    @property
    def option_127(self) -> Any: ...
    @property
    def option_128(self) -> Any: ...
    @property
    def option_129(self) -> Any: ...
    @property
    def option_130(self) -> Any: ...
    @property
    def option_131(self) -> Any: ...
    @property
    def option_132(self) -> Any: ...
    @property
    def option_133(self) -> Any: ...
    @property
    def option_134(self) -> Any: ...
    @property
    def option_135(self) -> Any: ...
    @property
    def option_136(self) -> Any: ...
    @property
    def option_137(self) -> Any: ...
    @property
    def option_138(self) -> Any: ...
    @property
    def option_139(self) -> Any: ...
    @property
    def option_140(self) -> Any: ...
    @property
    def option_141(self) -> Any: ...
    @property
    def option_142(self) -> Any: ...
    @property
    def option_143(self) -> Any: ...
    @property
    def option_144(self) -> Any: ...
    @property
    def option_145(self) -> Any: ...
    @property
    def option_146(self) -> Any: ...
    @property
    def option_147(self) -> Any: ...
    @property
    def option_148(self) -> Any: ...
    @property
    def option_149(self) -> Any: ...
    @property
    def option_150(self) -> Any: ...
    @property
    def option_151(self) -> Any: ...
    @property
    def option_152(self) -> Any: ...
    @property
    def option_153(self) -> Any: ...
    @property
    def option_154(self) -> Any: ...
    @property
    def option_155(self) -> Any: ...
    @property
    def option_156(self) -> Any: ...
    @property
    def option_157(self) -> Any: ...
    @property
    def option_158(self) -> Any: ...
    @property
    def option_159(self) -> Any: ...
    @property
    def option_160(self) -> Any: ...
    @property
    def option_161(self) -> Any: ...
    @property
    def option_162(self) -> Any: ...
    @property
    def option_163(self) -> Any: ...
    @property
    def option_164(self) -> Any: ...
    @property
    def option_165(self) -> Any: ...
    @property
    def option_166(self) -> Any: ...
    @property
    def option_167(self) -> Any: ...
    @property
    def option_168(self) -> Any: ...
    @property
    def option_169(self) -> Any: ...
    @property
    def option_170(self) -> Any: ...
    @property
    def option_171(self) -> Any: ...
    @property
    def option_172(self) -> Any: ...
    @property
    def option_173(self) -> Any: ...
    @property
    def option_174(self) -> Any: ...
    @property
    def option_175(self) -> Any: ...
    @property
    def option_176(self) -> Any: ...
    @property
    def option_177(self) -> Any: ...
    @property
    def option_178(self) -> Any: ...
    @property
    def option_179(self) -> Any: ...
    @property
    def option_180(self) -> Any: ...
    @property
    def option_181(self) -> Any: ...
    @property
    def option_182(self) -> Any: ...
    @property
    def option_183(self) -> Any: ...
    @property
    def option_184(self) -> Any: ...
    @property
    def option_185(self) -> Any: ...
    @property
    def option_186(self) -> Any: ...
    @property
    def option_187(self) -> Any: ...
    @property
    def option_188(self) -> Any: ...
    @property
    def option_189(self) -> Any: ...
    @property
    def option_190(self) -> Any: ...
    @property
    def option_191(self) -> Any: ...
    @property
    def option_192(self) -> Any: ...
    @property
    def option_193(self) -> Any: ...
    @property
    def option_194(self) -> Any: ...
    @property
    def option_195(self) -> Any: ...
    @property
    def option_196(self) -> Any: ...
    @property
    def option_197(self) -> Any: ...
    @property
    def option_198(self) -> Any: ...
    @property
    def option_199(self) -> Any: ...
    @property
    def option_200(self) -> Any: ...
    @property
    def option_201(self) -> Any: ...
    @property
    def option_202(self) -> Any: ...
    @property
    def option_203(self) -> Any: ...
    @property
    def option_204(self) -> Any: ...
    @property
    def option_205(self) -> Any: ...
    @property
    def option_206(self) -> Any: ...
    @property
    def option_207(self) -> Any: ...
    @property
    def option_208(self) -> Any: ...
    @property
    def option_209(self) -> Any: ...
    @property
    def option_210(self) -> Any: ...
    @property
    def option_211(self) -> Any: ...
    @property
    def option_212(self) -> Any: ...
    @property
    def option_213(self) -> Any: ...
    @property
    def option_214(self) -> Any: ...
    @property
    def option_215(self) -> Any: ...
    @property
    def option_216(self) -> Any: ...
    @property
    def option_217(self) -> Any: ...
    @property
    def option_218(self) -> Any: ...
    @property
    def option_219(self) -> Any: ...
    @property
    def option_220(self) -> Any: ...
    @property
    def option_221(self) -> Any: ...
    @property
    def option_222(self) -> Any: ...
    @property
    def option_223(self) -> Any: ...
    @property
    def option_224(self) -> Any: ...
    @property
    def option_225(self) -> Any: ...
    @property
    def option_226(self) -> Any: ...
    @property
    def option_227(self) -> Any: ...
    @property
    def option_228(self) -> Any: ...
    @property
    def option_229(self) -> Any: ...
    @property
    def option_230(self) -> Any: ...
    @property
    def option_231(self) -> Any: ...
    @property
    def option_232(self) -> Any: ...
    @property
    def option_233(self) -> Any: ...
    @property
    def option_234(self) -> Any: ...
    @property
    def option_235(self) -> Any: ...
    @property
    def option_236(self) -> Any: ...
    @property
    def option_237(self) -> Any: ...
    @property
    def option_238(self) -> Any: ...
    @property
    def option_239(self) -> Any: ...
    @property
    def option_240(self) -> Any: ...
    @property
    def option_241(self) -> Any: ...
    @property
    def option_242(self) -> Any: ...
    @property
    def option_243(self) -> Any: ...
    @property
    def option_244(self) -> Any: ...
    @property
    def option_245(self) -> Any: ...
    @property
    def option_246(self) -> Any: ...
    @property
    def option_247(self) -> Any: ...
    @property
    def option_248(self) -> Any: ...
    @property
    def option_249(self) -> Any: ...
    @property
    def option_250(self) -> Any: ...
    @property
    def option_251(self) -> Any: ...
    @property
    def option_252(self) -> Any: ...
    @property
    def option_253(self) -> Any: ...
    @property
    def option_254(self) -> Any: ...
    @property
    def relay_suboption_1(self) -> Any: ...
    @property
    def relay_suboption_2(self) -> Any: ...
    @property
    def relay_suboption_3(self) -> Any: ...
    @property
    def relay_suboption_4(self) -> Any: ...
    @property
    def relay_suboption_5(self) -> Any: ...
    @property
    def relay_suboption_6(self) -> Any: ...
    @property
    def relay_suboption_7(self) -> Any: ...
    @property
    def relay_suboption_8(self) -> Any: ...
    @property
    def relay_suboption_9(self) -> Any: ...
    @property
    def relay_suboption_10(self) -> Any: ...
    @property
    def relay_suboption_11(self) -> Any: ...
    @property
    def relay_suboption_12(self) -> Any: ...
    @property
    def relay_suboption_13(self) -> Any: ...
    @property
    def relay_suboption_14(self) -> Any: ...
    @property
    def relay_suboption_15(self) -> Any: ...
    @property
    def relay_suboption_16(self) -> Any: ...
    @property
    def relay_suboption_17(self) -> Any: ...
    @property
    def relay_suboption_18(self) -> Any: ...
    @property
    def relay_suboption_19(self) -> Any: ...
    @property
    def relay_suboption_20(self) -> Any: ...
    @property
    def relay_suboption_21(self) -> Any: ...
    @property
    def relay_suboption_22(self) -> Any: ...
    @property
    def relay_suboption_23(self) -> Any: ...
    @property
    def relay_suboption_24(self) -> Any: ...
    @property
    def relay_suboption_25(self) -> Any: ...
    @property
    def relay_suboption_26(self) -> Any: ...
    @property
    def relay_suboption_27(self) -> Any: ...
    @property
    def relay_suboption_28(self) -> Any: ...
    @property
    def relay_suboption_29(self) -> Any: ...
    @property
    def relay_suboption_30(self) -> Any: ...
    @property
    def relay_suboption_31(self) -> Any: ...
    @property
    def relay_suboption_32(self) -> Any: ...
    @property
    def relay_suboption_33(self) -> Any: ...
    @property
    def relay_suboption_34(self) -> Any: ...
    @property
    def relay_suboption_35(self) -> Any: ...
    @property
    def relay_suboption_36(self) -> Any: ...
    @property
    def relay_suboption_37(self) -> Any: ...
    @property
    def relay_suboption_38(self) -> Any: ...
    @property
    def relay_suboption_39(self) -> Any: ...
    @property
    def relay_suboption_40(self) -> Any: ...
    @property
    def relay_suboption_41(self) -> Any: ...
    @property
    def relay_suboption_42(self) -> Any: ...
    @property
    def relay_suboption_43(self) -> Any: ...
    @property
    def relay_suboption_44(self) -> Any: ...
    @property
    def relay_suboption_45(self) -> Any: ...
    @property
    def relay_suboption_46(self) -> Any: ...
    @property
    def relay_suboption_47(self) -> Any: ...
    @property
    def relay_suboption_48(self) -> Any: ...
    @property
    def relay_suboption_49(self) -> Any: ...
    @property
    def relay_suboption_50(self) -> Any: ...
    @property
    def relay_suboption_51(self) -> Any: ...
    @property
    def relay_suboption_52(self) -> Any: ...
    @property
    def relay_suboption_53(self) -> Any: ...
    @property
    def relay_suboption_54(self) -> Any: ...
    @property
    def relay_suboption_55(self) -> Any: ...
    @property
    def relay_suboption_56(self) -> Any: ...
    @property
    def relay_suboption_57(self) -> Any: ...
    @property
    def relay_suboption_58(self) -> Any: ...
    @property
    def relay_suboption_59(self) -> Any: ...
    @property
    def relay_suboption_60(self) -> Any: ...
    @property
    def relay_suboption_61(self) -> Any: ...
    @property
    def relay_suboption_62(self) -> Any: ...
    @property
    def relay_suboption_63(self) -> Any: ...
    @property
    def relay_suboption_64(self) -> Any: ...
    @property
    def relay_suboption_65(self) -> Any: ...
    @property
    def relay_suboption_66(self) -> Any: ...
    @property
    def relay_suboption_67(self) -> Any: ...
    @property
    def relay_suboption_68(self) -> Any: ...
    @property
    def relay_suboption_69(self) -> Any: ...
    @property
    def relay_suboption_70(self) -> Any: ...
    @property
    def relay_suboption_71(self) -> Any: ...
    @property
    def relay_suboption_72(self) -> Any: ...
    @property
    def relay_suboption_73(self) -> Any: ...
    @property
    def relay_suboption_74(self) -> Any: ...
    @property
    def relay_suboption_75(self) -> Any: ...
    @property
    def relay_suboption_76(self) -> Any: ...
    @property
    def relay_suboption_77(self) -> Any: ...
    @property
    def relay_suboption_78(self) -> Any: ...
    @property
    def relay_suboption_79(self) -> Any: ...
    @property
    def relay_suboption_80(self) -> Any: ...
    @property
    def relay_suboption_81(self) -> Any: ...
    @property
    def relay_suboption_82(self) -> Any: ...
    @property
    def relay_suboption_83(self) -> Any: ...
    @property
    def relay_suboption_84(self) -> Any: ...
    @property
    def relay_suboption_85(self) -> Any: ...
    @property
    def relay_suboption_86(self) -> Any: ...
    @property
    def relay_suboption_87(self) -> Any: ...
    @property
    def relay_suboption_88(self) -> Any: ...
    @property
    def relay_suboption_89(self) -> Any: ...
    @property
    def relay_suboption_90(self) -> Any: ...
    @property
    def relay_suboption_91(self) -> Any: ...
    @property
    def relay_suboption_92(self) -> Any: ...
    @property
    def relay_suboption_93(self) -> Any: ...
    @property
    def relay_suboption_94(self) -> Any: ...
    @property
    def relay_suboption_95(self) -> Any: ...
    @property
    def relay_suboption_96(self) -> Any: ...
    @property
    def relay_suboption_97(self) -> Any: ...
    @property
    def relay_suboption_98(self) -> Any: ...
    @property
    def relay_suboption_99(self) -> Any: ...
    @property
    def relay_suboption_100(self) -> Any: ...
    @property
    def relay_suboption_101(self) -> Any: ...
    @property
    def relay_suboption_102(self) -> Any: ...
    @property
    def relay_suboption_103(self) -> Any: ...
    @property
    def relay_suboption_104(self) -> Any: ...
    @property
    def relay_suboption_105(self) -> Any: ...
    @property
    def relay_suboption_106(self) -> Any: ...
    @property
    def relay_suboption_107(self) -> Any: ...
    @property
    def relay_suboption_108(self) -> Any: ...
    @property
    def relay_suboption_109(self) -> Any: ...
    @property
    def relay_suboption_110(self) -> Any: ...
    @property
    def relay_suboption_111(self) -> Any: ...
    @property
    def relay_suboption_112(self) -> Any: ...
    @property
    def relay_suboption_113(self) -> Any: ...
    @property
    def relay_suboption_114(self) -> Any: ...
    @property
    def relay_suboption_115(self) -> Any: ...
    @property
    def relay_suboption_116(self) -> Any: ...
    @property
    def relay_suboption_117(self) -> Any: ...
    @property
    def relay_suboption_118(self) -> Any: ...
    @property
    def relay_suboption_119(self) -> Any: ...
    @property
    def relay_suboption_120(self) -> Any: ...
    @property
    def relay_suboption_121(self) -> Any: ...
    @property
    def relay_suboption_122(self) -> Any: ...
    @property
    def relay_suboption_123(self) -> Any: ...
    @property
    def relay_suboption_124(self) -> Any: ...
    @property
    def relay_suboption_125(self) -> Any: ...
    @property
    def relay_suboption_126(self) -> Any: ...
    @property
    def relay_suboption_127(self) -> Any: ...
    @property
    def relay_suboption_128(self) -> Any: ...
    @property
    def relay_suboption_129(self) -> Any: ...
    @property
    def relay_suboption_130(self) -> Any: ...
    @property
    def relay_suboption_131(self) -> Any: ...
    @property
    def relay_suboption_132(self) -> Any: ...
    @property
    def relay_suboption_133(self) -> Any: ...
    @property
    def relay_suboption_134(self) -> Any: ...
    @property
    def relay_suboption_135(self) -> Any: ...
    @property
    def relay_suboption_136(self) -> Any: ...
    @property
    def relay_suboption_137(self) -> Any: ...
    @property
    def relay_suboption_138(self) -> Any: ...
    @property
    def relay_suboption_139(self) -> Any: ...
    @property
    def relay_suboption_140(self) -> Any: ...
    @property
    def relay_suboption_141(self) -> Any: ...
    @property
    def relay_suboption_142(self) -> Any: ...
    @property
    def relay_suboption_143(self) -> Any: ...
    @property
    def relay_suboption_144(self) -> Any: ...
    @property
    def relay_suboption_145(self) -> Any: ...
    @property
    def relay_suboption_146(self) -> Any: ...
    @property
    def relay_suboption_147(self) -> Any: ...
    @property
    def relay_suboption_148(self) -> Any: ...
    @property
    def relay_suboption_149(self) -> Any: ...
    @property
    def relay_suboption_150(self) -> Any: ...
    @property
    def relay_suboption_151(self) -> Any: ...
    @property
    def relay_suboption_152(self) -> Any: ...
    @property
    def relay_suboption_153(self) -> Any: ...
    @property
    def relay_suboption_154(self) -> Any: ...
    @property
    def relay_suboption_155(self) -> Any: ...
    @property
    def relay_suboption_156(self) -> Any: ...
    @property
    def relay_suboption_157(self) -> Any: ...
    @property
    def relay_suboption_158(self) -> Any: ...
    @property
    def relay_suboption_159(self) -> Any: ...
    @property
    def relay_suboption_160(self) -> Any: ...
    @property
    def relay_suboption_161(self) -> Any: ...
    @property
    def relay_suboption_162(self) -> Any: ...
    @property
    def relay_suboption_163(self) -> Any: ...
    @property
    def relay_suboption_164(self) -> Any: ...
    @property
    def relay_suboption_165(self) -> Any: ...
    @property
    def relay_suboption_166(self) -> Any: ...
    @property
    def relay_suboption_167(self) -> Any: ...
    @property
    def relay_suboption_168(self) -> Any: ...
    @property
    def relay_suboption_169(self) -> Any: ...
    @property
    def relay_suboption_170(self) -> Any: ...
    @property
    def relay_suboption_171(self) -> Any: ...
    @property
    def relay_suboption_172(self) -> Any: ...
    @property
    def relay_suboption_173(self) -> Any: ...
    @property
    def relay_suboption_174(self) -> Any: ...
    @property
    def relay_suboption_175(self) -> Any: ...
    @property
    def relay_suboption_176(self) -> Any: ...
    @property
    def relay_suboption_177(self) -> Any: ...
    @property
    def relay_suboption_178(self) -> Any: ...
    @property
    def relay_suboption_179(self) -> Any: ...
    @property
    def relay_suboption_180(self) -> Any: ...
    @property
    def relay_suboption_181(self) -> Any: ...
    @property
    def relay_suboption_182(self) -> Any: ...
    @property
    def relay_suboption_183(self) -> Any: ...
    @property
    def relay_suboption_184(self) -> Any: ...
    @property
    def relay_suboption_185(self) -> Any: ...
    @property
    def relay_suboption_186(self) -> Any: ...
    @property
    def relay_suboption_187(self) -> Any: ...
    @property
    def relay_suboption_188(self) -> Any: ...
    @property
    def relay_suboption_189(self) -> Any: ...
    @property
    def relay_suboption_190(self) -> Any: ...
    @property
    def relay_suboption_191(self) -> Any: ...
    @property
    def relay_suboption_192(self) -> Any: ...
    @property
    def relay_suboption_193(self) -> Any: ...
    @property
    def relay_suboption_194(self) -> Any: ...
    @property
    def relay_suboption_195(self) -> Any: ...
    @property
    def relay_suboption_196(self) -> Any: ...
    @property
    def relay_suboption_197(self) -> Any: ...
    @property
    def relay_suboption_198(self) -> Any: ...
    @property
    def relay_suboption_199(self) -> Any: ...
    @property
    def relay_suboption_200(self) -> Any: ...
    @property
    def relay_suboption_201(self) -> Any: ...
    @property
    def relay_suboption_202(self) -> Any: ...
    @property
    def relay_suboption_203(self) -> Any: ...
    @property
    def relay_suboption_204(self) -> Any: ...
    @property
    def relay_suboption_205(self) -> Any: ...
    @property
    def relay_suboption_206(self) -> Any: ...
    @property
    def relay_suboption_207(self) -> Any: ...
    @property
    def relay_suboption_208(self) -> Any: ...
    @property
    def relay_suboption_209(self) -> Any: ...
    @property
    def relay_suboption_210(self) -> Any: ...
    @property
    def relay_suboption_211(self) -> Any: ...
    @property
    def relay_suboption_212(self) -> Any: ...
    @property
    def relay_suboption_213(self) -> Any: ...
    @property
    def relay_suboption_214(self) -> Any: ...
    @property
    def relay_suboption_215(self) -> Any: ...
    @property
    def relay_suboption_216(self) -> Any: ...
    @property
    def relay_suboption_217(self) -> Any: ...
    @property
    def relay_suboption_218(self) -> Any: ...
    @property
    def relay_suboption_219(self) -> Any: ...
    @property
    def relay_suboption_220(self) -> Any: ...
    @property
    def relay_suboption_221(self) -> Any: ...
    @property
    def relay_suboption_222(self) -> Any: ...
    @property
    def relay_suboption_223(self) -> Any: ...
    @property
    def relay_suboption_224(self) -> Any: ...
    @property
    def relay_suboption_225(self) -> Any: ...
    @property
    def relay_suboption_226(self) -> Any: ...
    @property
    def relay_suboption_227(self) -> Any: ...
    @property
    def relay_suboption_228(self) -> Any: ...
    @property
    def relay_suboption_229(self) -> Any: ...
    @property
    def relay_suboption_230(self) -> Any: ...
    @property
    def relay_suboption_231(self) -> Any: ...
    @property
    def relay_suboption_232(self) -> Any: ...
    @property
    def relay_suboption_233(self) -> Any: ...
    @property
    def relay_suboption_234(self) -> Any: ...
    @property
    def relay_suboption_235(self) -> Any: ...
    @property
    def relay_suboption_236(self) -> Any: ...
    @property
    def relay_suboption_237(self) -> Any: ...
    @property
    def relay_suboption_238(self) -> Any: ...
    @property
    def relay_suboption_239(self) -> Any: ...
    @property
    def relay_suboption_240(self) -> Any: ...
    @property
    def relay_suboption_241(self) -> Any: ...
    @property
    def relay_suboption_242(self) -> Any: ...
    @property
    def relay_suboption_243(self) -> Any: ...
    @property
    def relay_suboption_244(self) -> Any: ...
    @property
    def relay_suboption_245(self) -> Any: ...
    @property
    def relay_suboption_246(self) -> Any: ...
    @property
    def relay_suboption_247(self) -> Any: ...
    @property
    def relay_suboption_248(self) -> Any: ...
    @property
    def relay_suboption_249(self) -> Any: ...
    @property
    def relay_suboption_250(self) -> Any: ...
    @property
    def relay_suboption_251(self) -> Any: ...
    @property
    def relay_suboption_252(self) -> Any: ...
    @property
    def relay_suboption_253(self) -> Any: ...
    @property
    def relay_suboption_254(self) -> Any: ...

class Reply(Protocol):
    next_server: str | None
    server_name: str | None
    boot_file_name: str | None
    hostname: str | None
    @property
    def options(self) -> MutableMapping[str, Any]: ...
    @property
    def address(self) -> str | None: ...
    @property
    def lease_time(self) -> int | None: ...

_Kind = Literal["bound", "renewed", "released", "expired", "declined", "in_use", "quarantine_ended", "refused",
                "informed", "no_free_address", "over_limit", "told_what_to_boot", "boot_begun", "boot_finished",
                "boot_failed", "asked", "serving", "waiting", "alarm", "alarm_over", "pool_alarm", "disk_alarm",
                "store_alarm", "lost_leases_alarm", "database_file_alarm", "database_log_alarm", "history_alarm",
                "history_size_alarm", "dns_alarm", "dns_file_alarm", "other_server_alarm", "decline_alarm",
                "flood_alarm", "limit_alarm", "rate_alarm", "proxy_arp_alarm", "pool_alarm_over", "disk_alarm_over",
                "store_alarm_over", "lost_leases_alarm_over", "database_file_alarm_over", "database_log_alarm_over",
                "history_alarm_over", "history_size_alarm_over", "dns_alarm_over", "dns_file_alarm_over",
                "other_server_alarm_over", "decline_alarm_over", "flood_alarm_over", "limit_alarm_over",
                "rate_alarm_over", "proxy_arp_alarm_over"]
class Event(Protocol):
    @property
    def kind(self) -> str: ...
    @property
    def time(self) -> float: ...
    @property
    def address(self) -> str | None: ...
    @property
    def mac(self) -> str | None: ...
    @property
    def hostname(self) -> str | None: ...
    @property
    def sent_hostname(self) -> str | None: ...
    @property
    def client_id(self) -> bytes | None: ...
    @property
    def subnet(self) -> str | None: ...
    @property
    def expires(self) -> float | None: ...
    @property
    def relay(self) -> str | None: ...
    @property
    def circuit_id(self) -> bytes | None: ...
    @property
    def remote_id(self) -> bytes | None: ...
    @property
    def subscriber_id(self) -> bytes | None: ...
    @property
    def note(self) -> str | None: ...
    @property
    def old_address(self) -> str | None: ...
    @property
    def old_mac(self) -> str | None: ...
    @property
    def old_client_id(self) -> bytes | None: ...
    @property
    def old_hostname(self) -> str | None: ...
    @property
    def old_expires(self) -> float | None: ...
    @property
    def options(self) -> Mapping[str, Any]: ...

def subnet(network: str, *, pools: Sequence[PoolDeclaration | _Range] | PoolDeclaration | _Range = ...,
           exclude: list[_Range] | _Range = ..., relays: _Names = ..., interface: str | None = ..., allow: _Names = ...,
           deny: _Names = ..., **settings: Unpack[_NetworkSettings]) -> SubnetDeclaration: ...
def pool(range: list[_Range] | _Range, *, allow: _Names = ..., deny: _Names = ...,
         **settings: Unpack[_PoolSettings]) -> PoolDeclaration: ...
def shared_network(name: str, subnets: Sequence[SubnetDeclaration], *, relays: _Names = ..., interface: str | None = ...,
                   **settings: Unpack[_NetworkSettings]) -> SharedNetworkDeclaration: ...
def host(ip: _Names | None = ..., hostname: str | None = ..., *, mac: _Octets | Sequence[_Octets] = ...,
         client_id: _Octets | Sequence[_Octets] = ..., uuid: _Octets | Sequence[_Octets] = ..., relay: str = ...,
         remote_id: _Octets = ..., circuit_id: _Octets = ..., subscriber_id: _Octets = ..., match_hostname: bool = ...,
         classes: _Names = ..., ignore: bool = ..., **settings: Unpack[_HostSettings]) -> Reservation: ...
def client_class(name: str, condition: Condition | Callable[[Request], object] | None = ..., *, lease_limit: int | None = ...,
                 lease_limit_per: str | None = ..., **settings: Unpack[_HostSettings]) -> ClientClass: ...
def pxe_item(text: str, boot_file_name: _BootFile | None = ..., *, server: str | None = ...,
             type: int | None = ...) -> PxeItem: ...
class _PxeMenu(PxeMenu):
    def __call__(self, prompt: str, items: Sequence[PxeItem], *, timeout: int | None = ...) -> _PxeMenu: ...
pxe_menu: _PxeMenu
def dns_file(path: str | Path, *, form: str | None = ..., domain: str | None = ..., server: str | None = ...,
             ttl: int | None = ...) -> DnsFile: ...
def dns_zone(name: str, server: _Names | None = ..., *, port: int | None = ..., key: Tsig | None = ...,
             ttl: int | None = ...) -> DnsZone: ...
def tsig(name: str | None = ..., algorithm: str | None = ..., *, secret: str | bytes | None = ...,
         file: str | Path | None = ...) -> Tsig: ...
def script(path: str, *, on: Sequence[_Kind] | _Kind = ..., timeout: float = ..., concurrency: int = ..., queue: int = ...,
           wait: bool = ...) -> Script: ...
def option(code: int, name: str, shape: object, inside: str | tuple[str, int] | None = ...) -> Option: ...
def match(**fields: Unpack[_Fields]) -> Condition: ...

"""Configurations of Kea, judged by Kea: what it says, ours says; what the report said would differ is named here."""

import re

import pytest
from judge import Question, judged
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
PXE = (60, b"PXEClient:Arch:00000:UNDI:002001")
FEW = bytes((1, 3, 6, 15, 42))


def relayed(circuit=b"", remote=b""):
    """Option 82."""
    parts = ((1, circuit), (2, remote))
    return (82, b"".join(bytes((code, len(value))) + value for code, value in parts if value))


QUESTIONS = [
    *(Question(f"client {number}", mac_of(number)) for number in range(1, 9)),
    Question("asks for few", mac_of(9), asks_for=FEW),
    Question("asks for one", mac_of(10), asks_for=b"\3"),
    Question("has an identifier", mac_of(11), ((61, b"\1" + mac_of(11)),)),
    Question("has a DUID", mac_of(12), ((61, b"\xff\0\0\0\1" + bytes.fromhex("000100012233445502aabbccddee")),)),
    Question("PXE by BIOS", mac_of(13), (PXE, (93, b"\0\0"), (97, b"\0" + bytes(range(16))))),
    Question("PXE by UEFI", mac_of(14), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7"))),
    Question("iPXE", mac_of(15), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7"), (77, b"iPXE"))),
    Question("HTTP", mac_of(16), ((60, b"HTTPClient:Arch:00016:UNDI:003001"), (93, b"\0\x10"))),
    Question("phone", mac_of(17), ((60, b"Phone-7960"),)),
    Question("Windows", mac_of(18), ((60, b"MSFT 5.0"),)),
    Question("ubnt", mac_of(19), ((60, b"ubnt"),)),
    Question("wants a time", mac_of(20), ((51, (900).to_bytes(4, "big")),)),
    Question("wants a long time", mac_of(21), ((51, (90000).to_bytes(4, "big")),)),
    Question("relayed", mac_of(22), giaddr="10.78.0.1"),
    Question("relayed by a port", mac_of(23), (relayed(b"port-7", b"sw1"),), giaddr="10.78.0.1"),
    Question("relayed by another port", mac_of(24), (relayed(b"port-8", b"sw2"),), giaddr="10.78.0.1"),
    Question("relayed from elsewhere", mac_of(25), giaddr="10.79.0.1"),
    Question("relayed from a listed relay", mac_of(26), giaddr="10.79.200.1"),
    Question("relayed phone", mac_of(27), ((60, b"Phone-7960"),), giaddr="10.78.0.1"),
    Question("relayed PXE", mac_of(28), (PXE, (93, b"\0\0")), giaddr="10.78.0.1"),
]
HEAD = """// a campus
{ "Dhcp4": {
    # where clients are
    "interfaces-config": { "interfaces": [ "s0" ] },
"""
LAN = '"subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.20 - 10.77.1.99" } ]'
RANGE, SECOND, THIRD = "10.77.1.20 - 10.77.1.99", "10.77.2.20 - 10.77.2.99", "10.78.0.20 - 10.78.0.99"
FOURTH = "10.79.0.20 - 10.79.0.99"
RANGES = [RANGE, SECOND, THIRD, FOURTH]
ROUTERS = '"option-data": [ { "name": "routers", "data": "10.77.0.1" } ]'

CONFIGURATIONS = {
    "bare": '"subnet4": [ { ' + LAN + " } ]",
    "home": """
    "valid-lifetime": 3600, /* an hour */ "renew-timer": 900, "rebind-timer": 1800,
    "option-data": [
        { "name": "domain-name-servers", "data": "10.77.0.1, 9.9.9.9" },
        { "code": 15, "data": "home.example" },
        { "name": "domain-search", "data": "home.example, example" },
        { "name": "ntp-servers", "data": "10.77.0.1", "always-send": true },
    ],
    "subnet4": [ { """ + LAN + ", " + ROUTERS + """,
        "reservations": [
            { "hw-address": "{1}", "ip-address": "10.77.3.1", "hostname": "boss" },
            // the printer
            { "hw-address": "{2}", "ip-address": "10.77.3.2", "hostname": "printer",
              "option-data": [ { "name": "log-servers", "data": "10.77.0.9" } ] },
            { "client-id": "01:{11}", "ip-address": "10.77.3.3" },
            { "duid": "000100012233445502aabbccddee", "ip-address": "10.77.3.4" } ] } ]""",
    "netboot": """
    "next-server": "10.77.0.9", "boot-file-name": "undionly.kpxe",
    "client-classes": [
        { "name": "iPXE", "test": "substring(option[77].hex, 0, 4) == 'iPXE'", "boot-file-name": "boot.ipxe" },
        { "name": "UEFI", "test": "option[93].hex == 0x0007 or option[93].hex == 0x0009", "boot-file-name": "ipxe.efi",
          "next-server": "10.77.0.10", "server-hostname": "boot.example" },
        { "name": "HTTP", "test": "substring(option[60].hex, 0, 10) == 'HTTPClient'",
          "option-data": [ { "name": "vendor-class-identifier", "data": "HTTPClient" } ],
          "boot-file-name": "http://10.77.0.9/boot.efi" } ],
    "subnet4": [ { """ + LAN + ", " + ROUTERS + ' } ]',
    "office": """
    "valid-lifetime": 1800, "min-valid-lifetime": 600, "max-valid-lifetime": 7200,
    "client-classes": [
        { "name": "phones", "test": "substring(option[60].hex, 0, 5) == 'Phone'", "valid-lifetime": 300,
          "option-data": [ { "name": "tftp-server-name", "data": "10.77.0.8" } ] },
        { "name": "others", "test": "not member('phones')",
          "option-data": [ { "name": "www-server", "data": "10.77.0.7" } ] } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [
            { "pool": "10.77.1.20 - 10.77.1.99", "client-class": "others" },
            { "pool": "10.77.2.20-10.77.2.99", "client-class": "phones",
              "option-data": [ { "name": "domain-name", "data": "phones.example" } ] } ], """ + ROUTERS + ' } ]',
    "buildings": """
    "option-data": [ { "name": "domain-name", "data": "campus.example" } ],
    "shared-networks": [ { "name": "building 1", "relay": { "ip-addresses": [ "10.79.200.1" ] },
        "option-data": [ { "name": "domain-name-servers", "data": "10.78.0.53" } ],
        "subnet4": [
            { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ],
              "option-data": [ { "name": "routers", "data": "10.78.0.1" } ],
              "reservations": [ { "circuit-id": "'port-7'", "ip-address": "10.78.3.7" } ] } ] } ],
    "subnet4": [ { """ + LAN + ", " + ROUTERS + """ },
        { "subnet": "10.79.0.0/24", "pools": [ { "pool": "10.79.0.20 - 10.79.0.99" } ], "valid-lifetime": 600 } ]""",
    "ports": """
    "host-reservation-identifiers": [ "circuit-id", "hw-address" ],
    "client-classes": [
        { "name": "port 7", "test": "relay4[1].hex == 'port-7'",
          "option-data": [ { "name": "domain-name", "data": "seven.example" } ] },
        { "name": "switch", "test": "relay4[2].exists and not (relay4[2].hex == 'sw1')",
          "option-data": [ { "name": "domain-name", "data": "switch.example" } ] },
        { "name": "gateway", "test": "pkt4.giaddr == 10.79.0.1",
          "option-data": [ { "name": "domain-name", "data": "gateway.example" } ] } ],
    "subnet4": [ { """ + LAN + """ },
        { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ],
          "reservations": [ { "circuit-id": "706f72742d38", "ip-address": "10.78.3.8", "hostname": "eight" } ] },
        { "subnet": "10.79.0.0/24", "pools": [ { "pool": "10.79.0.20 - 10.79.0.99" } ] } ]""",
    "own options": """
    "option-def": [
        { "name": "asset", "code": 222, "type": "record", "record-types": "uint16, ipv4-address, string" },
        { "name": "levels", "code": 223, "type": "uint16", "array": true },
        { "name": "rfc3442", "code": 121, "type": "uint8", "array": true },
        { "name": "v6", "code": 224, "type": "ipv6-address" },
        { "name": "outer", "code": 225, "type": "empty", "encapsulate": "inner" },
        { "name": "number", "code": 1, "space": "inner", "type": "uint32" } ],
    "option-data": [
        { "name": "asset", "data": "7, 10.0.0.1, a\\\\, b" },
        { "name": "levels", "data": "1, 2, 300" },
        { "name": "rfc3442", "data": "24, 10, 11, 12, 10, 77, 0, 128, 0, 10, 77, 0, 1" },
        { "name": "v6", "data": "2001:db8::1" },
        { "name": "outer" }, { "name": "number", "space": "inner", "data": "70000" },
        { "code": 230, "csv-format": false, "data": "0A:0B:0C" },
        { "name": "boot-size", "data": "800" }, { "name": "ip-forwarding", "data": "true" },
        { "name": "static-routes", "data": "10.10.0.1, 10.77.0.1" },
        { "name": "time-offset", "data": "-3600" },
        { "name": "interface-mtu", "data": "1400" } ],
    "subnet4": [ { """ + LAN + ", " + ROUTERS + ' } ]',
    "vendors": """
    "option-def": [
        { "name": "controller", "code": 1, "space": "ubnt", "type": "ipv4-address" },
        { "name": "flag", "code": 2, "space": "vendor-encapsulated-options-space", "type": "uint8" } ],
    "client-classes": [
        { "name": "ubnt", "test": "option[60].text == 'ubnt'",
          "option-def": [ { "name": "vendor-encapsulated-options", "code": 43, "type": "empty", "encapsulate": "ubnt" } ],
          "option-data": [ { "name": "vendor-encapsulated-options" },
                           { "name": "controller", "space": "ubnt", "data": "10.77.0.20" } ] },
        { "name": "VENDOR_CLASS_MSFT 5.0",
          "option-data": [ { "name": "netbios-node-type", "data": "8" }, { "name": "vendor-encapsulated-options" },
            { "code": 2, "space": "vendor-encapsulated-options-space", "data": "1" } ] } ],
    "subnet4": [ { """ + LAN + ", " + ROUTERS + ' } ]',
    "known": """
    "client-classes": [
        { "name": "DROP", "test": "pkt4.mac == 0x027700000008" },
        { "name": "staff", "option-data": [ { "name": "domain-name", "data": "staff.example" } ] },
        { "name": "guests", "test": "member('UNKNOWN')", "valid-lifetime": 600,
          "option-data": [ { "name": "domain-name", "data": "guests.example" } ] } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [
            { "pool": "10.77.1.20 - 10.77.1.99", "client-class": "KNOWN" },
            { "pool": "10.77.2.20 - 10.77.2.99", "client-class": "UNKNOWN" } ],
        "reservations": [
            { "hw-address": "{1}", "client-classes": [ "staff" ], "hostname": "one", "next-server": "10.77.0.5" },
            { "hw-address": "{2}", "ip-address": "10.77.3.2", "client-classes": [ "staff" ],
              "boot-file-name": "two" } ] } ]""",
    "global hosts": """
    "reservations-global": true, "reservations-in-subnet": false,
    "reservations": [
        { "hw-address": "{1}", "hostname": "one" },
        { "hw-address": "{2}", "ip-address": "10.77.3.2", "option-data": [ { "name": "root-path", "data": "/srv/two" } ] } ],
    "subnet4": [ { """ + LAN + """,
        "reservations": [ { "hw-address": "{3}", "ip-address": "10.77.3.3" } ] } ]""",
    "on demand": """
    "client-classes": [
        { "name": "logged", "test": "option[60].exists", "only-if-required": true,
          "option-data": [ { "name": "log-servers", "data": "10.77.0.6" } ] },
        { "name": "unused", "test": "option[60].exists", "only-if-required": true,
          "option-data": [ { "name": "lpr-servers", "data": "10.77.0.6" } ] },
        { "name": "computed", "test": "ifelse(option[60].exists, option[60].hex, 'none') == concat('no', 'ne')",
          "option-data": [ { "name": "irc-server", "data": "10.77.0.3" } ] },
        { "name": "one of two", "test": "(option[93].exists or option[12].exists) and option[60].exists",
          "option-data": [ { "name": "smtp-server", "data": "10.77.0.4" } ] } ],
    "subnet4": [ { """ + LAN + """, "require-client-classes": [ "logged" ] },
        { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ] } ]""",
    "order": """
    "client-classes": [
        { "name": "phones", "test": "substring(option[60].hex, 0, 5) == 'Phone'", "server-hostname": "phones.example",
          "option-data": [ { "name": "domain-name", "data": "phones.example" },
                           { "name": "log-servers", "data": "10.77.0.6" } ] } ],
    "option-data": [ { "name": "log-servers", "data": "10.77.0.5" } ], "server-hostname": "any.example",
    "subnet4": [ { """ + LAN + """, "server-hostname": "lan.example",
                   "option-data": [ { "name": "domain-name", "data": "lan.example" } ] },
        { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ] } ]""",
    "guarded": """
    "match-client-id": false, "authoritative": true, "decline-probation-period": 3600, "echo-client-id": true,
    "client-classes": [ { "name": "phones", "test": "option[60].hex == 'Phone-7960'" } ],
    "shared-networks": [ { "name": "hall", "interface": "s0", "subnet4": [
        { "subnet": "10.77.1.0/24", "client-class": "phones", "pools": [ { "pool": "10.77.1.20 - 10.77.1.99" } ],
          "option-data": [ { "name": "routers", "data": "10.77.1.1" } ] },
        { "subnet": "10.77.2.0/24", "pools": [ { "pool": "10.77.2.20 - 10.77.2.99" } ],
          "option-data": [ { "name": "routers", "data": "10.77.2.1" } ] } ] } ]""",
    "of Debian": r"""
    "expired-leases-processing": { "reclaim-timer-wait-time": 10, "flush-reclaimed-timer-wait-time": 25,
        "hold-reclaimed-time": 3600, "max-reclaim-leases": 100, "max-reclaim-time": 250, "unwarned-reclaim-cycles": 5 },
    "renew-timer": 900, "rebind-timer": 1800, "valid-lifetime": 3600,
    "option-data": [
        { "name": "domain-name-servers", "data": "192.0.2.1, 192.0.2.2" },
        { "code": 15, "data": "example.org" },
        { "name": "domain-search", "data": "mydomain.example.com, example.com" },
        { "name": "boot-file-name", "data": "EST5EDT4\\,M3.2.0/02:00\\,M11.1.0/02:00" },
        { "name": "default-ip-ttl", "data": "0xf0" } ],
    "client-classes": [
        { "name": "voip", "test": "substring(option[60].hex,0,6) == 'Aastra'", "next-server": "192.0.2.254",
          "server-hostname": "hal9000", "boot-file-name": "/dev/null" } ],
    "subnet4": [
        { "id": 1, "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.20 - 10.77.1.99" } ],
          "option-data": [ { "name": "routers", "data": "10.77.0.1" } ],
          "reservations": [
            { "hw-address": "02:77:00:00:00:01", "ip-address": "10.77.3.1" },
            { "client-id": "01:11:22:33:44:55:66", "ip-address": "10.77.3.2", "hostname": "special-snowflake" },
            { "duid": "01:02:03:04:05", "ip-address": "10.77.3.3", "option-data": [ { "name": "domain-name-servers",
              "data": "10.1.1.202, 10.1.1.203" } ] },
            { "client-id": "01:12:23:34:45:56:67", "ip-address": "10.77.3.4",
              "option-data": [ { "name": "vivso-suboptions", "data": "4491" },
                               { "name": "tftp-servers", "space": "vendor-4491", "data": "10.1.1.202, 10.1.1.203" } ] },
            { "client-id": "01:0a:0b:0c:0d:0e:0f", "ip-address": "10.77.3.5", "next-server": "192.0.2.1",
              "server-hostname": "hal9000", "boot-file-name": "/dev/null" } ] } ]""",
    "times": r"""
    "valid-lifetime": 4000, "min-valid-lifetime": 1000, "max-valid-lifetime": 8000,
    "calculate-tee-times": true, "t1-percent": 0.4, "t2-percent": 0.8,
    "user-context": { "comment": "times of our own", "owner": "net team" },
    "cache-threshold": 0.25,
    "subnet4": [
        { "id": 1, "subnet": "10.77.0.0/16", "interface": "s0", "t1-percent": 0.3,
          "pools": [ { "pool": "10.77.1.20 - 10.77.1.99", "user-context": { "comment": "the wards" } } ] },
        { "id": 2, "subnet": "10.78.0.0/16", "valid-lifetime": 1600, "calculate-tee-times": false,
          "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ], "relay": { "ip-address": "10.79.0.1" } } ]""",
    "classes of networks": r"""
    "valid-lifetime": 3600,
    "client-classes": [
        { "name": "SKIP_DDNS", "test": "option[12].hex == 'printer'" },
        { "name": "pxe",
          "test": "substring(option[60].hex,0,9) == 'PXEClient' and not (substring(option[77].hex,0,4) == 'iPXE')",
          "boot-file-name": "undionly.kpxe", "only-if-required": true, "next-server": "10.77.0.9" },
        { "name": "efi", "test": "option[93].hex == 0x0007", "only-if-required": true,
          "option-data": [ { "name": "root-path", "data": "/srv/efi" } ] },
        { "name": "phones", "test": "substring(option[60].hex,0,5) == 'Phone'" },
        { "name": "relayed", "test": "relay4[1].exists or pkt4.giaddr == 10.78.0.1" },
        { "name": "odd", "test": "substring(hexstring(pkt4.mac,':'),15,2) == '07'",
              "option-data": [ { "name": "irc-server", "data": "10.77.0.9" } ] },
        { "name": "split", "test": "split(option[60].hex,':',3) == '00007'", "option-data": [ { "name": "nntp-server",
              "data": "10.77.0.9" } ] }
    ],
    "subnet4": [
        { "subnet": "10.77.0.0/16", "require-client-classes": [ "pxe" ],
          "pools": [ { "pool": "10.77.1.20 - 10.77.1.99", "require-client-classes": [ "efi" ] },
                     { "pool": "10.77.2.20 - 10.77.2.99", "client-class": "phones" } ],
          "option-data": [ { "name": "routers", "data": "10.77.0.1" } ] },
        { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ], "client-class": "relayed" } ]""",
    "odd values": r"""
    "option-data": [ { "name": "domain-name", "data": "example.org" },
                     { "name": "log-servers", "data": "10.77.0.7", "always-send": true },
                     { "code": 224, "csv-format": false, "data": "0102ff" },
                     { "name": "tftp-server-name", "data": "10.77.0.9" },
                     { "name": "domain-name-servers", "csv-format": false, "data": "0A 4D 00 01" },
                     { "name": "vendor-class-identifier", "data": "PXEClient", "always-send": true } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.20 - 10.77.1.99" } ],
                   "4o6-subnet": "2001:db8::/32", "store-extended-info": true, "next-server": "10.77.0.9",
                   "server-hostname": "boot", "boot-file-name": "pxelinux.0",
                   "reservations": [
                      { "hw-address": "02:77:00:00:00:02", "ip-address": "10.77.3.2", "boot-file-name": "two.0",
              "next-server": "0.0.0.0", "user-context": { "comment": "desk 2" } },
                      { "hw-address": "02:77:00:00:00:03", "ip-address": "10.77.1.30", "hostname": "three.example.org." },
                      { "hw-address": "027700000004", "hostname": "four" },
                      { "circuit-id": "0x706f72742d37", "ip-address": "10.77.3.7" } ] },
                 { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ],
                   "reservations-in-subnet": false, "reservations-global": false, "reservations-out-of-pool": false,
                   "reservations": [ { "circuit-id": "'port-7'", "ip-address": "10.78.3.7" } ] } ]""",
    "a provider": r"""
    "authoritative": true, "valid-lifetime": 600, "match-client-id": false,
    "host-reservation-identifiers": [ "circuit-id", "hw-address", "duid" ],
    "reservations-global": true, "reservations-in-subnet": true,
    "option-def": [ { "name": "acs-url", "code": 1, "space": "vendor-3561", "type": "string" },
                    { "name": "provision", "code": 230, "type": "string" } ],
    "option-data": [ { "name": "domain-name-servers", "data": "10.77.0.53" },
                     { "name": "provision", "data": "https://acs.example/x?a=1\\,2" } ],
    "client-classes": [
        { "name": "cpe", "test": "substring(option[60].hex,0,5) == 'Phone'",
          "option-data": [ { "name": "vendor-encapsulated-options", "csv-format": false, "data": "010568656c6c6f" } ] },
        { "name": "blocked", "test": "member('cpe') and relay4[2].hex == 'sw2'" } ],
    "reservations": [ { "hw-address": "02:77:00:00:00:01", "hostname": "global-one", "client-classes": [ "gold" ] } ],
    "shared-networks": [
      { "name": "pop", "relay": { "ip-addresses": [ "10.79.200.1" ] }, "match-client-id": true,
        "option-data": [ { "name": "log-servers", "data": "10.77.0.5" } ],
        "subnet4": [ { "subnet": "10.78.0.0/16", "pools": [ { "pool": "10.78.0.20 - 10.78.0.99" } ],
                       "option-data": [ { "name": "routers", "data": "10.78.0.1" } ],
                       "reservations": [ { "circuit-id": "'port-7'", "ip-address": "10.78.3.7", "hostname": "seven" } ] },
                     { "subnet": "10.79.0.0/24", "pools": [ { "pool": "10.79.0.20 - 10.79.0.99" } ] } ] } ],
    "subnet4": [ { "subnet": "10.77.0.0/16", "pools": [ { "pool": "10.77.1.0/26",
              "client-class": "gold" }, { "pool": "10.77.2.20 - 10.77.2.99" } ],
                   "reservations": [ { "duid": "000100012233445502aabbccddee", "ip-address": "10.77.3.4" } ] } ]""",
}
MACHINE, IPXE, MICROSOFT_ROUTES = 97, 175, 249
BOOT_FILE = 67
DIFFERS: dict[str, tuple[object, ...]] = {
    "odd values": ("boot_file",), "of Debian": ("boot_file", BOOT_FILE),
    "netboot": (IPXE,), "own options": (MICROSOFT_ROUTES,)}


def filled(text):
    """{1} and its kin are hardware addresses of the questions."""
    return re.sub(r"\{([0-9]+)\}", lambda found: mac_of(int(found[1])).hex(":"), text)


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ours_says_what_kea_says(lab, client, station, name):
    text = HEAD + filled(CONFIGURATIONS[name]) + "\n} }\n"
    found, report = judged(lab, station, "kea", text, QUESTIONS, RANGES, (MACHINE, *DIFFERS.get(name, ())))
    assert not found, "\n".join([*found, report])

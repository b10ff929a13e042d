"""Configurations of ISC dhcpd, judged by dhcpd: what it says, ours says, but for what the report says."""

import re
from pathlib import Path

import pytest
from judge import Question, judged
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
BEGIN = "ping-check off;\nauthoritative;\n"
RANGE = "10.77.1.20 - 10.77.1.90"
CIRCUIT, REMOTE = b"\1\6port 7", b"\2\5sw-01"
PXE = b"PXEClient:Arch:00007:UNDI:003016"
QUESTIONS = [
    *(Question(f"client {number}", mac_of(number)) for number in range(1, 7)),
    Question("asks for nothing", mac_of(9), asks_for=None),
    Question("asks for little", mac_of(10), asks_for=bytes((1, 3, 6))),
    Question("names itself", mac_of(11), ((12, b"laptop"),)),
    Question("has an identifier", mac_of(12), ((61, b"\1" + mac_of(12)),)),
    Question("has a name for an identifier", mac_of(13), ((61, b"\0the-tablet"),)),
    Question("phone", mac_of(14), ((60, b"PhoneX 7"),)),
    Question("phone of another kind", mac_of(15), ((60, b"phonex"),)),
    Question("PXE of BIOS", mac_of(16), ((60, b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"))),
    Question("PXE of UEFI", mac_of(17), ((60, PXE), (93, b"\0\7"), (97, b"\0" + bytes(range(16))))),
    Question("PXE of ARM", mac_of(18), ((60, b"PXEClient:Arch:00011:UNDI:003016"), (93, b"\0\x0b"))),
    Question("iPXE", mac_of(19), ((60, PXE), (77, b"iPXE"), (93, b"\0\7"))),
    Question("wants an hour", mac_of(20), ((51, (3600).to_bytes(4, "big")),)),
    Question("wants a second", mac_of(21), ((51, (1).to_bytes(4, "big")),)),
    Question("wants a year", mac_of(22), ((51, (31536000).to_bytes(4, "big")),)),
    Question("port 7", mac_of(23), ((82, CIRCUIT + REMOTE),)),
    Question("behind a relay", mac_of(24), giaddr="10.78.0.1"),
    Question("behind a relay, port 7", mac_of(25), ((82, CIRCUIT + REMOTE),), "10.78.0.1"),
    Question("behind another relay", mac_of(26), giaddr="10.79.0.1"),
    Question("known behind a relay", mac_of(3), giaddr="10.78.0.1"),
    Question("Windows", mac_of(27), ((60, b"MSFT 5.0"), (12, b"DESKTOP-7")),
             asks_for=bytes((1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252)))]


SUBNET = "subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.20 10.77.1.90; }\n"
RELAYED = "subnet 10.78.0.0 netmask 255.255.0.0 { range 10.78.1.20 10.78.1.90; option routers 10.78.0.1; }\n"
# @3 is the hardware address of client 3
CONFIGURATIONS = {
    "bare": BEGIN + SUBNET,
    "home": BEGIN + """
option domain-name "lan"; option domain-name-servers 10.77.0.1, 9.9.9.9;
default-lease-time 600; max-lease-time 7200;
subnet 10.77.0.0 netmask 255.255.0.0 {
  range 10.77.1.20 10.77.1.90;
  option routers 10.77.0.1;
  option broadcast-address 10.77.255.255;
}
""",
    "hosts": BEGIN + SUBNET + RELAYED + """
group {
  option domain-name "boss.example";
  host h1 { hardware ethernet @1; fixed-address 10.77.2.1; }
  host h2 { hardware ethernet @2; fixed-address 10.77.2.2; option host-name "two"; }
  host h3 { hardware ethernet @3; fixed-address 10.77.2.3, 10.78.2.3; filename "three"; next-server 10.77.0.3; }
  host h4 { hardware ethernet @4; default-lease-time 300; }
}
host tablet { option dhcp-client-identifier "\\000the-tablet"; fixed-address 10.77.2.13; }
""",
    "names": BEGIN + SUBNET + """
use-host-decl-names on;
host h1 { hardware ethernet @1; fixed-address 10.77.2.1; }
host h2 { hardware ethernet @2; }
""",
    "times": BEGIN + """
default-lease-time 1000; min-lease-time 120; max-lease-time 5000;
subnet 10.77.0.0 netmask 255.255.0.0 { range 10.77.1.20 10.77.1.90; default-lease-time 9000; }
subnet 10.78.0.0 netmask 255.255.0.0 { range 10.78.1.20 10.78.1.90; max-lease-time 500; }
host h1 { hardware ethernet @1; default-lease-time 700; }
host h2 { hardware ethernet @2; max-lease-time 400; }
""",
    "netboot": BEGIN + """
option arch code 93 = unsigned integer 16;
next-server 10.77.0.9;
subnet 10.77.0.0 netmask 255.255.0.0 {
  range 10.77.1.20 10.77.1.90;
  if exists user-class and option user-class = "iPXE" { filename "http://10.77.0.1/boot.ipxe"; }
  elsif option arch = 00:07 { filename "ipxe.efi"; }
  elsif option arch = 00:0b { filename "arm.efi"; }
  else { filename "undionly.kpxe"; }
}
""",
    "pxe class": BEGIN + SUBNET + """
class "pxe" {
  match if substring(option vendor-class-identifier, 0, 9) = "PXEClient";
  next-server 10.77.0.8;
  option root-path "/srv";
  if substring(option vendor-class-identifier, 15, 5) = "00007" { filename "uefi.efi"; } else { filename "pxelinux.0"; }
}
""",
    "pools": BEGIN + """
class "phones" { match if substring(option vendor-class-identifier, 0, 5) = "Phone"; }
subnet 10.77.0.0 netmask 255.255.0.0 {
  pool { range 10.77.1.20 10.77.1.90; allow unknown-clients; deny members of "phones"; }
  pool { range 10.77.4.20 10.77.4.90; allow members of "phones"; option tftp-server-name "10.77.0.2"; }
  pool { range 10.77.5.20 10.77.5.90; allow known-clients; deny unknown-clients; max-lease-time 1000; }
}
host h1 { hardware ethernet @1; }
host h2 { hardware ethernet @2; fixed-address 10.77.2.2; }
""",
    "unknown": BEGIN + SUBNET + """
deny unknown-clients;
host h1 { hardware ethernet @1; }
host h2 { hardware ethernet @2; fixed-address 10.77.2.2; }
subnet 10.78.0.0 netmask 255.255.0.0 { range 10.78.1.20 10.78.1.90; allow unknown-clients; }
""",
    "subclasses": BEGIN + """
class "staff" { match hardware; option domain-name "staff.example"; }
subclass "staff" 1:@1; subclass "staff" 1:@2; subclass "staff" 1:@3;
subclass "staff" 1:@4 { option domain-name "boss.example"; }
class "vendors" { match option vendor-class-identifier; }
subclass "vendors" "MSFT 5.0" { option time-servers 10.77.0.5; }
subclass "vendors" "PhoneX 7";
subnet 10.77.0.0 netmask 255.255.0.0 {
  pool { range 10.77.4.20 10.77.4.90; allow members of "staff"; }
  pool { range 10.77.5.20 10.77.5.90; allow members of "vendors"; }
  pool { range 10.77.1.20 10.77.1.90; deny members of "staff"; deny members of "vendors"; }
}
""",
    "relays": BEGIN + SUBNET + """
class "port 7" { match if option agent.circuit-id = "port 7"; option domain-name "port7.example"; }
class "switch" {
  match if substring(option agent.remote-id, 0, 2) = "sw" and exists agent.circuit-id;
  option time-offset -3600;
}
subnet 10.78.0.0 netmask 255.255.0.0 {
  option routers 10.78.0.1;
  pool { range 10.78.1.20 10.78.1.90; deny members of "port 7"; }
  pool { range 10.78.2.20 10.78.2.90; allow members of "port 7"; }
}
""",
    "shared": BEGIN + """
shared-network "floor" {
  option domain-name "floor.example";
  subnet 10.77.0.0 netmask 255.255.0.0 { option routers 10.77.0.1; }
  subnet 10.79.0.0 netmask 255.255.0.0 { option routers 10.79.0.1; }
  pool { range 10.77.1.20 10.77.1.90; allow unknown-clients; }
  pool { range 10.79.1.20 10.79.1.90; allow known-clients; }
}
host h1 { hardware ethernet @1; }
host h2 { hardware ethernet @2; fixed-address 10.79.2.2; }
""",
    "options": BEGIN + SUBNET + """
option rfc3442 code 121 = array of integer 8;
option voip code 150 = array of ip-address;
option own code 224 = text;
option flags code 225 = { boolean, ip-address };
option numbers code 226 = array of integer 16;
option wpad code 252 = text;
option wpad "http://10.77.0.1/wpad.dat\\n"; option own "mine"; option flags true 10.77.0.5; option numbers 1, 2, 300;
option voip 10.77.0.4, 10.77.0.5; option domain-search "a.example", "b.a.example"; option ntp-servers 10.77.0.1;
option netbios-node-type 8; option rfc3442 24, 10, 5, 5, 10, 77, 0, 1, 0, 10, 77, 0, 1;
""",
    "old options": BEGIN + """
option space PXE;
option PXE.mtftp-ip code 1 = ip-address;
option PXE.discovery code 6 = integer 8;
option static-routes 10.5.0.0 10.77.0.5, 10.6.0.0 10.77.0.6; option interface-mtu 1400; option ip-forwarding off;
subnet 10.77.0.0 netmask 255.255.0.0 {
  range 10.77.1.20 10.77.1.90;
  vendor-option-space PXE; option PXE.mtftp-ip 0.0.0.0; option PXE.discovery 8;
}
""",
    "expressions": BEGIN + SUBNET + RELAYED + "host h1 { hardware ethernet @1; }\n" + "".join(
        f'class "c{number}" {{ match if {condition}; option time-servers 10.77.9.{number}; }}\n'
        for number, condition in enumerate((
            'option vendor-class-identifier = "PhoneX 7" or exists user-class and exists host-name',
            "not exists vendor-class-identifier and known", 'lcase(option vendor-class-identifier) = "phonex"',
            'suffix(option host-name, 3) = "top"', 'binary-to-ascii(16, 8, ":", hardware) = "1:2:77:0:0:0:2"',
            "substring(hardware, 1, 6) = @5", "packet(24, 4) = 0a:4e:00:01", 'substring(option host-name, 2, 3) = "pto"',
            "hardware = 01:02", 'not (option user-class = "iPXE")',
            'option vendor-class-identifier = "phonex" or exists vendor-class-identifier and exists host-name',
            'option host-name = "laptop" or option vendor-class-identifier = "PhoneX 7" and exists user-class',
            'option vendor-class-identifier = "PhoneX 7" and option host-name = "laptop" or exists vendor-class-identifier',
            'exists host-name and option vendor-class-identifier = "MSFT 5.0" or exists vendor-class-identifier and known',
            'option host-name != "laptop" and exists host-name or known'), 1)),
    "worked out": BEGIN + """
option host-name = concat("dhcp-", binary-to-ascii(10, 8, "-", leased-address));
subnet 10.77.0.0 netmask 255.255.0.0 {
  range 10.77.1.20 10.77.1.90;
  filename = concat("cfg/", binary-to-ascii(16, 8, "-", substring(hardware, 1, 6)));
}
""",
    "always": BEGIN + """
option dhcp-parameter-request-list = concat(option dhcp-parameter-request-list, 2a);
option ntp-servers 10.77.0.4; option time-servers 10.77.0.5; server-name "boot.lan";
""" + SUBNET,
    "booting": BEGIN + SUBNET + """
class "bad" { match if substring(option vendor-class-identifier, 0, 4) = "MSFT"; deny booting; }
host h1 { hardware ethernet @1; ignore booting; }
host h2 { hardware ethernet @2; fixed-address 10.77.2.2; }
""",
    "precedence": BEGIN + """
option domain-name "all"; option time-offset 1; option root-path "/all"; filename "all";
if exists host-name { option time-offset 2; option netbios-node-type 1; }
if option host-name = "laptop" { option netbios-node-type 2; } else { option interface-mtu 1400; }
class "phones" { match if substring(option vendor-class-identifier, 0, 5) = "Phone";
  option root-path "/phone"; filename "phone"; }
class "all phones" { match if lcase(substring(option vendor-class-identifier, 0, 5)) = "phone";
  option root-path "/other"; }
shared-network "floor" {
  option domain-name "floor"; filename "floor";
  subnet 10.77.0.0 netmask 255.255.0.0 {
    option root-path "/subnet";
    pool { range 10.77.1.20 10.77.1.90; filename "pool"; if known { option root-path "/known"; } }
  }
}
group {
  option root-path "/group"; filename "group";
  host h1 { hardware ethernet @1; option domain-name "host"; }
  group { option domain-name "inner"; host h2 { hardware ethernet @2; fixed-address 10.77.2.2; }
    host h3 { hardware ethernet @3; } }
}
""",
    "ifs of hosts": BEGIN + SUBNET + RELAYED + """
option time-offset 1;
host h1 { hardware ethernet @1; fixed-address 10.77.2.1; filename "h1"; next-server 10.77.0.8;
  if exists user-class and option user-class = "iPXE" { filename "http://h/h1"; }
  else if option pxe-system-type = 00:07 { filename "efi"; option time-offset 2; } }
host h2 { hardware ethernet @2; if exists vendor-class-identifier { filename "a"; } else { filename "b"; } }
host h16 { hardware ethernet @16; filename "unread";
  if option pxe-system-type = 00:07 { filename "efi"; } elsif exists pxe-system-type { filename "bios"; }
  else { filename "none"; } option root-path "/h16"; }
host h17 { hardware ethernet @17; if known { filename "known"; option root-path "/x"; } filename "below"; }
host h13 { option dhcp-client-identifier "\\000the-tablet"; if known { filename "tablet"; } }
""",
    "ifs of groups": BEGIN + SUBNET + """
class "pxe" { match if substring(option vendor-class-identifier, 0, 9) = "PXEClient"; filename "class";
  option root-path "/class"; }
group pcs {
  next-server 10.77.0.9; filename "default"; option root-path "/group";
  if option user-class = "iPXE" { filename "ipxe"; }
  elsif option pxe-system-type = 00:07 { filename "efi"; option root-path "/efi"; }
  host h1 { hardware ethernet @1; fixed-address 10.77.2.1; }
  host h16 { hardware ethernet @16; }
  host h17 { hardware ethernet @17; filename "mine"; }
  host h18 { hardware ethernet @18; if option pxe-system-type = 00:0b { filename "arm"; } }
  group { option time-offset 5; host h19 { hardware ethernet @19; } host h14 { hardware ethernet @14; } }
}
host h2 { hardware ethernet @2; filename "two"; }
host h3 { hardware ethernet @3; }
""",
    "what is below": BEGIN + """
if exists host-name { filename "a"; option time-offset 2; }
filename "b";
if exists user-class { option time-offset 3; if option user-class = "iPXE" { option root-path "/x"; } option root-path "/y"; }
class "phones" { match if substring(option vendor-class-identifier, 0, 5) = "Phone";
  if exists host-name { option domain-name "c"; } option domain-name "d"; }
option host-name = concat("n", substring(hardware, 1, 1));
option nis-domain = concat("nis-", option user-class);
if exists vendor-class-identifier { option domain-name = concat("v-", option vendor-class-identifier); }
""" + SUBNET,
    "vendors": BEGIN + SUBNET + """
option space ACME; option ACME.url code 1 = text; option ACME.servers code 2 = array of ip-address;
option space OTHER; option OTHER.flag code 1 = boolean;
class "acme" { match if substring(option vendor-class-identifier, 0, 5) = "Phone"; vendor-option-space ACME;
  option ACME.url "http://a"; }
class "windows" { match if option vendor-class-identifier = "MSFT 5.0"; vendor-option-space OTHER;
  option OTHER.flag true; }
option ACME.servers 10.77.0.5, 10.77.0.6;
option vivso-raw code 125 = string; option tftp-server-name "boot.lan"; server-name "boot.lan";
""",
    "pings": "not authoritative; ping-timeout-ms 100;\n" + SUBNET,
}
RANGES = [RANGE, "10.78.1.20 - 10.78.1.90", "10.77.4.20 - 10.77.4.90", "10.77.5.20 - 10.77.5.90", "10.78.2.20 - 10.78.2.90",
          "10.79.1.20 - 10.79.1.90"]
FILES = {file.stem: file.read_text() for file in sorted((Path(__file__).parent / "dhcpd_files").glob("*.conf"))}
"""Whole files, as they stand on machines."""
OURS = (97, 175)
"""What ours tells machines that boot, as the report says."""
DIFFERS: dict[str, tuple[object, ...]] = {
    "options": (249,), "old options": (43,), "vendors": (43,), "times": (51, 57), "longlists": ("boot_file",),
    **dict.fromkeys(("hosts", "pxe class", "netboot"), ("server_name",))}  # option 66


@pytest.mark.parametrize("name", CONFIGURATIONS | FILES)
def test_ours_says_what_dhcpd_says(lab, client, station, name):
    text = re.sub(r"@(\d+)", lambda found: mac_of(int(found[1])).hex(":"), (CONFIGURATIONS | FILES)[name])
    found, report = judged(lab, station, "isc", text, QUESTIONS, RANGES, (*OURS, *DIFFERS.get(name, ())))
    assert not found, "\n".join([*found, report])

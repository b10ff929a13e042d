"""Configurations of systemd-networkd's server, judged by networkd: what it says, ours says.

It tells servers and the time zone in an ACK alone, not in an offer; and it may offer one address to several at once, so that no
pool here is a small one.
"""

import pytest
from judge import Question, judged
from lab import SERVER_MAC
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
HEAD = "[Match]\nName=s0\n\n[Network]\nAddress=10.77.0.1/16\nDHCPServer=yes\nLinkLocalAddressing=no\n\n[DHCPServer]\n"
BASE = HEAD + "PoolOffset=276\nPoolSize=71\nEmitTimezone=no\n"
RANGE, WHOLE, SMALL = "10.77.1.20 - 10.77.1.90", "10.77.0.2 - 10.77.255.254", "10.77.0.2 - 10.77.0.254"
QUESTIONS = [*(Question(f"client {number}", mac_of(number)) for number in range(1, 5)),
             Question("asks for nothing", mac_of(5), asks_for=None),
             Question("names itself", mac_of(6), ((12, b"laptop"),)),
             Question("has an identifier", mac_of(7), ((61, b"\1" + mac_of(7)),)),
             Question("asks for ten minutes", mac_of(8), ((51, b"\0\0\2\x58"),)),
             Question("asks for a week", mac_of(9), ((51, b"\0\x09\x3a\x80"),)),
             Question("PXE", mac_of(10), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7")))]


def lease(number, ip):
    return f"\n[DHCPServerStaticLease]\nMACAddress={mac_of(number).hex(':')}\nAddress={ip}\n"


CONFIGURATIONS = {
    "bare": HEAD,
    "pool": BASE,
    "home": BASE + "DNS=_server_address 9.9.9.9\nNTP=10.77.0.3\nDefaultLeaseTimeSec=12h\nMaxLeaseTimeSec=2days\n",
    "lists": BASE + "DNS=1.1.1.1\nDNS=\nDNS=9.9.9.9\nDNS=8.8.8.8\nNTP=10.77.0.3\nEmitNTP=no\n",
    "router": BASE + "Router=10.77.0.254\nDefaultLeaseTimeSec=1h 30min\nMaxLeaseTimeSec=90min\n",
    "no router": BASE + "EmitRouter=no\nRouter=10.77.0.254\nEmitDNS=false\nDNS=9.9.9.9\n",
    "times": BASE + "DefaultLeaseTimeSec=1w\nMaxLeaseTimeSec=3600\n",
    "hosts": BASE + lease(1, "10.77.2.1") + lease(2, "10.77.1.30") + "\n# the boss\n" + lease(7, "10.77.2.7"),
    "netboot": BASE + "BootServerAddress=10.77.0.9\nBootServerName=boot.lan\nBootFilename=pxelinux.0\n",
    "zone": HEAD + "PoolOffset=276\nPoolSize=71\nTimezone=Europe/Berlin\n",
    "mail": BASE + "EmitPOP3=yes\nPOP3=10.77.0.4\nEmitSMTP=yes\nSMTP=10.77.0.5\nEmitLPR=yes\nLPR=10.77.0.6\n"
                   "SIP=10.77.0.7 10.77.0.8\n",
    "not told": BASE + "POP3=10.77.0.4\nSMTP=10.77.0.5\nLPR=10.77.0.6\n",
    "raw": BASE + "SendOption=26:uint16:1400\nSendOption=15:string:lan.example\nSendOption=252:string:http://10.77.0.1/wpad.dat\n"
                  "SendOption=2:uint32:3600\nSendOption=224:string:two words\\x21\nSendOption=44:ipv4address:10.77.0.5\n",
    "vendor": BASE + "SendVendorOption=1:string:abc\nSendVendorOption=2:uint32:7\nSendVendorOption=3:ipv4address:10.77.0.5\n",
    "server address": HEAD.replace("Address=10.77.0.1/16", "Address=10.99.0.1/24\nAddress=10.77.0.1/16")
                      + "ServerAddress=10.77.0.1/16\nPoolOffset=276\nPoolSize=71\n",
    "of the public": """[Match]
Name=s0

[Network]
Address=10.77.0.1/16
DHCPServer=yes
IPMasquerade=ipv4
LinkLocalAddressing=no

[DHCPServer]
PoolOffset=276
PoolSize=71
EmitDNS=yes
DNS=9.9.9.9 149.112.112.112
EmitNTP=yes
NTP=10.77.0.3
EmitTimezone=no
SendOption=15:string:home.example
SendOption=119:string:\\x04home\\x07example\\x00
SendOption=252:string:http://10.77.0.1/wpad.dat
BootServerAddress=10.77.0.9
BootFilename=undionly.kpxe

# the NAS
[DHCPServerStaticLease]
MACAddress=02:77:00:00:00:01
Address=10.77.2.1

[DHCPServerStaticLease]
Address=10.77.2.2
MACAddress=02-77-00-00-00-02
""",
    "by address": """[Match]
MACAddress={server}
Type=ether
[Network]
Address=fe80::1/64
Address=10.77.0.1/16
DHCPServer=1
LinkLocalAddressing=no
[Address]
Address=10.99.0.1/24
[DHCPServer]
ServerAddress=10.77.0.1/16
UplinkInterface=:none
PoolOffset=276
PoolSize=71
DefaultLeaseTimeSec=30min
EmitDNS=no
EmitSIP=yes
SIP=10.77.0.7
Timezone=UTC
SendVendorOption=1:ipv4address:10.77.0.9
BindToInterface=no
Foo=bar
[DHCPServerStaticLease]
MACAddress=02:77:00:00:00:01
[DHCPServerStaticLease]
MACAddress=02:77:00:00:00:03
Address=10.77.2.3
""".replace("{server}", SERVER_MAC.hex(":")),
    "small": HEAD.replace("/16", "/24") + "EmitTimezone=no\n",
}
RANGES = {"bare": [WHOLE], "small": [SMALL]}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ours_says_what_networkd_says(lab, client, station, name):
    found, report = judged(lab, station, "networkd", CONFIGURATIONS[name], QUESTIONS, RANGES.get(name, [RANGE]),
                           to_the_end=True)
    assert not found, "\n".join([*found, report])

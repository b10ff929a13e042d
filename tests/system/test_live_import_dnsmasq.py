"""Configurations of dnsmasq, judged by dnsmasq: what it says, ours says."""

import pytest
from judge import RELAY, Question, judged
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
RANGE, FAR = "10.77.1.20 - 10.77.1.90", "10.78.1.20 - 10.78.1.90"
BASE = "port=0\ndhcp-range=10.77.1.20,10.77.1.90,255.255.0.0,2h\ndhcp-authoritative\n"
RELAYED = "dhcp-range=set:far,10.78.1.20,10.78.1.90,255.255.0.0,1h\n"


def mac(number):
    return mac_of(number).hex(":")


def relayed(name, number, *options):
    return Question(name, mac_of(number), options, giaddr="10.78.0.1")


QUESTIONS = [
    *(Question(f"client {number}", mac_of(number)) for number in range(1, 7)),
    Question("asks for nothing", mac_of(7), asks_for=None),
    Question("asks for little", mac_of(8), asks_for=bytes((1, 3, 6, 28))),
    Question("names itself", mac_of(9), ((12, b"laptop"),)), Question("has an identifier", mac_of(10), ((61, b"\1\2\2\4"),)),
    Question("PXE by BIOS", mac_of(11), ((60, b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"))),
    Question("PXE by UEFI", mac_of(12), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7"))),
    Question("iPXE", mac_of(13), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7"), (77, b"iPXE"), (175, b"\x12\1\1"))),
    Question("a telephone", mac_of(14), ((60, b"AcmePhone 7"),)), Question("Windows", mac_of(15), ((60, b"MSFT 5.0"),)),
    relayed("behind a relay", 16), relayed("at a port", 17, (82, b"\1\6port 7\2\2\0\1")),
    relayed("at another port", 18, (82, b"\1\6port 8")),
]

CONFIGURATIONS = {
    "bare": BASE,
    "home": BASE + "dhcp-option=option:router,10.77.0.254\ndhcp-option=6,9.9.9.9,10.77.0.1\ndomain=lan\n",
    "hosts": BASE + f"dhcp-host={mac(1)},boss,10.77.2.1\ndhcp-host={mac(2)},10.77.1.30,45m\ndhcp-host={mac(3)},ignore\n"
                    f"dhcp-host=id:01:02:02:04,10.77.2.4\ndhcp-host=laptop,10.77.2.5,infinite\ndhcp-host={mac(4)},{mac(99)},10.77.2.6\n"
                    f"dhcp-host={mac(6)[:8]}:*:*:06,10.77.2.9\n",
    "tags of hosts": BASE + f"dhcp-host={mac(1)},set:red\ndhcp-host={mac(2)},set:red,10.77.2.2\n"
                            "dhcp-option=tag:red,option:domain-name,red.example\ndhcp-option=tag:red,42,10.77.0.9\ndomain=lan\n",
    "only known": BASE + f"dhcp-host={mac(1)},10.77.2.1\ndhcp-host={mac(2)},known\ndhcp-ignore=tag:!known\n",
    "static": f"port=0\ndhcp-range=10.77.0.0,static,255.255.0.0,1h\ndhcp-host={mac(1)},10.77.2.1\n"
              f"dhcp-host={mac(2)},10.77.2.2\n",
    "netboot": BASE + "dhcp-match=set:efi64,option:client-arch,7\ndhcp-match=set:ipxe,175\n"
                      "dhcp-boot=tag:!ipxe,tag:efi64,ipxe.efi\ndhcp-boot=tag:!ipxe,tag:!efi64,undionly.kpxe,boothost,10.77.0.9\n"
                      "dhcp-boot=tag:ipxe,http://boot.example/boot.ipxe\n",
    "vendor classes": BASE + "dhcp-vendorclass=set:phone,AcmePhone\ndhcp-option=tag:phone,150,10.77.0.5\n"
                             "dhcp-option-force=tag:phone,66,10.77.0.5\ndhcp-vendorclass=set:win,MSFT\ndhcp-option=tag:win,44,10.77.0.6\n",
    "two subnets": BASE + RELAYED + "dhcp-option=tag:far,option:router,10.78.0.1\ndhcp-option=option:ntp-server,10.77.0.3\n"
                                    "dhcp-option=tag:far,15,far.example\n",
    "ports": BASE + RELAYED + "dhcp-circuitid=set:seven,port 7\ndhcp-remoteid=set:switch,00:01\n"
                              "dhcp-option=tag:far,3,10.78.0.1\n"
                              "dhcp-option=tag:seven,option:domain-name,seven.example\ndhcp-option=tag:switch,7,10.77.0.8\n",
    "pools by class": "port=0\ndhcp-vendorclass=set:phone,AcmePhone\n"
                      "dhcp-range=tag:phone,10.77.3.20,10.77.3.40,255.255.0.0,1h\n"
                      "dhcp-range=tag:!phone,10.77.1.20,10.77.1.90,255.255.0.0,2h\ndhcp-authoritative\n",
    "kinds of values": BASE + "dhcp-option=23,64\ndhcp-option=26,1400\ndhcp-option=19,0\ndhcp-option=2,3600\ndhcp-option=46,8\n"
                              "dhcp-option=119,a.example,b.example\ndhcp-option=252,http://10.77.0.1/wpad.dat\n"
                              "dhcp-option=224,1.2.3.4,5.6.7.8\ndhcp-option=225,01:02:ff\ndhcp-option=226,some text\n"
                              "dhcp-option=227,77\ndhcp-option=228,300\ndhcp-option=3\n",
    "names and macs": BASE + f"dhcp-mac=set:early,{mac(1)[:14]}:*\ndhcp-option=tag:early,69,10.77.0.7\n"
                             "dhcp-name-match=set:lap,lap*\ndhcp-option=tag:lap,70,10.77.0.7\ntag-if=set:both,tag:early,tag:lap\ndhcp-option=tag:both,71,10.77.0.7\n",
}
RANGES = [RANGE, FAR, "10.77.3.20 - 10.77.3.40"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ours_says_what_dnsmasq_says(lab, client, station, name):
    assert RELAY == "10.77.0.2"
    found, report = judged(lab, station, "dnsmasq", CONFIGURATIONS[name], QUESTIONS, RANGES)
    assert not found, "\n".join([*found, report])

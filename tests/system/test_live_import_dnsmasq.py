"""Configurations of dnsmasq, judged by dnsmasq: what it says, ours says."""

import pytest
from judge import RELAY, Question, judged
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
RANGE, FAR = "10.77.1.20 - 10.77.1.90", "10.78.1.20 - 10.78.1.90"
BASE = "port=0\ndhcp-range=10.77.1.20,10.77.1.90,255.255.0.0,2h\ndhcp-authoritative\n"
MACHINE = 97  # which ours says again to PXE clients, as RFC 4578 has it
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
    Question("another telephone", mac_of(19), ((60, b"Acme IP Phone 8"),)),
    Question("names itself wpad", mac_of(20), ((12, b"wpad"),)), Question("EFI by another number", mac_of(21), (
        (60, b"PXEClient:Arch:00009:UNDI:003016"), (93, b"\0\x09"), (97, b"\0" + bytes(16)))),
    Question("iPXE of a BIOS", mac_of(22), ((60, b"PXEClient:Arch:00000:UNDI:002001"), (93, b"\0\0"), (175, b"\x12\1\1"))),
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
    "tags of pools": "port=0\ndhcp-vendorclass=set:phone,Acme\n"
                     "dhcp-range=set:p,tag:phone,10.77.3.20,10.77.3.40,255.255.0.0,1h\n"
                     "dhcp-range=tag:!phone,set:q,10.77.1.20,10.77.1.90,255.255.0.0,2h\ndhcp-authoritative\n"
                     "dhcp-option=tag:p,42,10.77.0.3\ndhcp-option=tag:q,42,0.0.0.0\ndhcp-option=tag:q,7,10.77.0.4\n",
    "kinds of values": BASE + "dhcp-option=23,64\ndhcp-option=26,1400\ndhcp-option=19,0\ndhcp-option=2,3600\ndhcp-option=46,8\n"
                              "dhcp-option=119,a.example,b.example\ndhcp-option=252,http://10.77.0.1/wpad.dat\n"
                              "dhcp-option=224,1.2.3.4,5.6.7.8\ndhcp-option=225,01:02:ff\ndhcp-option=226,some text\n"
                              "dhcp-option=227,77\ndhcp-option=228,300\ndhcp-option=3\n",
    "names and macs": BASE + f"dhcp-mac=set:early,{mac(1)[:14]}:*\ndhcp-option=tag:early,69,10.77.0.7\n"
                             "dhcp-name-match=set:lap,lap*\ndhcp-option=tag:lap,70,10.77.0.7\ntag-if=set:both,tag:early,tag:lap\ndhcp-option=tag:both,71,10.77.0.7\n",
    "of OpenWrt": r"""# auto-generated config file from /etc/config/dhcp
dhcp-authoritative
domain-needed
localise-queries
read-ethers
expand-hosts
local-service
cache-size=1000
edns-packet-max=1232
domain=lan
local=/lan/
server=/pool.ntp.org/9.9.9.9
stop-dns-rebind
rebind-localhost-ok
dhcp-broadcast=tag:needs-broadcast
port=0

dhcp-ignore-names=tag:dhcp_bogus_hostname
dhcp-match=set:bios,60,PXEClient:Arch:00000
dhcp-boot=tag:bios,pxelinux.0,boothost,10.77.0.9

dhcp-host=02:77:00:00:00:01,set:phones,10.77.2.1,phone1
dhcp-host=02:77:00:00:00:02,10.77.2.2,nas,infinite
dhcp-range=set:lan,10.77.1.20,10.77.1.90,255.255.0.0,12h
no-dhcp-interface=pppoe-wan
dhcp-option=lan,option:ntp-server,10.77.0.3
dhcp-option=tag:phones,option:tftp-server,10.77.0.4
dhcp-option-force=lan,42,10.77.0.3
""",
    "of Pi-hole": r"""###############################################################################
#  DHCP SERVER CONFIG FILE AUTOMATICALLY POPULATED BY PI-HOLE WEB INTERFACE.  #
#            ANY CHANGES MADE TO THIS FILE WILL BE LOST ON CHANGE             #
###############################################################################
port=0
dhcp-authoritative
dhcp-range=10.77.1.20,10.77.1.90,255.255.0.0,24h
dhcp-option=option:router,10.77.0.254
#quiet-dhcp

domain=lan
dhcp-rapid-commit
#quiet-dhcp6
#enable-ra
dhcp-name-match=set:hostname-ignore,wpad
dhcp-name-match=set:hostname-ignore,localhost
dhcp-ignore-names=tag:hostname-ignore
dhcp-option=6,10.77.0.1,10.77.0.1
dhcp-host=02:77:00:00:00:03,10.77.2.3,tv
server=/use-application-dns.net/
""",
    "of libvirt": r"""##WARNING:  THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
##OVERWRITTEN AND LOST.  Changes to this configuration should be made using:
##    virsh net-edit default
## or other application using the libvirt API.
##
## dnsmasq conf file created by libvirt
strict-order
except-interface=lo
port=0
dhcp-range=10.77.1.20,10.77.1.90,255.255.0.0
dhcp-no-override
dhcp-authoritative
dhcp-lease-max=71
dhcp-host=02:77:00:00:00:01,10.77.2.11,web
dhcp-host=id:01:02:02:04,10.77.2.13
""",
    "of Proxmox": r"""except-interface=lo
no-resolv
no-hosts
port=0
dhcp-ignore=tag:!known
dhcp-option=26,1500
ra-param=*,mtu:1500,0
quiet-ra
enable-ra
dhcp-range=set:zone1-10.77.0.0-16,10.77.0.0,static,255.255.0.0,infinite
dhcp-option=tag:zone1-10.77.0.0-16,option:router,10.77.0.254
dhcp-option=tag:zone1-10.77.0.0-16,option:dns-server,9.9.9.9
dhcp-host=02:77:00:00:00:01,10.77.2.21
dhcp-host=02:77:00:00:00:05,10.77.2.25
""",
    "a lab": r"""# the lab's PXE
port=0
domain=lab.example,10.77.0.0/16,local
dhcp-range=tag:!guest,set:lab,10.77.1.20,10.77.1.60,255.255.0.0,8h
dhcp-range=set:guestnet,tag:guest,10.77.1.61,10.77.1.90,255.255.0.0,30m
dhcp-vendorclass=set:guest,MSFT
dhcp-match=set:efi-x86_64,option:client-arch,7
dhcp-match=set:efi-x86_64,option:client-arch,9
dhcp-match=set:ipxe,175 # iPXE sends a 175 option.
dhcp-userclass=set:ipxe-ok,iPXE
tag-if=set:load,tag:ipxe,tag:!ipxe-ok
dhcp-boot=tag:efi-x86_64,ipxe.efi,10.77.0.9,10.77.0.9
dhcp-boot=tag:ipxe,menu.ipxe
dhcp-option=vendor:PXEClient,6,2b
dhcp-option=encap:175,190,"iscsi-client0"
dhcp-option=encap:175,191,7
dhcp-option=vi-encap:2,11,router.example
dhcp-option=tag:guest,option:domain-search,guest.example
dhcp-option=tag:lab,option:domain-search,lab.example,example
dhcp-option=option:root-path,"10.77.0.9:/srv/nfs,vers=3"
dhcp-option=42,0.0.0.0
dhcp-option=option:T1,1800
dhcp-option=128,10.77.0.7
dhcp-option=129,"text here"
""",
    "an office": r"""# office router, since 2014
listen-address=127.0.0.1
no-dhcp-interface=wlan0
expand-hosts
port=0
domain=office.example
dhcp-range=10.77.1.20,10.77.1.90,255.255.0.0,10.77.255.255,4h
dhcp-option=3,10.77.0.254
dhcp-option=option:dns-server,9.9.9.9,149.112.112.112
dhcp-option=19,0           # option ip-forwarding off
dhcp-option=44,0.0.0.0     # set netbios-over-TCP/IP nameserver(s) aka WINS server(s)
dhcp-option=45,0.0.0.0     # netbios datagram distribution server
dhcp-option=46,8           # netbios node type
dhcp-option=252,"\n"
dhcp-option=vendor:MSFT,2,1i
# printers
dhcp-host=02:77:00:00:00:01,printer-1.office.example,10.77.2.1,set:printers
dhcp-host=02:77:00:00:00:*,set:vm
dhcp-host=02:77:00:00:00:04,id:*,10.77.2.4,laptop_4
dhcp-option=tag:printers,option:domain-name,print.example
dhcp-option=tag:vm,69,10.77.0.7
dhcp-option=tag:!vm,70,10.77.0.8
dhcp-mac=set:early,02:77:00:*:*:05
dhcp-option=tag:early,71,10.77.0.9
dhcp-vendorclass=set:anyphone,Phone
dhcp-option=tag:anyphone,150,10.77.0.5
dhcp-boot=tag:anyphone,tag:!vm,phone.cfg
""",
    "the last line counts": r"""port=0
dhcp-range=10.77.1.20,10.77.1.90,255.255.0.0,1h
dhcp-vendorclass=set:pxe,PXEClient
dhcp-match=set:efi,option:client-arch,7
dhcp-match=set:ipxe,175
# the later one counts
dhcp-boot=tag:ipxe,boot.ipxe
dhcp-boot=tag:efi,grub.efi,,10.77.0.8
dhcp-boot=tag:pxe,pxelinux.0,,10.77.0.9
dhcp-option=tag:pxe,option:ntp-server,10.77.0.1
dhcp-option=tag:efi,option:ntp-server,10.77.0.2
dhcp-option=tag:efi,tag:ipxe,option:log-server,10.77.0.4
dhcp-option=tag:pxe,option:log-server,10.77.0.3
dhcp-option=15,one.example
dhcp-option=15,two.example
domain=three.example
""",
}
DIFFERS = {"a lab": (175,)}
"""What iPXE is told besides, and the order of suboptions."""
RANGES = [RANGE, FAR, "10.77.3.20 - 10.77.3.40"]


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ours_says_what_dnsmasq_says(lab, client, station, name):
    assert RELAY == "10.77.0.2"
    found, report = judged(lab, station, "dnsmasq", CONFIGURATIONS[name], QUESTIONS, RANGES,
                           (MACHINE, *DIFFERS.get(name, ())))
    assert not found, "\n".join([*found, report])

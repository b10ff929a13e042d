"""Configurations of udhcpd, judged by udhcpd: what it says, ours says."""

import pytest
from judge import Question, judged
from messages import mac_of

pytestmark = [pytest.mark.namespaces, pytest.mark.unsandboxed]
BASE = "start 10.77.1.20\nend 10.77.1.90\noption subnet 255.255.0.0\n"
RANGE = "10.77.1.20 - 10.77.1.90"
QUESTIONS = [*(Question(f"client {number}", mac_of(number)) for number in range(1, 9)),
             Question("asks for nothing", mac_of(9), asks_for=None),
             Question("names itself", mac_of(10), ((12, b"laptop"),)),
             Question("has an identifier", mac_of(11), ((61, b"\1" + mac_of(11)),)),
             Question("PXE", mac_of(12), ((60, b"PXEClient:Arch:00007:UNDI:003016"), (93, b"\0\7")))]

CONFIGURATIONS = {
    "bare": BASE,
    "home": BASE + "option router 10.77.0.1\noption dns 10.77.0.1 9.9.9.9\noption domain lan\noption lease 86400\n",
    "hosts": BASE + "".join(f"static_lease {mac_of(number).hex(':')} {ip}\n" for number, ip in (
        (1, "10.77.2.1"), (2, "10.77.1.30"), (3, "10.77.2.3"))) + "opt router 10.77.0.1\n",
    "netboot": BASE + "siaddr 10.77.0.9\nsname boot.lan\nboot_file pxelinux.0\noption tftp 10.77.0.9\n",
    "time": BASE + "option ntpsrv 10.77.0.1\noption timezone -3600\noption lease 3600\nmin_lease 60\n",
    "routes": BASE + "option staticroutes 10.0.0.0/8 10.77.0.127, 10.11.12.0/24 10.77.0.128\nopt router 10.77.0.1\n",
    "windows": BASE + "option wins 10.77.0.5 10.77.0.6\noption domain corp.example\noption mtu 1400\n",
    "search": BASE + "option search a.example\noption search b.example\noption wpad http://10.77.0.1/wpad.dat\n",
    "raw": BASE + "option 0x96 0a4d0001\noption 43 0104deadbeef\n",
    "print": BASE + "option lprsrv 10.77.0.7\noption broadcast 10.77.255.255\noption ipttl 64\n",
    "nis": BASE + "option nisdomain corp\noption nissrv 10.77.0.3\noption rootpath /srv/root\n",
    "the sample": """# Sample udhcpd configuration file (/etc/udhcpd.conf)
# Values shown are defaults

# The start and end of the IP lease block
start		10.77.1.20
end		10.77.1.90

# The interface that udhcpd will use

# The maximum number of leases (includes addresses reserved
# by OFFER's, DECLINE's, and ARP conflicts). Will be corrected
# if it's bigger than IP lease block, but it ok to make it
# smaller than lease block.
max_leases	254

# The amount of time that an address will be reserved
# (leased to nobody) if a DHCP decline message is received
decline_time	3600
conflict_time	3600
offer_time	60
min_lease	60
siaddr		10.77.0.22
sname		zorak
boot_file	/var/nfs_root
opt	dns	192.168.10.2 192.168.10.10
option	subnet	255.255.0.0
opt	router	10.77.0.2
opt	wins	192.168.10.10
option	dns	129.219.13.81	# appended to above DNS servers for a total of 3
option	domain	local
option	lease	864000
option	0x08	01020304
option	14	"dumpfile"
static_lease 00:60:08:11:CE:4E 10.77.0.54
static_lease 02:77:00:00:00:02 10.77.0.44 optional_hostname
""",
    "an access point": """start 10.77.1.20
end 10.77.1.90
remaining yes
auto_time 7200
opt dns 8.8.8.8 8.8.4.4
opt subnet 255.255.0.0
opt router 10.77.0.1
opt lease 864000 # 10 day DHCP lease time in seconds
opt hostname guest
opt search a.example b.example
option vlanid 100
option vlanpriority 3
option pxeconffile pxe.cfg
option pxepathprefix /pxe
""",
    "a rack": """start 10.77.1.20
end 10.77.1.90
opt subnet 255.255.0.0
opt mtu 1400
opt ntpsrv 10.77.0.3
opt tftp boot.example
opt bootfile pxelinux.0
opt rootpath /srv/nfs
opt wpad http://x/wpad
min_lease 600
opt lease 1200
static_lease 02:77:00:00:00:03 10.77.1.25
""",
    "all names": """start 10.77.1.20
end 10.77.1.90
opt subnet 255.255.0.0
static_lease 02:77:00:00:00:01 10.77.2.1 myname
opt tzstr CET-1CEST
opt tzdbstr Europe/Berlin
opt vlanid 100
opt vlanpriority 3
opt pxeconffile pxe.cfg
opt pxepathprefix /pxe
opt reboottime 30
opt 43 0104c0a80101
opt 0x96 0a4d0009
opt 14 64756d70
""",
}


DIFFERS = {"routes": (121, 249)}  # as the report says


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_ours_says_what_udhcpd_says(lab, client, station, name):
    found, report = judged(lab, station, "udhcpd", CONFIGURATIONS[name], QUESTIONS, [RANGE], DIFFERS.get(name, ()))
    assert not found, "\n".join([*found, report])

"""DHCP servers of other programs, run on the server machine of a lab: what they write is what we read."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from lab import Lab, need, wait_until

NETWORK, FIRST, LAST = "10.77.0.0/24", "10.77.0.100", "10.77.0.120"

DHCPD = f"""
authoritative; default-lease-time 3600; max-lease-time 7200; ping-check off;
subnet 10.77.0.0 netmask 255.255.255.0 {{ range {FIRST} {LAST}; option routers 10.77.0.1; }}
"""
KEA = {"interfaces-config": {"interfaces": ["s0"]}, "valid-lifetime": 3600, "store-extended-info": True,
       "subnet4": [{"id": 1, "subnet": NETWORK, "pools": [{"pool": f"{FIRST} - {LAST}"}]}]}
NETWORKD = "/lib/systemd/systemd-networkd"
ALONE = f"""
    mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs /run && mount -o remount,ro,bind /sys
    mount -t tmpfs -o mode=755 tmpfs /var/lib/systemd && mkdir /var/lib/systemd/network
    export SYSTEMD_NETWORK_PERSISTENT_STORAGE_READY=1  # from version 256 on it serves nobody before a unit has said so
    mkdir -p /run/systemd/network && cp {{file}} /run/systemd/network/ && exec {NETWORKD}
"""
"""networkd with one file, and directories of its own for what it keeps."""
DNSMASQ = f"port=0\ndhcp-range={FIRST},{LAST},255.255.255.0,1h\ndhcp-authoritative\n"


@contextmanager
def running(lab: Lab, words: list[object], environment: dict[str, str]) -> Iterator[None]:
    """One that has begun to listen."""
    log = (lab.directory / "old-server.log").open("ab")
    process = lab.server.start(*words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=os.environ | environment)
    try:
        wait_until(lambda: process.poll() is not None or lab.server.run("ss", "-Huln", "sport = :67").stdout
                   or lab.server.run("ss", "-H0ln").stdout.count("s0"), "the server", 20)
        time.sleep(0.5)  # it has opened its port, and is about to read
        assert process.poll() is None, (lab.directory / "old-server.log").read_text()
        yield
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@contextmanager
def dhcpd(lab: Lab, text: str = DHCPD) -> Iterator[Path]:
    """ISC dhcpd with a configuration; its file of leases."""
    need("dhcpd")
    file, leases = lab.directory / "dhcpd.conf", lab.directory / "dhcpd.leases"
    file.write_text(text)
    leases.touch()
    with running(lab, ["dhcpd", "-4", "-f", "-cf", file, "-lf", leases, "-pf", lab.directory / "dhcpd.pid", "-user", "root",
                       "-group", "root", "s0"], {}):
        yield leases


@contextmanager
def kea(lab: Lab, settings: dict[str, object] | str | None = None) -> Iterator[Path]:
    """Kea with what stands in Dhcp4, or with a whole file that names neither lease database nor loggers; its file of leases."""
    need("kea-dhcp4")
    file, leases = lab.directory / "kea-dhcp4.conf", lab.directory / "kea-leases4.csv"
    backend = {"lease-database": {"type": "memfile", "persist": True, "name": str(leases), "lfc-interval": 0},
               "loggers": [{"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout"}]}]}
    if isinstance(settings, str):
        begin, inner = '"Dhcp4": {', json.dumps(backend)[1:-1]
        assert settings.count(begin) == 1, f"a whole file has {begin} once"
        file.write_text(settings.replace(begin, f"{begin}{inner}, "))
    else:
        file.write_text(json.dumps({"Dhcp4": backend | (KEA if settings is None else settings)}))
    places = dict.fromkeys(("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR", "KEA_LOG_FILE_DIR"), str(lab.directory))
    with running(lab, ["kea-dhcp4", "-c", file], places):
        yield leases


@contextmanager
def dnsmasq(lab: Lab, text: str = DNSMASQ) -> Iterator[Path]:
    """dnsmasq with a configuration; its file of leases."""
    need("dnsmasq")
    file, leases = lab.directory / "dnsmasq.conf", lab.directory / "dnsmasq.leases"
    file.write_text(f"interface=s0\nbind-interfaces\nuser=root\nno-ping\ndhcp-leasefile={leases}\n"
                    f"pid-file={lab.directory / 'dnsmasq.pid'}\n{text}")
    with running(lab, ["dnsmasq", "--keep-in-foreground", f"--conf-file={file}"], {}):
        yield leases


@contextmanager
def udhcpd(lab: Lab, text: str) -> Iterator[Path]:
    """busybox's udhcpd with a configuration; its file of leases."""
    need("busybox")
    file, leases = lab.directory / "udhcpd.conf", lab.directory / "udhcpd.leases"
    leases.touch()
    file.write_text(f"{text}\ninterface s0\nlease_file {leases}\npidfile {lab.directory / 'udhcpd.pid'}\n")
    with running(lab, ["busybox", "udhcpd", "-f", "-a", "1", file], {}):
        yield leases


@contextmanager
def networkd(lab: Lab, text: str) -> Iterator[Path]:
    """systemd-networkd with a .network file of s0; it keeps no leases."""
    need(NETWORKD)
    file = lab.directory / "10-s0.network"
    file.write_text(text)
    file.chmod(0o644)
    with running(lab, ["unshare", "-m", "sh", "-c", ALONE.format(file=file)], {}):
        yield file


SERVERS = {"isc": dhcpd, "kea": kea, "dnsmasq": dnsmasq}
"""Those whose leases are read."""
CONFIGURED: dict[str, Callable[[Lab, str], AbstractContextManager[Path]]] = {
    "isc": dhcpd, "kea": kea, "dnsmasq": dnsmasq, "udhcpd": udhcpd, "networkd": networkd}
"""Those whose configurations are read, by what starts one with the text of a configuration."""

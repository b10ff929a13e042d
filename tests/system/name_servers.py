"""DNS servers on a machine of the lab: BIND and Knot, which take updates, and one that never answers."""

import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from lab import Machine, wait_until
from sandbox import NOBODY

KEY, SECRET, OTHER_SECRET = "lab-key", "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0ISE=", "b3RoZXIgb3RoZXIgb3RoZXIgb3RoZXIgb3RoZXI="
ZONES = ("lab.example", "77.10.in-addr.arpa")
ZONE_TEXT = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 127.0.0.1\n"
REVERSE_TEXT = "$TTL 300\n@ SOA ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 60\n@ NS ns.lab.example.\n"


def key_file(directory: Path, secret: str = SECRET, name: str = KEY) -> Path:
    """The file of a key, as tsig-keygen writes it, for root and a daemon that is in a sandbox."""
    path = directory / f"{name}.{secret[:4]}.key"
    path.write_text(f'key "{name}" {{\n\talgorithm hmac-sha256;\n\tsecret "{secret}";\n}};\n')
    path.chmod(0o640)
    shutil.chown(path, 0, NOBODY)
    return path


class NameServer:
    """A server with zones on an address of a machine. Whoever has the key may change them."""

    program = ""

    def __init__(self, machine: Machine, directory: Path, address: str = "127.0.0.53", zones: Sequence[str] = ZONES,
                 may_update: bool = True, port: int = 53) -> None:
        self.machine, self.address, self.port, self.zones = machine, address, port, zones
        self.directory = directory / f"{self.program}-{address}"
        self.directory.mkdir(mode=0o755)
        if ":" in address:
            machine.run("sh", "-c", "for one in all lo; do echo 0 > /proc/sys/net/ipv6/conf/$one/disable_ipv6; done")
        machine.ip(f"addr add {address}/{128 if ':' in address else 32} dev lo nodad")
        for zone in zones:
            text = REVERSE_TEXT if zone.endswith(".arpa") else ZONE_TEXT
            self.zone_file(zone).write_text(text)
        self.write(may_update)
        self.process: subprocess.Popen[Any] | None = None

    def zone_file(self, zone: str) -> Path:
        """The file of a zone."""
        return self.directory / f"{zone.replace('/', '_')}.zone"

    def write(self, may_update: bool) -> None:
        """Write the configuration."""
        raise NotImplementedError

    def command(self) -> list[object]:
        """What starts it."""
        raise NotImplementedError

    def start(self) -> "NameServer":
        """Start it, and wait until it answers."""
        with (self.directory / "log").open("ab") as log:
            self.process = self.machine.start(*self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                              cwd=str(self.directory))
        try:
            wait_until(lambda: self.dig(self.zones[0], "SOA"), f"an answer of {self.program}")
        except AssertionError:
            print(self.log())
            raise
        return self

    def stop(self) -> None:
        """End it; it keeps its zones."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)
        self.process = None

    def send(self, number: int) -> None:
        """Send it a signal."""
        assert self.process is not None
        self.process.send_signal(number)

    def close(self) -> None:
        """End it, however it is."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def log(self) -> str:
        """What it has said."""
        path = self.directory / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def dig(self, name: str, kind: str) -> list[str]:
        """The records of a name, as dig shows them; none where it does not answer."""
        done = self.machine.run("dig", "+short", "+norecurse", "+time=1", "+tries=1", "-p", self.port, f"@{self.address}", name,
                                kind, check=False)
        return sorted(line for line in done.stdout.splitlines() if not line.startswith(";"))

    def ttl(self, name: str, kind: str) -> int:
        """How long a record may be kept."""
        done = self.machine.run("dig", "+noall", "+answer", "+norecurse", "-p", self.port, f"@{self.address}", name,
                                kind)
        return int(done.stdout.split()[1])

    def update(self, *lines: str, secret: str = SECRET) -> None:
        """Change a zone by nsupdate, as an administrator would."""
        text = "\n".join([f"server {self.address} {self.port}", *lines, "send", ""])
        self.machine.run("nsupdate", "-y", f"hmac-sha256:{KEY}:{secret}", input=text)


def _lock_file() -> str:
    """Before 9.20 there is one of these for the whole machine, and after that not even the setting."""
    told = subprocess.run(["named", "-v"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"BIND 9\.(\d+)", told)
    return "lock-file none;" if found and int(found[1]) < 20 else ""


class Bind(NameServer):
    """BIND 9."""

    program = "named"

    def write(self, may_update: bool) -> None:
        policy = f'update-policy {{ grant {KEY} zonesub ANY; }};' if may_update else "allow-update { none; };"
        zones = "\n".join(f'zone "{zone}" {{ type primary; file "{self.zone_file(zone).name}"; {policy} }};'
                          for zone in self.zones)
        ours, other = ("listen-on-v6", "listen-on") if ":" in self.address else ("listen-on", "listen-on-v6")
        (self.directory / "named.conf").write_text(f"""
            options {{ directory "{self.directory}"; pid-file none; {_lock_file()} session-keyfile none; recursion no;
                       {ours} port {self.port} {{ {self.address}; }}; {other} {{ none; }}; dnssec-validation no; }};
            controls {{ }};
            key "{KEY}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
            {zones}
            """)

    def command(self) -> list[object]:
        return ["named", "-g", "-n", "1", "-c", self.directory / "named.conf"]


class Knot(NameServer):
    """Knot DNS."""

    program = "knotd"

    def write(self, may_update: bool) -> None:
        acl = "acl: update" if may_update else "acl: nobody"
        zones = "\n".join(f'  - domain: "{zone}"\n    file: "{self.zone_file(zone)}"\n    {acl}' for zone in self.zones)
        (self.directory / "knot.conf").write_text(f"""
server:
    rundir: "{self.directory}"
    listen: {self.address}@{self.port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{self.directory}"
log:
  - target: stderr
    any: info
key:
  - id: {KEY}
    algorithm: hmac-sha256
    secret: {SECRET}
acl:
  - id: update
    key: {KEY}
    action: update
  - id: nobody
    key: {KEY}
    action: notify
zone:
{zones}
""")

    def command(self) -> list[object]:
        return ["knotd", "-c", self.directory / "knot.conf"]


class Silent:
    """A server that takes what is sent, and never answers."""

    def __init__(self, machine: Machine, address: str) -> None:
        self._sockets = machine.open(lambda: [_opened(kind, address) for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM)])

    def close(self) -> None:
        """Give it up."""
        for one in self._sockets:
            one.close()


def _opened(kind: int, address: str) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((address, 53))
    if kind == socket.SOCK_STREAM:
        made.listen(16)
    return made


def need_name_server(kind: type[NameServer]) -> None:
    """Skip where it is not installed."""
    missing = [one for one in (kind.program, "dig", "nsupdate") if shutil.which(one) is None]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed (README has the apt line of the large programs)")

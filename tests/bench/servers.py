"""The servers that are compared: the files of each, its command, and what the system tells of its process.

Each runs as shipped: with its lease log written to a file, its leases in a file, its defaults where nothing is said here.
"""

import ipaddress
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from cable import SERVER_ADDRESS, BenchError, Cable, die_with_parent, start, stop
from clients import FIRST, LEASE_TIME, Leases

from pydhcpd.leases.interface import BOUND, Row
from pydhcpd.leases.store import SQLiteStore

ROOT = Path(__file__).resolve().parents[2]
NETWORK, MASK = "10.64.0.0/10", "255.192.0.0"
START_LIMIT = 180.0  # seconds to the first answer
SETTLE = 1.0  # seconds after it in which nothing is measured
TICKS = os.sysconf("SC_CLK_TCK")  # a second


def text_of(address: int) -> str:
    """Dotted form of an address in host byte order."""
    return str(ipaddress.IPv4Address(address))


class Server:
    """One of the servers, started and stopped at will; subclasses say how it is configured."""

    name = ""
    program = ""
    package = ""
    database = ""  # name of the file with its leases
    most_leases = 1_000_000
    guesses: dict[str, int] = {}  # rates per second from which a search begins, by measure
    begins_anew = False  # whether each step of a search finds the same leases, because the rate falls with their number

    def __init__(self, cable: Cable, directory: Path) -> None:
        self._cable = cable
        self._prepared = directory / f"{self.name}-prepared"
        self.directory = directory / f"{self.name}-live"
        for one in (self._prepared, self.directory):
            one.mkdir()
        self._log = directory / f"{self.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.start_time = 0.0  # seconds from exec to the first answer

    # --- what the subclasses say

    @classmethod
    def is_installed(cls) -> bool:
        """Whether its program is there."""
        return shutil.which(cls.program) is not None

    def version(self) -> str:
        """Its version, in a word or two."""
        raise NotImplementedError

    def write_leases(self, file: Path, leases: Leases) -> None:
        """Write a database in which these leases run."""
        raise NotImplementedError

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        """Write its configuration into the directory; returns the command that starts it in the foreground."""
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        """What it needs in its environment."""
        return {}

    # --- its process

    def start(self, leases: Leases, quiet: bool = False) -> None:
        """Start it with these leases, and wait for its first answer. `quiet` turns the log of leases off."""
        self.stop()
        self._restore(leases)
        words = self._cable.on_server(self.configure(self.directory, leases, quiet))
        self._log.write_bytes(b"")
        prober = self._probe()
        try:
            begin = time.monotonic()
            self._process = start(words, self._log, self.environment(), self.directory)
            self.start_time = self._first_answer(prober) - begin
        finally:
            prober.kill()
            prober.communicate()
        time.sleep(SETTLE)

    def _restore(self, leases: Leases) -> None:
        prepared = self._prepared / f"{leases.count}-{leases.free}"
        if not prepared.exists():
            self.write_leases(prepared, leases)
        for old in self.directory.iterdir():
            old.unlink()
        shutil.copyfile(prepared, self.directory / self.database)
        os.sync()

    def _probe(self) -> subprocess.Popen[str]:
        words = [sys.executable, str(Path(__file__).with_name("renewals.py")), "probe", str(START_LIMIT)]
        prober = subprocess.Popen(self._cable.on_client(words), stdout=subprocess.PIPE, text=True,
                                  start_new_session=True, preexec_fn=die_with_parent)
        assert prober.stdout is not None
        if prober.stdout.readline() != "asking\n":
            raise BenchError("the sender of renewals does not start")
        return prober

    def _first_answer(self, prober: subprocess.Popen[str]) -> float:
        while prober.poll() is None:
            self.check()
            with suppress(subprocess.TimeoutExpired):
                prober.wait(0.2)
        assert prober.stdout is not None
        answer = prober.stdout.read().strip()
        if answer in ("", "none"):
            raise BenchError(f"{self.name} gave no answer within {START_LIMIT:.0f} s; {self._last_words()}")
        return float(answer)

    def check(self) -> None:
        """Raise BenchError where it runs no more."""
        if self._process is not None and self._process.poll() is not None:
            raise BenchError(f"{self.name} has ended with code {self._process.returncode}; {self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-5:]
        return "its last words: " + " | ".join(lines) if lines else "its log is empty"

    def stop(self) -> None:
        """End it, if it runs."""
        if self._process is not None:
            stop(self._process)
            self._process = None

    def processor_time(self) -> float:
        """Seconds of processor time that it has used, user and system."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> float:
        """Its resident memory in MiB."""
        lines = self._proc("status").splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))

    def _proc(self, name: str) -> str:
        assert self._process is not None
        self.check()
        return Path(f"/proc/{self._process.pid}/{name}").read_text()


class Pydhcpd(Server):
    """The server of this repository."""

    name, database = "pydhcpd", "leases.db"
    guesses = {"four-way": 10000, "renewals": 15000, "full": 8000}
    python = sys.executable

    @classmethod
    def is_installed(cls) -> bool:
        return True

    def version(self) -> str:
        words = [self.python, "-c", "import platform, pydhcpd; print(pydhcpd.__version__, platform.python_version())"]
        done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, **self.environment()}, check=False)
        version, _, python = done.stdout.strip().partition(" ")
        return f"pydhcpd {version} on Python {python}"

    def write_leases(self, file: Path, leases: Leases) -> None:
        store, now = SQLiteStore(file), int(time.time())
        store.import_rows(Row(address, b"\1\1" + mac, 1, mac, "", now + LEASE_TIME, now, BOUND) for mac, address in leases)
        store.checkpoint("TRUNCATE")
        store.close()

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        file = directory / "pydhcpd.conf"
        settings = {"interface": "s0", "network": NETWORK, "ip_ranges": [(text_of(FIRST), text_of(leases.last()))],
                    "router": SERVER_ADDRESS, "ip_address_lease_time": LEASE_TIME,
                    "host_file": str(directory / self.database), "pid_file": str(directory / "pydhcpd.pid")}
        if quiet:
            settings["log_level"] = "warning"
        file.write_text("".join(f"{name} = {value!r}\n" for name, value in settings.items()))
        file.chmod(0o600)
        return [self.python, "-m", "pydhcpd", "-config_file", str(file), "-foreground", "yes"]

    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(ROOT)}


class Kea(Server):
    """Kea with one thread and leases in memfile, the fastest of its ways on one processor."""

    name, program, package, database = "Kea", "kea-dhcp4", "kea-dhcp4-server", "kea-leases4.csv"
    guesses = {"four-way": 8000, "renewals": 12000, "full": 1000}

    def version(self) -> str:
        done = subprocess.run([self.program, "-v"], capture_output=True, text=True, check=False)
        return f"Kea {done.stdout.strip()}"

    def write_leases(self, file: Path, leases: Leases) -> None:
        ends = int(time.time()) + LEASE_TIME
        with file.open("w") as out:
            out.write("address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,"
                      "user_context\n")
            out.writelines(f"{text_of(address)},{mac.hex(':')},01:{mac.hex(':')},{LEASE_TIME},{ends},1,0,0,,0,\n"
                           for mac, address in leases)

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        file = directory / "kea.json"
        subnet = {"id": 1, "subnet": NETWORK, "pools": [{"pool": f"{text_of(FIRST)} - {text_of(leases.last())}"}],
                  "option-data": [{"name": "routers", "data": SERVER_ADDRESS}]}
        logger = {"name": "kea-dhcp4", "severity": "WARN" if quiet else "INFO", "output_options": [{"output": "stdout"}]}
        file.write_text(json.dumps({"Dhcp4": {
            "interfaces-config": {"interfaces": ["s0"], "dhcp-socket-type": "udp"},
            "multi-threading": {"enable-multi-threading": False},
            "lease-database": {"type": "memfile", "persist": True, "name": str(directory / self.database),
                               "lfc-interval": 3600},
            "valid-lifetime": LEASE_TIME, "subnet4": [subnet], "loggers": [logger]}}))
        return [self.program, "-c", str(file)]

    def environment(self) -> dict[str, str]:
        names = ("KEA_PIDFILE_DIR", "KEA_LOCKFILE_DIR", "KEA_DHCP_DATA_DIR", "KEA_LOG_FILE_DIR")
        return dict.fromkeys(names, str(self.directory))


class Dnsmasq(Server):
    """dnsmasq without its ping before an offer, which would take seconds for each new client."""

    name, program, package, database = "dnsmasq", "dnsmasq", "dnsmasq-base", "dnsmasq.leases"
    most_leases = 10_000  # with 100,000 its start takes minutes, for it walks the list of all for each of them
    guesses = {"four-way": 150, "renewals": 500, "full": 100}
    begins_anew = True

    def version(self) -> str:
        done = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=False)
        return "dnsmasq " + done.stdout.split()[2]

    def write_leases(self, file: Path, leases: Leases) -> None:
        ends = int(time.time()) + LEASE_TIME
        with file.open("w") as out:
            out.writelines(f"{ends} {mac.hex(':')} {text_of(address)} * 01:{mac.hex(':')}\n" for mac, address in leases)

    def configure(self, directory: Path, leases: Leases, quiet: bool) -> list[str]:
        file = directory / "dnsmasq.conf"
        lines = ["port=0", "interface=s0", "bind-interfaces", "user=root", "no-ping", "dhcp-authoritative",
                 "dhcp-lease-max=5000000", f"dhcp-range={text_of(FIRST)},{text_of(leases.last())},{MASK},{LEASE_TIME}",
                 f"dhcp-leasefile={directory / self.database}", f"dhcp-option=option:router,{SERVER_ADDRESS}",
                 f"pid-file={directory / 'dnsmasq.pid'}", "log-facility=-", *(["quiet-dhcp"] if quiet else [])]
        file.write_text("\n".join(lines) + "\n")
        return [self.program, "--keep-in-foreground", f"--conf-file={file}"]


KINDS: tuple[type[Server], ...] = (Pydhcpd, Kea, Dnsmasq)

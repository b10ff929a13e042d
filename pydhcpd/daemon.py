"""The process: its start, its locks, its privileges, its signals, its reloads and its end.

Order of the start: check the configuration, open ports (which needs root), detach, lock, drop privileges, open the lease
database, start threads. Signals are taken by the main thread alone, which does nothing else that could keep it.
"""

import gc
import grp
import logging
import os
import pwd
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from daemon import DaemonContext

from pydhcpd import __version__
from pydhcpd.command_line import CommandLine, parse, usage
from pydhcpd.configuration import ConfigurationError, DHCPServerConfiguration
from pydhcpd.control.prompt import HostRow, ThreadedTCPServer
from pydhcpd.errors import InvalidValue
from pydhcpd.events import EventLog
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.locks import DatabaseLock, PidLock
from pydhcpd.log import open_standard_files, set_level, start_logging
from pydhcpd.net.interfaces import Interface, InterfaceWatcher, take_snapshot
from pydhcpd.net.sockets import open_packet, open_udp
from pydhcpd.notify import notify, watchdog_interval
from pydhcpd.server import DHCPServer
from pydhcpd.serving import Serving, make_serving
from pydhcpd.settings import BY_NAME

log = logging.getLogger(__name__)

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
CHECK_LIMIT = 10.0  # seconds that a configuration file may run in a reload
SWITCH_INTERVAL = 0.001  # seconds after which a busy thread gives the interpreter to one that waits, such as the receiver
COLLECT_AFTER = 50_000  # new objects; the path of a packet makes no cycles, so there is little to find
FIXED = ("host_file", "control_address", "control_port", "pid_file", "user", "group", "foreground")
"""Settings that a reload cannot change."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What must be opened while still root."""

    udp: socket.socket
    packet: socket.socket
    prompt: ThreadedTCPServer | None

    def descriptors(self) -> list[int]:
        """File descriptors that detaching must leave open."""
        return [one.fileno() for one in (self.udp, self.packet, self.prompt) if one is not None]


class Daemon:
    """One running server with all that belongs to it."""

    def __init__(self, command_line: CommandLine, configuration: DHCPServerConfiguration, ports: Ports) -> None:
        self._command_line = command_line
        self._configuration = configuration
        self._ports = ports
        self._events = EventLog()
        self._lock = threading.Lock()  # guards _configuration and the making of what is served
        self._waiting: tuple[str, ...] = ()
        self._ready = False

    def run(self) -> int:
        """Serve until a signal says otherwise; returns the exit code."""
        with ExitStack() as stack:
            database_lock = DatabaseLock(self._configuration["host_file"])
            database_lock.acquire()
            stack.callback(database_lock.release)
            store = SQLiteStore(self._configuration["host_file"])
            stack.callback(store.close)
            self._hosts = HostDatabase(store, self._configuration["maximum_transactions"])
            self._server = DHCPServer(self._hosts, self._events, self._ports.udp, self._ports.packet,
                                      self._configuration["maximum_transactions"])
            watcher = InterfaceWatcher(self._follow)
            self._watcher = watcher
            interfaces = watcher.start()
            stack.callback(watcher.stop)
            self._follow(interfaces)
            self._server.start()
            stack.callback(self._server.stop)
            self._start_prompt(stack)
            self._settle_collector()
            self._tell_ready()
            self._wait_for_signals()
            notify(STOPPING=1, STATUS="stopping")
            log.info("stopping")
        log.info("stopped; all leases are stored")
        return 0

    def _start_prompt(self, stack: ExitStack) -> None:
        prompt = self._ports.prompt
        if prompt is None:
            return
        prompt.setHosts(self._active_hosts)
        prompt.setEvents(lambda: self._events.since_yesterday(time.time()))
        prompt.setConfiguration(lambda: self._configuration.entries())  # noqa: PLW0108  # a reload replaces it
        prompt.serve_in_thread()
        stack.callback(prompt.server_close)
        stack.callback(prompt.shutdown)

    def _active_hosts(self) -> Iterator[HostRow]:
        """Hosts with a lease that runs, and quarantined addresses."""
        now = time.time()
        return (HostRow(host.ip, host.mac, host.hostname, host.expires, host.state)
                for host in self._hosts.active(now))

    @staticmethod
    def _settle_collector() -> None:
        """What lives as long as the process is not to be walked by the garbage collector again and again."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER, 20, 100)

    # --- what is served

    def _follow(self, interfaces: Mapping[int, Interface]) -> None:
        """Serve what can be served on these interfaces; where that fails, what is served stays."""
        with self._lock:
            try:
                self._apply(self._configuration, interfaces)
            except (InvalidValue, sqlite3.Error, OSError) as error:
                log.error("the change of interfaces cannot be followed: %s", error)
            self._tell_ready()

    def _apply(self, configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> None:
        """Raises InvalidValue or sqlite3.Error before anything has changed."""
        serving = make_serving(configuration, interfaces)
        tables = self._hosts.prepare(serving.networks(), int(time.time()))
        before = self._server.serving
        self._server.swap(serving, tables)
        self._tell_changes(before, serving)

    def _tell_changes(self, before: Serving | None, serving: Serving) -> None:
        if serving.waiting and serving.waiting != self._waiting:
            log.warning("waiting: %s", "; ".join(serving.waiting))
        self._waiting = serving.waiting
        if before is None or before.describe() != serving.describe():
            log.info("serving %s", serving.describe())

    def _tell_ready(self) -> None:
        """Tell systemd what is served and what is waited for; ready once there is anything to serve."""
        serving = self._server.serving
        if serving is None:
            return
        status = f"serving {serving.describe()}" if serving.links else "not serving"
        if serving.waiting:
            status += "; waiting: " + "; ".join(serving.waiting)
        if serving.links and not self._ready and self._server.started:
            self._ready = True
            notify(READY=1, STATUS=status)
        else:
            notify(STATUS=status)

    # --- signals

    def _wait_for_signals(self) -> None:
        interval = watchdog_interval()
        beats = (-1, -1)
        while True:
            received = signal.sigtimedwait(SIGNALS, interval / 3 if interval else 3600.0)
            if received is None:
                now = (self._server.beats, self._server.worker.beats)
                if interval and all(new != old for new, old in zip(now, beats, strict=True)):
                    notify(WATCHDOG=1)
                beats = now
            elif received.si_signo == signal.SIGHUP:
                self.reload()
            else:
                return

    def reload(self) -> None:
        """Read the configuration again; where anything is wrong with it, what runs goes on, and the log says why."""
        notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        try:
            self._reload()
        except ConfigurationError as error:
            for problem in error.problems:
                log.error("not reloaded: %s", problem)
        except (InvalidValue, sqlite3.Error, OSError) as error:
            log.error("not reloaded: %s", error)
        notify(READY=1)
        with self._lock:
            self._tell_ready()

    def _reload(self) -> None:
        file = config_file(self._command_line)
        check_in_child(file, self._command_line)
        configuration = load(self._command_line)
        with self._lock:
            for name in FIXED:
                if configuration[name] != self._configuration[name]:
                    log.warning("%s is now %s: this needs a restart", name, configuration[name])
            self._apply(configuration, self._watcher.snapshot())
            self._configuration = configuration
            self._server.maximum_transactions = configuration["maximum_transactions"]
            self._hosts.offers.limit = configuration["maximum_transactions"]
        set_level(level_of(configuration))
        self._settle_collector()
        for warning in configuration.warnings:
            log.warning("%s", warning)
        log.info("reloaded %s", file or "the command line")


def check_in_child(file: Path | None, command_line: CommandLine) -> None:
    """Run the file in a process of its own first, for it may never end. Raises ConfigurationError."""
    words = [*([f"-config_file={file}"] if file else []), *command_line.arguments()]
    root = str(Path(__file__).resolve().parent.parent)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))}
    environment.pop("NOTIFY_SOCKET", None)
    try:
        done = subprocess.run([sys.executable, "-m", "pydhcpd", "-check", *words], stdin=subprocess.DEVNULL, env=environment,
                              capture_output=True, text=True, errors="replace", timeout=CHECK_LIMIT, check=False)
    except subprocess.TimeoutExpired:
        raise ConfigurationError([f"{file}: it did not end within {CHECK_LIMIT:.0f} s"]) from None
    if done.returncode != 0:
        raise ConfigurationError(done.stderr.strip().splitlines() or [f"{file}: the check ended with {done.returncode}"])


def config_file(command_line: CommandLine) -> Path | None:
    """The configuration file to read; None where none was named, the usual one is absent, and settings were given."""
    named = command_line.own.get("config_file")
    file = Path(str(named or BY_NAME["config_file"].default)).absolute()
    return None if named is None and command_line.settings and not file.exists() else file


def load(command_line: CommandLine) -> DHCPServerConfiguration:
    """The checked configuration. Raises ConfigurationError."""
    return DHCPServerConfiguration.load(config_file(command_line), command_line.settings)


def level_of(configuration: DHCPServerConfiguration) -> str:
    """The log level: `debug` means the level of that name."""
    return "debug" if configuration["debug"] else str(configuration["log_level"])


def open_ports(configuration: DHCPServerConfiguration) -> Ports:
    """Open what needs root. Raises InvalidValue with the reason and the remedy."""
    try:
        udp, packet = open_udp(), open_packet()
    except PermissionError as error:
        raise InvalidValue("port 67 and raw sockets need root, "
                           "or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW") from error
    except OSError as error:
        raise InvalidValue(f"UDP port 67 cannot be opened: {error.strerror}; is another DHCP server running? "
                           "see: ss -ulpn sport = :67") from error
    return Ports(udp, packet, _open_prompt(configuration))


def _open_prompt(configuration: DHCPServerConfiguration) -> ThreadedTCPServer | None:
    place = (configuration["control_address"], configuration["control_port"])
    if not place[1]:
        return None
    try:
        return ThreadedTCPServer(place)
    except OSError as error:
        raise InvalidValue(f"the control prompt cannot listen on {place[0]} port {place[1]}: {error.strerror}; "
                           "name another control_port, or 0 for none") from error


def drop_privileges(configuration: DHCPServerConfiguration) -> None:
    """Become `user` and `group`, for good. Raises InvalidValue where there is no such user or we may not."""
    if not configuration["user"]:
        return
    user, group = _identity(configuration)
    if os.geteuid() == user.pw_uid:
        return
    try:
        os.initgroups(user.pw_name, group)
        os.setresgid(group, group, group)
        os.setresuid(user.pw_uid, user.pw_uid, user.pw_uid)
    except PermissionError as error:
        raise InvalidValue(f"only root can become user {user.pw_name}") from error


def _identity(configuration: DHCPServerConfiguration) -> tuple[pwd.struct_passwd, int]:
    try:
        user = pwd.getpwnam(configuration["user"])
        name = configuration["group"]
        return user, grp.getgrnam(name).gr_gid if name else user.pw_gid
    except KeyError as error:
        raise InvalidValue(f"{error.args[0]}; make it with: useradd --system {configuration['user']}") from error


def prepare_directories(configuration: DHCPServerConfiguration) -> None:
    """Make the directories of the pid file and the lease database, and see that `user` can write there. Raises InvalidValue."""
    for name in ("pid_file", "host_file"):
        directory = Path(configuration[name]).absolute().parent
        try:
            if not directory.exists():
                directory.mkdir(mode=0o755, parents=True)
                _give(configuration, directory)
        except OSError as error:
            raise InvalidValue(f"the directory {directory} of {name} cannot be made: {error.strerror}") from error
    database = Path(configuration["host_file"]).absolute()
    for suffix in ("", "-wal", "-shm", ".lock"):
        _give(configuration, Path(f"{database}{suffix}"))


def _give(configuration: DHCPServerConfiguration, path: Path) -> None:
    """Make a file the daemon's user's, where root starts it."""
    if configuration["user"] and os.geteuid() == 0 and path.exists():
        user, group = _identity(configuration)
        os.chown(path, user.pw_uid, group, follow_symlinks=False)


def serve(command_line: CommandLine, configuration: DHCPServerConfiguration) -> int:
    """Become the daemon; returns the exit code. Raises InvalidValue where the start is impossible, with the remedy."""
    prepare_directories(configuration)
    lock = PidLock(Path(configuration["pid_file"]).absolute())
    lock.check()
    ports = open_ports(configuration)
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    sys.setswitchinterval(SWITCH_INTERVAL)
    with ExitStack() as stack:
        if configuration["foreground"]:
            stack.enter_context(lock)
        else:
            stack.enter_context(DaemonContext(umask=0o027, pidfile=lock, files_preserve=ports.descriptors(), signal_map={},
                                              detach_process=True))
        handler = start_logging(level_of(configuration), configuration["foreground"])
        stack.callback(handler.close)
        return _run(command_line, configuration, ports)


def _run(command_line: CommandLine, configuration: DHCPServerConfiguration, ports: Ports) -> int:
    """The rest of the start, whose faults the log must tell, for a daemon has no terminal any more."""
    try:
        take_snapshot()  # loads the netlink library, whose files may not be readable to the user
        drop_privileges(configuration)
        log.info("pydhcpd %s started, configuration %s, leases in %s, prompt on %s", __version__,
                 configuration.file or "of the command line", configuration["host_file"],
                 f"{configuration['control_address']}:{configuration['control_port']}" if ports.prompt else "no port")
        for warning in configuration.warnings:
            log.warning("%s", warning)
        return Daemon(command_line, configuration, ports).run()
    except (InvalidValue, sqlite3.Error, OSError) as error:
        log.error("%s", error)
        return 1


def main(words: list[str] | None = None) -> int:
    """The program; returns its exit code: 0, or 1 with the reasons on standard error."""
    open_standard_files()
    try:
        return _act(parse(sys.argv[1:] if words is None else words))
    except ConfigurationError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    except (InvalidValue, sqlite3.Error) as error:
        print(f"pydhcpd: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


def _act(command_line: CommandLine) -> int:
    if command_line.action == "help":
        print(usage())
        return 0
    if command_line.action == "version":
        print(f"pydhcpd {__version__}")
        return 0
    if BY_NAME["demo"].kind.parse(command_line.own.get("demo", False)):
        from pydhcpd.demo import run_demo
        return run_demo(command_line)
    if command_line.action in ("import", "export"):
        return _transfer(command_line)
    configuration = load(command_line)
    if command_line.action == "check":
        for warning in configuration.warnings:
            print(f"warning: {warning}", file=sys.stderr)
        print(f"{configuration.file or 'the command line'}: good")
        return 0
    return serve(command_line, configuration)


def _transfer(command_line: CommandLine) -> int:
    """Import or export; the configuration file counts for `host_file` and the lease time, if it is there."""
    from pydhcpd.transfer import export_hosts, import_hosts
    file = config_file(command_line)
    settings = {"interface": "any", **command_line.settings}  # nothing is served
    configuration = DHCPServerConfiguration.load(file if file and file.exists() else None, settings)
    database = Path(configuration["host_file"]).absolute()
    if command_line.action == "export":
        return export_hosts(database, command_line.file)
    prepare_directories(configuration)
    return import_hosts(database, command_line.file, configuration["ip_address_lease_time"])

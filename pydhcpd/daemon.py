"""The process: its start, its locks, its privileges, its signals, its reloads and its end.

Order of the start: check the configuration, open ports (which needs root, or capabilities: then the program is begun anew
without them), detach, lock, drop privileges, open the lease database, start threads. Signals are taken by the main thread
alone, which does nothing else that could keep it.
"""

import gc
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from daemon import DaemonContext

from pydhcpd import __version__
from pydhcpd.alarms import Alarms
from pydhcpd.boot_files import boot_notes
from pydhcpd.configuration.command_line import CommandLine, parse, usage
from pydhcpd.configuration.file import ConfigurationError, DHCPServerConfiguration
from pydhcpd.configuration.reload_check import end_with_parent, good, started_in
from pydhcpd.configuration.summary import summary
from pydhcpd.control.output import ServiceRow
from pydhcpd.errors import Interrupted, InvalidValue, StoreError
from pydhcpd.events import SERVING, WAITING, Events, alarm_event, event
from pydhcpd.files import write_safely
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.leases.ledger_time import begun
from pydhcpd.leases.nonces import nonces_of
from pydhcpd.leases.store import SQLiteStore
from pydhcpd.loading import config_file, load, load_file, time_limit
from pydhcpd.neighbours import Ours, PortWatch
from pydhcpd.net.interfaces import Interface, InterfaceWatcher, take_snapshot
from pydhcpd.own_links import relay_notes
from pydhcpd.ports import ARP, ICMP, PACKET, UDP, UNADDRESSED, open_ports
from pydhcpd.process.handover import begin_anew, handed_ports, was_given_capabilities
from pydhcpd.process.launch import Launch, check_syslog
from pydhcpd.process.libraries import lack_of_libraries
from pydhcpd.process.locks import DatabaseLock, PidLock
from pydhcpd.process.log import open_standard_files, set_level, start_logging
from pydhcpd.process.notify import notify, watchdog_interval
from pydhcpd.process.privileges import (
    as_user,
    check_directory,
    check_places,
    check_rights,
    drop_privileges,
    give_database,
    lack_of_user,
    prepare_directory,
    unreadable,
)
from pydhcpd.process.roots import hidden_roots, lack_of_roots
from pydhcpd.process.standstill import Beats, Standstill
from pydhcpd.recurring import Recurring
from pydhcpd.reload import Reloader
from pydhcpd.remarks import remarks
from pydhcpd.server import BEAT, DHCPServer
from pydhcpd.services.boot_events import BootEvents
from pydhcpd.services.boot_server import BootServer
from pydhcpd.services.boots import Boots
from pydhcpd.services.child.service import FileServer
from pydhcpd.services.dns.service import DnsUpdates
from pydhcpd.services.dns_files.service import DnsFiles
from pydhcpd.services.history.service import History
from pydhcpd.services.keeper import Services, openers
from pydhcpd.services.lease_log import LeaseLog
from pydhcpd.services.leasequery.service import BulkLeasequery, Leasequery
from pydhcpd.services.lookout import Lookout
from pydhcpd.services.on_event import OnEvent
from pydhcpd.services.prompt import ControlSocket, Prompt
from pydhcpd.services.scripts.files import lack_of_scripts
from pydhcpd.services.scripts.service import Scripts
from pydhcpd.services.service import Amendment, Ports, Surroundings
from pydhcpd.serving import Serving, make_serving
from pydhcpd.settings import BY_NAME
from pydhcpd.whatif.beside import BesideReload, Served

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
SIGNALS = (*ENDING, signal.SIGHUP, signal.SIGCHLD)
SWITCH_INTERVAL = 0.001  # seconds after which a busy thread gives the interpreter to one that waits, such as the receiver
COLLECT_AFTER = 50_000  # new objects; the path of a packet makes no cycles, so there is little to find
SERVICES = (Prompt, ControlSocket, LeaseLog, History, DnsUpdates, DnsFiles, Scripts, OnEvent, Lookout, Leasequery,
            BulkLeasequery, BootServer, FileServer)
RELOAD_PATIENCE = 20.0  # seconds that a reload which was asked for at the prompt may take, beside those of the file
LOOK_AT_PORT = 30.0  # seconds between looks at who else holds port 67; a change of interfaces is another occasion
SERVICES_LOOK = 5.0  # seconds between looks at whether all services live


class Daemon:
    """One running server with all that belongs to it."""

    def __init__(self, command_line: CommandLine, configuration: DHCPServerConfiguration, ports: Ports) -> None:
        self._command_line = command_line
        self._configuration = configuration
        self._ports = ports
        self._lock = threading.Lock()  # guards _configuration and the making of what is served
        self._waiting: tuple[str, ...] = ()
        self._remarks: list[str] = []
        self._alarms = Alarms()
        self._alarms_told = ""
        self._ready = False
        self._left_out: list[str] = []  # functions of the file that never ended
        self._standstill = Standstill(configuration["host_file"])
        self._reloader = Reloader(command_line, lambda: self._configuration, self._put_in_force, self._end_reload, ENDING,
                                  self._standstill.allowing)
        self._beats = (-1, -1)
        self._port = PortWatch(ports[UDP])
        self._next_look = 0.0
        self._recurring = Recurring(log, "who holds port 67, or what alarms there are, could not be seen")

    def run(self, up: Callable[[], None]) -> int:
        """Serve until a signal says otherwise, once all is `up`; returns the exit code."""
        with ExitStack() as stack:
            self._watch(self._configuration)
            stack.callback(self._standstill.stop)
            store = SQLiteStore(self._configuration["host_file"], self._alarms, self._configuration.longest_lease_time,
                                is_whole=True)
            stack.callback(store.close)
            self._hosts = HostDatabase(store, self._configuration["maximum_transactions"], begun(store))
            self._hosts.nonces = nonces_of(self._configuration["host_file"])
            if self._hosts.nonces is not None:
                stack.callback(self._hosts.nonces.save)
            self._hosts.note_time()
            stack.callback(self._hosts.note_time)
            self._beside = BesideReload(self._hosts)
            stack.callback(self._beside.stop)
            self._server = DHCPServer(self._hosts, Events(), self._ports[UDP], self._ports.get(PACKET),
                                      self._configuration["maximum_transactions"],
                                      beat=min(BEAT, (watchdog_interval() or 3600.0) / 4),
                                      arp=self._ports.get(ARP), icmp=self._ports.get(ICMP),
                                      unaddressed=self._ports.get(UNADDRESSED))
            time_now = self._hosts.time.now
            self._alarms.heard = lambda one: self._server.events.publish([alarm_event(time_now(), one)])
            boots = Boots(BootEvents(self._server.events.publish, time_now).tell, lambda ip: self._hosts.get(ip=ip), time_now)
            surroundings = Surroundings(self._server, lambda: self._configuration, self._ports, reports=boots.take,
                                        boots=boots.newest, files=boots.counts, reload=self._ask_for_reload,
                                        services=self._services_now, amend=self._amend)
            self._services = Services(SERVICES, surroundings)
            stack.callback(self._services.stop)
            watcher = InterfaceWatcher(self._follow)
            self._watcher = watcher
            interfaces = watcher.start()
            stack.callback(watcher.stop)
            self._follow(interfaces)
            self._services.reconfigure(self._configuration, time.monotonic())
            self._server.start()
            stack.callback(self._server.stop)
            self._standstill.start(self._progress)
            self._settle_collector()
            self._tell_ready()
            up()
            self._wait_for_signals()
            self._standstill.end_within()
            notify(STOPPING=1, STATUS="stopping")
            log.info("stopping")
        log.info("stopped; all leases are stored")
        return 0

    @staticmethod
    def _settle_collector() -> None:
        """What lives as long as the process is not to be walked by the garbage collector again and again."""
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def _watch(self, configuration: DHCPServerConfiguration) -> None:
        """Let functions of this configuration that never end, end the process; those that did so are left out."""
        self._left_out = self._standstill.watch(configuration.fences, configuration.fingerprint,
                                                configuration["policy_standstill_limit"])

    def _progress(self) -> Beats:
        """How far both threads that answer packets are."""
        return self._server.beats, self._server.worker.beats

    # --- what is served

    def _follow(self, interfaces: Mapping[int, Interface]) -> None:
        """Serve what can be served on these interfaces; where that fails, what is served stays."""
        with self._lock:
            self._serve_on(interfaces)

    def _serve_on(self, interfaces: Mapping[int, Interface] | None = None) -> None:
        """The same, for the holder of the lock; by default on those that there are now."""
        try:
            self._apply(self._configuration, self._watcher.snapshot() if interfaces is None else interfaces)
        except (InvalidValue, StoreError, OSError) as error:
            log.error("the change of interfaces cannot be followed: %s", error)
        self._tell_ready()

    def _look_at_port(self) -> None:
        """Serve anew where somebody has taken port 67, or left it, who told nobody."""
        now = time.monotonic()
        if now < self._next_look:
            return
        self._next_look = now + LOOK_AT_PORT
        with self._lock:
            if self._port.look():
                self._serve_on()

    def _look_at_alarms(self) -> None:
        """Let systemd's status say what is wrong, and that it is over."""
        if self._alarms.status() != self._alarms_told:
            with self._lock:
                self._tell_ready()

    def _held(self, configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> dict[int, str]:
        """Where another program has port 67: but for interfaces that are named, and were ours before it came."""
        self._port.look()
        before = self._server.serving
        ours = before.links if before is not None and configuration["interface"] else ()
        return self._port.held([interfaces[index] for index in ours if index in interfaces])

    def _apply(self, configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> None:
        """Raises InvalidValue or StoreError before anything has changed."""
        before = self._server.serving
        serving = make_serving(configuration, interfaces, self._held(configuration, interfaces))
        tables = self._hosts.prepare(serving.networks(), int(self._hosts.time.now()))
        self._server.swap(serving, tables)
        self._tell_changes(configuration, before, serving)
        self._port.tell([interfaces[index] for index in serving.links], interfaces)

    def _tell_changes(self, configuration: DHCPServerConfiguration, before: Serving | None, serving: Serving) -> None:
        if serving.waiting and serving.waiting != self._waiting:
            log.warning("waiting: %s", "; ".join(serving.waiting))
            self._tell_change(before, WAITING, "; ".join(serving.waiting))
        self._waiting = serving.waiting
        if before is None or before.describe() != serving.describe():
            log.info("serving %s", serving.describe())
            self._tell_change(before, SERVING, serving.describe())
        found = remarks(configuration, serving)
        for remark in found:
            if remark not in self._remarks:
                log.warning("%s", remark)
        self._remarks = found

    def _tell_change(self, before: Serving | None, kind: str, words: str) -> None:
        """What is served is another, as an event; that anything is, is none."""
        if before is not None:
            self._server.events.publish([event(self._hosts.time.now(), kind, note=words)])

    def _tell_ready(self, again: bool = False) -> None:
        """Tell systemd what is served and what is waited for; ready once there is anything to serve, and after a reload."""
        serving = self._server.serving
        if serving is None:
            return
        status = f"serving {serving.describe()}" if serving.links else "not serving"
        self._alarms_told = self._alarms.status()
        if self._alarms_told:
            status = f"{self._alarms_told}; {status}"
        if serving.waiting:
            status += "; waiting: " + "; ".join(serving.waiting)
        if self._left_out:
            status += f"; left out, for it did not end: {', '.join(self._left_out)}"
        if self._ready:
            notify(STATUS=status, **({"READY": 1} if again else {}))
        elif serving.links and self._server.started:
            self._ready = True
            notify(READY=1, STATUS=status)
        else:
            notify(STATUS=status)

    # --- signals

    def _wait_for_signals(self) -> None:
        """Until one that ends the process; between signals, feed the watchdog and look at a reload's check."""
        interval = watchdog_interval()
        with ExitStack() as stack:
            stack.callback(self._reloader.give_up)
            while True:
                received = signal.sigtimedwait(SIGNALS, self._patience(interval))
                if interval:
                    self._feed_watchdog()
                if received is not None and received.si_signo in ENDING:
                    return
                self._services.look(time.monotonic())
                self._look_around()
                try:
                    self._look_at_reload(received is not None and received.si_signo == signal.SIGHUP)
                except Interrupted:
                    return
                except Exception:  # a fault in a reload must not end the service
                    log.exception("not reloaded")
                    self._reloader.give_up()

    def _look_around(self) -> None:
        """At what tells nobody that it has changed."""
        try:
            self._look_at_port()
            self._look_at_alarms()
        except Exception as error:  # it is looked at again
            self._recurring.tell(error)

    def _look_at_reload(self, wanted: bool) -> None:
        """Start a reload if one is wanted, or go on with one that is under way."""
        if wanted:
            self._begin_reload()
        else:
            self._reloader.look()

    def _patience(self, interval: float | None) -> float:
        """Seconds to wait for a signal at the most."""
        times = [SERVICES_LOOK, interval / 3] if interval else [SERVICES_LOOK]
        if (remaining := self._reloader.remaining()) is not None:
            times.append(remaining + 0.01)
        if (next_look := self._services.next_look()) is not None:
            times.append(max(next_look - time.monotonic(), 0.0))
        return min(times)

    def _feed_watchdog(self) -> None:
        """Tell systemd that we live, if both packet threads have made progress since the last time."""
        beats = self._progress()
        if all(new != old for new, old in zip(beats, self._beats, strict=True)):
            self._beats = beats
            notify(WATCHDOG=1)

    def _begin_reload(self) -> None:
        if self._ready:
            notify(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)
        self._reloader.start()

    def _ask_for_reload(self) -> Sequence[str]:
        """Have a reload done, for a thread that is not the main one; what is wrong with it."""
        return self._reloader.ask(2 * time_limit(self._command_line, self._configuration) + RELOAD_PATIENCE)

    def _services_now(self) -> Iterable[ServiceRow]:
        return list(self._services.status())

    def _end_reload(self) -> None:
        with self._lock:
            self._tell_ready(again=True)

    def _put_in_force(self, configuration: DHCPServerConfiguration) -> int:
        """Swap in a configuration that has been checked; returns how many networks are served. Raises before any change."""
        with self._lock:
            before, served_before = self._configuration, self._server.serving
            configuration.reservations_now()  # at the prompt, one may have been made since the file was read
            self._services.prepare(configuration)
            self._watch(configuration)
            try:
                self._apply(configuration, self._watcher.snapshot())
            except BaseException:
                self._watch(self._configuration)
                raise
            self._configuration = configuration
            self._services.reconfigure(configuration, time.monotonic())
            self._server.maximum_transactions = configuration["maximum_transactions"]
            self._hosts.offers.limit = self._server.probes.limit = configuration["maximum_transactions"]
            serving = self._server.serving
        set_level(level_of(configuration))
        self._settle_collector()
        if serving is not None and served_before is not None:
            self._beside.begin(Served(before, served_before), Served(configuration, serving))
        return 0 if serving is None else len(list(serving.policy.networks))

    def _amend(self, amendment: Amendment) -> None:
        """Put other reservations in force, and write their file; for any thread. Raises InvalidValue, StoreError or OSError;
        then all is as it was."""
        with self._lock:
            before = self._configuration
            after, text = amendment(before)
            self._apply(after, self._watcher.snapshot())
            try:
                write_safely(after.reservation_file, text)
            except BaseException:
                self._apply(before, self._watcher.snapshot())
                raise
            self._configuration = after


def level_of(configuration: DHCPServerConfiguration) -> str:
    """The log level: `debug` means the level of that name."""
    return "debug" if configuration["debug"] else str(configuration["log_level"])


def serve(command_line: CommandLine, configuration: DHCPServerConfiguration, handed: Ports) -> int:
    """Become the daemon, with the ports that were `handed` or else its own; returns the exit code.

    Raises InvalidValue where the start is impossible, with the remedy.
    """
    for name in ("pid_file", "host_file"):
        prepare_directory(configuration, name)
    check_places(configuration)
    lock = PidLock(configuration["pid_file"])
    lock.check()
    if not handed and was_given_capabilities():
        begin_anew(ports_of(configuration))
    database_lock = open_database(configuration)
    ports = handed or ports_of(configuration)
    if not configuration["foreground"]:
        check_syslog()
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    sys.setswitchinterval(SWITCH_INTERVAL)
    subprocess._USE_VFORK = False  # type: ignore[misc]  # no thread would run until the new process does
    with ExitStack() as stack:
        launch = None if configuration["foreground"] else Launch()
        kept = [*(one.fileno() for one in ports.values()), database_lock.fileno()]
        _become_daemon(stack, lock, kept, launch)
        stack.callback(database_lock.release)
        database_lock.note_holder()
        handler = start_logging(level_of(configuration), configuration["foreground"])
        stack.callback(handler.close)
        return _run(command_line, configuration, ports, launch)


def _become_daemon(stack: ExitStack, lock: PidLock, kept: list[int], launch: Launch | None) -> None:
    """Take the pid file; before that, leave the terminal to those who wait for the launch, if there is one."""
    if launch is None:
        stack.enter_context(lock)
        return
    try:
        stack.enter_context(DaemonContext(umask=0o027, pidfile=lock, files_preserve=[*kept, launch.fileno()], signal_map={},
                                          detach_process=True))
    except InvalidValue as error:
        launch.fail(error)
        raise


def ports_of(configuration: DHCPServerConfiguration) -> Ports:
    """Open the ports of DHCP and of the services that are wanted. Raises InvalidValue."""
    ours = Ours(configuration["interface"], partial(interfaces_for, configuration))
    return open_ports(ours, openers(SERVICES, configuration))


def interfaces_for(configuration: DHCPServerConfiguration, interfaces: Mapping[int, Interface]) -> list[Interface]:
    """Those of the interfaces that would be served. Raises InvalidValue."""
    return [interfaces[index] for index in make_serving(configuration, interfaces).links]


def open_database(configuration: DHCPServerConfiguration) -> DatabaseLock:
    """Lock the lease database, and see that it can be used while there is still a terminal to tell. Raises InvalidValue."""
    lock = DatabaseLock(configuration["host_file"])
    lock.acquire()
    SQLiteStore(configuration["host_file"], longest=configuration.longest_lease_time).close()
    give_database(configuration)
    return lock


def _run(command_line: CommandLine, configuration: DHCPServerConfiguration, ports: Ports, launch: Launch | None) -> int:
    """The rest of the start, whose faults the log must tell, for a daemon has no terminal any more."""
    try:
        take_snapshot()  # loads the netlink library, whose files may not be readable to the user
        drop_privileges(configuration)
        check_directory(configuration, "host_file")
        if was_given_capabilities():
            log.warning("the capabilities of the file %s stay with pydhcpd; take them away: setcap -r %s",
                        *[os.path.realpath(sys.executable)] * 2)
        for path in unreadable(configuration):
            log.warning("%s cannot be read by the user of pydhcpd, so no reload can be; let its user or group read it", path)
        prompt = f"{configuration['control_address']}:{configuration['control_port']}"
        log.info("pydhcpd %s started, configuration %s, leases in %s, prompt on %s", __version__,
                 configuration.file or "of the command line", configuration["host_file"],
                 prompt if configuration["control_port"] else "no port")
        for warning in configuration.warnings:
            log.warning("%s", warning)
        threading.Thread(target=_tell_of_files, args=(configuration,), name="boot files", daemon=True).start()
        return Daemon(command_line, configuration, ports).run(launch.succeed if launch else lambda: None)
    except (InvalidValue, StoreError, OSError) as error:
        log.error("%s", error)
        if launch:
            launch.fail(error)
    except Exception as error:  # nobody would see it on a terminal that is not there
        log.exception("it ends by a fault of its own")
        if launch:
            launch.fail(f"it ends by a fault of its own: {error}")
    return 1


def _tell_of_files(configuration: DHCPServerConfiguration) -> None:
    """What is wrong with the files that machines boot, and with scripts; in a thread, for a server that has them and is away
    may answer never."""
    for warning in [*lack_of_libraries(configuration), *lack_of_roots(configuration), *boot_notes(configuration),
                    *lack_of_scripts(configuration)]:
        log.warning("%s", warning)


def main(words: list[str] | None = None) -> int:
    """The program; returns its exit code: 0, or 1 with the reasons on standard error."""
    open_standard_files()
    gc.set_threshold(COLLECT_AFTER, 20, 100)
    try:
        code = _act(parse(sys.argv[1:] if words is None else words, started_in()))
        print(end="", flush=True)  # while what goes wrong with it can be told; there may be no standard output at all
        return code
    except ConfigurationError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
    except (InvalidValue, StoreError) as error:
        print(f"pydhcpd: {error}", file=sys.stderr)
    except BrokenPipeError:  # who reads what we print has had enough
        _forget_output()
    except OSError as error:
        print(f"pydhcpd: {error.strerror or error}{f': {error.filename}' if error.filename else ''}", file=sys.stderr)
        _forget_output()
    except KeyboardInterrupt:
        return 130
    return 1


def _forget_output() -> None:
    """What could not be printed is not tried again at the end, where its failure would be a traceback."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), 1)


def _act(command_line: CommandLine) -> int:
    if command_line.action or _demo_wanted(command_line):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})  # what does not serve ends with its terminal
    if command_line.action == "help":
        print(usage())
        return 0
    if command_line.action == "version":
        print(f"pydhcpd {__version__}")
        return 0
    if _demo_wanted(command_line):
        from pydhcpd.demo.course import run_demo
        return run_demo(command_line)
    if command_line.action == "import_config":
        from pydhcpd.migration.configurations.action import import_configuration
        return import_configuration(command_line.file, str(command_line.own.get("config_out", "")))
    if command_line.action in ("import", "export"):
        return _transfer(command_line)
    if command_line.action == "check":
        return _check(command_line)
    if command_line.action == "ask":
        return _ask(command_line)
    if command_line.action == "explain":
        from pydhcpd.trial import explain
        return explain(command_line)
    if command_line.action == "replay":
        from pydhcpd.whatif.actions import replay
        return replay(command_line)
    if command_line.action == "rehearse":
        from pydhcpd.whatif.actions import rehearse
        return rehearse(command_line)
    if command_line.action == "history":
        from pydhcpd.recall import history
        return history(command_line)
    handed = handed_ports()
    if not handed:
        check_rights()
    return serve(command_line, load(command_line), handed)


def _check(command_line: CommandLine) -> int:
    """Tell what is to be told of a configuration that is good, and what was understood of it."""
    end_with_parent(time_limit(command_line))
    configuration = load(command_line)
    if wrong := lack_of_scripts(configuration, as_daemon=True):
        raise ConfigurationError(wrong)
    lacks = [*lack_of_user(configuration), *lack_of_libraries(configuration), *lack_of_roots(configuration),
             *hidden_roots(configuration)]
    for warning in [*configuration.warnings, *lacks]:
        print(f"warning: {warning}", file=sys.stderr)
    with suppress(InvalidValue), as_user(configuration):
        for note in boot_notes(configuration):
            print(f"warning: {note}", file=sys.stderr)
    serving = _serving_now(configuration)
    for note in () if serving is None else [*remarks(configuration, serving), *relay_notes(configuration, lambda: serving)]:
        print(f"note: {note}", file=sys.stderr)
    print(f"{configuration.file or 'the command line'}: good")
    waiting = () if serving is None else serving.waiting
    print("\n".join([*summary(configuration), *(f"waiting: {one}" for one in waiting)]))
    return good()


def _ask(command_line: CommandLine) -> int:
    """Ask the running server; no configuration is run."""
    from pydhcpd.control.ask import USUAL, ask, converse
    path = Path(str(command_line.value("control_socket", USUAL)))
    return ask(path, command_line.words) if command_line.words else converse(path)


def _serving_now(configuration: DHCPServerConfiguration) -> Serving | None:
    """What would be served on the interfaces of the moment; None where they cannot be looked at."""
    with suppress(InvalidValue, OSError):
        return make_serving(configuration, take_snapshot())
    return None


def _demo_wanted(command_line: CommandLine) -> bool:
    try:
        return bool(BY_NAME["demo"].kind.parse(command_line.own.get("demo", False)))
    except InvalidValue as error:
        raise InvalidValue(f"-demo: {error}") from error


def _transfer(command_line: CommandLine) -> int:
    """Import or export; the configuration file counts for `host_file` and the lease time, if it is there."""
    from pydhcpd.migration.transfer import export_leases, import_leases
    form = BY_NAME["export_form"].kind.parse(command_line.own.get("export_form", "hosts"))
    file = config_file(command_line)
    command_line.settings.setdefault("interface", "any")  # nothing is served
    configuration = load_file(file if file and file.exists() else None, command_line)
    database = configuration["host_file"]
    if command_line.action == "export":
        try:
            return export_leases(database, command_line.file, form)
        finally:
            give_database(configuration)
    prepare_directory(configuration, "host_file")
    try:
        return import_leases(database, command_line.words, configuration["ip_address_lease_time"])
    finally:
        give_database(configuration)

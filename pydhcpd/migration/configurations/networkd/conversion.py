"""A .network file with [DHCPServer] made ours: one subnet, whose hosts are the static leases."""

from collections.abc import Callable, Sequence

from pydhcpd.addresses import address_from, address_text, hardware_from, network_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Draft, seconds
from pydhcpd.migration.configurations.networkd.lines import Line, all_lines
from pydhcpd.migration.configurations.networkd.machine import Machine
from pydhcpd.migration.configurations.networkd.values import is_yes, option_from, time_span, words_of
from pydhcpd.migration.configurations.networkd.words import LEFT, NOTES, OTHERWISE, VERSION
from pydhcpd.migration.configurations.report import Report
from pydhcpd.migration.configurations.teller import Teller
from pydhcpd.migration.configurations.values import int_from, option_of_ours

SERVER, LEASE = "DHCPServer", "DHCPServerStaticLease"
LEASE_TIME, LONGEST = 3600, 43200  # seconds, networkd's own
OWN = "_server_address"
EMITTED = {"DNS": "domain_name_server", "NTP": "network_time_protocol_servers", "SIP": "sip_servers", "POP3": "pop_servers",
           "SMTP": "smtp_server", "LPR": "lpr_server"}
UNASKED = ("DNS", "NTP", "SIP")
"""What is told without Emit...=yes, where servers are known."""
LISTS = frozenset(((SERVER, "SendOption"), (SERVER, "SendVendorOption"), ("Match", "Name"), ("Network", "Address"),
                   ("Address", "Address"), *((SERVER, name) for name in EMITTED)))
BOOT = {"BootServerAddress": "next_server", "BootServerName": "server_name", "BootFilename": "boot_file_name"}
SWITCHES = {"RapidCommit": "rapid_commit"}
LATER = "without effect, for a later line counts"
WITH_ROUTER = ("classless_static_route", "microsoft_static_route")
ADDED_ROUTER = "; the router is added to it as the default route, for clients that read it ignore option 3 (RFC 3442)"


def convert_networkd(name: str, text: str, report: Report, here: Machine) -> Draft:
    """The draft of a .network file and its drop-ins; what became of each line is told to the report. Raises InvalidValue."""
    report.notes += NOTES
    return _Conversion(report, here).of(name, text)


class _Conversion:
    def __init__(self, report: Report, here: Machine) -> None:
        self._report, self._here = report, here
        self._draft = Draft()
        self._counts: dict[tuple[str, str], list[Line]] = {}  # the lines that count
        self._leases: dict[tuple[str, int], dict[str, Line]] = {}
        self._teller = Teller(report)
        self._server = self._mask = 0

    def of(self, name: str, text: str) -> Draft:
        """The whole, in the order in which it is to stand."""
        lines = list(all_lines(name, text, lambda file, words: self._report.notes.append(f"{file} {words}")))
        self._settle(lines)
        self._see_what_it_is(name)
        self._interface()
        subnet = self._subnet(name)
        self._times()
        self._options()
        for lease in self._leases.values():
            self._host(lease)
        self._tell_rest(lines)
        self._draft.subnets.append(subnet)
        self._draft.tidy()
        return self._draft

    # --- lines

    def _settle(self, lines: Sequence[Line]) -> None:
        """Find the lines that count."""
        for line in lines:
            if not line.name:
                self._draft.tail += line.comments
            elif line.section == LEASE:
                lease = self._leases.setdefault((line.file, line.block), {})
                if line.name in lease:
                    self._teller.taken(lease[line.name], LATER)
                lease[line.name] = line
            else:
                self._count(line, (line.section, line.name))

    def _count(self, line: Line, key: tuple[str, str]) -> None:
        if not line.value or key not in LISTS:
            for before in self._counts.pop(key, ()):
                self._teller.taken(before, LATER)
        if line.value:
            self._counts.setdefault(key, []).append(line)
        else:
            self._teller.taken(line, "what stood above it does not count")

    def _none(self, line: Line, words: str) -> None:
        """Comments above what is not ours stay, at the top."""
        self._draft.head += line.comments
        self._teller.none(line, words)

    def _lines(self, name: str, section: str = SERVER) -> list[Line]:
        return self._counts.get((section, name), [])

    def _line(self, name: str, section: str = SERVER) -> Line | None:
        return next(reversed(self._lines(name, section)), None)

    def _try(self, line: Line, take: Callable[[Line], None]) -> None:
        """What cannot be taken over is told, and counts for nothing."""
        try:
            take(line)
        except InvalidValue as error:
            self._none(line, str(error))

    def _set(self, name: str, value: object, line: Line | None, words: str = "") -> None:
        """Assign a value that a line says, or that networkd has where none does."""
        self._draft.set(name, value, line.comments if line else ())
        if line:
            self._teller.taken(line, words or name)

    def _is_on(self, name: str, default: bool) -> bool:
        """A switch, and what is said of its line."""
        line = self._line(name)
        if line is None:
            return default
        try:
            on = is_yes(line.value)
        except InvalidValue as error:
            self._none(line, str(error))
            return default
        self._teller.taken(line, f"{name.removeprefix('Emit')} {'is' if on else 'is not'} sent")
        return on

    def _tell_rest(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if not line.name or self._teller.is_told(line):
                continue
            if line.section not in (SERVER, LEASE):
                self._none(line, LEFT)
            else:
                self._none(line, OTHERWISE.get(line.name, f"not known to {VERSION}, nothing of it was taken over"))

    # --- what is served

    def _see_what_it_is(self, name: str) -> None:
        """A relay agent is not to become a server."""
        relay = self._line("RelayTarget")
        if relay is not None:
            raise InvalidValue(f"{relay.file}:{relay.number}: RelayTarget= makes networkd a relay agent, which pydhcpd is not: "
                               f"leave it to networkd, and let pydhcpd serve {escape(relay.value)}")
        switch = self._line("DHCPServer", "Network")
        if switch is None and not any(section in (SERVER, LEASE) for section, _ in self._counts) and not self._leases:
            raise InvalidValue(f"{name} serves nothing: it has neither DHCPServer=yes nor [DHCPServer]")
        if switch is None or switch.value.lower() in ("0", "no", "n", "false", "f", "off"):
            self._report.notes.append(f"{name} does not say DHCPServer=yes: networkd serves nothing by it as it is")
        if switch is not None:
            self._teller.taken(switch, "this file serves; say DHCPServer=no there before pydhcpd is started")

    def _interface(self) -> None:
        """Names that are no patterns."""
        lines = self._lines("Name", "Match")
        names = [word for line in lines for word in words_of(line.value)]
        plain = bool(names) and not any(set(word) & set("*?[!") for word in names)
        if plain:
            comments = [one for line in lines for one in line.comments]
            self._draft.set("interface", names[0] if len(names) == 1 else names, comments)
        for line in lines:
            if plain:
                self._teller.taken(line, "interface")
            else:
                self._none(line, "interface names each; without it, those with an address in the network are served")

    def _subnet(self, name: str) -> Call:
        """The network of the server's address, with its pool."""
        line = self._address_line(name)
        self._server, self._mask = self._with_mask(line)
        network = network_text(self._server & self._mask, self._mask)
        self._teller.taken(line, f"network = {network!r}; the address itself is the interface's")
        return Call("subnet", [network], {"pools": [self._pool(line)]}, list(line.comments))

    def _address_line(self, name: str) -> Line:
        """The line with the server's address: the first that is one of IPv4."""
        lines = [*self._lines("ServerAddress"), *self._lines("Address", "Network"), *self._lines("Address", "Address")]
        for line in lines:
            if ":" not in line.value:
                return line
        raise InvalidValue(f"{name}: the network is not in the file; write ServerAddress= or Address= with its prefix length")

    def _with_mask(self, line: Line) -> tuple[int, int]:
        address, _, length = line.value.partition("/")
        try:
            number = address_from(address)
            _, mask = network_from(f"0.0.0.0/{length}")
        except InvalidValue:
            raise InvalidValue(f"{line.file}:{line.number}: {escape(line.value)!r} is no address with a prefix") from None
        if not number:
            raise InvalidValue(f"{line.file}:{line.number}: networkd chooses the network by itself; write the one that it has")
        return number, mask

    def _pool(self, address: Line) -> str:
        """PoolOffset= counts from the network's own address; the broadcast address is never given."""
        base, last = self._server & self._mask, self._server | ~self._mask & 0xFFFFFFFF
        offset = self._number("PoolOffset") or 1
        size = min(self._number("PoolSize") or last - base, last - base - offset)
        if size < 1:
            line = self._line("PoolOffset") or address
            raise InvalidValue(f"{line.file}:{line.number}: the pool is outside the network")
        return f"{address_text(base + offset)} - {address_text(base + offset + size - 1)}"

    def _number(self, name: str) -> int:
        """A number, 0 where there is none."""
        line = self._line(name)
        if line is None:
            return 0
        try:
            value = int_from(line.value)
        except InvalidValue as error:
            self._none(line, f"{error}; networkd ignores it")
            return 0
        if value < 0:
            self._none(line, f"{value} is less than nothing; networkd ignores it")
            return 0
        self._teller.taken(line, "the pool")
        return value

    def _times(self) -> None:
        usual, longest = self._time("DefaultLeaseTimeSec", LEASE_TIME), self._time("MaxLeaseTimeSec", LONGEST)
        self._set("ip_address_lease_time", seconds(min(usual, longest)), self._good("DefaultLeaseTimeSec"))
        self._set("maximum_lease_time", seconds(longest), self._good("MaxLeaseTimeSec"))

    def _time(self, name: str, default: int) -> int:
        line = self._line(name)
        if line is None:
            return default
        try:
            return time_span(line.value)
        except InvalidValue as error:
            self._none(line, str(error))
            return default

    def _good(self, name: str) -> Line | None:
        """The line of a setting, if nothing has been said against it."""
        line = self._line(name)
        return line if line and not self._teller.is_told(line) else None

    # --- what clients are told

    def _options(self) -> None:
        self._router()
        for kind in EMITTED:
            self._servers(kind)
        self._zone()
        for name in (*BOOT, *SWITCHES, "IPv6OnlyPreferredSec", "BindToInterface", "Domain"):
            for line in self._lines(name):
                self._try(line, self._single)
        for line in self._lines("SendOption"):
            self._try(line, self._option)
        self._vendor_options()

    def _router(self) -> None:
        line = self._line("Router")
        if not self._is_on("EmitRouter", default=True):
            if line:
                self._teller.taken(line, "it is not sent")
        elif line is None:
            self._set("router", address_text(self._server), None)
        else:
            self._try(line, lambda line: self._set("router", address_text(address_from(line.value)), line))

    def _servers(self, kind: str) -> None:
        """Servers of a kind; those of the uplink where the file names none."""
        on, lines, name = self._is_on(f"Emit{kind}", kind in UNASKED), self._lines(kind), EMITTED[kind]
        if not on:
            why = "" if self._line(f"Emit{kind}") else f", for Emit{kind}=yes is missing"
            for line in lines:
                self._teller.taken(line, f"it is not sent{why}")
        elif lines:
            for line in lines:
                self._try(line, lambda line: self._add(name, line))
        elif kind == "DNS":
            self._uplink()

    def _add(self, name: str, line: Line) -> None:
        there = self._draft.settings.keywords.get(name, [])
        assert isinstance(there, list)
        own = address_text(self._server)
        self._set(name, [*there, *(own if word == OWN else address_text(address_from(word)) for word in words_of(line.value))],
                  line)

    def _uplink(self) -> None:
        """The servers of the uplink are others tomorrow."""
        if self._here.dns:
            self._draft.set(EMITTED["DNS"], list(self._here.dns))
        told = "domain_name_server has those of the moment" if self._here.dns else "none is known now: set domain_name_server"
        line = self._line("UplinkInterface")
        if line is not None:
            self._teller.differs(line, f"networkd tells the DNS servers that the uplink has; {told}")
        else:
            self._report.notes.append(f"networkd tells the DNS servers that the uplink has, for DNS= names none; {told}")

    def _zone(self) -> None:
        line = self._line("Timezone")
        if not self._is_on("EmitTimezone", default=True):
            if line:
                self._teller.taken(line, "it is not sent")
        elif line or self._here.zone:
            self._set("tzdb_timezone", line.value if line else self._here.zone, line)

    def _single(self, line: Line) -> None:
        """A setting that is a value of ours."""
        if line.name in BOOT:
            value = address_text(address_from(line.value)) if line.name == "BootServerAddress" else line.value
            self._set(BOOT[line.name], value, line)
        elif line.name in SWITCHES:
            self._set(SWITCHES[line.name], is_yes(line.value), line)
        elif line.name == "IPv6OnlyPreferredSec":
            self._set("ipv6_only_preferred", seconds(time_span(line.value)), line)
        elif line.name == "BindToInterface":
            self._bind(line)
        elif self._is_on("EmitDomain", default=False):
            self._set("domain_name", line.value, line)
        else:
            self._teller.taken(line, "it is not sent, for EmitDomain=yes is missing")

    def _bind(self, line: Line) -> None:
        if is_yes(line.value):
            self._teller.taken(line, "it is always so")
        else:
            self._teller.differs(line, "only interfaces that are served are listened on")

    def _option(self, line: Line) -> None:
        """The later one of a number counts."""
        name, value = option_of_ours(*option_from(line.value))
        if name in WITH_ROUTER:
            self._teller.differs(line, name + ADDED_ROUTER)
        elif name in self._draft.settings.keywords and name in (*EMITTED.values(), "router", "tzdb_timezone"):
            self._teller.differs(line, f"{name}, in place of the one above; networkd sends both")
        else:
            self._teller.taken(line, name)
        self._draft.set(name, value, line.comments)

    def _vendor_options(self) -> None:
        """Suboptions of option 43."""
        found: dict[int, bytes] = {}
        lines = self._lines("SendVendorOption")
        for line in lines:
            self._try(line, lambda line: self._vendor_option(line, found))
        if found:
            self._draft.set("vendor_specific_information", b"".join(
                bytes((code, len(data))) + data for code, data in found.items()))

    def _vendor_option(self, line: Line, found: dict[int, bytes]) -> None:
        code, data = option_from(line.value)
        if len(data) > 255:
            raise InvalidValue(f"{len(data)} octets; there is room for 255")
        found[code] = data
        self._teller.taken(line, "vendor_specific_information")
        self._draft.setting_comments.setdefault("vendor_specific_information", []).extend(line.comments)

    def _host(self, lease: dict[str, Line]) -> None:
        """A static lease, which has both an address and whose it is."""
        lines = [lease[name] for name in ("MACAddress", "Address", "Hostname") if name in lease]
        try:
            self._draft.hosts.append(Call("host", [], self._reserved(lease), [one for line in lines for one in line.comments]))
        except InvalidValue as error:
            for line in lines:
                self._none(line, str(error))
        else:
            for line in lines:
                self._teller.taken(line, "a host")

    def _reserved(self, lease: dict[str, Line]) -> dict[str, object]:
        """What is said of the host. Raises InvalidValue."""
        if "MACAddress" not in lease or "Address" not in lease:
            raise InvalidValue("MACAddress= and Address= go together; networkd ignores one alone")
        address = address_from(lease["Address"].value)
        if address & self._mask != self._server & self._mask:
            raise InvalidValue(f"{address_text(address)} is outside the network, where it is of no use; networkd gives it")
        name = {"hostname": lease["Hostname"].value} if "Hostname" in lease else {}
        return {"mac": hardware_from(lease["MACAddress"].value).hex(":"), "ip": address_text(address), **name}

"""udhcpd.conf of busybox: a word and its value a line.

    start 192.168.0.20
    end 192.168.0.254
    interface eth0
    option subnet 255.255.255.0
    static_lease 00:60:08:11:CE:4E 192.168.0.54
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydhcpd.addresses import address_from, address_text, hardware_from, network_text
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Draft, seconds
from pydhcpd.migration.configurations.report import Report
from pydhcpd.migration.configurations.values import int_from, octets, option_of_ours, option_value
from pydhcpd.policy.arguments import hostname

BEGINS = re.compile(r"(?m)^\s*(start|end)\s+\d+\.\d+\.\d+\.\d+\s*$")
FIRST, LAST = "192.168.0.20", "192.168.0.254"  # its defaults
LEASE_TIME = 10 * 86400
OPTIONS = {
    "subnet": "subnet_mask", "timezone": "time_offset", "router": "router", "timesrv": "time_server", "namesrv": "name_server",
    "dns": "domain_name_server", "logsrv": "log_server", "cookiesrv": "cookie_server", "lprsrv": "lpr_server",
    "hostname": "host_name", "bootsize": "boot_file_size", "domain": "domain_name", "swapsrv": "swap_server",
    "rootpath": "root_path", "ipttl": "default_ip_time_to_live", "mtu": "interface_mtu", "broadcast": "broadcast_address",
    "routes": "static_route", "nisdomain": "network_information_service_domain", "nissrv": "network_information_servers",
    "ntpsrv": "network_time_protocol_servers", "wins": "netbios_over_tcp_ip_name_server", "serverid": "server_identifier",
    "tftp": "tftp_server_name", "bootfile": "boot_file_name", "search": "domain_search", "lease": "ip_address_lease_time",
    "staticroutes": "classless_static_route", "msstaticroutes": "microsoft_static_route", "wpad": "web_proxy_auto_discovery",
    "vendor": "vendor_class_identifier", "tzstr": "posix_timezone", "tzdbstr": "tzdb_timezone",
    "vlanid": "option_132", "vlanpriority": "option_133", "pxeconffile": "configuration_file", "pxepathprefix": "path_prefix",
    "reboottime": "reboot_time"}
QUOTED = re.compile('"(.*)"')  # text as the value of an option by its number
NUMBERS = {"vlanid": 2, "vlanpriority": 1}
"""Options of which ours knows no shape, that are numbers of so many octets."""
OF_ITS_OWN = {
    "message": "the server itself says why it refuses something", "sipsrv": "sip_servers takes names or addresses",
    "ip6rd": "option_6rd takes octets (RFC 5969)"}
"""Options whose values udhcpd writes as nobody else does."""
WITH_ROUTER = ("classless_static_route", "microsoft_static_route")
OTHERWISE = {
    "auto_time": "leases are stored at once",
    "lease_file": "host_file is where leases are stored; the old ones cannot be taken over",
    "pidfile": "pid_file is set for the service already",
    "notify_file": "scripts = [script(...)] are run at events",
    "conflict_time": "an address in conflict is kept apart for decline_quarantine_time",
    "remaining": "whether a lease is told by its end or what remains of it is the prompt's matter",
    "max_leases": "the pools are the bound"}


NOTE = ("udhcpd sends every option to every client; here a client gets those that it asks for (option 55), and where it says "
        "nothing all of them; always_send = [...] names options that go out unasked")


class Line(NamedTuple):
    """A line: its number, its text, its word and what follows."""

    number: int
    text: str
    word: str
    rest: str


def lines_of(text: str) -> Iterator[Line]:
    """The lines that say something; of a comment the word is #."""
    for number, line in enumerate(text.splitlines(), 1):
        said, sign, comment = line.strip().partition("#")
        if sign:
            yield Line(number, line.strip(), "#", comment.strip())
        if said:
            word, *rest = said.split(None, 1)
            yield Line(number, said.strip(), word.lower(), rest[0].strip() if rest else "")


def convert_udhcpd(name: str, text: str, report: Report) -> Draft:
    """The draft of a udhcpd.conf; what became of each line is told to the report."""
    report.notes.append(NOTE)
    return _Conversion(name, report).of(text)


class _Conversion:
    def __init__(self, name: str, report: Report) -> None:
        self._name, self._report = name, report
        self._draft = Draft()
        self._range = [FIRST, ""]
        self._mask = "255.255.255.0"
        self._options: dict[str, list[str]] = {}
        self._above: list[str] = []  # comments that stand above what comes next

    def of(self, text: str) -> Draft:
        """The whole file, then what follows of several lines together."""
        self._draft.set("ip_address_lease_time", seconds(LEASE_TIME))
        for line in lines_of(text):
            if line.word == "#":
                self._above.append(line.rest)
                continue
            try:
                self._take(line)
            except InvalidValue as error:
                self._report.none(self._name, line.number, line.text, str(error))
            self._draft.head += self._comments()
        self._draft.tail += self._above
        self._report.silent(self._name, ((line.number, line.text) for line in lines_of(text) if line.word != "#"))
        self._draft.subnets.append(self._subnet())
        self._draft.tidy()
        return self._draft

    def _subnet(self) -> Call:
        """The network of the range, which without an end goes as far as that. Raises InvalidValue."""
        first, mask = address_from(self._range[0]), address_from(self._mask)
        last = address_from(self._range[1] or LAST)
        outside = first & mask != last & mask
        if not self._range[1] and outside:
            last = (first | ~mask & 0xFFFFFFFF) - 1
            self._report.notes.append(f"no line says where the range ends: here with its network, at {address_text(last)}; to "
                                      f"udhcpd it is {LAST}")
        elif outside or last < first:
            raise InvalidValue(f"{self._name}: the range {' - '.join(self._range)} ends before it begins, or in another "
                               f"network (option subnet {self._mask})")
        return Call("subnet", [network_text(first & mask, mask)], {"pools": [f"{address_text(first)} - {address_text(last)}"]})

    def _comments(self) -> list[str]:
        """What stood above, once."""
        above, self._above = self._above, []
        return above

    def _take(self, line: Line) -> None:
        takers: dict[str, Callable[[Line], None]] = {
            "start": self._start, "end": self._end, "interface": self._plain, "option": self._option, "opt": self._option,
            "static_lease": self._host, "siaddr": self._boot, "sname": self._boot, "boot_file": self._boot,
            "min_lease": self._lease, "decline_time": self._decline, "offer_time": self._offer}
        if line.word in takers:
            takers[line.word](line)
        elif line.word in OTHERWISE:
            self._report.none(self._name, line.number, line.text, OTHERWISE[line.word])

    def _tell(self, line: Line, words: str) -> None:
        self._report.taken(self._name, line.number, line.text, words)

    def _start(self, line: Line) -> None:
        self._range[0] = address_text(address_from(_first(line)))
        self._tell(line, "where the range begins")

    def _end(self, line: Line) -> None:
        self._range[1] = address_text(address_from(_first(line)))
        self._tell(line, "where the range ends")

    def _plain(self, line: Line) -> None:
        self._draft.set("interface", _first(line), self._comments())
        self._tell(line, "interface")

    def _option(self, line: Line) -> None:
        word, *values = line.rest.split(None, 1) or [""]
        value = values[0] if values else ""
        name = OPTIONS.get(word) or self._by_code(word)
        if not value:
            raise InvalidValue(f"{name} has no value")
        if name == "subnet_mask":
            self._mask = address_text(address_from(value))
            network_text(0, address_from(value))  # which refuses what is no mask
        elif name == "ip_address_lease_time":
            self._draft.set(name, seconds(int_from(value)), self._comments())
        else:
            words = [*self._options.get(name, ()), *value.replace(",", " ").split()]
            self._options[name] = words
            name, made = self._value(word, name, words)
            self._draft.set(name, made, self._comments())
        if name in WITH_ROUTER:
            self._report.differs(self._name, line.number, line.text, f"{name}; the router is added to it as the default route, "
                                 "for clients that read it ignore option 3 (RFC 3442)")
        else:
            self._tell(line, name)

    def _value(self, word: str, name: str, words: list[str]) -> tuple[str, object]:
        """The name in our file, and the value: octets as our own kind of option has them, where that says the same."""
        if word in NUMBERS:
            try:
                return name, int_from(words[-1]).to_bytes(NUMBERS[word], "big")
            except OverflowError:
                raise InvalidValue(f"{escape(words[-1])} does not fit into {NUMBERS[word]} octets") from None
        if not name.startswith("option_"):
            return name, option_value(name, words)
        quoted = QUOTED.fullmatch(" ".join(words))
        return option_of_ours(int(word, 0), quoted[1].encode("utf-8", "surrogateescape") if quoted else octets(words))

    def _by_code(self, word: str) -> str:
        """Options that busybox knows by no name are given by their number, in hexadecimal."""
        if word in OF_ITS_OWN:
            raise InvalidValue(OF_ITS_OWN[word])
        if not re.fullmatch(r"0x[0-9a-fA-F]{1,2}|\d{1,3}", word) or not 0 < int(word, 0) < 255:
            raise InvalidValue(f"option {escape(word)} is not known")
        return f"option_{int(word, 0)}"

    def _host(self, line: Line) -> None:
        mac, address, *name = (*line.rest.split(), "", "")[:3]
        named: dict[str, object] = {"hostname": hostname(name[0])} if name and name[0] else {}
        self._draft.hosts.append(Call("host", [], {
            "mac": hardware_from(mac).hex(":"), "ip": address_text(address_from(address)), **named}, self._comments()))
        self._tell(line, "a host")

    def _boot(self, line: Line) -> None:
        name = {"siaddr": "next_server", "sname": "server_name", "boot_file": "boot_file_name"}[line.word]
        value = address_text(address_from(_first(line))) if name == "next_server" else _first(line)
        self._draft.set(name, value, self._comments())
        self._tell(line, name)

    def _lease(self, line: Line) -> None:
        self._draft.set("minimum_lease_time", seconds(int_from(line.rest)), self._comments())
        self._tell(line, "minimum_lease_time")

    def _offer(self, line: Line) -> None:
        self._draft.set("offer_hold_time", seconds(int_from(line.rest)), self._comments())
        self._tell(line, "offer_hold_time")

    def _decline(self, line: Line) -> None:
        self._draft.set("decline_quarantine_time", seconds(int_from(line.rest)), self._comments())
        self._tell(line, "decline_quarantine_time")


def _first(line: Line) -> str:
    """The value of a line, of which udhcpd reads one word. Raises InvalidValue where there is none."""
    if not line.rest:
        raise InvalidValue(f"{line.word} has no value")
    return line.rest.split()[0]

"""The parts of the manual that follow from tables: `python -m pydhcpd.configuration.manual` writes them anew, in place.

Owns the sample configuration and what bash completes (all of them), and what stands between markers in the man pages: settings,
`host()`'s arguments and those of the other constructors, fields, shapes of values and DHCP options in pydhcpd.conf(5), the
prompt's commands and the kinds of alarms in pydhcpd(8), events and their fields in pydhcpd-scripts(7), metrics in
pydhcpd-status(7). A test sees to it that they are current. In the sample a line that begins with `#name = ` is a setting:
without its # it is in force.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from textwrap import wrap

from pydhcpd.alarms import KINDS as ALARMS
from pydhcpd.configuration.completion import completion
from pydhcpd.configuration.file import NOT_SETTABLE
from pydhcpd.configuration.stub import stub
from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.errors import InvalidValue
from pydhcpd.happenings import FIELDS as OF_EVENT
from pydhcpd.happenings import KINDS
from pydhcpd.metrics import TABLE as METRICS
from pydhcpd.metrics import Metric
from pydhcpd.names import EVERYDAY
from pydhcpd.policy.boot.architectures import TABLE as ARCHITECTURES
from pydhcpd.policy.fields import HEADER
from pydhcpd.settings import BY_NAME, DAYS, GROUPS, HOST, HOURS, NETWORK_WIDE, POOL, TIME, Group, Setting, settings_of
from pydhcpd.wire.options import TABLE, Option

SAMPLE, CONFIGURATION_PAGE, DAEMON_PAGE = "etc/pydhcpd.conf", "etc/man/pydhcpd.conf.5", "etc/man/pydhcpd.8"
SCRIPTS_PAGE, STATUS_PAGE = "etc/man/pydhcpd-scripts.7", "etc/man/pydhcpd-status.7"
STUB, COMPLETION = "pydhcpd/conf.pyi", "etc/completion/pydhcpd"
WIDTH = 118  # characters of the sample's lines

HEAD = """\
The configuration of pydhcpd. It is Python: what it assigns to the names below is the configuration.
As installed it is all comments, so nothing is served. Check what you have written with: pydhcpd -check
Then: systemctl start pydhcpd, or after a change: systemctl reload pydhcpd
The manual: man 5 pydhcpd.conf. This file is executed, so it must be root's, and writable by nobody else."""

EXAMPLE = """\
interface = "eth1"                             # which has the address 192.168.137.1/24, say
network = "192.168.137.0/24"
ip_ranges = [("192.168.137.10", "192.168.137.200")]
router = "192.168.137.1"
domain_name_server = ["192.168.137.1", "9.9.9.9"]
ip_address_lease_time = 8 * HOURS
hosts = [
    host(mac="02:00:00:00:99:01", ip="192.168.137.5", hostname="boss"),
    host(mac=["02:00:00:00:99:02", "02:00:00:00:99:03"], boot_file_name="pxelinux.0", next_server="192.168.137.5"),
    host(mac="02:00:00:00:99:04", ignore=True),
]"""

EXAMPLES = {
    "interface": '["eth1", "eth2"]',
    "network": '"192.168.137.0/24"',
    "subnet_mask": '"255.255.255.0"',
    "bind_address": '"192.168.137.1"',
    "ip_ranges": '["192.168.137.10 - 192.168.137.99", "192.168.137.128/26"]',
    "hosts": '[host(mac="02:00:00:00:99:01", ip="192.168.137.5", hostname="boss", domain_name="office.example")]',
    "subnets": '[subnet("10.1.0.0/16", pools=["10.1.4.0 - 10.1.7.255"], router="10.1.0.1")]',
    "shared_networks": '[shared_network("floor 3", [subnet("10.3.0.0/24", pools=["10.3.0.128/25"]), subnet("10.4.0.0/24")])]',
    "reservation_file": '"/var/lib/pydhcpd/reservations.csv"',
    "classes": '[client_class("voip", match(vendor_class_identifier=PREFIX("Phone")), ip_address_lease_time=1 * DAYS)]',
    "shorten_leases_above": "80",
    "client_identity": '["remote_id", "circuit_id"]',
    "offer_hold_time": "2 * MINUTES",
    "look_for_other_servers": "1 * HOURS",
    "leasequery_from": '["192.0.2.7"]',
    "minimum_lease_time": "1 * MINUTES",
    "maximum_lease_time": "1 * DAYS",
    "next_server": '"192.168.137.1"',
    "server_name": '"boot.example"',
    "boot_file_name": '{"bios": "undionly.kpxe", "x86-64": "ipxe.efi", "arm64": "ipxe-arm64.efi"}',
    "architecture_names": '{500: "my-board"}',
    "tftp_root": '"/srv/tftp"',
    "http_root": '"/srv/http"',
    "tftp_ports": "(50000, 50999)",
    "ipxe_script": '"boot.ipxe"',
    "pxe_menu": 'pxe_menu("Boot what?", [pxe_item("Debian", "debian/pxelinux.0"), pxe_item("Own disk")], timeout=10)',
    "dns_files": '[dns_file("/var/lib/pydhcpd/hosts", form="hosts", domain="lab.example")]',
    "dns_name": '["{hostname}", "dhcp-{ip}"]',
    "dns_zones": '[dns_zone("lab.example", server="10.0.0.53", key=tsig("name", "hmac-sha256", file="/etc/pydhcpd/tsig.key"))]',
    "always_send": '["router"]',
    "never_send": '["netbios_over_tcp_ip_node_type"]',
    "option_definitions": '[option(224, "rack", "text")]',
    "maximum_unknown_per_second": "2000",
    "scripts": "[script('/etc/pydhcpd/on-lease', on=['bound', 'released', 'expired'])]",
    "status_port": "8067",
    "status_hosts": '["dhcp.lab.example"]',
    "user": '"pydhcpd"',
    "group": '"pydhcpd"',
}
"""What the sample shows for settings whose default says nothing about their form."""

HOST_ARGUMENTS = (
    ("mac", "hardware address, or a list of them; * stands for any octet"),
    ("client_id", "client identifier (option 61), or a list of them: bytes; text such as \"01:a2:ff\"; or other text"),
    ("uuid", "UUID of the machine's firmware (option 97), or a list of them: text as dmidecode and libvirt show it, or its "
     "digits as they are sent; bytes as they are sent alone"),
    ("relay", "address of the relay agent (giaddr)"),
    ("circuit_id", "what the relay agent calls the port (option 82, suboption 1)"),
    ("remote_id", "what the relay agent calls itself, or the client's end of the line (suboption 2)"),
    ("subscriber_id", "the subscriber, as the relay agent says (suboption 6)"),
    ("match_hostname", "True: known by the hostname that it sends, which anybody can forge"),
    ("ip", "address to give, or one of each of several subnets; without it, one of a pool"),
    ("hostname", "name to give (host_name)"),
    ("classes", "names of classes that it is of"),
    ("ignore", "True: never answer it"),
)

SUBNET_WORDS = (
    ("network", "its base address and mask: \"10.1.0.0/16\"; a /8 at most"),
    ("pools", "list of what may be given: pool(...), or ranges such as \"10.1.4.0 - 10.1.7.255\"; else reservations only"),
    ("exclude", "ranges of its pools that nobody gets"),
    ("relays", "addresses of relay agents for it that lie in no subnet, or in another"),
    ("interface", "name of a link whose own address is not in the subnet"),
    ("allow", "names of classes; others get nothing here"),
    ("deny", "names of classes that get nothing here; it beats allow"),
)
POOL_WORDS = (
    ("range", "\"a - b\", \"a/n\" or (\"a\", \"b\"); or a list of them"),
    ("allow", "names of classes; others get no address of it"),
    ("deny", "names of classes that get no address of it; it beats allow"),
)
SHARED_NETWORK_WORDS = (
    ("name", "what it is called in messages"),
    ("subnets", "list of subnet(...)"),
    ("relays", "addresses of relay agents for all of it that lie elsewhere"),
    ("interface", "name of a link whose own address is in none of them"),
)
CLASS_WORDS = (
    ("name", "what it is called in allow, deny, host(classes=...) and by classify()"),
    ("condition", "match(...), conditions joined by &, | and ~, or a function of the request"),
    ("lease_limit", "most leases and offers of its clients at a time; who has a lease renews it, whatever the limit is by now"),
    ("lease_limit_per", "a field: the limit counts for each of its values"),
)
PXE_ITEM_WORDS = (
    ("text", "what is shown: up to 70 printable ASCII characters"),
    ("boot_file_name", "what is booted, as in the setting of that name: a name, names by architecture, or a URL; without it, "
                       "the machine's own disk"),
    ("server", "address of the machine that has the file; without it, next_server, else this server"),
    ("type", "without boot_file_name: the type of the boot server at server, which is asked in place of this one (1 for "
             "Microsoft's RIS); with it, the number by which this item goes over the wire; without it, one from 32768 on"),
)
PXE_MENU_WORDS = (
    ("prompt", "what is asked: up to 70 printable ASCII characters"),
    ("items", "list of pxe_item(...); the first is taken where nobody chooses"),
    ("timeout", "seconds to wait for somebody who presses F8 for the menu, 0 to 254; without it, or with 255, the menu is "
                "shown until somebody chooses"),
)
DNS_FILE_WORDS = (
    ("path", "the file, which takes the place of the one before as a whole, at most once a second"),
    ("form", "\"hosts\", lines as in /etc/hosts, which is also the default; or \"zone\", a zone as DNS servers read it"),
    ("domain", "that of the names in it, others are left out; for a reverse zone \"2.0.192.in-addr.arpa\"; a hosts file "
               "without it has all names"),
    ("server", "for a zone: the name of its name server; without it localhost, as for a zone that nobody else asks for"),
    ("ttl", "for a zone: seconds for which others may keep what they were told; 300 unless given"),
)
DNS_ZONE_WORDS = (
    ("name", "its name, \"lab.example\"; of a reverse zone also its network: \"192.0.2.0/24\" is "
             "\"2.0.192.in-addr.arpa\"; a part of a /24 is \"0/25.2.0.192.in-addr.arpa\" (RFC 2317)"),
    ("server", "address of the DNS server that takes updates: \"10.0.0.53\", \"10.0.0.53:5353\", \"2001:db8::53\" or "
               "\"[2001:db8::53]:5353\"; or a list of them, which are tried in turn"),
    ("port", "its port, where that is not 53"),
    ("key", "tsig(...) that signs the updates; without it they are not signed, and the server must let our address"),
    ("ttl", "seconds for which others may keep what they were told; without it a third of the lease time, and 10 minutes at "
            "least (RFC 4702 section 5)"),
)
TSIG_WORDS = (
    ("name", "name of the key, as the DNS server has it; not needed where the file tells it"),
    ("algorithm", "\"hmac-sha256\", or another that the server knows; the same"),
    ("file", "file of the key, as tsig-keygen (BIND) or keymgr -t (Knot) write it, or with the secret in base64 alone; refused "
             "where anyone may read it; the daemon's user must be able to"),
    ("secret", "the secret itself in base64, in place of a file; then this file is to be read by root and the daemon alone"),
)
SCRIPT_WORDS = (
    ("path", "the program, from / on; it is given no arguments, and may lie where root alone may write"),
    ("on", "the kinds of events that it is run for; without it bound, renewed, released, expired and declined"),
    ("timeout", "seconds after which it is told to end, and a second later ended; 10"),
    ("concurrency", "how many of it run at a time, each for another address; 4"),
    ("queue", "how many events wait for it at the most; what comes then is dropped, and told; 1000"),
    ("wait", "True, for tests: one at a time, and no event is looked at before it has ended"),
)
CONSTRUCTORS = (("subnet", SUBNET_WORDS, NETWORK_WIDE), ("pool", POOL_WORDS, POOL),
                ("shared_network", SHARED_NETWORK_WORDS, NETWORK_WIDE), ("client_class", CLASS_WORDS, HOST),
                ("pxe_item", PXE_ITEM_WORDS, None), ("pxe_menu", PXE_MENU_WORDS, None), ("dns_zone", DNS_ZONE_WORDS, None),
                ("dns_file", DNS_FILE_WORDS, None), ("tsig", TSIG_WORDS, None),
                ("script", SCRIPT_WORDS, None))
"""Constructors besides host(): their arguments, and the scope of the settings that they take, if they take any."""

COMPARATORS = (
    ("ALL", "anything, but present"),
    ("GREATER(x)", "more than x: numbers and addresses"),
    ("LESS(x)", "less than x"),
    ("NETWORK(\"10.0.0.0/8\")", "an address of that network; also with a mask: NETWORK(\"10.0.0.0\", \"255.0.0.0\")"),
    ("CASEINSENSITIVE(s)", "the text s in any mixture of capitals and small letters"),
    ("PREFIX(s)", "begins with s: text, bytes, hardware addresses"),
    ("SUFFIX(s)", "ends in s"),
    ("REGEX(s)", "the regular expression s is found in it, in the syntax of RE2; ^ and $ tie it to the ends; needs the Python "
                 "package google-re2 (pip install google-re2, or '.[regex]' in the source tree)"),
    ("NOT(x)", "all that x does not match, absence included"),
)
FIELD_WORDS = {
    "mac": "hardware address, as \"02:00:00:00:99:01\"",
    "client_id": "client identifier (option 61), bytes",
    "htype": "type of hardware address, a number",
    "ciaddr": "address that the client says it has",
    "giaddr": "address of the relay agent",
    "secs": "seconds for which the client has tried",
    "interface": "name of the interface by which it came",
    "message_type": "DISCOVER, REQUEST, INFORM and so on, or BOOTP",
    "circuit_id": "what the relay agent calls the port, bytes (option 82, suboption 1)",
    "remote_id": "what the relay agent calls itself, or the client's end of the line, bytes (suboption 2)",
    "subscriber_id": "the subscriber, as the relay agent says, bytes (suboption 6)",
    "uuid": "UUID of the firmware (option 97), its digits as they are sent; compared with text, its first three fields count "
            "in either order of their octets",
    "known": "True for a client with a reservation",
}


# --- the sample configuration


def sample_configuration() -> str:
    """The text of etc/pydhcpd.conf."""
    parts = [_comment(HEAD.splitlines()), "",
             "# An example: one network. Take the # away, and put in your own interface and addresses.", "",
             _without_force(EXAMPLE), "",
             *_comment_wrapped("Any DHCP option is set by its name, as router and domain_name_server are above; man 5 "
                               "pydhcpd.conf lists them. MINUTES, HOURS, DAYS and INFINITE are times. Now every "
                               "setting, with its default, or with an example where there is none:")]
    for group in GROUPS:
        parts += ["", "", f"# --- {group.title}", "#", *_comment_wrapped(group.words)]
        parts += [line for setting in _of_file(group) for line in _sample_lines(setting)]
    return "\n".join(parts) + "\n"


def _sample_lines(setting: Setting) -> list[str]:
    allowed, default = _terms(setting)
    return ["", *_comment_wrapped(f"{_sentence(setting.words)} {allowed}"), f"# {default}",
            f"#{setting.name} = {EXAMPLES.get(setting.name) or _literal(setting)}"]


def _of_file(group: Group) -> Iterator[Setting]:
    return (setting for setting in group.settings if not setting.command_line_only)


def _comment(lines: Iterable[str]) -> str:
    return "\n".join(f"# {line}" for line in lines)


def _comment_wrapped(text: str) -> list[str]:
    return [f"# {line}" for line in wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)]


def _without_force(lines: str) -> str:
    return "\n".join(f"#{line}" for line in lines.splitlines())


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


UNIT_WORDS = {"s": "second", "%": "per cent"}
"""What a kind that says its unit by itself calls it."""


def _terms(setting: Setting) -> tuple[str, str]:
    """What may be given, and what holds where nothing is: a sentence each."""
    said = UNIT_WORDS.get(setting.unit, setting.unit) in setting.kind.words  # also where there is none
    unit = "" if said else f", in {setting.unit}"
    default = "none" if setting.default in (None, (), "") else _literal(setting)
    return f"Allowed: {setting.kind.words}{unit}.", f"Default: {default}."


def _literal(setting: Setting) -> str:
    """The default of a setting, as a file would give it."""
    value = setting.default
    if setting.kind is TIME:
        return _time(value)
    return f'"{value}"' if isinstance(value, str | Path) else repr(value)


def _time(seconds: int) -> str:
    for unit, name in ((DAYS, "DAYS"), (HOURS, "HOURS")):
        if seconds % unit == 0:
            return f"{seconds // unit} * {name}"
    return str(seconds)


# --- the man pages, in mdoc(7)


def settings_section() -> str:
    """Every setting by groups: what it is, what is allowed, its default."""
    lines = []
    for group in GROUPS:
        lines += [f".Ss {group.title}", *map(_escaped, _sentences(group.words)), ".Bl -tag -width Ds"]
        for setting in _of_file(group):
            lines += [f".It Va {setting.name}", _escaped(_sentence(setting.words)), *map(_escaped, _terms(setting))]
        lines.append(".El")
    return "\n".join(lines)


def _sentences(text: str) -> list[str]:
    """Each sentence on a line, as mdoc(7) wants it."""
    return re.split(r"(?<=[.]) (?=[A-Z])", text)


def host_section() -> str:
    """Every argument of host()."""
    lines = [".Bl -tag -width match_hostname -compact"]
    lines += [line for name, words in HOST_ARGUMENTS for line in (f".It Fa {name}", _escaped(words))]
    return "\n".join([*lines, ".El", *_besides(HOST)])


def _besides(scope: int) -> list[str]:
    names = " ,\n".join(f".Va {name}" for name in settings_of(scope))
    return [".Pp", "Besides these it takes DHCP options by name, and the settings", f"{names} ."]


def constructor_section(name: str) -> str:
    """Every argument of a constructor besides host()."""
    words, scope = next((words, scope) for made, words, scope in CONSTRUCTORS if made == name)
    return "\n".join([*_list("lease_limit_per", "Fa", words), *([] if scope is None else _besides(scope))])


def comparators_section() -> str:
    """Every comparator of match()."""
    return "\n".join(_list("CASEINSENSITIVE(s)", "Li", COMPARATORS))


def fields_section() -> str:
    """Every field of a request that is no option."""
    return "\n".join(_list("subscriber_id", "Va", [(field.name, FIELD_WORDS[field.name]) for field in HEADER]))


def architectures_section() -> str:
    """The names of architectures, each with the numbers that stand for it."""
    numbers: dict[str, list[str]] = {}
    for number, names in ARCHITECTURES.items():
        for name in names:
            numbers.setdefault(name, []).append(str(number))
    return "\n".join(_list("loongarch64-http", "Li", [(name, ", ".join(found)) for name, found in numbers.items()]))


def _list(widest: str, macro: str, rows: Iterable[tuple[str, str]]) -> list[str]:
    lines = [line for name, words in rows for line in (f".It {macro} {_escaped(name)}", _escaped(words))]
    return [f".Bl -tag -width {widest} -compact", *lines, ".El"]


def shapes_section() -> str:
    """The shapes of values that the option table names, except records, which are made of the others."""
    shapes = {option.codec.name: option.codec.allowed for option in TABLE if not option.codec.name.startswith("(")}
    lines = [line for name, allowed in sorted(shapes.items()) for line in (f".It {name}", _escaped(allowed))]
    return "\n".join([".Bl -tag -width plain_domains -compact", *lines, ".El"])


def options_section() -> str:
    """Every DHCP option that can be set: number, name, shape, source."""
    settable = [option for option in TABLE if option.code not in NOT_SETTABLE and option.name not in BY_NAME]
    lines = [line for option in settable for line in (f".It {option.code}", *_option_lines(option))]
    return "\n".join([".Bl -tag -width Ds -compact", *lines, ".El"])


def _option_lines(option: Option) -> list[str]:
    aliases = f" (also {', '.join(option.aliases)})" if option.aliases else ""
    everyday = f": {EVERYDAY[option.name]}" if option.name in EVERYDAY else ""
    return [f".Va {option.name}", _escaped(f"\u2014 {option.codec.name}; {option.reference}{aliases}{everyday}")]


def kinds_section() -> str:
    """The kinds of events that scripts are run for."""
    return "\n".join(_list("database_file_alarm_over", "Li", [(kind.name, kind.words) for kind in KINDS]))


def variables_section() -> str:
    """The environment of a script, but for what the client sent."""
    names = {"kind": "event"}
    rows = [(f"PYDHCPD_{names.get(one.name, one.name).upper()}", one.words) for one in OF_EVENT]
    return "\n".join(_list("PYDHCPD_SUBSCRIBER_ID", "Ev", rows))


def members_section() -> str:
    """The fields of an event of on_event()."""
    return "\n".join(f".Va {one.name} ," for one in OF_EVENT)


def commands_section() -> str:
    """The commands of the control prompt, with the help that the prompt gives."""
    lines = [".Bl -tag -width configuration -compact"]
    for name, command in ThreadedTCPRequestHandler.commands().items():
        lines += [f".It Ic {name}", _escaped((command.__doc__ or "").partition("\n")[0])]
    return "\n".join([*lines, ".El"])


def alarms_section() -> str:
    """Every kind of alarm, as events call it."""
    return "\n".join(_list("database-file-alarm", "Li", [(kind, _sentence(words)) for kind, words in ALARMS.items()]))


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\e").replace("\u2014", "\\(em").replace('"', "\\(dq").replace("'", "\\(aq")
    return f"\\&{text}" if text[:1] in (".", "'") else text


# --- in place


def metrics_section() -> str:
    """What Prometheus is told."""
    return "\n".join([".Bl -tag -width Ds", *(line for metric in METRICS for line in _metric_lines(metric)), ".El"])


def _metric_lines(metric: Metric) -> list[str]:
    labels = f" by {', '.join(metric.labels)}" if metric.labels else ""
    return [f".It Li {metric.name} Pq {metric.kind}{labels}", *map(_escaped, _sentences(metric.words))]


Sections = tuple[tuple[str, Callable[[], str]], ...]
PAGES: dict[str, Sections] = {
    CONFIGURATION_PAGE: (
        ("settings", settings_section), ("host", host_section), ("comparators", comparators_section),
        ("fields", fields_section), ("shapes", shapes_section), ("options", options_section),
        ("architectures", architectures_section),
        *((name, partial(constructor_section, name)) for name, _, _ in CONSTRUCTORS)),
    DAEMON_PAGE: (("commands", commands_section), ("alarms", alarms_section)),
    STATUS_PAGE: (("metrics", metrics_section),),
    SCRIPTS_PAGE: (("kinds", kinds_section), ("variables", variables_section), ("members", members_section)),
}
"""What stands between markers in each page."""


def current(root: Path) -> dict[Path, str]:
    """What the files below `root` should be: path and text. Raises InvalidValue where a marker is missing."""
    pages = {root / page: _with_sections(root / page, sections) for page, sections in PAGES.items()}
    return {root / SAMPLE: sample_configuration(), root / STUB: stub(), root / COMPLETION: completion(), **pages}


def _with_sections(page: Path, sections: Sections) -> str:
    text = page.read_text()
    for name, section in sections:
        text = _between_markers(page, text, name, section())
    return text


def _between_markers(page: Path, text: str, name: str, section: str) -> str:
    start, end = f'.\\" begin {name}: python -m pydhcpd.configuration.manual writes what follows\n', f'.\\" end {name}\n'
    before, found, rest = text.partition(start)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        raise InvalidValue(f"{page}: the markers of {name} are missing; allowed are the lines {start!r} and {end!r}")
    return f"{before}{start}{section}\n{end}{after}"


def main() -> int:
    """Write the files of the tree that holds this package anew."""
    root = Path(__file__).resolve().parents[2]
    try:
        files = current(root)
    except (OSError, InvalidValue) as error:
        print(f"the manual cannot be written: {error}; run this in the source tree", file=sys.stderr)
        return 1
    for path, text in files.items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"{path.relative_to(root)}: written")
    return 0


if __name__ == "__main__":
    sys.exit(main())

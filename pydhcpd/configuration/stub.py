"""The text of conf.pyi, from the tables: what an editor completes and a type checker knows of the configuration's words.

Owns the types of values by the shape of an option and the kind of a setting. Options of one's own have no name there; such
a keyword needs `# type: ignore[call-arg]`.
"""

from collections.abc import Iterable
from textwrap import fill

from pydhcpd.happenings import FIELDS as OF_EVENT
from pydhcpd.happenings import KINDS
from pydhcpd.policy.fields import ADDRESS, HARDWARE, HEADER, NUMBER, OCTETS, TEXT, TRUTH, UUID, WORD
from pydhcpd.settings import (
    BOOT_FILE,
    BY_NAME,
    DNS_FILES,
    DNS_NAME,
    DURATION,
    FIELDS,
    FLAG,
    HOST,
    MENU,
    NETWORK_WIDE,
    OPTION_NAMES,
    PER_CENT,
    POOL,
    TIME,
    ZONES,
    settings_of,
)
from pydhcpd.wire import codecs
from pydhcpd.wire.codecs import Codec
from pydhcpd.wire.options import BY_NAME as OPTIONS
from pydhcpd.wire.options import PROTOCOL_OWN

HEAD = '''\
# Written by python -m pydhcpd.configuration.manual from the tables of options, settings and fields.
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypedDict, Unpack

from pydhcpd.comparators import ALL, CASEINSENSITIVE, GREATER, LESS, NETWORK, NOT, PREFIX, REGEX, SUFFIX
from pydhcpd.policy.boot.menu import PxeItem, PxeMenu
from pydhcpd.policy.classes import ClientClass
from pydhcpd.policy.conditions import Condition
from pydhcpd.policy.declarations import PoolDeclaration, SharedNetworkDeclaration, SubnetDeclaration
from pydhcpd.policy.dns.file import DnsFile
from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.script import Script
from pydhcpd.wire.options import Option

__all__ = ["ALL", "CASEINSENSITIVE", "DAYS", "GREATER", "HOURS", "INFINITE", "LESS", "MINUTES", "NETWORK", "NOT", "PREFIX",
           "REGEX", "SUFFIX", "Event", "Reply", "Request", "client_class", "dns_file", "dns_zone", "host", "match", "option",
           "pool", "pxe_item", "pxe_menu", "script", "shared_network", "subnet", "tsig"]

MINUTES: Final = 60
HOURS: Final = 3600
DAYS: Final = 86400
INFINITE: Final = 0xFFFFFFFF

_Range = str | tuple[str, str]
_Names = str | Sequence[str]
_Octets = bytes | str
_BootFile = str | Mapping[str | int, str | None] | Mapping[str, str | None] | Mapping[str, str]
'''

TAIL = '''\
def subnet(network: str, *, pools: Sequence[PoolDeclaration | _Range] | PoolDeclaration | _Range = ...,
           exclude: list[_Range] | _Range = ..., relays: _Names = ..., interface: str | None = ..., allow: _Names = ...,
           deny: _Names = ..., **settings: Unpack[_NetworkSettings]) -> SubnetDeclaration: ...
def pool(range: list[_Range] | _Range, *, allow: _Names = ..., deny: _Names = ...,
         **settings: Unpack[_PoolSettings]) -> PoolDeclaration: ...
def shared_network(name: str, subnets: Sequence[SubnetDeclaration], *, relays: _Names = ..., interface: str | None = ...,
                   **settings: Unpack[_NetworkSettings]) -> SharedNetworkDeclaration: ...
def host(ip: _Names | None = ..., hostname: str | None = ..., *, mac: _Octets | Sequence[_Octets] = ...,
         client_id: _Octets | Sequence[_Octets] = ..., uuid: _Octets | Sequence[_Octets] = ..., relay: str = ...,
         remote_id: _Octets = ..., circuit_id: _Octets = ..., subscriber_id: _Octets = ..., match_hostname: bool = ...,
         classes: _Names = ..., ignore: bool = ..., **settings: Unpack[_HostSettings]) -> Reservation: ...
def client_class(name: str, condition: Condition | Callable[[Request], object] | None = ..., *, lease_limit: int | None = ...,
                 lease_limit_per: str | None = ..., **settings: Unpack[_HostSettings]) -> ClientClass: ...
def pxe_item(text: str, boot_file_name: _BootFile | None = ..., *, server: str | None = ...,
             type: int | None = ...) -> PxeItem: ...
class _PxeMenu(PxeMenu):
    def __call__(self, prompt: str, items: Sequence[PxeItem], *, timeout: int | None = ...) -> _PxeMenu: ...
pxe_menu: _PxeMenu
def dns_file(path: str | Path, *, form: str | None = ..., domain: str | None = ..., server: str | None = ...,
             ttl: int | None = ...) -> DnsFile: ...
def dns_zone(name: str, server: _Names | None = ..., *, port: int | None = ..., key: Tsig | None = ...,
             ttl: int | None = ...) -> DnsZone: ...
def tsig(name: str | None = ..., algorithm: str | None = ..., *, secret: str | bytes | None = ...,
         file: str | Path | None = ...) -> Tsig: ...
def script(path: str, *, on: Sequence[_Kind] | _Kind = ..., timeout: float = ..., concurrency: int = ..., queue: int = ...,
           wait: bool = ...) -> Script: ...
def option(code: int, name: str, shape: object, inside: str | tuple[str, int] | None = ...) -> Option: ...
def match(**fields: Unpack[_Fields]) -> Condition: ...
'''

REPLY = '''\
class Reply(Protocol):
    next_server: str | None
    server_name: str | None
    boot_file_name: str | None
    hostname: str | None
    @property
    def options(self) -> MutableMapping[str, Any]: ...
    @property
    def address(self) -> str | None: ...
    @property
    def lease_time(self) -> int | None: ...
'''

_OF_FIELDS = {HARDWARE: "str", TEXT: "str", UUID: "str", WORD: "str", ADDRESS: "str", OCTETS: "bytes",
              NUMBER: "int", TRUTH: "bool"}
_OF_KINDS = ((FLAG, "bool"), (TIME, "int"), (DURATION, "float"), (PER_CENT, "float"), (OPTION_NAMES, "_Names"),
             (FIELDS, "_Names"), (MENU, "PxeMenu"), (BOOT_FILE, "_BootFile"), (ZONES, "Sequence[DnsZone]"),
             (DNS_FILES, "Sequence[DnsFile]"), (DNS_NAME, "_Names"))
_OF_CODECS: dict[type, str] = {
    codecs.Address: "str", codecs.Number: "int", codecs.Seconds: "int", codecs.Flag: "bool", codecs.Empty: "bool",
    codecs.Text: "str", codecs.Bytes: "_Octets", codecs.Domain: "str", codecs.Domains: "_Names"}
NUMBERS = range(1, 255)
WIDTH = 120  # characters of a line


def stub() -> str:
    """The text of conf.pyi."""
    settable = {name: _type_of(option.codec) for name, option in OPTIONS.items()
                if option.code not in PROTOCOL_OWN and name not in BY_NAME}
    options = {**settable, **{f"option_{number}": "_Octets" for number in NUMBERS if number not in PROTOCOL_OWN}}
    names = [*dict.fromkeys([*(field.name for field in HEADER), *OPTIONS])]
    host, pool, network = (settings_of(scope) for scope in (HOST, POOL, NETWORK_WIDE))
    numbered = [f"{kind}_{number}" for kind in ("option", "relay_suboption") for number in NUMBERS]
    parts = [
        HEAD,
        _dictionary("_Options", "TypedDict, total=False", {name: f"{kind} | None" for name, kind in options.items()}),
        _dictionary("_HostSettings", "_Options, total=False", _settings(host)),
        _dictionary("_PoolSettings", "_HostSettings, total=False", _settings(one for one in pool if one not in host)),
        _dictionary("_NetworkSettings", "_PoolSettings, total=False", _settings(one for one in network if one not in pool)),
        _dictionary("_Fields", "TypedDict, total=False", dict.fromkeys([*names, *numbered], "object")),
        _request([name for name in names if name not in {field.name for field in HEADER}] + numbered), REPLY, _event(), TAIL]
    return "\n".join(parts)


def _settings(names: Iterable[str]) -> dict[str, str]:
    return {name: f"{_setting(name)} | None" for name in names}


def _setting(name: str) -> str:
    return next((kind for one, kind in _OF_KINDS if BY_NAME[name].kind is one), "str")


def _type_of(codec: Codec) -> str:
    if isinstance(codec, codecs.Listing):
        element = _OF_CODECS.get(type(codec.element))
        return f"{element} | Sequence[{element}]" if element else "object"
    return _OF_CODECS.get(type(codec), "object")


def _dictionary(name: str, bases: str, members: dict[str, str]) -> str:
    return "\n".join([f"class {name}({bases}):", *(f"    {member}: {kind}" for member, kind in members.items()), ""])


def _request(options: Iterable[str]) -> str:
    """The request that a function sees. What an option holds follows from who sent it, so it may be bytes as well."""
    members = {field.name: f"{_OF_FIELDS[field.kind]} | None" for field in HEADER} | {
        "time": "float", "subnet": "str | None", "classes": "Sequence[str]", "lease": "str | None"}
    lines = [line for name, kind in (members | dict.fromkeys(options, "Any")).items()
             for line in ("    @property", f"    def {name}(self) -> {kind}: ...")]
    return "\n".join(["class Request(Protocol):", *lines, ""])


def _event() -> str:
    """What on_event() sees, and the kinds that there are."""
    kinds = ", ".join(f'"{kind.name}"' for kind in KINDS)
    members = {field.name: field.type if field.name in ("kind", "time") else f"{field.type} | None" for field in OF_EVENT}
    lines = [line for name, kind in {**members, "options": "Mapping[str, Any]"}.items()
             for line in ("    @property", f"    def {name}(self) -> {kind}: ...")]
    literal = fill(f"_Kind = Literal[{kinds}]", WIDTH, subsequent_indent=" " * 16, break_on_hyphens=False)
    return "\n".join([literal, "class Event(Protocol):", *lines, ""])

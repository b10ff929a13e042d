"""What the functions of the configuration file see: `RequestView`, which cannot be changed, and `ReplyView`, which `finish`
may change.

Names and forms are those of the rest of the configuration: fields as in `match()`, options as people write them. A value is
made when it is asked for, so that a function pays for what it reads. Neither view knows addresses in use or how a message
is sent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol

from pydhcpd.addresses import address_from, address_text
from pydhcpd.errors import InvalidValue, MalformedPacket
from pydhcpd.names import MATCH, OPTION, remedy
from pydhcpd.policy.arguments import hostname
from pydhcpd.policy.boot.answer import Client
from pydhcpd.policy.scope import boot_server
from pydhcpd.wire.options import BY_CODE, BY_NAME, PROTOCOL_OWN, Option, option_named
from pydhcpd.wire.packet import FILE_SIZE, SNAME_SIZE, Request

MOST_SHOWN = 60  # characters of a name in a message

HOST_NAME, LEASE_TIME, SERVER_IDENTIFIER, TFTP_SERVER_NAME, BOOT_FILE_NAME = 12, 51, 54, 66, 67
NOT_SETTABLE: dict[int, str] = {**dict.fromkeys(PROTOCOL_OWN, "it is the protocol's own"),
                                LEASE_TIME: "the lease is made already",
                                SERVER_IDENTIFIER: "it follows from the interface"}
"""Options that `finish` cannot set, by code, and why."""

ALLOWED = "allowed are the fields and options of the configuration by name"


class Fields(Protocol):
    """Where a request's fields are found by name."""

    def reader(self, name: str) -> Callable[[Request], object] | None:
        """What reads a field from a request in people's form (None: absent); None for a name that is none."""

    def names(self) -> Iterable[str]:
        """The names of all fields, for messages."""


@dataclass(slots=True)
class Circumstances:
    """What is known about a request besides what it carries. The server fills it in as it learns it.

    `time` is in seconds of the epoch; `subnet` shows as text by `str()`; `lease` is an address in host byte order, 0 for none.
    """

    time: float
    subnet: object | None = None
    classes: tuple[str, ...] = ()
    lease: int = 0


_MORE: dict[str, Callable[[Circumstances], object]] = {
    "time": lambda known: known.time,
    "subnet": lambda known: None if known.subnet is None else str(known.subnet),
    "classes": lambda known: known.classes,
    "lease": lambda known: address_text(known.lease) if known.lease else None}


class UnknownField(AttributeError):
    """A request has no field of this name. Which one was meant is worked out when somebody reads it: `hasattr` does not."""

    def __init__(self, field: str, known: Callable[[], Iterable[str]]) -> None:
        super().__init__(field)
        self.name = field
        self._known = known

    def __str__(self) -> str:
        return f"a request has no {self.name}; {remedy(self.name or '', self._known(), MATCH) or ALLOWED}"


class RequestView:
    """A request, read only: `request.mac`, `request.vendor_class_identifier`. What is absent is None."""

    __slots__ = ("_circumstances", "_fields", "_request")

    _circumstances: Circumstances
    _fields: Fields
    _request: Request

    def __init__(self, request: Request, fields: Fields, circumstances: Circumstances) -> None:
        _put(self, "_request", request)
        _put(self, "_fields", fields)
        _put(self, "_circumstances", circumstances)

    def __getattr__(self, name: str) -> Any:
        more = _MORE.get(name)
        if more is not None:
            return more(self._circumstances)
        read = self._fields.reader(name)
        if read is None:
            raise UnknownField(name, self.__dir__)
        return read(self._request)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a request cannot be changed, so {name} cannot be set; finish() may change the reply")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"a request cannot be changed, so {name} cannot be removed; finish() may change the reply")

    def __dir__(self) -> list[str]:
        return [*_MORE, *self._fields.names()]

    def __repr__(self) -> str:
        return f"<request of {self._request.hardware.hex(':')}>"


_put = object.__setattr__


class OptionTable:
    """Options by name and by code: those of the registry, with the administrator's own before them."""

    __slots__ = ("_by_code", "_own")

    def __init__(self, own: Mapping[str, Option] | None = None) -> None:
        self._own = own or {}
        self._by_code = {option.code: option for option in self._own.values() if option.inside is None}

    def named(self, name: object) -> Option:
        """The option of a name. Raises InvalidValue with the nearest name where there is none, and for a suboption."""
        option = None
        if isinstance(name, str):
            option = self._own.get(name) or option_named(name)
        if option is None:
            raise InvalidValue(f"{name!r} is no DHCP option; {remedy(str(name), [*BY_NAME, *self._own], OPTION) or ALLOWED}")
        if option.inside is not None:
            outer = self.of(option.inside[0]).name
            raise InvalidValue(f"{name!r} is a part of {outer}; allowed is the whole of that, as bytes")
        return option

    def of(self, code: int) -> Option:
        """The option of a code, from 1 to 254; its value is bytes where nothing is known about it."""
        found = self._by_code.get(code) or BY_CODE.get(code) or option_named(f"option_{code}")
        if found is None:
            raise InvalidValue(f"{code} is no DHCP option's number; allowed are 1 to 254")
        return found


class OptionsView(MutableMapping[str, Any]):
    """The options of a reply by name, in people's form. Assigning encodes at once: a bad value is an error in that very line.

    None takes an option out. Raises InvalidValue for a name that is no option's, a value that does not fit, and an option
    that cannot be set.
    """

    __slots__ = ("_given", "_now", "_table", "_touched")

    def __init__(self, options: Mapping[int, bytes], table: OptionTable) -> None:
        self._given = options
        self._now: dict[int, bytes] | None = None  # a copy, from the first change on
        self._touched: set[int] = set()
        self._table = table

    def encoded(self) -> Mapping[int, bytes]:
        """The options as bytes by code, as they are now."""
        return self._given if self._now is None else self._now

    def put(self, code: int, data: bytes | None) -> None:
        """Set an option to these bytes, or take it out."""
        if self._now is None:
            self._now = dict(self._given)
        self._touched.add(code)
        if data is None:
            self._now.pop(code, None)
        else:
            self._now[code] = data

    def was_touched(self, code: int) -> bool:
        """Whether somebody set an option or took it out, be it that it was not there."""
        return code in self._touched

    def value(self, code: int) -> Any:
        """An option's value in people's form, None where it is absent; bytes that its shape cannot read stay bytes."""
        return self._decoded(self._table.of(code)) if code in self.encoded() else None

    def _decoded(self, option: Option) -> Any:
        data = self.encoded()[option.code]
        try:
            return option.codec.decode(data)
        except MalformedPacket:
            return data

    def __getitem__(self, name: str) -> Any:
        option = self._table.named(name)
        if option.code not in self.encoded():
            raise KeyError(name)
        return self._decoded(option)

    def __setitem__(self, name: str, value: Any) -> None:
        option = self._settable(name)
        try:
            self.put(option.code, None if value is None or value in ([], ()) else option.codec.encode(value))
        except InvalidValue as error:
            raise InvalidValue(f"{name} = {error}") from None

    def __delitem__(self, name: str) -> None:
        option = self._settable(name)
        if option.code not in self.encoded():
            raise KeyError(name)
        self.put(option.code, None)

    def __iter__(self) -> Iterator[str]:
        return iter([self._table.of(code).name for code in self.encoded()])

    def __len__(self) -> int:
        return len(self.encoded())

    def __repr__(self) -> str:
        return repr(dict(self))

    def _settable(self, name: object) -> Option:
        option = self._table.named(name)
        if option.code in NOT_SETTABLE:
            raise InvalidValue(f"{name} cannot be set: {NOT_SETTABLE[option.code]}; allowed is to leave it as it is")
        return option


class ReplyView:
    """A reply before it is sent, for `finish`: its options, boot values and names can be changed, addresses cannot."""

    __slots__ = ("_address", "_before", "_file", "_lease_time", "_next_server", "_options", "_server_name")

    def __init__(self, options: Mapping[int, bytes], next_server: int = 0, server_name: str | bytes = "", file: bytes = b"", *,
                 address: int = 0, lease_time: int = 0, table: OptionTable | None = None) -> None:
        """`options` is read and never changed. Addresses are in host byte order, 0 for none; `lease_time` is in seconds.

        `file` is the field of this name: it has the boot file of a client that did not ask for option 67 as well.
        """
        self._options = OptionsView(options, table or OptionTable())
        self._file = file.rstrip(b"\0")
        self._next_server = next_server
        self._server_name = server_name.encode() if isinstance(server_name, str) else server_name.rstrip(b"\0")
        self._before = options, self.boot_fields()
        self._address, self._lease_time = address, lease_time

    # --- for the functions of the file

    @property
    def options(self) -> OptionsView:
        """The options by name."""
        return self._options

    @property
    def address(self) -> str | None:
        """The address that the client gets; it cannot be changed here."""
        return address_text(self._address) if self._address else None

    @property
    def lease_time(self) -> int | None:
        """Seconds that the lease lasts, None where there is no lease; it cannot be changed here."""
        return self._lease_time or None

    @property
    def next_server(self) -> str | None:
        """The address of the boot server: siaddr, and option 66 where no name is to be said there."""
        return address_text(self._next_server) if self._next_server else None

    @next_server.setter
    def next_server(self, value: object) -> None:
        self._boot_from(self._server_name, 0 if value is None else address_from(value))

    @property
    def server_name(self) -> str | None:
        """The name of the boot server: the field sname, and option 66 unless that said something else."""
        return self._server_name.decode("utf-8", "backslashreplace") or None

    @server_name.setter
    def server_name(self, value: object) -> None:
        self._boot_from(_text_of("server_name", value, SNAME_SIZE - 1), self._next_server)

    def _boot_from(self, name: bytes, address: int) -> None:
        """Take another boot server. Option 66 follows, where it said nothing or what followed from the former one."""
        former, server = boot_server(self._server_name, self._next_server), boot_server(name, address)
        if server != former and self._options.encoded().get(TFTP_SERVER_NAME, b"") in (b"", former):
            self._options.put(TFTP_SERVER_NAME, server or None)
        self._server_name, self._next_server = name, address

    @property
    def boot_file_name(self) -> str | None:
        """The boot file: option 67, and the field file where it fits there."""
        value: str | None = self._options.value(BOOT_FILE_NAME)
        return value or self.boot_fields()[2].decode("utf-8", "backslashreplace") or None

    @boot_file_name.setter
    def boot_file_name(self, value: object) -> None:
        self._options["boot_file_name"] = value

    @property
    def hostname(self) -> str | None:
        """The name that the client is told to have (option 12)."""
        value: str | None = self._options.value(HOST_NAME)
        return value

    @hostname.setter
    def hostname(self, value: object) -> None:
        self._options["host_name"] = None if value is None else hostname(value)

    def __repr__(self) -> str:
        return f"<reply with {self.address or 'no address'}>"

    # --- for who sends it

    def complete(self, client: Client) -> str:
        """Make a boot file that was set or taken away one for such a client, with what goes with it; in words what was wrong.

        Options that were set by name stay as they are.
        """
        name = self._options.encoded().get(BOOT_FILE_NAME, b"").rstrip(b"\0").decode("utf-8", "surrogateescape")
        file, trouble = client.named(name, name[:MOST_SHOWN]) if name else (b"", "")
        wanted = client.options(file)
        for code, usual in client.options(b"any").items():
            is_usual = self._options.encoded().get(code) in (None, usual) and not self._options.was_touched(code)
            if is_usual or code == BOOT_FILE_NAME:
                self._options.put(code, wanted.get(code))
        return trouble

    def changed(self) -> bool:
        """Whether it differs from what it was made of."""
        return self._before != (self._options.encoded(), self.boot_fields())

    def encoded(self) -> dict[int, bytes]:
        """The options as bytes by code, the order of those that were there kept."""
        return dict(self._options.encoded())

    def boot_fields(self) -> tuple[int, bytes, bytes]:
        """siaddr, and the contents of sname and file without padding; a boot file too long for file is in option 67 alone."""
        file = self._file
        if self._options.was_touched(BOOT_FILE_NAME):
            file = self._options.encoded().get(BOOT_FILE_NAME, b"").rstrip(b"\0")
        return self._next_server, self._server_name, file if len(file) < FILE_SIZE else b""


def _text_of(name: str, value: object, most: int) -> bytes:
    """Text as it stands in a field of the header; none for None."""
    if value is None:
        return b""
    data = value.encode("utf-8", "replace") if isinstance(value, str) and value.isprintable() else None
    if data is None or len(data) > most:
        raise InvalidValue(f"{name} = {value!r} cannot be used here; allowed is printable text of at most {most} bytes")
    return data

"""Kea's `option-def` and `option-data`, made settings of ours, and definitions of options where ours has none.

Owns the definitions and the option spaces: what lies within option 43 and 125 becomes suboptions by name, any other space
the octets of the option that encapsulates it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from keyword import kwlist

from pydhcpd.conf import __all__ as CONSTRUCTORS
from pydhcpd.errors import InvalidValue
from pydhcpd.escape import escape
from pydhcpd.migration.configurations.draft import Call, Draft
from pydhcpd.migration.configurations.kea.names import LISTS, OPTIONS, TYPES, identifier
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.kea.teller import Teller
from pydhcpd.migration.configurations.kea.values import encoded, octets_of, pretty, words_of
from pydhcpd.migration.configurations.values import value_of
from pydhcpd.settings import SETTINGS
from pydhcpd.wire.codecs import codec
from pydhcpd.wire.options import BY_CODE, BY_NAME, PROTOCOL_OWN, VENDOR_IDENTIFYING, VENDOR_SPECIFIC, Inside

TOP, VENDOR_SPACE, OF_VENDORS = "dhcp4", "vendor-encapsulated-options-space", "vendor-"
LEASE_TIME, BOOT_FILE, ROUTES, USER_CLASS, VENDOR_CLASS = 51, 67, 121, 77, 124
COUNTED_OTHERWISE = (USER_CLASS, VENDOR_CLASS)
ROUTES_DIFFER = ("classless_static_route; the router is added to it as the default route unless it has one, and clients that "
                 "ask for option 249 get the same there")
DOCSIS = ("here suboptions of a vendor go out to whoever asks for option 125; Kea sends them to clients that name the vendor "
          "in option 124 or 125")


@dataclass(frozen=True)
class Definition:
    """An `option-def`."""

    code: int
    name: str
    space: str
    types: tuple[str, ...]
    is_list: bool = False
    encapsulates: str = ""

    @property
    def shape(self) -> object:
        """Its shape here: words, tuples and lists; `bytes` where there is none."""
        parts: list[object] = [TYPES.get(one) for one in self.types]
        if not parts or None in parts:
            return "bytes"
        if self.is_list:
            parts[-1] = LISTS.get(str(parts[-1]), [parts[-1]])
        shape = parts[0] if len(parts) == 1 else tuple(parts)
        try:
            codec(shape)  # type: ignore[arg-type]  # made of words, tuples and lists
        except InvalidValue:
            return "bytes"
        return shape


TAKEN = {*BY_NAME, *kwlist, *(one.name for one in SETTINGS), *CONSTRUCTORS}
"""Names that mean something else in a file."""
DOCSIS_OPTIONS = (Definition(1, "oro", "vendor-4491", ("uint8",), is_list=True),
                  Definition(2, "tftp-servers", "vendor-4491", ("ipv4-address",), is_list=True))
"""Those of Kea's own."""


@dataclass
class Entry:
    """An item of `option-data`."""

    node: Node
    code: int
    space: str
    data: str
    is_csv: bool | None
    always: bool
    never: bool
    classes: list[str]
    told: bool = False

    @classmethod
    def of(cls, node: Node, options: "Options") -> "Entry":
        """Raises InvalidValue."""
        get = node.members.get
        space, name, code, data = get("space"), get("name"), get("code"), get("data")
        where = space.text if space else TOP
        if name is None and code is None:
            raise InvalidValue("it has neither name nor code")
        number = code.number if code is not None else options.code_of(name.text if name else "", where)
        if not 0 < number < 255:
            raise InvalidValue(f"{number} is no code of an option")
        csv, always, never = get("csv-format"), get("always-send"), get("never-send")
        classes = get("client-classes")
        return cls(node, number, where, data.text if data else "", csv.truth if csv else None,
                   always.truth if always else False, never.truth if never else False,
                   [one.text for one in classes.items] if classes else [])

    @property
    def is_empty(self) -> bool:
        return not self.data.strip()

    def tell(self, teller: Teller, words: str) -> None:
        """Once, at the member that names it."""
        self.told = True
        for member in self.node.members.values():
            teller.taken(member, words if member.key in ("name", "data") else "")

    def tell_differing(self, teller: Teller, words: str) -> None:
        self.told = True
        for member in self.node.members.values():
            (teller.differs if member.key == "data" else teller.taken)(member, words if member.key == "data" else "")

    def tell_none(self, teller: Teller, words: str) -> None:
        self.told = True
        for member in self.node.members.values():
            teller.none(member, words)

    def octets(self, options: "Options") -> bytes:
        """The value on the wire. Raises InvalidValue."""
        made = options.definition(self.space, self.code)
        if self.is_csv is False or (made is None and self.is_csv is None and not self._is_standard):
            return octets_of(self.data)
        if made is not None:
            words = words_of(self.data)
            return b"" if made.types == ("empty",) or (not words and self.is_empty) else encoded(
                made.types, words, is_list=made.is_list)
        if not self._is_standard:
            return self.data.encode("utf-8", "surrogateescape") if not self.is_csv else octets_of(self.data)
        return _standard(self.code, self.data)

    @property
    def _is_standard(self) -> bool:
        return self.space == TOP and self.code in OPTIONS.values() and self.code in BY_CODE

    def value(self, options: "Options") -> object:
        """The same in people's form."""
        made = options.definition(self.space, self.code)
        data = self.octets(options)
        if self.space == TOP and self.code in BY_CODE:
            return pretty(BY_CODE[self.code].codec, data)
        if made is not None and made.shape == "text" and not data:
            raise InvalidValue("it is empty, and text here is not")
        return data if made is None else pretty(codec(made.shape), data)  # type: ignore[arg-type]

    def whole(self, options: "Options") -> bytes:
        """As a suboption: code, length and value. Raises InvalidValue."""
        data = self.octets(options)
        if len(data) > 255:
            raise InvalidValue("a suboption has 255 octets at most")
        return bytes([self.code, len(data)]) + data


_Take = Callable[[Entry, list[Entry], Call], None]


class Options:
    """The definitions, and what takes `option-data` over."""

    def __init__(self, draft: Draft, teller: Teller) -> None:
        self._draft, self._teller = draft, teller
        self._defined: dict[tuple[str, object], Definition] = {  # by space, and code or name
            (one.space, key): one for one in DOCSIS_OPTIONS for key in (one.code, one.name)}
        self._named: dict[str, tuple[object, ...]] = {}  # names of ours that are taken, and by what
        self._used: set[str] = set()
        self.of_classes: list[tuple[Entry, Call]] = []
        """Options that are for some classes alone, and the scopes that say them."""

    # --- definitions

    @contextmanager
    def within(self, node: Node | None) -> Iterator[None]:
        """The definitions of a class hold in it alone."""
        before = dict(self._defined)
        try:
            if node is not None:
                self.define(node)
            yield
        finally:
            self._defined = before

    def define(self, node: Node) -> None:
        """Take a list of `option-def`."""
        for one in node.items:
            try:
                made = _definition(one)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))
                continue
            self._defined[made.space, made.code] = self._defined[made.space, made.name] = made
            words = self._defining(made)
            for member in one.members.values():
                self._teller.taken(member, words if member.key == "name" else "")

    def _defining(self, made: Definition) -> str:
        if made.space == TOP and made.code in BY_CODE:
            return f"known here as {BY_CODE[made.code].name}"
        return f"option({made.code}, ...) where it is used"

    def code_of(self, name: object, space: str = TOP) -> int:
        """The code of an option by its name or code. Raises InvalidValue."""
        if isinstance(name, int):
            return name
        made = self._defined.get((space, name))
        if made is not None:
            return made.code
        if space == TOP and name in OPTIONS:
            return OPTIONS[str(name)]
        raise InvalidValue(f"the option {escape(str(name))!r} is not defined")

    def name_of(self, code: int) -> str:
        """What a top-level option is called here; its definition is written down where it has one."""
        if code in BY_CODE:
            return BY_CODE[code].name
        made = self._defined.get((TOP, code))
        return f"option_{code}" if made is None else self._own(made, None)

    def suboption(self, inside: Inside, code: int, space: str) -> str:
        """What a suboption is called here; it is defined where it is not yet."""
        made = self._defined.get((space, code)) or Definition(code, f"{space}-{code}", space, ("binary",))
        return self._own(made, inside)

    def space_of(self, code: int) -> str:
        """The space that an option encapsulates, empty for none."""
        made = self._defined.get((TOP, code))
        if made is not None and made.encapsulates:
            return made.encapsulates
        return VENDOR_SPACE if code == VENDOR_SPECIFIC else ""

    def _own(self, made: Definition, inside: Inside | None) -> str:
        """The name of a definition of ours, which is written down once."""
        what = (made.code, inside, repr(made.shape))
        name = identifier(made.name)
        for wanted in (name, f"{identifier(made.space)}_{name}", f"{identifier(made.space)}_{name}_{made.code}"):
            if self._named.get(wanted, what) == what and wanted not in TAKEN:
                name = wanted
                break
        if self._named.setdefault(name, what) == what and name not in self._used:
            self._used.add(name)
            place = {} if inside is None else {"inside": "vendor_specific_information" if inside[0] == VENDOR_SPECIFIC else (
                "vendor_identifying", inside[1])}
            self._draft.option_definitions.append(Call("option", [made.code, name, made.shape], dict(place)))
        return name

    # --- values

    def take(self, node: Node, call: Call) -> None:
        """Take a list of `option-data` into a scope of ours. Each is told."""
        found = list(self._entries(node))
        self.of_classes += [(one, call) for one in found if one.classes]
        entries = [one for one in found if not one.classes]
        top = [one for one in entries if one.space == TOP]
        for one in top:
            self._guarded(one, self._set, entries, call)
        for one in entries:
            if one.space.startswith(OF_VENDORS) and one.space != VENDOR_SPACE:
                self._guarded(one, self._of_vendor, entries, call)
        for one in entries:
            if not one.told:
                one.tell_none(self._teller, "Kea sends it only with an option beside it that encapsulates its space")

    def _entries(self, node: Node) -> Iterator[Entry]:
        for one in node.items:
            try:
                yield Entry.of(one, self)
            except InvalidValue as error:
                self._teller.left_out(one, str(error))

    def put(self, entry: Entry, call: Call) -> None:
        """Take a single one into a scope. Raises InvalidValue."""
        (self._set if entry.space == TOP else self._of_vendor)(entry, [entry], call)

    def name_in(self, entry: Entry) -> set[str]:
        """What it may be called in a scope."""
        return {self.name_of(entry.code), f"option_{entry.code}"}

    def _guarded(self, entry: Entry, take: _Take, entries: list[Entry], call: Call) -> None:
        try:
            take(entry, entries, call)
        except InvalidValue as error:
            entry.tell_none(self._teller, str(error))

    def _set(self, entry: Entry, entries: list[Entry], call: Call) -> None:
        """A top-level option, with what it encapsulates."""
        code = entry.code
        if code in PROTOCOL_OWN or code == LEASE_TIME:
            raise InvalidValue("it follows from the protocol, and cannot be set")
        if code == VENDOR_IDENTIFYING and entry.is_csv is not False:
            return self._of_enterprise(entry, entries, call)
        space = self.space_of(code)
        inner = [one for one in entries if space and one.space == space]
        name = self.name_of(code)
        words = name
        if inner and code == VENDOR_SPECIFIC:
            for one in inner:
                self._sub(one, (VENDOR_SPECIFIC, 0), call)
        elif inner:
            data = (entry.octets(self) if entry.data else b"") + b"".join(one.whole(self) for one in inner)
            call.keywords[f"option_{code}"] = data
            words = f"option_{code}, as octets with what it encapsulates"
            for one in inner:
                one.tell(self._teller, f"in the octets of option_{code}")
        elif entry.is_empty and code == VENDOR_SPECIFIC:
            raise InvalidValue("it has no suboptions beside it, so that Kea sends nothing in it")
        else:
            name = self._plain(entry, name, call)
            words = name
        self._sending(entry, name, call)
        self.comment(entry.node, name, call)
        if code == BOOT_FILE:
            entry.tell_differing(self._teller, "boot_file_name, which goes into the field for it (file) as well")
        elif code == ROUTES:
            entry.tell_differing(self._teller, ROUTES_DIFFER)
        else:
            entry.tell(self._teller, words + (", always_send" if entry.always else ""))
        return None

    def comment(self, node: Node, name: str, call: Call) -> None:
        """Carry over what stood above an item."""
        lines = [line for one in node.walk() for line in one.comments]
        if lines and call is self._draft.settings:
            self._draft.setting_comments.setdefault(name, []).extend(lines)
        else:
            call.comments += lines

    def _plain(self, entry: Entry, name: str, call: Call) -> str:
        value = entry.value(self)
        if isinstance(value, bytes) and entry.code in BY_CODE and BY_CODE[entry.code].codec.name != "bytes":
            name = f"option_{entry.code}"
        call.keywords[name] = value
        return name

    def _sub(self, entry: Entry, inside: Inside, call: Call) -> None:
        name = self.suboption(inside, entry.code, entry.space)
        call.keywords[name] = entry.value(self)
        entry.tell(self._teller, f"{name}, within option {inside[0]}")

    def _of_vendor(self, entry: Entry, _: list[Entry], call: Call) -> None:
        number = entry.space[len(OF_VENDORS):]
        if not number.isdigit():
            raise InvalidValue(f"the space {escape(entry.space)} is of no vendor's number")
        self._sub(entry, (VENDOR_IDENTIFYING, int(number)), call)
        self._teller.note(DOCSIS)
        self._sending(entry, "vendor_identifying", call)

    def _of_enterprise(self, entry: Entry, entries: list[Entry], call: Call) -> None:
        """Option 125 by its enterprise number alone: its suboptions stand beside it."""
        if not any(one.space == f"{OF_VENDORS}{entry.data.strip()}" for one in entries):
            raise InvalidValue("it has no suboptions of this enterprise beside it")
        self._sending(entry, BY_CODE[VENDOR_IDENTIFYING].name, call)
        entry.tell(self._teller, "with its suboptions")

    def _sending(self, entry: Entry, name: str, call: Call) -> None:
        if entry.always and name not in call.keywords.get("always_send", ()):  # type: ignore[operator]
            call.add("always_send", name)
        if entry.never and name not in call.keywords.get("never_send", ()):  # type: ignore[operator]
            call.add("never_send", name)

    def definition(self, space: str, code: int) -> Definition | None:
        """The administrator's own of a code, None where there is none."""
        return self._defined.get((space, code))


def _definition(node: Node) -> Definition:
    """Raises InvalidValue."""
    name, code = node.get("name"), node.get("code")
    if name is None or code is None:
        raise InvalidValue("it has no name or no code")
    get = node.members.get
    records = get("record-types")
    kind = get("type")
    types: tuple[str, ...] = (kind.text if kind else "empty",)
    if types == ("record",):
        types = tuple(words_of(records.text)) if records else ()
    space, array, encapsulates = get("space"), get("array"), get("encapsulate")
    return Definition(code.number, name.text, space.text if space else TOP, types, array.truth if array else False,
                      encapsulates.text if encapsulates else "")


def _standard(code: int, data: str) -> bytes:
    """An option of Kea's own table, of which ours knows the shape."""
    option = BY_CODE[code]
    if code in COUNTED_OTHERWISE or option.codec.name == "bytes":
        return octets_of(data)
    if code == ROUTES:
        return option.codec.encode([tuple(part.strip() for part in word.split(" - ")) for word in words_of(data)])
    words = words_of(data)
    return option.codec.encode(value_of(option, words))

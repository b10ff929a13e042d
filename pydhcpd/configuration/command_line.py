"""The command line: `-name value` pairs, actions, and a bare word that names the configuration file.

`--name value` and `--name=value` mean the same, and what is true or false needs no value to be true. Values stay text here:
whether one is a Python literal or just text is decided where it is known what it is for.
"""

from dataclasses import dataclass, field
from pathlib import Path
from textwrap import wrap

from pydhcpd.errors import InvalidValue
from pydhcpd.literals import literal
from pydhcpd.names import CERTAINLY_NEAR, EVERYDAY, nearest
from pydhcpd.settings import BY_NAME, FLAG, GROUPS, SETTINGS, TRUTH, Setting
from pydhcpd.wire.options import PROTOCOL_OWN, TABLE, option_named

BARE_ACTIONS = ("check", "help", "version")
SHORT = {"h": "help", "V": "version"}
FILE_ACTIONS = ("export", "import_config", "replay", "rehearse")  # and import, which may be given again
WORD_ACTIONS = ("ask", "explain", "history")  # they take all words before the next option
ACTIONS = (*BARE_ACTIONS, *WORD_ACTIONS, *FILE_ACTIONS, "import")
COMMAND_LINE_ONLY = tuple(setting.name for setting in SETTINGS if setting.command_line_only)
NEGATIVE = frozenset("0123456789.")
FLAG_WORDS = frozenset(str(word).lower() for word in (*TRUTH, 0, 1, None))


@dataclass(slots=True)
class CommandLine:
    """What was asked for. `settings` are values as written, by name; `action` is empty where the server is to run."""

    action: str = ""
    file: str = ""  # of what takes one
    words: list[str] = field(default_factory=list)  # of what takes several; the files of -import
    settings: dict[str, str] = field(default_factory=dict)
    own: dict[str, object] = field(default_factory=dict)  # of the settings that the command line alone has
    directory: Path = field(default_factory=Path)  # that paths are meant from

    def value(self, name: str, default: object = None) -> object:
        """What a setting was given as, read as a literal where it is one."""
        return literal(self.settings[name]) if name in self.settings else default

    def arguments(self) -> list[str]:
        """The settings as words again, for a child process."""
        return [f"-{name}={value}" for name, value in self.settings.items()]


def parse(words: list[str], directory: Path | None = None) -> CommandLine:
    """Read the command line; its paths are meant from `directory`. Raises InvalidValue, saying which word is wrong."""
    line, rest = CommandLine(directory=directory or Path.cwd()), list(words)
    while rest:
        word = rest.pop(0)
        name, joined, value = word.lstrip("-").partition("=")
        name = SHORT.get(name, name)
        if not word.startswith("-") or not name:
            _configuration_file(line, word)
        elif name in BARE_ACTIONS:
            _act(line, name, "")
        elif name in WORD_ACTIONS:
            _act(line, name, "")
            line.words = [*([value] if joined else []), *_words_before_name(rest)]
        else:
            _refuse_misspelt_action(name)
            _take_value(line, name, value if joined else _next_value(name, rest))
    return line


def _refuse_misspelt_action(name: str) -> None:
    """Told here, for a setting that is not known may be an option of the file's own."""
    known = name in ACTIONS or name in BY_NAME or option_named(name) is not None
    if not known and (near := nearest(name, ACTIONS, CERTAINLY_NEAR)):
        raise InvalidValue(f"-{name}: is not known; did you mean -{near}?")


def _next_value(name: str, rest: list[str]) -> str:
    if _is_flag(name) and not (rest and rest[0].lower() in FLAG_WORDS):
        return "yes"
    if not rest or _is_name(rest[0]):
        raise InvalidValue(f"-{name}: its value is missing; see -help")
    return rest.pop(0)


def _words_before_name(rest: list[str]) -> list[str]:
    """What stands before the next option."""
    words = []
    while rest and not _is_name(rest[0]):
        words.append(rest.pop(0))
    return words


def _take_value(line: CommandLine, name: str, value: str) -> None:
    if name == "import":
        if line.action != name:
            _act(line, name, "")
        line.words.append(value)
    elif name in FILE_ACTIONS:
        _act(line, name, value)
    elif name == "config_file":
        line.own[name] = value
    elif name in COMMAND_LINE_ONLY:
        line.own[name] = literal(value)
    else:
        line.settings[name] = value


def _act(line: CommandLine, action: str, file: str) -> None:
    if line.action and line.action != "help":
        raise InvalidValue(f"-{line.action} and -{action} exclude each other")
    line.action, line.file = action, file


def _configuration_file(line: CommandLine, word: str) -> None:
    if not (line.directory / word).is_file():
        meant = f"did you mean -{word}?" if word in ACTIONS else "see -help"
        raise InvalidValue(f"{word!r} is neither an option nor a configuration file that exists; {meant}")
    line.own["config_file"] = word


def _is_flag(name: str) -> bool:
    """Whether a setting or option is true or false, so that its name alone says that it is true."""
    if name in BY_NAME:
        return BY_NAME[name].kind is FLAG
    option = option_named(name)
    return option is not None and option.codec.name == "flag"


def _is_name(word: str) -> bool:
    """Whether a word is the next option; a negative number is not."""
    return len(word) > 1 and word.startswith("-") and word[1] not in NEGATIVE


def usage() -> str:
    """What `-help` prints: actions, settings and DHCP options, from their tables."""
    lines = ["usage: pydhcpd [FILE] [-name value ...]", "",
             "A DHCPv4 server. FILE is the configuration (Python), /etc/pydhcpd/pydhcpd.conf unless named; values given here",
             "override it. --name value and --name=value mean the same; values are Python literals, or text; what is True or",
             "False needs none (-debug).", "",
             "Actions, instead of serving:",
             "  -check             check the configuration; tell what is wrong (exit 1), or what was understood (exit 0)",
             "  -help              this text; -h is the same",
             "  -version           the version; -V is the same",
             "  -demo yes          show a lease being given in a throwaway network (needs root)",
             "  -ask COMMAND       ask the running server, as at its prompt, and print the answer (exit 1 where it fails);",
             "                     -ask alone is the prompt itself; -control_socket PATH where it is not the usual one",
             "  -explain WHO [field=value ...]",
             "                     say what a client would get by the configuration, and why, without a running server",
             "  -replay FILE       say what would be answered to each request of a capture (pcap or pcapng; - is standard",
             "                     input), and what differs from what another server answered",
             "  -rehearse FILE     say what would change for the clients of the running server, if FILE were its configuration",
             "                     (exit 0: nothing, 3: something)",
             "  -history WHAT [TIME]",
             "                     show who had an address, or what a hardware address or a name had, or who had it at a time,",
             "                     whether a server runs or not",
             "  -import FILE       take in the leases of ISC dhcpd, Kea, dnsmasq or systemd-networkd, hosts of the form",
             "                     mac;ip;hostname;last_used, or what -export wrote; -import again for one more file",
             "  -import_config FILE",
             "                     write the configuration that another server's comes to (to the file that -config_out names,",
             "                     or standard output), and what became of each line (exit 3: not all could be taken over)",
             "  -export FILE       write the leases in the form that -export_form names; - is standard output"]
    for group in GROUPS:
        lines += ["", f"{group.title}:", *(f"  {line}" for line in wrap(group.words, 118))]
        lines += [f"  -{setting.name}\n        {setting.words}\n        {setting.kind.words}; default {default_text(setting)}"
                  for setting in group.settings]
    lines += ["", "DHCP options, by name (value):"]
    lines += [f"  -{option.name} ({option.codec.allowed})" + (f": {EVERYDAY[option.name]}" if option.name in EVERYDAY else "")
              for option in TABLE if option.code not in PROTOCOL_OWN | {54, 56} and option.name not in BY_NAME]
    lines += ["  -option_N (bytes), for any number N from 1 to 254"]
    return "\n".join(lines)


def default_text(setting: Setting) -> str:
    """The default of a setting with its unit, for people."""
    if setting.default is None or setting.default in ((), ""):
        return "none"
    return f"{setting.default} {setting.unit}".rstrip()

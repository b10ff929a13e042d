"""The command line: `-name value`, `--name value`, `--name=value`, actions, and FILE alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydhcpd.configuration.command_line import CommandLine, parse, usage
from pydhcpd.errors import InvalidValue
from pydhcpd.literals import literal
from pydhcpd.settings import SETTINGS
from pydhcpd.wire.options import PROTOCOL_OWN, TABLE

PAIRS = [
    (["-router", "192.0.2.1"], {"router": "192.0.2.1"}),
    (["--router", "192.0.2.1"], {"router": "192.0.2.1"}),
    (["--router=192.0.2.1"], {"router": "192.0.2.1"}),
    (["-router=192.0.2.1"], {"router": "192.0.2.1"}),
    (["-router", "['10.0.0.1']"], {"router": "['10.0.0.1']"}),
    (["-router", "192.0.2.1", "-debug", "yes"], {"router": "192.0.2.1", "debug": "yes"}),
    (["-time_offset", "-3600"], {"time_offset": "-3600"}),  # a negative number is a value
    (["-time_offset", "-.5"], {"time_offset": "-.5"}),
    (["-time_offset=-3600", "-debug", "1"], {"time_offset": "-3600", "debug": "1"}),
    (["-root_path", "-"], {"root_path": "-"}),
    (["--root_path=-x"], {"root_path": "-x"}),
    (["--root_path=a=b"], {"root_path": "a=b"}),
    (["--root_path="], {"root_path": ""}),
    (["-root_path", ""], {"root_path": ""}),
    (["-router", "192.0.2.1", "-router", "192.0.2.2"], {"router": "192.0.2.2"}),  # the last one counts
    (["-option_160", "b'x'"], {"option_160": "b'x'"}),
    (["-debug"], {"debug": "yes"}), (["-debug", "-router", "192.0.2.1"], {"debug": "yes", "router": "192.0.2.1"}),
    (["--authoritative", "--bootp", "no"], {"authoritative": "yes", "bootp": "no"}),
    (["-foreground", "False"], {"foreground": "False"}),
    (["-ip_forwarding_enabled", "-debug", "0"], {"ip_forwarding_enabled": "yes", "debug": "0"}),
    (["-bootp", "None"], {"bootp": "None"}),
    ([], {}),
]


@pytest.mark.parametrize(("words", "settings"), PAIRS)
def test_a_name_and_its_value_are_a_setting(words, settings):
    line = parse(words)
    assert (line.settings, line.action, line.own) == (settings, "", {})


LITERALS = [
    ("['10.0.0.1']", ["10.0.0.1"]), ("[]", []), ("None", None), ("True", True), ("3600", 3600), ("-3600", -3600), ("0.5", 0.5),
    ("b'x'", b"x"), ("('a', 'b')", ("a", "b")), ("'12'", "12"),
    *((text, text) for text in ("192.0.2.1", "eth1", "8 * HOURS", "yes", "true", "", "007", "a b", "[1", "__import__('os')",
                                "[" * 500, "\0", "-" * 100_000 + "1")),
]


@pytest.mark.parametrize(("text", "value"), LITERALS, ids=lambda value: str(value)[:20])
def test_a_value_is_a_python_literal_where_it_reads_as_one_else_text(text, value):
    found = literal(text)
    assert (found, type(found)) == (value, type(value))


def test_what_python_doubts_in_a_value_is_not_told(recwarn):
    assert literal(r'"a\d"') == r"a\d"
    assert not recwarn.list


@given(st.text(max_size=50))
def test_any_text_can_be_read(text):
    literal(text)


ACTIONS = [
    (["-check"], "check", ""), (["--help"], "help", ""), (["-version"], "version", ""), (["-debug", "-check"], "check", ""),
    (["-h"], "help", ""), (["-help"], "help", ""), (["-V"], "version", ""), (["--version"], "version", ""),
    (["-check", "-debug", "yes"], "check", ""),
    (["--export=hosts.csv"], "export", "hosts.csv"),
    (["-export", "-"], "export", "-"),
]


@pytest.mark.parametrize(("words", "action", "file"), ACTIONS)
def test_an_action_stands_instead_of_serving(words, action, file):
    line = parse(words)
    assert (line.action, line.file) == (action, file)


@pytest.mark.parametrize("words", [
    ["{file}"], ["-config_file", "{file}"], ["--config_file={file}"], ["-debug", "yes", "{file}"], ["-debug", "{file}"]])
def test_a_word_that_names_a_file_is_the_configuration(tmp_path, words):
    file = tmp_path / "12"  # not to be taken for a number
    file.touch()
    line = parse([word.format(file=file) for word in words])
    assert line.own == {"config_file": str(file)}
    assert "config_file" not in line.settings


def test_a_relative_file_that_reads_as_a_number_is_a_file(tmp_path, monkeypatch):
    (tmp_path / "12").touch()
    monkeypatch.chdir(tmp_path)
    assert parse(["12"]).own == parse(["-config_file", "12"]).own == {"config_file": "12"}


WRONG = [
    (["-router"], "-router"), (["-router", "-debug", "yes"], "-router"), (["--router"], "--?router"), (["-import"], "-import"),
    (["no-such-file.conf"], "no-such-file.conf"), (["-"], "'-'"), (["--"], "'--'"), ([""], "''"), (["=x"], "=x"),
    (["-=x"], "-=x"),
    (["-chek"], "-chek: is not known; did you mean -check"), (["-chek", "x.conf"], "did you mean -check"),
    (["-imprt", "x"], "did you mean -import"), (["--Help"], "did you mean -help"), (["help"], "did you mean -help"),
    (["-check", "-version"], "-check and -version"), (["-import", "a", "-export", "b"], "-import and -export"), (["/"], "'/'"),
]


@pytest.mark.parametrize(("words", "why"), WRONG)
def test_a_word_that_cannot_be_used_is_named(words, why):
    with pytest.raises(InvalidValue, match=why):
        parse(words)


VALUES = ["x", "", "-x", "--y=1", "-3", "12", "'12'", "None", "['10.0.0.1']", "a=b", "a b", "\n", "b'x'", "é"]


@pytest.mark.parametrize("value", VALUES)
def test_the_settings_as_words_again_are_the_same_settings(value):
    """A reload checks the file in a child process, which is given the same command line."""
    line = CommandLine(settings={"root_path": value, "debug": "yes"})
    again = parse(line.arguments())
    assert (again.settings, again.action, again.own) == (line.settings, "", {})


def test_help_has_every_setting_and_every_option_that_can_be_set():
    text = usage()
    for setting in SETTINGS:
        assert f"  -{setting.name}\n" in text
    for option in TABLE:
        settable = option.code not in PROTOCOL_OWN | {54, 56} and option.name not in {setting.name for setting in SETTINGS}
        assert (f"  -{option.name} (" in text) == settable, option.name


def test_help_tells_the_actions():
    for action in ("-check", "-help", "-version", "-demo yes", "-import FILE", "-export FILE"):
        assert f"  {action} " in usage()

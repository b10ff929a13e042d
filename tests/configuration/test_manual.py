"""The manual is current, and what it shows works: sample configuration, examples, man pages, README's commands."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pydhcpd import conf
from pydhcpd.configuration import manual
from pydhcpd.configuration.command_line import BARE_ACTIONS, FILE_ACTIONS, usage
from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.control.commands import ThreadedTCPRequestHandler
from pydhcpd.errors import InvalidValue
from pydhcpd.policy import classes, declarations, reservation, script
from pydhcpd.policy.boot import menu
from pydhcpd.policy.dns import file
from pydhcpd.settings import GROUPS, HOST, SETTINGS, Group, settings_of

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
SAMPLE = ROOT / manual.SAMPLE
MAN_PAGES = [ROOT / page for page in (manual.CONFIGURATION_PAGE, manual.DAEMON_PAGE, "etc/man/pydhcpd-netboot.7",
                                      "etc/man/pydhcpd-reliability.7", manual.SCRIPTS_PAGE, manual.STATUS_PAGE,
                                      "etc/man/pydhcpd-migrating.7", "etc/man/pydhcpd-dns.7")]


def fenced(language: str) -> list[str]:
    """README's code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.M | re.S)


def literal_blocks(page: Path) -> list[str]:
    """The literal blocks of a man page, as they read."""
    blocks = re.findall(r"^\.Bd -literal.*?\n(.*?)^\.Ed$", page.read_text(), flags=re.M | re.S)
    return [block.replace("\\e", "\\").replace("\\&", "") for block in blocks]


def written(directory: Path, text: str) -> Path:
    """A configuration file that may be executed."""
    file = directory / "pydhcpd.conf"
    file.write_text(text)
    file.chmod(0o644)
    directory.chmod(0o755)
    return file


def check(file: Path) -> "subprocess.CompletedProcess[str]":
    """What `pydhcpd -check` says of a file."""
    return subprocess.run([sys.executable, "-m", "pydhcpd", "-check", str(file)], cwd=ROOT, capture_output=True, text=True,
                          timeout=60)


# --- what the tables write


@pytest.mark.parametrize("path", sorted(manual.current(ROOT)), ids=lambda path: path.name)
def test_it_is_current(path: Path) -> None:
    assert path.read_text() == manual.current(ROOT)[path], "run: python -m pydhcpd.configuration.manual"


def test_a_page_without_its_markers_is_told(tmp_path: Path) -> None:
    for page in MAN_PAGES:
        copy = tmp_path / page.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(page.read_text().replace("begin host", "begin hosts"))
    with pytest.raises(InvalidValue, match="markers of host are missing"):
        manual.current(tmp_path)


def test_every_argument_of_host_is_described() -> None:
    assert {name for name, _ in manual.HOST_ARGUMENTS} == set(reservation.ARGUMENTS)
    page = MAN_PAGES[0].read_text()
    assert [name for name in settings_of(HOST) if f".Va {name} " not in page] == []


def test_the_page_of_the_daemon_names_actions_settings_of_the_command_line_and_commands() -> None:
    page = MAN_PAGES[1].read_text()
    own = [setting.name for setting in SETTINGS if setting.command_line_only and setting.name != "config_file"]
    assert [name for name in (*BARE_ACTIONS, *FILE_ACTIONS, *own) if f"Fl {name}" not in page] == []
    assert [name for name in ThreadedTCPRequestHandler.commands() if f".It Ic {name}\n" not in page] == []


@pytest.mark.parametrize("word", ["NTP", "DNS", "MTU", "PXE", "WINS", "TFTP", "WPAD", "syslog", "default gateways"])
def test_options_are_found_by_the_words_of_everyday_speech(word: str) -> None:
    assert word in usage()
    assert word in MAN_PAGES[0].read_text()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.title)
def test_settings_stand_in_groups_each_with_a_sentence(group: Group) -> None:
    help_text, sample, page = " ".join(usage().split()), SAMPLE.read_text(), MAN_PAGES[0].read_text()
    assert f"{group.title}: {group.words} -{group.settings[0].name} " in help_text
    assert f"# --- {group.title}\n" in sample
    assert f".Ss {group.title}\n" in page
    assert group.words.endswith(".")


# --- the sample configuration


def test_the_sample_is_all_comments_and_serves_nothing(tmp_path: Path) -> None:
    text = SAMPLE.read_text()
    assert [line for line in text.splitlines() if line and not line.startswith("#")] == []
    done = check(written(tmp_path, text))
    assert done.returncode == 1
    assert "nothing to serve; name an interface or a network" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_example_of_the_sample_is_good(tmp_path: Path) -> None:
    example = manual._without_force(manual.EXAMPLE)
    assert example in SAMPLE.read_text()
    text = SAMPLE.read_text().replace(example, re.sub(r"^#", "", example, flags=re.M))
    done = check(written(tmp_path, text))
    assert (done.returncode, done.stderr) == (0, "")


def test_every_setting_of_the_sample_can_be_put_in_force(tmp_path: Path) -> None:
    """Those for one network, and those for many, which exclude each other."""
    text = re.sub(r"^#(?=[a-z_]+ = |    host\(|\]$)", "", SAMPLE.read_text(), flags=re.M)
    (tmp_path / "reservations.csv").write_text("mac,ip\n")
    (tmp_path / "tsig.key").write_text("c2VjcmV0")
    (tmp_path / "tsig.key").chmod(0o600)
    text = text.replace("/var/lib/pydhcpd/reservations.csv", str(tmp_path / "reservations.csv"))
    text = text.replace("/etc/pydhcpd/tsig.key", str(tmp_path / "tsig.key"))
    given = set()
    for left_out in (("subnets", "shared_networks"), ("network", "subnet_mask", "ip_ranges", "hosts")):
        lines = [line for line in text.splitlines() if not line.startswith(tuple(f"{name} = " for name in left_out))]
        lines = [line for line in lines if "hosts" not in left_out or not line.startswith(("    host(", "]"))]
        given |= set(DHCPServerConfiguration.load(written(tmp_path, "\n".join(lines))).given)
    assert {setting.name for setting in SETTINGS if not setting.command_line_only} <= given


def test_a_default_that_the_sample_shows_is_the_default(tmp_path: Path) -> None:
    lines = [line.removeprefix("#") for line in SAMPLE.read_text().splitlines() if re.match(r"#[a-z_]+ = ", line)]
    shown = [line for line in lines if line.split(" = ")[0] not in {*manual.EXAMPLES, "router", "domain_name_server"}]
    configuration = DHCPServerConfiguration.load(written(tmp_path, "\n".join(["network = '10.0.0.0/8'", *shown])))
    different = [setting.name for setting in SETTINGS if setting.name in configuration.given and setting.name != "network"
                 and configuration[setting.name] != setting.default]
    assert different == []
    assert len(shown) + len(manual.EXAMPLES) >= len([setting for setting in SETTINGS if not setting.command_line_only])


# --- examples


def of_netboot() -> list[str]:
    """The configurations of the page about netboot; its other blocks are commands and a script."""
    return [block for block in literal_blocks(MAN_PAGES[2]) if block.startswith("interface = ")]


def of_dns() -> list[str]:
    """The same of the page about names in the DNS."""
    return [block for block in literal_blocks(MAN_PAGES[-1]) if block.startswith("interface = ")]


@pytest.mark.parametrize("text", [*fenced("python"), *literal_blocks(MAN_PAGES[0]), *of_netboot(), *of_dns()],
                         ids=lambda text: text.split("\n", 1)[0])
def test_an_example_is_a_good_configuration(text: str, tmp_path: Path) -> None:
    assert DHCPServerConfiguration.load(written(tmp_path, text)).warnings == []


def test_there_are_examples() -> None:
    assert len(fenced("python")) >= 2
    assert len(literal_blocks(MAN_PAGES[0])) >= 3
    assert len(of_netboot()) >= 3
    assert of_dns()


# --- man pages


@pytest.mark.parametrize("page", MAN_PAGES, ids=lambda page: page.name)
def test_mandoc_finds_no_fault(page: Path) -> None:
    if shutil.which("mandoc") is None:
        pytest.skip("mandoc is not installed")
    done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(page)], capture_output=True, text=True, timeout=60)
    assert done.stdout + done.stderr == ""


def test_each_page_is_installed_by_readme() -> None:
    patterns = re.findall(r"^    sudo install .* (etc/man/\S+)$", README, flags=re.M)
    installed = [page for pattern in patterns for page in ROOT.glob(pattern)]
    assert sorted(installed) == sorted((ROOT / "etc/man").iterdir())


# --- README's table of places


def test_each_folder_and_each_module_at_the_top_has_its_place() -> None:
    table = " ".join(line.split("|")[1] for line in README.splitlines() if line.startswith("| `"))
    package = ROOT / "pydhcpd"
    places = [f"pydhcpd/{one.name}/" for one in package.iterdir() if (one / "__init__.py").exists()]
    places += [one.name for one in package.glob("*.py") if not one.name.startswith("__")]
    assert [place for place in places if f"{place}`" not in table] == []


# --- README's commands


def test_the_first_two_code_blocks_are_a_command_of_one_line_each() -> None:
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```$", README, flags=re.M | re.S)[:2]
    assert [block.count("\n") for block in blocks] == [1, 1]
    assert blocks[0].endswith("-demo yes -demo_seconds 60\n")
    assert "python -m pytest" in blocks[1]


def test_ci_runs_the_second_command() -> None:
    assert fenced("sh")[1] in (ROOT / ".ci" / "run").read_text()


def test_both_commands_can_be_read_by_a_shell() -> None:
    for command in fenced("sh")[:2]:
        assert shlex.split(command)
        subprocess.run(["bash", "-n", "-c", command], check=True, timeout=60)


# --- the stub


def type_errors(directory: Path, text: str) -> str:
    """What `mypy --strict` says of a configuration."""
    file = directory / "configuration_file.py"
    file.write_text(f"from pydhcpd.conf import *\n{text}")
    done = subprocess.run([sys.executable, "-m", "mypy", "--strict", "--config-file", str(ROOT / "pyproject.toml"),
                           "--cache-dir", str(directory / "cache"), str(file)],
                          cwd=ROOT, capture_output=True, text=True, timeout=300)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def test_a_type_checker_accepts_the_examples_of_readme_and_refuses_what_is_misspelt(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    for number, text in enumerate(fenced("python")):
        directory = tmp_path / str(number)
        directory.mkdir()
        assert type_errors(directory, text) == ""
    told = type_errors(tmp_path, 'subnets = [\n subnet("10.0.0.0/8", ruter="10.0.0.1"),\n subnet("10.0.0.0/8", router=7)]\n'
                                 'fax = match(vendor_clas_identifier="x")\n'
                                 'def accept(request: Request) -> bool:\n return request.mak is None\n')
    assert [line for line in (3, 4, 5, 7) if f":{line}: error:" not in told] == []


def test_the_words_of_the_stub_are_those_of_the_file() -> None:
    names = re.search(r"__all__ = (\[.*?\])", (ROOT / manual.STUB).read_text(), flags=re.S)
    assert names is not None
    assert sorted(re.findall(r"\w+", names[1])) == sorted(conf.__all__)


@pytest.mark.parametrize("name, words, arguments", [
    ("subnet", manual.SUBNET_WORDS, declarations.SUBNET_ARGUMENTS), ("pool", manual.POOL_WORDS, declarations.POOL_ARGUMENTS),
    ("shared_network", manual.SHARED_NETWORK_WORDS, declarations.SHARED_NETWORK_ARGUMENTS),
    ("client_class", manual.CLASS_WORDS, tuple(classes.ARGUMENTS)),
    ("pxe_item", manual.PXE_ITEM_WORDS, menu.ITEM_ARGUMENTS), ("pxe_menu", manual.PXE_MENU_WORDS, menu.MENU_ARGUMENTS),
    ("dns_file", manual.DNS_FILE_WORDS, tuple(file.ARGUMENTS)), ("script", manual.SCRIPT_WORDS, script.ARGUMENTS)])
def test_every_argument_of_a_constructor_is_described(name: str, words: "tuple[tuple[str, str], ...]",
                                                      arguments: "tuple[str, ...]") -> None:
    assert sorted(argument for argument, _ in words) == sorted(arguments)
    head = r"    def __call__" if name == "pxe_menu" else f"def {name}"  # a value that can be called
    stub = re.search(rf"^{head}\((.*?)\) -> ", (ROOT / manual.STUB).read_text(), flags=re.M | re.S)
    assert stub is not None
    assert [argument for argument in arguments if f"{argument}: " not in stub[1]] == []


def test_the_example_of_some_tests_runs_some() -> None:
    """What a newcomer tries first, and what a name that was changed would make empty."""
    (line,) = [line for line in README.splitlines() if "-m pytest tests/" in line]
    words = line.partition("#")[0].split()
    done = subprocess.run([sys.executable, *words[1:], "--collect-only", "-q"], cwd=ROOT, capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done.stdout  # pytest has 5 for none

"""What the Debian package is made of agrees with the project, and bash completes what there is. `package.py` tries the rest."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from pydhcpd import __version__

ROOT = Path(__file__).resolve().parents[2]
DEBIAN, COMPLETION = ROOT / "etc/debian", ROOT / "etc/completion/pydhcpd"
OF_DEBIAN = {"python-daemon": "python3-daemon", "lockfile": "python3-lockfile", "pyroute2": "python3-pyroute2",
             "aiohttp": "python3-aiohttp", "prometheus_client": "python3-prometheus-client", "dnspython": "python3-dnspython",
             "google-re2": "python3-re2"}


def field(name: str) -> str:
    """A field of the binary package."""
    found = re.search(rf"^{name}: (.*)$", (DEBIAN / "control").read_text().split("\n\n")[1], flags=re.M)
    assert found
    return found[1]


def test_the_version_is_the_programs():
    assert re.match(r"pydhcpd \((.*?)\)", (DEBIAN / "changelog").read_text())[1] == __version__


def test_what_it_depends_on_is_what_the_project_does():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for one in project["dependencies"]:
        name, _, least = one.partition(">=")
        wanted = OF_DEBIAN[name]
        assert wanted in field("Depends") or name == "lockfile"  # which dh_python3 adds
        if f"{wanted} (" in field("Depends"):
            assert f"{wanted} (>= {least})" in field("Depends")
    extras = {re.split("[><=]", one)[0] for name in ("web", "ddns", "regex") for one in project["optional-dependencies"][name]}
    assert {OF_DEBIAN[one] for one in extras} <= set(f"{field('Recommends')}, {field('Suggests')}".split(", "))


def test_every_file_that_is_installed_is_there():
    for line in (DEBIAN / "pydhcpd.install").read_text().splitlines():
        assert (ROOT / line.split()[0]).exists(), line


def completed(*words: str) -> list[str]:
    """What bash makes of the last word."""
    script = f'source {COMPLETION}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _pydhcpd; printf "%s\\n" "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", script, "bash", "pydhcpd", *words], capture_output=True, text=True, cwd=ROOT,
                          check=True)
    assert done.stderr == ""
    return sorted(done.stdout.split())


@pytest.mark.parametrize(("words", "found"), [
    (["-che"], ["-check"]), (["--che"], ["--check"]), (["-domain_n"], ["-domain_name", "-domain_name_server"]),
    (["-ask", "lea"], ["leases"]), (["-control_socket", "x", "-ask", "poo"], ["pools"]), (["-ask", "leases", ""], []),
    (["-ask", "help", "sta"], ["statistics"]), (["-log_level", "i"], ["info"]), (["--log_level", "i"], ["info"]),
    (["-debug", ""], ["no", "yes"]), (["-import", "README"], ["README.md"]), (["READ"], ["README.md"]),
    (["-export_form", "k"], ["kea"]), (["-nothing_such"], []),
])
def test_what_bash_completes(words, found):
    assert completed(*words) == found

"""pydhcpd-scripts(7): what it shows works: the configurations, the script that tells root, the units, and what root does."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from test_manual import ROOT, literal_blocks, type_errors, written

from pydhcpd.configuration import manual
from pydhcpd.configuration.file import DHCPServerConfiguration

BLOCKS = literal_blocks(ROOT / manual.SCRIPTS_PAGE)
SPOOL = "/var/lib/pydhcpd/spool"
HAPPENED = {"PYDHCPD_EVENT": "bound", "PYDHCPD_ADDRESS": "10.0.0.7", "PYDHCPD_MAC": "02:00:00:00:99:07"}


def block(text: str) -> str:
    """The example that has this text."""
    (found,) = [one for one in BLOCKS if text in one]
    return found


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    made = tmp_path / "spool"
    made.mkdir()
    return made


def run(text: str, spool: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a program of the page, with our directory in place of the spool, and programs that only note what they are told."""
    program, notes = spool.parent / "program", spool.parent / "notes"
    program.write_text(text.replace(SPOOL, str(spool)))
    program.chmod(0o755)
    for name in ("nft", "logger"):
        (spool.parent / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {notes}\n')
        (spool.parent / name).chmod(0o755)
    return subprocess.run([str(program)], env={"PATH": f"{spool.parent}:{os.environ['PATH']}", **environment}, cwd="/",
                          capture_output=True, text=True, timeout=20, check=False)


def notes(spool: Path) -> list[str]:
    """What was done as root."""
    file = spool.parent / "notes"
    return file.read_text().splitlines() if file.exists() else []


@pytest.mark.parametrize("text", [one for one in BLOCKS if "interface = " in one], ids=lambda text: text.split("\n", 1)[0])
def test_a_configuration_is_good(text: str, tmp_path: Path) -> None:
    assert DHCPServerConfiguration.load(written(tmp_path, text)).warnings == []


def test_a_type_checker_reads_the_function(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    text = block("from pydhcpd.conf import *")
    assert type_errors(tmp_path, text) == ""
    assert '"Event" has no attribute "mack"' in type_errors(tmp_path, text.replace("event.mac", "event.mack"))
    assert "list-item" in type_errors(tmp_path, 'scripts = [script("/x", on=["bond"])]\n')


def test_the_way_to_root(spool: Path) -> None:
    """Two events, in order; nothing is left."""
    script, reader = block("date +%s%N"), block("for file in *")
    assert script.startswith("#!/bin/sh\n") and reader.startswith("#!/bin/sh\n")
    for kind in ("bound", "released"):
        done = run(script, spool, **{**HAPPENED, "PYDHCPD_EVENT": kind})
        assert (done.returncode, done.stderr) == (0, "")
    assert len(list(spool.iterdir())) == 2 and all(one.stat().st_size == 0 for one in spool.iterdir())
    assert run(reader, spool).returncode == 0
    assert notes(spool) == [f"nft {what} element inet filter leased {{ 10.0.0.7 }}" for what in ("add", "delete")]
    assert list(spool.iterdir()) == []


def test_who_has_got_hold_of_the_daemon_gains_nothing_by_the_spool(spool: Path) -> None:
    """Links, directories, and names that a shell could take for more."""
    kept = spool.parent / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (spool / "1 bound $(reboot) x").touch()
    (spool / "2 bound 10.0.0.1;reboot x").symlink_to(kept / "file")
    (spool / "-rf * bound").touch()
    (spool / "3 bound 10.0.0.9").symlink_to(kept)
    (spool / "4 bound *").mkdir()
    (spool / "4 bound *" / "deeper").touch()
    done = run(block("for file in *"), spool)
    assert done.returncode == 0
    assert sorted(notes(spool)) == ["logger -t spool-reader not understood"] * 4 + [
        "nft add element inet filter leased { 10.0.0.9 }"]
    assert list(spool.iterdir()) == [] and (kept / "file").exists()


def test_an_empty_spool_is_nothing_to_do(spool: Path) -> None:
    run(block("for file in *"), spool)
    assert [one for one in notes(spool) if one.startswith("nft")] == []


def test_systemd_finds_no_fault_with_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (package systemd)")
    path, service = tmp_path / "pydhcpd-spool.path", tmp_path / "pydhcpd-spool.service"
    path.write_text(block("[Path]"))
    service.write_text(re.sub("^ExecStart=.*", "ExecStart=/bin/true", block("[Service]"), flags=re.M))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(path), str(service)], capture_output=True, text=True,
                          timeout=60, check=False)
    assert [line for line in (done.stdout + done.stderr).splitlines() if "pydhcpd-spool" in line] == []


def test_a_text_is_what_it_was_again() -> None:
    from pydhcpd.services.scripts.environment import safe
    words = "the pool is used above 90 %; ä \n"
    done = subprocess.run(["sh", "-c", block("unquote")], env={"PATH": os.environ["PATH"], "PYDHCPD_NOTE": safe(words)},
                          capture_output=True, text=True, timeout=20, check=False)
    assert done.stdout == f"{words}\n", done.stderr

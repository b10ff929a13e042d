"""The sdist and the wheel: whatever the program needs is in them, and the wheel of the sdist is that of the tree."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILD = "import sys; from setuptools import build_meta; print(getattr(build_meta, 'build_' + sys.argv[1])(sys.argv[2]))"


def built(what: str, tree: Path, place: Path) -> Path:
    """An archive of a source tree, made by the project's build backend without looking for anything in the network."""
    done = subprocess.run([sys.executable, "-c", BUILD, what, place], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return place / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The sdist of the tree, and the wheel that is made of it alone."""
    place = tmp_path_factory.mktemp("distribution")
    tree = place / "tree"
    tree.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(ROOT / "pydhcpd", tree / "pydhcpd", ignore=shutil.ignore_patterns("__pycache__"))
    sdist = built("sdist", tree, place)
    shutil.unpack_archive(sdist, place)
    return sdist, built("wheel", place / sdist.name.removesuffix(".tar.gz"), place)


def test_the_wheel_of_the_sdist_has_every_file_of_the_package(archives):
    with zipfile.ZipFile(archives[1]) as wheel:
        there = {name for name in wheel.namelist() if name.startswith("pydhcpd/")}
    files = (one for one in (ROOT / "pydhcpd").rglob("*") if one.is_file() and "__pycache__" not in one.parts)
    assert there == {str(one.relative_to(ROOT)) for one in files}


def test_the_program_runs_from_the_wheel_alone(archives, tmp_path):
    with zipfile.ZipFile(archives[1]) as wheel:
        wheel.extractall(tmp_path)
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import pydhcpd.__main__ as m; "
               "print(m.__file__); sys.argv[1:] = ['-version']; sys.exit(m.run())"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].startswith(str(tmp_path))

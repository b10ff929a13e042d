r"""Which files a root gives: `x`, `/x` and `\x` are the same; what leaves it is refused, and so is what is no plain file."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydhcpd.services.root import FORBIDDEN, MISSING, MOST_LISTED, SEARCHES, Refused, Root, nearest

PATIENCE = 30.0  # seconds until both have been met often
WORDS = b"what is inside"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A root with all that may be met in one, beside what is nobody's business."""
    root = tmp_path / "root"
    (root / "Boot" / "deep").mkdir(parents=True)
    for name in ("lpxelinux.0", "Boot/BCD", "Boot/deep/ipxe.efi", "sp ace", "-", "..."):
        (root / name).write_bytes(WORDS)
    (tmp_path / "secret").write_bytes(b"nobody's business")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_bytes(b"nobody's business")
    for name, target in {
        "link": "Boot/BCD", "up": "Boot/../lpxelinux.0", "absolute": str(root / "lpxelinux.0"), "Boot/back": "../lpxelinux.0",
        "away": "../secret", "far": str(tmp_path / "secret"), "out": "../outside", "loop": "loop", "a": "b", "b": "a",
        "dangling": "nothing", "etc": "/etc", "near": f"{root}er/secret", "directory": "Boot", "self": ".",
    }.items():
        (root / name).symlink_to(target)
    os.mkfifo(root / "pipe")
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(root / "socket"))
    listener.close()
    return root


def words_of(root: Path, name: str) -> tuple[str, str]:
    """Kind and words of a refusal."""
    with pytest.raises(Refused) as refused:
        Root(root).open(name, 100.0)
    return refused.value.kind, str(refused.value)


@pytest.mark.parametrize("name", [
    "lpxelinux.0", "/lpxelinux.0", r"\lpxelinux.0", "//lpxelinux.0", "./lpxelinux.0", "/./lpxelinux.0", "Boot/BCD",
    r"\Boot\BCD", r"Boot/deep\..\BCD", "Boot/../lpxelinux.0", "link", "up", "absolute", "Boot/back", "directory/BCD",
    "self/self/lpxelinux.0", "sp ace", "-", "...",
])
def test_what_is_under_the_root_is_given(place: Path, name: str) -> None:
    with Root(place).open(name, 0.0) as file:
        assert os.read(file.descriptor, 100) == WORDS
        assert file.status.st_size == len(WORDS)


@pytest.mark.parametrize(("name", "kind", "words"), [
    ("../secret", FORBIDDEN, "leaves the root"), ("/../secret", FORBIDDEN, "leaves the root"),
    (r"..\secret", FORBIDDEN, "leaves the root"), ("Boot/../../secret", FORBIDDEN, "leaves the root"),
    ("away", FORBIDDEN, "leaves the root"), ("far", FORBIDDEN, "is a link that leaves the root, to "),
    ("out/secret", FORBIDDEN, "leaves the root"), ("etc/passwd", FORBIDDEN, "is a link that leaves the root, to /etc"),
    ("near", FORBIDDEN, "is a link that leaves the root"), ("loop", FORBIDDEN, "too many links"), ("a", FORBIDDEN, "too many"),
    ("pipe", FORBIDDEN, "is no plain file"), ("socket", FORBIDDEN, "is no plain file"), ("Boot", FORBIDDEN, "is a directory"),
    ("Boot/", FORBIDDEN, "is a directory"), ("", FORBIDDEN, "is a directory"), ("/", FORBIDDEN, "is a directory"),
    ("directory", FORBIDDEN, "is a directory"), ("lpxelinux.0/", FORBIDDEN, "is a directory"),
    ("self", FORBIDDEN, "is a directory"), ("lpxelinux.0\0", FORBIDDEN, "no name of a file"),
    ("x/" * 100, FORBIDDEN, "no name of a file"),
    ("lpxelinux.0/x", MISSING, "is not there"), ("x" * 5000, MISSING, "is not there"), ("dangling", MISSING, "is not there"),
    ("nothing/../lpxelinux.0", MISSING, "is not there"),
])
def test_what_leaves_it_or_is_no_plain_file_is_refused(place: Path, name: str, kind: str, words: str) -> None:
    told = words_of(place, name)
    assert told[0] == kind and words in told[1] and "\0" not in told[1]


@pytest.mark.parametrize(("name", "instead"), [
    ("pxelinux.0", "lpxelinux.0"), ("LPXELINUX.0", "lpxelinux.0"), (r"\boot\bcd", "Boot/BCD"), ("Boot/BCE", "Boot/BCD"),
    ("ipxe.efi", "Boot/deep/ipxe.efi"), ("srv/tftp/lpxelinux.0", "lpxelinux.0"),
])
def test_a_name_that_is_not_there_is_told_with_the_nearest_that_is(place: Path, name: str, instead: str) -> None:
    asked = name.replace("\\", "/").lstrip("/")
    assert words_of(place, name) == (MISSING, f"asked for {asked}, which is not there; there is {instead}")


def test_a_link_to_what_is_not_there_is_told_as_such(place: Path) -> None:
    words = "asked for dangling, which is not there: it is a link to what is not there"
    assert words_of(place, "dangling") == (MISSING, words)


def test_where_nothing_is_like_it_nothing_is_named(place: Path) -> None:
    assert words_of(place, "memtest") == (MISSING, "asked for memtest, which is not there")


def test_a_root_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert words_of(tmp_path / "gone", "x") == (MISSING, f"asked for x, which is not there; nor is the root, {tmp_path}/gone")


def test_names_are_made_printable(place: Path) -> None:
    assert "asked for a\\x1b[31m\\x0ab, which" in words_of(place, "a\x1b[31m\nb")[1]


def test_a_root_that_is_a_link_and_one_with_a_link_to_its_own_path(place: Path) -> None:
    link = place.parent / "srv"
    link.symlink_to(place)
    (place / "by_link").symlink_to(link / "Boot" / "BCD")
    with Root(link).open("by_link", 0.0) as file, Root(link).open("absolute", 0.0):
        assert os.read(file.descriptor, 100) == WORDS


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")
def test_what_the_user_may_not_read_is_refused_with_the_remedy(place: Path) -> None:
    for one in (place, *place.parents[:-1]):
        if one.owner() == "root" and one.is_relative_to("/tmp"):
            one.chmod(one.stat().st_mode | 0o055)
    (place / "lpxelinux.0").chmod(0o600)
    (place / "Boot").chmod(0o700)
    os.seteuid(65534)
    try:
        unreadable, hidden = words_of(place, "lpxelinux.0"), words_of(place, "Boot/BCD")
    finally:
        os.seteuid(0)
    assert unreadable == (FORBIDDEN, "asked for lpxelinux.0, which the user of pydhcpd may not read; run: chmod a+r on it")
    assert hidden[0] == FORBIDDEN and "chmod a+rx" in hidden[1]


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to make a device")
def test_a_device_is_not_even_opened(place: Path) -> None:
    os.mknod(place / "zero", 0o20666, os.makedev(1, 5))
    assert words_of(place, "zero") == (FORBIDDEN, "asked for zero, which is no plain file")


def test_no_descriptor_is_left_open(place: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for name in ("lpxelinux.0", "away", "Boot/deep/x", "loop", "pipe", "Boot"):
        try:
            Root(place).open(name, 0.0).close()
        except Refused:
            continue
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.fixture
def swapping(place: Path) -> Iterator[None]:
    """Somebody who puts a link out of the root in the place of a directory, and a secret in that of a file, again and again."""
    ended = threading.Event()

    def swap() -> None:
        os.symlink("../outside", place / "other")
        while not ended.is_set():
            os.rename(place / "swapped", place / "kept")
            os.rename(place / "other", place / "swapped")
            os.rename(place / "swapped", place / "other")
            os.rename(place / "kept", place / "swapped")

    (place / "swapped").mkdir()
    (place / "swapped" / "secret").write_bytes(WORDS)
    thread = threading.Thread(target=swap)
    thread.start()
    yield
    ended.set()
    thread.join()


def test_a_directory_that_becomes_a_link_while_we_look_leads_nowhere(place: Path, swapping: None) -> None:
    root, given, refused, ends = Root(place), 0, 0, time.monotonic() + PATIENCE
    while given < 300 or refused < 300:
        assert time.monotonic() < ends, f"{given} times given, {refused} times refused"
        try:
            with root.open("swapped/secret", 0.0) as file:
                assert os.read(file.descriptor, 100) == WORDS
                given += 1
        except Refused:
            refused += 1


def test_looking_for_what_is_like_it_has_a_limit_of_time(tmp_path: Path) -> None:
    for number in range(4 * MOST_LISTED):
        (tmp_path / f"kernel-{number:05}.img").touch()
    root = Root(tmp_path)
    began, hints = time.perf_counter(), 0
    for number in range(1000):
        with pytest.raises(Refused) as refused:
            root.open(f"kernel-{number}.im", 50.0)
        hints += "there is" in str(refused.value)
    assert hints == SEARCHES
    assert time.perf_counter() - began < 2.0


def test_capitals_are_told_before_spelling() -> None:
    assert nearest("IPXE.EFI", ["ipxe.ef", "efi/ipxe.efi", "ipxe.efi"]) == "ipxe.efi"

"""What of a file a request gets, by its preconditions and its range: RFC 9110 sections 13 and 14."""

import os
from typing import Any

import pytest

from pydhcpd.services.http.media_types import media_type
from pydhcpd.services.http.selection import (
    NOT_MODIFIED,
    NOT_SATISFIABLE,
    OK,
    PARTIAL,
    PRECONDITION_FAILED,
    Selection,
    Version,
    select,
)

TAG, SIZE = '"b-1"', 1000
BEFORE, AT, AFTER = "Tue, 14 Nov 2023 22:13:19 GMT", "Tue, 14 Nov 2023 22:13:20 GMT", "Tue, 14 Nov 2023 22:13:21 GMT"
VERSION = Version(SIZE, TAG, 1_700_000_000)
WHOLE = Selection(OK, 0, SIZE)


def selected(method: str = "GET", version: Version = VERSION, **fields: Any) -> Selection:
    """What these fields get, in the order given; a list is a field that comes more than once."""
    def values(name: str) -> list[str]:
        value = fields.get(name.lower().replace("-", "_"), [])
        return [value] if isinstance(value, str) else value
    return select(method, values, version)


@pytest.mark.parametrize(("text", "first", "length"), [
    ("bytes=0-0", 0, 1), ("bytes=0-999", 0, 1000), ("bytes=10-19", 10, 10), ("bytes=999-", 999, 1), ("bytes=990-5000", 990, 10),
    ("bytes=-1", 999, 1), ("bytes=-1000", 0, 1000), ("bytes=-5000", 0, 1000), ("BYTES=1-2", 1, 2), ("bytes= 1-2 ", 1, 2),
    ("bytes=0000000000000000000000001-2", 1, 2), ("bytes=0-" + 4000 * "9", 0, 1000), ("bytes=-" + 4000 * "9", 0, 1000),
])
def test_a_range_is_a_part(text: str, first: int, length: int) -> None:
    assert selected(range=text) == (PARTIAL, first, length)


@pytest.mark.parametrize("text", ["bytes=1000-", "bytes=1000-2000", "bytes=-0", "bytes=" + 4000 * "9" + "-"])
def test_a_range_behind_the_end_cannot_be_had(text: str) -> None:
    assert selected(range=text).status == NOT_SATISFIABLE


@pytest.mark.parametrize("text", [
    "", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,5-6", "bytes=a-b", "bytes=0x1-2", "bytes=--1", "bytes=1--2",
    "bytes=+1-2", "bytes=1.5-2", "lines=1-2", "bytes=0-0,-1", "bytes=\u0661-\u0662",
])
def test_what_is_no_range_or_several_gets_the_whole_file(text: str) -> None:
    """RFC 9110 section 14.2: a server may ignore it."""
    assert selected(range=text) == WHOLE


def test_two_fields_or_another_method_make_no_range() -> None:
    assert selected(range=["bytes=0-0", "bytes=1-1"]) == WHOLE
    assert selected("HEAD", range="bytes=0-0") == WHOLE


def test_an_empty_file_has_no_part() -> None:
    empty = Version(0, TAG, 0)
    assert selected(version=empty) == (OK, 0, 0)
    assert {selected(version=empty, range=text).status for text in ("bytes=0-", "bytes=-1", "bytes=0-0")} == {NOT_SATISFIABLE}


@pytest.mark.parametrize(("fields", "status"), [
    ({"if_none_match": TAG}, NOT_MODIFIED), ({"if_none_match": f"W/{TAG}"}, NOT_MODIFIED),
    ({"if_none_match": "*"}, NOT_MODIFIED), ({"if_none_match": f'"other", {TAG}'}, NOT_MODIFIED),
    ({"if_none_match": ['"other"', TAG]}, NOT_MODIFIED),
    ({"if_none_match": '"other"'}, OK), ({"if_none_match": "b-1"}, OK), ({"if_none_match": ""}, OK),
    ({"if_modified_since": AT}, NOT_MODIFIED), ({"if_modified_since": AFTER}, NOT_MODIFIED),
    ({"if_modified_since": BEFORE}, OK), ({"if_modified_since": "yesterday"}, OK), ({"if_modified_since": [AT, AT]}, OK),
    ({"if_modified_since": "Tue, 99 Nov 99999999999999 22:13:20 GMT"}, OK),
    ({"if_none_match": '"other"', "if_modified_since": AT}, OK),
    ({"if_match": TAG}, OK), ({"if_match": "*"}, OK), ({"if_match": f"W/{TAG}"}, PRECONDITION_FAILED),
    ({"if_match": '"other"'}, PRECONDITION_FAILED), ({"if_unmodified_since": AT}, OK),
    ({"if_unmodified_since": BEFORE}, PRECONDITION_FAILED), ({"if_match": TAG, "if_unmodified_since": BEFORE}, OK),
    ({"if_match": '"other"', "if_none_match": TAG}, PRECONDITION_FAILED),
])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_preconditions_hold_in_their_order(method: str, fields: dict[str, Any], status: int) -> None:
    """RFC 9110 section 13.2.2."""
    assert selected(method, **fields).status == status


@pytest.mark.parametrize(("value", "status"), [
    (TAG, PARTIAL), (AT, PARTIAL), ('"other"', OK), (f"W/{TAG}", OK), (AFTER, OK), (BEFORE, OK), ("nonsense", OK),
])
def test_the_rest_is_given_of_the_same_file_alone(value: str, status: int) -> None:
    """RFC 9110 section 13.1.5: a tag or a date, compared strongly."""
    assert selected(range="bytes=5-", if_range=value).status == status


def test_another_file_has_another_tag(tmp_path: Any) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for path in (one, other):
        path.write_bytes(b"same size")
        os.utime(path, (5, 5))
    tags = {Version.of(path.stat(), 10.0).tag for path in (one, other)}
    one.write_bytes(b"same size")
    assert len(tags | {Version.of(one.stat(), 10.0).tag}) == 3
    assert Version.of(other.stat(), 10.0).date == "Thu, 01 Jan 1970 00:00:05 GMT"


def test_nothing_was_modified_in_the_future(tmp_path: Any) -> None:
    """RFC 9110 section 8.8.2.1."""
    path = tmp_path / "file"
    path.write_bytes(b"")
    os.utime(path, (2_000_000_000, 2_000_000_000))
    assert Version.of(path.stat(), 1_700_000_000.5).modified == 1_700_000_000


@pytest.mark.parametrize(("path", "expected"), [
    ("ipxe.efi", "application/efi"), ("x/BOOTX64.EFI", "application/efi"), ("debian.iso", "application/vnd.efi-iso"),
    ("disk.img", "application/vnd.efi-img"), ("initrd.img.gz", "application/gzip"), ("a.tar.xz", "application/x-xz"),
    ("boot.ipxe", "text/plain"), ("index.html", "text/html"), ("vmlinuz", "application/octet-stream"),
    ("undionly.kpxe", "application/octet-stream"), ("http:x", "application/octet-stream"),
    ("a.efi/b", "application/octet-stream"),
])
def test_the_end_of_a_name_tells_what_it_is(path: str, expected: str) -> None:
    assert media_type(path) == expected

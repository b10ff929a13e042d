"""The files with the keys of `dns_zones`, read: a secret that others can read is none, and is refused."""

import os
import stat
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

from pydhcpd.errors import InvalidValue
from pydhcpd.files import read_carefully
from pydhcpd.policy.dns.keys import USUAL, Tsig
from pydhcpd.policy.dns.zone import DnsZone

LARGEST = 1 << 16  # bytes of a key file


def with_keys(zones: Iterable[DnsZone], directory: Path,
              owners: Collection[int]) -> tuple[tuple[DnsZone, ...], list[tuple[int, str]]]:
    """The zones with the keys of their files, which are meant from a directory, and may be of some owners besides us and root;
    and what is wrong, by the line where it was written."""
    made, wrong = [], []
    for one in zones:
        try:
            made.append(one if one.key is None else replace(one, key=_with_file(one.key, directory, owners)))
        except InvalidValue as error:
            line = one.line if one.key is None else one.key.line
            wrong.append((line, f"{one.key!r}: {error}"))
    return tuple(made), wrong


def _with_file(key: Tsig, directory: Path, owners: Collection[int]) -> Tsig:
    if key.file is None:
        return replace(key, algorithm=key.algorithm or USUAL)
    path = directory / key.file
    try:
        if path.is_file() and path.stat().st_mode & stat.S_IRWXO:
            raise InvalidValue(f"{path} can be read by anyone, who could sign what they like; run: chmod o= {path}, and make a "
                               "new key")
        text = read_carefully(path, owners, LARGEST).decode("utf-8", "replace")
    except FileNotFoundError:
        raise InvalidValue(f"{path} is not there; tsig-keygen NAME > {path} makes a key, which the DNS server must have "
                           "too") from None
    except OSError as error:
        raise InvalidValue(f"{path} cannot be read: {error.strerror}; user {os.geteuid()} must be able to: "
                           f"chgrp pydhcpd {path} && chmod 640 {path}") from None
    try:
        return replace(key.with_text(text), file=path)
    except InvalidValue as error:
        raise InvalidValue(f"{path}: {error}") from None

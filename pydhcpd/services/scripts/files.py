"""The files of scripts: whether each is there, may be run by the daemon, and is nobody else's work.

Nothing of it keeps anybody from being served, so a start only warns, and each run looks again; `-check`, and with it a reload,
fails.
"""

import os
from collections.abc import Collection, Iterator
from contextlib import nullcontext

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.errors import InvalidValue
from pydhcpd.files import check_script
from pydhcpd.policy.script import Script
from pydhcpd.process.privileges import as_user, identity


def lack_of_scripts(configuration: DHCPServerConfiguration, as_daemon: bool = False) -> list[str]:
    """What is wrong with them, a line each. `as_daemon`: we may become the daemon's user for a while to see it."""
    owners: Collection[int] = ()
    try:
        if configuration["user"]:
            owners = (identity(configuration)[0].pw_uid,)
        with as_user(configuration) if as_daemon else nullcontext():
            return list(_lacks(configuration, owners))
    except InvalidValue:  # there is no such user, which is told
        return []


def _lacks(configuration: DHCPServerConfiguration, owners: Collection[int]) -> Iterator[str]:
    for one in configuration["scripts"]:
        try:
            check_script(one.path, owners)
            _check_right(one)
        except InvalidValue as error:
            yield f"{configuration.file}:{one.line}: {one}: {error}"


def _check_right(one: Script) -> None:
    if not os.access(one.path, os.X_OK, effective_ids=True):
        raise InvalidValue(f"{one.path} may not be executed by pydhcpd (user {os.geteuid()}); run: chmod a+x {one.path}")

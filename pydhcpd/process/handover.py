"""The program begun anew without the capabilities that a service manager gave to its user, its open ports handed on.

Executing a program gives up what is not ambient, in all threads and for good (capabilities(7)). capset(2) would do it too,
but is one of the calls that only privileged programs need, so the unit's sandbox forbids it. Owns how the program that is
begun anew is told of its ports. Does not know what they are for.
"""

import ctypes
import json
import os
import socket
import sys
from collections.abc import Mapping
from typing import NoReturn

from pydhcpd.errors import InvalidValue
from pydhcpd.process.privileges import permitted_capabilities

HANDED = "PYDHCPD_PORTS"  # in the environment: whose ports they are, as a process id, and their descriptors by name
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4  # linux/prctl.h


def was_given_capabilities() -> bool:
    """Whether this is a user other than root who may do some of what root may."""
    return os.geteuid() != 0 and permitted_capabilities() != 0


def begin_anew(ports: Mapping[str, socket.socket]) -> NoReturn:
    """Execute the program again, as the same process, with these ports and no capabilities. Raises InvalidValue."""
    for one in ports.values():
        os.set_inheritable(one.fileno(), True)
    handed = {"process": os.getpid(), "ports": {name: one.fileno() for name, one in ports.items()}}
    ctypes.CDLL(None).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    try:
        os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]],  # noqa: S606
                  {**os.environ, HANDED: json.dumps(handed)})
    except OSError as error:
        raise InvalidValue(f"capabilities cannot be given up: {sys.executable}: {error.strerror}; "
                           "the user of pydhcpd must be able to run it") from error


def handed_ports() -> dict[str, socket.socket]:
    """The ports that were handed to this process, if it was begun anew. Once: children do not get them."""
    handed = json.loads(os.environ.pop(HANDED, "{}"))
    return {name: _taken(number) for name, number in handed["ports"].items()} if handed.get("process") == os.getpid() else {}


def _taken(number: int) -> socket.socket:
    os.set_inheritable(number, False)
    taken = socket.socket(fileno=number)
    taken.setblocking(os.get_blocking(number))
    return taken

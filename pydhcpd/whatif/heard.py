"""How the clients of the running server ask, as it tells at its control socket."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from pydhcpd.addresses import address_from
from pydhcpd.clients import Options
from pydhcpd.control.ask import Connection
from pydhcpd.control.dispatch import ASK, FAILED, SUCCEEDED
from pydhcpd.errors import InvalidValue


def heard_by(control_socket: Path) -> dict[int, Options]:
    """How the clients of the running server ask, by address. Raises InvalidValue where it does not tell."""
    kinds: dict[str, Options] = {}
    found: dict[int, Options] = {}
    for line in _answer(control_socket, "clients json"):
        document = json.loads(line)
        if "error" in document:
            raise InvalidValue(str(document["error"]))
        if document["is_heard"]:
            asks = document["asks"]
            kind = kinds.setdefault(json.dumps(asks), {int(code): bytes.fromhex(value) for code, value in asks.items()})
            found[address_from(document["address"])] = kind
    return found


def _answer(control_socket: Path, command: str) -> Iterator[bytes]:
    """The lines of an answer, as they come. Raises InvalidValue where it ends too soon."""
    held = b""
    with closing(Connection(control_socket)) as connection:
        connection.say(f"{ASK} {command}")
        for data in connection.rest():
            *lines, held = (held + data).split(b"\n")
            yield from (line for line in lines if line.strip() and line + b"\n" not in (SUCCEEDED, FAILED))
            if any(line + b"\n" in (SUCCEEDED, FAILED) for line in lines):
                return
    raise InvalidValue("the server has ended the session")

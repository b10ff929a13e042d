"""What the daemon tells its process for the DNS, a line each: the register's path and the zones with their keys, as JSON."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone


def line_of(path: Path, zones: Mapping[str, DnsZone]) -> bytes:
    """What is told. It has secrets in it: it goes by a pipe, and is shown nowhere."""
    return json.dumps({"path": str(path), "zones": {label: _fields(one) for label, one in zones.items()}}).encode() + b"\n"


def told_by(line: bytes) -> tuple[Path, dict[str, DnsZone]]:
    """The same, read."""
    document = json.loads(line)
    return Path(document["path"]), {label: _zone(fields) for label, fields in document["zones"].items()}


def _fields(zone: DnsZone) -> dict[str, Any]:
    key = zone.key
    return {"name": zone.name, "servers": zone.servers, "key": None if key is None else {
        "name": key.name, "algorithm": key.algorithm, "secret": base64.b64encode(key.secret).decode()}}


def _zone(fields: Mapping[str, Any]) -> DnsZone:
    key = fields["key"]
    return DnsZone(fields["name"], tuple((address, port) for address, port in fields["servers"]),
                   None if key is None else Tsig(key["name"], key["algorithm"], base64.b64decode(key["secret"])))

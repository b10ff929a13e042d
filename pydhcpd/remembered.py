"""What is remembered of the client of a lease, as the request that it would send: so policy says on which terms it has it."""

from pydhcpd.leases.interface import Row
from pydhcpd.wire.packet import REQUEST, Request

HOST_NAME, CLIENT_IDENTIFIER, RELAY_INFORMATION = 12, 61, 82
BROADCAST = 0xFFFFFFFF


def as_request(row: Row) -> Request:
    """What the client of a lease would send, as far as it is known; `relay` of the row is the content of option 82 alone."""
    identifier = row.client[1:] if row.client[:1] == b"\1" else b""
    options = {RELAY_INFORMATION: row.relay, CLIENT_IDENTIFIER: identifier, HOST_NAME: row.hostname.encode(errors="replace")}
    request = Request(htype=row.htype, hardware=row.hardware, ciaddr=row.address,
                      options={code: value for code, value in options.items() if value})
    request.client, request.identifier, request.kind = row.client, identifier, REQUEST
    request.interface = request.source = request.port = 0
    request.destination, request.interface_name = BROADCAST, ""
    request.relay, request.relay_address, request.known = row.relay, 0, False
    return request

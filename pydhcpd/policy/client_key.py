"""Whose a lease is, where RFC 2131 section 4.2 (client identifier, else hardware type and address) is not to say.

The key of a lease is bytes; the first tells its kind: 1 a client identifier, 2 hardware type and address, 3 fields of the
configuration's choice, so that keys of two kinds never meet.
"""

from collections.abc import Callable, Hashable, Sequence

from pydhcpd.wire.packet import Request

BY_FIELDS = b"\3"

def is_of_another_kind(client: bytes, by_configuration: bool) -> bool:
    """Whether a key was made when clients were told by something else: by their identifier or hardware address, where the
    configuration says it now, or the other way round."""
    return (client[:1] == BY_FIELDS) != by_configuration


Reader = Callable[[Request], Hashable | None]


def key_of(readers: Sequence[Reader], by_machine: bool) -> Callable[[Request], bytes]:
    """What gives the key of a request: by these fields, all of them; where one is absent, by the machine or the default.

    `by_machine`: by hardware type and address, whatever client identifier is sent; one is needed for want of an address.
    """
    def key(request: Request) -> bytes:
        if readers:
            values = [read(request) for read in readers]
            if None not in values:
                return BY_FIELDS + b"".join(map(_counted, values))
        if by_machine and request.hlen:
            return b"\2%c%b" % (request.htype, request.chaddr[:request.hlen])
        return request.client

    return key


def _counted(value: Hashable) -> bytes:
    data = value if isinstance(value, bytes) else str(value).encode()
    return len(data).to_bytes(2, "big") + data

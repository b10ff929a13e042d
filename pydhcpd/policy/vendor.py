"""Suboptions of the administrator's own: what options 43 and 125 hold when their parts are configured one by one.

RFC 2132 section 8.4: option 43 is a sequence of code, length and value; whose codes they are, the client's vendor class
says. A 255 may close it, and does here, as PXE lists do. RFC 3925 section 4: option 125 is a
sequence of blocks, each an enterprise number, a length of one octet and as many octets of code, length and value. A block
cannot be continued: "an Enterprise Number SHOULD only occur once", and what a client makes of a second one is undefined.
So what does not fit is refused, not split. The options themselves may become longer than 255 octets; the encoder splits
them as RFC 3396 says.

Does not know what the suboptions mean, nor whose they are.
"""

from collections.abc import Mapping

from pydhcpd.errors import InvalidValue
from pydhcpd.wire.options import END, VENDOR_IDENTIFYING, VENDOR_SPECIFIC, Inside

MOST = 255  # what a length of one octet can say


def encapsulated(suboptions: Mapping[tuple[Inside, int], bytes]) -> dict[int, bytes]:
    """The contents of options 43 and 125 by code, from those of suboptions by place and code.

    Enterprises and suboptions come in rising order of their numbers, so that the same configuration gives the same
    octets. Raises InvalidValue for a suboption, or all those of an enterprise together, of more than 255 octets.
    """
    blocks: dict[Inside, bytes] = {}
    for (inside, code), value in sorted(suboptions.items()):
        if len(value) > MOST:
            raise InvalidValue(f"suboption {code} of {_place(inside)} has {len(value)} octets; allowed are {MOST}")
        blocks[inside] = blocks.get(inside, b"") + bytes((code, len(value))) + value
    options: dict[int, bytes] = {}
    for inside, block in blocks.items():
        option, enterprise = inside
        if option == VENDOR_SPECIFIC:
            options[option] = block + bytes((END,))
        else:
            options[option] = options.get(option, b"") + _of_enterprise(enterprise, block)
    return options


def _of_enterprise(enterprise: int, block: bytes) -> bytes:
    if len(block) > MOST:
        raise InvalidValue(f"the suboptions of {_place((VENDOR_IDENTIFYING, enterprise))} have {len(block)} octets in all, "
                           f"two for each counted in; allowed are {MOST} (RFC 3925 section 4)")
    return enterprise.to_bytes(4, "big") + bytes((len(block),)) + block


def _place(inside: Inside) -> str:
    option, enterprise = inside
    return "option 43" if option == VENDOR_SPECIFIC else f"enterprise {enterprise} in option 125"

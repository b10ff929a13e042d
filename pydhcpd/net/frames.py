"""Ethernet frames with IPv4 and UDP in them (RFC 894, RFC 791, RFC 768), for hosts that cannot answer ARP yet.

Owns the layout of these headers and their checksums. Does not know what the payload means, nor how a frame is sent.

The checksum of RFC 1071 is the complement of the ones' complement sum of 16-bit words. Because 2^16 = 1 modulo 65535, the
sum of the words of a string of octets is that string, read as one big-endian integer, modulo 65535; fields of a header can
be added as they are, whatever their width in words. Three facts make it quick:

- Read as a little-endian integer the string gives the sum with its octets swapped, which is the sum times 2^8 (RFC 1071,
  section 2 (B)): 256 * little = big modulo 65535. An odd length then needs no padding, and CPython reads this order faster.
- 2^k = 1 modulo 65535 for every k that is a multiple of 16, so the upper half of an integer can be shifted down and added
  to the lower before the division, which is the dearest step.
- The residue 0 stands for a sum of 65535, since the sum of something that is not all zeros is never zero. Its complement is
  0, which UDP sends as 65535, because there 0 says that nothing was summed.
"""

from struct import Struct

_ETHERNET_IPV4 = 0x0800_4510  # EtherType; version 4, header of 5 words; type of service: low delay
_TTL_UDP = 0x4011  # 64 hops, protocol 17
_CONSTANT_SUM = 0x4510 + _TTL_UDP
_PSEUDO_UDP = 17  # the protocol, as the pseudo header of UDP has it
_IPV4_HEADER = 20
_UDP_HEADER = 8

# Addresses of the link, _ETHERNET_IPV4, total length, identification, flags and offset (none), _TTL_UDP, checksum, source,
# destination; ports, length, checksum.
_pack_headers = Struct(">6s6sIHHHHHIIHHHH").pack

_HALF = 1216  # bits: half of a DHCP message of 300 octets, and a multiple of 16
_LOWER = (1 << _HALF) - 1


def udp_frame(payload: bytes, source_hardware: bytes, destination_hardware: bytes, source: int, destination: int,
              source_port: int = 67, destination_port: int = 68, identification: int = 0) -> bytes:
    """The frame that carries `payload`. Hardware addresses are 6 octets, IPv4 addresses integers in host byte order.

    It may be fragmented by routers (DF is not set), and is not padded to Ethernet's least length, which the driver does.
    """
    udp_length = len(payload) + _UDP_HEADER
    total_length = udp_length + _IPV4_HEADER
    addresses = source + destination
    header_sum = _CONSTANT_SUM + total_length + identification + addresses
    # The length is in the pseudo header and in the header.
    udp_sum = _sum(payload) + _PSEUDO_UDP + 2 * udp_length + addresses + source_port + destination_port
    return _pack_headers(
        destination_hardware, source_hardware, _ETHERNET_IPV4, total_length, identification, 0, _TTL_UDP, -header_sum % 65535,
        source, destination, source_port, destination_port, udp_length, -udp_sum % 65535 or 65535) + payload


def _sum(octets: bytes) -> int:
    """A number that is the sum of the 16-bit words of `octets` modulo 65535."""
    number = int.from_bytes(octets, "little")
    return ((number >> _HALF) + (number & _LOWER)) % 65535 * 256

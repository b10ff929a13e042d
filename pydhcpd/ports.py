"""Ports: what must be opened while still root, by name. Those of DHCP itself are here, those of services in the services."""

import socket
from collections.abc import Callable, Mapping

from pydhcpd.errors import InvalidValue
from pydhcpd.net.probe import open_arp, open_icmp
from pydhcpd.net.sockets import open_packet, open_udp

UDP, PACKET, ARP, ICMP = "udp", "packet", "arp", "icmp"
NEEDED = {UDP: open_udp, PACKET: open_packet}
FOR_PROBES = {ARP: open_arp, ICMP: open_icmp}  # where the system forbids one, nothing can be probed in that way


def open_ports(more: Mapping[str, Callable[[], socket.socket]]) -> dict[str, socket.socket]:
    """Open the ports of DHCP, and `more`. Raises InvalidValue with the reason and the remedy.

    Those for probes whether or not anything is probed: a reload may ask for it, when it is too late to open them.
    """
    try:
        opened = {name: opener() for name, opener in NEEDED.items()}
    except PermissionError as error:
        raise InvalidValue("port 67 and raw sockets need root, "
                           "or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW") from error
    except OSError as error:
        raise InvalidValue(f"UDP port 67 cannot be opened: {error.strerror}; is another DHCP server running? "
                           "see: ss -ulpn sport = :67") from error
    for name, opener in FOR_PROBES.items():
        try:
            opened[name] = opener()
        except OSError:
            continue
    return opened | {name: opener() for name, opener in more.items()}

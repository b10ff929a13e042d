"""Ports: what must be opened while still root, by name. Those of DHCP itself are here, those of services in the services."""

import socket
from collections.abc import Callable, Mapping

from pydhcpd.errors import InvalidValue
from pydhcpd.neighbours import SEE, Ours, open_beside_others
from pydhcpd.net.filtered import open_filtered
from pydhcpd.net.probe import open_arp, open_icmp
from pydhcpd.net.sockets import open_packet
from pydhcpd.net.unaddressed import open_unaddressed

UDP, PACKET, ARP, ICMP, UNADDRESSED, ANSWERS = "udp", "packet", "arp", "icmp", "unaddressed", "answers"
DISPENSABLE = {ARP: open_arp, ICMP: open_icmp, UNADDRESSED: open_unaddressed, ANSWERS: open_filtered}
"""What the system may forbid: then nothing can be probed in that way, nobody be heard who asks by unicast from 0.0.0.0, or no
other server be found."""


def open_ports(ours: Ours, more: Mapping[str, Callable[[], socket.socket]]) -> dict[str, socket.socket]:
    """Open the ports of DHCP, for the interfaces that are ours, and `more`.

    Raises InvalidValue with the reason and the remedy. Those for probes and questions are opened whether or not anything
    is asked: a reload may want it, when it is too late to open them.
    """
    try:
        opened = {UDP: open_beside_others(ours), PACKET: open_packet()}
    except PermissionError as error:
        raise InvalidValue("port 67 and raw sockets need root, "
                           "or the capabilities CAP_NET_BIND_SERVICE and CAP_NET_RAW") from error
    except OSError as error:
        raise InvalidValue(f"UDP port 67 cannot be opened: {error.strerror}; is another DHCP server running? {SEE}") from error
    for name, opener in DISPENSABLE.items():
        try:
            opened[name] = opener()
        except OSError:
            continue
    return opened | {name: opener() for name, opener in more.items()}

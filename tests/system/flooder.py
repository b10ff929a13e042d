"""A flood of messages from invented clients, as fast as asked for; run in a client machine.

usage: python flooder.py KIND ORDER RATE SECONDS    prints how many were sent

KIND is the message type, or `any` for one after the other; ORDER is `first` where option 53 stands first, `last` where it
stands behind 61, 12 and 55, and `mixed` for both by turns.
"""

import os
import socket
import sys
import time

from messages import DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, message, packed

from pydhcpd.addresses import address_from
from pydhcpd.net.batch import BatchSender
from pydhcpd.net.sockets import open_udp

KINDS = (DISCOVER, REQUEST, DECLINE, RELEASE, INFORM)
BATCH = 64
SERVER = "10.77.0.1"
XID, MAC, OPTIONS = 4, 28, 240


def model(kind: int, *, is_last: bool) -> bytes:
    """A message of a kind, whose xid and hardware address are to be put in; with an identifier where the type stands last."""
    options = ((50, packed("10.77.2.2")), (54, packed(SERVER))) if kind in (REQUEST, DECLINE) else ()
    made = message(kind, bytes(6), 0, ciaddr="10.77.2.2" if kind in (RELEASE, INFORM) else "0.0.0.0",
                   options=((55, bytes((1, 3, 6))), *options))
    if not is_last:
        return made
    end = made.index(b"\xff", OPTIONS + 3)
    return made[:OPTIONS] + bytes((61, 7, 1)) + bytes(6) + bytes((12, 4)) + b"name" + made[OPTIONS + 3:end] + made[
        OPTIONS:OPTIONS + 3] + b"\xff"


def messages(kind: str, order: str) -> list[bytes]:
    """The models to send by turns."""
    kinds = KINDS if kind == "any" else (int(kind),)
    orders = {"first": (False,), "last": (True,), "mixed": (False, True)}[order]
    return [model(one, is_last=is_last) for one in kinds for is_last in orders]


def main() -> None:
    """Send."""
    models = messages(sys.argv[1], sys.argv[2])
    rate, seconds = float(sys.argv[3]), float(sys.argv[4])
    to, sent, begin = address_from("255.255.255.255"), 0, time.monotonic()
    with open_udp(68, "0.0.0.0") as sock:
        sender = BatchSender(sock)
        index = socket.if_nametoindex("c0")
        while (passed := time.monotonic() - begin) < seconds:
            if sent > passed * rate:
                time.sleep(0.0005)
                continue
            batch = []
            for number in range(BATCH):
                one, noise = models[number % len(models)], os.urandom(10)
                mac = b"\x06" + noise[:5]
                data = one[:XID] + noise[6:] + one[XID + 4:MAC] + mac + one[MAC + 6:]
                if data[OPTIONS] == 61:
                    data = data[:OPTIONS + 3] + mac + data[OPTIONS + 9:]
                batch.append((data, to, 67, index, 0))
            sender.send(batch, on_link=True)
            sent += BATCH
    print(sent)


if __name__ == "__main__":
    main()

"""A sender of renewals, for perfdhcp sends no more of them than of new exchanges.

usage: python renewals.py renew RATE SECONDS CLIENTS    send renewals of the clients of `clients.py` in random order
       python renewals.py probe LIMIT                   wait for the first answer to a renewal of the first of them

As a relay agent, like perfdhcp's own renewals: ciaddr and giaddr are set, options 50 and 54 are not. `renew` prints
JSON: sent, acknowledged, mean and worst delay in milliseconds. `probe` prints a line once it is asking, and then the
time of the first answer by the monotonic clock in seconds, or `none` after LIMIT seconds.
"""

import json
import random
import select
import socket
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cable import RELAY_ADDRESS, SERVER_ADDRESS
from clients import FIRST, mac_of

from pydhcpd.addresses import address_from
from pydhcpd.net.batch import BatchReceiver, BatchSender, Message
from pydhcpd.net.sockets import open_udp
from pydhcpd.wire.packet import ACK, REQUEST, Packet

WANTED = bytes((1, 28, 2, 3, 15, 6, 12))
SERVER, RELAY = address_from(SERVER_ADDRESS), address_from(RELAY_ADDRESS)
BATCH = 32  # messages that are sent at a time, at the most
LAST_WAIT = 0.1  # seconds in which answers may still come, as with perfdhcp
PROBE_INTERVAL = 0.005  # seconds
ACKNOWLEDGED = bytes((53, 1, ACK))
OPTIONS = 240


class Renewer:
    """Makes renewals; all are made from one, with what differs put in."""

    def __init__(self) -> None:
        mac = mac_of(0)
        options = {53: bytes((REQUEST,)), 55: WANTED, 61: b"\1" + mac}
        model = Packet(hardware=mac, hops=1, xid=0, ciaddr=FIRST, giaddr=RELAY, options=options).encode()
        at = model.index(mac, OPTIONS)
        self._parts = model[:4], model[8:12], model[16:28], model[34:at], model[at + 6:]

    def message(self, xid: int, client: int) -> Message:
        """A renewal of one client, ready to be sent."""
        mac = mac_of(client)
        head, flags, middle, body, tail = self._parts
        data = b"".join((head, xid.to_bytes(4, "big"), flags, (FIRST + client).to_bytes(4, "big"), middle, mac, body, mac,
                         tail))
        return data, SERVER, 67, 0, 0


def is_ack(data: bytes) -> bool:
    """Whether a reply is an ACK; servers send its type first, or else it is decoded."""
    if data[OPTIONS:OPTIONS + 2] == ACKNOWLEDGED[:2]:
        return data[OPTIONS + 2] == ACK
    return Packet.decode(data).message_type == ACK


class Run:
    """Renewals at a rate per second for some seconds, and what came of them."""

    def __init__(self, sock: socket.socket, rate: float, seconds: float, clients: int) -> None:
        self._rate, self._seconds, self._clients = rate, seconds, clients
        self._sender, self._receiver = BatchSender(sock), BatchReceiver(sock, 64, 1500)
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._renewer = Renewer()
        self._sent_at: dict[int, float] = {}
        self.sent = self.acknowledged = 0
        self._delays = self._worst = 0.0

    def run(self) -> dict[str, float]:
        """Send and receive; returns what is printed."""
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < self._seconds + LAST_WAIT:
            due = int(min(passed, self._seconds) * self._rate) - self.sent
            if due > 0:
                self._send(min(due, BATCH))
            elif passed >= self._seconds and not self._sent_at:
                break
            self._receive(due > 0)
        mean = self._delays / self.acknowledged * 1000 if self.acknowledged else 0.0
        return {"sent": self.sent, "acknowledged": self.acknowledged, "mean": mean, "worst": self._worst * 1000}

    def _send(self, count: int) -> None:
        xids = range(self.sent + 1, self.sent + count + 1)
        messages = [self._renewer.message(xid, random.randrange(self._clients)) for xid in xids]
        self._sent_at.update(dict.fromkeys(xids, time.monotonic()))
        self.sent += count
        self._sender.send(messages)

    def _receive(self, is_behind: bool) -> None:
        if not is_behind:
            self._poll.poll(1)
        datagrams = self._receiver.receive()
        now = time.monotonic()
        for data, *_ in datagrams:
            began = self._sent_at.pop(int.from_bytes(data[4:8], "big"), None)
            if began is not None and is_ack(data):
                self.acknowledged += 1
                self._delays += now - began
                self._worst = max(self._worst, now - began)


def probe(sock: socket.socket, limit: float) -> float | None:
    """The time of the first ACK by the monotonic clock in seconds; None where none comes within the limit."""
    sender, receiver, renewer = BatchSender(sock), BatchReceiver(sock, 64, 1500), Renewer()
    deadline, xid = time.monotonic() + limit, 0
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    while (now := time.monotonic()) < deadline:
        xid += 1
        sender.send([renewer.message(0x50000000 + xid, 0)])
        if xid == 1:
            print("asking", flush=True)
        while (left := now + PROBE_INTERVAL - time.monotonic()) > 0:
            poll.poll(left * 1000)
            if any(is_ack(data) for data, *_ in receiver.receive()):
                return time.monotonic()
    return None


def main() -> None:
    """Do what the command line says."""
    with open_udp(67, RELAY_ADDRESS) as sock:
        if sys.argv[1] == "renew":
            print(json.dumps(Run(sock, float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])).run()))
        else:
            first = probe(sock, float(sys.argv[2]))
            print("none" if first is None else first)


if __name__ == "__main__":
    main()

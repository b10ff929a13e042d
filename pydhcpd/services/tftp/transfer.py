"""`Transfer`: one file on its way to one client, from a socket of its own.

Its caller tells it of readiness and of the time; it tells when it has begun and that it has ended, each once. A window goes out
as one message that the kernel cuts into datagrams (UDP_SEGMENT of udp(7)); where that cannot be, as many messages.
"""

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress

from pydhcpd.services.root import File
from pydhcpd.services.tftp.messages import (
    ERROR,
    NETASCII,
    UNDEFINED,
    Request,
    acknowledged,
    error,
    operation_of,
    options,
    words_of_error,
)
from pydhcpd.services.tftp.negotiation import negotiate
from pydhcpd.services.tftp.source import HEADER, Changed, NetasciiSource, OctetSource, frames_for
from pydhcpd.services.tftp.window import NEXT, NOTHING, Window

IP_MTU_DISCOVER, IP_PMTUDISC_DONT, IP_MTU = 10, 0, 14  # linux/in.h
UDP_SEGMENT = 103  # linux/udp.h
LONGEST_ANSWER = 512  # octets of what a client sends in the course of a transfer
FIRST_PATIENCE, LEAST_PATIENCE, MOST_PATIENCE = 1.0, 0.25, 8.0  # seconds without an acknowledgement until all is sent again
ROUND_TRIPS = 8  # times of the last window's acknowledgement, for the same, within these limits
GIVE_UP = 30.0  # seconds without an acknowledgement; with a timeout of the client's, as many of these as follow
TIMEOUTS = 6
LOOK = 1.0  # seconds between looks at whether the file is still what it was
FULL = (errno.EAGAIN, errno.ENOBUFS)
AWAY = (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN, errno.EPERM, *FULL)
"""What may be over in a moment."""
UNSEGMENTED = (errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP)
"""How the kernel says that it does not cut a message for this link."""


class Transfer:
    """`due` is when to call `look`; `trouble` is empty while all is well, and where the end was good. A client that gives up
    before it has begun has only asked for the size: that is no trouble, and `is_told` is false."""

    def __init__(self, sock: socket.socket, request: Request, file: File, begun: "Tell", ended: "Tell", now: float) -> None:
        """The socket is connected to the client. Raises BadRequest; then neither socket nor file are ours."""
        self.socket, self.request, self.file = sock, request, file
        self.client: tuple[str, int] = sock.getpeername()
        self.begun_at, self.has_begun, self.is_told, self.trouble = now, False, True, ""
        self.told_at = now  # when its server last told how far it has got
        self._begun, self._ended = begun, ended
        self._terms = terms = negotiate(request, file.status.st_size, sock.getsockopt(socket.IPPROTO_IP, IP_MTU))
        self._frames = frames_for(terms.block_size)
        self._source = (NetasciiSource(file.descriptor, terms.block_size) if request.mode == NETASCII
                        else OctetSource(file.descriptor, file.status.st_size, terms.block_size))
        self._window = Window(terms.window, 0 if terms.accepted else 1)
        self._segmented = False
        self._patience, self._round_trip = float(terms.timeout or FIRST_PATIENCE), 0.0
        self._heard_at = self._sent_at = self._looked_at = now
        self.due = now + self._patience

    @property
    def sent(self) -> int:
        """Octets that the client has acknowledged."""
        return min(max(self._window.first - 1, 0) * self._terms.block_size, self.size)

    @property
    def size(self) -> int:
        """Octets of the file."""
        return self.file.status.st_size

    def start(self, now: float) -> None:
        """Send what comes first."""
        self._send(now)

    # --- what comes

    def readable(self, now: float) -> None:
        """Take a message of the client."""
        try:
            datagram = self.socket.recv(LONGEST_ANSWER)
        except BlockingIOError:
            return
        except ConnectionRefusedError:
            self.end("the client is gone: its port is closed")
            return
        except OSError:  # a router's word that it cannot be reached just now
            return
        number = acknowledged(datagram)
        if number is None:
            self._other(datagram)
        else:
            self._acknowledged(self._window.acknowledge(number), now)

    def _other(self, datagram: bytes) -> None:
        """An ERROR ends the transfer; whatever else it is, it is passed over."""
        if operation_of(datagram) == ERROR:
            self.give_up(f"the client gave up: {words_of_error(datagram)}")

    def _acknowledged(self, what: str, now: float) -> None:
        if what == NOTHING:
            return
        self._heard_at = now
        if not self.has_begun:
            self._begin()
        if self._source.last is not None and self._window.first > self._source.last:
            self.end("")
        elif what == NEXT:
            self._measure(now)
            self._send(now)
        elif now - self._sent_at > self._round_trip / 2:
            self._send(now)
        else:  # it is about what was sent before that, for nobody answers so fast
            self.due = self._sent_at + self._round_trip

    def _measure(self, now: float) -> None:
        """The time from a window to its acknowledgement."""
        self._round_trip = now - self._sent_at
        if not self._terms.timeout:
            self._patience = min(max(ROUND_TRIPS * self._round_trip, LEAST_PATIENCE), FIRST_PATIENCE)

    def _begin(self) -> None:
        """From now on only blocks go out, which the kernel may cut."""
        self.has_begun = True
        self._segmented = self._terms.window > 1 and self._cut()
        self._begun(self)

    def _cut(self) -> bool:
        """Have the kernel cut each message into datagrams of this size."""
        with suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, self._frames.stride)
            return True
        return False

    # --- what goes out

    def _send(self, now: float) -> None:
        """Send the window, from the first block that is not acknowledged."""
        self._sent_at = now
        self.due = now + self._patience
        try:
            if self._window.first == 0:
                self.socket.send(options(self._terms.accepted or {}))
                self._window.sent(1)
            else:
                self._send_blocks(now)
        except Changed as error:
            self.fail(f"the file has changed: {error}")
        except OSError as error:
            self._not_sent(error, now)

    def _send_blocks(self, now: float) -> None:
        frames, window = self._frames, self._window
        first = window.first
        count, octets = self._source.fill(frames, first, window.size)
        if now - self._looked_at >= LOOK or first + count > (self._source.last or 0):
            self._check_file(now)
        frames.number(first, count)
        window.sent(count)
        self._transmit(octets + HEADER * count)

    def _transmit(self, length: int) -> None:
        frames = self._frames
        if self._segmented:
            try:
                self.socket.send(frames.view[:length])
                return
            except OSError as error:
                if error.errno not in UNSEGMENTED:
                    raise
            self._segmented = False
            self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
        for start in range(0, length, frames.stride):
            self.socket.send(frames.view[start:min(start + frames.stride, length)])

    def _check_file(self, now: float) -> None:
        self._looked_at = now
        before, status = self.file.status, os.fstat(self.file.descriptor)
        if status.st_nlink == 0:
            raise Changed("it was removed or replaced while it was sent")
        if (status.st_size, status.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
            raise Changed("it was written to while it was sent")

    def _not_sent(self, error: OSError, now: float) -> None:
        """What the system did not send is sent later, and may be lost; a file that cannot be read ends the transfer."""
        if error.errno in FULL:
            self.due = now + LEAST_PATIENCE / 5
        elif isinstance(error, ConnectionRefusedError):
            self.end("the client is gone: its port is closed")
        elif error.errno not in AWAY:
            self.fail(f"it could not be read or sent: {error.strerror}")

    # --- what does not come

    def look(self, now: float, limit: float) -> None:
        """Send again what was not acknowledged in time; give up after long, or where all of it takes longer than `limit`."""
        if now - self.begun_at > limit:
            self.fail(f"it took longer than {limit:.0f} s")
        elif now - self._heard_at > max(GIVE_UP, TIMEOUTS * self._terms.timeout):
            silent = "acknowledged nothing more" if self.has_begun else "never acknowledged anything"
            self.fail(f"the client {silent}")
        elif now >= self.due:
            if not self._terms.timeout and now - self._sent_at >= self._patience:
                self._patience = min(self._patience * 2, MOST_PATIENCE)
            self._send(now)

    # --- the end

    def fail(self, trouble: str) -> None:
        """End it, and say so to the client."""
        with suppress(OSError):
            self.socket.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, 0)
            self.socket.send(error(UNDEFINED, trouble))
        self.end(trouble)

    def give_up(self, trouble: str) -> None:
        """End it, as the client wants it."""
        self.is_told = self.has_begun
        self.end(trouble)

    def end(self, trouble: str) -> None:
        """End it: its socket and file are closed."""
        self.trouble = trouble
        self._ended(self)
        self.socket.close()
        self.file.close()


Tell = Callable[[Transfer], None]

"""Many datagrams with one system call: recvmmsg(2) and sendmmsg(2) through ctypes.

Owns the arrays that these calls work on, which are laid out once: message `i` always has the same header, buffer, address and
ancillary data, and what a call must know or tells of it is read and written as columns over all messages of the batch, so that
no step in Python runs once for each message and field where a step for the whole batch will do. Neither call holds the
interpreter lock. Does not know what the bytes mean, nor who opened the sockets.

An object of these classes serves one thread at a time.
"""

import errno
import select
import socket
import struct
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from ctypes import CDLL, POINTER, Array, Structure, addressof, c_char, c_int, c_size_t, c_uint, c_void_p, get_errno, sizeof
from functools import partial
from typing import Any, TypeAlias

Datagram: TypeAlias = tuple[bytes, int, int, int, int]
"""What was received: (data, interface, source, port, destination).

`interface` is the index of the interface that it came in on, `source` and `port` are the sender's, and `destination` is the
address in the IP header, which tells unicast from broadcast. Addresses are in host byte order. It is a plain tuple because a
named one takes four times as long to make.
"""

Message: TypeAlias = tuple[bytes, int, int, int, int]
"""What is to be sent: (data, address, port, interface, source), addresses in host byte order.

`interface` is the index of the interface to leave by, 0 for the routing table's choice; `source` is the address to send from,
0 for the kernel's choice.
"""

Frame: TypeAlias = tuple[bytes, int]
"""A whole frame of the link layer, and the index of the interface to leave by."""

Failure: TypeAlias = tuple[int, int]
"""Which message of a sequence was not sent, and the errno that says why."""

_IP_PKTINFO = 8  # linux/in.h
_SO_MEMINFO = 55  # asm-generic/socket.h
_MEMINFO_DROPS = 8  # linux/sock_diag.h: SK_MEMINFO_DROPS, the ninth of the counters
_ETH_P_IP = 0x0800

_SOCKADDR_IN = 16  # family, port, address, eight octets of padding
_SOCKADDR_LL = 24  # family, protocol, interface, hardware address: 20, rounded up for what follows it
_PKTINFO = 12  # struct in_pktinfo: interface, local address (ipi_spec_dst), address in the header (ipi_addr)
_CMSGHDR = socket.CMSG_LEN(0)
_CONTROL = socket.CMSG_SPACE(_PKTINFO)

_NOTHING_RECEIVED = frozenset({errno.EAGAIN, errno.EINTR, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH})
_BY_TABLE = c_int(socket.MSG_DONTWAIT)
_ON_LINK = c_int(socket.MSG_DONTWAIT | socket.MSG_DONTROUTE)
_WAIT_MS = 10  # for a full socket buffer, at a time
_WAITS = 5  # at most, for one call of `send`: 50 ms in all

# No argument types are declared: ctypes passes its own objects, and integers as int, faster without them.
_libc = CDLL(None, use_errno=True)
_recvmmsg = _libc.recvmmsg
_sendmmsg = _libc.sendmmsg


class _Iovec(Structure):
    _fields_ = [("base", c_void_p), ("length", c_size_t)]


class _Msghdr(Structure):
    _fields_ = [("name", c_void_p), ("name_length", c_uint), ("vectors", POINTER(_Iovec)), ("vector_count", c_size_t),
                ("control", c_void_p), ("control_length", c_size_t), ("flags", c_int)]


class _Mmsghdr(Structure):
    _fields_ = [("header", _Msghdr), ("length", c_uint)]


class _Messages:
    """An array of `struct mmsghdr` with all that it points to. Columns are views of one field over all messages."""

    def __init__(self, size: int, buffer_size: int, address_size: int, control_size: int) -> None:
        """Address and ancillary data of a message lie side by side; their sizes in octets are multiples of 8."""
        self.size = size
        self.slot_size = address_size + control_size
        self.headers = _memory(size * sizeof(_Mmsghdr))
        self.slots = _memory(size * self.slot_size)
        self.buffers = _memory(size * buffer_size)
        self._vectors = _memory(size * sizeof(_Iovec))
        self._connect(buffer_size, address_size, control_size)
        self.pointers = [c_void_p(_address(self.headers) + i * sizeof(_Mmsghdr)) for i in range(size)]

    def _connect(self, buffer_size: int, address_size: int, control_size: int) -> None:
        headers = (_Mmsghdr * self.size).from_buffer(self.headers)
        vectors = (_Iovec * self.size).from_buffer(self._vectors)
        slot, buffer = _address(self.slots), _address(self.buffers)
        for i in range(self.size):
            vectors[i] = _Iovec(buffer + i * buffer_size, buffer_size)
            header = headers[i].header
            header.name, header.name_length = slot + i * self.slot_size, address_size
            header.vectors, header.vector_count = _pointer(vectors, i), 1
            header.control = slot + i * self.slot_size + address_size if control_size else None
            header.control_length = control_size

    def header_column(self, offset: int) -> memoryview:
        """The unsigned 32-bit field at this offset of each `struct mmsghdr`."""
        return _column(self.headers, "I", offset, sizeof(_Mmsghdr))

    def buffer_addresses(self) -> memoryview:
        """Where each buffer lies."""
        return _column(self._vectors, "L", _Iovec.base.offset, sizeof(_Iovec))

    def buffer_lengths(self) -> memoryview:
        """The length of each buffer: to be sent, or room to receive."""
        return _column(self._vectors, "L", _Iovec.length.offset, sizeof(_Iovec))

    def slot_column(self, kind: str, offset: int) -> memoryview:
        """The field at this offset of each address with its ancillary data; `kind` as in the module `struct`."""
        return _column(self.slots, kind, offset, self.slot_size)


def _memory(length: int) -> memoryview:
    """Zeros that stay where they are: a bytearray alone may move when it is assigned to."""
    return memoryview(bytearray(length))


def _address(memory: memoryview) -> int:
    return addressof(c_char.from_buffer(memory))


def _pointer(vectors: Array[_Iovec], index: int) -> Any:
    return POINTER(_Iovec)(_Iovec.from_buffer(vectors, index * sizeof(_Iovec)))


def _column(memory: memoryview, kind: str, offset: int, stride: int) -> memoryview:
    width = struct.calcsize(kind)
    return memory.cast(kind)[offset // width::stride // width]  # type: ignore[call-overload, no-any-return]


def _network_order(kind: str, values: Iterable[int]) -> "array[int]":
    """Unsigned integers in host byte order as an array of them in network byte order."""
    column = array(kind, values)
    if sys.byteorder == "little":
        column.byteswap()
    return column


class BatchReceiver:
    """Receives what waits on a UDP socket, up to `size` datagrams a call."""

    def __init__(self, sock: socket.socket, size: int = 64, buffer_size: int = 4096) -> None:
        """Longer datagrams than `buffer_size` octets are dropped: `truncated` has the interfaces that they came in on, until
        somebody takes them out. Turns IP_PKTINFO on.
        """
        sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        self.truncated: list[int] = []
        self.buffer_size = buffer_size
        self._sock = sock
        self._messages = _Messages(size, buffer_size, _SOCKADDR_IN, _CONTROL)
        self._buffers = _slices(self._messages.buffers, buffer_size)
        self._lengths = self._messages.header_column(_Mmsghdr.length.offset)
        self._flags = self._messages.header_column(_Msghdr.flags.offset)
        self._interfaces = self._messages.slot_column("I", _SOCKADDR_IN + _CMSGHDR)
        # Port and address of the sender, address in the header, for the first 0, 1, 2... messages.
        slot = f"2xHI8x{_CMSGHDR + 8}xI{_CONTROL - _CMSGHDR - _PKTINFO}x"
        self._unpack = [struct.Struct(">" + slot * count).unpack_from for count in range(size + 1)]
        self._headers, self._fresh_headers = self._messages.headers, bytes(self._messages.headers)
        self._call: Callable[[], int] = partial(_recvmmsg, c_int(sock.fileno()), self._messages.pointers[0], c_uint(size),
                                                c_int(socket.MSG_DONTWAIT), c_void_p(None))

    def receive(self) -> list[Datagram]:
        """What waits, in order of arrival; empty if nothing does. Never blocks.

        Raises OSError where the socket can no longer be used.
        """
        self._headers[:] = self._fresh_headers  # the kernel wrote lengths of addresses and ancillary data into them
        count = self._call()
        if count <= 0:
            return self._nothing(count)
        fields = self._unpack[count](self._messages.slots)
        lengths, interfaces = self._lengths[:count].tolist(), self._interfaces[:count].tolist()
        datas = [buffer[:length].tobytes() for buffer, length in zip(self._buffers, lengths, strict=False)]
        datagrams = list(zip(datas, interfaces, fields[1::3], fields[0::3], fields[2::3], strict=True))
        flags = self._flags[:count].tolist()
        return self._whole(datagrams, flags) if any(flags) else datagrams

    def _nothing(self, count: int) -> list[Datagram]:
        error = get_errno()
        if count < 0 and error not in _NOTHING_RECEIVED:
            raise OSError(error, "receiving failed")
        return []

    def _whole(self, datagrams: list[Datagram], flags: list[int]) -> list[Datagram]:
        """Those of the datagrams that came whole."""
        pairs = list(zip(datagrams, flags, strict=True))
        self.truncated += [datagram[1] for datagram, flag in pairs if flag & socket.MSG_TRUNC]
        return [datagram for datagram, flag in pairs if not flag & socket.MSG_TRUNC]

    def kernel_drops(self) -> int:
        """How many datagrams the kernel has dropped since the socket was made, most of them because its buffer was full."""
        counters = self._sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 4 * (_MEMINFO_DROPS + 1))
        return int.from_bytes(counters[4 * _MEMINFO_DROPS:], sys.byteorder)


def _slices(memory: memoryview, length: int) -> list[memoryview]:
    return [memory[start:start + length] for start in range(0, len(memory), length)]


class _Sender:
    """What the senders have in common: filling buffers, and getting every message out that can go."""

    def __init__(self, sock: socket.socket, messages: _Messages, buffer_size: int) -> None:
        self._sock = sock
        self._messages = messages  # kept: the kernel is given addresses of what it owns
        self._fd = c_int(sock.fileno())
        self._flags = _BY_TABLE
        self._size = messages.size
        self._buffer_size = buffer_size
        self._buffers = messages.buffers
        self._pointers = messages.pointers
        self._bases, self._lengths = messages.buffer_addresses(), messages.buffer_lengths()
        # Copies the first 0, 1, 2... messages into their buffers.
        self._pack = [struct.Struct(f"{buffer_size}s" * count).pack_into for count in range(messages.size + 1)]
        self._waits_left = _WAITS

    def _send_all(self, messages: Sequence[Any], address: Callable[[Sequence[Any]], Sequence[bytes]]) -> list[Failure]:
        """Send in portions; `address` writes addresses and ancillary data of one portion, and returns the data of it."""
        self._waits_left = _WAITS
        if 0 < len(messages) <= self._size:
            return self._send_portion(messages, address)
        failures: list[Failure] = []
        for start in range(0, len(messages), self._size):
            portion = self._send_portion(messages[start:start + self._size], address)
            failures += [(start + index, error) for index, error in portion]
        return failures

    def _send_portion(self, messages: Sequence[Any], address: Callable[[Sequence[Any]], Sequence[bytes]]) -> list[Failure]:
        datas = address(messages)
        lengths = [*map(len, datas)]
        if max(lengths) > self._buffer_size:
            return self._send_mixed(messages, lengths, address)
        count = len(lengths)
        self._pack[count](self._buffers, 0, *datas)
        self._lengths[:count] = array("L", lengths)
        return self._transmit(count)

    def _send_mixed(self, messages: Sequence[Any], lengths: list[int],
                    address: Callable[[Sequence[Any]], Sequence[bytes]]) -> list[Failure]:
        """Send each of those that are longer than a buffer alone: they are rare."""
        usual = [index for index, length in enumerate(lengths) if length <= self._buffer_size]
        failures: list[Failure] = []
        if usual:
            sent = self._send_portion([messages[index] for index in usual], address)
            failures += [(usual[index], error) for index, error in sent]
        for index, length in enumerate(lengths):
            if length > self._buffer_size:
                failures += [(index, error) for _, error in self._send_large(messages[index], address)]
        return sorted(failures)

    def _send_large(self, message: Any, address: Callable[[Sequence[Any]], Sequence[bytes]]) -> list[Failure]:
        """Send a message from memory of its own, which takes the place of the first buffer meanwhile."""
        (data,) = address([message])
        memory = memoryview(bytearray(data))
        buffer, self._bases[0], self._lengths[0] = self._bases[0], _address(memory), len(data)
        try:
            return self._transmit(1)
        finally:
            self._bases[0] = buffer

    def _transmit(self, count: int) -> list[Failure]:
        """Send the first `count` messages. The kernel stops at one that it refuses: that one is left out."""
        failures: list[Failure] = []
        done = 0
        while done < count:
            sent = _sendmmsg(self._fd, self._pointers[done], count - done, self._flags)
            if sent > 0:
                done += sent
                continue
            error = get_errno()
            if error == errno.EAGAIN:
                if self._writable():
                    continue
                return failures + [(index, error) for index in range(done, count)]
            if error != errno.EINTR:
                failures.append((done, error))
                done += 1
        return failures

    def _writable(self) -> bool:
        """Wait for room in the socket's buffer, as long as this call of `send` may still wait."""
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT)
        while self._waits_left > 0:
            self._waits_left -= 1
            if poll.poll(_WAIT_MS):
                return True
        return False


class BatchSender(_Sender):
    """Sends datagrams by a UDP socket."""

    def __init__(self, sock: socket.socket, size: int = 64, buffer_size: int = 2048) -> None:
        """At most `size` messages go with one system call; one that is longer than `buffer_size` octets with one of its own."""
        messages = _Messages(size, buffer_size, _SOCKADDR_IN, _CONTROL)
        super().__init__(sock, messages, buffer_size)
        header = struct.pack("@Nii", socket.CMSG_LEN(_PKTINFO), socket.IPPROTO_IP, _IP_PKTINFO)
        messages.slots[:] = (struct.pack("=H14x", socket.AF_INET) + header.ljust(_CONTROL, b"\0")) * size
        self._ports = messages.slot_column("H", 2)
        self._addresses = messages.slot_column("I", 4)
        self._interfaces = messages.slot_column("I", _SOCKADDR_IN + _CMSGHDR)
        self._sources = messages.slot_column("I", _SOCKADDR_IN + _CMSGHDR + 4)
        self._pinned = 0  # no message from this index on has an interface or a source left from an earlier batch

    def send(self, messages: Sequence[Message], on_link: bool = False) -> list[Failure]:
        """Send each message that can be sent; those that could not, by index, with the errno. Waits at most 50 ms.

        `on_link`: the receivers are on the link of the interface that each message names, even if the routing table knows
        nothing of it or names a router.
        """
        self._flags = _ON_LINK if on_link else _BY_TABLE
        return self._send_all(messages, self._address)

    def _address(self, messages: Sequence[Message]) -> Sequence[bytes]:
        datas, addresses, ports, interfaces, sources = zip(*messages, strict=True)
        count = len(datas)
        self._addresses[:count] = _network_order("I", addresses)
        self._ports[:count] = _network_order("H", ports)
        self._pin(interfaces, sources)
        return datas

    def _pin(self, interfaces: Sequence[int], sources: Sequence[int]) -> None:
        """Interface and address to send from. Most batches have none; then there is only something to do after one that had."""
        pins = any(interfaces) or any(sources)
        if not pins and not self._pinned:
            return
        count = len(interfaces)
        self._interfaces[:count] = array("I", interfaces)
        self._sources[:count] = _network_order("I", sources)
        if pins:
            self._pinned = max(self._pinned, count)
        elif count >= self._pinned:
            self._pinned = 0


class FrameSender(_Sender):
    """Sends whole frames of the link layer by a raw packet socket."""

    def __init__(self, sock: socket.socket, size: int = 64, buffer_size: int = 2048) -> None:
        """At most `size` frames go with one system call; one that is longer than `buffer_size` octets with one of its own."""
        messages = _Messages(size, buffer_size, _SOCKADDR_LL, 0)
        super().__init__(sock, messages, buffer_size)
        family, protocol = struct.pack("=H", socket.AF_PACKET), struct.pack(">H", _ETH_P_IP)
        messages.slots[:] = (family + protocol).ljust(_SOCKADDR_LL, b"\0") * size
        self._interfaces = messages.slot_column("I", 4)

    def send(self, frames: Sequence[Frame]) -> list[Failure]:
        """Send each frame that can be sent; those that could not, by index, with the errno. Waits at most 50 ms."""
        return self._send_all(frames, self._address)

    def _address(self, frames: Sequence[Frame]) -> Sequence[bytes]:
        datas, interfaces = zip(*frames, strict=True)
        self._interfaces[:len(datas)] = array("I", interfaces)
        return datas

"""Zeroed arrays that cost memory only where they are written."""

import mmap

SMALL = 4096  # numbers up to which an array is an object like others: a thousand small networks need no mappings of their own


def words(count: int) -> memoryview:
    """`count` unsigned numbers of 32 bits, all 0. Many have pages of their own, which the kernel provides when touched.

    A bytearray would do as well, if the allocator did not take large ones from memory that it has used before.
    """
    return _zeroed(count, 4).cast("I")


def halfwords(count: int) -> memoryview:
    """The same of 16 bits."""
    return _zeroed(count, 2).cast("H")


def _zeroed(count: int, size: int) -> memoryview:
    return memoryview(bytearray(size * max(count, 1)) if count <= SMALL else mmap.mmap(-1, size * count))

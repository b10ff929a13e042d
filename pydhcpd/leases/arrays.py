"""Zeroed arrays that cost memory only where they are written."""

import mmap

SMALL = 4096  # numbers up to which an array is an object like others: a thousand small networks need no mappings of their own


def words(count: int) -> memoryview:
    """`count` unsigned numbers of 32 bits, all 0. Many have pages of their own, which the kernel provides when touched.

    A bytearray would do as well, if the allocator did not take large ones from memory that it has used before.
    """
    if count <= SMALL:
        return memoryview(bytearray(4 * max(count, 1))).cast("I")
    return memoryview(mmap.mmap(-1, 4 * count)).cast("I")

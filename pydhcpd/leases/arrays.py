"""Zeroed arrays that cost memory only where they are written."""

import mmap


def words(count: int) -> memoryview:
    """`count` unsigned numbers of 32 bits, all 0. Pages of their own, which the kernel provides when they are touched.

    A bytearray would do as well, if the allocator did not take large ones from memory that it has used before.
    """
    return memoryview(mmap.mmap(-1, 4 * max(count, 1))).cast("I")

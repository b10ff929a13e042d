"""`Limits`: how many leases count for what, where a configuration limits them: per class, or per value of a field.

A lease counts for some keys, texts such as `voip` or `port=0102`, which are stored with it, one a line; an offer counts like
the lease that may come of it. Owns the number of leases and offers for each key, and the keys of each address; does not know
how many there may be.

A change is staged: it counts at once, for the next decision of the batch, and is confirmed or taken back with the batch.
"""

from collections.abc import Collection, Mapping

SEPARATOR = "\n"


class Limits:
    """Numbers of leases by key. All are plain texts and numbers, which the garbage collector does not walk."""

    __slots__ = ("_staged", "counts", "keys")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.keys: dict[int, str] = {}  # of each address whose lease counts for anything, as they are stored
        self._staged: list[tuple[int, str]] = []  # addresses with what they counted for before, in order

    def load(self, keys: Mapping[int, str]) -> None:
        """Take in leases that were read from the store."""
        for address, text in keys.items():
            self._set(address, text)

    def stage(self, address: int, text: str) -> None:
        """The lease of an address counts for these keys from now on, "" for none; until `confirm` it can be taken back."""
        before = self.keys.get(address, "")
        if before != text:
            self._staged.append((address, before))
            self._set(address, text)

    def confirm(self, refused: Collection[int] = ()) -> None:
        """What is staged is stored, but for the addresses that were refused."""
        staged, self._staged = self._staged, []
        for address, before in reversed(staged) if refused else ():
            if address in refused:
                self._set(address, before)

    def revert(self) -> None:
        """What is staged could not be stored."""
        staged, self._staged = self._staged, []
        for address, before in reversed(staged):
            self._set(address, before)

    def offer(self, address: int, keys: Collection[str]) -> None:
        """The address is held for a client whose lease would count for these keys."""
        self._set(address, SEPARATOR.join(keys))

    def end(self, address: int) -> None:
        """The lease of an address is over, by the store already, or the offer of it."""
        self._set(address, "")

    def keys_of(self, address: int) -> list[str]:
        """What the lease or offer of an address counts for."""
        text = self.keys.get(address, "")
        return text.split(SEPARATOR) if text else []

    def _set(self, address: int, text: str) -> None:
        counts, before = self.counts, self.keys.pop(address, "")
        for key in before.split(SEPARATOR) if before else ():
            if counts[key] > 1:
                counts[key] -= 1
            else:
                del counts[key]
        if text:
            self.keys[address] = text
            for key in text.split(SEPARATOR):
                counts[key] = counts.get(key, 0) + 1


def class_of(key: str) -> str:
    """The class that a key is of; behind it there may be the value of a field."""
    return key.partition("=")[0]

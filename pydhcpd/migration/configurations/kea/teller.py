"""`Teller`: what became of each member, told to the report; those of which nothing was said are found."""

from collections.abc import Callable, Mapping

from pydhcpd.errors import InvalidValue
from pydhcpd.migration.configurations.kea.reader import Node
from pydhcpd.migration.configurations.report import Report

Taker = Callable[[Node], None]
"""What takes a member over, and tells it. Raises InvalidValue where it cannot be."""
UNKNOWN = "Kea's manual has no such member here, or it is newer than this program"


class Teller:
    """Says of members what became of them, once each."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._told: set[int] = set()
        self._left: list[int] = []  # lines of comments that stood above what is not taken over

    def taken(self, node: Node, words: str = "") -> None:
        """It is in the new file."""
        if self._first(node):
            self._report.taken(node.file, node.line, str(node), words)

    def differs(self, node: Node, words: str) -> None:
        """It is in the new file, but works otherwise."""
        if self._first(node):
            self._report.differs(node.file, node.line, str(node), words)

    def none(self, node: Node, words: str) -> None:
        """Neither it nor what it holds is taken over."""
        if self._first(node):
            self._report.none(node.file, node.line, str(node), words)
            self._left += [node.line] if node.comments else []
        for one in node.walk():
            self._told.add(id(one))

    def left_out(self, item: Node, words: str) -> None:
        """The same of an item of a list, told of each of its members."""
        for one in item.value.values() if isinstance(item.value, dict) else (item,):
            self.none(one, words)

    def also(self, node: Node, words: str) -> None:
        """Something that differs besides what was said of it."""
        self._report.differs(node.file, node.line, str(node), words)

    def note(self, words: str) -> None:
        """What holds whatever is in the file; said once."""
        self._report.note(words)

    def is_told(self, node: Node) -> bool:
        """Whether something was said of it."""
        return id(node) in self._told

    def _first(self, node: Node) -> bool:
        first = id(node) not in self._told
        self._told.add(id(node))
        return first

    def members(self, place: Node, takers: Mapping[str, Taker], elsewhere: Mapping[str, str]) -> None:
        """Have each member of an object taken, by its key; what `elsewhere` names is told with the reason."""
        for member in place.members.values():
            taker = takers.get(member.key)
            try:
                if taker is not None:
                    taker(member)
                    self.taken(member)
                else:
                    self.none(member, elsewhere.get(member.key, UNKNOWN))
            except InvalidValue as error:
                self.none(member, str(error))

    def end(self, root: Node) -> None:
        """Say of all members of which nothing was said that they were not understood, and of comments what was left out."""
        for node in root.walk():
            if node.key and id(node) not in self._told:
                self.none(node, "not understood, nothing of it was taken over")
        if self._left:
            self.note("comments above what has no counterpart were left out with it, in the lines "
                      + ", ".join(map(str, sorted(set(self._left)))))

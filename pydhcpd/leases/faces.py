"""`Faces`: under which client identifier a machine was last offered an address, for a REQUEST that comes without it.

RFC 2131 section 4.2 has a client send the same identifier in every message, or none; some send it in DISCOVER alone. What is
remembered here is bounded and may be forgotten at any time: then such a client is refused, and begins anew.
"""

MOST = 8192  # machines of one generation; twice as many are remembered, some megabytes, and who comes within a second
BY_IDENTIFIER, BARE = 1, 2  # the first byte of a client's key: a client identifier; none, but hardware type and address


def identifier_of(client: bytes) -> bytes:
    """The client identifier that a key stands for; b"" for a key of another kind."""
    return client[1:] if client[:1] == bytes((BY_IDENTIFIER,)) else b""


class Faces:
    """The keys of clients by the field chaddr of their messages. Its older half is forgotten all at once.

    Who hears from a machine puts its key into `recent`: one step, for it is done for each DISCOVER.
    """

    __slots__ = ("_old", "recent")

    def __init__(self) -> None:
        self.recent: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}

    def age(self) -> None:
        """Once a second, and more often in a flood: forget the older half, if there are many."""
        if len(self.recent) >= MOST:
            self._old, self.recent = self.recent, {}

    def of(self, chaddr: bytes) -> bytes:
        """The key under which a machine was last seen, b"" where it is not remembered."""
        return self.recent.get(chaddr) or self._old.get(chaddr, b"")

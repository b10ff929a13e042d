"""What is not our fault: what a peer did wrong, what an administrator did wrong, what is not for us to answer, and a store
that fails.

Programming errors are none of these, and are not caught.
"""


class MalformedPacket(ValueError):
    """A message or option from the network that cannot be read. `str()` of it is the reason, for counters and logs."""


class InvalidValue(ValueError):
    """A value of the configuration that cannot be used. `str()` of it says what is wrong and what is allowed."""


class Ignored(Exception):  # not an error: most of what is ignored is meant for others
    """A request that gets no answer. `str()` of it is the reason, which is counted."""


class Unserved(Ignored):
    """A request that gets no answer although somebody may expect one: the administrator is warned. `remedy` is what to do."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.remedy = remedy


class TooMany(Unserved):
    """A message of somebody who sends more than is taken from one."""


class ToAnother(Ignored):
    """A request to another server, whose address (host byte order) it names."""

    def __init__(self, server: int) -> None:
        super().__init__("REQUEST to another server")
        self.server = server


class StoreError(Exception):
    """The store of leases failed. `str()` of it says how. `is_doubtful`: what was stored before may not be on the disk either,
    so everything must be read again before anything is acknowledged. `is_busy`: another program is in the way."""

    def __init__(self, words: str, *, is_doubtful: bool = False, is_busy: bool = False) -> None:
        super().__init__(words)
        self.is_doubtful, self.is_busy = is_doubtful, is_busy


class Interrupted(BaseException):
    """What ends code that may never end. No `except Exception` of that code catches it; `number` is that of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number

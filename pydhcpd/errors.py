"""The two kinds of fault that are not ours: what a peer did wrong, and what an administrator did wrong.

Programming errors are neither of them, and are not caught.
"""


class MalformedPacket(ValueError):
    """A message or option from the network that cannot be read. `str()` of it is the reason, for counters and logs."""


class InvalidValue(ValueError):
    """A value of the configuration that cannot be used. `str()` of it says what is wrong and what is allowed."""

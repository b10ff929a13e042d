"""A token bucket: how many of something may happen in a second. Time comes in as an argument."""


class TokenBucket:
    """Holds up to `rate` tokens, and gets `rate` of them a second."""

    __slots__ = ("_tokens", "_updated", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._tokens = float(rate)
        self._updated = 0.0

    def take(self, now: float) -> bool:
        """Take a token if there is one; `now` is in seconds of any clock that does not go back."""
        self._tokens = min(self._tokens + max(now - self._updated, 0.0) * self.rate, self.rate)
        self._updated = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

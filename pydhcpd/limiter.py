"""Token buckets: how many of something may happen in a second. Time comes in as an argument."""

MOST = 4096  # buckets of one generation; twice as many are remembered at the most, some megabytes


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


class TokenBuckets:
    """A bucket for each key, in bounded number: the older half is forgotten all at once, which fills those buckets."""

    __slots__ = ("_new", "_old", "rate")

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._new: dict[bytes, TokenBucket] = {}
        self._old: dict[bytes, TokenBucket] = {}

    def take(self, key: bytes, now: float) -> bool:
        """Take a token of the key's bucket if there is one."""
        bucket = self._new.get(key)
        if bucket is None:
            bucket = self._new[key] = self._old.get(key) or TokenBucket(self.rate)
            if len(self._new) >= MOST:
                self._old, self._new = self._new, {}
        return bucket.take(now)

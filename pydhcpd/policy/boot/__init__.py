"""What machines boot: which client is of which kind, which file it gets, and the options that go with it."""

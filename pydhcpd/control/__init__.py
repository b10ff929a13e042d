"""The control prompt and its commands. Does not know how things are stored or sent."""

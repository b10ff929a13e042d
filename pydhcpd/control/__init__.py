"""The control prompt: input, session, commands, output. Does not know how things are stored or sent."""

"""The process that sends files and pages to people, so that their bytes do not fight the packet threads for the interpreter.

`service` is the daemon's side, which starts it; `__main__` is the child's. Between them is one socket, of whole messages. Down
goes a JSON document, at the start and at each reload: what is to be served, and at the start the descriptors of the sockets for
it. Up come reports of transfers and records of the log, one a message. Its end ends the child, and so does that of the daemon.
"""

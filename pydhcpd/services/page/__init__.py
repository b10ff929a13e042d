"""The status page: what a browser is shown of the server, and the same as JSON. Nothing can be changed by it.

`sessions` is the daemon's side, which answers; `server` and what it is made of are a part of the child, which asks. In `static`
is what a browser gets: it has no other source than the JSON.
"""

"""HTTP by aiohttp: connections within bounds, which any handler can be served on (`connections`), and the files of a root on
them: `server` is what the child runs."""

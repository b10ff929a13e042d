"""Sockets, batched receive and send, raw frames and interfaces. Knows nothing of what DHCP means."""

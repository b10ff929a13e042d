"""Bytes to packet and back. Knows no addresses in use, no policy, no sockets."""

"""Leasequery: single queries by UDP (RFC 4388), and in bulk by TCP (RFC 6926), each in threads of its own."""

"""TFTP, to read: RFC 1350 with options (2347), block size (2348), time and size (2349), and windows (7440)."""

"""pydhcpd: a DHCPv4 server for the people who run clusters, netboot rooms, labs and offices."""

__version__ = "0.1.0"

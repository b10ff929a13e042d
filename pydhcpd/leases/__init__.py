"""Who holds which address: `HostDatabase`, free addresses, the stores. Knows nothing of packets."""

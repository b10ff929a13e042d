"""The demonstration: a throwaway network in which a real client gets a lease, told message by message."""

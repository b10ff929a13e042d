"""What a client gets: networks, reservations, options. Knows no sockets and no storage."""

"""dhcpd.conf of ISC dhcpd, made into ours: tokens, a tree of statements, and what becomes of each of them."""

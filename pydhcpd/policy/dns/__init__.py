"""Names in the DNS: made of what a client sends and what the configuration says, without regard to who puts them there."""

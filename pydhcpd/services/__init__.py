"""What runs beside the path of a packet, each in threads of its own, with bounded queues. Services do not know each other."""

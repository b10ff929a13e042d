"""Other programs' files of leases: what `-import` reads and `-export` writes."""

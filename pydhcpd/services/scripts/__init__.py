"""Scripts: programs that are run when something happens. The daemon's side, and the process that runs them (`__main__.py`)."""

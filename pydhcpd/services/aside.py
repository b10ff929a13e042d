"""A database of a service that cannot be used is kept under another name, in place of what was kept before, and begun anew."""

from contextlib import suppress
from pathlib import Path

from pydhcpd.leases.store import BESIDE


def set_aside(path: Path) -> Path:
    """Let a database, with what SQLite has beside it, have another name, which is returned. Raises OSError."""
    aside = Path(f"{path}.aside")
    for suffix in BESIDE:
        Path(f"{aside}{suffix}").unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")
    return aside

"""What a file is, by the end of its name, for UEFI firmware goes by it (UEFI 2.10, section 24.7: HTTP boot).

The same everywhere, whatever this machine has in /etc. A compressed file is that, and not what is in it: it is sent as it is.
"""

from mimetypes import MimeTypes
from pathlib import PurePosixPath

OTHER = "application/octet-stream"
OF_FIRMWARE = {".efi": "application/efi", ".iso": "application/vnd.efi-iso", ".img": "application/vnd.efi-img"}
"""A program, and disks in memory to boot from: these three are all that firmware takes."""
COMPRESSED = {".gz": "application/gzip", ".bz2": "application/x-bzip2", ".xz": "application/x-xz", ".zst": "application/zstd"}
OF_TEXT = (".cfg", ".conf", ".cmd", ".ini", ".ipxe", ".ks", ".preseed", ".sh", ".yaml", ".yml")

_TYPES = {**MimeTypes(()).types_map[True], **dict.fromkeys(OF_TEXT, "text/plain"), **COMPRESSED, **OF_FIRMWARE}


def media_type(path: str) -> str:
    """The media type of a file."""
    return _TYPES.get(PurePosixPath(path).suffix.lower(), OTHER)

"""What a relay agent adds: the suboptions of option 82 (RFC 3046), read for policy only. They are echoed as they came."""

CIRCUIT_ID, REMOTE_ID, LINK_SELECTION, SUBSCRIBER_ID = 1, 2, 5, 6
SERVER_IDENTIFIER_OVERRIDE, RELAY_SOURCE_PORT = 11, 19


def suboptions(data: bytes) -> dict[int, bytes]:
    """The suboptions by code, repeats concatenated. One that is cut short ends the reading: what is before it counts."""
    found: dict[int, bytes] = {}
    start = 0
    while start + 2 <= len(data):
        end = start + 2 + data[start + 1]
        if end > len(data):
            break
        code = data[start]
        found[code] = found.get(code, b"") + data[start + 2:end]
        start = end
    return found

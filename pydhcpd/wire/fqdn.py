"""Option 81, the client's full name: read, and answered by a server that leaves DNS alone (RFC 4702).

    flags | RCODE1 | RCODE2 | name      flags: 1 S the server does the A record, 2 O it overrides the client's S,
      1        1        1      ...             4 E the name is in the form of RFC 1035 (else ASCII), 8 N no updates at all
"""

SERVER_UPDATES, OVERRIDES, ENCODED, NO_UPDATES = 1, 2, 4, 8  # the bits S, O, E and N
IGNORED = b"\xff\xff"  # section 2.2: what a server puts into the two RCODE fields
FIXED = 3  # bytes before the name


def answer(sent: bytes) -> bytes:
    """What goes back for what a client sent, b"" for what is cut short: N, for nothing is updated, and so no S (section 4)."""
    if len(sent) < FIXED:
        return b""
    overrides = OVERRIDES if sent[0] & SERVER_UPDATES else 0
    return bytes((NO_UPDATES | overrides | sent[0] & ENCODED,)) + IGNORED + sent[FIXED:]


def name(sent: bytes) -> str:
    """The name in it, without a dot at its end; empty where there is none that can be read. It may be any text."""
    data = sent[FIXED:]
    if not (sent[:1] and sent[0] & ENCODED):
        return data.decode("utf-8", "backslashreplace").rstrip("\0").rstrip(".")
    labels, at = [], 0
    while at < len(data) and 0 < data[at] < 64 and at + 1 + data[at] <= len(data):
        labels.append(data[at + 1:at + 1 + data[at]].decode("utf-8", "backslashreplace"))
        at += 1 + data[at]
    return ".".join(labels)

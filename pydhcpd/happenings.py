"""`Happening`: an event as scripts and on_event() of the configuration file see it, by names that stay.

Owns the names of the kinds (KINDS) and of the fields (FIELDS), and what each means: the manual and the types for editors are
made from both. Values are as people write them; what a client sent is in them as it sent it. How they come of events, how they
are made safe for a program's environment, and who is told, others know.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydhcpd.alarms import KINDS as ALARMS
from pydhcpd.alarms import OVER
from pydhcpd.events import SERVING, WAITING


class Kind(NamedTuple):
    """A kind of happening: its name, the kind of its events, and what it means."""

    name: str
    event: str
    words: str


LEASED, BOUND, RENEWED = "leased", "bound", "renewed"
ALARM, ALARM_OVER = "alarm", "alarm_over"
KINDS: tuple[Kind, ...] = (
    Kind(BOUND, LEASED, "a client was given an address that it did not have"),
    Kind(RENEWED, LEASED, "a client that has the address was told that it may keep it"),
    Kind("released", "released", "a client gave its address back, or somebody did so by release at the prompt"),
    Kind("expired", "expired", "a lease has ended, for its client did not renew it"),
    Kind("declined", "declined", "a client says that somebody else uses the address, which nobody gets for a while"),
    Kind("in_use", "in use", "a machine without a lease answered for an address that was probed; nobody gets it for a while"),
    Kind("quarantine_ended", "quarantine ended", "such an address may be given again"),
    Kind("refused", "refused", "a client was told that it may not have an address (DHCPNAK)"),
    Kind("informed", "informed", "a client that has its address from elsewhere was told options"),
    Kind("no_free_address", "no free address for", "there was no address for a client"),
    Kind("over_limit", "no address for", "a client was given no address, for a limit of leases is reached"),
    Kind("told_what_to_boot", "told what to boot", "a machine was told what to boot, beside a server that gives the addresses"),
    Kind("boot_begun", "boot begun", "a machine is being sent a file by TFTP or HTTP"),
    Kind("boot_finished", "boot finished", "it has the file"),
    Kind("boot_failed", "boot failed", "it did not get the file"),
    Kind("asked", "asked", "somebody has changed something at the prompt"),
    Kind(SERVING, SERVING, "what is served where is another: an interface came, went or changed, or the configuration did"),
    Kind(WAITING, WAITING, "something that is to be served is not there"),
    Kind(ALARM, "", "something is wrong that somebody should do something about: any of what follows"),
    Kind(ALARM_OVER, "", "one of these is over"),
    *(Kind(kind.replace(" ", "_"), kind, words) for kind, words in ALARMS.items()),
    *(Kind(f"{kind}{OVER}".replace(" ", "_"), f"{kind}{OVER}", "that is over") for kind in ALARMS),
)
"""The kinds that there are, by names that stay."""
USUAL = (BOUND, RENEWED, "released", "expired", "declined")
"""What becomes of leases."""


class Field(NamedTuple):
    """A field of a happening: its name, the type of its value for editors, and what it is."""

    name: str
    type: str
    words: str


FIELDS: tuple[Field, ...] = (
    Field("kind", "str", "what has happened: one of the names above"),
    Field("time", "float", "when, in seconds of the epoch"),
    Field("address", "str", "the address that it is about"),
    Field("mac", "str", "the client's hardware address, such as 02:00:00:00:99:07"),
    Field("hostname", "str", "the name that the client was given, else the one that it sent"),
    Field("sent_hostname", "str", "the name that the client sent, where it was given another one"),
    Field("client_id", "bytes", "the client identifier that its lease is by (option 61)"),
    Field("subnet", "str", "the network of the address, such as 10.0.0.0/24"),
    Field("expires", "float", "when the lease ends, in seconds of the epoch; without an end never, and inf for on_event()"),
    Field("relay", "str", "the address of the relay agent that the client is behind"),
    Field("circuit_id", "bytes", "what the relay agent calls the client's port (option 82, suboption 1)"),
    Field("remote_id", "bytes", "what it calls itself, or the client's end of the line (suboption 2)"),
    Field("subscriber_id", "bytes", "what it calls the subscriber (suboption 6)"),
    Field("note", "str", "what else there is to say, in words: of an alarm what is wrong, of a refusal why"),
    Field("old_address", "str", "bound: the address that the client had last, if it was another one"),
    Field("old_mac", "str", "bound and renewed: whose the address was before: hardware address,"),
    Field("old_client_id", "bytes", "client identifier,"),
    Field("old_hostname", "str", "name,"),
    Field("old_expires", "float", "and when that lease would have ended or has ended"),
)
"""The fields that there are. A happening has those of which something is known."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What has happened. A field of which nothing is known is None."""

    kind: str
    time: float
    address: str | None = None
    mac: str | None = None
    hostname: str | None = None
    sent_hostname: str | None = None
    client_id: bytes | None = None
    subnet: str | None = None
    expires: float | None = None
    relay: str | None = None
    circuit_id: bytes | None = None
    remote_id: bytes | None = None
    subscriber_id: bytes | None = None
    note: str | None = None
    old_address: str | None = None
    old_mac: str | None = None
    old_client_id: bytes | None = None
    old_hostname: str | None = None
    old_expires: float | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the client sent with the message that brought it about: options by name, as people write them."""

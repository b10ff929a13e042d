"""Updates sent to a DNS server, by dnspython: by UDP, and by TCP where that is not answered or was cut short.

A `Refusal` is a response code that no rule of `plan.py` expects, for one matter; a `Trouble` is that of a server, which every
other matter of the zone would meet as well. Both say what to do about it. What a server says without its signature, where it
has a key, is believed only where it is a refusal.
"""

import asyncio
import errno
import os
import socket
from functools import lru_cache
from typing import Any

import dns.asyncquery
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import dns.update

from pydhcpd.policy.dns.keys import Tsig
from pydhcpd.policy.dns.zone import DnsZone, Server, server_text
from pydhcpd.services.dns.dhcid import wire_name
from pydhcpd.services.dns.plan import (
    ANY,
    FORMERR,
    NOERROR,
    NOTAUTH,
    NOTIMP,
    NOTZONE,
    NXDOMAIN,
    NXRRSET,
    REFUSED,
    SERVFAIL,
    YXDOMAIN,
    YXRRSET,
    A,
    Record,
    Update,
)

BY_UDP, BY_TCP = 2.0, 3.0  # seconds for which an answer is waited for
UNSIGNED = "requires a TSIG"  # what newer versions of dnspython say of it; older ones leave it to us
EXPECTED = frozenset({NOERROR, NXDOMAIN, YXDOMAIN, YXRRSET, NXRRSET})


class Refusal(Exception):
    """A server does not want this."""


class Trouble(Exception):
    """A server cannot be told anything."""


async def send(zone: DnsZone, update: Update, ttl: int) -> int:
    """The response code of the first server that takes the update. Raises Refusal, or Trouble with that of each."""
    troubles = []
    for server in zone.servers:
        try:
            return await _send_to(server, zone, update, ttl)
        except Trouble as trouble:
            troubles.append(str(trouble))
    raise Trouble("; ".join(troubles))


async def holder(zone: DnsZone, name: str) -> bytes | None:
    """The DHCID of a name, or None where it has none, or that cannot be told."""
    query = dns.message.make_query(_name(name), dns.rdatatype.DHCID)
    query.flags &= ~dns.flags.RD
    for server in zone.servers:
        try:
            answer = await dns.asyncquery.udp(query, server[0], BY_UDP, server[1], ignore_unexpected=True)
            return next((bytes(one.data) for rrset in answer.answer for one in rrset if one.rdtype == dns.rdatatype.DHCID), b"")
        except (OSError, EOFError, dns.exception.DNSException):
            continue
    return None


async def _send_to(server: Server, zone: DnsZone, update: Update, ttl: int) -> int:
    message = _message(zone, update, ttl)
    shown = server_text(*server)
    key = f"the key {zone.key.name}" if zone.key is not None else "our address"
    try:
        answer = await _answer(message, server)
    except dns.exception.Timeout:
        raise Trouble(f"{shown} does not answer") from None
    except dns.tsig.PeerBadKey:
        raise Trouble(f"{shown} does not know {key}, or does not let it update (BADKEY); see that name and algorithm are the "
                      "same there") from None
    except (dns.tsig.PeerBadSignature, dns.tsig.BadSignature):
        raise Trouble(f"{shown} has another secret for {key} (BADSIG)") from None
    except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
        raise Trouble(f"{shown} has another time of day (BADTIME); let both keep it by NTP") from None
    except OSError as error:
        raise Trouble(f"{shown} cannot be reached: {_reason(error)}") from None
    except EOFError:
        raise Trouble(f"{shown} does not answer") from None
    except dns.exception.DNSException as error:
        if UNSIGNED in str(error):
            raise _unsigned(shown, zone, key) from None
        raise Trouble(f"{shown} answers what is no answer: {error or type(error).__name__}") from None
    code = int(answer.rcode())
    if code in EXPECTED:
        if zone.key is not None and not answer.had_tsig:
            raise _unsigned(shown, zone, key)
        return code
    raise _failure(code, shown, zone, key)


def _unsigned(shown: str, zone: DnsZone, key: str) -> Trouble:
    return Trouble(f"{shown} does not sign its answers with {key}, so they are not believed; see that it takes updates of "
                   f"{zone.name} (its log)")


def _failure(code: int, shown: str, zone: DnsZone, key: str) -> Refusal | Trouble:
    name = dns.rcode.to_text(dns.rcode.Rcode(code))
    if code == REFUSED:
        return Refusal(f"{shown} refuses it (REFUSED); let {key} update {zone.name} there (BIND: update-policy or "
                       "allow-update; Knot: acl)")
    if code == NOTAUTH:
        return Trouble(f"{shown} is not the primary server of {zone.name} (NOTAUTH); name the one that is")
    if code in (SERVFAIL, NOTIMP):
        return Trouble(f"{shown} fails ({name}); see its log")
    if code == NOTZONE:
        return Refusal(f"{shown} has the name in another zone than {zone.name} (NOTZONE); name that in dns_zones")
    return Refusal(f"{shown} does not take it ({name}{'; see its log' if code == FORMERR else ''})")


async def _answer(message: Any, server: Server) -> Any:
    address, port = server
    try:
        return await dns.asyncquery.udp(message, address, BY_UDP, port, ignore_unexpected=True, raise_on_truncation=True)
    except (dns.exception.Timeout, dns.message.Truncated):
        return await dns.asyncquery.tcp(message, address, BY_TCP, port)


def _reason(error: OSError) -> str:
    if isinstance(error, asyncio.TimeoutError) or error.errno is None:
        return str(error) or type(error).__name__
    return os.strerror(error.errno) + ("; nobody listens there" if error.errno == errno.ECONNREFUSED else "")


def _message(zone: DnsZone, update: Update, ttl: int) -> Any:
    message = dns.update.UpdateMessage(_name(zone.name), keyring=None if zone.key is None else _key(zone.key))
    for one in update.present:
        message.present(_name(one.owner), *_what(one))
    for one in update.absent:
        message.absent(_name(one.owner), *_what(one))
    for one in update.deleted:
        message.delete(_name(one.owner), *_what(one))
    for one in update.added:
        message.add(_name(one.owner), ttl, *_what(one))
    return message


def _what(record: Record) -> list[Any]:
    """What dnspython is told of a record besides whose it is."""
    if record.type == ANY:
        return []
    if record.data is None:
        return [record.type]
    return [_rdata(record.type, record.data)]


def _rdata(kind: str, data: str | bytes) -> Any:
    wire = data if isinstance(data, bytes) else socket.inet_aton(data) if kind == A else wire_name(data)
    return dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.from_text(kind), wire, 0, len(wire))


@lru_cache(16)
def _key(key: Tsig) -> Any:
    algorithm = dns.tsig.HMAC_MD5 if key.algorithm == "hmac-md5" else _name(key.algorithm)
    return dns.tsig.Key(_name(key.name), key.secret, algorithm)


@lru_cache(256)
def _name(text: str) -> Any:
    """A name as dnspython has it: each is needed several times for a message."""
    return dns.name.from_text(f"{text}.")

"""What the configuration lets option 82 decide of clients on our own links, where no relay agent gives its address with it.

A snooping switch adds the option so, and a client could. Owns the note of `-check` about it; knows no sockets.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.policy.conditions import condition_of
from pydhcpd.policy.network import Network
from pydhcpd.policy.scope import Scope
from pydhcpd.serving import Serving

MOST_NAMED = 3  # rules of a kind, and places; more are counted
GIADDR, IDENTITY, TRUST = "giaddr", "client_identity", "trust_relay_information"


def relay_notes(configuration: DHCPServerConfiguration, serve: Callable[[], Serving]) -> list[str]:
    """A note, if any rule for clients on our own links reads what switches say there, and that is believed.

    `serve` works out what is served on the links of the moment, and is called only where there is such a rule anywhere.
    """
    classes = _classes(configuration)
    if not classes and not any(one.relay for one in configuration.hosts) and not configuration.sets(IDENTITY):
        return []
    serving = serve()
    places, networks = _near(serving) if any(link.network for link in serving.links.values()) else _perhaps_near(serving)
    scopes = [network.scope for network in networks] or ([] if serving.policy.networks else [configuration.scope])
    scopes = [scope for scope in scopes if scope.settings.get(TRUST, True)]
    rules = [*_identities(configuration, scopes), *_few(classes, "classes"), *_few(_hosts(configuration, networks), "hosts")]
    if not scopes or not rules:
        return []
    return [f"option 82 is believed of clients on {', '.join(_few(places, 'links')) or 'our own links'}, for a snooping switch "
            f"adds it without a relay agent's address, and it decides over {', '.join(rules)}; where switches do not drop "
            f"what clients put in themselves, set {TRUST} = False"]


def _near(serving: Serving) -> tuple[list[str], list[Network]]:
    """Our links that have a network and trust, in words, and the networks there."""
    links = [(link, link.network) for link in serving.links.values() if link.network is not None and link.network.trusts_relay]
    return ([f"{link.name} ({network})" for link, network in links],
            [one for _, network in links for one in serving.policy.networks.segment_of[network.base].networks])


def _perhaps_near(serving: Serving) -> tuple[list[str], list[Network]]:
    """The same where no link is there yet: every network that is not said to lie behind a relay agent may be on one."""
    networks = [one for one in serving.policy.networks if one.trusts_relay and not one.relays]
    return [str(one) for one in networks], networks


def _reads(configuration: DHCPServerConfiguration, names: Iterable[str]) -> bool:
    return any(name != GIADDR and configuration.fields.reads_relay(name) for name in names)


def _identities(configuration: DHCPServerConfiguration, scopes: Iterable[Scope]) -> Iterable[str]:
    """Where `client_identity` is set to fields of the relay's, each place once."""
    return dict.fromkeys(f"{IDENTITY} ({scope.origins[IDENTITY][1]})" for scope in scopes
                         if _reads(configuration, scope.settings.get(IDENTITY, ())))


def _classes(configuration: DHCPServerConfiguration) -> list[str]:
    found = []
    for one in configuration["classes"]:
        names = () if one.condition is None else condition_of(one.condition).names()
        if _reads(configuration, chain(names, () if one.lease_limit_per is None else (one.lease_limit_per,))):
            found.append(f"class {one.name!r} ({configuration.file}:{one.line})")
    return found


def _hosts(configuration: DHCPServerConfiguration, networks: Sequence[Network]) -> list[str]:
    """Hosts that are known by what a relay says of them, and not by its address."""
    found = []
    for one in configuration.hosts:
        names = [name for name, _ in one.relay]
        is_here = not one.ips or not networks or any(ip in network for ip in one.ips for network in networks)
        if names and "relay" not in names and is_here:
            found.append(f"{one} ({one.place if one.file else f'{configuration.file}:{one.line}'})")
    return found


def _few(found: Sequence[str], words: str) -> Iterator[str]:
    yield from found[:MOST_NAMED]
    if len(found) > MOST_NAMED:
        yield f"{len(found) - MOST_NAMED} more {words}"

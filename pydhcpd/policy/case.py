"""`Case`: one request and what policy has found about it; and the steps that find it, in the order in which they are taken.

    find_network    which subnet and segment: 82.5, else 118, giaddr, ciaddr, the interface   (always)
    accept          the function of the file may drop the request
    find_host       which reservation, by every identifier
    identify        the function of the file may compute one instead
    classify        which classes: by conditions, by the host, by the function of the file
    permit          which pools, by `allow` and `deny`
    choose          the function of the file may change which of them, and in which order
    limit           which limits of leases count for it

Each step takes the rules and the case, and leaves what it found in the case. Those that nothing in the configuration asks
for are not among the steps of its policy, so that they cost nothing.
"""

from collections.abc import Callable, Sequence

from pydhcpd.errors import Ignored, Unserved
from pydhcpd.policy.functions import Circumstances, RequestView
from pydhcpd.policy.network import Network, Places, Pool, Segment, may, places_of, tags_of
from pydhcpd.policy.network_index import NetworkIndex
from pydhcpd.policy.reservation import Reservation
from pydhcpd.policy.rules import Rules
from pydhcpd.wire.packet import Request
from pydhcpd.wire.relay import link_selection

LINK_SELECTION, SUBNET_SELECTION = 5, 118
FOR_RELAYS = "add a subnet that holds the relay agent's address, or list it in relays=[...] of one"
FOR_LINKS = "add a subnet that holds an address of the interface, or name the interface in interface=... of one"
FOR_SELECTIONS = "add a subnet that holds the address that option 118, or suboption 5 of 82, names"
FOR_NOBODY = "no relay agent has such an address: look for who sends it"
NONE: tuple[tuple[Pool, ...], Places] = (), {}


class Case:
    """One request, and what policy knows of it.

    `lease` is the address that the client has or had (host byte order, 0: none), `time` in seconds by the ledger, and `wall` by
    the wall clock, for functions of the file: who runs the steps puts them in before. `reserved` is the address that the host
    may have in this segment, 0 for none, and `is_computed` tells that the host was made up for this request. `by_selection`:
    option 118 chose the subnet.
    """

    __slots__ = ("by_selection", "classes", "is_computed", "lease", "limits", "network", "places", "pools", "request",
                 "reservation", "reserved", "segment", "time", "view", "wall")

    request: Request | None
    segment: Segment
    network: Network
    by_selection: bool
    time: float
    wall: float
    lease: int
    reservation: Reservation | None
    is_computed: bool
    reserved: int
    classes: tuple[str, ...]
    pools: tuple[Pool, ...]
    places: Places
    limits: Sequence[tuple[str, int]]
    view: RequestView | None


def find_network(networks: NetworkIndex, case: Case, request: Request, local: Network | None) -> None:
    """The subnet of a request; `local` is that of the link it came in on. Raises Ignored where none is served.

    Option 118 and suboption 82.5 name an address of the subnet to serve and no other, whatever giaddr says (RFC 3011,
    RFC 3527: the latter beats the former); the reply goes to giaddr all the same, so that must be a host's address. A
    unicast renewal may have come over routers, so its own address tells more than the link.
    """
    case.by_selection = False
    network = local
    if request.giaddr:
        network = networks.of_relay(request.giaddr)
        selected = link_selection(request.relay) if LINK_SELECTION in request.relay else 0
        if SUBNET_SELECTION in request.options and not selected:
            selected = _selected(case, request)
        if selected:
            network = networks.of(selected) if network is not None or networks.may_be_host(request.giaddr) else None
    elif SUBNET_SELECTION in request.options and (selected := _selected(case, request)):
        network = networks.of(selected)
    elif request.ciaddr and request.unicast:
        network = networks.of(request.ciaddr) or network
    if network is None:
        raise Unserved("of a network that is not served", _remedy(networks, request))
    case.network, case.segment = network, networks.segment_of[network.base]


def _remedy(networks: NetworkIndex, request: Request) -> str:
    """What an administrator may do about a request that no network fits."""
    if request.giaddr and not networks.may_be_host(request.giaddr):
        return FOR_NOBODY
    if request.address(SUBNET_SELECTION) or (request.giaddr and link_selection(request.relay)):
        return FOR_SELECTIONS
    return FOR_RELAYS if request.giaddr else FOR_LINKS


def _selected(case: Case, request: Request) -> int:
    """The address that option 118 names; 0 where it is of another length than an address."""
    selected = request.address(SUBNET_SELECTION)
    case.by_selection = selected != 0
    return selected


def start(rules: Rules, case: Case) -> None:
    """What holds before any step was taken."""
    case.reservation, case.is_computed, case.reserved = None, False, 0
    case.classes = case.limits = ()
    case.view = None
    case.pools, case.places = case.segment.open_pools if rules.is_plain else NONE


def accept(rules: Rules, case: Case) -> None:
    """Raises Ignored where accept() of the file says no."""
    if rules.functions.accept is not None and not rules.functions.accept(view_of(rules, case)):
        raise Ignored("not accepted by accept()")


def find_host(rules: Rules, case: Case) -> None:
    """The reservation of the client: the one with an address in this segment, by whichever identity; else the most exact."""
    request = case.request
    assert request is not None
    for hosts in rules.reservations.of(request):
        host, ip = _in_segment(case.segment, hosts)
        if ip or host.ignore or case.reservation is None:
            case.reservation, case.reserved = host, ip
        if ip or host.ignore:
            break
    request.known = case.reservation is not None
    if case.reservation is not None and case.reservation.ignore:
        raise Ignored("from a host that is configured to be ignored")


def _in_segment(segment: Segment, hosts: Sequence[Reservation]) -> tuple[Reservation, int]:
    """Of the hosts of one identity the one with an address in a segment, and that address; else one without any, and 0."""
    for one in hosts:
        for ip in one.ips:
            if segment.network_of(ip) is not None:
                return one, ip
    return next((one for one in hosts if not one.ips), hosts[0]), 0


def identify(rules: Rules, case: Case) -> None:
    """The reservation that identify() of the file computes, in place of a listed one."""
    request = case.request
    assert request is not None and rules.functions.identify is not None
    made = rules.functions.identify(view_of(rules, case))
    if made is None:
        return
    if made.ignore:
        raise Ignored("from a host that is configured to be ignored")
    request.known = True
    case.reservation, case.is_computed = made, True
    case.reserved = next((ip for ip in made.ips if _may_be_computed(case, ip)), 0)


def _may_be_computed(case: Case, ip: int) -> bool:
    network = case.segment.network_of(ip)
    return network is not None and ip not in network.never


def classify(rules: Rules, case: Case) -> None:
    """The classes of the client, in the order in which the file defines them."""
    request = case.request
    assert request is not None
    classifier, more = rules.classifier, rules.functions.classify
    names = () if classifier.is_empty else classifier.of(request, lambda: view_of(rules, case))
    if case.reservation is not None and case.reservation.classes:
        names = classifier.joined(names, case.reservation.classes)
    case.classes = names
    case.view = None  # it is to show the classes from now on
    if more is not None:
        case.classes = classifier.joined(names, more(view_of(rules, case)))
        case.view = None


def permit(rules: Rules, case: Case) -> None:  # noqa: ARG001  # all steps have one signature
    """The pools that are open to the client. A reservation is free of its pool's limits, not of its subnet's."""
    request, segment = case.request, case.segment
    assert request is not None
    if segment.is_open:
        case.pools, case.places = segment.open_pools
        return
    case.pools, case.places = segment.pools(case.classes, request.known)
    if case.reserved:
        network = segment.network_of(case.reserved)
        if network is None or not may(network, tags_of(case.classes, request.known)):
            case.reserved = 0


def choose(rules: Rules, case: Case) -> None:
    """The pools that choose() of the file picks, in its order."""
    assert rules.functions.choose is not None
    case.pools = tuple(rules.functions.choose(view_of(rules, case), case.pools))
    case.places = places_of(case.pools)


def limit(rules: Rules, case: Case) -> None:
    """The limits of leases that count for the client."""
    assert case.request is not None
    if case.classes:
        case.limits = rules.classifier.limits(case.classes, case.request)


Step = Callable[[Rules, Case], None]


def view_of(rules: Rules, case: Case) -> RequestView:
    """What the functions of the file see of the request."""
    if case.view is None:
        assert case.request is not None
        circumstances = Circumstances(case.wall, case.network, case.classes, case.lease)
        case.view = RequestView(case.request, rules.fields, circumstances)
    return case.view



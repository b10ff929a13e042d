"""`ProxyTransaction`: what machines are told to boot where another server gives them their addresses (PXE 2.1, chapter 2).

    message            how it is told                     answer
    DISCOVER           60 = PXEClient or HTTPClient       OFFER without an address: what to boot, or a menu; to everyone
    REQUEST            an item of our menu in 43.71       ACK: the item's boot file
    others             on port 67                         none: they are for the server that gives the addresses
    REQUEST, INFORM    on port 4011                       ACK: the item's boot file; without an item the same as the OFFER

The last line holds as well where we give the addresses ourselves: with a menu the machine asks for the item's file. Nothing is
stored, and nobody is refused.
"""

from dataclasses import replace

from pydhcpd.delivery import Route, to_asker, to_everyone, to_relay
from pydhcpd.errors import Ignored
from pydhcpd.leases.host_database import HostDatabase
from pydhcpd.policy.boot.answer import ETHERBOOT, OF_BOOTING, VENDOR, Client, Netboot, kind_of
from pydhcpd.policy.terms import SERVER_IDENTIFIER, Terms
from pydhcpd.probes import Probes
from pydhcpd.serving import Serving
from pydhcpd.transaction import CLIENT_FQDN, DECISIONS, DHCPTransaction, sent_name
from pydhcpd.wire.packet import ACK, BROADCAST_FLAG, DISCOVER, INFORM, OFFER, REQUEST, Request
from pydhcpd.wire.pxe import LOCAL, THIS_FILE, boot_item, encode_item


class ProxyTransaction(DHCPTransaction):
    """A transaction of a server of which another gives the addresses, in all of its networks or in some."""

    __slots__ = ()

    def answer(self, serving: Serving, hosts: HostDatabase, now: float, probes: Probes | None = None,
               moment: float = 0.0) -> None:
        """Decide. Raises Ignored where nothing comes of the request."""
        self.probes, self.moment, self.wait, self.question = probes, moment, 0.0, None
        request = self._prepare(serving, hosts, now)
        if self.network.is_proxy:
            self._answer_beside_another(request)
        else:
            DECISIONS[request.kind](self, request)

    def _answer_beside_another(self, request: Request) -> None:
        if request.kind == DISCOVER and SERVER_IDENTIFIER in request.options:
            raise Ignored("DISCOVER with a server identifier")
        if request.kind == DISCOVER and request.giaddr:
            request.flags |= BROADCAST_FLAG  # a relay agent has no other way to a client of which it hears no address
            self._tell_what_to_boot(request, OFFER, to_relay(request, self.link.vrf))
        elif request.kind == DISCOVER:
            self._tell_what_to_boot(request, OFFER, to_everyone(self.link))
        elif request.kind == REQUEST and request.source and boot_item(request.options.get(VENDOR, b"")):
            self._tell_what_to_boot(request, ACK, to_asker(request, self.link))
        else:
            raise Ignored("for the server that gives the addresses")

    def answer_boot_request(self, request: Request, serving: Serving, hosts: HostDatabase, now: float) -> None:
        """Decide about what came to port 4011. Raises Ignored where nothing comes of it."""
        if request.kind not in (REQUEST, INFORM):
            raise Ignored("no message for a boot server")
        if not request.source:
            raise Ignored("to the boot server from no address")
        self.receive(request, serving, hosts)
        self._prepare(serving, hosts, now)
        self._tell_what_to_boot(request, ACK, to_asker(request, self.link))

    def _tell_what_to_boot(self, request: Request, kind: int, route: Route) -> None:
        """An OFFER or ACK of boot values alone. Raises Ignored where there are none for the client."""
        terms = self.serving.policy.terms_of(self, request.ciaddr)
        client, file = self._client(request, terms)
        if not client.vendor or not client.options(file):
            raise Ignored("of a client that there is nothing to boot for")
        request.options.pop(CLIENT_FQDN, None)  # who gives the address answers that
        self._encode(request, kind, 0, 0, request.ciaddr if kind == ACK else 0, _of_booting(terms, client, file))
        self.route = route
        self._tell(request, "told what to boot", request.ciaddr, file.decode(errors="backslashreplace") or "a menu")

    def _client(self, request: Request, terms: Terms) -> tuple[Client, bytes]:
        """The client, and its boot file; if it has chosen an item of its menu, that of the item."""
        ours = self.link.server if request.giaddr else self.source
        netboot, item = _chosen(terms, request)
        client, file, trouble = netboot.answer(kind_of(request), request, ours, request.ciaddr,
                                               terms.name or sent_name(request), self._words_of(request.ciaddr))
        if trouble:
            self.serving.policy.tell_of(request, trouble, self.time)
        return client._replace(server=client.server or ours, menu=item + THIS_FILE if item else client.menu), file


def kind_of_transaction(serving: Serving) -> type[DHCPTransaction]:
    """Of which kind the transactions are: where no other server gives addresses they know nothing of one."""
    return ProxyTransaction if serving.has_proxies else DHCPTransaction


def _chosen(terms: Terms, request: Request) -> tuple[Netboot, bytes]:
    """What is configured for the client, or for the item of its menu that it has chosen, which is echoed. Raises Ignored."""
    if terms.netboot is None:
        raise Ignored("of a client that there is nothing to boot for")
    kind, layer = boot_item(request.options.get(VENDOR, b"")) or (LOCAL, 0)
    if kind == LOCAL:
        return terms.netboot, b""
    item = terms.netboot.menu.item_of(kind) if terms.netboot.menu is not None else None
    if item is None:
        raise Ignored("asks for an item that is not in its menu")
    if layer:
        raise Ignored("asks for a further layer of an item, or its credentials; there is one file")
    return terms.netboot.of_item(item), encode_item(kind, layer)


def _of_booting(terms: Terms, client: Client, file: bytes) -> Terms:
    """The terms for the client, with what concerns booting alone. A proxy does not say that iPXE need not wait for one."""
    made = terms.for_client(client, file)
    options = {code: value for code, value in made.options.items() if code in OF_BOOTING and code != ETHERBOOT}
    if ETHERBOOT in terms.options:
        options[ETHERBOOT] = terms.options[ETHERBOOT]
    return replace(made, options=options, only_if_asked={}, always_send=frozenset(options), _remembered={}, _booting={})

"""Routes: what option 121 must hold besides what was configured, and who gets it under another number.

RFC 3442: a client that takes classless routes ignores the router option. So where both are set, the default route has to be
among the classless ones too. Windows has option 121 under the number 249 as well ([MS-DHCPE] 2.2.8, the same form); XP
knows no other, and later ones ask for both.
"""

from collections.abc import Mapping

from pydhcpd.errors import MalformedPacket
from pydhcpd.wire.codecs import ADDRESS, ROUTES

ROUTER, CLASSLESS_ROUTES, MICROSOFT_ROUTES = 3, 121, 249
DEFAULT = "0.0.0.0/0"


def completed(options: Mapping[int, bytes]) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """The options of a scope by code, with a default route in 121; and those that go out only where option 55 lists them."""
    complete = dict(options)
    routes = complete.get(CLASSLESS_ROUTES)
    if routes is None:
        return complete, {}
    complete[CLASSLESS_ROUTES] = routes = _with_default(routes, complete.get(ROUTER, b"")[:4])
    return complete, {} if MICROSOFT_ROUTES in complete else {MICROSOFT_ROUTES: routes}


def _with_default(routes: bytes, router: bytes) -> bytes:
    """The routes with the default one at the end, by the first router, if there is a router and no such route yet."""
    if len(router) < 4:
        return routes
    try:
        has_default = any(destination == DEFAULT for destination, _ in ROUTES.decode(routes))
    except MalformedPacket:
        return routes  # set as raw bytes: the administrator's own affair
    return routes if has_default else routes + ROUTES.encode([(DEFAULT, ADDRESS.decode(router))])

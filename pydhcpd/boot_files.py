"""Whether the files that machines are told to boot can be had: notes of `-check`, and of a start.

Who asks is the user that the daemon becomes: what that one may read is what counts. Names that hold something of the client
(`{mac}`) cannot be looked for, nor those that lie on another server. Roots themselves are looked at by `process.roots`. Gives
nothing to anybody.
"""

import os
import time
from collections.abc import Iterator
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import urlsplit

from pydhcpd.configuration.file import DHCPServerConfiguration
from pydhcpd.policy.boot.answer import is_ipxe
from pydhcpd.policy.boot.files import BootFile, is_url
from pydhcpd.policy.boot.menu import PxeMenu
from pydhcpd.policy.scope import Scope
from pydhcpd.policy.templates import Template
from pydhcpd.services.root import Refused, Root
from pydhcpd.wire.packet import FILE_SIZE

ROOTS = ("tftp_root", "http_root")
FILES = ("boot_file_name", "ipxe_script")
DOMAIN_NAME_SERVER = 6
LOCAL_FILE = "file"  # scheme of the only URLs that name no server
TFTP_SERVER_NAME = 66
MOST_NAMED = 20  # notes; more are counted


def boot_notes(configuration: DHCPServerConfiguration) -> list[str]:
    """What an administrator should know of the boot files, a line each. To be called as the user that serves them."""
    found = list(dict.fromkeys([*_of_names(configuration), *_of_loop(configuration)]))
    return found if len(found) <= MOST_NAMED else [*found[:MOST_NAMED], f"{len(found) - MOST_NAMED} more boot files are amiss"]


def _named(configuration: DHCPServerConfiguration) -> Iterator[tuple[Scope, str, Template, int]]:
    """Every name in every scope, the setting that it is in, and the server where the file is if that is another."""
    for scope in configuration.scopes():
        server = scope.settings.get("next_server") or configuration.scope.settings.get("next_server") or 0
        files: list[tuple[str, BootFile | None, int]] = [(name, scope.settings.get(name), server) for name in FILES]
        menu: PxeMenu | None = scope.settings.get("pxe_menu")
        files += [("pxe_menu", item.boot_file, item.server or server) for item in (menu.items if menu is not None else ())]
        yield from ((scope, name, template, where) for name, file, where in files if file is not None
                    for template in file.templates)


def _of_names(configuration: DHCPServerConfiguration) -> Iterator[str]:
    there = [name for name in ROOTS if configuration[name] is not None and os.path.isdir(configuration[name])]  # noqa: PTH112
    roots = [(name, Root(configuration[name])) for name in there]
    has_names = configuration.sets("proxy_dhcp") or any(  # where another server gives the addresses, it gives that too
        scope.options.get(DOMAIN_NAME_SERVER) for scope in configuration.scopes())
    is_served = any(configuration[name] is not None for name in ROOTS) or any(map(_names_server, configuration.scopes()))
    for scope, setting, template, server in _named(configuration):
        words = _written(configuration, scope, setting, template)
        if not is_served and not server and not is_url(template.text):
            yield f"{words}: nothing says from which server; set tftp_root, to serve it from here, or next_server"
        elif is_url(template.text):
            if not _server_of(template.text):
                yield f"{words} is a URL without a server; write it as http://192.0.2.1/ and the file's path there"
            elif not has_names and not template.fields and not _is_address(template.text):
                yield f"{words} has a name in it, which firmware looks up in DNS; set domain_name_server, or write an address"
        elif not template.fields:
            if len(template.text.encode()) >= FILE_SIZE:
                yield (f"{words} is too long for the field `file`, which holds {FILE_SIZE - 1} octets: firmware that reads no "
                       "option 67 boots nothing")
            if roots and not server:
                yield from _lacking(words, template.text, roots)


def _names_server(scope: Scope) -> bool:
    """Whether a scope says which server has the boot files."""
    return any(scope.settings.get(name) for name in ("next_server", "server_name")) or bool(scope.options.get(TFTP_SERVER_NAME))


def _written(configuration: DHCPServerConfiguration, scope: Scope, setting: str, template: Template) -> str:
    """The place of a name, and the name, for the beginning of a message."""
    where, place = scope.origins.get(setting, ("", str(configuration.file)))
    return f"{place}: {'' if where == 'global' else f'{where} '}{setting}: {template.text!r}"


def _lacking(words: str, name: str, roots: list[tuple[str, Root]]) -> Iterator[str]:
    """Why a file can be had from none of the roots."""
    reasons = []
    for setting, root in roots:
        try:
            root.open(name, time.monotonic()).close()
        except Refused as refused:
            reasons.append(f"{setting} ({root.path}): {refused}")
        else:
            return
    yield f"{words} cannot be had from {'; nor from '.join(reasons)}"


def _server_of(url: str) -> str:
    """What a URL says of the server; empty where that is nothing, or no server at all."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return parts.scheme if parts.scheme == LOCAL_FILE else parts.hostname or ""


def _is_address(url: str) -> bool:
    try:
        IPv4Address(_server_of(url))
    except AddressValueError:
        return False
    return True


def _of_loop(configuration: DHCPServerConfiguration) -> Iterator[str]:
    """That iPXE gets itself for a script; or nothing: all boot files are iPXE itself, and there is no script."""
    named = list(_named(configuration))
    for scope, setting, template, _ in named:
        if setting == "ipxe_script" and is_ipxe(template.text):
            yield (f"{_written(configuration, scope, setting, template)} is iPXE again, which would load itself for ever; name "
                   "the script that it is to run, unless one is built into it")
    if named and configuration.functions.finish is None and all(
            setting != "ipxe_script" and is_ipxe(template.text) for _, setting, template, _ in named):
        scope, setting, _, _ = named[0]
        place = scope.origins.get(setting, ("", str(configuration.file)))[1]
        yield (f"{place}: {setting} is iPXE, which gets no boot file then, or it would load itself for ever; set "
               "ipxe_script to what it is to run, unless a script is built into it")

"""Telling systemd how the service fares (sd_notify(3)); without systemd, nothing."""

import os
import socket


def notify(**fields: object) -> None:
    """Send fields such as READY=1 or STATUS="..." to the service manager, if there is one."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    message = "\n".join(f"{name}={str(value)[:4000]}" for name, value in fields.items())
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.connect(address)
            out.send(message.encode("utf-8", "backslashreplace"))
    except OSError:
        pass  # the service manager is away; serving goes on


def watchdog_interval() -> float | None:
    """In how many seconds the service manager wants to hear from us at the latest, or None."""
    try:
        if int(os.environ.get("WATCHDOG_PID", os.getpid())) != os.getpid():
            return None
        return int(os.environ["WATCHDOG_USEC"]) / 1e6
    except (KeyError, ValueError):
        return None

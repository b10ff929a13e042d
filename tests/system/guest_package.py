"""What is tried of the Debian package in the virtual machine of `guest.py -package`, where systemd is the process 1."""

from collections.abc import Callable
from pathlib import Path

from guest_trial import CABLE, CONFIGURATION, GOOD, TREE, journal, lease, run, shown, wait_for

FIRST, LATER = TREE / "packages/first.deb", TREE / "packages/later.deb"
UNIT = Path("/usr/lib/systemd/system/pydhcpd.service")
GIVEN = ["10.77.0.100", "10.77.0.1"]


def is_installed_and_neither_enabled_nor_started() -> None:
    """The configuration of the package is all comments."""
    run("dpkg", "-i", str(FIRST))
    assert run("systemctl", "is-enabled", "pydhcpd", check=False).stdout.strip() == "disabled"
    assert shown("ActiveState") == "inactive"
    assert run("getent", "passwd", "pydhcpd").stdout.split(":")[6].strip() == "/usr/sbin/nologin"


def serves_once_there_is_a_configuration() -> None:
    """As the user's manual says."""
    for line in CABLE.splitlines():
        run(*line.split())
    CONFIGURATION.write_text(GOOD)
    run("systemctl", "enable", "--now", "pydhcpd")
    wait_for(lambda: shown("ActiveState") == "active", "ready")
    assert lease() == GIVEN
    assert "10.77.0.100" in run("pydhcpd", "-ask", "hosts").stdout


def is_upgraded_while_it_runs() -> None:
    """The new one is another process, is enabled as before, and knows the leases."""
    before = shown("MainPID")
    run("dpkg", "-i", str(LATER))
    wait_for(lambda: shown("ActiveState") == "active" and shown("MainPID") not in ("0", before), "the restart")
    assert run("systemctl", "is-enabled", "pydhcpd").stdout.strip() == "enabled"
    assert CONFIGURATION.read_text() == GOOD
    assert "10.77.0.100" in run("pydhcpd", "-ask", "hosts").stdout
    assert lease() == GIVEN


def is_not_started_by_an_upgrade_where_it_was_stopped() -> None:
    """What an administrator stopped stays so."""
    run("systemctl", "stop", "pydhcpd")
    run("dpkg", "-i", "--force-downgrade", str(FIRST))
    assert shown("ActiveState") == "inactive"
    run("systemctl", "start", "pydhcpd")
    assert lease() == GIVEN


def stops_when_it_is_removed() -> None:
    """And leaves configuration and leases."""
    run("dpkg", "-r", "pydhcpd")
    assert shown("ActiveState") == "inactive"
    assert not UNIT.exists() and not Path("/usr/bin/pydhcpd").exists()
    assert CONFIGURATION.exists() and Path("/var/lib/pydhcpd/leases.db").exists()
    assert "all leases are stored" in journal()


def leaves_nothing_when_it_is_purged() -> None:
    """But the user."""
    run("dpkg", "-P", "pydhcpd")
    left = run("find", "/etc", "/var/lib", "/usr", "/run", "-name", "*pydhcpd*", "-not", "-path", "*/udev/*").stdout.split()
    assert left == [], left
    assert run("getent", "passwd", "pydhcpd").stdout


STEPS: tuple[Callable[[], None], ...] = (
    is_installed_and_neither_enabled_nor_started, serves_once_there_is_a_configuration, is_upgraded_while_it_runs,
    is_not_started_by_an_upgrade_where_it_was_stopped, stops_when_it_is_removed, leaves_nothing_when_it_is_purged)

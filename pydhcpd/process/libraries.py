"""Libraries that only some settings need: whether they are there, and what to do where they are not. None is loaded here."""

from importlib.util import find_spec

from pydhcpd.configuration.file import DHCPServerConfiguration

DNSPYTHON = "dns"
NO_DNSPYTHON = ("the DNS is not updated, for dnspython is not installed; run: pip install 'pydhcpd[ddns]', with the pip of the "
                "Python that runs pydhcpd; for Debian's own: apt install python3-dnspython")


def has_dnspython() -> bool:
    """Whether there is what the DNS is told by."""
    return find_spec(DNSPYTHON) is not None


def lack_of_libraries(configuration: DHCPServerConfiguration) -> list[str]:
    """What is not done for want of them, a line each."""
    zones = configuration.zones()
    if not zones or has_dnspython():
        return []
    return [f"{configuration.file or 'command line'}{f':{zones[0].line}' if zones[0].line else ''}: dns_zones: {NO_DNSPYTHON}"]

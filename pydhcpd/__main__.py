"""`pydhcpd`, and `python -m pydhcpd`."""

import signal
import sys


def run() -> int:
    """The program. A SIGHUP that comes before it can be obeyed waits until then, from as early on as can be."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    from pydhcpd.daemon import main
    return main()


if __name__ == "__main__":
    sys.exit(run())

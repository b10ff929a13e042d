"""`python -m pydhcpd`."""

import sys

from pydhcpd.daemon import main

sys.exit(main())

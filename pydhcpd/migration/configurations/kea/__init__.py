"""kea-dhcp4.conf: the configuration of Kea's DHCPv4 server, JSON with comments.

    {"Dhcp4": {"subnet4": [{"subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.99"}],
                            "option-data": [{"name": "routers", "data": "192.0.2.1"}]}]}}

`reader.py` reads it with the place of each member, `expressions.py` the tests of classes; `conversion.py` is where to begin.
"""

import re

from pydhcpd.migration.configurations.kea.conversion import convert_kea

BEGINS = re.compile(r'"(Dhcp4|Dhcp6|Control-agent|DhcpDdns|Netconf)"\s*:')

__all__ = ["BEGINS", "convert_kea"]

"""What of a .network file has no counterpart, and why; and what differs whatever is in the file."""

VERSION = "systemd 259"
OTHERWISE = {
    "PersistLeases": "leases are always kept",
    "LocalLeaseDomain": 'dns_name = ["{hostname}.DOMAIN"], with dns_files or dns_zones: pydhcpd-dns(7)',
    "RelayAgentCircuitId": "of a relay agent, which pydhcpd is not",
    "RelayAgentRemoteId": "of a relay agent, which pydhcpd is not",
    "UplinkInterface": "the servers are named, so that none is taken from an uplink",
    "EmitDomain": "name it: domain_name"}
LEFT = "not of its DHCP server; networkd goes on with it"
NOTES = (
    "networkd keeps the interface and its addresses; say DHCPServer=no there before pydhcpd is started",
    "networkd sends every option to every client; here a client gets those that it asks for (option 55), and where it says "
    "nothing all of them; always_send = [...] names options that go out unasked",
    "networkd gives clients behind a relay agent addresses of its own network; here each network is served from its own subnet",
    "networkd does not know the machine of a static lease by its hardware address where it sends an identifier of another "
    "kind (option 61); here it has its address whatever it sends",
    "networkd, from systemd 255 on, gives a lease at once to who asks for that (option 80); here with rapid_commit = True")

"""What is known of an interface in a VRF, from the kernel's words as pyroute2 hands them on: few kernels here have one."""

import pytest

from pydhcpd.net import interfaces


class Link(dict):
    """A message of rtnetlink."""

    def __init__(self, master, kind):
        super().__init__(index=4, ifi_type=1, flags=1)
        self.attributes = {"IFLA_IFNAME": "s0", "IFLA_ADDRESS": "02:77:00:00:00:04", "IFLA_MTU": 1500, "IFLA_MASTER": master}
        self.kind = kind

    def get_attr(self, name):
        return self.attributes.get(name)

    def get_nested(self, *names):
        assert names == ("IFLA_LINKINFO", "IFLA_INFO_SLAVE_KIND")
        return self.kind


@pytest.mark.parametrize(("master", "kind", "switch", "vrf", "is_closed"), [
    (9, "vrf", "0\n", 9, True), (9, "vrf", "1\n", 9, False), (9, "vrf", None, 9, False),
    (9, "bridge", "0\n", 0, False), (None, None, "0\n", 0, False)])
def test_the_vrf_of_an_interface_and_whether_the_kernel_keeps_its_requests(tmp_path, monkeypatch, master, kind, switch, vrf,
                                                                          is_closed):
    """Documentation/networking/vrf.rst of Linux: net.ipv4.udp_l3mdev_accept."""
    file = tmp_path / "udp_l3mdev_accept"
    if switch is not None:
        file.write_text(switch)
    monkeypatch.setattr(interfaces, "_ACCEPT_OF_VRFS", file)
    made = interfaces._interface(Link(master, kind), ())
    assert (made.vrf, made.vrf_is_closed) == (vrf, is_closed)

"""`Rules`: what the steps of `case` go by. Made with the policy, of which it is the part that decides who a client is."""

from pydhcpd.policy.classes import Classifier
from pydhcpd.policy.fields import Fields
from pydhcpd.policy.functions import Functions
from pydhcpd.policy.network_index import NetworkIndex
from pydhcpd.policy.reservation import ReservationIndex


class Rules:
    """Networks, hosts, classes, and the functions of the file. `is_plain`: no step has anything to do."""

    __slots__ = ("classifier", "fields", "functions", "is_plain", "networks", "reservations")

    def __init__(self, networks: NetworkIndex, reservations: ReservationIndex, fields: Fields, classifier: Classifier,
                 functions: Functions) -> None:
        self.networks = networks
        self.reservations = reservations
        self.fields = fields
        self.classifier = classifier
        self.functions = functions
        self.is_plain = False

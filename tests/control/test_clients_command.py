"""`clients` at the prompt: who has a lease, and how it asks."""

from test_boots_command import Session as Keeping

from pydhcpd.control.output import ClientRow, client_document
from pydhcpd.control.sources import Sources


def row(address="10.1.2.3", asks=None, words="", name="node1"):
    asks = {} if asks is None else asks
    return ClientRow(address, "02:00:00:00:99:07", "", name, bool(asks), asks, words)


class Session(Keeping):
    """One that keeps what it says; `sought` is what it asked for."""

    def __init__(self, *rows):
        super().__init__()
        self.sources = Sources()
        self.sources.clients = lambda words: (setattr(self, "sought", words), (iter(rows), lambda: len(rows)))[1]


def test_a_line_says_who_and_how_it_asks():
    session = Session(row(asks={55: "0103"}, words="parameter_request_list=1,3"), row("10.1.2.4", name="\x1b"))
    session.do_clients("10.1")
    assert session.sought == ["10.1"]
    assert [" ".join(line.split()) for line in session.lines] == [
        "address hardware address name asks by", "10.1.2.3 02:00:00:00:99:07 node1 parameter_request_list=1,3",
        "10.1.2.4 02:00:00:00:99:07 \\x1b not heard since the start"]


def test_a_screen_then_how_many_more_and_all():
    session = Session(*(row(f"10.1.0.{number}") for number in range(50)))
    session.do_clients("10.1")
    assert len(session.lines) == 22 and session.lines[-1] == "and 30 more: clients 10.1 all"
    session = Session(*(row(f"10.1.0.{number}") for number in range(50)))
    session.do_clients("10.1", "all")
    assert len(session.lines) == 51 and session.sought == ["10.1"]


def test_json_has_all_but_the_words():
    assert client_document(row(asks={55: "0103"}, words="x")) == {
        "address": "10.1.2.3", "hardware_address": "02:00:00:00:99:07", "client_identifier": "", "name": "node1",
        "is_heard": True, "asks": {55: "0103"}}

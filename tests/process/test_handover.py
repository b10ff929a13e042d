"""The program begun anew: the same process, with its ports, and with nothing told to its children."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pydhcpd.process import handover

PROGRAM = """\
import json, os, socket, sys
from pydhcpd.process.handover import HANDED, begin_anew, handed_ports
ports = handed_ports()
if not ports:
    udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.create_server(("127.0.0.1", 0))
    udp.bind(("127.0.0.1", 0))
    udp.setblocking(False)
    print(json.dumps([os.getpid(), udp.getsockname(), tcp.getsockname(), sys.argv]), flush=True)
    begin_anew({"udp": udp, "control prompt": tcp})
udp, tcp = ports["udp"], ports["control prompt"]
print(json.dumps([os.getpid(), udp.getsockname(), tcp.getsockname(), sys.argv]), flush=True)
print(json.dumps([udp.getblocking(), tcp.getblocking(), udp.get_inheritable(), tcp.get_inheritable(), HANDED in os.environ,
                  udp.type == socket.SOCK_DGRAM, handed_ports()]))
"""


def test_ports_words_and_process_stay(tmp_path: Path) -> None:
    """And each port is as it was: the one that never blocks, the one that does, and no child gets either."""
    program = tmp_path / "program"
    program.write_text(PROGRAM)
    done = subprocess.run([sys.executable, "-B", str(program), "-interface", "eth 1"], stdout=subprocess.PIPE, check=True,
                          env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    before, after, state = map(json.loads, done.stdout.splitlines())
    assert before == after and before[3][1:] == ["-interface", "eth 1"]
    assert state == [False, True, False, False, False, True, {}]


def test_what_was_handed_to_another_process_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a daemon starts something that inherits its environment."""
    monkeypatch.setenv(handover.HANDED, json.dumps({"process": os.getppid(), "ports": {"udp": 0}}))
    assert handover.handed_ports() == {}
    assert handover.HANDED not in os.environ


def test_root_keeps_what_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    """It becomes `user` in its own way, or stays root."""
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert not handover.was_given_capabilities()


@pytest.mark.parametrize(("permitted", "given"), [(0, False), (1 << 13, True)])
def test_another_user_was_given_what_it_may(monkeypatch: pytest.MonkeyPatch, permitted: int, given: bool) -> None:
    """CAP_NET_RAW is number 13 (linux/capability.h)."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(handover, "permitted_capabilities", lambda: permitted)
    assert handover.was_given_capabilities() is given

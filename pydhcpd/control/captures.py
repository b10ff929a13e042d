"""The command that captures what a client says."""

from typing import ClassVar

from pydhcpd.control.dispatch import Dispatcher, Refused
from pydhcpd.control.output import capture_line, stopped_capture_line

STOP = "stop"


class CaptureCommands(Dispatcher):
    """Part of the commands."""

    changing: ClassVar[frozenset[str]] = frozenset({"capture ..."})
    guarded: ClassVar[frozenset[str]] = frozenset({"capture"})

    def do_capture(self, who: str = "", file: str = "", seconds: str = "60") -> None:
        """write what a client says and is told into a file: capture MAC|ADDRESS FILE [SECONDS]
        It is a pcapng, for Wireshark, tshark and tcpdump, in the directory captures beside the lease database; FILE is its name
        alone. It ends by itself, after 60 seconds if none are given, or with 10 MB. Without any words: what is captured now.
        capture stop MAC|ADDRESS|FILE: end it now; capture stop all: end all
        example: capture 02:00:00:00:99:07 printer.pcapng 120"""
        if not who:
            self._show(self.server.sources.captures(), capture_line, lambda row: row._asdict())
        elif who.lower() == STOP:
            if not file:
                raise Refused("capture stop: name the client or the file, or all; what runs: capture")
            self._show(self.server.sources.stop_capture(file), stopped_capture_line, lambda row: row._asdict())
        elif not file:
            raise Refused("capture: name a file; type help capture")
        else:
            self._tell(self.server.sources.capture(who, file, seconds))

"""The table of a comparison: medians over the rounds, and ratios to Kea, as text and as Markdown."""

import os
import platform
import statistics
import subprocess
import time
from pathlib import Path

TO = "Kea"
NONE = "-"


class Table:
    """Values by row and server, one for each round."""

    def __init__(self, servers: list[str]) -> None:
        self.servers = servers
        self._values: dict[str, dict[str, dict[int, float]]] = {}  # row, server, round

    def add(self, label: str, server: str, turn: int, value: float | None) -> None:
        """Take in one value of a round; None makes the row alone."""
        row = self._values.setdefault(label, {})
        if value is not None:
            row.setdefault(server, {})[turn] = value

    def header(self) -> list[str]:
        """The words above the columns."""
        ratios = [f"{name} / {TO}" for name in self._compared()]
        return ["", *self.servers, *ratios]

    def rows(self) -> list[list[str]]:
        """The cells of each row as text."""
        return [[label, *(self._median(row, name) for name in self.servers),
                 *(self._ratio(row, name) for name in self._compared())] for label, row in self._values.items()]

    def _compared(self) -> list[str]:
        return [name for name in self.servers if name != TO] if TO in self.servers else []

    @staticmethod
    def _median(row: dict[str, dict[int, float]], name: str) -> str:
        values = row.get(name)
        return number(statistics.median(values.values())) if values else NONE

    @staticmethod
    def _ratio(row: dict[str, dict[int, float]], name: str) -> str:
        """The median of the ratios within each round, for machines differ from minute to minute."""
        ours, theirs = row.get(name, {}), row.get(TO, {})
        ratios = [ours[turn] / theirs[turn] for turn in ours if theirs.get(turn)]
        return f"{statistics.median(ratios):.2f}" if ratios else NONE

    def text(self) -> str:
        """The table in columns."""
        lines = [self.header(), *self.rows()]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join([line[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in
                         zip(line[1:], widths[1:], strict=True))]).rstrip() for line in lines)

    def markdown(self) -> str:
        """The table in Markdown."""
        header = self.header()
        lines = [header, ["---", *["---:"] * (len(header) - 1)], *self.rows()]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def number(value: float) -> str:
    """A number with as many places as matter."""
    if value == 0 or abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def machine(directory: Path) -> list[str]:
    """Lines on where the measuring was done; `directory` is where the servers had their files."""
    models = [line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
              if line.startswith("model name")]
    system = subprocess.run(["stat", "-f", "-c", "%T", str(directory)], capture_output=True, text=True, check=False)
    return [f"{time.strftime('%Y-%m-%d %H:%M %Z')}", f"{os.cpu_count()} x {models[0] if models else platform.machine()}",
            f"Linux {platform.release()}, files on {system.stdout.strip()}"]

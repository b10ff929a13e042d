"""A browser: Debian's Chromium without a window, in the network of a machine, and what people find there."""

import base64
import ctypes
import importlib.util
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab import CLONE_NEWNET, Machine, wait_until

WIDE, NARROW, HEIGHT = 1280, 400, 900
SCHEMES = ("light", "dark")
OPTIONS = ("--no-sandbox", "--headless=new", "--disable-dev-shm-usage", "--disable-background-networking",
           "--disable-component-update", "--no-first-run", "--hide-scrollbars")
SLOW = 30.0  # seconds, for what a browser shows on a busy machine


def reason_to_skip() -> str:
    """Why there can be no browser here; empty where there can."""
    if any(importlib.util.find_spec(name) is None for name in ("selenium", "axe_core_python")):
        return "selenium and axe-core-python are not installed: pip install '.[browser]'"
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return f"{' and '.join(missing)} not installed: apt-get install chromium chromium-driver" if missing else ""


@contextmanager
def inside(machine: Machine) -> Iterator[None]:
    """This thread, and whatever it starts, is in a machine's network."""
    with open("/proc/thread-self/ns/net") as ours, open(f"/proc/{machine.pid}/ns/net") as theirs:
        _enter(theirs.fileno())
        try:
            yield
        finally:
            _enter(ours.fileno())


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


@contextmanager
def browser_in(machine: Machine, directory: Path, base: str) -> Iterator["Browser"]:
    """A browser in the network of a machine, whose files are in a directory, for the page at `base`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for one in OPTIONS:
        options.add_argument(one)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})  # type: ignore[no-untyped-call]
    home = {name: str(directory) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR")}
    service = webdriver.ChromeService(shutil.which("chromedriver"), env={**os.environ, **home})
    with inside(machine):
        driver = webdriver.Chrome(options, service)
        try:
            yield Browser(driver, base)
        finally:
            driver.quit()


@contextmanager
def proxied(path: str, port: int) -> Iterator[int]:
    """A proxy that has all of a port of this machine below a path; its own port. It passes on what comes at once."""
    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            passed = HTTPConnection("127.0.0.1", port)
            passed.request("GET", f"/{self.path.removeprefix(path)}" if self.path.startswith(path) else "/nowhere")
            answer = passed.getresponse()
            self.send_response(answer.status)
            for name in ("Content-Type", "Content-Security-Policy"):
                self.send_header(name, answer.headers[name])
            self.end_headers()
            with suppress(OSError):
                while data := answer.read1(65536):
                    self.wfile.write(data)

        def log_message(self, format: str, *values: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


class Browser:
    """One window, and what it shows. `place` is what stands behind the # of the address."""

    def __init__(self, driver: Any, base: str) -> None:
        self.driver, self.base = driver, base
        self.size(WIDE)

    def size(self, width: int, scheme: str = "light", height: int = HEIGHT, media: str = "screen",
             forced_colors: str = "none") -> None:
        """Be so wide, and want light or dark, on a screen or on paper, or the colours of who reads; nothing moves."""
        self._tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self._tell("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"},
            {"name": "forced-colors", "value": forced_colors}])

    def _tell(self, command: str, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, parameters)

    def open(self, place: str, heading: str) -> None:
        """Load the page anew at a place, and wait for its heading."""
        self.driver.get("about:blank")
        self.driver.get(f"{self.base}{place}")
        self.wait_for("h1", heading)

    def run(self, script: str, *values: Any) -> Any:
        """What a script of ours returns."""
        return self.driver.execute_script(script, *values)

    def texts(self, selector: str) -> list[str]:
        """The text of each such element that is shown."""
        return self.run("return [...document.querySelectorAll(arguments[0])]"  # type: ignore[no-any-return]
                        ".filter(one => one.checkVisibility()).map(one => one.innerText)", selector)

    def text(self, selector: str) -> str:
        """What is shown of the first one; nothing where there is none."""
        return next(iter(self.texts(selector)), "")

    def wait_for(self, selector: str, words: str) -> str:
        """Wait until one of such elements shows some words; returns what it shows."""
        with suppress(AssertionError):
            return wait_until(lambda: next((one for one in self.texts(selector) if words in one), ""), "", SLOW)
        raise AssertionError(f"waited in vain for {words!r} in {selector}: {self.texts(selector)}")

    def wait_until(self, script: str, what: str) -> Any:
        """Wait until an expression of ours is true."""
        return wait_until(lambda: self.run(f"return {script}"), what, SLOW)

    def click(self, selector: str, words: str = "") -> None:
        """Click the first such element that shows some words."""
        self.wait_for(selector, words)
        self.run("return [...document.querySelectorAll(arguments[0])].find(one => one.innerText.includes(arguments[1]))",
                 selector, words).click()

    def press(self, *keys: str) -> None:
        """Press keys, one after the other."""
        from selenium.webdriver.common.action_chains import ActionChains
        for key in keys:
            ActionChains(self.driver).send_keys(key).perform()

    def type(self, selector: str, words: str) -> None:
        """Type into a field what is to stand there."""
        from selenium.webdriver.common.by import By
        field = self.driver.find_element(By.CSS_SELECTOR, selector)
        field.clear()
        field.send_keys(words)

    def focused(self) -> str:
        """What has the focus, in words."""
        return self.run("const one = document.activeElement; return one.innerText || one.id || one.tagName")  # type: ignore[no-any-return]

    def title(self) -> str:
        """That of the window."""
        return str(self.driver.title)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window, or a table than its box."""
        return self.run("return Math.max(document.documentElement.scrollWidth - innerWidth, ..."  # type: ignore[no-any-return]
                        "[...document.querySelectorAll('.box')].map(one => one.scrollWidth - one.clientWidth))")

    def console(self) -> list[str]:
        """What the console of the browser has been told since the last call: errors, and what the policy forbids."""
        return [one["message"] for one in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses of all that was asked for since the last call."""
        events = [json.loads(one["message"])["message"] for one in self.driver.get_log("performance")]
        return [one["params"]["request"]["url"] for one in events if one["method"] == "Network.requestWillBeSent"]

    def violations(self) -> list[str]:
        """What axe finds that keeps people out."""
        from axe_core_python.selenium import Axe
        found = Axe().run(self.driver)["violations"]
        return [f"{one['id']}: {one['help']}: {[node['html'] for node in one['nodes']]}" for one in found]

    def shoot(self, file: Path, width: int, scheme: str, **more: str) -> None:
        """A picture of all that is shown, as far down as it is of use."""
        self.size(width, scheme, max(HEIGHT, min(self.run("return document.documentElement.scrollHeight"), 2 * HEIGHT)), **more)
        file.write_bytes(base64.b64decode(self._tell("Page.captureScreenshot")["data"]))

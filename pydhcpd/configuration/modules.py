"""The modules that lie beside the configuration file: found, trusted and read anew as the file itself is.

They are as much the administrator's as the file: whoever changes one and reloads expects it to count, and whoever could
write one could run what he likes. So each must deserve the trust that the file must, is read from its source whatever was
compiled of it (which knows no changes within a second), and is forgotten before the file is run again. What lies below
its directory counts too; all other modules are Python's, and stay as they are.
"""

import hashlib
import importlib
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from pydhcpd.files import check_executable_configuration, read_executable_configuration

OURS = __name__.partition(".")[0]
INSTALLED = tuple(Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib"))
"""Where Python has its own, which may lie below the directory of the file: nothing there is the file's."""


@contextmanager
def modules_beside(file: Path) -> Iterator[None]:
    """Let the body import what lies in the directory of `file`, anew. Where it fails, what was imported before is back.

    The directory comes last on the path of modules, so that none of these stands in for one of Python's; it stays there,
    for functions of the file may import when they are called.
    """
    _FINDER.watch(file.absolute())
    before = _forget()
    importlib.invalidate_caches()
    try:
        yield
    except BaseException:
        _forget()
        sys.modules.update(before)
        raise
    finally:
        sys.path[:] = dict.fromkeys(sys.path)  # a file that adds to it does so at each reload


def fingerprint(file: Path, text: bytes) -> str:
    """A short text that is another one where the file, or a module beside it that is imported, is another."""
    found = hashlib.sha256(text)
    places = {place for module in list(sys.modules.values()) if (place := getattr(module, "__file__", None)) is not None
              and isinstance(place, str) and _FINDER.is_beside(Path(place).parent)}
    for place in sorted(places - {str(file)}):
        with suppress(OSError):
            found.update(Path(place).read_bytes())
    return found.hexdigest()


def _forget() -> dict[str, ModuleType]:
    """Take the modules that lie there, with all that is in them, out of those that are imported; returns them by name."""
    modules = dict(sys.modules)
    tops = {name for name, module in modules.items() if "." not in name and _FINDER.is_beside(_directory_of(module))}
    found = {name: module for name, module in modules.items() if name.partition(".")[0] in tops - {OURS}}
    for name in found:
        del sys.modules[name]
    return found


def _directory_of(module: ModuleType | None) -> Path | None:
    """Where a module lies that is not in a package, or a package with its files; None for what has none, such as builtins."""
    names = getattr(module, "__dict__", {})
    file, path = names.get("__file__"), names.get("__path__")
    if path is not None:
        return next((Path(one).parent for one in path if isinstance(one, str)), None)
    return Path(file).parent if isinstance(file, str) else None


class _Finder(MetaPathFinder):
    """Finds what Python would find by its path; of what lies beside a configuration file, only what can be trusted."""

    def __init__(self) -> None:
        self._directories: set[Path] = set()

    def watch(self, file: Path) -> None:
        """Let modules be imported from the directory of this file, by whatever name that is."""
        self._directories = {file.parent, file.parent.resolve(), file.resolve().parent}
        if str(file.parent) not in sys.path:
            sys.path.append(str(file.parent))
        if self not in sys.meta_path:
            at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
            sys.meta_path.insert(at, self)

    def is_beside(self, place: Path | None) -> bool:
        """Whether a directory is that of a file, or lies in it, and is not where Python has its own."""
        if place is None or not any(place.is_relative_to(one) for one in self._directories):
            return False
        return not any(place.resolve().is_relative_to(one) for one in INSTALLED)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None for what does not lie beside the file. Raises InvalidValue where it does and could be another's work."""
        top = name.partition(".")[0]
        if top == OURS or (path is not None and not self.is_beside(_directory_of(sys.modules.get(top)))):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not spec.has_location or spec.origin is None or not self.is_beside(Path(spec.origin).parent):
            return None
        check_executable_configuration(Path(spec.origin))
        if type(spec.loader) is SourceFileLoader:
            spec.loader, spec.cached = _FromSource(name, spec.origin), None
        return spec


class _FromSource(SourceFileLoader):
    """Reads the source, whatever was compiled of it before, and leaves nothing compiled behind."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(read_executable_configuration(Path(path)), path)
        return code


_FINDER = _Finder()

"""The modules that lie beside the configuration file: found, trusted and read anew as the file itself is.

They are as much the administrator's as the file: whoever changes one and reloads expects it to count, and whoever could
write one could run what he likes. So each must deserve the trust that the file must, is read from its source whatever was
compiled of it (which knows no changes within a second), and is forgotten before the file is run again. Packages beside the
file count with all that is in them; all other modules are Python's, and stay as they are.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from pydhcpd.files import check_executable_configuration

OURS = __name__.partition(".")[0]


@contextmanager
def modules_beside(file: Path) -> Iterator[None]:
    """Let the body import what lies in the directory of `file`, anew. Where it fails, what was imported before is back.

    The directory comes last on the path of modules, so that none of these stands in for one of Python's; it stays there,
    for functions of the file may import when they are called.
    """
    directory = str(file.absolute().parent)
    _FINDER.watch(directory)
    before = _forget(directory)
    importlib.invalidate_caches()
    try:
        yield
    except BaseException:
        _forget(directory)
        sys.modules.update(before)
        raise
    finally:
        sys.path[:] = dict.fromkeys(sys.path)  # a file that adds to it does so at each reload


def _forget(directory: str) -> dict[str, ModuleType]:
    """Take the modules that lie there, with all that is in them, out of those that are imported; returns them by name."""
    tops = {name for name, module in list(sys.modules.items()) if "." not in name and _directory_of(module) == directory}
    found = {name: module for name, module in list(sys.modules.items()) if name.partition(".")[0] in tops - {OURS}}
    for name in found:
        del sys.modules[name]
    return found


def _directory_of(module: ModuleType | None) -> str:
    """Where a module lies that is not in a package; empty where it has no file."""
    file = getattr(module, "__file__", None)
    path = file if isinstance(file, str) else next(iter(getattr(module, "__path__", ())), "") + "/__init__.py"
    place = Path(path)
    return str(place.parent.parent if place.name == "__init__.py" else place.parent)


class _Finder(MetaPathFinder):
    """Finds what Python would find by its path; of what lies beside a configuration file, only what can be trusted."""

    def __init__(self) -> None:
        self._directories: set[str] = set()

    def watch(self, directory: str) -> None:
        """Let modules be imported from there."""
        self._directories.add(directory)
        if directory not in sys.path:
            sys.path.append(directory)
        if self not in sys.meta_path:
            at = sys.meta_path.index(PathFinder) if PathFinder in sys.meta_path else len(sys.meta_path)
            sys.meta_path.insert(at, self)

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """None for what does not lie beside the file. Raises InvalidValue where it does and could be another's work."""
        top = name.partition(".")[0]
        if top == OURS or (path is not None and _directory_of(sys.modules.get(top)) not in self._directories):
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or not spec.has_location or spec.origin is None or (path is None and not self._is_beside(spec)):
            return None
        check_executable_configuration(Path(spec.origin))
        if type(spec.loader) is SourceFileLoader:
            spec.loader, spec.cached = _FromSource(name, spec.origin), None
        return spec

    def _is_beside(self, spec: ModuleSpec) -> bool:
        place = Path(spec.origin or "").absolute().parent
        return str(place if spec.submodule_search_locations is None else place.parent) in self._directories


class _FromSource(SourceFileLoader):
    """Reads the source, whatever was compiled of it before, and leaves nothing compiled behind."""

    def get_code(self, fullname: str) -> CodeType:
        """The module's code."""
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


_FINDER = _Finder()

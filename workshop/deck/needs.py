"""Find which packages the cells need, from what they import, at the pins of requirements.txt."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import packages_distributions

from workshop.deck.inputs import CELLS, matching
from workshop.errors import WorkshopError
from workshop.paths import ROOT

# What a bundle carries of the kit: what cells import and read, not what runs and pins them.
KIT = tuple(p for p in CELLS if not p.startswith(("workshop/deck/", "requirements")))
# A package in requirements.txt: its pin, the hashes, and after "# via" which packages want it.
PACKAGE = re.compile(
    r"^(?P<pin>(?P<name>[\w.-]+)==[^\\\n]+).*?(?=^[\w.-]+==|\Z)", flags=re.MULTILINE | re.DOTALL
)


def imported(code: str) -> set[str]:
    """Return the modules from outside that Python code imports, or looks for files in."""
    names = []
    for node in ast.walk(ast.parse(code)):
        match node:
            case ast.Import():
                names += [alias.name for alias in node.names]
            case ast.ImportFrom(module=str(module), level=0):
                names.append(module)
            case ast.Call(func=ast.Name("package_folder"), args=[ast.Constant(str(name))]):
                names.append(name)
    return {name.split(".")[0] for name in names} - {"workshop", *sys.stdlib_module_names}


def needed(cells: Iterable[str]) -> set[str]:
    """Return the packages that the code of cells and the modules of a bundle import."""
    modules = sorted(set().union(_modules(), *map(imported, cells)))
    if missing := [module for module in modules if module not in _homes()]:
        raise WorkshopError(f"A cell imports {missing[0]}, which is not installed: correct it.")
    return {re.sub(r"[-_.]+", "-", _homes()[module][0]).lower() for module in modules}


def pins(packages: set[str]) -> list[str]:
    """Return each package with its release, as pip wants it."""
    return [block["pin"].strip() for block in _locked() if block["name"] in packages]


def requirements(packages: set[str]) -> str:
    """Return the part of requirements.txt that packages need, with whatever those need."""
    if missing := sorted(packages - {block["name"] for block in _locked()}):
        raise WorkshopError(f"requirements.txt has no {missing[0]}: run make lock.")
    chosen: set[str] = set()
    while packages:
        chosen |= packages
        packages = {
            block["name"]
            for block in _locked()
            if chosen.intersection(re.findall(r"[\w.-]+", block[0].partition("# via")[2]))
        } - chosen
    return "".join(block[0] for block in _locked() if block["name"] in chosen)


@cache
def _locked() -> list[re.Match]:
    return [*PACKAGE.finditer((ROOT / "requirements.txt").read_text(encoding="utf-8"))]


@cache
def _homes() -> Mapping[str, list[str]]:
    return packages_distributions()


@cache
def _modules() -> set[str]:
    files = [path for path in matching(KIT) if path.suffix == ".py"]
    return set().union(*(imported(path.read_text(encoding="utf-8")) for path in files))

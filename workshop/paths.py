"""Where things are."""

from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
THEME = ROOT / "slides" / "rise.css"  # one theme for stage, HTML, PDF and papers
OUR_FOLDERS = {"slides", "demos", "build/panel"}  # the panel's deck is derived from panel/


def is_ours(deck: Path) -> bool:
    """Tell whether the deck is one of the kit's own: the strict rules hold."""
    return deck.resolve().parent in {ROOT / folder for folder in OUR_FOLDERS}


def package_folder(name: str) -> Path:
    """Return the folder of an installed package, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {name} is not installed")
    return Path(spec.origin).parent

"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
THEME = ROOT / "slides" / "rise.css"  # one theme for stage, HTML, PDF and papers
OUR_FOLDERS = {"slides", "demos", "build/panel"}  # the panel's deck is derived from panel/


def is_ours(deck: Path) -> bool:
    """Tell whether the deck is one of the kit's own: the strict rules hold."""
    return deck.resolve().parent in {ROOT / folder for folder in OUR_FOLDERS}

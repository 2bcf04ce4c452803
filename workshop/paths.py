"""Where things are."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
THEME = ROOT / "slides" / "rise.css"  # one theme for stage, HTML, PDF and papers

"""The builder of the workshop and the few helpers that its notebooks import."""

import sys
from importlib import import_module

# jsonschema, which nbformat and Jupyter import, builds a grammar of web addresses for two seconds,
# to check what no notebook has; it does without where the package is not there.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

SHOWN = ("charts", "exercises", "modelcard", "seatgame")


def __getattr__(name: str):
    """Let a cell say `from workshop import charts`, and import it only then."""
    if name in SHOWN:
        return import_module(f"workshop.teach.{name}")
    raise AttributeError(f"module 'workshop' has no attribute {name!r}")

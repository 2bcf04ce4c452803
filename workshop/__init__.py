"""The builder of the workshop and the few helpers that its notebooks import."""

from importlib import import_module

SHOWN = ("charts", "exercises", "modelcard", "seatgame")


def __getattr__(name: str):
    """Let a cell say `from workshop import charts`, and import it only then."""
    if name in SHOWN:
        return import_module(f"workshop.teach.{name}")
    raise AttributeError(f"module 'workshop' has no attribute {name!r}")

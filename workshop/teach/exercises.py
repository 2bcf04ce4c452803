"""Tell a participant whether an answer holds, without spoiling it."""

from __future__ import annotations

from collections.abc import Callable


def check(holds: Callable[[], bool], claim: str) -> None:
    """Print whether `holds()` is true; a name that is still missing is an answer too.

    `claim` says in a sentence what is true once the exercise is solved.
    """
    try:
        solved = bool(holds())
    except Exception as error:  # whatever the participant wrote, the notebook goes on
        print(f"✗ Not yet ({type(error).__name__}: {error})")
        return
    if solved:
        print(f"✓ {claim}")
    else:
        print(f"✗ Not yet: it should be that {claim[:1].lower()}{claim[1:]}")

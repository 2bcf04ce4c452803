"""What a build did to a deck that a person should know: fitted, continued, left out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Report:
    """Count slides and name the ones that were changed; a stranger's deck is never refused for it.

    `fitted` holds slide numbers, `continued` the further pages of a slide by its number.
    """

    slides: int = 0
    fitted: list[int] = field(default_factory=list)
    continued: dict[int, int] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """Return how many pages the deck has to have."""
        return self.slides + sum(self.continued.values())

    def leave_out(self, what: str) -> None:
        """Remember a sentence about something that the page cannot show; each is said once."""
        if what not in self.left_out:
            self.left_out.append(what)

    def __str__(self) -> str:
        """Return the summary, such as `12 slides, fitted: 3, 7, continued: 9 (+2), 1 left out`."""
        parts = [f"{self.slides} slide{'s' if self.slides != 1 else ''}"]
        if self.fitted:
            parts.append(f"fitted: {', '.join(map(str, self.fitted))}")
        if self.continued:
            pages = (f"{slide} (+{more})" for slide, more in self.continued.items())
            parts.append(f"continued: {', '.join(pages)}")
        if self.left_out:
            parts.append(f"{len(self.left_out)} left out")
        return ", ".join(parts)

    def lines(self) -> list[str]:
        """Return one sentence for each thing that is not on the page as the notebook has it."""
        return [*self.notes, *(f"left out: {what}" for what in self.left_out)]

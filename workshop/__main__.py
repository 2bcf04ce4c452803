"""The commands behind the Makefile: `python -m workshop --help` lists them."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from workshop.agenda import PANEL_DECK, Agenda, Edition, format_agenda, read_agenda
from workshop.errors import WorkshopError
from workshop.files import near
from workshop.paths import BUILD, ROOT

# Each command imports what it needs, so that the quick ones stay quick.


def build(arguments) -> Agenda:
    """Make all that is out of date: decks as HTML and PDF, the panel's papers, notes to print."""
    from workshop.deck.inputs import Stamp, papers_inputs
    from workshop.take_home.build import take_home

    plan = slides(arguments)
    editions = _editions(plan, arguments)
    if not arguments.edition or any(s.kind == "panel" for s in editions[0].sessions):
        of = arguments.edition or "all"
        stamp = Stamp(BUILD / f"{'public/' if arguments.notes == '0' else ''}papers/{of}")
        made_from = papers_inputs(plan)
        if stamp.read() != made_from:
            handouts(arguments)
            stamp.write(made_from)
    take_home(plan, editions)
    return plan


def site(arguments) -> Agenda:
    """Write each edition as a site that opens from a file, from what is built."""
    from workshop.take_home.site import make_site, site_folder, write_front

    plan = build(arguments)
    for edition in _editions(plan, arguments):
        print(f"In {make_site(plan, edition).relative_to(ROOT)}/index.html")
    write_front(plan, [e for e in plan.editions.values() if site_folder(e).is_dir()])
    return plan


def slides(arguments) -> Agenda:
    """Make what is out of date of every deck, of an edition's, or one deck from anywhere."""
    from workshop.deck.build import build, build_deck, pages_of

    plan = _agenda_with_panel(arguments)
    if arguments.deck:
        if not build_deck(
            plan, Path(arguments.deck), arguments.edition, arguments.execute or "auto"
        ):
            print(f"{arguments.deck} is up to date")
    else:
        build(plan, [page for edition in _editions(plan, arguments) for page in pages_of(edition)])
    return plan


def present(arguments) -> None:
    """Open a deck on the stage."""
    from workshop.stage.present import present

    _agenda_with_panel(arguments)
    present(arguments.deck and Path(arguments.deck), arguments.edition, arguments.resume)


def rehearse(arguments) -> None:
    """Give an edition, or one deck, to itself on a stage, and tell every problem."""
    from workshop.stage.rehearse import rehearse

    plan = _agenda_with_panel(arguments)
    rehearse(plan, arguments.edition, arguments.deck and Path(arguments.deck))


def ready(arguments) -> None:
    """Look, before the talk, whether all is there that the stage needs."""
    from workshop.stage.ready import ready

    ready(_agenda_with_panel(arguments), arguments.edition)


def review(arguments) -> None:
    """Show the latest copy of the stage as it was presented, and what differs from the plan."""
    from workshop.stage.review import review

    page = review(read_agenda(), arguments.edition, arguments.notes == "1")
    print(f"What differs from the plan, and the minutes: {page.relative_to(ROOT)}")


def agenda(arguments) -> None:
    """Print the schedule of an edition, with the minutes that each deck takes to say."""
    from workshop.deck.timing import speaking_in

    edition = read_agenda().edition(arguments.edition)
    print(format_agenda(edition, speaking_in(edition)))


def data(arguments) -> None:
    """Fetch, import or stand in for the data."""
    from workshop.data.fetch import get_data

    get_data(arguments.source, arguments.brief)


def participant(arguments) -> None:
    """Write what participants work in, as a folder: notebooks and what their cells import."""
    from workshop.take_home.folder import write_folder

    plan = _agenda_with_panel(arguments)
    for edition in _editions(plan, arguments):
        print(f"In {near(write_folder(plan, edition))}/")


def bundle(arguments) -> None:
    """Pack the same and the edition's site into one zip."""
    from workshop.take_home.bundle import write_bundle

    plan = site(arguments)
    for edition in _editions(plan, arguments):
        with_notes = ", with the notes and the moderator's papers: without them by NOTES=0"
        print(f"In {near(write_bundle(plan, edition))}{with_notes if edition.notes else ''}")


def handouts(arguments) -> None:
    """Write the panel's papers and deck."""
    from workshop.panel.papers import handouts

    notes = arguments.notes != "0"
    handouts(arguments.edition, arguments.paper, arguments.start, arguments.absent, notes)


def browser(arguments) -> None:
    """Make sure that there is a browser to print with."""
    from workshop.deck.browser import ensure_chromium

    ensure_chromium()


def _editions(plan: Agenda, arguments) -> list[Edition]:
    """Return the edition asked for, by default every one."""
    return [plan.edition(arguments.edition)] if arguments.edition else [*plan.editions.values()]


def _agenda_with_panel(arguments) -> Agenda:
    """Read the agenda, and write the panel's deck where its words changed.

    With NOTES=0 every edition is one without notes.
    """
    from workshop.deck.inputs import PANEL, Stamp, digest, matching

    plan, deck = read_agenda(), ROOT / PANEL_DECK
    stamp, made_from = Stamp(deck), {"panel": digest(matching(PANEL), repr(plan))}
    shown = any(PANEL_DECK in edition.decks for edition in plan.editions.values())
    if shown and (stamp.read() != made_from or not deck.exists()):
        from workshop.panel.deck import write_panel_deck

        write_panel_deck(plan)
        stamp.write(made_from)
    if arguments.notes == "0":
        public = {key: replace(edition, notes=False) for key, edition in plan.editions.items()}
        plan = replace(plan, editions=public)
    return plan


COMMANDS = (
    build,
    site,
    slides,
    present,
    rehearse,
    ready,
    review,
    agenda,
    data,
    participant,
    bundle,
    handouts,
    browser,
)
# Option, the variable that Make passes on as it is, and what it is for.
OPTIONS = {
    "deck": ("DECK", "a notebook, from anywhere"),
    "edition": ("EDITION", "an edition of workshop.toml"),
    "execute": ("EXECUTE", "of a deck from elsewhere: auto, never or always"),
    "resume": ("RESUME", "1 opens the last working copy again"),
    "source": ("FROM", "a local copy of the data, .zip or .csv"),
    "paper": ("PAPER", "a4 or letter, by default both"),
    "start": ("START", "another start of the panel, such as 14:45"),
    "absent": ("ABSENT", "missing panelists, with commas"),
    "notes": (
        "NOTES",
        "0 leaves out every speaker note, in build/public/; 1 keeps them in a review",
    ),
}


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line; the environment has the options' defaults."""
    main = argparse.ArgumentParser(prog="python -m workshop", description=__doc__)
    main.add_argument("command", choices=[command.__name__ for command in COMMANDS])
    main.add_argument("--brief", action="store_true", help="of data: offline is no failure")
    for name, (variable, help_) in OPTIONS.items():
        default = os.environ.get(variable) or None
        main.add_argument(f"--{name}", default=default, help=f"{help_} (${variable})")
    return main


def main() -> int:
    """Run a command; a WorkshopError is printed as it stands and gives exit code 1."""
    arguments = parser().parse_args()
    arguments.resume = arguments.resume not in (None, "0")
    try:
        {command.__name__: command for command in COMMANDS}[arguments.command](arguments)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        sys.stdout.flush()
        os._exit(130)  # without waiting for cells that run: their kernels end with this process
    return 0


if __name__ == "__main__":
    sys.exit(main())

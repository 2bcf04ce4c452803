"""The commands behind the Makefile: `python -m workshop --help` lists them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from workshop.agenda import format_agenda, read_agenda
from workshop.errors import WorkshopError
from workshop.paths import ROOT

# Each command imports what it needs, so that the quick ones stay quick.


def agenda(arguments) -> None:
    """Print the schedule of an edition, with the minutes that each deck takes to say."""
    from workshop.deck.timing import speaking_in

    edition = read_agenda().edition(arguments.edition)
    print(format_agenda(edition, speaking_in(edition)))


def targets(arguments) -> None:
    """Print the files that `make slides` makes, for the Makefile."""
    plan = read_agenda()
    editions = [plan.edition(arguments.edition)] if arguments.edition else plan.editions.values()
    for edition in editions:
        for deck in edition.decks:
            print(f"build/{edition.key}/{Path(deck).with_suffix('.pdf')}")


def data(arguments) -> None:
    """Fetch, import or stand in for the data."""
    from workshop.data import fetch

    if arguments.source:
        fetch.import_data(Path(arguments.source))
    elif arguments.brief:
        fetch.ensure_data()
    else:
        fetch.download()


def execute(arguments) -> None:
    """Run a deck's cells where something that they depend on changed."""
    from workshop.deck.execute import execute

    execute(Path(arguments.deck), Path(arguments.target))


def html(arguments) -> None:
    """Write an executed deck as one HTML file."""
    from workshop.deck.export import export
    from workshop.files import Progress

    plan = read_agenda()
    progress = Progress(f"html     {arguments.target}")
    export(
        executed=Path(arguments.executed),
        target=Path(arguments.target),
        folder=ROOT / Path(arguments.deck).parent,
        agenda=plan,
        edition=plan.edition(arguments.edition),
        deck=arguments.deck,
    )
    progress.done()


def pdf(arguments) -> None:
    """Print an exported deck as PDF."""
    from workshop.deck.pdf import print_pdf
    from workshop.files import Progress

    progress = Progress(f"pdf      {arguments.target}")
    pages = print_pdf(Path(arguments.html), Path(arguments.target), arguments.deck)
    progress.done(f"{pages} pages")


def slides(arguments) -> None:
    """Execute and export one deck from anywhere."""
    from workshop.deck.build import build_deck

    build_deck(Path(arguments.deck), arguments.edition)


def present(arguments) -> None:
    """Open a deck on the stage."""
    from workshop.stage.present import present

    deck = Path(arguments.deck) if arguments.deck else None
    present(deck, arguments.edition, arguments.resume)


def participant(arguments) -> None:
    """Write the participants' notebooks, without and with solutions."""
    from workshop.deck.participant import write_notebooks

    plan = read_agenda()
    for edition in (
        [plan.edition(arguments.edition)] if arguments.edition else plan.editions.values()
    ):
        print(f"In {write_notebooks(plan, edition).relative_to(ROOT)}/")


def handouts(arguments) -> None:
    """Write the panel's papers and deck."""
    from workshop.panel.papers import handouts

    handouts(arguments.edition, arguments.paper, arguments.start, arguments.absent)


def browser(arguments) -> None:
    """Make sure that there is a browser to print with."""
    from workshop.deck.browser import ensure_chromium

    ensure_chromium()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    main = argparse.ArgumentParser(prog="python -m workshop", description=__doc__)
    commands = main.add_subparsers(required=True, metavar="command")

    def command(function, *options: tuple):
        sub = commands.add_parser(function.__name__, help=function.__doc__)
        sub.set_defaults(run=function)
        for name, settings in options:
            sub.add_argument(name, **settings)

    optional_edition = ("--edition", {"help": "an edition of workshop.toml"})
    required = {"required": True}
    command(agenda, optional_edition)
    command(targets, optional_edition)
    command(
        data,
        ("--from", {"dest": "source", "help": "a local copy, .zip or .csv"}),
        ("--brief", {"action": "store_true", "help": "try once, briefly; offline is no failure"}),
    )
    command(execute, ("--deck", required), ("--target", required))
    command(
        html,
        ("--deck", required),
        ("--edition", required),
        ("--executed", required),
        ("--target", required),
    )
    command(pdf, ("--deck", required), ("--html", required), ("--target", required))
    command(slides, ("--deck", required), optional_edition)
    command(present, ("--deck", {}), optional_edition, ("--resume", {"action": "store_true"}))
    command(participant, optional_edition)
    command(
        handouts,
        optional_edition,
        ("--paper", {"help": "a4 or letter, by default both"}),
        ("--start", {"help": "another start of the panel, such as 14:45"}),
        ("--absent", {"help": "missing panelists, with commas"}),
    )
    command(browser)
    return main


def main() -> int:
    """Run a command; a WorkshopError is printed as it stands and gives exit code 1."""
    arguments = parser().parse_args()
    try:
        arguments.run(arguments)
    except WorkshopError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

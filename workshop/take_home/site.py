"""Write an edition as a site: static pages that open from a file and ask for nothing outside."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from markupsafe import Markup

from workshop.agenda import Agenda, Edition, Session, clock, day
from workshop.deck.build import Page
from workshop.deck.inputs import Stamp, digest, matching
from workshop.deck.read import read_deck, slides_of
from workshop.files import Progress, near, whole, whole_folder
from workshop.fonts import latin_faces
from workshop.markdown import inline, to_html
from workshop.pages import environment
from workshop.paper import SIZES, theme_colours
from workshop.paths import BUILD, ROOT
from workshop.prose import citations, sections
from workshop.references import Reference, read_references
from workshop.take_home import thumbnails
from workshop.take_home.folder import write_folder
from workshop.take_home.page_map import Place, built_pages, read_pages, write_page_map
from workshop.take_home.reading import reading
from workshop.take_home.search import paper_entry, slide_entry, write_index

TEMPLATES = Path(__file__).parent / "templates/site"
CORRECTIONS = ROOT / "docs/corrections.md"
CITATION = ROOT / "CITATION.cff"
DATA = "strack-2014"  # the paper that the real data come with
MADE_BY = (
    "workshop/*.py",
    "workshop/take_home/**/*.*",
    "workshop/deck/*.py",
    "workshop/deck/templates/**/*.*",
    "slides/rise.css",
    "slides/references.toml",
    "docs/corrections.md",
    "CITATION.cff",
)


@dataclass(frozen=True)
class Part:
    """A session as the site's first page shows it; files are named from the edition's folder."""

    session: Session
    page: Page | None
    places: tuple[Place, ...] = ()
    html: str = ""
    pdf: str = ""
    notes: tuple[tuple[str, str], ...] = ()  # (size of paper, file)
    read: str = ""
    notebooks: tuple[tuple[str, str], ...] = ()  # (name, file)


@dataclass(frozen=True)
class Paper:
    """A paper of the panel: its page and its prints, (size, file)."""

    title: str
    html: str
    prints: tuple[tuple[str, str], ...]


def site_folder(edition: Edition, folder: Path = BUILD) -> Path:
    """Return where an edition's site goes."""
    return folder / ("site" if edition.notes else "public/site") / edition.key


def make_site(agenda: Agenda, edition: Edition, folder: Path = BUILD) -> Path:
    """Write the site of an edition from what is built, where it is out of date; return its folder.

    Raises WorkshopError when a deck is not built; the last good site stays.
    """
    target, source = site_folder(edition, folder), folder / edition.folder
    built_pages(edition, folder)  # what is missing is said before anything is made
    notebooks = write_folder(agenda, edition, folder)
    built = [path for path in source.rglob("*.*") if path.is_file()]
    built += notebooks.rglob("*.ipynb")
    stamp = Stamp(target / "index.html", folder)
    made_from = {"of": digest([*matching(MADE_BY), *sorted(built)], repr(agenda))}
    if stamp.read() != made_from or not (target / "index.html").exists():
        progress = Progress(near(target))
        progress.step("writing")
        with whole_folder(target) as temporary:
            _Site(agenda, edition, folder, notebooks, temporary).write()
        stamp.write(made_from)
        progress.done()
    return target


def write_front(agenda: Agenda, editions: list[Edition], folder: Path = BUILD) -> Path:
    """Write the page that leads to the editions' sites, and searches all of them."""
    places = [site_folder(edition, folder) for edition in editions]
    target = places[0].parent / "index.html"
    text = _page("front", agenda, editions=editions, base=f"{editions[0].key}/", title=agenda.title)
    with whole(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


class _Site:
    """The writing of one site: what its pages share."""

    def __init__(
        self, agenda: Agenda, edition: Edition, folder: Path, notebooks: Path, target: Path
    ):
        self.agenda, self.edition, self.folder, self.target = agenda, edition, folder, target
        self.source, self.notebooks = folder / edition.folder, notebooks
        self.pages = built_pages(edition, folder)
        self.slides = read_pages(edition, folder)
        self.thumbnails = folder / "thumbnails" / edition.folder

    def write(self) -> None:
        """Write all of it."""
        self.copy()
        parts, papers = [*self.parts()], [*self.papers()]
        for part in parts:
            if part.read and part.page:
                title = part.session.title
                body = Markup(reading(self.agenda, part.page, part.places, "../"))
                self.page(part.read, "read", title, part=part, body=body)
        self.page("index.html", "index", self.agenda.title, parts=parts, papers=papers)
        works = self.works()
        self.page("references.html", "references", "References", works=works)
        corrections = CORRECTIONS.read_text(encoding="utf-8")
        section = sections(corrections, 1)[0]
        self.page("corrections.html", "words", section.title, body=to_html(section.text))
        cited = yaml.safe_load(CITATION.read_text(encoding="utf-8"))
        data = inline(read_references()[DATA].entry)
        self.page("cite.html", "cite", "How to cite", cited=cited, data=data)
        entries = [slide_entry(p, s, self.picture(p)) for p, s in self.slides.items()]
        # Not the access copy, which says the slides' words again.
        found = [p.html for p in papers if "/" in p.html] + ["references.html", "corrections.html"]
        entries += [paper_entry(self.target / name, name) for name in found]
        write_index(self.edition.name, entries, self.target / "search-index.js")
        write_page_map(self.edition, [*self.slides], self.target / "pages.json")
        (self.target / "site.css").write_text(_style(), encoding="utf-8")
        shutil.copy2(TEMPLATES / "search.js", self.target)

    def page(self, name: str, template: str, title: str, **facts) -> None:
        """Write one page of the site."""
        text = _page(
            template,
            self.agenda,
            edition=self.edition,
            here=name,
            title=title,
            base="../" * name.count("/"),
            picture=self.picture,
            thumbnail=thumbnails.SIZE,
            **facts,
        )
        path = self.target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def copy(self) -> None:
        """Copy what is built: decks, prints, papers, notebooks; draw the thumbnails."""
        decks = [page.html.relative_to(self.source).with_suffix("") for page in self.pages]
        found = [f"{deck}{end}" for deck in decks for end in (".html", ".pdf", "-notes-*.pdf")]
        found += ["access-copy*.*", "panel/*.html", "panel/*.pdf"]
        for path in {path for pattern in found for path in self.source.glob(pattern)}:
            self.put(path, path.relative_to(self.source))
        for path in self.notebooks.rglob("*.ipynb"):
            self.put(path, path.relative_to(self.notebooks))
        for page, name in zip(self.pages, decks, strict=True):
            drawn = self.thumbnails / name
            stamp = Stamp(drawn, self.folder)
            cells = [place.cell for place in self.slides if place.deck == page.deck]
            made_from = {
                "of": digest([page.pdf, Path(__file__).with_name("thumbnails.py")], *cells)
            }
            if stamp.read() != made_from or not drawn.is_dir():
                thumbnails.draw(page.pdf, cells, drawn)
                stamp.write(made_from)
            for picture in drawn.iterdir():
                self.put(picture, "thumbnails" / name / picture.name)

    def put(self, path: Path, name: Path) -> None:
        """Copy a file into the site."""
        (self.target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, self.target / name)

    def picture(self, place: Place) -> str:
        """Return the file of a slide's thumbnail."""
        return f"thumbnails/{Path(place.html).with_suffix('')}/{place.cell}.webp"

    def parts(self) -> Iterator[Part]:
        """Yield the sessions in order; one that shows no deck, such as a break, has no page."""
        for session in self.edition.sessions:
            page = next((p for p in self.pages if p.deck == session.deck), None)
            if page is None:
                yield Part(session, None)
                continue
            html = page.html.relative_to(self.source)
            yield Part(
                session,
                page,
                places=tuple(p for p in self.slides if p.deck == page.deck),
                html=html.as_posix(),
                pdf=html.with_suffix(".pdf").as_posix(),
                notes=self.prints(html.with_name(f"{html.stem}-notes")),
                read=f"read/{html.stem}.html" if html.parent.name == "demos" else "",
                notebooks=self.to_run(page),
            )

    def to_run(self, page: Page) -> tuple[tuple[str, str], ...]:
        """Return a deck's notebooks for participants, where there is something to run or solve."""
        shown = slides_of(read_deck(page.source), self.edition.long)
        if not any(cell.cell_type == "code" for slide in shown for cell in slide.cells):
            return ()
        names = {"Notebook": "notebooks", "Notebook with solutions": "solutions"}
        found = ((name, f"{place}/{page.source.name}") for name, place in names.items())
        return tuple((name, file) for name, file in found if (self.target / file).exists())

    def prints(self, stem: Path) -> tuple[tuple[str, str], ...]:
        """Return the prints that there are of a page: (size of paper, file)."""
        files = {SIZES[size]: f"{stem.as_posix()}-{size}.pdf" for size in SIZES}
        return tuple((size, file) for size, file in files.items() if (self.target / file).exists())

    def papers(self) -> Iterator[Paper]:
        """Yield the access copy and the panel's papers."""
        decks = {page.html.name for page in self.pages}
        for path in sorted([*self.target.glob("*.html"), *self.target.glob("panel/*.html")]):
            name = path.relative_to(self.target)
            if prints := self.prints(name.with_suffix("")):
                assert path.name not in decks
                yield Paper(_title(path), name.as_posix(), prints)

    def works(self) -> list[tuple[str, Reference, list[Place]]]:
        """Return what the decks cite, by author: (key, entry, the slides that cite it)."""
        places: dict[str, list[Place]] = {}
        for page in self.pages:
            of_cell = {p.cell: p for p in self.slides if p.deck == page.deck}
            for slide in slides_of(read_deck(page.source), self.edition.long):
                place = of_cell[slide.cells[0].id]
                shown = [
                    c for c in slide.cells if c.cell_type == "markdown" and c not in slide.notes
                ]
                for key in dict.fromkeys(key for c in shown for key in citations(c.source)):
                    places.setdefault(key, []).append(place)
        known = read_references()
        return sorted(
            ((k, known[k], found) for k, found in places.items()), key=lambda w: w[1].entry
        )


def _title(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    return Markup(text.partition("<title>")[2].partition("</title>")[0]).unescape().split(" · ")[0]


def _page(template: str, agenda: Agenda, **facts) -> str:
    pages = environment(TEMPLATES)
    pages.filters |= {"clock": clock, "day": day}
    return pages.get_template(f"{template}.html.j2").render(agenda=agenda, inline=inline, **facts)


@cache
def _style() -> str:
    sheet = (TEMPLATES / "site.css").read_text(encoding="utf-8")
    return f"{latin_faces()}\n{theme_colours()}\n{sheet}"

"""The edition as one show: from session to session, breaks, the speaker view and its clock."""

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime, timedelta

import nbformat
import pytest

from tests.stage import (
    goto,
    on_stage,
    opened,
    page_of,
    place,
    run_cells,
    slide_with_code,
)
from workshop.agenda import clock, read_agenda
from workshop.deck.prepare import prepare
from workshop.deck.read import read_deck, slides_of
from workshop.paths import ROOT
from workshop.stage import show
from workshop.stage.copy import Copy, fill
from workshop.stage.rehearse import wait_for_first_slide

AGENDA = read_agenda()
EDITION = next(e for e in AGENDA.editions.values() if any(s.kind == "break" for s in e.sessions))
BREAK = next(n for n, s in enumerate(EDITION.sessions) if s.kind == "break")


@pytest.fixture
def stage(stages):
    return stages(EDITION.key)


def session_url(stage, number: int) -> str:
    """Return the printed address of a session, with the token."""
    address = next(line.split()[1] for line in stage.output if line.startswith("Sessions"))
    token = stage.address("On stage").split("?")[1]
    return f"{address.replace('/N,', f'/{number}')}?{token}"


@pytest.fixture
def page(stage, chromium):
    """Give the last session before the break."""
    with on_stage(chromium, session_url(stage, BREAK)) as page:
        yield page


def arrive(page, deck: str) -> None:
    page.wait_for_url(f"**/notebooks/{deck}*")
    wait_for_first_slide(page)


# --- From session to session ----------------------------------------------------------------------


def test_the_sessions_are_printed_with_their_times(stage):
    printed = "\n".join(stage.output)
    for number, session in enumerate(EDITION.sessions, start=1):
        assert re.search(rf"{number} +{clock(session.start)} +{re.escape(session.title)}", printed)


def test_space_leads_through_a_break_to_the_next_session_and_back(page):
    deck, following = (EDITION.sessions[n].deck for n in (BREAK - 1, BREAK + 1))
    page.keyboard.press("End")
    last = place(page)
    page.keyboard.press("PageDown")
    arrive(page, f"show/{BREAK + 1}.ipynb")
    page.wait_for_function("document.querySelector('p.until strong').textContent.includes(':')")
    until = datetime.strptime(page.inner_text("p.until strong"), "%I:%M %p")
    in_minutes = (until - datetime.now().replace(1900, 1, 1)) / timedelta(minutes=1) % (24 * 60)
    # A break that starts late lasts half its minutes at least.
    assert EDITION.sessions[BREAK].minutes / 2 - 1 <= in_minutes <= EDITION.minutes
    assert EDITION.sessions[BREAK + 1].title in page.inner_text("p.then")
    page.keyboard.press("Space")
    arrive(page, following)
    page.keyboard.press("PageUp")
    arrive(page, f"show/{BREAK + 1}.ipynb")
    page.keyboard.press("Shift+Space")
    arrive(page, deck)
    page.wait_for_function("n => Reveal.getIndices().h === n", arg=last)


def test_the_next_sessions_kernel_is_warm(page):
    page.evaluate("require('custom/rescue').ready()")
    loaded = page.evaluate(
        """() => new Promise((done) => Jupyter.notebook.kernel.execute("", {shell: {reply: (m) =>
        done(m.content.user_expressions.v.data["text/plain"])}}, {silent: true,
        store_history: false, user_expressions: {v: "'pandas' in __import__('sys').modules"}}))"""
    )
    assert loaded == "True"


def test_the_list_of_sessions_goes_to_any(page):
    page.keyboard.press("g")
    rows = page.locator("#stage-sheet.sessions li")
    assert rows.count() == len(EDITION.sessions)
    assert rows.nth(BREAK - 1).get_attribute("class") == "here"
    for key in [*str(len(EDITION.sessions)), "Enter"]:
        page.keyboard.press(key)
    arrive(page, EDITION.sessions[-1].deck)


def test_the_minutes_of_each_slide_are_kept_in_the_copy(stage, page):
    page.keyboard.press("Space")
    page.wait_for_function("Reveal.getIndices().h === 1")
    deadline, entry = time.monotonic() + 30, {}
    while entry.get("slide") != 2 and time.monotonic() < deadline:
        time.sleep(0.2)
        with suppress(FileNotFoundError):  # the server writes it in its own time
            lines = (stage.copy / "minutes.jsonl").read_text(encoding="utf-8").splitlines()
            entry = json.loads(lines[-1])
    assert entry["deck"] == EDITION.sessions[BREAK - 1].deck
    assert entry["session"] == BREAK and entry["slide"] == 2 and entry["title"]
    assert entry["cell"] in {cell.id for cell in read_deck(stage.copy / entry["deck"]).cells}
    assert abs(datetime.fromisoformat(entry["at"]).timestamp() - time.time()) < 60


# --- The speaker view -----------------------------------------------------------------------------


def speaker_of(page):
    with page.expect_popup() as popup:
        page.keyboard.press("t")
    speaker = popup.value
    speaker.wait_for_function("document.getElementById('where').textContent.includes(' of ')")
    return speaker


def test_the_room_never_moves_when_the_speaker_view_opens(page):
    count = page.evaluate("Reveal.getTotalSlides()")
    for number in range(20):
        index = number * (count - 1) // 19
        goto(page, index)
        page.evaluate("""() => { window.moved = [];
          Reveal.addEventListener("slidechanged", () => moved.push(Reveal.getIndices().h)); }""")
        speaker = speaker_of(page)
        speaker.wait_for_function(
            "n => document.getElementById('where').textContent.includes(`: ${n} of `)",
            arg=index + 1,
        )
        page.wait_for_timeout(300)
        assert place(page) == index and page.evaluate("moved") == []
        speaker.close()
        page.bring_to_front()


def test_the_speaker_view_shows_notes_outputs_and_what_comes(page):
    index = slide_with_code(page)
    goto(page, index)
    run_cells(page)
    speaker = speaker_of(page)
    current, coming = (speaker.frame_locator(f"#{name}") for name in ("current", "next"))
    current.locator(".output_area").first.wait_for()
    title = page.locator("section.present h2").last.inner_text().replace("¶", "")
    assert current.locator("h2").inner_text().replace("¶", "") == title
    coming.locator("h2, h1").first.wait_for()
    assert re.search(r"minute \d+ of \d+", speaker.inner_text("#notes"))
    assert float(speaker.evaluate("parseFloat(getComputedStyle(notes).fontSize)")) >= 28
    speaker.keyboard.press("Space")
    page.wait_for_function("n => Reveal.getIndices().h === n + 1", arg=index)
    speaker.reload()
    speaker.wait_for_function(
        "n => document.getElementById('where').textContent.includes(`: ${n} of `)", arg=index + 2
    )
    page.keyboard.press("End")
    page.keyboard.press("Space")  # another deck: the view follows by itself
    speaker.wait_for_function("document.getElementById('where').textContent.startsWith('Break')")
    speaker.close()


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plan")
    fill(Copy(folder, EDITION.decks[0], EDITION.key, "synthetic"), AGENDA)
    return json.loads((folder / ".jupyter" / "show.json").read_text(encoding="utf-8"))


def test_the_plan_has_every_minute_of_the_edition(plan):
    assert plan["sessions"][0]["start"] == EDITION.sessions[0].start.timestamp() * 1000
    minutes = [sum(s["minutes"] for s in session["slides"]) for session in plan["sessions"]]
    assert minutes == pytest.approx([session.minutes for session in EDITION.sessions])


def walk_of_the_day(plan):
    """Yield (session, slide, planned start, planned end) of every slide, in ms."""
    for number, session in enumerate(plan["sessions"]):
        begins = session["start"]
        for index, slide in enumerate(session["slides"]):
            yield number, index, begins, begins + slide["minutes"] * 60_000
            begins += slide["minutes"] * 60_000


def test_the_clock_is_right_over_a_whole_day(stage, chromium, plan):
    """Give the four hours to the speaker view: some slides too slowly, some too quickly."""
    start = plan["sessions"][0]["start"]
    base = stage.address("On stage").split("/nbclassic")[0]
    token = stage.address("On stage").split("?")[1]
    with page_of(chromium, f"{base}/custom/speaker.css") as (sender, _):
        speaker = sender.context.new_page()
        speaker.goto(f"{base}/stage/show?{token}")  # logs in
        speaker.clock.install(time=start / 1000 - 3600)
        speaker.goto(f"{base}/custom/speaker.html")
        speaker.wait_for_function("show !== null")
        speaker.clock.pause_at(start / 1000)  # from here on time passes as the test says
        now, wrong = start, []
        for number, (session, slide, begins, ends) in enumerate(walk_of_the_day(plan)):
            sender.evaluate(
                "state => new BroadcastChannel('stage').postMessage(state)",
                {"session": session, "slide": slide, "slides": 9, "offset": 0, "deck": "d",
                 "notes": "", "current": "", "next": "", "then": "", "page": "<p>"},
            )  # fmt: skip
            speaker.wait_for_function(
                "([s, n]) => state && state.session === s && state.slide === n",
                arg=[session, slide],
            )
            length = (ends - begins) * (1.5 if number % 3 == 0 else 0.7)
            speaker.clock.fast_forward(int(length))
            now += int(length)
            shown = speaker.evaluate(
                """() => [Number(document.getElementById("standing").dataset.ms),
                document.getElementById("session-left").textContent,
                document.getElementById("edition-left").textContent]"""
            )
            late = now - ends if now > ends else min(0, now - begins)
            if late >= 60_000:
                assert f"{late / 60_000:.0f} min late" == speaker.inner_text("#standing")
            left = [plan["sessions"][session]["end"] - now, plan["sessions"][-1]["end"] - now]
            errors = [shown[0] - late]
            for text, expected in zip(shown[1:3], left, strict=True):
                minutes, seconds = map(int, re.search(r"(\d+):(\d\d)", text).groups())
                sign = -1 if "over" in text else 1
                errors.append(sign * (minutes * 60 + seconds) * 1000 - expected)
            wrong += [(session, slide, e) for e in errors if abs(e) > 5000]
        assert wrong == []


def test_when_late_the_speaker_view_says_what_to_leave_out(stage, chromium, plan):
    session, slide, begins, _ = next(
        each for each in walk_of_the_day(plan)
        if sum("long" in s["tags"] for s in plan["sessions"][each[0]]["slides"][each[1] + 1:]) > 1
    )  # fmt: skip
    base = stage.address("On stage").split("/nbclassic")[0]
    token = stage.address("On stage").split("?")[1]
    with page_of(chromium, f"{base}/stage/show?{token}") as (speaker, _):
        speaker.clock.install(time=begins / 1000 + 3 * 60 + 3600)
        speaker.goto(f"{base}/custom/speaker.html")
        speaker.wait_for_function("show !== null")
        found = speaker.evaluate(
            "([session, slide]) => leftOut(show, {session, slide}, 3 * 60000)", [session, slide]
        )
        assert all("long" in each["tags"] for each in found)
        assert sum(each["minutes"] for each in found) >= 3 or len(found) > 1
        stop = speaker.evaluate(
            "([session, slide]) => standing(show, {session, slide, offset: 0}, Date.now()).stop",
            [session, slide],
        )
        assert stop["title"] == "Break"


# --- The copied decks -----------------------------------------------------------------------------


def test_references_are_for_reading_and_not_on_stage(tmp_path, plan):
    fill(Copy(tmp_path, EDITION.decks[0], EDITION.key, "synthetic"), AGENDA)
    for deck in EDITION.decks:
        whole, copied = read_deck(ROOT / deck), read_deck(tmp_path / deck)
        tags = [slide.tags for slide in slides_of(whole, EDITION.long)]
        assert sum("references" in each for each in tags) == 1
        kept = [each for each in tags if "references" not in each]
        assert [slide.tags for slide in slides_of(copied)] == kept
        session = next(s for s in plan["sessions"] if s["deck"] == deck)
        assert len(session["slides"]) == len(kept)


def test_outputs_of_a_strangers_notebook_are_cleared_before_it_is_signed(tmp_path, monkeypatch):
    output = nbformat.v4.new_output("display_data", {"text/html": "<script>alert(1)</script>"})
    cells = [nbformat.v4.new_markdown_cell("# A"), nbformat.v4.new_code_cell("1", outputs=[output])]
    path = ROOT / "slides" / f"stranger-{tmp_path.name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    try:
        fill(Copy(tmp_path, f"slides/{path.name}", EDITION.key, "synthetic"), AGENDA)
    finally:
        path.unlink()
    copied = (tmp_path / "slides" / path.name).read_text(encoding="utf-8")
    assert "alert" not in copied and '"outputs": []' in copied


def test_recorded_outputs_are_those_of_the_last_build(tmp_path):
    deck = next(d for d in EDITION.decks if d.startswith("demos/"))
    built = read_deck(ROOT / deck)
    exercise = next(c for c in built.cells if "exercise-code" in c.metadata.get("tags", []))
    for cell in built.cells:
        if cell.cell_type == "code":
            cell.outputs = [nbformat.v4.new_output("stream", text=cell.id)]
    nbformat.write(built, tmp_path / "built.ipynb")
    prepared = prepare(read_deck(ROOT / deck), AGENDA, EDITION, deck, "synthetic")
    outputs = show.recorded(tmp_path / "built.ipynb", prepared)
    assert outputs[f"{exercise.id}-answer"][0]["text"] == exercise.id
    assert exercise.id not in outputs
    assert show.recorded(tmp_path / "none.ipynb", prepared) == {}


# --- Two at a time --------------------------------------------------------------------------------


def test_two_that_start_at_the_same_instant_do_not_disturb_each_other(tmp_path, chromium):
    with ThreadPoolExecutor(2) as pool:
        contexts = [opened(tmp_path / name, 9300, edition=EDITION.key) for name in ("a", "b")]
        first, second = pool.map(lambda context: context.__enter__(), contexts)
        try:
            ports = {re.search(r":(\d+)/", one.address("On stage"))[1] for one in (first, second)}
            assert len(ports) == 2
            for one, text in ((first, "from the first"), (second, "from the second")):
                with on_stage(chromium, one.address("On stage")) as page:
                    page.evaluate("require('custom/rescue').ready()")
                    page.evaluate(
                        "text => new Promise((done) => Jupyter.notebook.kernel.execute("
                        "`open('who.txt', 'w').write('${text}')`, {shell: {reply: done}}))",
                        text,
                    )
            written = {p.read_text() for p in tmp_path.glob("*/*/*/who.txt")}
            assert written == {"from the first", "from the second"}
        finally:
            for context in contexts:
                context.__exit__(None, None, None)

// The deck as a part of the show: on to the next session, back, the list, and the speaker view.
define([
  "base/js/namespace", "base/js/events", "base/js/utils", "custom/cells", "custom/clock",
  "custom/keep", "custom/pictures", "custom/place", "custom/sign",
], (Jupyter, events, utils, cells, clock, keep, pictures, place, sign) => {
  "use strict";

  const channel = new BroadcastChannel("stage");
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  let known = null;
  let heard = 0; // when a speaker view was heard last
  let told = ""; // the pictures' page, large, is sent only when it changed

  // The page may be quicker than a server that comes back: ask until there is an answer.
  function plan() {
    known = known || (async () => {
      for (;;) {
        const answer = await fetch("/stage/show").catch(() => ({ ok: false }));
        if (answer.ok) return answer.json();
        await sleep(500);
      }
    })();
    return known;
  }

  async function go(index, end = "") {
    const show = await plan();
    const goal = show.sessions[index];
    if (!goal || index === clock.here(show)) return;
    clock.startAt(show, goal.start);
    sign.say("going", `${goal.title} …`, 5);
    await Promise.race([keep.flush(), sleep(2000)]); // what is not saved by then, the browser keeps
    window.location.href = goal.address + end;
  }

  async function step(by) {
    const here = clock.here(await plan());
    if (here >= 0) go(here + by, by < 0 ? place.END : "");
  }

  function next() {
    cells.leave();
    if (Reveal.isLastSlide() && !cells.slide().querySelector(".fragment:not(.visible)")) step(1);
    else Reveal.next();
  }

  function back() {
    cells.leave();
    if (Reveal.isFirstSlide() && !cells.slide().querySelector(".fragment.visible")) step(-1);
    else Reveal.prev();
  }

  async function listSessions() {
    const show = await plan();
    const rows = show.sessions.map((session, index) => sign.element("li",
      {
        className: index === clock.here(show) ? "here" : session.kind,
        onclick: () => sign.choose(index + 1),
      },
      sign.element("time", { textContent: clock.time(session.start + (clock.offset(show) || 0)) }),
      session.title));
    sign.open("sessions", sign.element("ol", {}, ...rows), (number) => go(number - 1));
  }

  // --- The speaker view: a window of its own, which holds no notebook and moves nothing ----------

  const openSpeakerView = () => window.open("/custom/speaker.html", "speaker",
    "width=1280,height=800");

  async function tell() {
    const show = await plan();
    if (!cells.onStage() || Date.now() - heard > 5000) return; // nobody listens
    const slides = pictures.sections();
    const here = place.number();
    const notes = [...slides[here].querySelectorAll("aside.notes .rendered_html")];
    const following = show.sessions[clock.here(show) + 1];
    const page = pictures.page("");
    channel.postMessage({
      session: clock.here(show), slide: here, slides: slides.length, offset: clock.offset(show),
      deck: Jupyter.notebook.metadata.workshop?.title || place.path(),
      notes: notes.map((note) => note.innerHTML).join(""),
      current: pictures.framed(pictures.picture(slides[here])),
      next: slides[here + 1] ? pictures.framed(pictures.picture(slides[here + 1], true)) : "",
      then: following ? following.title : "the end",
      page: page === told ? undefined : page,
    });
    told = page;
  }

  function onCommand(act) {
    channel.addEventListener("message", async ({ data }) => {
      const first = Date.now() - heard > 5000;
      heard = Date.now();
      if (data.hello || first) {
        told = ""; // it knows nothing yet
        tell();
      }
      if (data.key && cells.onStage()) act(data.key);
      if (data.clock) {
        clock.startAgainHere(await plan());
        tell();
      }
    });
  }

  // --- When Jupyter is gone for good -------------------------------------------------------------

  async function wayOut() {
    const show = await plan();
    const { exported } = show.sessions[clock.here(show)] || {};
    const { h, v } = Reveal.getIndices();
    return exported ? `The same slide without Jupyter: ${exported}#/${h}/${v}` : "";
  }

  // Of the kernels of this show two stay: of this session and of the one before.
  async function endOldKernels() {
    const { sessions } = await plan();
    const visited = [place.path(), ...JSON.parse(localStorage.getItem("stage visited") || "[]")];
    const kept = [...new Set(visited)].slice(0, 2);
    localStorage.setItem("stage visited", JSON.stringify(kept));
    for (const { id, path } of await fetch("/api/sessions").then((answer) => answer.json())) {
      if (kept.includes(path) || !sessions.some(({ deck }) => deck === path)) continue;
      utils.ajax(`/api/sessions/${id}`, { method: "DELETE" });
    }
  }

  async function arrive() {
    const show = await plan();
    const title = cells.slide().querySelector("h1, h2, h3");
    place.remember();
    clock.log(show, title ? title.textContent.replace("¶", "").trim() : "");
    tell();
  }

  async function start() {
    place.showFragments();
    arrive();
    Reveal.addEventListener("slidechanged", async () => {
      const show = await plan();
      clock.startAt(show, clock.plannedNow(show));
      arrive();
    });
    const changed = () => (place.remember(), tell());
    ["fragmentshown", "fragmenthidden"].forEach((name) => Reveal.addEventListener(name, changed));
    events.on("finished_execute.CodeCell", () => setTimeout(tell, 300));
    clock.writeUntil(await plan());
    setTimeout(endOldKernels, 5000);
  }

  return { plan, start, next, back, listSessions, openSpeakerView, onCommand, wayOut };
});

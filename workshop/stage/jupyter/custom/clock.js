// The show's clock: how far it is from the plan, until when a break lasts, when each slide came up.
define(["custom/place"], (place) => {
  "use strict";

  const HOURS = 3600 * 1000;
  const unsent = [];

  const time = (ms) => new Date(ms).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });
  const drawer = (show) => `stage ${show.id} offset`;
  const here = (show) => show.sessions.findIndex((session) => session.deck === place.path());

  // By how many ms the show is later than the plan's clock. On the day itself the plan is the clock
  // on the wall; at any other time (a rehearsal) it starts when the first slide is left: until then
  // there is no offset (null).
  function offset(show) {
    const kept = localStorage.getItem(drawer(show));
    if (kept !== null) return Number(kept);
    const first = show.sessions[0], last = show.sessions.at(-1);
    const now = Date.now();
    return now > first.start - 2 * HOURS && now < last.end + 2 * HOURS ? 0 : null;
  }

  const shift = (show, planned) => localStorage.setItem(drawer(show), Date.now() - planned);

  // The planned start of the slide that is shown, in ms.
  function plannedNow(show) {
    const session = show.sessions[here(show)];
    return session && session.slides.slice(0, place.number())
      .reduce((sum, slide) => sum + slide.minutes * 60000, session.start);
  }

  function startAt(show, planned) {
    if (offset(show) === null && planned) shift(show, planned);
  }

  function startAgainHere(show) {
    if (plannedNow(show)) shift(show, plannedNow(show));
  }

  // A break that starts late is not shortened to nothing: half of it, at least, stays.
  function writeUntil(show) {
    const until = document.querySelector("p.until strong");
    const session = show.sessions[here(show)];
    if (!until || !session) return;
    const key = `stage ${show.id} until ${session.deck}`;
    const length = session.end - session.start;
    const planned = session.end + (offset(show) || 0);
    const left = planned - Date.now();
    const end = left < length / 2 || left > 2 * length ? Date.now() + length : planned;
    if (!localStorage.getItem(key)) localStorage.setItem(key, end);
    until.textContent = time(Number(localStorage.getItem(key)));
  }

  // For `make review`: when each slide came up. What the server misses is sent when it is back.
  function log(show, title) {
    unsent.push({
      at: new Date().toISOString(), deck: place.path(), session: here(show) + 1,
      slide: place.number() + 1, cell: place.cell(), title,
    });
    if (unsent.length === 1) send();
  }

  async function send() {
    const [, token] = document.cookie.match(/\b_xsrf=([^;]*)/) || [];
    const answer = await fetch("/stage/minutes", {
      method: "POST", body: JSON.stringify(unsent[0]), headers: { "X-XSRFToken": token },
    }).catch(() => ({ ok: false }));
    if (answer.ok) unsent.shift();
    if (unsent.length) setTimeout(send, answer.ok ? 0 : 3000);
  }

  return { time, here, offset, plannedNow, startAt, startAgainHere, writeUntil, log };
});

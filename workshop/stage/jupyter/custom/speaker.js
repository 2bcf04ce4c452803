// The speaker view. It hears from the stage where the show is, and computes the clock itself; it
// holds no notebook, so that nothing in it can move the room.
"use strict";

const MINUTE = 60000;
const channel = new BroadcastChannel("stage");
const element = (id) => document.getElementById(id);
const clock = (ms, withSeconds) => new Date(ms).toLocaleTimeString([], {
  hour: "numeric", minute: "2-digit", second: withSeconds ? "2-digit" : undefined,
});
let show = null, state = null, page = "";

// Where the show stands at `now` (ms): all in ms. `late` is negative when ahead, 0 while the time
// is within the slide's own planned minutes.
function standing({ sessions }, { session, slide, offset }, now) {
  const { start, slides, end } = sessions[session];
  let begins = start;
  for (const { minutes } of slides.slice(0, slide)) begins += minutes * MINUTE;
  const own = slides[slide] ? slides[slide].minutes * MINUTE : 0;
  const moment = offset === null ? begins : now - offset; // the plan has not started
  const late = moment > begins + own ? moment - begins - own : Math.min(0, moment - begins);
  const stop = sessions.find((s, n) => n > session && ["break", "panel"].includes(s.kind));
  return {
    late, sessionLeft: end - moment, editionLeft: sessions.at(-1).end - moment,
    stop: stop && { title: stop.title, at: stop.start, left: stop.start - moment },
  };
}

// The slides ahead, before the next hard stop, that are the first to be left out when it is late.
function leftOut({ sessions }, { session, slide }, late) {
  const found = [];
  let gained = 0;
  for (let s = session; s < sessions.length && gained < late; s++) {
    if (s > session && ["break", "panel"].includes(sessions[s].kind)) break;
    for (let n = s === session ? slide + 1 : 0; n < sessions[s].slides.length; n++) {
      const each = sessions[s].slides[n];
      if (!each.tags.includes("long") || !each.minutes || gained >= late) continue;
      gained += each.minutes * MINUTE;
      found.push({ ...each, number: n + 1, session: s === session ? "" : sessions[s].title });
    }
  }
  return found;
}

function spoken(ms) {
  const seconds = Math.round(Math.abs(ms) / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function tick() {
  element("time").textContent = clock(Date.now(), true);
  if (!show || !state || !show.sessions[state.session]) return;
  const now = standing(show, state, Date.now());
  const minutes = Math.round(now.late / MINUTE);
  const late = element("standing");
  late.className = minutes > 0 ? "late" : "";
  late.textContent = minutes > 0 ? `${minutes} min late`
    : minutes < 0 ? `${-minutes} min ahead` : "on time";
  if (state.offset === null) late.textContent = "starts with the next slide";
  late.dataset.ms = Math.round(now.late);
  const left = (ms) => ms < 0 ? `${spoken(ms)} over` : `${spoken(ms)} left`;
  element("session-left").textContent = `session ${left(now.sessionLeft)}`;
  element("edition-left").textContent = `workshop ${left(now.editionLeft)}`;
  const stop = now.stop || { title: "End", at: show.sessions.at(-1).end, left: now.editionLeft };
  element("stop").textContent =
    `${stop.title} at ${clock(stop.at + (state.offset || 0))}, in ${spoken(stop.left)}`;
  suggest(minutes > 0 ? now.late : 0);
}

function suggest(late) {
  const box = element("leave-out");
  const slides = late ? leftOut(show, state, late) : [];
  box.hidden = !late;
  if (!late) return;
  box.querySelector("h2").textContent =
    slides.length ? "Leave out, to be on time" : "Nothing is marked to be left out before the stop";
  box.querySelector("ul").replaceChildren(...slides.map((slide) => {
    const line = document.createElement("li");
    const where = [slide.session, `slide ${slide.number}`].filter(Boolean).join(", ");
    line.textContent = `${where}: ${slide.title} (${slide.minutes.toFixed(1)} min)`;
    return line;
  }));
}

function draw(frame, html) {
  frame.wanted = html;
  if (frame.page !== page) {
    frame.page = page;
    frame.srcdoc = page;
    frame.onload = () => { frame.contentDocument.body.innerHTML = frame.wanted; };
  } else if (frame.contentDocument.body.classList.contains("rise-enabled")) {
    frame.contentDocument.body.innerHTML = html;
  }
  frame.style.transform = `scale(${frame.parentElement.clientWidth / 1280})`;
}

function hear({ data }) {
  if (data.slide === undefined) return;
  const moved = !state || state.slide !== data.slide || state.deck !== data.deck;
  state = data;
  page = data.page || page;
  if (moved) {
    element("notes").innerHTML = state.notes;
    element("notes").scrollTop = 0;
  }
  element("where").textContent = `${state.deck}: ${state.slide + 1} of ${state.slides}`;
  element("then").textContent = state.next ? "Next" : `Then: ${state.then}`;
  draw(element("current"), state.current);
  draw(element("next"), state.next);
  tick();
}

function enlarge(by) {
  const size = (Number(localStorage.getItem("stage notes")) || 30) + by;
  localStorage.setItem("stage notes", size);
  document.documentElement.style.setProperty("--notes", `${size}px`);
}

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const key = event.code === "Space" ? "Space" : event.key;
  const name = event.shiftKey && ["Space", "Enter"].includes(key) ? `Shift+${key}` : key;
  if (name === "+" || name === "-") enlarge(name === "+" ? 2 : -2);
  const known = show && show.keys.some((each) => each.speaker && each.press.includes(name));
  if (!known) return;
  event.preventDefault();
  channel.postMessage({ key: name });
}

async function start() {
  enlarge(0);
  document.addEventListener("keydown", press);
  element("start").addEventListener("click", () => {
    channel.postMessage({ clock: "here" });
    element("start").blur();
  });
  window.addEventListener("resize", () => state && hear({ data: state }));
  channel.addEventListener("message", hear);
  setInterval(tick, 1000);
  setInterval(() => channel.postMessage({ hello: !state }), 1000);
  while (!show) {
    show = await fetch("/stage/show").then((answer) => answer.json()).catch(() => null);
    if (!show) await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  channel.postMessage({ hello: true });
}

start();

// What a room does with its slides, the same on stage and in an exported deck: hands are counted on
// a poll and stand beside the answer, the ring of a discussion empties, a drawing builds up.
(() => {
  "use strict";

  const sections = () =>
    [...document.querySelectorAll(".reveal .slides section")].filter((s) => !s.querySelector("section"));
  const key = (number) => `hands ${location.pathname} ${number}`;
  const counts = (number) => JSON.parse(sessionStorage.getItem(key(number)) ?? "[]");

  // Typing into a field must not turn slides; what a remote sends, and Escape, leaves the field.
  function typing(event) {
    if (["PageDown", "PageUp", "Escape", "Enter", "Tab"].includes(event.key)) event.target.blur();
    if (!event.key.startsWith("Page")) event.stopPropagation();
  }

  function addHands(section, number) {
    const answers = section.querySelectorAll(".celltag_poll .rendered_html > :is(ul, ol) > li");
    answers.forEach((answer, index) => {
      if (answer.querySelector("input")) return;
      const hands = document.createElement("input");
      const letter = String.fromCharCode(65 + index);
      Object.assign(hands, { inputMode: "numeric", maxLength: 3, placeholder: " ", autocomplete: "off" });
      hands.setAttribute("aria-label", `Hands for ${letter}, ${answer.textContent.trim()}`);
      hands.value = counts(number)[index] ?? "";
      hands.addEventListener("keydown", typing);
      hands.addEventListener("input", () => {
        const typed = [...answers].map((a) => a.querySelector("input").value.replace(/\D/g, ""));
        sessionStorage.setItem(key(number), JSON.stringify(typed));
        showGuesses();
      });
      answer.append(hands);
    });
  }

  // On a slide tagged `guess`: how many hands each answer of the poll before it got.
  function showGuesses() {
    let poll = null;
    let number = -1;
    for (const section of sections()) {
      if (section.querySelector(".celltag_poll")) [poll, number] = [section, number + 1];
      const place = section.querySelector(".celltag_guess .rendered_html");
      if (!place || !poll) continue;
      place.querySelector(".guess")?.remove();
      const typed = counts(number).map(Number);
      const all = typed.reduce((sum, hands) => sum + hands, 0);
      if (!all) continue;
      const list = document.createElement("ul");
      list.className = "guess";
      list.setAttribute("aria-label", "What the room guessed");
      poll.querySelectorAll(".celltag_poll li").forEach((answer, index) => {
        const row = document.createElement("li");
        row.style.setProperty("--share", `${(100 * (typed[index] || 0)) / all}%`);
        for (const text of [answer.textContent.trim(), typed[index] || 0]) {
          row.append(Object.assign(document.createElement("span"), { textContent: text }));
        }
        list.append(row);
      });
      place.append(list);
    }
  }

  // The ring: a click (Enter, Space) starts it, another one winds it up again.
  function addRing(ring) {
    if (ring.dataset.minutes) return;
    const words = ring.textContent;
    ring.dataset.minutes = parseFloat(words);
    Object.assign(ring, { tabIndex: 0, title: "Start the time" });
    ring.setAttribute("role", "timer");
    let ticking = null;
    const turn = () => {
      if (ticking) {
        clearInterval(ticking);
        ticking = null;
        ring.textContent = words;
        ring.style.setProperty("--left", 1);
        return;
      }
      const whole = ring.dataset.minutes * 60;
      const end = Date.now() + whole * 1000;
      const show = () => {
        const left = Math.max(0, Math.round((end - Date.now()) / 1000));
        ring.style.setProperty("--left", left / whole);
        ring.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      };
      show();
      ticking = setInterval(show, 1000);
    };
    ring.addEventListener("click", turn);
    ring.addEventListener("keydown", (event) => {
      if (![" ", "Enter"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      turn();
    });
  }

  // A drawing with parts of class `fragment` is put into the page, so that reveal shows them one by
  // one; its styles and names stay its own.
  function putIntoPage(image, source) {
    const drawing = new DOMParser().parseFromString(source, "image/svg+xml").documentElement;
    if (!drawing.querySelector(".fragment")) return;
    const name = `drawing-${(putIntoPage.count = (putIntoPage.count ?? 0) + 1)}`;
    for (const style of drawing.querySelectorAll("style")) {
      const rules = style.textContent.replace(/@font-face\s*{[^}]*}/g, "");
      style.textContent = `[data-drawing="${name}"] { ${rules} }`;
    }
    for (const named of drawing.querySelectorAll("[id]")) named.id = `${name}-${named.id}`;
    for (const element of drawing.querySelectorAll("*")) {
      for (const { name: attribute, value } of [...element.attributes]) {
        const own = value.replace(/url\(#/g, `url(#${name}-`);
        const reference = /^(xlink:)?href$/.test(attribute) ? own.replace(/^#/, `#${name}-`) : own;
        if (reference !== value) element.setAttribute(attribute, reference);
      }
    }
    drawing.dataset.drawing = name;
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", image.alt);
    drawing.querySelector(":scope > title")?.remove(); // the label says more, and it would hover
    image.replaceWith(document.adoptNode(drawing));
  }

  // Pictures in the page itself are there at once, those in files (on stage) a moment later.
  function buildUp() {
    for (const image of document.querySelectorAll(".reveal .text_cell img, #notebook .text_cell img")) {
      const [, kind, data] = image.src.match(/^data:(image\/svg\+xml);base64,(.*)/) ?? [];
      if (kind) {
        const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
        putIntoPage(image, new TextDecoder().decode(bytes));
      } else if (/\.svg$/.test(image.src)) {
        fetch(image.src).then((answer) => answer.text()).then((text) => putIntoPage(image, text));
      }
    }
  }

  function start() {
    sections().filter((s) => s.querySelector(".celltag_poll")).forEach(addHands);
    showGuesses();
    document.querySelectorAll(".reveal .slides p.lasts").forEach(addRing);
  }

  const room = { buildUp, start };
  if (typeof define === "function" && define.amd) define([], () => room);
  else window.room = room;
})();

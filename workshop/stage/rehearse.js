// What the rehearsal asks of a stage's page, in which Playwright runs it once.
window.rehearsal = (() => {
  "use strict";

  const [cells, events, pictures] =
    ["custom/cells", "base/js/events", "custom/pictures"].map((name) => require(name));
  const began = new Map();
  const seconds = {}; // of each cell's latest run, by its id
  let ended = 0; // when the latest cell did
  let runs = 0;

  events.on("execute.CodeCell", (_event, { cell }) => began.set(cell.id, performance.now()));
  events.on("finished_execute.CodeCell", (_event, { cell }) => {
    const now = performance.now();
    seconds[cell.id] = (now - Math.max(began.get(cell.id), ended)) / 1000; // the kernel runs one
    ended = now;
    runs += 1;
  });

  const slide = () => Reveal.getCurrentSlide();
  const hidden = () => slide().querySelector(".fragment:not(.visible)");
  const idle = (wanted) => runs >= wanted && !document.querySelector(".cell.running")
    && !Jupyter.notebook.kernel_busy;
  // Every picture is there, and the sign that a cell runs is gone.
  const drawn = () => [...document.images].every((image) => image.complete)
    && !document.getElementById("stage-sign")?.innerText.includes("running");
  const place = () => JSON.stringify(Reveal.getIndices());

  function state() {
    return {
      number: pictures.sections().indexOf(slide()),
      place: place(),
      whole: !hidden(),
      last: Reveal.isLastSlide() && !hidden(),
      pending: cells.shown().filter((cell) => !(cell.input_prompt_number > 0)).length,
      runs,
    };
  }

  // What a person would miss: below the footer's edge, right of the canvas, or scrolled away.
  function overflow() {
    const right = slide().getBoundingClientRect().right + 1;
    const floor = document.getElementById("rise-footer").getBoundingClientRect().top + 1;
    const found = [];
    const parts = "h1,h2,h3,p,li,img,svg,table,.output_area pre,.CodeMirror-line > span,.MathJax";
    for (const part of slide().querySelectorAll(parts)) {
      if (part.closest("aside.notes") || !part.checkVisibility()) continue;
      const box = part.getBoundingClientRect();
      if (!box.width || !box.height) continue;
      const over = Math.ceil(Math.max(box.bottom - floor, box.right - right));
      const what = part.textContent.trim().slice(0, 40) || part.alt || part.tagName.toLowerCase();
      if (over > 0) found.push(`“${what}” sticks out by ${over} px`);
    }
    for (const box of [slide(), ...slide().querySelectorAll(".output, .output_scroll")]) {
      const over = Math.max(box.scrollHeight - box.clientHeight, box.scrollWidth - box.clientWidth);
      if (over > 1) found.push(`${box === slide() ? "it" : "an output"} scrolls by ${over} px`);
    }
    return found;
  }

  const said = (selector) =>
    [...slide().querySelectorAll(selector)].map((output) => output.innerText.trim());

  // Output as people see it: without counters and addresses in memory.
  const outputs = (cell) => JSON.stringify(cell.output_area.toJSON(),
    (key, value) => (key === "execution_count" ? undefined : value)).replace(/0x[\da-f]{6,}/g, "");

  // Show a slide whole and run its cells once more; return the cells whose output changed.
  async function again(number) {
    Reveal.slide(...Object.values(Reveal.getIndices(pictures.sections()[number])).slice(0, 2));
    while (hidden() && Reveal.nextFragment());
    const shown = cells.shown();
    const before = shown.map(outputs);
    const wanted = runs + shown.length;
    shown.forEach((cell) => cell.execute());
    while (!idle(wanted)) await new Promise((resolve) => setTimeout(resolve, 10));
    return shown.filter((cell, index) => outputs(cell) !== before[index]).map((cell) => cell.id);
  }

  // The number of the slide that asks for an address, 0 where none says so.
  const asks = (url) => 1 + pictures.sections().findIndex((section) =>
    [...section.querySelectorAll("[src], link")].some((e) => e.src === url || e.href === url));

  return {
    state, overflow, again, asks, idle, drawn, place, seconds: () => seconds, slide,
    errors: () => said(".output_error"), warnings: () => said(".output_stderr"),
  };
})();

// Runs in the build's Chromium on the slides without their scripts, laid out as in print.
const HEIGHT = 716; // of a page, less what reveal and rounding take
const SMALLEST = 0.6; // of a slide; below, it goes on to a further page
const SMALLEST_FIGURE = 0.34; // of its height, before the slide goes on
const MOST_PAGES = 24; // of a slide; what is left scrolls on screen
const LONGEST = 4; // pages of one text; a longer one scrolls on screen
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const leaves = () => all(".slides section").filter((section) => !section.querySelector("section"));

window.load = async (slides, styles) => {
  const bench = `.slides section { position: relative !important; display: block !important; visibility: visible !important;
    opacity: 1 !important; transform: none !important; width: 1280px !important; contain: layout; }
    .slides section.natural { height: auto !important; min-height: 0 !important; }
    .slides { position: static !important; width: 1280px; height: auto !important; zoom: 1; }
    .slides .fragment { visibility: visible !important; opacity: 1 !important; }`;
  for (const text of [...styles, bench]) {
    const style = document.createElement("style");
    style.textContent = text;
    document.head.append(style);
  }
  document.querySelector(".slides").innerHTML = slides; // scripts that come in this way do not run
  for (const stack of all(".slides > section")) stack.classList.toggle("stack", !!stack.querySelector("section"));
  await document.fonts.ready;
  await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
};

// --- Formulas: the settings of Jupyter's classic page, on which RISE runs ---------------------------

window.configure = (labels) => {
  window.MathJax = {
    jax: ["input/TeX", "output/SVG"],
    extensions: ["tex2jax.js", "AssistiveMML.js", "Safe.js"],
    tex2jax: {
      inlineMath: [["$", "$"], ["\\(", "\\)"]],
      displayMath: [["$$", "$$"], ["\\[", "\\]"]],
      processEscapes: true, processEnvironments: true, preview: "none",
    },
    TeX: {
      extensions: ["AMSmath.js", "AMSsymbols.js", "noErrors.js", "noUndefined.js", "autoload-all.js", "newcommand.js", "begingroup.js"],
      // Jupyter gives no numbers; where a deck has labels, its references want them.
      equationNumbers: { autoNumber: labels ? "AMS" : "none", useLabelIds: true },
    },
    // Nobody looks: all formulas at once, without the pauses for a screen.
    SVG: { font: "STIX-Web", useGlobalCache: true, linebreaks: { automatic: true }, EqnChunk: 1e6, EqnChunkDelay: 0 },
    menuSettings: { assistiveMML: true, zoom: "None" },
    showMathMenu: false, messageStyle: "none", skipStartupTypeset: true,
    AuthorInit() {
      window.started = new Promise((resolve) => MathJax.Hub.Register.StartupHook("End", resolve));
    },
  };
};

window.typeset = async (macros) => {
  await window.started;
  MathJax.Hub.processUpdateTime = 1e6;
  MathJax.Hub.processSectionDelay = 0;
  const hidden = document.createElement("div");
  hidden.textContent = macros;
  document.querySelector(".slides").before(hidden);
  // What Jupyter typesets: text, and outputs of HTML, Markdown and LaTeX.
  const places = [hidden, ...all(".rendered_html, .output_latex, aside.notes")];
  await new Promise((resolve) => MathJax.Hub.Queue(["Typeset", MathJax.Hub, places], resolve));
  hidden.remove();
  all("script[type^='math/'], .MathJax_Preview, #MathJax_Message").forEach((element) => element.remove());
  for (const formula of all(".MathJax_SVG")) {
    for (const name of ["id", "tabindex", "data-mathml"]) formula.removeAttribute(name);
    if (formula.querySelector("math") && formula.querySelector("math").childElementCount === 0) {
      const paragraph = formula.closest("p"); // it only defines something
      (formula.closest(".MathJax_SVG_Display") ?? formula).remove();
      if (paragraph && !paragraph.textContent.trim() && !paragraph.childElementCount) paragraph.remove();
    }
  }
};

// --- Fitting ----------------------------------------------------------------------------------------

const height = (section) => {
  section.classList.add("natural");
  const natural = section.scrollHeight;
  section.classList.remove("natural");
  return natural;
};
const blocks = (section) => [...section.children].filter((child) => !child.matches("aside.notes"));
const zoom = (section, factor) => blocks(section).forEach((block) => (block.style.zoom = factor === 1 ? "" : factor));
const FIGURES = "img, video, canvas, iframe, svg:not(.MathJax_SVG svg):not(svg svg)";

const isEmpty = (section) => {
  if ([...section.attributes].some((attribute) => attribute.name.startsWith("data-background"))) return false;
  if (section.querySelector(`${FIGURES}, .MathJax_SVG, hr, object, audio, input, button, script`)) return false;
  return blocks(section).every((block) => !block.innerText.trim());
};

// What is wider than its place is made smaller, then broken into lines, then scrolls.
const narrow = (section) => {
  let changed = false;
  for (const wide of all("table, .MathJax_SVG_Display, .output_html > *, .rendered_html > div", section)) {
    const room = wide.parentElement.clientWidth;
    const over = () => Math.max(wide.scrollWidth, wide.offsetWidth) * (wide.currentCSSZoom ?? 1) > room * (wide.parentElement.currentCSSZoom ?? 1) + 1;
    if (!room || wide.closest("svg, pre") || !over()) continue;
    changed = true;
    wide.style.zoom = Math.max(SMALLEST, room / Math.max(wide.scrollWidth, wide.offsetWidth));
    if (over()) wide.classList.add("wraps");
    if (over()) wide.parentElement.classList.add("scrolls");
  }
  return changed;
};

// Figures take the room that is left; returns how much of their size they keep, 0 if it is not enough.
const shrink = (section) => {
  const figures = all(FIGURES, section).filter((figure) => figure.getBoundingClientRect().height > 60);
  const sizes = figures.map((figure) => figure.getBoundingClientRect());
  const set = (factor) => figures.forEach((figure, index) => {
    const { width, height } = sizes[index];
    Object.assign(figure.style, { maxHeight: `${Math.floor(height * factor)}px`, maxWidth: `${Math.ceil(width)}px`, minHeight: 0 });
    if (!figure.matches("iframe, canvas")) Object.assign(figure.style, { width: "auto", height: "auto", objectFit: "contain" });
  });
  const reset = () => figures.forEach((figure) => (figure.style.cssText = figure.dataset.style));
  return figures.length || height(section) <= HEIGHT ? largest(SMALLEST_FIGURE, set, section, reset) : 0;
};

// The largest factor, between `low` and 1, with which the slide fits; 0 and as it was if none does.
const largest = (low, set, section, reset) => {
  if (height(section) <= HEIGHT) return 1;
  set(low);
  if (height(section) > HEIGHT) return reset(), 0;
  let high = 1;
  for (let round = 0; round < 6; round++) {
    const middle = (low + high) / 2;
    set(middle);
    if (height(section) > HEIGHT) high = middle;
    else low = middle;
  }
  set(low);
  return low;
};

// All of a slide, its figures a little more: of the ways in which it fits the one with the largest figures.
const scale = (section) => {
  all(FIGURES, section).forEach((figure) => (figure.dataset.style ??= figure.style.cssText));
  const start = () => all(FIGURES, section).forEach((figure) => (figure.style.cssText = figure.dataset.style));
  let best = [0, 0];
  for (const factor of [1, 0.9, 0.8, 0.7, SMALLEST]) {
    start();
    zoom(section, factor);
    const kept = shrink(section) * factor;
    if (kept > best[0] + 0.02) best = [kept, factor];
    if (kept && kept >= factor * 0.99) break; // the figures are as they were: no need to go on
  }
  start();
  zoom(section, best[1] || 1);
  if (best[1]) shrink(section);
  return !!best[1];
};

// No figure is taller than a page.
const makeRoom = (section) => all(FIGURES, section).forEach((figure) => {
  if (figure.getBoundingClientRect().height < 480) return;
  figure.style.maxHeight = "480px";
  if (!figure.matches("iframe, canvas")) Object.assign(figure.style, { width: "auto", objectFit: "contain" });
});

// --- Going on to a further page -----------------------------------------------------------------------

const WHOLE = "img, svg, video, canvas, iframe, tr, h1, h2, h3, h4, h5, h6, math, button, input, thead, .MathJax_SVG, .MathJax_SVG_Display, .input_prompt";

const cutText = (text, limit) => {
  const range = document.createRange();
  range.selectNodeContents(text);
  if (range.getBoundingClientRect().bottom <= limit) return null;
  let [fits, end] = [0, text.length];
  while (end - fits > 1) {
    const middle = (fits + end) >> 1;
    range.setStart(text, 0);
    range.setEnd(text, middle);
    if (range.getBoundingClientRect().bottom <= limit) fits = middle;
    else end = middle;
  }
  const pre = text.parentElement.closest("pre");
  const gap = text.data.lastIndexOf(pre ? "\n" : " ", fits) + 1;
  return text.splitText(gap || (pre ? 0 : fits));
};

// Takes from a node what lies below the limit, and returns it.
const cut = (node, limit) => {
  if (node.nodeType === Node.TEXT_NODE) return node.data.trim() ? cutText(node, limit) : null;
  if (node.nodeType !== Node.ELEMENT_NODE || node.matches("style, script, aside.notes, .prompt")) return null;
  const box = node.getBoundingClientRect();
  if (!box.height || box.bottom <= limit + 1) return null;
  if (box.top >= limit - 8 || node.matches(WHOLE)) return node;
  const rest = node.cloneNode(false);
  rest.removeAttribute("id");
  for (const child of [...node.childNodes]) {
    const part = rest.hasChildNodes() ? child : cut(child, limit);
    if (part) rest.append(part);
  }
  if (!rest.hasChildNodes()) return null;
  if (node.nodeName === "OL") {
    const divided = rest.firstChild !== null && node.lastElementChild?.dataset.divided !== undefined;
    rest.start = node.start + node.children.length - divided;
    if (divided) rest.firstElementChild.style.listStyle = "none";
  }
  node.dataset.divided = "";
  if (node.nodeName === "TABLE" && node.tHead) rest.prepend(node.tHead.cloneNode(true));
  return rest;
};

const split = (section, title) => {
  const box = section.getBoundingClientRect();
  const limit = box.top + HEIGHT - parseFloat(getComputedStyle(section).paddingBottom) - 36; // a block may end in padding and an empty line
  const rest = section.cloneNode(false);
  rest.removeAttribute("id");
  const kept = blocks(section).length;
  for (const child of blocks(section)) {
    const part = rest.hasChildNodes() ? child : cut(child, limit);
    if (part) rest.append(part);
  }
  if (!rest.hasChildNodes() || (!blocks(section).some((b) => b.innerText.trim() || b.querySelector(FIGURES)) && kept)) {
    section.append(...rest.childNodes); // nothing to divide: it stays, cut by the page's edge
    return null;
  }
  const head = document.createElement("h2");
  head.className = "continued";
  head.textContent = title ? `${title} (continued)` : "(continued)";
  rest.prepend(head);
  section.after(rest);
  return rest;
};

const isFolded = (element) => {
  for (let around = element.parentElement; !around.matches("section"); around = around.parentElement) {
    if (getComputedStyle(around).overflow !== "visible" && around.clientHeight < element.clientHeight / 2) return true;
  }
  return false;
};

// A text so long that it would fill many pages is whole on screen, in a box that scrolls.
const box = (section) => {
  let boxed = false;
  for (const text of all(".output_area pre, .output_html > *", section)) {
    if (text.getBoundingClientRect().height < LONGEST * HEIGHT || text.closest(".long-text") || isFolded(text)) continue;
    boxed = true;
    const mark = document.createElement("p");
    mark.className = "cut";
    mark.textContent = "This goes on: whole in the HTML page, where the box scrolls; cut in the PDF.";
    text.classList.add("long-text");
    text.after(mark);
  }
  return boxed;
};

const fitAll = (report) => {
  // Measure all first: each look after a change lays the page out again.
  const sections = leaves();
  sections.forEach((section) => section.classList.add("natural"));
  const tall = sections.map((section) => section.scrollHeight > HEIGHT || section.scrollWidth > 1281 || !!section.querySelector("table, .MathJax_SVG_Display, .output_html"));
  sections.forEach((section) => section.classList.remove("natural"));
  sections.forEach((section, index) => {
    if (!tall[index]) return;
    let fitted = narrow(section);
    if (height(section) > HEIGHT) {
      fitted = true;
      if (box(section)) report.cut.push(index + 1);
    }
    if (height(section) > HEIGHT && !scale(section)) {
      const title = section.querySelector("h1, h2, h3, h4")?.innerText.trim() ?? "";
      zoom(section, 0.75);
      makeRoom(section);
      let [rest, pages] = [section, 0];
      while (rest && height(rest) > HEIGHT && pages < MOST_PAGES - 1) {
        rest = split(rest, title);
        if (rest) pages++;
      }
      if (pages) report.continued[index + 1] = pages;
      const last = rest ?? leaves()[leaves().indexOf(section) + pages];
      if (height(last) > HEIGHT) {
        last.classList.add("too-long");
        report.cut.push(index + 1);
      }
    }
    if (fitted) {
      section.classList.add("fitted");
      if (!report.continued[index + 1]) report.fitted.push(index + 1);
    }
  });
};

window.finish = (fit) => {
  const report = { fitted: [], continued: {}, cut: [], empty: 0 };
  if (fit) {
    for (const section of leaves().filter(isEmpty)) {
      const stack = section.parentElement;
      if (leaves().length === 1) break;
      section.remove();
      report.empty++;
      if (!stack.querySelector("section") && stack.matches("section")) stack.remove();
    }
    fitAll(report);
  }
  all(".stack").forEach((stack) => stack.classList.remove("stack"));
  all("[class='']").forEach((element) => element.removeAttribute("class"));
  all("[data-divided], [data-style]").forEach((element) => (delete element.dataset.divided, delete element.dataset.style));
  report.cut = [...new Set(report.cut)];
  const glyphs = document.getElementById("MathJax_SVG_glyphs")?.outerHTML ?? "";
  return { ...report, slides: document.querySelector(".slides").innerHTML, glyphs };
};

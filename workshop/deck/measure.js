// Measures what a slide shows, as a person in the room sees it, in an export or on stage. Given to
// Playwright as a function of one element: a slide on its 1280 × 720 canvas, whose pixels count.
async (slide) => {
  const frame = slide.getBoundingClientRect();
  const unit = frame.width / 1280;
  const shown = (element) => {
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    return style.visibility !== "hidden" && box.width > 0 && box.height > 0 && !element.closest("aside.notes");
  };
  const smallest = {};
  const seen = (kind, pixels, words) => {
    if (!(smallest[kind]?.pixels <= pixels)) smallest[kind] = { pixels, words };
  };

  // --- Letters: of the page, of charts (which say how large theirs are), of drawings.
  const kindOf = (element) => {
    if (element.closest(".deck-footer, .slide-number, .slide-number-pdf, #rise-footer, .celltag_references, small, sup, figcaption")) return "source";
    if (element.closest(".celltag_title, .celltag_people, .celltag_agenda") && !element.closest("h1, h2, h1 + p")) return "source";
    if (element.closest("pre, code, .CodeMirror")) return "code";
    if (element.closest(".output_wrapper, table, svg, .lasts, .guess")) return "chart";
    return "body";
  };
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  let words = 0;
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    const text = node.textContent.trim();
    if (!text || !element || element.closest("style, script, svg, math") || !shown(element)) continue;
    const kind = kindOf(element);
    seen(kind, parseFloat(getComputedStyle(element).fontSize), text.slice(0, 30));
    if (kind === "body" && !element.closest("h1, h2")) words += text.split(/\s+/).length;
  }
  const drawing = (svg) => {
    for (const text of svg.querySelectorAll("text, tspan")) {
      const own = [...text.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
      if (own) seen("chart", parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().d / unit, text.textContent.trim().slice(0, 30));
    }
  };
  for (const svg of slide.querySelectorAll("svg")) if (shown(svg)) drawing(svg);
  for (const image of slide.querySelectorAll("img")) {
    if (!shown(image)) continue;
    const box = image.getBoundingClientRect();
    if (image.dataset.text) {
      seen("chart", image.dataset.text * box.width / unit / image.getAttribute("width"), image.alt.slice(0, 30));
    } else if (/^data:image\/svg\+xml;base64|\.svg([?#]|$)/.test(image.src)) {
      // As a shadow tree, which the page's styles do not reach; as large as it is shown.
      const data = image.src.split(";base64,")[1]; // a page on its own may fetch nothing, not even this
      const bytes = data && Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
      const source = data ? new TextDecoder().decode(bytes) : await (await fetch(image.src)).text();
      const parsed = new DOMParser().parseFromString(source, "image/svg+xml");
      const host = slide.appendChild(document.createElement("div"));
      host.attachShadow({ mode: "open" }).append(document.adoptNode(parsed.documentElement));
      const svg = host.shadowRoot.querySelector("svg");
      Object.assign(host.style, { position: "absolute", left: 0, top: 0 });
      svg.style.cssText = `width:${box.width / unit}px;height:${box.height / unit}px`;
      drawing(svg);
      host.remove();
    }
  }

  // --- How much of the slide is chart, number or picture; of boxes in boxes the outer one counts.
  const pictures = [...slide.querySelectorAll("img, svg, canvas, iframe, p.number, .celltag_big-number p:has(> strong:only-child), .chart-table:has(svg), .seat-game, .model-card")].filter(shown);
  const outer = pictures.filter((one) => !pictures.some((other) => other !== one && other.contains(one)));
  const area = outer.reduce((sum, one) => {
    const box = one.getBoundingClientRect();
    const width = Math.min(box.right, frame.right) - Math.max(box.left, frame.left);
    const height = Math.min(box.bottom, frame.bottom) - Math.max(box.top, frame.top);
    return sum + Math.max(0, width) * Math.max(0, height);
  }, 0);

  // --- Boxes that lie on one another: words, code and outputs each have their place.
  const blocks = [...slide.querySelectorAll(".text_cell .rendered_html > :not(.lasts, .guess), .input_area, .output_subarea")].filter(shown);
  const over = [];
  blocks.forEach((one, i) => blocks.slice(i + 1).forEach((other) => {
    if (one.contains(other) || other.contains(one)) return;
    const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
    const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (across > 2 && down > 2 * unit) over.push(`${Math.ceil(down / unit)} px of “${other.textContent.trim().slice(0, 24) || "output"}” over “${one.textContent.trim().slice(0, 24) || "output"}”`);
  }));

  // --- Code.
  const code = [...slide.querySelectorAll(".code_cell .input_area")].filter(shown);
  const lines = code.flatMap((one) => {
    const mirror = one.querySelector(".CodeMirror-code");
    return mirror ? [...mirror.children].map((line) => line.textContent) : one.innerText.trimEnd().split("\n");
  }).filter((line) => line.replace(/\u200b/g, "").trim());
  const tables = [...slide.querySelectorAll(".output_wrapper table")].filter((t) => shown(t) && !t.querySelector("svg"));
  return {
    title: slide.querySelector("h1, h2, h3")?.textContent.trim() ?? "",
    smallest,
    share: area / frame.width / frame.height,
    over,
    output: [...slide.querySelectorAll(".output_wrapper .output_subarea")].some(shown),
    lines: lines.length,
    longest: Math.max(0, ...lines.map((line) => line.length)),
    words,
    tables: tables.length,
    marks: slide.querySelectorAll("mark, td.marked, .lit").length,
    unmarked: tables.filter((t) => !t.querySelector("td.marked")).length,
  };
}

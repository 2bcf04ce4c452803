// Runs in the print view of an exported deck, where every slide is laid out at once.

// Everything that is drawn is there: fonts, pictures, the first frame of films.
window.drawn = async () => {
  await document.fonts.ready;
  const film = (video) => video.readyState > 1 || video.error || new Promise((resolve) => {
    for (const event of ["loadeddata", "error"]) video.addEventListener(event, resolve, { once: true });
    setTimeout(resolve, 5000);
  });
  await Promise.all([
    ...[...document.images].map((image) => image.decode().catch(() => {})),
    ...[...document.querySelectorAll("video[src], video:has(source)")].map(film),
  ]);
};

// reveal leaves every slide but the first hidden from assistive technology in its print view,
// which would empty the PDF's tags and bookmarks.
window.showAll = () => document.querySelectorAll(".pdf-page section, .pdf-page").forEach((element) => {
  element.removeAttribute("aria-hidden");
  element.removeAttribute("hidden");
});

// Whether something lies outside a box around it, which is looked at itself, or is folded away.
const isClipped = (element) => {
  const box = element.getBoundingClientRect();
  for (let around = element; around && !around.matches("section"); around = around.parentElement) {
    const outer = around.getBoundingClientRect();
    if (getComputedStyle(around).overflow === "visible") continue;
    if (!outer.height || !outer.width) return true;
    if (around !== element && (outer.bottom < box.bottom - 1 || outer.right < box.right - 1)) return true;
  }
  return false;
};

// What sticks out of its page, or is cut off in a box that scrolls on screen:
// [slide, title, cell, pixels, what].
window.overflow = () => {
  const found = [];
  const cellOf = (element) =>
    (element.closest('[id^="cell-id="]')?.id ?? "").replace("cell-id=", "");
  document.querySelectorAll(".pdf-page").forEach((page, index) => {
    const title = page.querySelector("h1, h2, h3, h4")?.textContent.trim() ?? "";
    const box = page.getBoundingClientRect();
    const footer = page.querySelector(".deck-footer");
    const bottom = footer && footer.textContent.trim()
      ? Math.min(box.bottom, footer.getBoundingClientRect().top) : box.bottom;
    const worst = new Map();
    const report = (element, pixels, what) => {
      const cell = cellOf(element);
      if (pixels <= 1 || pixels <= (worst.get(cell)?.[0] ?? 0) || isClipped(element)) return;
      worst.set(cell, [pixels, what]);
    };
    for (const element of page.querySelectorAll("section *")) {
      if (element.closest("aside.notes, svg, math, .MJX_Assistive_MathML, .long-text, section.too-long") || !element.getClientRects().length) continue;
      if (!cellOf(element) && element.querySelector('[id^="cell-id="]')) continue;  // around cells
      const style = getComputedStyle(element);
      if (style.visibility === "hidden") continue;
      const rect = element.getBoundingClientRect();
      if (rect.width === 0 || rect.height === 0) continue;
      report(element, rect.bottom - bottom, "below the slide");
      report(element, box.top - rect.top, "above the slide");
      report(element, rect.right - box.right, "beyond the right edge");
      report(element, box.left - rect.left, "beyond the left edge");
      if (element.matches(".MathJax_SVG, .MathJax_SVG *")) continue;
      if (style.overflowX !== "visible" || element.matches("pre, table")) {
        report(element, element.scrollWidth - element.clientWidth, "wider than its box");
      }
      if (style.overflowY !== "visible") {
        report(element, element.scrollHeight - element.clientHeight, "taller than its box");
      }
    }
    for (const [cell, [pixels, what]] of worst) {
      found.push([index + 1, title, cell, Math.ceil(pixels), what]);
    }
  });
  return found;
};

// How many slides and pages there should be, and how many slides and pages there are.
window.counts = () => {
  const slides = document.querySelector(".slides");
  const pages = slides.querySelectorAll(".pdf-page");
  const sections = [...pages].map((page) => page.querySelectorAll("section").length);
  return {
    strict: slides.dataset.strict !== undefined,
    wanted: Number(slides.dataset.pages),
    pages: pages.length,
    sections: sections.reduce((sum, count) => sum + count, 0),
  };
};

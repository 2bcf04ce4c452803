room.buildUp(); // before reveal counts the fragments

// Starts reveal.js. The slide is 1280 × 720 everywhere; `margin: 0` makes a PDF page the slide.
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  transition: "none",
  slideNumber: "c/t",
  ...JSON.parse(document.getElementById("deck-settings").textContent),
  showNotes: false,
  pdfSeparateFragments: false,
  pdfMaxPagesPerSlide: 1,
  scrollActivationWidth: 600,
  plugins: [RevealNotes],
});

// The lines of code become elements, so that the tags lit-1 … can light them.
for (const code of document.querySelectorAll('[class*="celltag_lit-"] .highlight pre')) {
  const lines = code.innerHTML.replace(/\n$/, "").split("\n");
  code.innerHTML = lines.map((line) => `<span class="line">${line}</span>`).join("");
}

// In the print view every page carries what lies over the slides.
Reveal.on("pdf-ready", () => {
  const around = [...document.querySelectorAll(".reveal > :is(.deck-footer, .deck-overlay, .deck-note)")];
  for (const page of document.querySelectorAll(".pdf-page")) {
    for (const element of around) page.append(element.cloneNode(true));
  }
});

Reveal.on("ready", () => {
  room.start();
  nameScrollingBoxes();
  leaveHiddenSlides();
});
Reveal.on("slidechanged", leaveHiddenSlides);
Reveal.on("resize", nameScrollingBoxes);

// A box that scrolls can be reached with the keyboard, and says what it is.
function nameScrollingBoxes() {
  const names = { input_area: "Code", output_subarea: "Output", rendered_html: "Figure" };
  const boxes = document.querySelectorAll(".input_area, .output_subarea, .scrolls, .long-text, .text_cell p:has(> img, > svg)");
  for (const box of boxes) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    const overflows = getComputedStyle(box).overflowX !== "visible";
    if (!scrolls || !overflows) continue;
    const title = box.closest("section")?.querySelector("h1, h2, h3")?.textContent ?? "";
    const kind = Object.keys(names).find((name) => box.classList.contains(name)) ?? "rendered_html";
    box.tabIndex = 0;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", `${names[kind]}, ${title}`);
  }
}

// Tab stays on the slide that is shown. Where all slides are one page (phone, print), it goes through.
function leaveHiddenSlides() {
  const one = !Reveal.isScrollView() && !Reveal.isPrintView();
  for (const slide of document.querySelectorAll(".reveal .slides section")) {
    slide.inert = one && !slide.classList.contains("present");
  }
}

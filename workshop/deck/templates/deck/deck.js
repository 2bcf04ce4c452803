// Starts reveal.js. The slide is 1280 × 720 everywhere; `margin: 0` makes a PDF page the slide.
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0,
  center: false,
  hash: true,
  transition: "none",
  slideNumber: "c/t",
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

// In the print view every page carries the footer.
Reveal.on("pdf-ready", () => {
  const footer = document.querySelector(".reveal > .deck-footer");
  for (const page of document.querySelectorAll(".pdf-page")) {
    page.append(footer.cloneNode(true));
  }
});

// A box that scrolls can be reached with the keyboard.
Reveal.on("ready", () => {
  for (const box of document.querySelectorAll("pre, .output_subarea")) {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) {
      box.tabIndex = 0;
    }
  }
});

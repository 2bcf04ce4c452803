// The canvas of 1280 by 720: its scale, and the tags that the theme reads.
define(["base/js/namespace", "base/js/events"], (Jupyter, events) => {
  "use strict";

  const CANVAS = { width: 1280, height: 720 };

  // Tags as classes, so that rise.css finds the layouts and `hide-input` as in the export.
  function labelCells() {
    for (const cell of Jupyter.notebook.get_cells()) {
      const element = cell.element[0];
      const wanted = (cell.metadata.tags || []).map((tag) => `celltag_${tag}`);
      const present = [...element.classList].filter((name) => name.startsWith("celltag_"));
      present.filter((name) => !wanted.includes(name)).forEach((n) => element.classList.remove(n));
      wanted.filter((name) => !present.includes(name)).forEach((n) => element.classList.add(n));
    }
  }

  function fit() {
    const scale = Math.min(
      window.innerWidth / CANVAS.width, window.innerHeight / CANVAS.height);
    const style = document.documentElement.style;
    style.setProperty("--stage-scale", scale);
    // In the canvas's own pixels, as the elements that use them are scaled too.
    style.setProperty("--stage-left", `${(window.innerWidth / scale - CANVAS.width) / 2}px`);
    style.setProperty("--stage-top", `${(window.innerHeight / scale - CANVAS.height) / 2}px`);
    measureCode();
  }

  // CodeMirror misplaces clicks in a cell that it last measured out of sight or at another size.
  function measureCode() {
    const slide = window.Reveal && Reveal.getCurrentSlide();
    for (const cell of Jupyter.notebook.get_cells()) {
      const shown = !slide || slide.contains(cell.element[0]);
      if (shown && cell.cell_type === "code") cell.code_mirror.refresh();
    }
  }

  function start() {
    labelCells();
    events.on("create.Cell set_dirty.Notebook", () => setTimeout(labelCells));
    fit();
    window.addEventListener("resize", fit);
  }

  return { start, fit, measureCode };
});

// The place in the deck: found again after a reload, after Alt+R, and from the next session.
define(["base/js/namespace", "custom/cells", "custom/pictures"], (Jupyter, cells, pictures) => {
  "use strict";

  const END = "#/end"; // the place of a deck that is entered from behind
  const KEPT = "stage place"; // sessionStorage: survives a reload, not the tab
  const wanted = window.location.hash;
  let left = null; // the slide where Alt+R left

  const path = () => Jupyter.notebook.notebook_path;
  const number = () => pictures.sections().indexOf(cells.slide());

  // The first cell of each slide, as RISE counts them.
  const firstCells = () => Jupyter.notebook.get_cells().filter((cell, index) =>
    index === 0 || ["slide", "subslide"].includes((cell.metadata.slideshow || {}).slide_type));

  // The id of the slide's first cell.
  const cell = () => firstCells()[number()]?.id;

  function kept() {
    const place = JSON.parse(sessionStorage.getItem(KEPT) || "null");
    return place && place.path === path() && wanted.startsWith("#/slide-") ? place : null;
  }

  // RISE starts on the slide of the selected cell.
  function select() {
    const slides = firstCells();
    const [, h] = wanted.match(/^#\/slide-(\d+)/) || [];
    const cell = wanted === END ? slides.at(-1) : slides[kept() ? kept().number : h];
    if (cell) Jupyter.notebook.select(Jupyter.notebook.find_cell_index(cell));
  }

  function showFragments() {
    const place = kept();
    let count = wanted === END ? Infinity : 0;
    if (place && place.number === number()) count = place.fragments;
    while (count-- > 0 && Reveal.nextFragment());
  }

  function remember() {
    const fragments = cells.slide().querySelectorAll(".fragment.visible").length;
    const place = { path: path(), number: number(), fragments };
    sessionStorage.setItem(KEPT, JSON.stringify(place));
  }

  // Out to the notebook, and back to the slide that was left.
  function toggleSlides(toggle) {
    if (cells.onStage()) {
      cells.leave();
      left = number();
    } else {
      const cell = firstCells()[left];
      if (cell) Jupyter.notebook.select(Jupyter.notebook.find_cell_index(cell));
    }
    toggle();
    setTimeout(() => cells.onStage() && cells.chooseNext(), 500);
  }

  return { END, path, number, cell, select, showFragments, remember, toggleSlides };
});

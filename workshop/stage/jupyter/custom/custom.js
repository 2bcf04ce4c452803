// What the stage adds to NbClassic and RISE. NbClassic loads this file by itself.
define(["base/js/namespace", "base/js/events", "base/js/utils"], (Jupyter, events, utils) => {
  "use strict";

  const CANVAS = { width: 1280, height: 720 };
  const SAVE_AFTER = 400; // ms after the last change: what is typed is on disk at any stop
  // One stray key must not delete, convert or insert a cell before an audience.
  const EDITING_KEYS = "a b c d,d f m r v x y shift-m shift-v 0,0 1 2 3 4 5 6".split(" ");

  const inSpeakerView = window.parent !== window;
  const startingPlace = window.location.hash; // RISE starts over; a reload should not
  const onStage = () => document.body.classList.contains("rise-enabled");

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

  function fitCanvas() {
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

  // RISE selects the next cell even where that is the slide's notes, unseen: go on to a cell
  // of code on the slide, or back to the last one.
  function stayOnSlide(_event, { cell }) {
    const slide = onStage() && window.Reveal && Reveal.getCurrentSlide();
    if (!slide || (slide.contains(cell.element[0]) && !cell.element[0].closest("aside"))) return;
    const notebook = Jupyter.notebook;
    const index = notebook.find_cell_index(cell);
    const runnable = notebook.get_cells()
      .filter((c) => c.cell_type === "code" && slide.contains(c.element[0]))
      .map((c) => notebook.find_cell_index(c));
    const target = runnable.find((i) => i > index) ?? runnable.at(-1);
    if (target !== undefined) setTimeout(() => notebook.select(target).focus_cell());
  }

  // The output of a run and the cell to run next come into sight on a slide that is too full.
  function showCell(_event, { cell }) {
    if (onStage()) cell.element[0].scrollIntoView({ block: "nearest" });
  }

  function saveSoon() {
    clearTimeout(saveSoon.timer);
    saveSoon.timer = setTimeout(() => {
      if (Jupyter.notebook.dirty) Jupyter.notebook.save_notebook();
    }, SAVE_AFTER);
  }

  function guardKeys() {
    const { command_shortcuts: shortcuts, actions } = Jupyter.keyboard_manager;
    for (const key of EDITING_KEYS) {
      const usual = shortcuts.get_shortcut(key);
      if (!usual) continue;
      const handler = (env, event) => {
        if (!onStage()) return actions.call(usual, event, env);
        if (key === "b") Reveal.togglePause(); // what presenters' remotes send for a black screen
        return false;
      };
      const name = `key-${key.replace(/\W/g, "-")}`;
      shortcuts.set_shortcut(key, actions.register({ handler }, name, "stage"));
    }
  }

  // RISE promises its list of keys at ?, but Jupyter does not know that key, and to reveal it is
  // the key / with shift, which blacks the screen.
  function bindQuestionMark() {
    Reveal.configure({ keyboard: { ...Reveal.getConfig().keyboard, 191: null } });
    document.addEventListener("keydown", (event) => {
      if (event.key === "?" && onStage() && Jupyter.notebook.mode === "command") {
        Jupyter.keyboard_manager.actions.call("RISE:riseHelp");
      }
    });
  }

  function returnToPlace() {
    const [id] = startingPlace.replace(/^#\//, "").split("/");
    const slide = id && document.getElementById(id);
    if (!slide) return;
    const { h, v } = Reveal.getIndices(slide);
    Reveal.slide(h, v);
  }

  // The preview of the next slide is often ready after the stage has said where it is: the notes
  // plugin says it again when an overview ends.
  function askForState() {
    const stage = window.parent.opener;
    if (stage) stage.document.querySelector(".reveal").dispatchEvent(new Event("overviewhidden"));
  }

  function whenRevealIsReady(action) {
    const poll = setInterval(() => {
      if (!window.Reveal || !window.Reveal.isReady()) return;
      clearInterval(poll);
      action();
    }, 50);
  }

  function start() {
    labelCells();
    events.on("create.Cell set_dirty.Notebook", () => setTimeout(labelCells));
    events.on("select.Cell", stayOnSlide);
    events.on("select.Cell finished_execute.CodeCell", showCell);
    fitCanvas();
    window.addEventListener("resize", fitCanvas);
    // The speaker view holds the notebook in two frames: they must never save over the stage.
    if (inSpeakerView) {
      Jupyter.notebook.set_autosave_interval(0);
      window.onbeforeunload = null;
    } else {
      events.on("set_dirty.Notebook", saveSoon);
    }
    // RISE reads the deck's `rise` metadata when it loads: not before the notebook is there.
    utils.load_extensions("rise/main");
    whenRevealIsReady(() => {
      guardKeys();
      bindQuestionMark();
      fitCanvas();
      Reveal.addEventListener("slidechanged", measureCode);
      Reveal.addEventListener("fragmentshown", measureCode);
      returnToPlace();
      setTimeout(() => document.body.classList.add("stage-settled"), 3000);
      if (inSpeakerView) askForState();
    });
  }

  if (Jupyter.notebook && Jupyter.notebook._fully_loaded) start();
  else events.one("notebook_loaded.Notebook", () => setTimeout(start));
});

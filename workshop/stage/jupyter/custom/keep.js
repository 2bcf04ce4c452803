// Nothing that is typed is lost: it is saved at once, kept in the browser until it is saved, and
// saved again when the server is back. The stage owns its copy: no dialog asks whether to overwrite.
define(["base/js/namespace", "base/js/events"], (Jupyter, events) => {
  "use strict";

  const SAVE_AFTER = 400; // ms after the last change
  const AGAIN_AFTER = 1000; // ms after a save that failed
  let saving = null, again = false, timer = null, drawer = null, save = null;

  const sources = () => Object.fromEntries(
    Jupyter.notebook.get_cells().map((cell) => [cell.id, cell.get_text()]));

  function keepInBrowser() {
    try {
      if (drawer) localStorage.setItem(drawer, JSON.stringify(sources()));
    } catch (error) {
      console.warn("The browser keeps nothing:", error); // full, or switched off
    }
  }

  // What was typed right before a reload, or while the server was down.
  function takeFromBrowser() {
    const kept = JSON.parse(localStorage.getItem(drawer) || "{}");
    const changed = Jupyter.notebook.get_cells().filter(
      (cell) => cell.id in kept && kept[cell.id] !== cell.get_text());
    changed.forEach((cell) => cell.set_text(kept[cell.id]));
    if (changed.length) Jupyter.notebook.set_dirty(true);
  }

  function flush() {
    clearTimeout(timer);
    again = !!saving; // one save at a time: an older one must not come in later
    if (!saving) saving = saveOnce().finally(() => {
      saving = null;
      if (again) flush();
    });
    return saving;
  }

  async function saveOnce() {
    const typed = JSON.stringify(sources());
    try {
      await save(false);
    } catch {
      timer = setTimeout(flush, AGAIN_AFTER);
      return;
    }
    if (localStorage.getItem(drawer) === typed) localStorage.removeItem(drawer);
  }

  function soon() {
    keepInBrowser();
    clearTimeout(timer);
    timer = setTimeout(() => Jupyter.notebook.dirty && flush(), SAVE_AFTER);
  }

  async function start(show) {
    const { id } = await show.plan();
    drawer = `stage ${id} ${Jupyter.notebook.notebook_path}`;
    save = Jupyter.notebook.save_notebook.bind(Jupyter.notebook);
    Object.getPrototypeOf(Jupyter.notebook).save_notebook = flush; // the object itself is sealed
    window.onbeforeunload = null;
    events.on("set_dirty.Notebook", (_event, { value }) => value && soon());
    takeFromBrowser();
    if (Jupyter.notebook.dirty) soon();
  }

  return { start, flush };
});

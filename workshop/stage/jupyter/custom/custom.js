// What the stage adds to NbClassic and RISE. NbClassic loads this file by itself; each of the
// modules beside it has one job.
define([
  "base/js/namespace", "base/js/events", "base/js/utils",
  "custom/canvas", "custom/cells", "custom/keep", "custom/keys", "custom/place", "custom/rescue",
  "custom/room", "custom/show",
], (Jupyter, events, utils, canvas, cells, keep, keys, place, rescue, room, show) => {
  "use strict";

  function whenRevealIsReady(action) {
    const poll = setInterval(() => {
      if (!window.Reveal || !window.Reveal.isReady()) return;
      clearInterval(poll);
      action();
    }, 20);
  }

  async function start() {
    canvas.start();
    cells.start();
    rescue.start();
    keys.start();
    place.select();
    // RISE reads the deck's `rise` metadata when it loads: not before the notebook is there.
    utils.load_extensions("rise/main");
    whenRevealIsReady(() => {
      canvas.fit();
      const furnish = () => (room.buildUp(), room.start());
      furnish();
      events.on("rendered.MarkdownCell", furnish);
      cells.watchSlides();
      show.start();
      setTimeout(() => document.body.classList.add("stage-settled"), 3000);
    });
    await show.plan();
    keep.start(show);
  }

  if (Jupyter.notebook && Jupyter.notebook._fully_loaded) start();
  else events.one("notebook_loaded.Notebook", () => setTimeout(start));
});

// The stage's keys. One listener sees every key before Jupyter and reveal.js: on stage a key does
// what keys.json says, or nothing.
define([
  "base/js/namespace", "custom/cells", "custom/overview", "custom/place", "custom/rescue",
  "custom/show", "custom/sign",
], (Jupyter, cells, overview, place, rescue, show, sign) => {
  "use strict";

  const BROWSERS_OWN = /^(F\d+|Tab|Shift|Control|Alt|Meta|AltGraph|CapsLock)$/;
  const REMOTE = ["PageUp", "PageDown"]; // turn the slide even while a cell is edited
  let bound = {};

  const turn = (go) => {
    if (Reveal.isPaused()) Reveal.togglePause();
    else go();
  };
  const call = (name) => Jupyter.keyboard_manager.actions.call(name);
  const actions = {
    next: () => turn(show.next),
    back: () => turn(show.back),
    run: () => rescue.ready().then(cells.run),
    edit: cells.edit,
    choose: (key) => cells.chooseBy(key === "ArrowDown" ? 1 : -1),
    restore: rescue.restore,
    recorded: rescue.recorded,
    interrupt: rescue.interrupt,
    speaker: show.openSpeakerView,
    sessions: show.listSessions,
    overview: overview.open,
    ends: (key) => Reveal.slide(key === "Home" ? 0 : Number.MAX_VALUE),
    black: () => Reveal.togglePause(),
    draw: () => RevealChalkboard.toggleNotesCanvas(),
    board: () => RevealChalkboard.toggleChalkboard(),
    wipe: () => RevealChalkboard.clear(),
    leave: () => place.toggleSlides(() => call("RISE:slideshow")),
    help: async () => sign.open("help", list(await show.plan())),
  };

  function list({ keys }) {
    const rows = keys.filter((key) => !key.quiet).flatMap((key) => [
      sign.element("dt", { textContent: key.keys, className: key.rescue ? "rescue" : "" }),
      sign.element("dd", { textContent: key.does, className: key.rescue ? "rescue" : "" }),
    ]);
    return sign.element("dl", {}, ...rows);
  }

  function name(event) {
    const key = event.code === "Space" ? "Space" : event.key;
    if (event.altKey) return `Alt+${key.length === 1 ? event.code.slice(-1).toLowerCase() : key}`;
    if (event.shiftKey && (key === "Space" || key === "Enter")) return `Shift+${key}`;
    return key;
  }

  function stop(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  function onKey(event) {
    const key = name(event);
    if (!cells.onStage()) {
      if (key === "Alt+r" && !cells.editing()) (stop(event), actions.leave());
      return;
    }
    if (event.key === "F5" || (event.key === "s" && (event.ctrlKey || event.metaKey))) {
      stop(event); // a remote's start key, or a habit: neither reloads nor asks for a file's name
      return;
    }
    if (BROWSERS_OWN.test(event.key) || event.ctrlKey || event.metaKey) {
      if (event.key === "Enter") (stop(event), actions.run());
      else if (!cells.editing()) event.stopImmediatePropagation(); // the browser's, not Jupyter's
      else if (/^[mp-]$/i.test(event.key)) stop(event); // Jupyter's commands in a cell
      return;
    }
    if (sign.isOpen()) (stop(event), sign.press(event.key));
    else if (inField(event.target)) whileTyping(event, key);
    else (stop(event), act(key));
  }

  const inField = (element) => !!element.closest(
    ".CodeMirror, textarea, select, [contenteditable=true], input:not([type=range])");

  function whileTyping(event, key) {
    if (REMOTE.includes(key)) (stop(event), leaveField(), act(key));
    else if (key === "Escape" || key === "Shift+Escape") (stop(event), leaveField());
    else if (key === "Shift+Enter" || key === "Alt+Enter") {
      if (cells.editing()) (stop(event), actions.run());
    }
  }

  function leaveField() {
    cells.leave();
    document.activeElement.blur();
  }

  const act = (key) => bound[key] && bound[key](key);

  async function start() {
    window.addEventListener("keydown", onKey, true);
    window.addEventListener("keypress", (event) => {
      if (cells.onStage() && !inField(event.target)) event.stopImmediatePropagation();
    }, true);
    const { keys } = await show.plan();
    bound = Object.fromEntries(keys.flatMap(
      (each) => each.press.map((key) => [key, actions[each.action]])));
    show.onCommand(act); // a key that was pressed in the speaker view
  }

  return { start };
});

// The cells of the slide: which one is next, running, editing, errors, and where they stand.
define(["base/js/namespace", "base/js/events", "custom/canvas", "custom/sign"],
  (Jupyter, events, canvas, sign) => {
  "use strict";

  const notebook = () => Jupyter.notebook;
  const onStage = () => document.body.classList.contains("rise-enabled") && !!window.Reveal;
  const slide = () => onStage() && Reveal.getCurrentSlide();

  // The cells of code that the room sees on the slide, in order.
  function shown() {
    const here = slide();
    return !here ? [] : notebook().get_cells().filter((cell) => {
      const element = cell.element[0];
      return cell.cell_type === "code" && here.contains(element)
        && !element.closest("aside, .reveal-skip, .celltag_set-up, .fragment:not(.visible)");
    });
  }

  // Those of them whose code is to be seen: they are chosen and edited; the others run beside them.
  const isUnseen = (cell) => !!cell && cell.element[0].matches(".celltag_hide-input");
  const withCode = () => shown().filter((cell) => !isUnseen(cell));

  const started = (cell) => cell.input_prompt_number === "*" || cell.input_prompt_number > 0;
  const failed = (cell) => !!cell.element[0].querySelector(".output_error");
  // It ended by the presenter's hand or with its kernel: no state waits for it until it ran again.
  const stopped = (cell) => !!cell.metadata.stopped
    || /KeyboardInterrupt/.test(cell.element.find(".output_error").text());
  const done = (cell) =>
    !!cell.metadata.recorded || (cell.input_prompt_number > 0 && !failed(cell));

  function chosen() {
    const selected = notebook().get_selected_cell();
    return shown().includes(selected) ? selected : null;
  }

  function choose(cell) {
    if (!cell) return;
    notebook().select(notebook().find_cell_index(cell));
    cell.element[0].scrollIntoView({ block: "nearest" });
  }

  const chooseLast = () => choose(withCode().at(-1) || shown().at(-1));

  // The next cell to run: the first that did not run, else the slide's last.
  function chooseNext() {
    const next = shown().find((cell) => !started(cell));
    if (next) choose(next);
    else chooseLast();
  }

  function chooseBy(step) {
    const cells = withCode();
    choose(cells[cells.indexOf(chosen()) + step]);
  }

  const editing = () => !!document.activeElement.closest(".CodeMirror");

  function edit() {
    if (!chosen()) chooseNext();
    if (isUnseen(chosen())) chooseLast();
    if (chosen() && !isUnseen(chosen())) notebook().edit_mode();
  }

  function leave() {
    if (!editing()) return;
    notebook().command_mode();
    document.activeElement.blur();
  }

  // One press runs what the room sees as one: a cell, and those without code to be seen round it.
  function run() {
    if (!chosen()) chooseNext();
    const cell = chosen();
    if (!cell || cell.input_prompt_number === "*") return;
    leave();
    const cells = shown();
    let index = cells.indexOf(cell);
    for (; isUnseen(cells[index]); index += 1) execute(cells[index]);
    if (cells[index]) execute(cells[index]);
    for (index += 1; isUnseen(cells[index]); index += 1) execute(cells[index]);
    notebook().set_dirty(true);
    if (cells[index]) choose(cells[index]);
    else chooseLast();
  }

  function execute(cell) {
    delete cell.metadata.recorded;
    delete cell.metadata.stopped;
    cell.element[0].classList.remove("recorded");
    cell.execute();
  }

  // A traceback is its last lines, at which a click unfolds it.
  function foldErrors({ element }) {
    for (const error of element[0].querySelectorAll(".output_error:not(.folded, .unfolded)")) {
      error.classList.add("folded");
      error.title = "Click to see the whole traceback";
      const text = error.querySelector("pre");
      if (text) text.scrollTop = text.scrollHeight;
      error.addEventListener("click", () => {
        error.classList.toggle("folded");
        error.classList.toggle("unfolded");
      });
    }
  }

  // A mark that a cell runs, with the key that stops it.
  function watchRunning() {
    let since = null;
    setInterval(() => {
      const running = document.querySelector(".cell.running");
      since = running ? since || Date.now() : null;
      const seconds = since ? Math.round((Date.now() - since) / 1000) : 0;
      sign.say("running", seconds ? `running, ${seconds} s · i stops it` : "");
    }, 250);
  }

  function start() {
    events.on("finished_execute.CodeCell", (_event, { cell }) => {
      foldErrors(cell);
      if (onStage()) cell.element[0].scrollIntoView({ block: "nearest" });
    });
    for (const cell of notebook().get_cells()) {
      if (cell.metadata.recorded) cell.element[0].classList.add("recorded");
    }
    // Markdown never turns into its source before the room, and a button that was clicked does not
    // keep the keys.
    document.addEventListener("dblclick", (event) => {
      if (onStage() && event.target.closest(".text_cell")) event.stopImmediatePropagation();
    }, true);
    document.addEventListener("click", (event) => {
      if (onStage() && event.target.closest("button, a, summary")) document.activeElement.blur();
    });
    watchRunning();
  }

  function watchSlides() {
    const arrive = () => {
      canvas.measureCode();
      chooseNext();
    };
    ["slidechanged", "fragmentshown", "fragmenthidden"].forEach(
      (name) => Reveal.addEventListener(name, arrive));
    arrive();
  }

  return {
    onStage, slide, shown, chosen, chooseNext, chooseBy, done, failed, stopped, run, edit, leave, editing,
    start, watchSlides,
  };
});

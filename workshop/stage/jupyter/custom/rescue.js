// When something goes wrong before the room: a kernel dies or hangs, the server goes away, a cell
// is too slow. Slide and typed text stay; the state comes back from the kernel's checkpoints.
define([
  "base/js/namespace", "base/js/events", "base/js/dialog", "base/js/utils", "custom/cells",
  "custom/sign", "custom/show",
], (Jupyter, events, dialog, utils, cells, sign, show) => {
  "use strict";

  const GONE = 15; // seconds without an answer after which the exported page is the way out
  const HANGS = 2000; // ms after which a kernel that ignores an interrupt is replaced
  const LOST = "kernel_autorestarting.Kernel kernel_disconnected.Kernel kernel_dead.Kernel";
  const STATE = "__import__('workshop.stage.state').stage.state";
  let work = Promise.resolve(); // what is being put right: cells wait for it
  let recovering = false;

  const kernel = () => Jupyter.notebook.kernel;
  const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const happens = (name, ms) => new Promise((resolve) => {
    const done = (value) => () => {
      events.off(name, finished);
      resolve(value);
    };
    const finished = done(true);
    events.on(name, finished);
    setTimeout(done(false), ms);
  });

  function ask(path, method = "GET", body = undefined) {
    const data = body && JSON.stringify(body);
    return new Promise((resolve, reject) => {
      utils.ajax(utils.url_path_join(Jupyter.notebook.base_url, path), {
        method, data, contentType: "application/json", dataType: "json", cache: false,
        processData: false, timeout: method === "GET" ? 3000 : 70000,
        success: resolve, error: (xhr) => reject(xhr),
      });
    });
  }

  // Evaluate an expression in the kernel without a trace on any cell. A kernel that dies meanwhile
  // never answers: whoever waits for it would wait for ever.
  function evaluate(expression) {
    let lost;
    return new Promise((resolve, reject) => {
      lost = () => reject(new Error("The kernel went away."));
      events.on(LOST, lost);
      const reply = ({ content }) => {
        const { value } = content.user_expressions || {};
        if (value && value.status === "ok") resolve(value.data["text/plain"]);
        else reject(new Error(value ? value.evalue : content.evalue));
      };
      kernel().execute("", { shell: { reply } }, {
        silent: true, store_history: false, user_expressions: { value: expression },
      });
    }).finally(() => events.off(LOST, lost));
  }

  // The cells above the slide, those of the slide that ran, and those that may come.
  function needed() {
    const here = cells.slide();
    const code = Jupyter.notebook.get_cells().filter(
      (cell) => cell.cell_type === "code" && cell.get_text().trim() && !cells.stopped(cell));
    const isAfter = (cell) => here && !here.contains(cell.element[0])
      && here.compareDocumentPosition(cell.element[0]) & Node.DOCUMENT_POSITION_FOLLOWING;
    const isAbove = (cell) => !isAfter(cell) && (!here.contains(cell.element[0])
      || cells.done(cell) || cell.element[0].matches(".celltag_set-up"));
    const text = (cell) => cell.get_text();
    return [code.filter(isAbove).map(text), code.filter((cell) => !isAbove(cell)).map(text)];
  }

  function bring([above, below]) {
    const both = JSON.stringify(JSON.stringify([above, below]));
    return evaluate(`${STATE}.restore(*__import__('json').loads(${both}))`);
  }

  // A cell that a dead kernel left behind did not run. One with which the kernel died or hung would
  // be the end of the next kernel too.
  function forgetRunning(isToBlame = false) {
    for (const cell of Jupyter.notebook.get_cells()) {
      if (cell.cell_type !== "code" || cell.input_prompt_number !== "*") continue;
      cell.set_input_prompt(null);
      if (isToBlame) cell.metadata.stopped = true;
      cell.element.removeClass("running");
    }
  }

  async function connect(model) {
    const ready = happens("kernel_ready.Kernel", 60000);
    Object.assign(kernel(), {
      _msg_callbacks: {}, _pending_messages: [], _autorestart_attempt: 0,
    });
    kernel()._kernel_created(model);
    if (!await ready) throw new Error("The kernel does not answer.");
  }

  // Take the warm kernel that the stage keeps. The session follows in its own time.
  async function replaceKernel(isToBlame = false) {
    const { session } = Jupyter.notebook;
    const path = Jupyter.notebook.notebook_path;
    forgetRunning(isToBlame);
    const model = await ask("api/kernels", "POST", { name: "python3", path });
    await connect(model);
    const follow = { path, type: "notebook", name: "", kernel: model };
    ask(`api/sessions/${session.id}`, "PATCH", follow)
      .catch(() => ask("api/sessions", "POST", follow))
      .then((data) => session._update_model(data), console.warn);
  }

  function during(text, action) {
    work = work.catch(() => {}).then(async () => {
      sign.say("kernel", text);
      try {
        await action();
        sign.say("kernel", "");
      } catch (error) {
        console.error(error);
        sign.say("kernel", "The state is not back · r tries again");
      }
    });
    return work;
  }

  function replaceAndBring(text) {
    return during(text, async () => {
      await replaceKernel(true);
      await bring(needed());
      sign.say("done", "The state is back", 3);
    });
  }

  async function interrupt() {
    if (!document.querySelector(".cell.running") && !Jupyter.notebook.kernel_busy) return true;
    const idle = happens("kernel_idle.Kernel", HANGS);
    await ask(`api/kernels/${kernel().id}/interrupt`, "POST").catch(() => {});
    const stopped = await idle;
    if (!stopped) sign.say("done", "The cell does not stop · r replaces the kernel", 6);
    return stopped;
  }

  async function restore() {
    if (recovering) return undefined;
    if (!kernel().is_connected() || !await interrupt()) {
      return replaceAndBring("A new kernel gets the state of this slide …");
    }
    return during("The state of this slide comes …", async () => {
      await bring(needed());
      sign.say("done", "The state of this slide is here", 3);
    });
  }

  // The output of the last build in the place of the slide's cell; the state follows it.
  async function recorded() {
    const shown = cells.shown();
    const cell = shown.find((each) => each.input_prompt_number === "*")
      || shown.findLast(cells.failed) || cells.chosen();
    if (!cell) return;
    const outputs = (await ask(`stage/recorded/${Jupyter.notebook.notebook_path}`))[cell.id];
    if (!outputs) {
      sign.say("done", "No build recorded an output of this cell", 4);
      return;
    }
    if (cell.input_prompt_number === "*") await interrupt();
    cell.clear_output(false, true);
    cell.output_area.trusted = true;
    cell.output_area.fromJSON(outputs);
    cell.metadata.recorded = true;
    cell.element[0].classList.add("recorded");
    Jupyter.notebook.set_dirty(true);
    cells.chooseNext();
    await restore();
  }

  // The server went away: wait for it, then go on with the same kernel or with a new one.
  async function recover() {
    if (recovering) return;
    recovering = true;
    const since = Date.now();
    work = Promise.resolve(); // what waits for a server that is gone is not waited for
    await during("Jupyter does not answer: waiting for it …", async () => {
      for (;;) {
        const alive = await ask("stage/ready").catch(() => null);
        if (alive) break;
        if (Date.now() - since > 1000 * GONE) sign.say("server", await show.wayOut());
        await sleep(300);
      }
      sign.say("server", "");
      if (!kernel()) return goOnLoading();
      const model = await ask(`api/kernels/${kernel().id}`).catch(() => null);
      if (model && model.execution_state !== "dead") {
        const lost = document.querySelector(".cell.running");
        await connect(model);
        if (lost && model.execution_state !== "busy") forgetRunning();
      } else {
        await replaceKernel();
        await bring(needed());
      }
      sign.say("done", "Jupyter is back", 3);
      return undefined;
    });
    recovering = false;
  }

  // The server went away before the page had a kernel.
  async function goOnLoading() {
    Jupyter.notebook._session_starting = false;
    Jupyter.notebook.start_session();
    await whenKernelIsReady();
    await setUp();
    sign.say("done", "Jupyter is back", 3);
  }

  // On stage no dialog stands before the slide: what it says is said at the foot, shortly.
  function muteDialogs() {
    for (const name of ["modal", "kernel_modal"]) {
      const usual = dialog[name];
      dialog[name] = (options) => {
        if (!cells.onStage()) return usual(options);
        console.warn(options.title, options.body);
        return $("<div>");
      };
    }
  }

  // A kernel that is new runs the deck's set-up by itself.
  async function setUp() {
    const hidden = Jupyter.notebook.get_cells().filter(
      (cell) => cell.cell_type === "code" && (cell.metadata.tags || []).includes("set-up"));
    const fresh = await evaluate(`len(${STATE}.ran)`) === "0";
    if (fresh && hidden.length) await bring([hidden.map((cell) => cell.get_text()), []]);
  }

  function whenKernelIsReady() {
    if (kernel() && kernel().info_reply.status) return Promise.resolve(true);
    return happens("kernel_ready.Kernel", 60000);
  }

  function start() {
    muteDialogs();
    during("", async () => {
      await whenKernelIsReady();
      kernel().reconnect_limit = -1; // it would only try again in 1, 2, 4, 8 … seconds
      await setUp();
    });
    events.on("kernel_autorestarting.Kernel", () =>
      recovering || replaceAndBring("The kernel died: a new one gets the state …"));
    events.on("kernel_disconnected.Kernel kernel_dead.Kernel", recover);
    setInterval(() => { // no event tells of a server that goes before there is a kernel
      if (!kernel() || !kernel().is_connected()) ask("stage/ready").catch(recover);
    }, 5000);
  }

  return { start, restore, recorded, interrupt, ready: () => work };
});

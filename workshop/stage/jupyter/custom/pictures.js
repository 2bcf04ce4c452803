// Pictures of slides: their DOM, outputs included, without anything that runs.
define(["base/js/namespace", "codemirror/lib/codemirror"], (Jupyter, CodeMirror) => {
  "use strict";

  const LONG = 10000; // characters of an output: nobody reads more of them in a picture

  const sections = () => [...document.querySelectorAll("#notebook-container section")].filter(
    (section) => !section.querySelector("section"));

  // A cell that was never in sight has drawn no code: colour its text again.
  function drawCode(copy, section) {
    const originals = section.querySelectorAll(".CodeMirror");
    copy.querySelectorAll(".CodeMirror").forEach((element, number) => {
      const editor = originals[number].CodeMirror;
      const code = document.createElement("pre");
      CodeMirror.runMode(editor.getValue(), editor.getOption("mode"), code);
      const box = document.createElement("div");
      box.className = "CodeMirror cm-s-ipython";
      box.append(code);
      element.replaceWith(box);
    });
  }

  // A slide as HTML; `whole` shows the fragments that are still to come.
  function picture(section, whole) {
    const copy = section.cloneNode(true);
    drawCode(copy, section);
    copy.querySelectorAll("aside, script, iframe, .prompt, .celltag_set-up").forEach(
      (element) => element.remove());
    copy.querySelectorAll(".selected, .running, .edit_mode").forEach(
      (element) => element.classList.remove("selected", "running", "edit_mode"));
    copy.querySelectorAll(".output_error.folded pre").forEach((text) => {
      text.textContent = text.textContent.trim().split("\n").slice(-2).join("\n");
    });
    for (const text of copy.querySelectorAll(".output_area pre")) {
      if (text.textContent.length > LONG) text.textContent = text.textContent.slice(0, LONG);
    }
    if (whole) copy.querySelectorAll(".fragment").forEach((e) => e.classList.add("visible"));
    for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
    ["style", "hidden", "aria-hidden"].forEach((name) => copy.removeAttribute(name));
    copy.className = "present";
    return `<section class="stack present">${copy.outerHTML}</section>`;
  }

  function rulesOf(sheet) {
    try {
      return [...sheet.cssRules];
    } catch {
      return []; // it is still being loaded, or it is not there
    }
  }

  // The stage's style sheets as text: a picture waits for no request, even with the server gone.
  function rules(sheet) {
    const from = sheet.href || document.baseURI;
    const absolute = (text) => text.replace(/url\("?([^")]+)"?\)/g,
      (_whole, address) => `url("${new URL(address, from)}")`);
    return rulesOf(sheet).map((rule) =>
      rule.styleSheet ? rules(rule.styleSheet) : absolute(rule.cssText)).join("\n");
  }

  let styles = { count: 0, text: "" };

  function head() {
    const sheets = [...document.styleSheets];
    const count = sheets.reduce((sum, sheet) => sum + rulesOf(sheet).length, 0);
    if (count !== styles.count) styles = { count, text: sheets.map(rules).join("\n") };
    return `<meta charset="utf-8"><base href="${document.baseURI}"><style>${styles.text}</style>
      <style>
      html, body { overflow: hidden; height: 100%; background: none; }
      body::before, body::after { display: none !important; }
      .picture { position: relative; width: 1280px; height: 720px; overflow: hidden;
        --stage-scale: 1; }
      .picture .slides { position: absolute; inset: 0; width: 1280px; height: 720px; margin: 0;
        padding: 0; display: block; transform: none; zoom: 1; pointer-events: none; }
      .picture .slides, .picture section { display: block !important; visibility: visible; }
      .picture .reveal { position: absolute; inset: 0; width: 1280px; height: 720px; }
      .picture .CodeMirror { zoom: 1; font-size: var(--code-size, 20px) !important; }
      </style>`;
  }

  const framed = (html) =>
    `<div class="picture"><div class="reveal"><div class="slides">${html}</div></div></div>`;

  function page(body, style = "") {
    return `<!doctype html><html><head>${head()}<style>${style}</style></head>` +
      `<body class="rise-enabled theme-white notebook_app">${body}</body></html>`;
  }

  return { sections, picture, framed, page };
});

// Pictures of slides: their DOM, outputs included, without anything that runs.
define(["base/js/namespace", "codemirror/lib/codemirror"], (Jupyter, CodeMirror) => {
  "use strict";

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
    if (whole) copy.querySelectorAll(".fragment").forEach((e) => e.classList.add("visible"));
    for (const element of [copy, ...copy.querySelectorAll("[id]")]) element.removeAttribute("id");
    ["style", "hidden", "aria-hidden"].forEach((name) => copy.removeAttribute(name));
    copy.className = "present";
    return `<section class="present">${copy.outerHTML}</section>`;
  }

  // What the pictures' own document needs: the stage's style sheets, no script.
  function head() {
    const links = [...document.querySelectorAll("link[rel=stylesheet]")].filter((l) => l.sheet).map(
      (link) => `<link rel="stylesheet" href="${link.href}">`);
    const styles = [...document.querySelectorAll("head style")].map((style) => style.outerHTML);
    return `<meta charset="utf-8"><base href="${document.baseURI}">${links.join("")}${
      styles.join("")}<style>
      html, body { overflow: hidden; height: 100%; background: none; }
      body::before, body::after { display: none !important; }
      .picture { position: relative; width: 1280px; height: 720px; overflow: hidden;
        background: white; --stage-scale: 1; }
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

// Runs in the build's Chromium, in a page that stands in for Jupyter's: adds outputs, finds drawings.
window.Jupyter = window.IPython = { notebook: { kernel: null }, OutputArea: { auto_scroll_threshold: 100 } };
document.body.style.cssText = "margin: 0; font: 20px/1.4 'Source Sans Pro', Arial, sans-serif;";
if (window.Plotly) define("plotly", [], () => window.Plotly);
// What Jupyter's page has ready for `require`, which some libraries listen to.
const pages = {
  "base/js/events": jQuery({}),
  "base/js/namespace": window.Jupyter,
  "notebook/js/outputarea": { OutputArea: class { mime_types() { return ["application/vnd.bokehjs_exec.v0+json"]; } } },
};
for (const [name, value] of Object.entries(pages)) define(name, [], () => value);
require(Object.keys(pages), () => {});
const outputs = [];

// Scripts run as Jupyter runs them: one after the other, with `element` as their place.
window.add = (html) => {
  const place = document.createElement("div");
  outputs.push(place);
  document.body.append(place);
  window.element = jQuery(place);
  jQuery(place).append(html);
};

window.state = () => `${document.body.innerHTML.length} ${document.body.scrollHeight}`;

const sized = (element) => {
  const box = element.getBoundingClientRect();
  return box.width > 7 && box.height > 7 ? box : null;
};

window.found = (number) => {
  const place = outputs[number];
  const drawn = [...place.querySelectorAll("*")].filter(
    (e) => (e.matches("svg, canvas, img, video, iframe, object") || e.shadowRoot) && sized(e),
  );
  const words = place.innerText.trim();
  if (!drawn.length) {
    place.querySelectorAll("script, link").forEach((e) => e.remove());
    return { kind: words ? "words" : "nothing", html: place.innerHTML, frames: false };
  }
  const boxes = [...place.querySelectorAll("*")].map(sized).filter(Boolean);
  const edge = (side, pick) => pick(...boxes.map((box) => box[side]));
  const [left, top] = [edge("left", Math.min), edge("top", Math.min)];
  const title = place.querySelector(".gtitle, .role-title-text text, [aria-label], img[alt]");
  const alt = title?.ariaLabel || title?.alt || title?.textContent || "A figure that this cell's script draws";
  return {
    kind: "picture",
    alt,
    frames: !!place.querySelector("iframe"),
    clip: {
      x: Math.max(0, left + scrollX),
      y: top + scrollY,
      width: Math.min(edge("right", Math.max), innerWidth) - Math.max(0, left),
      height: edge("bottom", Math.max) - top,
    },
  };
};

// The overview: all slides in a grid. A number and Enter, or a click, goes to a slide.
define(["custom/pictures", "custom/sign"], (pictures, sign) => {
  "use strict";

  const goTo = (number) => {
    const section = pictures.sections()[number - 1];
    if (!section) return;
    const { h, v } = Reveal.getIndices(section);
    Reveal.slide(h, v);
  };

  function open() {
    const sections = pictures.sections();
    const here = sections.indexOf(Reveal.getCurrentSlide());
    const columns = Math.ceil(Math.sqrt(sections.length));
    const width = window.innerWidth / columns - 16;
    const scale = Math.min(width / 1280, (window.innerHeight / columns - 16) / 720);
    const body = sections.map((section, number) =>
      `<figure class="${number === here ? "here" : ""}"><div class="small">${
        pictures.framed(pictures.picture(section, true))}</div><b>${number + 1}</b></figure>`);
    const frame = sign.element("iframe", {
      title: "All slides",
      srcdoc: pictures.page(`<main>${body.join("")}</main>`, `
        main { display: grid; grid-template-columns: repeat(${columns}, max-content); gap: 12px;
          justify-content: center; align-content: center; min-height: 100vh; }
        figure { position: relative; margin: 0; width: ${1280 * scale}px;
          height: ${720 * scale}px; outline: 1px solid #888; cursor: pointer; overflow: hidden; }
        figure.here { outline: 5px solid #d55e00; }
        .small { zoom: ${scale}; }
        b { position: absolute; right: 0; bottom: 0; padding: 0 7px; background: #1b2a3a;
          color: white; font: 600 18px/1.3 sans-serif; }`),
    });
    frame.addEventListener("load", () => {
      const doc = frame.contentDocument;
      doc.querySelectorAll("figure").forEach((figure, number) => {
        figure.addEventListener("click", () => sign.choose(number + 1));
      });
      doc.addEventListener("keydown", (event) => { // a click in the frame takes the keys there
        event.preventDefault();
        if (sign.isOpen()) sign.press(event.key);
        window.focus();
      });
    });
    sign.open("overview", frame, goTo);
  }

  return { open };
});

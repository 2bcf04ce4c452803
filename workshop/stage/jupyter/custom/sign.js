// Small signs at the foot of the stage, and sheets over it: lists of which a number is chosen.
define([], () => {
  "use strict";

  const texts = {};
  let sheet = null;

  function element(tag, attributes, ...children) {
    const made = Object.assign(document.createElement(tag), attributes);
    made.append(...children);
    return made;
  }

  // One line for each cause ("running", "kernel", "server"); an empty text takes it away.
  function say(cause, text, seconds) {
    if ((texts[cause] || "") === text) return;
    texts[cause] = text;
    let box = document.getElementById("stage-sign");
    if (!box) document.body.append(box = element("div", { id: "stage-sign" }));
    box.replaceChildren(
      ...Object.values(texts).filter(Boolean).map((line) => element("p", { textContent: line })));
    if (seconds) setTimeout(() => texts[cause] === text && say(cause, ""), 1000 * seconds);
  }

  function open(name, content, pick) {
    const again = sheet && sheet.name === name;
    close();
    if (again) return;
    const typed = element("p", { className: "stage-typed" });
    const box = element("div", { id: "stage-sheet", className: name }, content, typed);
    document.body.append(box);
    sheet = { name, box, typed, pick, number: "" };
  }

  function close() {
    if (sheet) sheet.box.remove();
    sheet = null;
  }

  // A sheet takes every key: digits and Enter choose, anything else closes it.
  function press(key) {
    if (/^\d$/.test(key) && sheet.pick) sheet.number += key;
    else if (key === "Backspace") sheet.number = sheet.number.slice(0, -1);
    else if (key === "Enter" && sheet.number) return choose(Number(sheet.number));
    else if (["Shift", "Control", "Alt", "Meta"].includes(key)) return undefined;
    else return close();
    sheet.typed.textContent = sheet.number && `${sheet.number} · Enter`;
    return undefined;
  }

  function choose(number) {
    const { pick } = sheet;
    close();
    pick(number);
  }

  return { say, open, close, press, choose, element, isOpen: () => !!sheet };
});

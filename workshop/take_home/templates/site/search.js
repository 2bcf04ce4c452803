// Searches slides, code, descriptions of pictures, notes and papers. All texts of an edition are a few
// hundred kilobytes: looking through them takes milliseconds, so there is no index to build or keep.
(() => {
  "use strict";

  const WEIGHTS = { title: 8, text: 4, pictures: 3, code: 3, notes: 2 };
  const NAMES = { pictures: "picture", code: "code", notes: "notes" };
  const SHOWN = 30;
  const AROUND = 70; // letters of text on each side of what was found

  const form = document.querySelector("form.search");
  const field = form.querySelector("input");
  const status = document.querySelector(".search-status");
  const list = document.querySelector(".search-results");
  const indexes = form.dataset.indexes.split(" ");
  const several = indexes.length > 1;
  let entries = null;

  // Without accents, letter by letter, so that places in the text stay the same.
  const lower = (text) => text.replace(/[^\x00-\x7f]/g, (l) => l.normalize("NFD")[0]).toLowerCase();
  const wordsOf = (text) => lower(text).match(/[\p{L}\p{N}_]+/gu) ?? [];
  // "optimizer" is a part of ThresholdOptimizer, "rate" of selection_rate.
  const partsOf = (text) =>
    (text.match(/[\p{L}\p{N}_]*(?:\p{Ll}\p{Lu}|_)[\p{L}\p{N}_]*/gu) ?? []).flatMap((name) => name.split(/_+|(?<=\p{Ll})(?=\p{Lu})/u).map(lower));
  // The same letters begin "disparity" and "disparities", "rate" and "rates".
  const stem = (word) => (word.length > 4 ? word.replace(/(ies|es|s|y)$/, "") : word);

  function load() {
    entries ??= Promise.all(indexes.map(loadIndex)).then((parts) => parts.flat());
    return entries;
  }

  // A script may be loaded from a file, where fetch() may not.
  function loadIndex(address) {
    return new Promise((resolve) => {
      const script = document.createElement("script");
      script.src = address;
      script.onload = () => resolve(prepared(self.searchable.pop(), address.replace(/[^/]*$/, "")));
      script.onerror = () => resolve([]);
      document.head.append(script);
    });
  }

  function prepared({ edition, entries: found }, base) {
    return found.map((entry) => {
      const parts = Object.entries({ title: entry.title, ...entry.words }).map(([part, text]) => {
        const words = wordsOf(text);
        return { weight: WEIGHTS[part], has: new Set(words), inside: new Set(partsOf(text)), said: words.join(" ") };
      });
      return { ...entry, edition, base, parts };
    });
  }

  // A word found as it is counts more than another form of it, and that more than its beginning.
  function weigh(entry, word) {
    const root = stem(word);
    let best = 0;
    for (const { weight, has, inside } of entry.parts) {
      let found = has.has(word) ? 4 : inside.has(word) ? 3 : 0;
      if (!found) {
        for (const other of has) {
          if (other.startsWith(root)) found = Math.max(found, stem(other) === root ? 3 : other.startsWith(word) ? 1 : 0.5);
        }
      }
      best = Math.max(best, found * weight);
    }
    return best;
  }

  const stands = (entry, word) => entry.parts.some(({ has }) => has.has(word));

  // All words must be there. Who asks for a word that hardly any place has, wants that place; words that
  // stand together count more.
  function find(all, asked) {
    const rare = asked.map((word) => all.filter((entry) => stands(entry, word)).length <= 3);
    const phrase = asked.join(" ");
    const found = [];
    for (const entry of all) {
      const weights = asked.map((word) => weigh(entry, word));
      if (!asked.length || Math.min(...weights) === 0) continue;
      const together = asked.length > 1 ? entry.parts.filter(({ said }) => said.includes(phrase)) : [];
      const more = together.map(({ weight }) => 4 * weight).concat(asked.map((word, i) => (rare[i] && stands(entry, word) ? 100 : 0)));
      found.push([[...weights, ...more].reduce((sum, w) => sum + w), entry]);
    }
    return found.sort((a, b) => b[0] - a[0]).map(([, entry]) => entry);
  }

  // Where the words stand, together if they do: [part, before, the words, after].
  function excerpt(entry, asked) {
    const letters = "[^\\p{L}\\p{N}]";
    const near = asked.map((word) => `${stem(word)}[\\p{L}\\p{N}_]*`);
    for (const pattern of [near.join(`${letters}+`), near.join("|")]) {
      for (const [part, text] of Object.entries(entry.words)) {
        const found = new RegExp(`(?<=^|${letters})(?:${pattern})`, "u").exec(lower(text));
        if (!found) continue;
        const [start, end] = [found.index, found.index + found[0].length];
        const before = (start > AROUND ? "…" : "") + text.slice(Math.max(0, start - AROUND), start);
        return [part, before, text.slice(start, end), text.slice(end, end + AROUND) + (end + AROUND < text.length ? "…" : "")];
      }
    }
    return null;
  }

  const made = (name, facts, ...children) => {
    const element = Object.assign(document.createElement(name), facts);
    element.append(...children);
    return element;
  };

  function row(entry, asked) {
    const link = made("a", { href: entry.base + entry.link });
    if (entry.picture) {
      link.append(made("img", { src: entry.base + entry.picture, alt: "", width: 480, height: 270 }));
    }
    link.append(made("strong", {}, entry.title), made("span", { className: "where" }, several ? `${entry.edition}: ${entry.where}` : entry.where));
    const item = made("li", {}, link);
    const found = excerpt(entry, asked);
    if (found) {
      const [part, before, word, after] = found;
      const said = NAMES[part] ? [made("span", { className: "where" }, `${NAMES[part]}: `)] : [];
      item.append(made("p", {}, ...said, before, made("mark", {}, word), after));
    }
    return item;
  }

  async function search() {
    const query = field.value.trim();
    if (!query) {
      list.replaceChildren();
      status.textContent = "";
      history.replaceState(null, "");
      return;
    }
    const all = await load();
    if (query !== field.value.trim()) return;
    const start = performance.now();
    let asked = wordsOf(query);
    let found = find(all, asked);
    const nowhere = found.length ? "" : `“${query}” is nowhere. `;
    if (!found.length) {
      asked = asked.map((word) => word.slice(0, Math.max(4, Math.ceil(word.length * 0.6))));
      found = find(all, asked);
    }
    list.replaceChildren(...found.slice(0, SHOWN).map((entry) => row(entry, asked)));
    const places = `${found.length} ${found.length === 1 ? "place" : "places"}`;
    const more = found.length > SHOWN ? `, the best ${SHOWN} shown` : "";
    const alike = found.length ? `${places} with words that begin alike${more}.` : "Try fewer or shorter words.";
    status.textContent = nowhere ? nowhere + alike : `${places}${more}`;
    list.dataset.took = performance.now() - start;
    history.replaceState({ query }, "");
  }

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.focus();
  });
  field.addEventListener("focus", load, { once: true });
  field.addEventListener("input", search);
  form.addEventListener("reset", () => setTimeout(search));
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
      field.select();
    }
    if (event.key === "Escape" && typing) form.reset();
  });
  addEventListener("pageshow", () => { // back from a slide: what was asked is still there
    field.value ||= history.state?.query ?? "";
    search();
  });
})();

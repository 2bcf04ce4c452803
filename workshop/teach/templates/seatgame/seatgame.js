function (root, data) {
  "use strict";
  const { groups, low, high } = data;
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const find = (selector, inside) => (inside || root).querySelector(selector);
  const clip = (value, least, most) => Math.min(most, Math.max(least, value));

  // Look up how many are above a threshold: the table has their number above evenly spaced scores.
  const above = (table, threshold) => {
    const at = clip((threshold - low) / (high - low), 0, 1) * (table.length - 1);
    const bin = Math.min(Math.floor(at), table.length - 2);
    return table[bin] + (at - bin) * (table[bin + 1] - table[bin]);
  };
  const selected = (thresholds) => groups.map((group, g) => above(group.people, thresholds[g]));
  const found = (thresholds) => groups.map((group, g) => above(group.readmitted, thresholds[g]));
  const people = groups.map((group) => group.people[0]);
  const readmitted = groups.map((group) => group.readmitted[0]);
  const capacity = data.share * sum(people);

  // Move one threshold as far as the places allow; the others give way together.
  const solve = (falling, value, a, b) => {
    for (let step = 0; step < 60; step += 1) {
      const middle = (a + b) / 2;
      if (falling(middle) > value) a = middle; else b = middle;
    }
    return (a + b) / 2;
  };
  const moved = (thresholds, which, wanted) => {
    const table = groups[which].people;
    const bound = (count) => solve((t) => above(table, t), count, low, high);
    const least = people[which] > capacity ? bound(capacity) : low;
    const rest = sum(people) - people[which];
    const value = clip(wanted, least, capacity > rest ? bound(capacity - rest) : high);
    const shifted = (shift) => thresholds.map((t, g) => g === which ? value : clip(t + shift, low, high));
    return shifted(solve((shift) => sum(selected(shifted(shift))), capacity, low - high, high - low));
  };

  // Whole places that always add up: the largest remainders get what rounding down leaves.
  const placesOf = (thresholds) => {
    const chosen = selected(thresholds);
    const exact = chosen.map((n) => (data.seats * n) / sum(chosen));
    const whole = exact.map(Math.floor);
    const order = [...whole.keys()].sort((a, b) => whole[a] - exact[a] - whole[b] + exact[b] || a - b);
    for (const g of order.slice(0, data.seats - sum(whole))) whole[g] += 1;
    return whole;
  };

  // What is shown: a row for each group, and the last for all.
  const state = (thresholds) => {
    const share = (part, whole) => [...part.map((n, g) => n / whole[g]), sum(part) / sum(whole)];
    const missed = found(thresholds).map((n, g) => readmitted[g] - n);
    return {
      thresholds, places: placesOf(thresholds),
      selected: share(selected(thresholds), people), missed: share(missed, readmitted),
    };
  };
  const start = state(data.rules.one);
  const rows = [...root.querySelectorAll("tbody tr, tfoot tr")];
  const seats = [...root.querySelectorAll(".sg-seats path")];
  const signed = (n) => (n > 0 ? "+" + n : n < 0 ? "−" + -n : "±0");

  const show = (now, rule) => {
    const { thresholds, places } = now;
    const change = places.map((n, g) => n - start.places[g]);
    rows.forEach((row, g) => {
      for (const kind of ["selected", "missed"]) {
        const cell = find(".sg-" + kind, row);
        find("span", cell).textContent = now[kind][g].toFixed(2);
        find(".sg-value", cell).setAttribute("width", 72 * now[kind][g]);
        find(".sg-before", cell).setAttribute("x", 72 * start[kind][g] - 1);
      }
      find(".sg-places span", row).textContent = g < groups.length ? places[g] : sum(places);
      if (g === groups.length) return;
      find(".sg-places b", row).textContent = signed(change[g]);
      find("output", row).textContent = thresholds[g].toFixed(2);
      const input = find("input", row);
      input.value = thresholds[g];
      input.setAttribute("aria-valuetext", thresholds[g].toFixed(2) + ", " + places[g] + " places");
    });
    let seat = 0;
    groups.forEach((group, g) => {
      for (let i = 0; i < places[g]; i += 1, seat += 1) {
        seats[seat].setAttribute("d", group.shape);
        seats[seat].setAttribute("fill", group.colour);
        seats[seat].classList.toggle("sg-changed", i >= start.places[g]);
      }
    });
    const named = (numbers) => groups.map((group, g) => [group.name, numbers[g]]);
    find(".sg-seats").setAttribute("aria-label",
      data.seats + " places: " + named(places).map((pair) => pair.join(" ")).join(", "));
    const list = (sign) => named(change).filter((pair) => sign * pair[1] > 0)
      .map((pair) => pair[0] + " " + Math.abs(pair[1])).join(", ");
    const among = (at) => Math.round(100 * at.missed[groups.length]);
    find(".sg-summary").textContent =
      data.seats + " places for " + Math.round(data.seats / data.share) + " stays. " +
      (list(1)
        ? "Against one threshold: gains " + list(1) + "; loses " + list(-1) + ". "
        : "The same places for each group as with one threshold. ") +
      "Missed among 100 readmitted: " + among(now) + " (one threshold: " + among(start) + ").";
    for (const button of root.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.rule === rule));
    }
  };

  let now = start;
  const turn = (thresholds, rule) => show(now = state(thresholds), rule);
  root.querySelectorAll("input").forEach((input, g) => input.addEventListener("input", () =>
    turn(moved(now.thresholds, g, Number(input.value)), "")));
  for (const button of root.querySelectorAll("button")) {
    button.addEventListener("click", () => turn(data.rules[button.dataset.rule], button.dataset.rule));
  }
  // Keys and touches inside the game are the game's: they must not turn the slide. A presenter's
  // remote sends PageDown, and Escape leaves: both give the focus back to the slides.
  for (const kind of ["keydown", "keyup", "keypress", "touchstart", "touchmove", "touchend", "pointerdown", "pointermove"]) {
    root.addEventListener(kind, (event) => {
      if (event.key === "Tab") return;
      if (event.key === "PageDown" || event.key === "PageUp") {
        if (kind === "keydown") root.ownerDocument.activeElement.blur();
        return;
      }
      event.stopPropagation();
      if (kind === "keydown" && event.key === "Escape") root.ownerDocument.activeElement.blur();
    });
  }
  root.classList.add("sg-on");
  show(start, "one");
}

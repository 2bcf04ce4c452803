function (root, data) {
  "use strict";
  if (!root) return;
  const groups = data.groups;
  const edges = data.edges;
  const low = edges[0];
  const high = edges[edges.length - 1];
  const sum = (values) => values.reduce((total, value) => total + value, 0);
  const all = (values) => groups.map((_, number) => values(number));

  // Numbers of people above a threshold: linear within a bin, so that every threshold counts.
  const above = (counts, threshold) => {
    const width = edges[1] - edges[0];
    return sum(counts.map((n, bin) =>
      n * Math.min(1, Math.max(0, (edges[bin + 1] - threshold) / width))));
  };
  const people = all((g) => sum(groups[g].people));
  const readmitted = all((g) => sum(groups[g].readmitted));
  const capacity = data.share * sum(people);
  const selected = (g, threshold) => above(groups[g].people, threshold);
  const missed = (g, threshold) => 1 - above(groups[g].readmitted, threshold) / readmitted[g];

  // Where a falling function reaches a value, by halving.
  const solve = (falling, value, a, b) => {
    for (let step = 0; step < 60; step += 1) {
      const middle = (a + b) / 2;
      if (falling(middle) > value) a = middle; else b = middle;
    }
    return (a + b) / 2;
  };
  const clip = (threshold) => Math.min(high, Math.max(low, threshold));

  const rules = {
    one: () => {
      const t = solve((x) => sum(all((g) => selected(g, x))), capacity, low, high);
      return all(() => t);
    },
    missed: () => {
      const at = (rate) =>
        all((g) => solve((x) => above(groups[g].readmitted, x), (1 - rate) * readmitted[g], low, high));
      const volume = (rate) => sum(at(rate).map((t, g) => selected(g, t)));
      const rate = solve(volume, capacity, 0, 1);
      // Where a bin holds people but nobody readmitted, the volume jumps: fill up within the jump.
      const first = at(rate - 1e-9);
      const last = at(rate + 1e-9);
      const between = (part) => first.map((t, g) => t + part * (last[g] - t));
      const filled = (part) => sum(between(part).map((t, g) => selected(g, t)));
      return between(solve(filled, capacity, 0, 1));
    },
    selected: () =>
      all((g) => solve((x) => selected(g, x), data.share * people[g], low, high)),
  };

  // Move one threshold as far as the places allow; the others give way together.
  const moved = (thresholds, which, wanted) => {
    const least = solve((x) => selected(which, x), capacity, low, high);
    const rest = sum(people) - people[which];
    const most = capacity > rest ? solve((x) => selected(which, x), capacity - rest, low, high) : high;
    const value = Math.min(most, Math.max(selected(which, low) > capacity ? least : low, wanted));
    const left = capacity - selected(which, value);
    const shifted = (shift) => thresholds.map((t, g) => (g === which ? value : clip(t + shift)));
    const volume = (shift) =>
      sum(shifted(shift).map((t, g) => (g === which ? 0 : selected(g, t))));
    return shifted(solve(volume, left, low - high, high - low));
  };

  // Whole places that always add up: the largest remainders get what rounding down leaves.
  const places = (thresholds) => {
    const chosen = thresholds.map((t, g) => selected(g, t));
    const exact = chosen.map((n) => (data.seats * n) / sum(chosen));
    const whole = exact.map(Math.floor);
    const order = all((g) => g).sort((a, b) =>
      (whole[a] - exact[a]) - (whole[b] - exact[b]) || a - b);
    for (const g of order.slice(0, data.seats - sum(whole))) whole[g] += 1;
    return whole;
  };

  const start = rules.one();
  const startPlaces = places(start);
  let thresholds = start.slice();
  let rule = "one";

  const find = (selector, inside) => (inside || root).querySelector(selector);
  const rows = [...root.querySelectorAll("tr[data-group]")];
  const foot = find("tfoot tr");
  const signed = (n) => (n > 0 ? "+" + n : n < 0 ? "−" + -n : "±0");

  // A bar from 0 to 1 with a tick where it stood under one threshold for everyone.
  const bar = (value, before, colour) =>
    value.toFixed(2) +
    '<svg viewBox="0 0 72 22" width="72" height="22" aria-hidden="true">' +
    '<rect y="5" width="72" height="12" fill="#e4eaef"/>' +
    '<rect y="5" width="' + (72 * value).toFixed(1) + '" height="12" fill="' + colour + '"/>' +
    '<rect x="' + (72 * before - 1).toFixed(1) + '" width="2.5" height="22" fill="#1b2a3a"/></svg>';

  const drawSeats = (now) => {
    const across = 10;
    const down = Math.ceil(data.seats / across);
    let seat = 0;
    let drawn = "";
    groups.forEach((group, g) => {
      for (let i = 0; i < now[g]; i += 1, seat += 1) {
        const changed = i >= startPlaces[g] ? ' class="sg-changed"' : "";
        drawn += '<path transform="translate(' + (15 + 30 * (seat % across)) + " " +
          (15 + 30 * Math.floor(seat / across)) + ') scale(1.15)" d="' + group.shape +
          '" fill="' + group.colour + '"' + changed + "/>";
      }
    });
    find(".sg-seats").innerHTML =
      '<svg viewBox="0 0 300 ' + 30 * down + '" role="img" aria-label="' + data.seats + " places: " +
      groups.map((group, g) => group.name + " " + now[g]).join(", ") + '">' + drawn + "</svg>";
  };

  const show = () => {
    const now = places(thresholds);
    rows.forEach((row, g) => {
      const colour = groups[g].colour;
      const change = now[g] - startPlaces[g];
      const input = find("input", row);
      const t = thresholds[g];
      input.value = t;
      input.setAttribute("aria-valuetext", t.toFixed(2) + ", " + now[g] + " places");
      find("output", row).textContent = t.toFixed(2);
      find(".sg-places", row).innerHTML = now[g] + "<b>" + signed(change) + "</b>";
      find(".sg-selected", row).innerHTML =
        bar(selected(g, t) / people[g], selected(g, start[g]) / people[g], colour);
      find(".sg-missed", row).innerHTML = bar(missed(g, t), missed(g, start[g]), colour);
    });
    const overall = (at) => sum(at.map((t, g) => missed(g, t) * readmitted[g])) / sum(readmitted);
    const share = sum(thresholds.map((t, g) => selected(g, t))) / sum(people);
    find(".sg-places", foot).textContent = sum(now);
    find(".sg-selected", foot).innerHTML = bar(share, data.share, "#4a5a6a");
    find(".sg-missed", foot).innerHTML = bar(overall(thresholds), overall(start), "#4a5a6a");
    drawSeats(now);
    const list = (sign) => groups
      .map((group, g) => [group.name, sign * (now[g] - startPlaces[g])])
      .filter((pair) => pair[1] > 0)
      .map((pair) => pair[0] + " " + pair[1]);
    const gains = list(1);
    const losses = list(-1);
    find(".sg-summary").textContent =
      data.seats + " places for " + Math.round(data.seats / data.share) + " stays. " +
      (gains.length
        ? "Against one threshold: gains " + gains.join(", ") + "; loses " + losses.join(", ") + ". "
        : "The same places for each group as with one threshold. ") +
      "Missed among 100 readmitted: " + Math.round(100 * overall(thresholds)) +
      " (one threshold: " + Math.round(100 * overall(start)) + ").";
    for (const button of root.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.rule === rule));
    }
  };

  rows.forEach((row, g) => find("input", row).addEventListener("input", (event) => {
    thresholds = moved(thresholds, g, Number(event.target.value));
    rule = "";
    show();
  }));
  for (const button of root.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      rule = button.dataset.rule;
      thresholds = rules[rule]();
      show();
    });
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
  show();
}

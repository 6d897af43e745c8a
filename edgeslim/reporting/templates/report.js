// Hover, zoom and sort. The page is complete without it, and it knows no data but what is drawn.
"use strict";
(() => {
  const SVG = "http://www.w3.org/2000/svg";

  // ---- What is pointed at is said at once; without this, browsers say it after a second.
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.append(tip);
  const toldBy = (mark) => {
    // A mark says what it is, or a group of them says it for all.
    for (const each of [mark, mark.parentNode]) {
      const title = each.querySelector(":scope > title");
      if (title && !each.classList.contains("chart")) {
        each.dataset.told = title.textContent;
        title.remove();
      }
      if (each.dataset?.told) return each.dataset.told;
    }
    return "";
  };
  const place = (event) => {
    const gap = 14, box = tip.getBoundingClientRect();
    const left = Math.min(event.clientX + gap, innerWidth - box.width - 8);
    const above = event.clientY - box.height - gap;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above > 8 ? above : event.clientY + gap}px`;
  };
  const show = (event) => {
    const mark = event.target.closest?.(".chart .m, .chart .b, .chart .l");
    const told = mark && toldBy(mark);
    tip.hidden = !told;
    if (!told) return;
    tip.textContent = told;
    place(event);
  };
  document.addEventListener("pointermove", show);
  document.addEventListener("pointerdown", show);
  document.addEventListener("pointerleave", () => { tip.hidden = true; });
  addEventListener("scroll", () => { tip.hidden = true; }, { passive: true });

  // ---- A closer look: all places of a plot are percentages of it, and all go the same way.
  const share = (text) => parseFloat(text) / 100;
  const rounded = (value) => `${+(100 * value).toFixed(3)}%`;

  const ticks = ([low, high, log], from, to, most) => {
    const at = (t) => (log ? low * (high / low) ** t : low + (high - low) * t);
    const [a, b] = [at(from), at(to)];
    const raw = (b - a) / most, size = 10 ** Math.floor(Math.log10(raw));
    const step = [1, 2, 5, 10].map((each) => each * size).find((each) => each >= raw * 0.999);
    const found = [];
    for (let n = Math.ceil(a / step - 1e-9); n <= b / step + 1e-9; n += 1) {
      const value = n * step;
      const t = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
      found.push([(t - from) / (to - from), value]);
    }
    const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
    return found.map(([t, value]) => [t, value.toLocaleString("en", {
      minimumFractionDigits: decimals, maximumFractionDigits: decimals })]);
  };

  class Plot {
    constructor(svg) {
      this.svg = svg;
      this.data = svg.querySelector(":scope > .data");
      this.lines = this.data.querySelector(":scope > .lines");
      this.axes = ["x", "y"].map((name) => {
        const told = svg.getAttribute(`data-${name}`);
        if (!told) return null;
        const [low, high, kind] = told.split(" ");
        return [+low, +high, kind === "log"];
      });
      const places = ":scope > use, :scope > rect, :scope > line, :scope > text, :scope > g > use";
      this.marks = [...this.data.querySelectorAll(places)].map((each) => {
        const names = { use: ["x", "y"], rect: ["x", "y", "width", "height"],
          line: ["x1", "y1", "x2", "y2"] }[each.tagName] || [];
        return [each, names.map((name) => [name, share(each.getAttribute(name))])];
      });
      this.original = ["x", "y"].map((name) => svg.querySelector(`:scope > .${name}-ticks`).innerHTML);
      this.view([0, 0, 1, 1]);
    }
    // What is seen: left, top, right and bottom as shares of the whole.
    view([left, top, right, bottom]) {
      this.seen = [left, top, right, bottom];
      const [w, h] = [right - left, bottom - top], side = 10000;
      this.lines.setAttribute("viewBox", [left, top, w, h].map((each) => each * side).join(" "));
      for (const [mark, places] of this.marks) {
        for (const [name, value] of places) {
          const across = name[0] === "x" || name === "width";
          const length = name === "width" || name === "height";
          const moved = length ? value / (across ? w : h)
            : (value - (across ? left : top)) / (across ? w : h);
          mark.setAttribute(name, rounded(moved));
        }
      }
      const whole = w === 1 && h === 1;
      this.redraw("x", 0, whole, left, right);
      this.redraw("y", 1, whole, 1 - bottom, 1 - top);
    }
    redraw(name, index, whole, from, to) {
      const group = this.svg.querySelector(`:scope > .${name}-ticks`);
      if (whole) { group.innerHTML = this.original[index]; return; }
      group.replaceChildren();
      if (!this.axes[index]) return;
      const height = parseFloat(this.svg.getAttribute("height"));
      for (const [t, label] of ticks(this.axes[index], from, to, 5)) {
        const line = document.createElementNS(SVG, "line");
        const text = document.createElementNS(SVG, "text");
        line.setAttribute("class", "grid");
        text.setAttribute("class", "tick");
        text.textContent = label;
        const ends = name === "x" ? [t, 0, t, 1] : [0, 1 - t, 1, 1 - t];
        ["x1", "y1", "x2", "y2"].forEach((each, i) => line.setAttribute(each, rounded(ends[i])));
        text.setAttribute("x", name === "x" ? rounded(t) : -8);
        text.setAttribute("y", name === "x" ? height + 17 : rounded(1 - t));
        text.setAttribute("text-anchor", name === "x" ? "middle" : "end");
        if (name === "y") text.setAttribute("dy", "0.34em");
        group.append(line, text);
      }
    }
  }

  const closer = (figure) => {
    let plots = null;
    const made = () => (plots ??= [...figure.querySelectorAll(".plot")].map((each) => new Plot(each)));
    // Plots below each other share their time; each keeps its own height.
    const look = (chosen, [left, top, right, bottom]) => {
      for (const plot of made()) {
        const [, own, , end] = plot.seen;
        plot.view(plot === chosen ? [left, top, right, bottom] : [left, own, right, end]);
      }
      back.disabled = made().every((plot) => plot.seen.join() === "0,0,1,1");
    };
    const scale = (factor) => {
      const plot = made()[0], [left, top, right, bottom] = plot.seen;
      const [w, h] = [Math.min(1, (right - left) * factor), Math.min(1, (bottom - top) * factor)];
      const x = Math.min(Math.max(0, (left + right - w) / 2), 1 - w);
      const y = Math.min(Math.max(0, (top + bottom - h) / 2), 1 - h);
      look(plot, [x, y, x + w, y + h]);
    };
    const tools = document.createElement("div");
    tools.className = "tools";
    const button = (text, told, act) => {
      const made = document.createElement("button");
      made.type = "button";
      made.textContent = text;
      made.title = told;
      made.setAttribute("aria-label", told);
      made.addEventListener("click", act);
      tools.append(made);
      return made;
    };
    button("+", "zoom in", () => scale(0.6));
    button("\u2212", "zoom out", () => scale(1 / 0.6));
    const back = button("whole", "show all of it again", () => {
      for (const plot of made()) plot.view([0, 0, 1, 1]);
      back.disabled = true;
    });
    back.disabled = true;
    figure.querySelector(".canvas").append(tools);

    figure.addEventListener("pointerdown", (event) => {
      const data = event.target.closest(".data");
      if (!data || event.pointerType === "touch" || event.button !== 0) return;
      const plot = made().find((each) => each.data === data);
      const box = data.getBoundingClientRect();
      const at = (e) => [(e.clientX - box.left) / box.width, (e.clientY - box.top) / box.height]
        .map((each) => Math.min(1, Math.max(0, each)));
      const start = at(event);
      const frame = document.createElementNS(SVG, "rect");
      frame.setAttribute("class", "selection");
      const move = (e) => {
        const now = at(e);
        if (!frame.isConnected) data.append(frame);
        [["x", 0], ["y", 1]].forEach(([name, i]) =>
          frame.setAttribute(name, rounded(Math.min(start[i], now[i]))));
        [["width", 0], ["height", 1]].forEach(([name, i]) =>
          frame.setAttribute(name, rounded(Math.abs(start[i] - now[i]))));
      };
      const end = (e) => {
        removeEventListener("pointermove", move);
        removeEventListener("pointerup", end);
        frame.remove();
        const now = at(e), [left, top, right, bottom] = plot.seen;
        if (Math.abs(now[0] - start[0]) < 0.02 || Math.abs(now[1] - start[1]) < 0.02) return;
        const [w, h] = [right - left, bottom - top];
        const xs = [start[0], now[0]].sort((a, b) => a - b), ys = [start[1], now[1]].sort((a, b) => a - b);
        look(plot, [left + xs[0] * w, top + ys[0] * h, left + xs[1] * w, top + ys[1] * h]);
      };
      event.preventDefault();
      addEventListener("pointermove", move);
      addEventListener("pointerup", end);
    });
    figure.addEventListener("dblclick", (event) => {
      if (event.target.closest(".data")) back.click();
    });
  };
  document.querySelectorAll("figure.zooms").forEach(closer);

  // ---- Tables are sorted by their heads: by numbers where there are some, or else by text.
  const sorted = (table, index, down) => {
    const body = table.tBodies[0], key = (row) => row.cells[index].dataset.v;
    const text = (row) => row.cells[index].textContent;
    const numeric = [...body.rows].some((row) => key(row) !== undefined);
    const last = down ? -Infinity : Infinity;
    const order = numeric
      ? (a, b) => (+(key(a) ?? last) - +(key(b) ?? last)) * (down ? -1 : 1) || 0
      : (a, b) => text(a).localeCompare(text(b), undefined, { numeric: true }) * (down ? -1 : 1);
    body.append(...[...body.rows].sort(order));
  };
  document.querySelectorAll("table").forEach((table) => {
    if (!table.tBodies[0] || table.tBodies[0].rows.length < 3) return;
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if (!head.textContent) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        table.querySelectorAll("th").forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sorted(table, index, down);
      });
    });
  });
})();

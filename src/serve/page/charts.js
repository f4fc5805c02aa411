// Charts as SVG without text: words and numbers around them are HTML, and a label says what they show.

const NAMESPACE = "http://www.w3.org/2000/svg";

function shape(name, attributes) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function canvas(width, height, label) {
  const svg = shape("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  return svg;
}

/** Sums of neighbours, so that `values` fill `columns`; the newest stay at the end. */
export function gathered(values, columns, window) {
  const sums = new Array(columns).fill(0);
  const each = window / columns;
  values.forEach((value, index) => {
    const place = Math.floor((window - values.length + index) / each);
    if (place >= 0 && place < columns) sums[place] += value;
  });
  return sums;
}

/** Areas, one before the other; `null` in a series is a gap. Returns the value at the top. */
export function areas(host, series, window, label, top) {
  const most = Math.max(1e-9, ...series.flatMap((one) => one.values.map((value) => value ?? 0)));
  const svg = canvas(window, 100, label);
  const height = (value) => 100 - (92 * value) / most;
  for (const { values, tone, filled } of series) {
    const start = window - values.length;
    let line = "";
    let open = null;
    const close = (end) => {
      if (filled && open !== null) svg.append(shape("path", { d: `${line} L${end} 100 L${open} 100 Z`, fill: `var(${tone})`, "fill-opacity": 0.18 }));
      if (open !== null) svg.append(shape("path", { d: line, fill: "none", stroke: `var(${tone})`, "stroke-width": 1.6, "vector-effect": "non-scaling-stroke", "stroke-linejoin": "round" }));
      line = "";
      open = null;
    };
    values.forEach((value, index) => {
      const x = start + index + 0.5;
      if (value === null) {
        close(x - 1);
      } else {
        // From the beginning of its second, so that a second alone is seen too.
        if (open === null) { open = x - 0.5; line = `M${open} ${height(value)}`; }
        line += ` L${x} ${height(value)}`;
      }
    });
    close(window - 0.5);
  }
  const mark = document.createElement("span");
  mark.className = "top";
  mark.textContent = series.some((one) => one.values.some((value) => value)) ? top(most) : "";
  host.replaceChildren(svg, mark);
}

/** Columns of parts on top of each other. */
export function stack(host, series, columns, label, top) {
  const sums = Array.from({ length: columns }, (_, column) => series.reduce((sum, one) => sum + one.values[column], 0));
  const most = Math.max(1, ...sums);
  const svg = canvas(columns * 10, 100, label);
  const below = new Array(columns).fill(0);
  for (const { values, tone } of series) {
    values.forEach((value, column) => {
      if (value === 0) return;
      const height = (92 * value) / most;
      svg.append(shape("rect", { x: column * 10 + 1, y: 100 - below[column] - height, width: 8, height, fill: `var(${tone})` }));
      below[column] += height;
    });
  }
  const mark = document.createElement("span");
  mark.className = "top";
  mark.textContent = sums.some((sum) => sum > 0) ? top(most) : "";
  host.replaceChildren(svg, mark);
}

/** A small chart of columns for a row of a table; decoration, since the row says the number. */
export function spark(values, tone) {
  const most = Math.max(1, ...values);
  const svg = shape("svg", { viewBox: `0 0 ${values.length * 4} 20`, preserveAspectRatio: "none", "aria-hidden": "true" });
  values.forEach((value, index) => {
    const height = value === 0 ? 0.6 : Math.max(2, (20 * value) / most);
    svg.append(shape("rect", { x: index * 4, y: 20 - height, width: 3, height, fill: value === 0 ? "var(--line)" : `var(${tone})` }));
  });
  return svg;
}

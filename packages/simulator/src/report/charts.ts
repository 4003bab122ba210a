import { element, escaped, figure } from "./markup.ts";

const WIDTH = 640;
const HEIGHT = 320;
const LEFT = 72;
const RIGHT = 20;
const TOP = 20;
const BOTTOM = 56;

/** One axis: its unit stands in the label. */
export interface Axis {
  readonly label: string;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly number[];
  readonly format?: (value: number) => string;
}

/** About `count` round numbers from `from` to `to`. */
export function roundTicks(from: number, to: number, count = 5): number[] {
  if (!(to > from)) return [from];
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999)!;
  const ticks: number[] = [];
  for (let at = Math.ceil(from / step - 1e-9); at * step <= to + step * 1e-9; at++)
    ticks.push(Number((at * step).toPrecision(12)));
  return ticks;
}

/** An axis that holds all of some values, with round ends. */
export function axisOver(
  label: string,
  values: readonly number[],
  options: { readonly zero?: boolean } = {},
): Axis {
  const low = Math.min(...values, ...(options.zero === true ? [0] : []));
  const high = Math.max(...values, ...(options.zero === true ? [0] : []));
  const ticks = roundTicks(low, high === low ? low + 1 : high);
  const step = (ticks[1] ?? 1) - (ticks[0] ?? 0);
  const from = Math.min(low, ticks[0]!);
  const last = ticks.at(-1)!;
  const to = last >= high ? last : Number((last + step).toPrecision(12));
  return {
    label,
    from: from < ticks[0]! ? Number((ticks[0]! - step).toPrecision(12)) : from,
    to,
    ticks: to > last ? [...ticks, to] : ticks,
  };
}

interface Frame {
  readonly id: string;
  readonly title: string;
  /** What is to be seen, for those who do not see it. */
  readonly description: string;
  readonly width?: number;
  readonly height?: number;
}

/** A picture with its names for screen readers. */
function picture(
  { id, title, description, width = WIDTH, height = HEIGHT }: Frame,
  ...inside: string[]
): string {
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-labelledby": `${id}-title ${id}-desc`,
    },
    element("title", { id: `${id}-title` }, escaped(title)),
    element("desc", { id: `${id}-desc` }, escaped(description)),
    ...inside,
  );
}

const scale =
  (from: number, to: number, start: number, end: number) =>
  (value: number): number =>
    to === from ? start : start + ((value - from) / (to - from)) * (end - start);

const text = (
  x: number,
  y: number,
  words: string,
  anchor: "start" | "middle" | "end",
  more: Readonly<Record<string, string>> = {},
): string => element("text", { x, y, "text-anchor": anchor, ...more }, escaped(words));

/** Grid, ticks and labels of both axes. */
function axes(
  x: Axis,
  y: Axis,
  width: number,
  height: number,
): { readonly svg: string; readonly toX: (v: number) => number; readonly toY: (v: number) => number } {
  const right = width - RIGHT;
  const bottom = height - BOTTOM;
  const toX = scale(x.from, x.to, LEFT, right);
  const toY = scale(y.from, y.to, bottom, TOP);
  const parts: string[] = [];
  for (const tick of x.ticks) {
    parts.push(element("line", { class: "grid", x1: toX(tick), y1: TOP, x2: toX(tick), y2: bottom }));
    parts.push(text(toX(tick), bottom + 18, (x.format ?? figure)(tick), "middle"));
  }
  for (const tick of y.ticks) {
    parts.push(element("line", { class: "grid", x1: LEFT, y1: toY(tick), x2: right, y2: toY(tick) }));
    parts.push(text(LEFT - 8, toY(tick) + 4, (y.format ?? figure)(tick), "end"));
  }
  parts.push(element("path", { class: "axis", d: `M${LEFT} ${TOP}V${bottom}H${right}` }));
  parts.push(text((LEFT + right) / 2, height - 12, x.label, "middle"));
  const middle = (TOP + bottom) / 2;
  parts.push(text(16, middle, y.label, "middle", { transform: `rotate(-90 16 ${middle})` }));
  return { svg: parts.join(""), toX, toY };
}

export interface Point {
  readonly x: number;
  readonly y: number;
  /** Ends of its interval. */
  readonly low?: number;
  readonly high?: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Points without a line between them. */
  readonly loose?: boolean;
}

export interface Mark {
  readonly x: number;
  readonly label: string;
}

export interface LineChart extends Frame {
  readonly x: Axis;
  readonly y: Axis;
  readonly series: readonly Series[];
  /** Vertical lines: bounds. */
  readonly marks?: readonly Mark[];
}

const LEGEND_LINE = 18;
/** Room that the label of a mark takes. */
const LABEL = 140;

/** Lines with intervals over one axis. */
export function lineChart(chart: LineChart): string {
  const { x, y, series, marks = [] } = chart;
  const named = series.length > 1 ? series.length : 0;
  const height = HEIGHT + named * LEGEND_LINE;
  const plain = axes(x, y, WIDTH, HEIGHT);
  const { toX, toY } = plain;
  const parts: string[] = [plain.svg];
  for (const { x: at } of marks)
    parts.push(element("line", { class: "mark", x1: toX(at), y1: TOP, x2: toX(at), y2: HEIGHT - BOTTOM }));
  series.forEach(({ points, loose = false, name }, index) => {
    const style = `s${index % 6}`;
    for (const { x: at, low, high } of points)
      if (low !== undefined && high !== undefined)
        parts.push(
          element("path", {
            class: `bar ${style}`,
            d: `M${round(toX(at))} ${round(toY(low))}V${round(toY(high))}`,
          }),
        );
    if (!loose && points.length > 1) {
      const path = points.map(
        (point, i) => `${i === 0 ? "M" : "L"}${round(toX(point.x))} ${round(toY(point.y))}`,
      );
      parts.push(element("path", { class: `line ${style}`, d: path.join("") }));
    }
    if (points.length <= 60)
      for (const point of points)
        parts.push(element("circle", { class: `dot ${style}`, cx: toX(point.x), cy: toY(point.y), r: 3 }));
    if (named > 0) {
      const line = HEIGHT + index * LEGEND_LINE;
      parts.push(element("path", { class: `line ${style}`, d: `M${LEFT} ${line}h28` }));
      parts.push(text(LEFT + 36, line + 4, name, "start"));
    }
  });
  // Over everything else, half way up, where curves that jump leave room: the first to the left of its line if it fits.
  marks.forEach(({ x: at, label }, index) => {
    const onLeft = toX(at) > WIDTH - LABEL || (index === 0 && toX(at) > LEFT + LABEL);
    const line = (TOP + HEIGHT - BOTTOM) / 2 + 18 * index;
    const anchor = onLeft ? "end" : "start";
    parts.push(text(toX(at) + (onLeft ? -6 : 6), line, label, anchor, { class: "over" }));
  });
  return picture({ ...chart, height }, ...parts);
}

const round = (value: number): number => Math.round(value * 100) / 100;

export interface HeatMap extends Frame {
  /** Names of columns and rows, from the origin outwards. */
  readonly columns: readonly string[];
  readonly rows: readonly string[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** By row and column, 0 to 1; null: not known. */
  readonly values: readonly (readonly (number | null)[])[];
}

/** Probabilities over two axes: the number stands in every field, so that colour is not needed. */
export function heatMap(map: HeatMap): string {
  const { columns, rows, values } = map;
  const field = 48;
  const width = LEFT + 24 + columns.length * field + RIGHT;
  const height = TOP + rows.length * 34 + BOTTOM;
  const bottom = TOP + rows.length * 34;
  const left = LEFT + 24;
  const parts: string[] = [];
  rows.forEach((row, at) => {
    const y = bottom - (at + 1) * 34;
    parts.push(text(left - 8, y + 21, row, "end"));
    columns.forEach((_, column) => {
      const value = values[at]?.[column] ?? null;
      const x = left + column * field;
      parts.push(
        element("rect", {
          class: "field",
          x,
          y,
          width: field,
          height: 34,
          "fill-opacity": value === null ? 0 : round(0.85 * value),
        }),
      );
      parts.push(
        text(x + field / 2, y + 21, value === null ? "" : figure(round(value)), "middle", {
          class: value !== null && value > 0.55 ? "on-dark" : "on-light",
        }),
      );
    });
  });
  columns.forEach((column, at) => {
    parts.push(text(left + at * field + field / 2, bottom + 18, column, "middle"));
  });
  parts.push(text((left + width - RIGHT) / 2, height - 12, map.xLabel, "middle"));
  const middle = (TOP + bottom) / 2;
  parts.push(text(16, middle, map.yLabel, "middle", { transform: `rotate(-90 16 ${middle})` }));
  return picture({ ...map, width, height }, ...parts);
}

export interface Swing {
  readonly name: string;
  /** What the parameter is at its low and high end, in words. */
  readonly lowName: string;
  readonly highName: string;
  readonly low: number;
  readonly high: number;
}

export interface Tornado extends Frame {
  readonly label: string;
  readonly base: number;
  readonly swings: readonly Swing[];
}

/** How far one figure moves with each parameter, the strongest on top. */
export function tornado(chart: Tornado): string {
  const swings = [...chart.swings].sort(
    (a, b) => Math.abs(b.high - b.low) - Math.abs(a.high - a.low) || (a.name < b.name ? -1 : 1),
  );
  const left = 190;
  const line = 34;
  const height = TOP + swings.length * line + BOTTOM;
  const bottom = TOP + swings.length * line;
  const right = WIDTH - 60;
  const all = [chart.base, ...swings.flatMap(({ low, high }) => [low, high])];
  const axis = axisOver(chart.label, all);
  const toX = scale(axis.from, axis.to, left, right);
  const parts: string[] = [];
  for (const tick of axis.ticks) {
    parts.push(element("line", { class: "grid", x1: toX(tick), y1: TOP, x2: toX(tick), y2: bottom }));
    parts.push(text(toX(tick), bottom + 18, figure(tick), "middle"));
  }
  swings.forEach(({ name, low, high, lowName, highName }, at) => {
    const y = TOP + at * line;
    parts.push(text(left - 8, y + 14, name, "end"));
    parts.push(text(left - 8, y + 27, `${lowName} to ${highName}`, "end", { class: "small" }));
    const bar = (value: number, style: string): string => {
      const from = Math.min(toX(chart.base), toX(value));
      const to = Math.max(toX(chart.base), toX(value));
      return element("rect", {
        class: `swing ${style}`,
        x: from,
        y: y + 7,
        width: to - from,
        height: line - 14,
      });
    };
    parts.push(bar(low, "s0"), bar(high, "s1"));
  });
  parts.push(
    element("line", { class: "axis", x1: toX(chart.base), y1: TOP, x2: toX(chart.base), y2: bottom }),
  );
  parts.push(text((left + right) / 2, height - 12, chart.label, "middle"));
  return picture({ ...chart, height }, ...parts);
}

export interface Bracket {
  readonly name: string;
  /** Between these it must begin, by theory; `to` null: it never must. */
  readonly theory: { readonly from: number; readonly to: number | null };
  /** Between these it was measured to begin; `to` null: it was not seen to. */
  readonly measured: { readonly from: number; readonly to: number | null };
}

export interface BracketChart extends Frame {
  /** What runs from 0 to 1. */
  readonly label: string;
  readonly rows: readonly Bracket[];
}

/** Where things begin, one line each: a wide pale bar for theory, a narrow one for what was measured. */
export function bracketChart(chart: BracketChart): string {
  const { rows, label } = chart;
  const left = 400;
  const width = 860;
  const line = 24;
  const bottom = TOP + rows.length * line;
  const right = width - RIGHT;
  const toX = scale(0, 1, left, right);
  const parts: string[] = [];
  for (const tick of [0, 1 / 3, 1 / 2, 2 / 3, 1]) {
    parts.push(element("line", { class: "grid", x1: toX(tick), y1: TOP, x2: toX(tick), y2: bottom }));
    parts.push(text(toX(tick), bottom + 18, figure(tick), "middle"));
  }
  rows.forEach(({ name, theory, measured }, at) => {
    const y = TOP + at * line;
    parts.push(text(left - 10, y + 16, name, "end", { class: "small" }));
    const bar = (from: number, to: number | null, style: string, inset: number): string =>
      to === null
        ? text(toX(from) + 4, y + 16, inset > 5 ? "never" : "", "start", { class: "small" })
        : element("rect", {
            class: `swing ${style}`,
            x: toX(from),
            y: y + inset,
            width: Math.max(2, toX(to) - toX(from)),
            height: line - 2 * inset,
          });
    parts.push(bar(theory.from, theory.to, "s1 pale", 4), bar(measured.from, measured.to, "s0", 8));
  });
  parts.push(text((left + right) / 2, bottom + 40, label, "middle"));
  return picture({ ...chart, width, height: bottom + BOTTOM }, ...parts);
}

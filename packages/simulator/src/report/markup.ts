/** Text made safe for HTML and SVG, in elements and in attributes. */
export const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[sign]!);

export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element with markup inside; numbers are cut to two decimals, so that equal pictures are equal bytes. */
export function element(name: string, attributes: Attributes, ...inside: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? short(value) : escaped(value as string)}"`)
    .join("");
  return inside.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${inside.join("")}</${name}>`;
}

const short = (value: number): string => `${Math.round(value * 100) / 100}`;

/** A number for people: three figures that count, no locale. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return "-";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1_000) return grouped(Math.round(value));
  if (size >= 100) return `${Math.round(value)}`;
  if (size < 0.001) return value.toExponential(1);
  return `${Number(value.toPrecision(3))}`;
}

/** A whole number with its thousands set apart. */
export const grouped = (value: number): string => `${value}`.replace(/\B(?=(\d{3})+(?!\d))/g, ",");

/** A part of one in percent. */
export const percent = (share: number): string => `${figure(100 * share)} %`;

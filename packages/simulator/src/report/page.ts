import { escaped } from "./markup.ts";

/** Colours for light and dark surroundings; every line also differs in its dashes. */
const STYLE = `
:root{color-scheme:light dark;--paper:#fff;--ink:#1b1f24;--faint:#d5d9de;--soft:#5a6270;--on:#1b1f24;--s0:#0b62c4;--s1:#b3420e;--s2:#23763a;--s3:#7b3fa0;--s4:#8a6d00;--s5:#a3195b}
@media (prefers-color-scheme:dark){:root{--paper:#14171b;--ink:#e8eaed;--faint:#3a4048;--soft:#a3abb8;--on:#14171b;--s0:#6cb2ff;--s1:#ff9c6b;--s2:#6fd08c;--s3:#c99bf0;--s4:#e2c14d;--s5:#ff8fc0}}
body{background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem}h2{font-size:1.25rem;margin-top:2.5rem}h3{font-size:1rem;margin-bottom:.25rem}
pre{background:color-mix(in srgb,var(--ink) 8%,var(--paper));padding:.75rem;overflow-x:auto}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.875rem}caption{text-align:left;color:var(--soft);padding:.25rem 0}
th,td{border-bottom:1px solid var(--faint);padding:.25rem .6rem;text-align:left;vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:1rem 0}figcaption{color:var(--soft);font-size:.875rem}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--ink)}svg text.small{font-size:10px;fill:var(--soft)}
svg .over{paint-order:stroke;stroke:var(--paper);stroke-width:5px;stroke-linejoin:round}svg .grid{stroke:var(--faint);stroke-width:1}svg .axis{stroke:var(--ink);fill:none}svg .mark{stroke:var(--soft);stroke-dasharray:5 4}
svg .line{fill:none;stroke-width:2}svg .bar{stroke-width:1.5;opacity:.75}svg .field{fill:var(--s0);stroke:var(--faint)}svg .on-dark{fill:var(--on)}svg .on-light{fill:var(--ink)}
svg .swing{fill-opacity:.8;stroke:var(--ink)}svg .swing.pale{fill-opacity:.3;stroke:none}
${[0, 1, 2, 3, 4, 5].map((i) => `svg .line.s${i},svg .bar.s${i}{stroke:var(--s${i})}svg .dot.s${i},svg .swing.s${i}{fill:var(--s${i})}`).join("")}
svg .line.s1{stroke-dasharray:8 4}svg .line.s2{stroke-dasharray:2 3}svg .line.s3{stroke-dasharray:10 3 2 3}svg .line.s4{stroke-dasharray:5 2}svg .line.s5{stroke-dasharray:1 4}
`;

export interface Provenance {
  /** The command that gives these results again. */
  readonly command: string;
  readonly seed: string;
  /** Version and commit of the program. */
  readonly version: string;
}

export interface Page extends Provenance {
  readonly title: string;
  /** A paragraph on what was done; plain text. */
  readonly summary: string;
  /** Markup. */
  readonly sections: readonly string[];
}

/** One page that needs nothing else: no script, no font, no network. */
export function page({ title, summary, command, seed, version, sections }: Page): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(summary)}</p>
<p>Seed <code>${escaped(seed)}</code>, aitbc-hybrid ${escaped(version)}. The same command gives the same bytes:</p>
<pre><code>${escaped(command)}</code></pre>
${sections.join("\n")}
</main>
</body>
</html>
`;
}

export interface Column<T> {
  readonly head: string;
  readonly numeric?: boolean;
  readonly of: (row: T) => string;
}

/** A table; what columns give is plain text. */
export function table<T>(caption: string, columns: readonly Column<T>[], rows: readonly T[]): string {
  const style = ({ numeric = false }: Column<T>): string => (numeric ? ' class="n"' : "");
  const head = columns
    .map((column) => `<th scope="col"${style(column)}>${escaped(column.head)}</th>`)
    .join("");
  const body = rows
    .map(
      (row) =>
        `<tr>${columns.map((column) => `<td${style(column)}>${escaped(column.of(row))}</td>`).join("")}</tr>`,
    )
    .join("\n");
  return `<div class="wide"><table><caption>${escaped(caption)}</caption><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}

export const section = (head: string, ...inside: readonly string[]): string =>
  `<section><h2>${escaped(head)}</h2>\n${inside.join("\n")}\n</section>`;

export const paragraph = (words: string): string => `<p>${escaped(words)}</p>`;

/** A picture with the sentence below it. */
export const pictured = (svg: string, caption: string): string =>
  `<figure>${svg}<figcaption>${escaped(caption)}</figcaption></figure>`;

/** Rows as comma-separated values; text with a comma or quote is quoted. */
export function csv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number): string => {
    const written = `${value}`;
    return /[",\n]/.test(written) ? `"${written.replaceAll('"', '""')}"` : written;
  };
  return `${[head, ...rows].map((row) => row.map(cell).join(",")).join("\n")}\n`;
}

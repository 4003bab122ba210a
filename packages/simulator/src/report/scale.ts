import { type Done, type ScaleFigure, type SizeResult, type Study, scaleResults } from "../study/index.ts";
import { type Axis, axisOver, lineChart } from "./charts.ts";
import { figure, grouped } from "./markup.ts";
import { csv, type Provenance, page, paragraph, pictured, section, table } from "./page.ts";
import type { Report } from "./report.ts";

/** Largest registry that the contracts seal, and what the format holds. */
const MOST_VALIDATORS = 1_000;

interface Shown {
  readonly title: string;
  readonly label: string;
  readonly unit: number;
  readonly lines: readonly { readonly name: string; readonly figure: ScaleFigure }[];
}

const SHOWN: readonly Shown[] = [
  {
    title: "Time to finality",
    label: "ms from a block's making",
    unit: 1,
    lines: [
      { name: "median", figure: "p50" },
      { name: "99th percentile", figure: "p99" },
    ],
  },
  {
    title: "Traffic of votes, aggregates and certificates",
    label: "kB a second, sent and received",
    unit: 1e-3,
    lines: [
      { name: "busiest node", figure: "busiestTraffic" },
      { name: "mean", figure: "meanTraffic" },
    ],
  },
  {
    title: "Length of a certificate",
    label: "bytes",
    unit: 1,
    lines: [{ name: "longest carried", figure: "certificateBytes" }],
  },
  {
    title: "Steps of a node's reducer for a block",
    label: "steps",
    unit: 1,
    lines: [{ name: "mean", figure: "stepsPerBlock" }],
  },
];

/** Sizes of networks on a logarithmic axis. */
function sizeAxis(sizes: readonly SizeResult[]): Axis {
  const ticks = sizes.map(({ validators }) => Math.log10(validators));
  return {
    label: "validators, logarithmic",
    from: Math.min(...ticks) - 0.05,
    to: Math.max(...ticks) + 0.05,
    ticks,
    format: (value) => grouped(Math.round(10 ** value)),
  };
}

function chart(sizes: readonly SizeResult[], { title, label, unit, lines }: Shown, at: number): string {
  const points = (name: ScaleFigure) =>
    sizes.map(({ validators, figures }) => ({
      x: Math.log10(validators),
      y: figures[name].value * unit,
      low: figures[name].low * unit,
      high: figures[name].high * unit,
    }));
  const all = lines.flatMap((line) => points(line.figure).flatMap(({ low, high }) => [low, high]));
  return pictured(
    lineChart({
      id: `scale-${at}`,
      title,
      description: sizes
        .map(
          ({ validators, figures }) =>
            `${grouped(validators)} validators: ${lines
              .map((line) => `${line.name} ${figure(figures[line.figure].value * unit)}`)
              .join(", ")} ${label}`,
        )
        .join("; "),
      x: sizeAxis(sizes),
      y: axisOver(label, all, { zero: true }),
      series: lines.map((line) => ({ name: line.name, points: points(line.figure) })),
    }),
    `${title}. Bars are 95 % intervals of the mean over the runs, where there are several.`,
  );
}

/** Networks of growing size: what finality and votes cost in them. */
export function scaleReport(
  study: Study,
  results: ReadonlyMap<string, Done>,
  provenance: Provenance,
): Report {
  const found = scaleResults(study, results);
  const { sizes, exponents, unfinished } = found;
  const value = (name: ScaleFigure, unit = 1) => ({
    numeric: true,
    of: ({ figures }: SizeResult) => figure(figures[name].value * unit),
  });
  const growth = (Object.entries(exponents) as [ScaleFigure, number][]).map(
    ([name, exponent]) => `${name} n^${figure(Math.round(exponent * 100) / 100)}`,
  );
  return {
    html: page({
      ...provenance,
      title: "Secure with growing numbers of validators",
      summary: `Calm networks of honest validators on the protocol's own reducer, with distances, bandwidth and work as docs/simulator.md has them. The protocol seats at most ${grouped(MOST_VALIDATORS)}: what is above is an outlook, in which the cap is lifted and nothing else is changed.`,
      sections:
        sizes.length === 0
          ? [paragraph("No run is done yet.")]
          : [
              section(
                "Figures",
                table(
                  "Means over the runs.",
                  [
                    {
                      head: "validators",
                      numeric: true,
                      of: ({ validators }: SizeResult) => grouped(validators),
                    },
                    { head: "p50, ms", ...value("p50") },
                    { head: "p95, ms", ...value("p95") },
                    { head: "p99, ms", ...value("p99") },
                    { head: "blocks a second", ...value("blocksPerSecond") },
                    { head: "views skipped", ...value("skipped") },
                    { head: "busiest node, kB/s", ...value("busiestTraffic", 1e-3) },
                    { head: "mean node, kB/s", ...value("meanTraffic", 1e-3) },
                    { head: "certificate, bytes", ...value("certificateBytes") },
                    { head: "steps a block", ...value("stepsPerBlock") },
                    { head: "events a block", ...value("eventsPerBlock") },
                  ],
                  sizes,
                ),
                ...(growth.length === 0
                  ? []
                  : [
                      paragraph(
                        `Above 100 validators, where votes go through aggregators, figures grow with the number n of validators about as: ${growth.join(", ")}.`,
                      ),
                    ]),
                ...SHOWN.map((shown, at) => chart(sizes, shown, at)),
              ),
              section(
                "What it does not show",
                paragraph(
                  "More seats would need another format of registries and bitmaps (words of 1,024 bits), and contracts that seal, aggregate and pay so many: nothing here says what that costs. Epochs are not handed over, and nobody is faulty.",
                ),
              ),
            ],
    }),
    csv: csv(
      ["validators", "runs", "figure", "mean", "low95", "high95"],
      sizes.flatMap(({ validators, runs, figures }) =>
        Object.entries(figures).map(([name, at]) => [validators, runs, name, at.value, at.low, at.high]),
      ),
    ),
    data: found,
    failed: [],
    unfinished,
  };
}

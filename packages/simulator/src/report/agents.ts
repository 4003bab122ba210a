import { RANGES } from "../agents/index.ts";
import { sum } from "../statistics.ts";
import { type AgentResults, agentResults, type Done, type Study } from "../study/index.ts";
import { axisOver, lineChart, tornado } from "./charts.ts";
import { figure } from "./markup.ts";
import { csv, type Provenance, page, paragraph, pictured, section, table } from "./page.ts";
import type { Report } from "./report.ts";

type Name = keyof AgentResults["series"][number]["figures"];

interface Shown {
  readonly name: Name;
  readonly title: string;
  readonly label: string;
  readonly unit: number;
}

const SHOWN: readonly Shown[] = [
  { name: "stake", title: "Stake bonded and delegated", label: "million AITBC", unit: 1e-6 },
  {
    name: "yield",
    title: "Yield of a delegator, net of commission and convictions",
    label: "% a year",
    unit: 100,
  },
  { name: "operators", title: "Validators that run", label: "validators", unit: 1 },
  {
    name: "gini",
    title: "Gini coefficient of stakes by validator",
    label: "0: equal, 1: one has all",
    unit: 1,
  },
  { name: "nakamoto", title: "Nakamoto coefficient: validators above a third", label: "validators", unit: 1 },
  { name: "largestShare", title: "Largest validator's part of the sealed stake", label: "%", unit: 100 },
  { name: "commission", title: "Mean commission", label: "%", unit: 100 },
  { name: "paid", title: "Security budget: paid to stakers", label: "million AITBC a year", unit: 1e-6 },
  {
    name: "atRisk",
    title: "Security budget: burnt when a third breaks agreement",
    label: "million AITBC",
    unit: 1e-6,
  },
  {
    name: "cartelPrice",
    title: "Least rent that makes a cartel of a third worth it",
    label: "million AITBC a year",
    unit: 1e-6,
  },
  { name: "cartelWilling", title: "Stake willing to join a cartel of a third", label: "%", unit: 100 },
];

const TORNADOS: readonly Name[] = ["yield", "stake", "gini", "nakamoto", "atRisk", "cartelPrice"];

function overTime({ series }: AgentResults, { name, title, label, unit }: Shown): string {
  const points = series.map(({ day, figures: { [name]: at } }) => ({
    x: day,
    y: at.value * unit,
    low: at.low * unit,
    high: at.high * unit,
  }));
  const last = points.at(-1)!;
  return pictured(
    lineChart({
      id: `time-${name}`,
      title,
      description: `from ${figure(points[0]!.y)} to ${figure(last.y)} in ${last.x} days (${label})`,
      x: axisOver(
        "day",
        points.map(({ x }) => x),
        { zero: true },
      ),
      y: axisOver(
        label,
        points.flatMap(({ low, high }) => [low, high]),
        { zero: true },
      ),
      series: [{ name: title, points }],
    }),
    `${title}. Bars are 95 % intervals of the mean over the runs.`,
  );
}

function sensitivity({ final }: AgentResults, { name, title, label, unit }: Shown): string {
  const base = final.get("base")![name].value * unit;
  const swings = RANGES.flatMap((range) => {
    const low = final.get(`${range.name} low`);
    const high = final.get(`${range.name} high`);
    if (low === undefined || high === undefined) return [];
    return [
      {
        name: range.label,
        lowName: figure(range.low),
        highName: figure(range.high),
        low: low[name].value * unit,
        high: high[name].value * unit,
      },
    ];
  });
  return pictured(
    tornado({
      id: `tornado-${name}`,
      title: `${title}: what moves it`,
      description: swings
        .map(
          (each) =>
            `${each.name} from ${each.lowName} to ${each.highName}: ${figure(each.low)} to ${figure(each.high)}`,
        )
        .join("; "),
      label: `${label}, at the end`,
      base,
      swings,
    }),
    `${title}: one assumption moved at a time, the first colour at its low end, the second at its high end; the line is the base.`,
  );
}

/** Lorenz curve of the stakes in the end. */
function lorenz({ stakes }: AgentResults): string {
  const total = sum(stakes);
  let held = 0;
  const points = [
    { x: 0, y: 0 },
    ...stakes.map((stake, at) => {
      held += stake;
      return { x: (at + 1) / stakes.length, y: held / total };
    }),
  ];
  const ticks = [0, 0.25, 0.5, 0.75, 1];
  return pictured(
    lineChart({
      id: "lorenz",
      title: "Distribution of stake by validator in the end",
      description: `the poorer half holds ${figure(100 * (points[Math.floor(stakes.length / 2)]?.y ?? 0))} % of the stake`,
      x: { label: "part of the validators, the smallest first", from: 0, to: 1, ticks },
      y: { label: "part of the stake", from: 0, to: 1, ticks },
      series: [
        { name: "stakes", points },
        {
          name: "all equal",
          points: [
            { x: 0, y: 0 },
            { x: 1, y: 1 },
          ],
        },
      ],
    }),
    "Lorenz curve of the first run.",
  );
}

/** The market of stake: agents' decisions over time, and what they hang on. */
export function agentReport(
  study: Study,
  results: ReadonlyMap<string, Done>,
  provenance: Provenance,
): Report {
  const found = agentResults(study, results);
  const isThere = found.series.length > 0;
  const hasSweep = found.final.size > 1;
  const assumptions = Object.entries(found.base);
  return {
    html: page({
      ...provenance,
      title: "The market of stake",
      summary:
        "Rational operators and delegators decide day by day; pay, caps and penalties are reckoned by the contracts' model. Assumptions are listed below: the results are theirs, not forecasts.",
      sections: isThere
        ? [
            section("Over time", ...SHOWN.map((shown) => overTime(found, shown))),
            section("Distribution", lorenz(found)),
            ...(hasSweep
              ? [
                  section(
                    "Sensitivity",
                    ...SHOWN.filter(({ name }) => TORNADOS.includes(name)).map((shown) =>
                      sensitivity(found, shown),
                    ),
                  ),
                ]
              : []),
            section(
              "Assumptions",
              table(
                "Amounts in AITBC, rates a year, probabilities a day unless docs/research.md says otherwise.",
                [
                  { head: "assumption", of: ([name]: readonly [string, number | boolean]) => name },
                  {
                    head: "value",
                    numeric: true,
                    of: ([, value]) => (typeof value === "number" ? figure(value) : `${value}`),
                  },
                ],
                assumptions,
              ),
            ),
          ]
        : [paragraph("No run is done yet.")],
    }),
    csv: csv(
      ["variant", "figure", "mean", "low95", "high95"],
      [...found.final].flatMap(([variant, figures]) =>
        Object.entries(figures).map(([name, { value, low, high }]) => [variant, name, value, low, high]),
      ),
    ),
    data: { ...found, final: Object.fromEntries(found.final) },
    failed: [],
    unfinished: found.unfinished,
  };
}

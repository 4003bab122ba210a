import { attackResults, type CaseResult, type Done, type Study } from "../study/index.ts";
import { lineChart } from "./charts.ts";
import { escaped, figure, percent } from "./markup.ts";
import { csv, type Provenance, page, paragraph, pictured, section, table } from "./page.ts";
import type { Report } from "./report.ts";

const shareOf = (level: number, scale: number): string => `${level}/${scale}`;

const measuredThreshold = ({ threshold: { neverUpTo, alwaysFrom }, scale }: CaseResult): string => {
  const told = (share: number | null): string =>
    share === null ? "none played" : shareOf(Math.round(share * scale), scale);
  return `never up to ${told(neverUpTo)}, always from ${told(alwaysFrom)}`;
};

/** Picture of one case: how often it succeeded at each share. */
function curve(result: CaseResult, id: string): string {
  const { levels, safe, broken, scale, name } = result;
  const marks = [
    { x: safe / scale, label: `must fail up to ${shareOf(safe, scale)}` },
    ...(broken === null ? [] : [{ x: broken / scale, label: `must succeed from ${shareOf(broken, scale)}` }]),
  ];
  return lineChart({
    id,
    title: name,
    description: levels
      .map(
        ({ level, succeeded, runs }) =>
          `at ${shareOf(level, scale)} it succeeded in ${succeeded} of ${runs} runs`,
      )
      .join("; "),
    x: {
      label: `attacker's share: ${result.resource}, parts of ${scale}`,
      from: 0,
      to: 1,
      ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
    },
    y: { label: "part of runs that succeed", from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] },
    series: [
      {
        name,
        points: levels.map(({ share, success }) => ({
          x: share,
          y: success.value,
          low: success.low,
          high: success.high,
        })),
      },
    ],
    marks,
  });
}

/** The attacks, each with what was measured. */
export function attackReport(
  study: Study,
  results: ReadonlyMap<string, Done>,
  provenance: Provenance,
): Report {
  const cases = attackResults(study, results);
  const names = [...new Set(cases.map(({ attack }) => attack))];
  const overview = table(
    "Shares are parts of the class named. Intervals are Wilson's at 95 %.",
    [
      { head: "attack", of: (each: CaseResult) => each.attack },
      { head: "mode", of: (each) => each.mode },
      {
        head: "share of",
        of: (each) => [each.resource, each.given].filter((part) => part !== "").join("; beside "),
      },
      { head: "promised to fail up to", numeric: true, of: (each) => shareOf(each.safe, each.scale) },
      {
        head: "must succeed from",
        numeric: true,
        of: (each) => (each.broken === null ? "never" : shareOf(each.broken, each.scale)),
      },
      { head: "measured", of: measuredThreshold },
      {
        head: "as expected",
        of: (each) => (each.complete ? (each.asExpected ? "yes" : "NO") : "unfinished"),
      },
    ],
    cases,
  );
  const sections = names.map((name) => {
    const own = cases.filter(({ attack }) => attack === name);
    const first = own[0]!;
    return section(
      name,
      paragraph(first.idea),
      paragraph(`It succeeds if: ${first.successMeans}.`),
      ...own.map((each) => {
        const measures = [...new Set(each.levels.flatMap((level) => Object.keys(level.measures)))];
        const rows = table(
          `${each.name}: means over the runs of a level`,
          [
            {
              head: "share",
              numeric: true,
              of: (level: CaseResult["levels"][number]) => shareOf(level.level, each.scale),
            },
            { head: "succeeded", numeric: true, of: (level) => `${level.succeeded}/${level.runs}` },
            {
              head: "95 % interval",
              numeric: true,
              of: ({ success }) => `${percent(success.low)} to ${percent(success.high)}`,
            },
            ...measures.map((measure) => ({
              head: measure,
              numeric: true,
              of: (level: CaseResult["levels"][number]) => figure(level.measures[measure] ?? 0),
            })),
          ],
          each.levels,
        );
        const broken = each.levels.flatMap(({ level, failures }) =>
          failures.map((what) => `at ${shareOf(level, each.scale)}: ${what}`),
        );
        const id = `c${cases.indexOf(each)}`;
        return [
          `<h3>${escaped(each.name)}</h3>`,
          pictured(
            curve(each, id),
            `How often it succeeded, by the attacker's share. Measured: ${measuredThreshold(each)}.`,
          ),
          rows,
          ...(broken.length === 0 ? [] : [paragraph(`What the oracles found: ${broken.join("; ")}`)]),
        ].join("\n");
      }),
    );
  });
  return {
    html: page({
      ...provenance,
      title: "Attacks and where they begin to succeed",
      summary:
        "Every attack is played on the protocol's own reducer in a simulated network, at shares of the attacker below and above the bound that the protocol promises.",
      sections: [section("Thresholds", overview), ...sections],
    }),
    csv: csv(
      [
        "attack",
        "mode",
        "resource",
        "given",
        "level",
        "scale",
        "share",
        "runs",
        "succeeded",
        "low95",
        "high95",
        "measure",
        "mean",
      ],
      cases.flatMap((each) =>
        each.levels.flatMap((level) => {
          const head = [
            each.attack,
            each.mode,
            each.resource,
            each.given,
            level.level,
            each.scale,
            level.share,
          ];
          const tail = [level.runs, level.succeeded, level.success.low, level.success.high];
          return Object.entries(level.measures).map(([measure, value]) => [...head, ...tail, measure, value]);
        }),
      ),
    ),
    data: cases,
    failed: cases.filter((each) => !each.asExpected).map(({ name }) => name),
    unfinished: cases.filter((each) => !each.complete).length,
  };
}

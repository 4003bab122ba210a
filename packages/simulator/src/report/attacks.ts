import {
  type AttackStudyOptions,
  attackResults,
  type CaseResult,
  type Done,
  type Study,
} from "../study/index.ts";
import { bracketChart, lineChart } from "./charts.ts";
import { escaped, figure, percent } from "./markup.ts";
import { csv, type Provenance, page, paragraph, pictured, section, table } from "./page.ts";
import type { Report } from "./report.ts";

const shareOf = (level: number, scale: number): string => `${level}/${scale}`;

const seenBetween = ({ seen: { neverUpTo, alwaysFrom }, scale }: CaseResult): string => {
  const told = (level: number | null): string => (level === null ? "none played" : shareOf(level, scale));
  return `never up to ${told(neverUpTo)}, always from ${told(alwaysFrom)}`;
};

/** The threshold of a search, with its interval. */
function measuredThreshold({ threshold: { level, above, upTo }, scale, levels }: CaseResult): string {
  if (levels.length === 0) return "not played";
  if (level === null) return `none: fewer than half succeed at ${shareOf(levels.at(-1)!.level, scale)}`;
  const end = upTo === null ? "" : ` and up to ${shareOf(upTo, scale)}`;
  return `${shareOf(level, scale)} (above ${shareOf(above, scale)}${end})`;
}

/** What the threshold says about the bounds. */
function agreement({ threshold, safe, broken, complete, levels }: CaseResult): string {
  if (!complete) return "unfinished";
  if (levels.some(({ level, succeeded }) => level <= safe && succeeded > 0)) return "BELOW THE BOUND";
  if (threshold.level === null) return broken === null ? "as promised: never" : "NOT SEEN";
  if (broken === null) return "SEEN";
  if (threshold.level > broken) return "ABOVE";
  return broken === safe + 1 ? "at the bound" : `between, by ${threshold.level - safe} levels`;
}

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

/** Bounds and thresholds of all cases in one picture. */
function brackets(cases: readonly CaseResult[]): string {
  const finished = cases.filter(({ complete }) => complete);
  const rows = finished.map(({ name, safe, broken, scale, threshold: { level, above, upTo } }) => ({
    name,
    theory: { from: safe / scale, to: broken === null ? null : broken / scale },
    measured: { from: above / scale, to: level === null ? null : (upTo ?? scale) / scale },
  }));
  return pictured(
    bracketChart({
      id: "brackets",
      title: "Bounds, and where attacks begin to succeed",
      description: rows
        .map(({ name, measured: { from, to } }) =>
          to === null ? `${name}: never` : `${name}: between ${figure(from)} and ${figure(to)}`,
        )
        .join("; "),
      label: "attacker's share",
      rows,
    }),
    "Pale: from the highest share at which it must fail to the lowest at which it must succeed. Narrow: the interval of the measured threshold.",
  );
}

/** The attacks, each with what was measured. */
export function attackReport(
  study: Study,
  results: ReadonlyMap<string, Done>,
  provenance: Provenance,
): Report {
  const cases = attackResults(study, results);
  const isSearch = (study.options as unknown as AttackStudyOptions).levels === "threshold";
  const measured = isSearch ? measuredThreshold : seenBetween;
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
      { head: "theory", of: (each) => each.bound },
      { head: "measured", of: measured },
      ...(isSearch ? [{ head: "against the bounds", of: agreement }] : []),
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
            `How often it succeeded, by the attacker's share. Measured: ${measured(each)}.`,
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
      sections: [
        section(
          "Thresholds",
          ...(isSearch
            ? [
                paragraph(
                  "The threshold is the share from which on more than half of the runs succeed, found by bisection over all shares and played more often there and at the bounds. It lies in the interval given, whose ends are the nearest shares played at which less, or more, than half succeed with 95 % each.",
                ),
                brackets(cases),
              ]
            : []),
          overview,
        ),
        ...sections,
      ],
    }),
    csv: csv(
      [
        "attack",
        "mode",
        "resource",
        "given",
        "bound",
        "threshold",
        "thresholdAbove",
        "thresholdUpTo",
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
            each.bound,
            each.threshold.level ?? "",
            each.threshold.above,
            each.threshold.upTo ?? "",
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

import {
  BREACHES,
  type Done,
  FIELDS,
  monteCarloResults,
  type PointResult,
  PROBABILITIES,
  type Study,
} from "../study/index.ts";
import { heatMap, lineChart } from "./charts.ts";
import { figure, percent } from "./markup.ts";
import { csv, type Provenance, page, paragraph, pictured, section, table } from "./page.ts";
import type { Report } from "./report.ts";

const WORDS = {
  fork: "break agreement",
  stall: "stop the chain",
  forge: "forge a block",
} as const;

function pictures(points: readonly PointResult[], mode: string): string {
  const own = points.filter((point) => point.mode === mode);
  if (mode === "fast") {
    return pictured(
      lineChart({
        id: "mc-fast",
        title: "Fast: what random coalitions can do",
        description: own
          .map(
            ({ corruptAuthority, breaches }) => `at ${corruptAuthority}: fork ${figure(breaches.fork.value)}`,
          )
          .join("; "),
        x: {
          label: "probability that an authority is corrupt",
          from: 0,
          to: 1,
          ticks: [0, 0.2, 0.4, 0.6, 0.8, 1],
        },
        y: { label: "part of the coalitions", from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] },
        series: BREACHES.map((breach) => ({
          name: WORDS[breach],
          points: own.map(({ corruptAuthority, breaches }) => ({
            x: corruptAuthority,
            y: breaches[breach].value,
            low: breaches[breach].low,
            high: breaches[breach].high,
          })),
        })),
        marks: [{ x: 1 / 3, label: "1/3" }],
      }),
      "Fast counts authorities alone. Bars are 95 % intervals.",
    );
  }
  return BREACHES.map((breach) =>
    pictured(
      heatMap({
        id: `mc-${mode}-${breach}`,
        title: `${mode}: how often random coalitions ${WORDS[breach]}`,
        description: "The numbers stand in the fields; the table below has their intervals.",
        columns: PROBABILITIES.map(figure),
        rows: PROBABILITIES.map(figure),
        xLabel: "probability that a staker is corrupt",
        yLabel: "probability, authority",
        values: PROBABILITIES.map((a) =>
          PROBABILITIES.map(
            (s) =>
              own.find((point) => point.corruptAuthority === a && point.corruptStaker === s)?.breaches[breach]
                .value ?? null,
          ),
        ),
      }),
      `${mode}: part of the coalitions that can ${WORDS[breach]}.`,
    ),
  ).join("\n");
}

/** Random coalitions: what they hold, and what they can do with it. */
export function monteCarloReport(
  study: Study,
  results: ReadonlyMap<string, Done>,
  provenance: Provenance,
): Report {
  const found = monteCarloResults(study, results);
  const { points, fields, played, breaches, unfinished } = found;
  const modes = [...new Set(points.map(({ mode }) => mode))];
  const names = Array.from({ length: FIELDS }, (_, at) => `${at}/6-${at + 1}/6`);
  const share = fields.map(({ authorities, stake, runs, succeeded, success }) => ({
    authorities: names[authorities]!,
    stake: names[stake]!,
    runs,
    succeeded,
    success,
  }));
  return {
    html: page({
      ...provenance,
      title: "Attack success against stake and authority share",
      summary:
        "Validators fall into the attacker's hands independently of each other. First, coalitions are drawn in large numbers and weighed by the protocol's table of bounds, stakes sealed under the contracts' caps. Second, coalitions are played: their keys run twice in a partitioned Balanced world on the protocol's own reducer.",
      sections: [
        ...(played === 0
          ? []
          : [
              section(
                "Played on the reducer: Balanced",
                paragraph(
                  "A fork takes more than a third of both classes. A coalition above the bounds may still fail: halves of the honest are uneven, time runs out, or fewer than two honest nodes are left to disagree.",
                ),
                pictured(
                  heatMap({
                    id: "played",
                    title: "Part of played coalitions that forked Balanced, by what they held",
                    description: share
                      .filter(({ runs }) => runs > 0)
                      .map(
                        (each) =>
                          `authorities ${each.authorities}, stake ${each.stake}: ${each.succeeded} of ${each.runs}`,
                      )
                      .join("; "),
                    columns: names,
                    rows: names,
                    xLabel: "share of the stake, upper end included",
                    yLabel: "share of authorities",
                    values: names.map((_, a) =>
                      names.map((_, s) => {
                        const field = fields.find(
                          ({ authorities, stake }) => authorities === a && stake === s,
                        )!;
                        return field.runs === 0 ? null : field.success.value;
                      }),
                    ),
                  }),
                  "Empty fields: no coalition drawn held that. An exact third counts to the field below it.",
                ),
                table(
                  `${played} coalitions played`,
                  [
                    { head: "authorities", of: (each: (typeof share)[number]) => each.authorities },
                    { head: "stake", of: (each) => each.stake },
                    { head: "forked", numeric: true, of: (each) => `${each.succeeded}/${each.runs}` },
                    {
                      head: "95 % interval",
                      numeric: true,
                      of: ({ success }) => `${percent(success.low)} to ${percent(success.high)}`,
                    },
                  ],
                  share.filter(({ runs }) => runs > 0),
                ),
                ...(breaches.length === 0 ? [] : [paragraph(`Within the bounds: ${breaches.join("; ")}`)]),
              ),
            ]),
        ...modes.map((mode) =>
          section(
            `Drawn: ${mode}`,
            pictures(points, mode),
            table(
              `${mode}: part of the coalitions that can do it, with 95 % intervals`,
              [
                {
                  head: "P(authority)",
                  numeric: true,
                  of: (point: PointResult) => figure(point.corruptAuthority),
                },
                {
                  head: "P(staker)",
                  numeric: true,
                  of: (point) => (mode === "fast" ? "-" : figure(point.corruptStaker)),
                },
                ...BREACHES.map((breach) => ({
                  head: WORDS[breach],
                  numeric: true,
                  of: ({ breaches: { [breach]: at } }: PointResult) =>
                    `${percent(at.value)} (${percent(at.low)} to ${percent(at.high)})`,
                })),
              ],
              points.filter((point) => point.mode === mode),
            ),
          ),
        ),
      ],
    }),
    csv: csv(
      ["mode", "corruptAuthority", "corruptStaker", "draws", "breach", "probability", "low95", "high95"],
      points.flatMap(({ mode, corruptAuthority, corruptStaker, draws, breaches: all }) =>
        BREACHES.map((breach) => {
          const { value, low, high } = all[breach];
          return [mode, corruptAuthority, corruptStaker, draws, breach, value, low, high];
        }),
      ),
    ),
    data: found,
    failed: breaches,
    unfinished,
  };
}

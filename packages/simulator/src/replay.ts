/**
 * Replays one schedule and says what happens in it:
 *
 *     node packages/simulator/src/replay.ts --seed N [--beyond fast|balanced|secure] [--quiet]
 *
 * Exit code 1 if the run fails.
 */
import { parseArgs } from "node:util";
import * as rules from "@aitbc-hybrid/protocol";
import { beyondScenario, randomScenario } from "./scenario.ts";
import { runScenario } from "./world/index.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    beyond: { type: "string" },
    quiet: { type: "boolean", default: false },
  },
});
const { seed, beyond, quiet } = values;
const modes = ["fast", "balanced", "secure"] as const;
const mode = modes.find((each) => each === beyond);
if (seed === undefined || (beyond !== undefined && mode === undefined)) {
  console.error("usage: replay.ts --seed N [--beyond fast|balanced|secure] [--quiet]");
  process.exit(2);
}

const scenario = mode === undefined ? randomScenario(seed) : beyondScenario(seed, mode);
const { plan, settlement, ...rest } = scenario;
console.log(
  JSON.stringify(
    { ...rest, settlement, authorities: plan.authorities, seats: plan.seats, params: plan.params },
    (_key, value: unknown) =>
      typeof value === "bigint"
        ? value.toString()
        : value instanceof Map || value instanceof Set
          ? [...value]
          : value,
  ),
);
const log = quiet ? {} : { log: (line: string) => console.log(line) };
const result = runScenario({ scenario, ...log }, { rules });
const { counts, ...shown } = result;
console.log(
  JSON.stringify({ ...shown, counts: { ...counts, rules: Object.fromEntries(counts.rules) } }, null, 2),
);
process.exitCode = result.failures.length > 0 ? 1 : 0;

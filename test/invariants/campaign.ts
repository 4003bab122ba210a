import { network } from "hardhat";
import { ACTIONS, WEIGHTS } from "./actions.ts";
import { check } from "./checks.ts";
import { leaveAll } from "./leave.ts";
import { type Base, deployBase, type Outcome, type Tally, Violation, World } from "./world.ts";

/** Calls between two looks at everything. */
const FULL_EVERY = 25;
/** Every run begins at this second: what a seed does must not depend on when it is played. */
const BEGIN = 1_830_297_600;

export interface Options {
  /** The first run's; each further one has the next. */
  readonly seed: number;
  readonly runs: number;
  /** Actions of a run. */
  readonly steps: number;
  /** Ends the campaign at the first run that fails. */
  readonly stop?: boolean;
  /** Told after each run. */
  readonly progress?: (report: Report) => void;
}

/** What a campaign did. */
export interface Report {
  /** Calls that went through. */
  calls: number;
  readonly actions: Record<string, Tally>;
  /** What did not hold: with seed and step. */
  readonly failures: string[];
}

type Action = keyof typeof ACTIONS;

const TOTAL = Object.values(WEIGHTS).reduce((sum, weight) => sum + weight, 0);

function draw(w: World): Action {
  let left = w.chance.below(TOTAL);
  for (const [name, weight] of Object.entries(WEIGHTS)) {
    left -= weight;
    if (left < 0) return name as Action;
  }
  throw new Error("weights add up");
}

/** One history: random actions, then everybody leaves. */
async function play(base: Base, seed: number, steps: number, report: Report): Promise<void> {
  const w = new World(base, seed, report.actions);
  let [step, name] = [0, "begin"];
  try {
    await w.begin();
    for (; step < steps; step++) {
      name = draw(w);
      const outcome: Outcome | undefined = await ACTIONS[name as Action](w);
      if (outcome !== undefined) await check(w, name, outcome, step % FULL_EVERY === FULL_EVERY - 1);
    }
    name = "leave";
    await leaveAll(w);
  } catch (error) {
    if (!(error instanceof Violation)) throw error;
    report.failures.push(`seed ${seed}, step ${step} (${name}): ${error.message}`);
  } finally {
    report.calls += w.calls;
  }
}

/** Plays histories on contracts deployed once. */
export async function runCampaign(options: Options): Promise<Report> {
  const connection = await network.create({
    network: "default",
    override: { initialDate: new Date((BEGIN - 86_400) * 1000) },
  });
  const report: Report = { calls: 0, actions: {}, failures: [] };
  try {
    const base = { ...(await deployBase(connection)), at: BEGIN };
    for (let run = 0; run < options.runs; run++) {
      const snapshot = await connection.networkHelpers.takeSnapshot();
      await play(base, options.seed + run, options.steps, report);
      await snapshot.restore();
      options.progress?.(report);
      if (options.stop === true && report.failures.length > 0) break;
    }
  } finally {
    await connection.close();
  }
  return report;
}

/**
 * Explores small configurations of the reducer whole: every order in which proposals, certificates and time-outs may
 * reach the honest replicas, with a corrupt key that signs everything (docs/verification.md).
 *
 *     npm run explore -- [--quick] [--most STATES] [--json]
 *
 * With --json the last line of stdout is {setups, states, transitions, complete, disagreements, violations}; the exit
 * code is 0 only if every configuration was explored whole and showed neither.
 */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { type Explored, explore, SETUPS } from "@aitbc-hybrid/simulator";

interface Task {
  readonly setup: number;
  readonly mostStates: number;
}

function inWorker(task: Task): Promise<Explored> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: task });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const at = argv.indexOf("--most");
  const mostStates = at === -1 ? Number.MAX_SAFE_INTEGER : Number(argv[at + 1]);
  const rest = argv.filter((text, i) => !["--quick", "--json", "--most"].includes(text) && i !== at + 1);
  if (!Number.isSafeInteger(mostStates) || mostStates < 1 || (rest.length > 0 && at === -1)) {
    console.error("Usage: npm run explore -- [--quick] [--most STATES] [--json]");
    return 2;
  }
  const queue = SETUPS.flatMap(({ quick }, setup) => (quick || !argv.includes("--quick") ? [setup] : []));
  const setups = queue.length;
  const sums = { states: 0, transitions: 0, complete: 0, disagreements: 0, violations: 0 };
  const work = async (): Promise<void> => {
    for (let setup = queue.shift(); setup !== undefined; setup = queue.shift()) {
      const started = performance.now();
      const result = await inWorker({ setup, mostStates });
      sums.states += result.states;
      sums.transitions += result.transitions;
      if (result.complete) sums.complete++;
      const seconds = ((performance.now() - started) / 1000).toFixed(0);
      const counts = `${result.states} states, ${result.transitions} transitions`;
      const whole = result.complete ? "" : ", not whole";
      console.error(`${SETUPS[setup]!.name}: ${counts}${whole}, ${seconds} s`);
      if (result.disagreement !== null) {
        sums.disagreements++;
        console.error(`FAIL two final blocks:\n  ${result.disagreement.join("\n  ")}`);
      }
      if (result.violation !== null) {
        sums.violations++;
        console.error(`FAIL\n  ${result.violation.join("\n  ")}`);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), setups) }, work));
  if (argv.includes("--json")) console.log(JSON.stringify({ setups, ...sums }));
  return sums.complete === setups && sums.disagreements + sums.violations === 0 ? 0 : 1;
}

if (!isMainThread) {
  const { setup, mostStates } = workerData as Task;
  parentPort?.postMessage(explore({ ...SETUPS[setup]!.setup, mostStates }));
} else if (import.meta.main) process.exitCode = await main(process.argv.slice(2));

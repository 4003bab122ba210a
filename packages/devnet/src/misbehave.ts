import { fileURLToPath } from "node:url";
import type { AdversaryPlan, AdversaryReport } from "./adversary/index.ts";
import { DevnetError } from "./errors.ts";
import type { Folder } from "./folder.ts";
import { ManagedProcess } from "./processes.ts";

const PROGRAM = fileURLToPath(new URL("./adversary/main.ts", import.meta.url));

/** Longest that evidence may take to reach the settlement chain. */
const CONVICTION_MS = 120_000;

/**
 * Runs the adversary program with an authority's keys until `convicted` says that the contracts punished it.
 * @throws DevnetError TIMEOUT if nobody convicts it.
 */
export async function misbehave(
  folder: Folder,
  plan: AdversaryPlan,
  convicted: () => boolean,
  note: (text: string) => void,
): Promise<void> {
  const file = folder.deployment("adversary.json");
  folder.write(file, JSON.stringify(plan));
  const adversary = new ManagedProcess({
    name: "adversary",
    program: { script: PROGRAM },
    args: [file],
    cwd: folder.root,
    logFile: folder.log("adversary"),
  });
  let offences = 0;
  adversary.onMessage((message) => {
    const report = message as AdversaryReport;
    offences++;
    if (offences === 1) note(`it signed two conflicting votes in epoch ${report.epoch}, view ${report.view}`);
  });
  try {
    const until = Date.now() + CONVICTION_MS;
    while (!convicted()) {
      if (adversary.result !== null || Date.now() > until) {
        throw new DevnetError(
          "TIMEOUT",
          `the adversary was not convicted${offences === 0 ? " (it signed nothing)" : ""}: ${adversary.logTail() || `see ${folder.root}/logs`}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await adversary.stop();
  }
}

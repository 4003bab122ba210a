import { resolve } from "node:path";
import {
  checkOptions,
  DEFAULT_PORT_BASE,
  DevnetError,
  type DevnetOptions,
  parseDuration,
  runDevnet,
} from "@aitbc-hybrid/devnet";
import type { Mode } from "@aitbc-hybrid/protocol";
import { Command } from "commander";
import { EXIT, UsageError } from "../errors.ts";
import { JsonView, LineView, LiveView } from "../ui/index.ts";
import type { Run } from "./command.ts";

interface Options {
  readonly authorities: string;
  readonly stakers: string;
  readonly mode: string;
  readonly for?: string;
  readonly dir: string;
  readonly portBase: string;
  readonly rate: string;
  readonly reset?: boolean;
  readonly misbehave?: boolean;
  readonly kill?: boolean;
  readonly json?: boolean;
}

/** `devnet`: a whole network on this machine, until Ctrl-C or for a while. */
export function devnetCommand(run: Run): Command {
  return new Command("devnet")
    .description(
      "a settlement chain, a process per validator, a wallet and a delegator on this machine, until Ctrl-C",
    )
    .option("--authorities <n>", "authority validators, 4 to 21", "4")
    .option("--stakers <n>", "staker validators, 3 to 79", "3")
    .option("--mode <mode>", "consensus mode it begins in: fast, balanced or secure", "balanced")
    .option("--for <duration>", "end by itself this long after the first final block, such as 30s")
    .option("--dir <folder>", "data folder: resumed when it holds a devnet", ".devnet")
    .option(
      "--port-base <n>",
      'first of the TCP ports on 127.0.0.1, or "free" for any',
      String(DEFAULT_PORT_BASE),
    )
    .option("--rate <n>", "transfers a second that the wallet sends", "50")
    .option("--reset", "wipe the data folder first")
    .option(
      "--misbehave",
      "let one authority sign two conflicting votes: it is convicted on-chain, jailed and slashed, who reports it is paid",
    )
    .option("--kill", "kill one staker with SIGKILL mid-run: it restarts and catches up")
    .option("--json", "no live view; the last line of stdout is one JSON object")
    .addHelpText(
      "after",
      "\nExamples:\n  aitbc-hybrid devnet\n  aitbc-hybrid devnet --for 30s --json\n  aitbc-hybrid devnet --misbehave --kill --reset\n" +
        "\nExit code 0 of a timed run means: it finalized, checkpointed, paid rewards, and all validators agree at every height.",
    )
    .action(run(devnet));
}

function whole(text: string, field: string): number {
  if (!/^\d+$/.test(text)) throw new UsageError(`${field} is "${text}": give a whole number`);
  return Number(text);
}

async function devnet(given: Options): Promise<number> {
  const options: DevnetOptions = {
    authorities: whole(given.authorities, "--authorities"),
    stakers: whole(given.stakers, "--stakers"),
    mode: given.mode as Mode,
    forMs: given.for === undefined ? null : parseDuration(given.for, "--for"),
    folder: resolve(given.dir),
    reset: given.reset ?? false,
    portBase: given.portBase === "free" ? null : whole(given.portBase, "--port-base"),
    rate: whole(given.rate, "--rate"),
    misbehave: given.misbehave ?? false,
    kill: given.kill ?? false,
  };
  checkOptions(options);
  const view = given.json
    ? new JsonView(process.stderr)
    : process.stdout.isTTY
      ? new LiveView(process.stdout)
      : new LineView(process.stdout);
  const abort = new AbortController();
  let interrupts = 0;
  const interrupt = (): void => {
    interrupts++;
    if (interrupts === 1) view.note("info", "stopping (validators save their state)…");
    abort.abort();
  };
  process.on("SIGINT", interrupt);
  process.on("SIGTERM", interrupt);
  try {
    const result = await runDevnet(options, { onEvent: (event) => view.event(event), signal: abort.signal });
    view.close();
    if (given.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    else process.stdout.write(`${view.summary(result)}\n`);
    return result.problems.length === 0 ? EXIT.ok : EXIT.fellShort;
  } catch (error) {
    view.close();
    if (error instanceof DevnetError && error.code === "INTERRUPTED") return EXIT.interrupted;
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

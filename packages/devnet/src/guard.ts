import { type ChildProcess, spawn } from "node:child_process";

/**
 * Runs another program (argv after this file) and ends it when the devnet that started it is gone: a SIGKILL of the
 * devnet closes the channel, so that even then no process is left behind. SIGTERM gives the program time to save.
 */
const [command, ...args] = process.argv.slice(2);
if (command === undefined || process.send === undefined) {
  process.stderr.write("guard: needs a command and a channel to the process that started it\n");
  process.exit(2);
}

/** Longest a program may take to save its state after SIGTERM. */
const GRACE_MS = 45_000;

let child: ChildProcess | undefined;
let ending = false;

function end(): void {
  if (ending) return;
  ending = true;
  child?.kill("SIGTERM");
  setTimeout(() => child?.kill("SIGKILL"), GRACE_MS).unref();
}

// Before the program runs: a signal that came between the two would end the guard and leave the program behind.
process.on("disconnect", end);
process.on("SIGTERM", end);
process.on("SIGINT", end);
child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
child.on("error", (error) => {
  process.stderr.write(`${command}: ${error.message}\n`);
  process.exit(127);
});
child.on("exit", (code, signal) => {
  process.exit(code ?? (signal === "SIGTERM" && ending ? 0 : 1));
});

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** How a process ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  /** For messages: "authority-1", "anvil". */
  readonly name: string;
  /** A TypeScript program run by this Node, or a binary run under the guard. */
  readonly program: { readonly script: string } | { readonly binary: string };
  readonly args: readonly string[];
  readonly cwd: string;
  /** Its stderr (and a binary's stdout) goes here, appended. */
  readonly logFile: string;
  /** Called for every line a script prints on stdout. */
  readonly onLine?: (line: string) => void;
  readonly env?: Readonly<Record<string, string>>;
}

const GUARD = fileURLToPath(new URL("./guard.ts", import.meta.url));
/** Longest a process may take to stop after SIGTERM before it is killed. */
const STOP_MS = 60_000;

/**
 * One child process in a group of its own: Ctrl-C reaches the devnet only, which stops its children in order; the
 * channel tells a child when the devnet is gone for good.
 */
export class ManagedProcess {
  readonly name: string;
  readonly logFile: string;
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  #result: Ended | null = null;

  constructor(options: ProcessOptions) {
    this.name = options.name;
    this.logFile = options.logFile;
    const log = openSync(options.logFile, "a");
    const isScript = "script" in options.program;
    const argv = "script" in options.program ? [options.program.script] : [GUARD, options.program.binary];
    this.#child = spawn(process.execPath, [...argv, ...options.args], {
      cwd: options.cwd,
      detached: true,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", isScript ? "pipe" : log, log, "ipc"],
    });
    closeSync(log);
    this.ended = new Promise((resolve) => {
      const done = (result: Ended): void => {
        this.#result ??= result;
        resolve(this.#result);
      };
      this.#child.once("exit", (code, signal) => done({ code, signal }));
      this.#child.once("error", () => done({ code: 127, signal: null }));
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on("line", (line) => options.onLine?.(line));
    }
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Null while it runs. */
  get result(): Ended | null {
    return this.#result;
  }

  /** Sends a message over the channel (scripts that listen to `process.on("message")`). */
  tell(message: unknown): void {
    if (this.#child.connected) this.#child.send(message as object, () => {});
  }

  /** Calls back for every message the child sends over the channel. */
  onMessage(listener: (message: unknown) => void): void {
    this.#child.on("message", listener);
  }

  /** Ends it at once, as a crash would. */
  async crash(): Promise<Ended> {
    this.#child.kill("SIGKILL");
    return this.ended;
  }

  /** Asks it to stop and waits; kills it when it does not. */
  async stop(): Promise<Ended> {
    if (this.#result !== null) return this.#result;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS);
    try {
      return await this.ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The end of its log, for an error message. */
  logTail(lines = 6): string {
    try {
      return readFileSync(this.logFile, "utf8").trimEnd().split("\n").slice(-lines).join("\n");
    } catch {
      return "";
    }
  }
}

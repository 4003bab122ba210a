import type { Millis } from "@aitbc-hybrid/protocol";
import type { EventQueue } from "../events/index.ts";

/** Running digest of a run: two 32-bit multiplicative hashes, enough to tell runs apart. */
class Trace {
  #a = 0x811c9dc5;
  #b = 0x01000193;

  add(text: string): void {
    for (let i = 0; i < text.length; i++) {
      this.#a = Math.imul(this.#a ^ text.charCodeAt(i), 0x01000193);
      this.#b = Math.imul(this.#b + text.charCodeAt(i), 0x85ebca6b) ^ (this.#b >>> 13);
    }
  }

  toString(): string {
    return (this.#a >>> 0).toString(16).padStart(8, "0") + (this.#b >>> 0).toString(16).padStart(8, "0");
  }
}

/** Everything that happens in a run, line by line. */
export class Journal {
  readonly #trace = new Trace();
  readonly #start: Millis;
  readonly #log: ((line: string) => void) | undefined;
  readonly #queue: EventQueue;

  constructor(
    options: { readonly start: Millis; readonly log: ((line: string) => void) | undefined },
    modules: { readonly queue: EventQueue },
  ) {
    this.#start = options.start;
    this.#log = options.log;
    this.#queue = modules.queue;
  }

  write(text: string): void {
    const line = `${(this.#queue.now - this.#start).toFixed(3)} ${text}`;
    this.#trace.add(line);
    this.#log?.(line);
  }

  /** Digest of all lines. */
  get digest(): string {
    return this.#trace.toString();
  }
}

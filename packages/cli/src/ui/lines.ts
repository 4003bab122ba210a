import type { DevnetEvent, DevnetResult, DevnetStatus } from "@aitbc-hybrid/devnet";
import { infoLines, type Output, resultLines, seconds, type View } from "./view.ts";

/** How often a running devnet says how it is, without a terminal. */
const EVERY_MS = 5_000;

/** One line of status. */
export function statusLine(s: DevnetStatus): string {
  const up = s.validators.filter((validator) => validator.up).length;
  return [
    `height ${s.height}`,
    `epoch ${s.epoch}`,
    s.mode,
    s.finality === null ? "nothing final yet" : `final p50 ${s.finality.p50} ms p99 ${s.finality.p99} ms`,
    `${s.tps.toFixed(0)} tx/s`,
    `${up}/${s.validators.length} up`,
    `${s.checkpoints} checkpoints${s.lastCheckpoint === null ? "" : ` (${s.lastCheckpoint.gasUsed} gas)`}`,
    `${s.accruedEpochs} epochs paid`,
    ...(s.slashed > 0 ? [`${s.slashed} slashed`] : []),
    ...(s.leftMs === null ? [] : [`${Math.ceil(s.leftMs / 1000)} s left`]),
  ].join(" · ");
}

/** Plain lines: for logs, pipes and CI. */
export class LineView implements View {
  readonly #output: Output;
  #saidAt = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: DevnetEvent): void {
    if (event.type === "step") this.#line(`${event.text} …`);
    else if (event.type === "done") this.#line(`  done in ${seconds(event.ms)}`);
    else if (event.type === "note") this.note(event.level, event.text);
    else if (event.type === "ready") for (const line of infoLines(event.info)) this.#line(line);
    else if (event.type === "status" && Date.now() - this.#saidAt >= EVERY_MS) {
      this.#saidAt = Date.now();
      this.#line(statusLine(event.status));
    }
  }

  note(level: "info" | "warn", text: string): void {
    this.#line(level === "warn" ? `warning: ${text}` : text);
  }

  summary(result: DevnetResult): string {
    return resultLines(result);
  }

  close(): void {}

  #line(text: string): void {
    this.#output.write(`${text}\n`);
  }
}

/** The same, to stderr: stdout is the JSON object's. */
export class JsonView extends LineView {}

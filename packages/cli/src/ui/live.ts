import type { DevnetEvent, DevnetInfo, DevnetResult, DevnetStatus } from "@aitbc-hybrid/devnet";
import { infoLines, type Output, resultLines, seconds, type View } from "./view.ts";

const ESC = "\u001b[";
const bold = (text: string): string => `${ESC}1m${text}${ESC}0m`;
const dim = (text: string): string => `${ESC}2m${text}${ESC}0m`;
const green = (text: string): string => `${ESC}32m${text}${ESC}0m`;
const red = (text: string): string => `${ESC}31m${text}${ESC}0m`;
const yellow = (text: string): string => `${ESC}33m${text}${ESC}0m`;

/** Notes kept on screen. */
const NOTES = 6;
const SPARK = "▁▂▃▄▅▆▇█";
const HISTORY = 40;

function spark(values: readonly number[]): string {
  const most = Math.max(1, ...values);
  return values.map((value) => SPARK[Math.min(7, Math.floor((value / most) * 8))]).join("");
}

/** Redraws a panel in place: what a person watches while it runs. */
export class LiveView implements View {
  readonly #output: Output;
  #drawn = 0;
  #info: DevnetInfo | null = null;
  #status: DevnetStatus | null = null;
  #notes: string[] = [];
  #rates: number[] = [];
  #finality: number[] = [];

  constructor(output: Output) {
    this.#output = output;
  }

  event(event: DevnetEvent): void {
    switch (event.type) {
      case "step":
        this.#output.write(`${event.text} … `);
        break;
      case "done":
        this.#output.write(`${green("done")} ${dim(seconds(event.ms))}\n`);
        break;
      case "note":
        this.note(event.level, event.text);
        break;
      case "ready":
        this.#info = event.info;
        this.#output.write(`\n${infoLines(event.info).join("\n")}\n\n`);
        break;
      case "status":
        this.#status = event.status;
        this.#rates = [...this.#rates, event.status.tps].slice(-HISTORY);
        this.#finality = [...this.#finality, event.status.finality?.p50 ?? 0].slice(-HISTORY);
        this.#draw();
        break;
    }
  }

  note(level: "info" | "warn", text: string): void {
    const line = level === "warn" ? yellow(text) : text;
    if (this.#status === null) {
      this.#output.write(`${line}\n`);
      return;
    }
    this.#notes = [...this.#notes, line].slice(-NOTES);
    this.#draw();
  }

  summary(result: DevnetResult): string {
    return `\n${resultLines(result)}`;
  }

  close(): void {
    this.#status = null;
    this.#drawn = 0;
  }

  #draw(): void {
    const status = this.#status;
    if (status === null) return;
    const lines = this.#panel(status);
    const up = this.#drawn > 0 ? `${ESC}${this.#drawn}A` : "";
    this.#output.write(`${up}${ESC}0J${lines.join("\n")}\n`);
    this.#drawn = lines.length;
  }

  #panel(s: DevnetStatus): string[] {
    const width = this.#output.columns ?? 100;
    const row = (name: string, value: string): string => `  ${dim(name.padEnd(14))} ${value}`;
    const finality =
      s.finality === null
        ? dim("nothing final yet")
        : `p50 ${bold(`${s.finality.p50} ms`)}  p99 ${bold(`${s.finality.p99} ms`)}  ${dim(spark(this.#finality))}`;
    const checkpoint =
      s.lastCheckpoint === null
        ? dim("none yet")
        : `height ${s.lastCheckpoint.height}, ${s.lastCheckpoint.gasUsed} gas ${dim(`(${s.checkpoints} accepted, ${s.handOvers} hand-overs, rewards of ${s.accruedEpochs} epochs)`)}`;
    const validators = s.validators
      .map((validator) =>
        validator.up
          ? `${green("●")} ${validator.name} ${dim(String(validator.finalHeight))}`
          : red(`○ ${validator.name} down`),
      )
      .reduce<string[]>((rows, each, at) => {
        if (at % 4 === 0) rows.push("");
        rows[rows.length - 1] += `${each}   `;
        return rows;
      }, []);
    return [
      dim("─".repeat(Math.min(width - 1, 96))),
      row(
        "height",
        `${bold(String(s.height))}  ${dim("epoch")} ${s.epoch}  ${dim("mode")} ${s.mode}${s.leftMs === null ? "" : dim(`  ${Math.ceil(s.leftMs / 1000)} s left`)}`,
      ),
      row("final after", finality),
      row(
        "transfers",
        `${bold(s.tps.toFixed(0))} a second  ${dim(`${s.finalized} final, ${s.pending} under way, ${s.rejected} refused`)}  ${dim(spark(this.#rates))}`,
      ),
      row("checkpoint", checkpoint),
      ...(s.slashed > 0 ? [row("slashed", red(String(s.slashed)))] : []),
      ...validators.map((each, at) => row(at === 0 ? "validators" : "", each)),
      ...this.#notes.map((note) => `  ${note}`),
      dim(this.#info === null ? "" : "  Ctrl-C stops everything; the same command resumes"),
    ];
  }
}

import type { ReferenceReading, SettlementReference } from "@aitbc-hybrid/protocol";
import { sentence } from "../errors.ts";
import type { Log } from "../log.ts";
import type { InboxQuestion, Settlement } from "../settlement/index.ts";
import type { EffectOf, EngineLoop } from "./types.ts";

/** Readings that are remembered. */
const READINGS = 1_024;

export interface ReferencesModules {
  readonly settlement: Pick<Settlement, "nameable" | "reachable" | "reading">;
  readonly log: Log;
  readonly loop: EngineLoop;
}

/** A settlement block that a proposal may name, and what the contracts say there if that could be read. */
export interface NamedReference {
  readonly reference: SettlementReference;
  readonly reading: ReferenceReading | null;
}

const nameOf = ({ hash }: SettlementReference, candidateEpoch: number, inbox: InboxQuestion): string =>
  `${hash} ${candidateEpoch} ${inbox.from} ${inbox.forceAfter}`;

/** The settlement blocks that blocks refer to, and what the contracts say there. */
export class References {
  readonly #modules: ReferencesModules;
  /** What the contracts said at a reference; kept while blocks may still name it. */
  readonly #readings = new Map<string, ReferenceReading>();
  /** References asked for that the own client does not show final yet. */
  readonly #pending = new Map<string, EffectOf<"reference">>();

  constructor(modules: ReferencesModules) {
    this.#modules = modules;
  }

  /** Tells the replica what the contracts say at a reference; null as long as that cannot be read. */
  async look(effect: EffectOf<"reference">): Promise<void> {
    const { settlement, log, loop } = this.#modules;
    const { reference, epoch, inboxFrom } = effect;
    const inbox = { from: inboxFrom, forceAfter: effect.inbox.forceAfter };
    const name = nameOf(reference, epoch + 2, inbox);
    const tell = (reading: ReferenceReading | null): void => {
      if (reading === null) this.#pending.set(name, effect);
      else this.#pending.delete(name);
      loop.submit({ type: "reference", reference, epoch, inboxFrom, reading });
    };
    // At the parent's reference a vote goes without: it does not wait for a chain known to be out of reach.
    if (!settlement.reachable() && !this.#readings.has(name)) {
      tell(null);
      return;
    }
    let reading: ReferenceReading | null = null;
    try {
      reading = await this.#read(reference, epoch + 2, inbox);
    } catch (error) {
      log.warn({ error: sentence(error) }, "settlement chain does not answer");
    }
    tell(reading);
  }

  /**
   * The own client shows a new block final: what could not be read before may be readable now.
   * @param current the replica's epoch
   */
  lookAgain(current: number): void {
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const effect of waiting) {
      if (effect.epoch + 1 >= current) {
        this.#modules.loop.background(this.look(effect), "reading a settlement block");
      }
    }
  }

  /**
   * The settlement block a proposal names: the newest that may be named and can be read; the parent's where the chain
   * does not answer, which needs no reading except for a candidate.
   */
  async name(effect: EffectOf<"payload">): Promise<NamedReference | null> {
    const { settlement, log } = this.#modules;
    const parent = effect.parentReference;
    const epoch = effect.candidateEpoch ?? effect.epoch + 2;
    const inbox = { from: effect.parentInboxCursor, forceAfter: effect.inbox.forceAfter };
    const newest = settlement.nameable();
    if (newest !== null && newest.number > parent.number) {
      const reference = { number: newest.number, hash: newest.hash };
      try {
        const reading = await this.#read(reference, epoch, inbox);
        if (reading !== null) return { reference, reading };
      } catch (error) {
        log.warn({ error: sentence(error) }, "settlement chain does not answer");
      }
    }
    try {
      const reading = await this.#read(parent, epoch, inbox);
      if (reading !== null || effect.candidateEpoch === null) return { reference: parent, reading };
    } catch (error) {
      if (effect.candidateEpoch === null) return { reference: parent, reading: null };
      log.warn(
        { error: sentence(error) },
        "cannot propose the epoch's last block: settlement chain does not answer",
      );
    }
    return null;
  }

  async #read(
    reference: SettlementReference,
    candidateEpoch: number,
    inbox: InboxQuestion,
  ): Promise<ReferenceReading | null> {
    const name = nameOf(reference, candidateEpoch, inbox);
    const known = this.#readings.get(name);
    if (known !== undefined) return known;
    const reading = await this.#modules.settlement.reading(reference, candidateEpoch, inbox);
    if (reading !== null) {
      if (this.#readings.size > READINGS) this.#readings.delete(this.#readings.keys().next().value!);
      this.#readings.set(name, reading);
    }
    return reading;
  }
}

import type { Evidence, Hash, Millis, Registry } from "@aitbc-hybrid/protocol";
import {
  executeGroup,
  groupsSince,
  type SignedDomain,
  signedIn,
  submitContradiction,
  submitEvidence,
  waitingIn,
} from "@aitbc-hybrid/sdk";
import { type Desk, firstLine } from "./desk.ts";

/** Offences waiting at most: a network in which more are found has other troubles. */
const MOST_WAITING = 256;
/** First wait after a failure that is nobody's success, ms; doubled with every further one. */
const RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 300_000;
/** Settlement blocks back from the head in which somebody else's group is looked for. */
const GROUP_BLOCKS = 1_000n;

interface Waiting {
  readonly evidence: Evidence;
  readonly domainOf: (domain: Hash) => SignedDomain;
  readonly registry: Registry;
  at: Millis;
  failures: number;
}

/** A group of convicted validators whose charges are not all executed. */
interface Group {
  readonly registry: Registry;
  at: Millis;
  failures: number;
}

/** Which offence it is, in words. */
export function describe(evidence: Evidence): string {
  if (evidence.what === "votes") {
    const { first, second, validatorId, epoch } = evidence;
    return `validator ${validatorId}: ${first.kind} and ${second.kind} of epoch ${epoch}, views ${first.view} and ${second.view}`;
  }
  const { what, validatorIds, epoch } = evidence;
  const who = validatorIds.length === 1 ? "validator" : "validators";
  return `${who} ${validatorIds.join(", ")}: contradicting ${what === "member" ? "vote and certificate" : what} of epoch ${epoch}`;
}

const keyOf = (evidence: Evidence): string => {
  if (evidence.what === "votes") {
    const { domain, seat, first, second } = evidence;
    return `${domain} ${seat} ${first.view} ${first.kind} ${second.kind}`;
  }
  const { what, domain, seats, first, second } = evidence;
  return `${what} ${domain} ${seats.join()} ${signatureOf(first)} ${signatureOf(second)}`;
};

const signatureOf = (testimony: Parameters<typeof signedIn>[0]): string =>
  Buffer.from(signedIn(testimony).signature).toString("hex");

/**
 * Posts evidence of every kind and executes what it convicts, each offence until the contracts have it on record: the
 * one whose turn it is at once, the others if it does not. A failure of one holds up no other.
 */
export class EvidenceDuty {
  readonly #desk: Desk;
  readonly #waiting = new Map<string, Waiting>();
  readonly #groups = new Map<Hash, Group>();

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** False if it waits already, or too much does. */
  add(evidence: Evidence, domainOf: (domain: Hash) => SignedDomain, registry: Registry): boolean {
    const key = keyOf(evidence);
    if (this.#waiting.has(key)) return false;
    if (this.#waiting.size >= MOST_WAITING) {
      this.#desk.modules.onTrouble(
        `evidence is not posted, ${MOST_WAITING} wait already: ${describe(evidence)}`,
      );
      return false;
    }
    const number = evidence.what === "votes" ? evidence.first.view : evidence.seats[0]!;
    this.#waiting.set(key, {
      evidence,
      domainOf,
      registry,
      at: this.#desk.turn(registry, number),
      failures: 0,
    });
    return true;
  }

  async run(): Promise<void> {
    for (const [key, each] of this.#waiting) {
      if (each.at > this.#desk.now()) continue;
      await this.#guarded(each, describe(each.evidence), async () => {
        if (await this.#post(each)) this.#waiting.delete(key);
      });
    }
    for (const [id, group] of this.#groups) {
      if (group.at > this.#desk.now()) continue;
      await this.#guarded(group, `charges of group ${id}`, async () => {
        if (await this.#execute(id, group)) this.#groups.delete(id);
      });
    }
  }

  async #guarded(
    work: { at: Millis; failures: number },
    what: string,
    run: () => Promise<void>,
  ): Promise<void> {
    try {
      await run();
    } catch (error) {
      const wait = Math.min(RETRY_MS * 2 ** work.failures++, LONGEST_RETRY_MS);
      work.at = this.#desk.now() + wait;
      this.#desk.modules.onTrouble(
        `${what}: not posted yet, again in ${wait / 1_000} s (${firstLine(error)})`,
      );
    }
  }

  /** True once it is on record, or can no longer be. */
  async #post({ evidence, domainOf, registry }: Waiting): Promise<boolean> {
    const { sender, bls, onNote } = this.#desk.modules;
    const { network } = this.#desk.options;
    if (evidence.what === "votes") {
      const domain = domainOf(evidence.domain);
      const sent = await this.#desk.send("evidence", () =>
        submitEvidence(sender, network, bls, evidence, domain),
      );
      if (sent === undefined) return false;
      onNote(sent === null ? this.#over(evidence) : `convicted by ${sent.hash}: ${describe(evidence)}`);
      return true;
    }
    const sent = await this.#desk.send("evidence", () =>
      submitContradiction(sender, network, bls, evidence, domainOf),
    );
    if (sent === undefined) return false;
    if (sent === null) {
      onNote(this.#over(evidence));
      // Whoever was faster may leave the charges to others.
      if (evidence.seats.length > 1) await this.#findGroups(registry);
      return true;
    }
    onNote(`convicted by ${sent.hash}: ${describe(evidence)}`);
    if (sent.group !== null) this.#groups.set(sent.group, { registry, at: 0, failures: 0 });
    return true;
  }

  #over(evidence: Evidence): string {
    return `evidence is on record already, or too old: ${describe(evidence)}`;
  }

  async #findGroups(registry: Registry): Promise<void> {
    const { client } = this.#desk.modules.sender;
    const head = await client.getBlockNumber({ cacheTime: 0 });
    const from = head > GROUP_BLOCKS ? head - GROUP_BLOCKS : 0n;
    for (const id of await groupsSince(client, this.#desk.options.network, from)) {
      const at = this.#desk.turn(registry, Number(BigInt(id) % 1_024n)) + this.#desk.options.turnMs;
      if (!this.#groups.has(id)) this.#groups.set(id, { registry, at, failures: 0 });
    }
  }

  /** Charges a page; true once nobody is left. */
  async #execute(id: Hash, group: Group): Promise<boolean> {
    const { sender, onNote } = this.#desk.modules;
    const { network, chargesAtOnce } = this.#desk.options;
    const seats = await waitingIn(sender.client, network, id);
    if (seats.length === 0) return true;
    const page = seats.slice(0, chargesAtOnce);
    const sent = await this.#desk.send("penalty", () => executeGroup(sender, network, id, page));
    if (sent === undefined) return false;
    onNote(`${page.length} of ${seats.length} validators of group ${id} charged`);
    group.failures = 0;
    return false;
  }
}

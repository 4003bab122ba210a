import {
  type DurableRecord,
  type Hash,
  hashBytes,
  hashOf,
  type Seat,
  type VoteBody,
} from "@aitbc-hybrid/protocol";
import type { Blocks } from "./blocks.ts";
import type { Setup } from "./types.ts";
import type { Member, World } from "./world.ts";

/** What tells states apart: not stamps, nor the signers of certificates, nor the names of replicas that lead no view. */
export class Keys {
  readonly #setup: Setup;
  readonly #blocks: Blocks;
  readonly #leading: ReadonlySet<Seat>;
  readonly #ids = new Map<string, number>();

  constructor(setup: Setup, blocks: Blocks) {
    this.#setup = setup;
    this.#blocks = blocks;
    this.#leading = new Set(setup.leaders);
  }

  #id(hash: Hash): number {
    const name = this.#blocks.nameOf(hash) ?? hash;
    let id = this.#ids.get(name);
    if (id === undefined) {
      id = this.#ids.size;
      this.#ids.set(name, id);
    }
    return id;
  }

  /** A text that is the same for states that may do the same. */
  of(world: World): string {
    const parts = world.locals.map((local) => ({
      seat: local.seat,
      text: this.#localKey(local, world.crashes > 0),
    }));
    // Replicas that lead nothing and weigh the same may change places.
    const { registry } = this.#setup;
    const kindOf = (seat: Seat): string =>
      this.#leading.has(seat) ? `${seat}` : `${seat < registry.authorities} ${registry.entries[seat]!.stake}`;
    parts.sort((a, b) => {
      const [x, y] = [`${kindOf(a.seat)}|${a.text}`, `${kindOf(b.seat)}|${b.text}`];
      return x < y ? -1 : x > y ? 1 : 0;
    });
    const place = new Map(parts.map(({ seat }, at) => [seat, at]));
    const votes: string[] = [];
    for (const { body, seats } of world.votes.values()) {
      let mask = 0;
      for (const seat of seats) mask |= 1 << place.get(seat)!;
      votes.push(`${this.#bodyKey(body)}:${mask}`);
    }
    votes.sort();
    const proposals = [...world.proposals.values()]
      .map(({ view, block }) => `${view}.${this.#id(hashOf(block))}`)
      .sort();
    return hashBytes(
      new TextEncoder().encode(
        `${parts.map(({ text }) => text).join("/")}//${votes.join()}//${proposals.join()}`,
      ),
    ).slice(2, 34);
  }

  #localKey({ state, finals, late, crashed, log }: Member, withLog: boolean): string {
    const { view, views, own, tip } = state;
    let text = `${view} ${tip.view} ${this.#id(tip.hash)} ${finals.length} ${state.halted === null}`;
    if (late.length > 0) text += " late";
    // What it would propose, and what it would come back with.
    if (crashed > 0) text += ` ${crashed}`;
    if (withLog) text += `[${log.map((record) => this.#recordKey(record)).sort()}]`;
    for (const at of [...new Set([...views.keys(), ...own.keys()])].sort((a, b) => a - b)) {
      const record = views.get(at);
      const mine = own.get(at);
      const target = (of: { readonly blockHash: Hash } | null | undefined): string =>
        of == null ? "-" : `${this.#id(of.blockHash)}`;
      text += `|${at} ${target(record?.notarization)} ${target(record?.finalization)} ${target(record?.certified)}`;
      text += record?.nullification == null ? "-" : "X";
      for (const { blockHash, invalid } of record?.proposals ?? [])
        text += ` ${this.#id(blockHash)}${invalid ? "!" : ""}`;
      text += ` ${target(mine?.notarize)} ${target(mine?.finalize)} ${mine?.nullify === true ? "x" : "-"}`;
    }
    return text;
  }

  #recordKey(record: DurableRecord): string {
    switch (record.type) {
      case "signed": {
        const { intent } = record;
        return intent.what === "vote" || intent.what === "proposal" ? `s${this.#bodyKey(intent.vote)}` : "";
      }
      case "certificate":
        return `c${this.#bodyKey(record.certificate)}${record.block === null ? "" : "b"}`;
      case "final":
        return `f${this.#id(hashOf(record.block))}`;
      default:
        return "";
    }
  }

  #bodyKey({ kind, view, parentView, blockHash }: VoteBody): string {
    return `${kind[1]}${view}.${parentView}.${kind === "nullify" ? "" : this.#id(blockHash)}`;
  }
}

import {
  type Certificate,
  type Checkpoint,
  type CheckpointCertificate,
  checkpointRoot,
  checkpointsSlashable,
  type Evidence,
  fromBitmap,
  type Hash,
  hasSeat,
  paramsAt,
  type Registry,
  type Seat,
  slashable,
} from "@aitbc-hybrid/protocol";
import type { RegistryStore } from "./registries.ts";
import type { ChainStore, FinalBlock } from "./store.ts";

/** A certificate of an epoch that is over. */
export type Past =
  | { readonly type: "certificate"; readonly certificate: Certificate }
  | { readonly type: "checkpointCertificate"; readonly certificate: CheckpointCertificate };

/** Blocks looked at before other work gets its turn. */
const SLICE = 64;

/**
 * Holds certificates of epochs that are over against the final chain. The blocks kept carry the certificates that made
 * them so: whoever is in one and in another that contradicts it is convicted (protocol.md section 7, completeness). The
 * caller verified the certificate.
 */
export class Archive {
  readonly #chain: ChainStore;
  readonly #registries: RegistryStore;

  constructor(chain: ChainStore, registries: RegistryStore) {
    this.#chain = chain;
    this.#registries = registries;
  }

  /** True if F or a backing is of this chain, as far as this chain reaches. */
  async holds(past: Past): Promise<boolean> {
    if (past.type === "certificate") return (await this.#chain.byHash(past.certificate.blockHash)) !== null;
    const { height, blockHash } = past.certificate.checkpoint;
    const backing = await this.#chain.backing(height);
    if (backing !== null) return rootOf(backing) === rootOf(past.certificate);
    const own = await this.#chain.at(height);
    return own === null || own.hash === blockHash;
  }

  /** Who signed both a certificate of another chain and what excludes it in this one; null if what is kept does not tell. */
  search(past: Past): Promise<Evidence | null> {
    return past.type === "certificate"
      ? this.#finalization(past.certificate)
      : this.#backing(past.certificate);
  }

  async #finalization(f: Certificate): Promise<Evidence | null> {
    const place = await this.#place(f.domain);
    if (place === null) return null;
    const { registry, termViews, epoch } = place;
    let looked = 0;
    for await (const { certificate, block } of this.#blocks(epoch)) {
      if (++looked % SLICE === 0) await new Promise((resolve) => setImmediate(resolve));
      const held = certificate === null ? block.body.certificates : [certificate, ...block.body.certificates];
      for (const own of held) {
        if (own.domain !== f.domain || !slashable(own, f, termViews)) continue;
        const seats = common(own.bitmap, f.bitmap);
        if (seats.length === 0) continue;
        return {
          what: "certificates",
          epoch,
          domain: f.domain,
          seats,
          validatorIds: idsOf(registry, seats),
          first: { type: "certificate", certificate: own },
          second: { type: "certificate", certificate: f },
          chain: [],
        };
      }
    }
    return null;
  }

  async #backing(c: CheckpointCertificate): Promise<Evidence | null> {
    const { height } = c.checkpoint;
    const place = await this.#place(c.domain);
    if (place === null) return null;
    const backings = await this.#backingsOf(place.epoch, c.domain);
    for (const other of backings) {
      const seats = common(other.bitmap, c.bitmap);
      const chain = chainBetween([...backings, c], other, c);
      if (seats.length === 0 || !checkpointsSlashable(c.domain, other.checkpoint, c.checkpoint, chain))
        continue;
      const [lower, higher] = other.checkpoint.height <= height ? [other, c] : [c, other];
      return {
        what: "checkpoints",
        epoch: place.epoch,
        domain: c.domain,
        seats,
        validatorIds: idsOf(place.registry, seats),
        first: { type: "checkpointCertificate", certificate: lower },
        second: { type: "checkpointCertificate", certificate: higher },
        chain,
      };
    }
    return null;
  }

  async #place(
    domain: Hash,
  ): Promise<{ readonly epoch: number; readonly registry: Registry; readonly termViews: number } | null> {
    const known = await this.#registries.domain(domain);
    const registry = known === null ? null : await this.#registries.get(known.registryRoot);
    if (known === null || registry === null) return null;
    return { epoch: known.epoch, registry, termViews: paramsAt(registry, known.mode).termViews };
  }

  /** The final blocks of an epoch, from its last one down. */
  async *#blocks(epoch: number): AsyncGenerator<FinalBlock, void, undefined> {
    for (
      let final = await this.#chain.lastOfEpoch(epoch);
      final !== null && final.epoch === epoch;
      final = await this.#chain.at(final.block.header.height - 1)
    )
      yield final;
  }

  async #backingsOf(epoch: number, domain: Hash): Promise<CheckpointCertificate[]> {
    const before = epoch === 0 ? null : await this.#chain.lastOfEpoch(epoch - 1);
    const last = await this.#chain.lastOfEpoch(epoch);
    const all = await this.#chain.backingsAbove(
      before?.block.header.height ?? 0,
      last?.block.header.height ?? 0,
    );
    return all.filter((each) => each.domain === domain);
  }
}

const rootOf = (c: CheckpointCertificate): Hash => checkpointRoot(c.domain, c.checkpoint);

const common = (a: Uint8Array, b: Uint8Array): Seat[] => fromBitmap(a).filter((seat) => hasSeat(b, seat));

const idsOf = (registry: Registry, seats: readonly Seat[]): number[] =>
  seats.map((seat) => registry.entries[seat]!.validatorId);

/** From the higher's `previous` down to the lower's height, as far as it is known. */
function chainBetween(
  known: readonly CheckpointCertificate[],
  a: CheckpointCertificate,
  b: CheckpointCertificate,
): Checkpoint[] {
  const [lower, higher] = a.checkpoint.height < b.checkpoint.height ? [a, b] : [b, a];
  const contents = new Map(known.map((each) => [rootOf(each), each.checkpoint]));
  const chain: Checkpoint[] = [];
  let above = higher.checkpoint;
  while (above.height > lower.checkpoint.height) {
    const next = contents.get(above.previous);
    if (next === undefined || next.height >= above.height) break;
    chain.push(next);
    above = next;
  }
  return chain;
}

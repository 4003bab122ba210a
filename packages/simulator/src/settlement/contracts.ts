import * as model from "@aitbc-hybrid/contract-model";
import {
  type Boundary,
  type Certificate,
  type CheckpointCertificate,
  checkpointRoot,
  domainHash,
  fromBitmap,
  fromHex,
  type Genesis,
  genesisHash,
  type Hash,
  hashBytes,
  type Millis,
  type Params,
  type Registry,
  type RestartVote,
  restartRoot,
  snapshotHash,
  voteRoot,
} from "@aitbc-hybrid/protocol";
import type { Keyring } from "../signatures.ts";
import { type Call, stake } from "./calls.ts";

const LEAK_ORDER = 0x25;

/** Place of a validator in a round of the leak (docs/encodings.md, tag 0x25), without the bits that hold the seat. */
export function leakPlace(domain: Hash, round: number, validator: number): bigint {
  const bytes = new Uint8Array(45);
  const view = new DataView(bytes.buffer);
  bytes[0] = LEAK_ORDER;
  bytes.set(fromHex(domain), 1);
  view.setUint32(33, round);
  view.setBigUint64(37, BigInt(validator));
  return BigInt(hashBytes(bytes)) >> 16n;
}

export interface ContractsOptions {
  readonly rules: model.Rules;
  readonly times: model.Times;
  readonly params: Params;
  /** What the genesis header says besides the first registry's hash. */
  readonly genesis: Omit<Genesis, "snapshotHash">;
  /** How long a second of the contracts lasts in the simulated world. */
  readonly second: Millis;
  /** Account of whom the simulated world calls by a name. */
  readonly accountOf: (name: string) => string;
  /** Base units of accounts at deployment. */
  readonly balances: ReadonlyMap<string, bigint>;
}

export interface ContractsModules {
  readonly keyring: Keyring;
  /** Who did what in an epoch, as it is known when its boundary is posted; null: not known. */
  readonly vectorOf: (epoch: number, vectorHash: Hash) => readonly model.SeatParticipation[] | null;
}

/**
 * The contracts of a settlement chain: `packages/contract-model`, with the simulated world's signatures in front of it
 * and its registries behind. It keeps no state: a state is a value that blocks of the chain hold.
 */
export class Contracts {
  readonly #options: ContractsOptions;
  readonly #modules: ContractsModules;
  /** Every registry sealed in any block, also of those that were replaced. */
  readonly #registries = new Map<Hash, Registry>();
  readonly #ofSnapshot = new WeakMap<model.Snapshot, Registry>();
  readonly #domains = new WeakMap<model.EpochRecord, Hash>();
  #genesis: Genesis | null = null;

  constructor(options: ContractsOptions, modules: ContractsModules) {
    this.#options = options;
    this.#modules = modules;
  }

  deployed(): model.State {
    const { times, rules, balances } = this.#options;
    const state = model.deployed(times, rules);
    for (const [account, amount] of balances) model.mint(state, account, amount);
    return state;
  }

  /** The genesis header, once the chain is started. */
  get genesis(): Genesis {
    if (this.#genesis === null) throw new Error("the contracts are not started");
    return this.#genesis;
  }

  registry(root: Hash): Registry | undefined {
    return this.#registries.get(root);
  }

  /** A snapshot's contents as nodes read them, without their hash. */
  contentsOf(snapshot: model.Snapshot): Omit<Registry, "root"> {
    const { keyring } = this.#modules;
    const empty = new Uint8Array(0);
    return {
      entries: snapshot.validators.map((id, seat) =>
        id === 0
          ? { validatorId: 0, key: empty, keyBytes: empty, stake: 0n }
          : {
              validatorId: id,
              key: keyring.key(id - 1),
              keyBytes: keyring.keyBytes(id - 1),
              stake: snapshot.weights[seat]!,
            },
      ),
      authorities: snapshot.nAuth,
      suspended: snapshot.suspended,
      backing: snapshot.backing,
      params: this.#options.params,
    };
  }

  registryOf(snapshot: model.Snapshot): Registry {
    let registry = this.#ofSnapshot.get(snapshot);
    if (registry === undefined) {
      const contents = this.contentsOf(snapshot);
      const root = snapshotHash(contents);
      registry = this.#registries.get(root) ?? { ...contents, root };
      this.#registries.set(root, registry);
      this.#ofSnapshot.set(snapshot, registry);
    }
    return registry;
  }

  /** Root of the candidate sealed for an epoch; null: none is. */
  candidateOf(state: model.State, epoch: number): Hash | null {
    const seal = state.elections.candidates.get(epoch);
    return seal === undefined ? null : this.registryOf(model.snapshotOf(state, seal)).root;
  }

  /** D_e of the contracts' present epoch. */
  domainOf(state: model.State): Hash {
    const { epoch } = state.schedule;
    const record = model.recordOf(state, epoch);
    let domain = this.#domains.get(record);
    if (domain === undefined) {
      const { chainId } = this.#options.genesis;
      const registry = this.registryOf(record.registry).root;
      const { incarnation, mode } = record;
      domain = domainHash({
        chainId,
        genesisHash: genesisHash(this.genesis),
        epoch,
        incarnation,
        mode,
        registry,
      });
      this.#domains.set(record, domain);
    }
    return domain;
  }

  /** Performs a transaction; the state given stays as it is. */
  perform(
    state: model.State,
    { from, at }: { readonly from: string; readonly at: number },
    call: Call,
  ): model.Outcome<void> {
    return model.run(state, { from, at }, (tx) => this.apply(tx, from, call));
  }

  /** A part of a transaction, by somebody's name. */
  apply(within: model.Transaction, name: string, call: Call): void {
    const tx = { ...within, from: this.#options.accountOf(name) };
    if (stake(tx, call)) return;
    switch (call.what) {
      case "start":
        model.start(tx, call.mode, (registry) => {
          this.#genesis = { ...this.#options.genesis, snapshotHash: this.registryOf(registry).root };
          return genesisHash(this.#genesis);
        });
        return;
      case "seal":
        this.registryOf(model.seal(tx, call.epoch));
        return;
      case "submit":
        this.#submit(tx, call.certificate);
        return;
      case "accrue":
        model.accrue(tx, call.epoch, call.vector.length === 0 ? null : call.vector, call.relayer);
        return;
      case "open":
        model.openRecovery(tx);
        return;
      case "post":
        this.#post(tx, call.certificate, call.header);
        return;
      case "restart":
        this.#restart(tx, call);
        return;
      case "activate":
        model.activate(tx, call);
        this.registryOf(model.registryOf(tx.state, tx.state.schedule.epoch));
        return;
      case "leak": {
        const domain = this.domainOf(tx.state);
        model.leakRound(tx, (round, validator) => leakPlace(domain, round, validator));
        return;
      }
      case "charge":
        model.chargeLeak(tx, call.recovery, call.seats);
        return;
      default:
    }
  }

  /** ms of the simulated world as the contracts count them. */
  #stamp(stamp: Millis): number {
    return (stamp * 1_000) / this.#options.second;
  }

  /** What signed under the present domain, or any other. */
  #isAggregate(state: model.State, c: Certificate | CheckpointCertificate, root: Hash): boolean {
    const { registry } = model.recordOf(state, state.schedule.epoch);
    return (
      c.domain === this.domainOf(state) &&
      this.#modules.keyring.validAggregate(this.registryOf(registry).root, root, c.bitmap, c.signature)
    );
  }

  #submit(tx: model.Transaction, certificate: CheckpointCertificate): void {
    const { checkpoint, bitmap, domain } = certificate;
    const { height, stamp, view, blockHash, boundary } = checkpoint;
    // Looked at last, as the contracts do, who find the domain themselves: before it is the next epoch's.
    const isNew = height > tx.state.schedule.height;
    const isSigned = isNew && this.#isAggregate(tx.state, certificate, checkpointRoot(domain, checkpoint));
    model.submit(tx, {
      height,
      stamp: this.#stamp(stamp),
      view,
      blockHash,
      boundary: boundary === null ? null : this.#boundary(tx.state, boundary, isNew),
      signers: fromBitmap(bitmap),
    });
    if (!isSigned) model.refuse("CheckpointManagerBadSignature");
  }

  /** A boundary's commitment, its registries by the numbers of their seals. */
  #boundary(state: model.State, { commitment, accounting }: Boundary, isNew: boolean): model.Boundary {
    const { epoch } = state.schedule;
    const { registryNext, registryAfter, modeNext, modeWanted } = commitment;
    const next = model.recordOf(state, epoch + 1);
    const nextRoot = this.registryOf(next.registry).root;
    const isChosen =
      !state.schedule.records.has(epoch + 2) && this.candidateOf(state, epoch + 2) === registryAfter;
    const ofNext = (root: Hash): number => (root === nextRoot ? next.seal : 0);
    return {
      registryNext: ofNext(registryNext),
      registryAfter: isChosen ? state.elections.candidates.get(epoch + 2)! : ofNext(registryAfter),
      modeNext,
      modeWanted,
      accounting: {
        epoch: accounting.epoch,
        views: accounting.views,
        stamp: this.#stamp(accounting.stamp),
        loadMultiplier: BigInt(accounting.loadMultiplier),
        vector: isNew ? this.#modules.vectorOf(accounting.epoch, accounting.vectorHash) : null,
      },
    };
  }

  #post(tx: model.Transaction, certificate: Certificate, header: { height: number; stamp: Millis }): void {
    const { view, blockHash, bitmap, domain } = certificate;
    const { height, stamp } = header;
    const signers = fromBitmap(bitmap);
    model.postCertificate(tx, { view, blockHash, height, stamp: this.#stamp(stamp), signers });
    if (!this.#isAggregate(tx.state, certificate, voteRoot(domain, certificate)))
      model.refuse("CheckpointManagerBadSignature");
  }

  #restart(tx: model.Transaction, call: Call & { readonly what: "restart" }): void {
    const { state } = tx;
    const { epoch } = state.schedule;
    const { view, blockHash, present, next, signature } = call;
    model.restart(tx, { view, blockHash }, { present, next });
    const root = restartRoot(this.domainOf(state), view, blockHash);
    const isSigned = (of: number, seats: readonly number[]): boolean => {
      const registry = this.registryOf(model.registryOf(state, of)).root;
      return seats.every((seat) => this.#modules.keyring.valid(registry, seat, root, signature));
    };
    if (!isSigned(epoch, present) || !isSigned(epoch + 1, next))
      model.refuse("CheckpointManagerBadSignature");
  }

  /** A vote's seats where they are heard; null: in neither registry, or under another domain. */
  listed(
    state: model.State,
    vote: RestartVote,
  ): { present: readonly number[]; next: readonly number[] } | null {
    if (!model.isRecovering(state) || vote.domain !== this.domainOf(state)) return null;
    const { epoch } = state.schedule;
    const { seat, seatNext } = vote;
    const present = seat !== null && model.signingSet(state, epoch).has(seat) ? [seat] : [];
    // One key on one seat is found in both registries.
    const isBoth =
      present.length > 0 &&
      seat === seatNext &&
      model.registryOf(state, epoch).keys[seat!] === model.registryOf(state, epoch + 1).keys[seat!];
    const next =
      !isBoth && seatNext !== null && model.nextSigningSet(state, epoch).has(seatNext) ? [seatNext] : [];
    return present.length + next.length === 0 ? null : { present, next };
  }
}

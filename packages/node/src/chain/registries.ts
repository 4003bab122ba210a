import {
  fromHex,
  type Hash,
  MODES,
  type Mode,
  modeIndex,
  Reader,
  type Registry,
  type RegistryEntry,
  readParams,
  snapshotHash,
  Writer,
  writeParams,
} from "@aitbc-hybrid/protocol";
import { NodeError } from "../errors.ts";
import { type Kv, keyOf } from "../storage/index.ts";

const REGISTRIES = "r";
const EPOCHS = "e";
const DOMAINS = "d";

/** Epochs kept in memory; older ones are read. */
const EPOCHS_KEPT = 64;

/** What an epoch runs under. */
export interface Assigned {
  readonly root: Hash;
  readonly mode: Mode;
  readonly seed: Hash;
}

/** What a domain hash stands for: a recovery leaves two of one epoch. */
export interface KnownDomain {
  readonly epoch: number;
  readonly incarnation: number;
  readonly mode: Mode;
  readonly registryRoot: Hash;
}

/** Sealed registries by root: read from the contracts once, then from here, so that a restart needs no settlement chain. */
export class RegistryStore {
  readonly #kv: Kv;
  readonly #known = new Map<Hash, Registry>();
  readonly #epochs = new Map<number, Assigned>();

  constructor(kv: Kv) {
    this.#kv = kv;
  }

  async get(root: Hash): Promise<Registry | null> {
    const known = this.#known.get(root);
    if (known !== undefined) return known;
    const bytes = await this.#kv.get(keyOf(REGISTRIES, fromHex(root)));
    if (bytes === undefined) return null;
    const registry = decodeRegistry(root, bytes);
    this.#known.set(root, registry);
    return registry;
  }

  /** A registry that was put or got before; null otherwise. */
  known(root: Hash): Registry | null {
    return this.#known.get(root) ?? null;
  }

  /** Notes under which registry, mode and seed an epoch runs. */
  async assign(epoch: number, { root, mode, seed }: Assigned): Promise<void> {
    const known = this.#epochs.get(epoch);
    if (known?.root === root && known.seed === seed) return;
    this.#epochs.set(epoch, { root, mode, seed });
    this.#epochs.delete(epoch - EPOCHS_KEPT);
    const value = new Writer(65).hash(root).u8(modeIndex(mode)).hash(seed).done().slice();
    await this.#kv.batch([{ type: "put", key: keyOf(EPOCHS, epoch), value }]);
  }

  /** What an epoch ran under that this node took part in or fetched; null: none. */
  async ofEpoch(epoch: number): Promise<Assigned | null> {
    const known = this.#epochs.get(epoch);
    if (known !== undefined) return known;
    const bytes = await this.#kv.get(keyOf(EPOCHS, epoch));
    if (bytes === undefined) return null;
    const reader = new Reader(bytes);
    return { root: reader.hash(), mode: MODES[reader.u8()]!, seed: reader.hash() };
  }

  /** Notes what a domain hash stands for. */
  async noteDomain(domain: Hash, known: KnownDomain): Promise<void> {
    const { epoch, incarnation, mode, registryRoot } = known;
    const writer = new Writer(48).u64(epoch).u32(incarnation).u8(modeIndex(mode)).hash(registryRoot);
    const key = keyOf(DOMAINS, fromHex(domain));
    await this.#kv.batch([{ type: "put", key, value: writer.done().slice() }]);
  }

  /** What a domain hash stands for, if this node was in that epoch; else null. */
  async domain(domain: Hash): Promise<KnownDomain | null> {
    const bytes = await this.#kv.get(keyOf(DOMAINS, fromHex(domain)));
    if (bytes === undefined) return null;
    const reader = new Reader(bytes);
    const [epoch, incarnation] = [reader.u64(), reader.u32()];
    return { epoch, incarnation, mode: MODES[reader.u8()]!, registryRoot: reader.hash() };
  }

  /**
   * Keeps a registry, durably.
   * @throws NodeError DATA_MISMATCH unless its contents hash to its root
   */
  async put(registry: Registry): Promise<void> {
    if (this.#known.has(registry.root)) return;
    if (snapshotHash(registry) !== registry.root) {
      throw new NodeError(
        "DATA_MISMATCH",
        `The registry read for ${registry.root} does not hash to it: the settlement client answers wrongly. Use another one.`,
      );
    }
    const key = keyOf(REGISTRIES, fromHex(registry.root));
    await this.#kv.batch([{ type: "put", key, value: encodeRegistry(registry) }]);
    this.#known.set(registry.root, registry);
  }
}

function encodeRegistry(registry: Registry): Uint8Array {
  const { entries, authorities, suspended, backing, params } = registry;
  const writer = new Writer(1_024).u16(entries.length).u16(authorities);
  for (const entry of entries) {
    writer.u64(entry.validatorId).u64Big(entry.stake).u8(entry.key.length).bytes(entry.key);
    writer.u8(entry.keyBytes.length).bytes(entry.keyBytes);
  }
  for (const seats of [suspended, backing]) {
    writer.u16(seats.size);
    for (const seat of seats) writer.u16(seat);
  }
  writeParams(writer, params);
  return writer.done().slice();
}

function decodeRegistry(root: Hash, bytes: Uint8Array): Registry {
  const reader = new Reader(bytes);
  const count = reader.u16();
  const authorities = reader.u16();
  const entries: RegistryEntry[] = [];
  for (let i = 0; i < count; i++) {
    const validatorId = reader.u64();
    const stake = BigInt(reader.u32()) * 2n ** 32n + BigInt(reader.u32());
    const key = reader.bytes(reader.u8());
    const keyBytes = reader.bytes(reader.u8());
    entries.push({ validatorId, stake, key, keyBytes });
  }
  const seats = (): Set<number> => {
    const found = new Set<number>();
    const size = reader.u16();
    for (let i = 0; i < size; i++) found.add(reader.u16());
    return found;
  };
  const suspended = seats();
  const backing = seats();
  const params = readParams(reader);
  reader.end("registry");
  return { root, entries, authorities, suspended, backing, params };
}

import type { BlockSummary, ExecutionResult, FinalReceipt } from "../engine.ts";
import { ExecutionError } from "../errors.ts";
import type { Account, Address, Hash, Sent } from "../ledger/index.ts";
import { toHex } from "../ledger/index.ts";
import {
  accountKeyOf,
  accountRange,
  addressOfKey,
  type Before,
  blockKeyOf,
  decodeAccount,
  decodeBefore,
  decodeFinalReceipt,
  decodeHeight,
  decodeMarker,
  decodeSent,
  decodeSummary,
  encodeAccount,
  encodeBefore,
  encodeFinalReceipt,
  encodeHeight,
  encodeMarker,
  encodeSent,
  encodeSummary,
  executedKeyOf,
  heightKeyOf,
  markerKey,
  receiptKeyOf,
  sentKeyOf,
  undoKeyOf,
} from "./records.ts";

/** What the ledger needs of a key-value store. */
export interface LedgerDatabase {
  get(key: Uint8Array): Promise<Uint8Array | undefined>;
  /** All or nothing, durable when it resolves. */
  batch(operations: readonly LedgerChange[]): Promise<void>;
  iterate(range: { gte: Uint8Array; lt: Uint8Array }): AsyncIterable<readonly [Uint8Array, Uint8Array]>;
}

export interface LedgerPut {
  readonly type: "put";
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

export type LedgerChange = LedgerPut | { readonly type: "del"; readonly key: Uint8Array };

/** An executed block that is to become final, with what it changed. */
export interface FinalizedBlock {
  readonly result: ExecutionResult;
  readonly changes: ReadonlyMap<Address, Account>;
  /** The same accounts before the block. */
  readonly before: Before;
  /** What accounts sent in it, and where its epoch began; null where that is not looked at. */
  readonly sent: { readonly first: number; readonly sent: Sent } | null;
}

/** The final part of the ledger, in a key-value store that holds exactly one height's state. */
export class LedgerStore {
  readonly #database: LedgerDatabase;
  /** Final blocks whose effects can be taken back. */
  readonly #undoKept: number;

  constructor(database: LedgerDatabase, undoKept: number) {
    this.#database = database;
    this.#undoKept = undoKept;
  }

  /** The final block, or undefined in an empty store. */
  async finalBlock(): Promise<BlockSummary | undefined> {
    const marker = await this.#database.get(markerKey);
    if (marker === undefined) return undefined;
    const height = decodeMarker(marker);
    const block = await this.blockAt(height);
    if (block === undefined)
      throw new ExecutionError("CORRUPT_STATE", `the record of final block ${height} is missing`);
    return block;
  }

  /** Every account of the final state, in the order of addresses, from one on. */
  async *accounts(from?: Address): AsyncGenerator<readonly [Address, Account]> {
    const range = from === undefined ? accountRange : { ...accountRange, gte: accountKeyOf(from) };
    for await (const [key, value] of this.#database.iterate(range)) {
      yield [addressOfKey(key), decodeAccount(value)];
    }
  }

  async blockAt(height: number): Promise<BlockSummary | undefined> {
    const bytes = await this.#database.get(blockKeyOf(height));
    return bytes === undefined ? undefined : decodeSummary(bytes);
  }

  async heightOf(hash: Hash): Promise<number | undefined> {
    const bytes = await this.#database.get(heightKeyOf(hash));
    return bytes === undefined ? undefined : decodeHeight(bytes);
  }

  async receipt(transactionHash: Hash): Promise<FinalReceipt | undefined> {
    const bytes = await this.#database.get(receiptKeyOf(transactionHash));
    if (bytes === undefined) return undefined;
    const receipt = decodeFinalReceipt(bytes);
    const block = await this.blockAt(receipt.height);
    if (block === undefined)
      throw new ExecutionError("CORRUPT_STATE", `the record of block ${receipt.height} is missing`);
    return { ...receipt, blockHash: block.hash };
  }

  async executedAt(height: number): Promise<readonly Hash[] | undefined> {
    const bytes = await this.#database.get(executedKeyOf(height));
    if (bytes === undefined) return undefined;
    return Array.from({ length: bytes.length / 32 }, (_, i) => toHex(bytes.subarray(32 * i, 32 * i + 32)));
  }

  /** Writes height 0. */
  async writeGenesis(block: BlockSummary, accounts: ReadonlyMap<Address, Account>): Promise<void> {
    await this.#database.batch([...puts(block, [], accounts), marker(block.height)]);
  }

  /** Writes some accounts of a state that the store is being filled with; nothing counts before `writeSnapshot`. */
  async writeAccounts(accounts: readonly (readonly [Address, Account])[]): Promise<void> {
    await this.#database.batch(accounts.map(([address, account]) => accountPut(address, account)));
  }

  /** Ends the filling: height 0, which names the chain, and the block whose state was written. */
  async writeSnapshot(genesis: BlockSummary, block: BlockSummary): Promise<void> {
    await this.#database.batch([...puts(genesis, [], []), ...puts(block, [], []), marker(block.height)]);
  }

  /** Writes blocks in order of height and moves the marker to the last: all of it or nothing. */
  async write(blocks: readonly FinalizedBlock[]): Promise<void> {
    // An account that several of the blocks changed is written once, as the last left it.
    const changes = new Map<Address, Account>();
    for (const block of blocks) for (const [address, account] of block.changes) changes.set(address, account);
    const operations: LedgerChange[] = [];
    for (const { result, before, sent } of blocks) {
      operations.push(...puts(result, result.receipts, []));
      operations.push(put(undoKeyOf(result.height), encodeBefore(before)));
      if (sent !== null) operations.push(put(sentKeyOf(result.height), encodeSent(sent.first, sent.sent)));
      const old = result.height - this.#undoKept;
      if (old > 0) for (const key of [undoKeyOf(old), sentKeyOf(old)]) operations.push({ type: "del", key });
    }
    for (const [address, account] of changes) operations.push(accountPut(address, account));
    operations.push(marker(blocks.at(-1)!.result.height));
    await this.#database.batch(operations);
  }

  /** What became of accounts above a height, to be taken back: as they were at it. Undefined if that is no longer kept. */
  async changedAbove(height: number): Promise<Before | undefined> {
    const before = new Map<Address, Account | undefined>();
    const top = (await this.finalBlock())?.height ?? 0;
    for (let above = top; above > height; above--) {
      const bytes = await this.#database.get(undoKeyOf(above));
      if (bytes === undefined) return undefined;
      for (const [address, account] of decodeBefore(bytes)) before.set(address, account);
    }
    return before;
  }

  /** What accounts sent from an epoch's first block up to a height. Undefined if it was not looked at in all of them. */
  async sentBetween(first: number, height: number): Promise<Sent | undefined> {
    const sum = new Map<Address, bigint>();
    for (let at = first; at <= height; at++) {
      const bytes = await this.#database.get(sentKeyOf(at));
      const record = bytes === undefined ? undefined : decodeSent(bytes);
      if (record?.first !== first) return undefined;
      for (const [address, amount] of record.sent) sum.set(address, (sum.get(address) ?? 0n) + amount);
    }
    return sum;
  }

  /** Takes the blocks above a height back: all of it or nothing. */
  async rewind(height: number, before: Before): Promise<void> {
    const operations: LedgerChange[] = [];
    const top = (await this.finalBlock())?.height ?? 0;
    for (let above = height + 1; above <= top; above++) {
      const block = await this.blockAt(above);
      for (const hash of (await this.executedAt(above)) ?? [])
        operations.push({ type: "del", key: receiptKeyOf(hash) });
      if (block !== undefined) operations.push({ type: "del", key: heightKeyOf(block.hash) });
      for (const key of [blockKeyOf(above), executedKeyOf(above), undoKeyOf(above), sentKeyOf(above)])
        operations.push({ type: "del", key });
    }
    for (const [address, account] of before)
      operations.push(
        account === undefined ? { type: "del", key: accountKeyOf(address) } : accountPut(address, account),
      );
    operations.push(marker(height));
    await this.#database.batch(operations);
  }
}

function* puts(
  block: BlockSummary,
  receipts: ExecutionResult["receipts"],
  accounts: Iterable<readonly [Address, Account]>,
): Generator<LedgerPut> {
  yield put(blockKeyOf(block.height), encodeSummary(block));
  yield put(heightKeyOf(block.hash), encodeHeight(block.height));
  const executed = new Uint8Array(32 * receipts.length);
  for (const receipt of receipts) {
    const key = receiptKeyOf(receipt.transactionHash);
    executed.set(key.subarray(1), 32 * receipt.index);
    yield put(key, encodeFinalReceipt(block.height, receipt));
  }
  yield put(executedKeyOf(block.height), executed);
  for (const [address, account] of accounts) yield accountPut(address, account);
}

function accountPut(address: Address, account: Account): LedgerPut {
  return put(accountKeyOf(address), encodeAccount(account));
}

function marker(height: number): LedgerPut {
  return put(markerKey, encodeMarker(height));
}

function put(key: Uint8Array, value: Uint8Array): LedgerPut {
  return { type: "put", key, value };
}

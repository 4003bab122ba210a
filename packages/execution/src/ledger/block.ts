import { type Account, type AccountTrie, accountKey, emptyAccount } from "./accounts.ts";
import { type Address, type Hash, toHex } from "./bytes.ts";
import { intrinsicGas, nextBaseFee } from "./fees.ts";
import type { Sent } from "./moved.ts";
import type { LedgerParameters } from "./parameters.ts";
import { type Receipt, receiptsRoot } from "./receipts.ts";
import type { RefusalReason } from "./refusal.ts";
import type { Transaction } from "./transaction.ts";

/** The ledger after a block: all that the next one's execution depends on. */
export interface LedgerState {
  readonly accounts: AccountTrie;
  /** wei per gas in the block that led here. */
  readonly baseFee: bigint;
  readonly gasUsed: number;
  /** wei burnt since genesis: genesis allocation less the sum of all balances. */
  readonly burnt: bigint;
  /** Whether this is genesis: block 1 takes the initial base fee as it is. */
  readonly genesis: boolean;
}

/** A block's outcome. */
export interface ExecutedBlock {
  readonly state: LedgerState;
  readonly stateRoot: Hash;
  readonly receiptsRoot: Hash;
  readonly receipts: readonly Receipt[];
  /** Bytes of the executed transactions' envelopes. */
  readonly bytesUsed: number;
  /** Accounts that differ from the parent's state. */
  readonly changes: ReadonlyMap<Address, Account>;
}

/** The base fee in force in the block after a state, wei per gas. */
export function baseFeeAfter(state: LedgerState, parameters: LedgerParameters): bigint {
  return state.genesis ? state.baseFee : nextBaseFee(state, parameters);
}

/**
 * Why an account cannot have this transaction executed now, or null. A nonce ahead of the account's is a gap here;
 * whoever queues transactions decides how far ahead may wait.
 */
export function refusalOf(transaction: Transaction, account: Account, baseFee: bigint): RefusalReason | null {
  if (transaction.nonce < account.nonce) return "STALE_NONCE";
  if (transaction.nonce > account.nonce) return "NONCE_GAP";
  if (transaction.maxFeePerGas < baseFee) return "FEE_CAP_BELOW_BASE_FEE";
  if (account.balance < maximumCost(transaction)) return "INSUFFICIENT_BALANCE";
  return null;
}

/** What a sender must hold, wei: value and the gas limit at the fee cap, as in the EVM. */
export function maximumCost(transaction: Transaction): bigint {
  return transaction.value + BigInt(transaction.gasLimit) * transaction.maxFeePerGas;
}

interface Touched {
  readonly key: Uint8Array;
  readonly before: Account;
  nonce: number;
  balance: bigint;
}

/**
 * Executes one block on a parent's state: feed the transactions in order, then seal. The parent's state stays as it is,
 * and nothing but the arguments decides the outcome.
 */
export class BlockExecution {
  /** wei per gas */
  readonly baseFee: bigint;
  readonly #parent: LedgerState;
  readonly #proposer: Address;
  readonly #touched = new Map<Address, Touched>();
  readonly #receipts: Receipt[] = [];
  #gasUsed = 0;
  #bytesUsed = 0;
  readonly #sent = new Map<Address, bigint>();
  #burnt: bigint;

  /** @param proposer the account that the tips go to */
  constructor(parameters: LedgerParameters, parent: LedgerState, proposer: Address) {
    this.#parent = parent;
    this.#proposer = proposer;
    this.#burnt = parent.burnt;
    this.baseFee = baseFeeAfter(parent, parameters);
  }

  /**
   * Executes a transaction whose sender was recovered from its signature. One that cannot be paid for or has had its
   * turn (validators batch independently, so duplicates happen) is skipped: no effect, no receipt.
   */
  apply(transaction: Transaction, sender: Address): Receipt | RefusalReason {
    const from = this.#touch(sender);
    const reason = refusalOf(transaction, from, this.baseFee);
    if (reason !== null) return reason;

    const gasUsed = intrinsicGas(transaction.data);
    const room = transaction.maxFeePerGas - this.baseFee;
    const tip = transaction.maxPriorityFeePerGas < room ? transaction.maxPriorityFeePerGas : room;
    const effectiveGasPrice = this.baseFee + tip;
    const fee = BigInt(gasUsed) * effectiveGasPrice;

    from.nonce++;
    from.balance -= transaction.value + fee;
    this.#touch(transaction.to).balance += transaction.value;
    if (transaction.value > 0n && transaction.to !== sender)
      this.#sent.set(sender, (this.#sent.get(sender) ?? 0n) + transaction.value);
    this.#touch(this.#proposer).balance += BigInt(gasUsed) * tip;
    this.#burnt += BigInt(gasUsed) * this.baseFee;
    this.#gasUsed += gasUsed;
    this.#bytesUsed += transaction.size;

    const receipt: Receipt = {
      transactionHash: transaction.hash,
      index: this.#receipts.length,
      status: 1,
      type: transaction.type,
      from: sender,
      to: transaction.to,
      gasUsed,
      cumulativeGasUsed: this.#gasUsed,
      effectiveGasPrice,
      fee,
    };
    this.#receipts.push(receipt);
    return receipt;
  }

  /** What accounts sent to others, fees apart. */
  get sent(): Sent {
    return this.#sent;
  }

  /** The outcome. Call once, after the last transaction. */
  seal(): ExecutedBlock {
    const steps = this.sealing(this.#touched.size + 1);
    for (;;) {
      const step = steps.next();
      if (step.done) return step.value;
    }
  }

  /**
   * The same in steps of so many accounts, between which the caller may do other things. Every step hashes what it
   * changed: the branches near the root are hashed in each, which costs little against a pause of the whole block.
   */
  *sealing(slice: number): Generator<undefined, ExecutedBlock, undefined> {
    const changes = new Map<Address, Account>();
    let entries: [Uint8Array, Account][] = [];
    let { accounts } = this.#parent;
    for (const [address, { key, before, nonce, balance }] of this.#touched) {
      // Touched without effect, as by a transfer of nothing: an account that holds nothing must not come into being.
      if (nonce === before.nonce && balance === before.balance) continue;
      const account: Account = { nonce, balance };
      changes.set(address, account);
      entries.push([key, account]);
      if (entries.length < slice) continue;
      accounts = accounts.with(entries);
      accounts.rootHash();
      entries = [];
      yield;
    }
    accounts = accounts.with(entries);
    const stateRoot = toHex(accounts.rootHash());
    yield;
    return {
      state: {
        accounts,
        baseFee: this.baseFee,
        gasUsed: this.#gasUsed,
        burnt: this.#burnt,
        genesis: false,
      },
      stateRoot,
      receiptsRoot: receiptsRoot(this.#receipts),
      receipts: this.#receipts,
      bytesUsed: this.#bytesUsed,
      changes,
    };
  }

  #touch(address: Address): Touched {
    const known = this.#touched.get(address);
    if (known !== undefined) return known;
    const key = accountKey(address);
    const before = this.#parent.accounts.get(key) ?? emptyAccount;
    const touched: Touched = { key, before, nonce: before.nonce, balance: before.balance };
    this.#touched.set(address, touched);
    return touched;
  }
}

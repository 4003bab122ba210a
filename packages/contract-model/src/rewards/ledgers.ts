import { least, MILLION, most, sum } from "../numbers.ts";
import {
  type Entry,
  type EpochPay,
  type Ledger,
  type PaidPosition,
  type Position,
  poolOf,
  type Row,
  type State,
} from "../state/index.ts";
import { emit, type Transaction } from "../transaction.ts";
import { GWEI } from "./budget.ts";

const BILLION = 1_000_000_000n;
const ACC = 1n << 64n;
const NEVER = Number.POSITIVE_INFINITY;
/** Changes of row or seat that one settlement of a position walks through. */
export const STEPS = 6;

export function ledgerOf(state: State, id: number): Ledger {
  const { ledgers } = state.rewards;
  let ledger = ledgers.get(id);
  if (ledger === undefined) {
    ledger = { acc: 0n, row: 0, tenures: 0, epoch: 0, pay: 0n, taken: 0n, owed: 0n, starts: [0n] };
    ledgers.set(id, ledger);
  }
  return ledger;
}

export function paidPosition(state: State, id: number, owner: string): PaidPosition {
  const { positions } = state.rewards;
  const owners = positions.get(id) ?? new Map<string, PaidPosition>();
  positions.set(id, owners);
  const position = owners.get(owner) ?? { acc: 0n, entry: 0, seal: 0, epochs: 0, compounding: false };
  owners.set(owner, position);
  return position;
}

/** First epoch accrued whose registry was sealed by this seal or a later one. */
function firstEpochOf(state: State, seal: number | undefined): number {
  const first = seal === undefined ? -1 : state.rewards.seals.findIndex((each) => each >= seal);
  return first === -1 ? NEVER : first;
}

/** What a seat was paid in epochs [from, to). */
const paid = (
  state: State,
  kind: keyof Omit<EpochPay, "absent">,
  seat: number,
  from: number,
  to: number,
): bigint => sum(state.rewards.pays.slice(from, to).map((pay) => pay?.[kind][seat] ?? 0n));

/** Adds what the validator's seat was paid up to an epoch. */
function earn(state: State, id: number, ledger: Ledger, until: number): void {
  const seat = state.elections.tenures.get(id)?.[ledger.tenures - 1]?.seat ?? null;
  if (seat !== null) {
    ledger.pay += paid(state, "stakers", seat, ledger.epoch, until);
    ledger.owed += paid(state, "authority", seat, ledger.epoch, until) * GWEI;
  }
  ledger.epoch = until;
}

/**
 * Splits the row's pay so far: bond pay and commission, rounded down, are the validator's; the rest is the shares', if
 * there are any. Returns the pay of one share, times 2^64, rounded down.
 */
function share(ledger: Ledger, row: Row): bigint {
  const pay = ledger.pay * GWEI;
  let own = pay;
  let acc = 0n;
  if (row.shares !== 0n) {
    const bond = (pay * row.bondFraction) / BILLION;
    own = bond + ((pay - bond) * row.commission) / MILLION;
    acc = ((pay - own) * ACC) / row.shares;
  }
  ledger.owed += own - ledger.taken;
  ledger.taken = own;
  return acc;
}

export interface Reached {
  /** Pay of one share so far, times 2^64. */
  readonly acc: bigint;
  /** The row that falls into. */
  readonly row: number;
  /** Whether all that is accrued is in it. */
  readonly done: boolean;
}

/** Moves a validator's ledger up to what is accrued, over at most so many changes of row or seat. */
export function advance(tx: Transaction, id: number, steps: number): Reached {
  const { state } = tx;
  const { rows } = poolOf(state, id);
  if (rows.length === 0) return { acc: 0n, row: 0, done: true };
  const ledger = ledgerOf(state, id);
  const accrued = state.rewards.seals.length;
  for (let left = steps; ; left--) {
    const rowEnd = firstEpochOf(state, rows[ledger.row + 1]?.seal);
    const tenureEnd = firstEpochOf(state, state.elections.tenures.get(id)?.[ledger.tenures]?.seal);
    earn(state, id, ledger, least(accrued, least(rowEnd, tenureEnd)));
    const done = ledger.epoch === accrued;
    if (done || left === 0) {
      const acc = ledger.acc + share(ledger, rows[ledger.row]!);
      return { acc, row: ledger.row, done };
    }
    if (tenureEnd <= rowEnd) {
      ledger.tenures++;
    } else {
      ledger.acc += share(ledger, rows[ledger.row]!);
      emit(tx, "RowSettled", { validator: id, row: ledger.row, acc: ledger.acc });
      ledger.row++;
      ledger.pay = 0n;
      ledger.taken = 0n;
      ledger.starts[ledger.row] = ledger.acc;
    }
  }
}

/** Pay of one share when the generation that a row belongs to ended; null if it has not, as far as the ledger knows. */
function retiredAt(state: State, id: number, row: number): bigint | null {
  const { rows } = poolOf(state, id);
  const { starts } = ledgerOf(state, id);
  for (let next = row + 1; next < starts.length; next++) {
    if (rows[next]!.generation !== rows[next - 1]!.generation) return starts[next]!;
  }
  return null;
}

/** What an entry's shares earned between two pays of one share, as long as their generation lasted, rounded down. */
function earned(state: State, id: number, entry: Entry, held: Position, from: bigint, to: bigint): bigint {
  // What asked to leave earns nothing more; a retired generation's shares are as they were then.
  const shares = entry.generation === held.generation ? least(entry.shares, held.shares) : entry.shares;
  const end = least(to, retiredAt(state, id, entry.row) ?? to);
  const begin = most(from, ledgerOf(state, id).starts[entry.row] ?? 0n);
  return end > begin ? (shares * (end - begin)) / ACC : 0n;
}

/** Moves a position up to where its validator's ledger is. Returns what it earned since it was settled last. */
export function settled(tx: Transaction, id: number, owner: string): bigint {
  const { state } = tx;
  const position = paidPosition(state, id, owner);
  if (position.epochs === state.rewards.seals.length) return 0n;
  const reached = advance(tx, id, STEPS);
  const held = poolOf(state, id).positions.get(owner);
  const entries = held?.entries ?? [];
  const first = position.entry;
  let amount = 0n;
  for (let i = first; i < entries.length && entries[i]!.row <= reached.row; i++) {
    const next = entries[i + 1];
    const ended = next !== undefined && next.row <= reached.row;
    const end = ended ? ledgerOf(state, id).starts[next.row]! : reached.acc;
    amount += earned(state, id, entries[i]!, held!, position.acc, end);
    position.entry = i;
  }
  position.acc = reached.acc;
  if (reached.done) {
    position.seal = state.rewards.seals.at(-1) ?? 0;
    position.epochs = state.rewards.seals.length;
  }
  emit(tx, "Settled", { validator: id, owner, amount });
  return amount;
}

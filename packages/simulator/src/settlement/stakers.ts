import { COIN, poolOf, type State } from "@aitbc-hybrid/contract-model";
import type { Mode } from "@aitbc-hybrid/protocol";
import type { Call } from "./calls.ts";
import type { RegistryPlan } from "./registries.ts";

/** A transaction before it is mined. */
export interface Sending {
  readonly from: string;
  readonly call: Call;
}

export const GOVERNANCE = "governance";
/** Whoever does what anyone may do. */
export const ANYONE = "anyone";
export const operatorOf = (validator: number): string => `v${validator}`;
export const delegatorOf = (validator: number): string => `d${validator}`;
/** The contracts count validators from 1. */
export const idOf = (validator: number): number => validator + 1;
export const validatorOf = (id: number): number => id - 1;

/** Bonds from which the contracts count a validator, whole AITBC. */
export interface Bonds {
  readonly authority: bigint;
  /** Least of a staker that Balanced seats. */
  readonly balanced: bigint;
}

interface Target {
  readonly authority: boolean;
  readonly bond: bigint;
  readonly delegated: bigint;
}

const LEFT: Target = { authority: false, bond: 0n, delegated: 0n };

const most = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** What every seat's holder has bonded and delegated under a plan, whole AITBC. */
function targetsOf(plan: RegistryPlan, bonds: Bonds): Map<number, Target> {
  const targets = new Map<number, Target>();
  plan.seats.forEach(({ validator, stake }, seat) => {
    if (validator === null) return;
    if (seat < plan.authorities) {
      // Below its bond an authority is suspended.
      const bond = plan.suspended.has(seat) ? 0n : most(bonds.authority, stake);
      targets.set(validator, { authority: true, bond, delegated: 0n });
      return;
    }
    const bond = least(stake, plan.unseated.has(seat) ? most(1n, bonds.balanced - 1n) : bonds.balanced);
    targets.set(validator, { authority: false, bond, delegated: stake - bond });
  });
  return targets;
}

/** Transactions that bring a validator's stake to a target, as far as it goes. `account` is its delegator's. */
function moves(state: State, validator: number, target: Target, account: string): Sending[] {
  const id = idOf(validator);
  const operator = operatorOf(validator);
  const delegator = delegatorOf(validator);
  const { bond, delegated, positions } = poolOf(state, id);
  const { role } = state.registry.validators.get(id)!;
  const sending: Sending[] = [];
  if (target.authority !== (role === "authority"))
    sending.push({ from: GOVERNANCE, call: { what: target.authority ? "admit" : "revoke", validator: id } });
  const shares = positions.get(account)?.shares ?? 0n;
  const excess = delegated - target.delegated * COIN;
  const leaving = excess <= 0n ? 0n : target.delegated === 0n ? shares : (shares * excess) / delegated;
  if (leaving > 0n)
    sending.push({ from: delegator, call: { what: "undelegate", validator: id, shares: leaving } });
  const change = target.bond * COIN - bond;
  if (change < 0n)
    sending.push({ from: operator, call: { what: "requestUnbond", validator: id, amount: -change } });
  if (change > 0n)
    sending.push({ from: operator, call: { what: "depositBond", validator: id, amount: change } });
  // Whole AITBC: what rounding left of a position counts for nothing.
  const missing = target.delegated - delegated / COIN;
  if (missing > 0n)
    sending.push({ from: delegator, call: { what: "delegate", validator: id, amount: missing * COIN } });
  return sending;
}

/**
 * What stakers and governance do so that the live weights become a plan's: stake comes and goes, authorities fall below
 * their bond or restore it, newcomers ask for seats. Which seats those get, elections decide.
 */
export function movesTo(
  state: State,
  plan: RegistryPlan,
  { bonds, accountOf }: { readonly bonds: Bonds; readonly accountOf: (name: string) => string },
): Sending[] {
  const targets = targetsOf(plan, bonds);
  const sending: Sending[] = [];
  const entering: number[] = [];
  for (const [id, { status }] of state.registry.validators) {
    if (status !== "active") continue;
    const validator = validatorOf(id);
    const standing = state.elections.standings.get(id);
    const isSeated = standing !== undefined && standing.seat !== null;
    const target = targets.get(validator);
    // Who waits for a seat keeps what it has bonded.
    if (target === undefined && !isSeated) continue;
    const account = accountOf(delegatorOf(validator));
    sending.push(...moves(state, validator, target ?? LEFT, account));
    if (target !== undefined && !target.authority && target.bond > 0n && !isSeated && !standing?.contending)
      entering.push(id);
  }
  if (entering.length > 0) sending.push({ from: ANYONE, call: { what: "enter", validators: entering } });
  return sending;
}

/** The transactions from the deployment to the start: everybody registers, a plan's seats are taken in its order. */
export function beginnings(
  plan: RegistryPlan,
  options: { readonly pool: number; readonly mode: Mode; readonly reserve: bigint; readonly bonds: Bonds },
): Sending[] {
  const { pool, mode, reserve, bonds } = options;
  const sending: Sending[] = [];
  if (reserve > 0n) sending.push({ from: GOVERNANCE, call: { what: "fund", amount: reserve } });
  for (let validator = 0; validator < pool; validator++)
    sending.push({ from: operatorOf(validator), call: { what: "register" } });
  const targets = targetsOf({ ...plan, suspended: new Set() }, bonds);
  const entering: number[] = [];
  for (const [validator, { authority, bond, delegated }] of targets) {
    const id = idOf(validator);
    const operator = operatorOf(validator);
    if (authority) sending.push({ from: GOVERNANCE, call: { what: "admit", validator: id } });
    else entering.push(id);
    sending.push({ from: operator, call: { what: "depositBond", validator: id, amount: bond * COIN } });
    if (delegated > 0n)
      sending.push({
        from: delegatorOf(validator),
        call: { what: "delegate", validator: id, amount: delegated * COIN },
      });
  }
  // Who bonded before the first seal may win a seat at the next.
  for (let validator = 0; validator < pool; validator++) {
    const id = idOf(validator);
    if (!targets.has(validator))
      sending.push({
        from: operatorOf(validator),
        call: { what: "depositBond", validator: id, amount: bonds.balanced * COIN },
      });
  }
  if (entering.length > 0) sending.push({ from: ANYONE, call: { what: "enter", validators: entering } });
  for (const seat of plan.suspended) {
    const { validator } = plan.seats[seat]!;
    if (validator === null) continue;
    const amount = targets.get(validator)!.bond * COIN;
    sending.push({
      from: operatorOf(validator),
      call: { what: "requestUnbond", validator: idOf(validator), amount },
    });
  }
  sending.push({ from: GOVERNANCE, call: { what: "start", mode } });
  return sending;
}

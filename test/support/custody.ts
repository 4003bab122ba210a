import { expect } from "chai";
import { COIN, type Core, type Signer } from "./core.ts";

/** Lists of cohorts, as UnbondingQueue numbers them. */
export const KIND = { bond: 0, delegation: 1, redelegation: 2 } as const;
export const NEVER = 0xffff_ffffn;

/** An account to call the pool with as a contract's address. */
export async function impersonate(core: Core, address: string): Promise<Signer> {
  const { networkHelpers, ethers } = core.connection;
  await networkHelpers.impersonateAccount(address);
  await networkHelpers.setBalance(address, COIN);
  return ethers.getSigner(address);
}

/** The pool as the slasher in office sees it. */
export async function asSlasher(core: Core) {
  return core.pool.connect(await impersonate(core, core.addresses.slashing));
}

/** Slashes without reward and hold. */
export async function slash(core: Core, validator: number, seal: number, amount: bigint) {
  const pool = await asSlasher(core);
  return pool.slash(validator, seal, amount, `0x${"00".repeat(20)}`, 0, 0);
}

/** Sum of what validators' books say, by the events' owners of nothing: bonds, pools, cohorts. */
export async function sums(core: Core) {
  let [staked, queued] = [0n, 0n];
  for (let id = 1n; id <= (await core.registry.validatorCount()); id++) {
    staked += await core.pool.stakeOf(id);
    for (const kind of [KIND.bond, KIND.delegation]) {
      const count = await core.queue.cohortCount(id, kind);
      for (let i = 0n; i < count; i++) queued += (await core.queue.cohort(id, kind, i)).tokens;
    }
  }
  return { staked, queued };
}

/** Custody holds what it owes, to the wei; `gifts` were sent without a deposit. */
export async function expectSolvent(core: Core, gifts = 0n) {
  const { staked, queued } = await sums(core);
  expect(await core.pool.totalStake(), "staked").to.equal(staked);
  expect(await core.queue.totalQueued(), "queued").to.equal(queued);
  expect(await core.token.balanceOf(core.addresses.pool), "held").to.equal(
    staked + queued + (await core.pool.totalOwed()) + gifts,
  );
  expect(await core.token.balanceOf(core.addresses.queue)).to.equal(0n);
}

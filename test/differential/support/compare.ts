import {
  balanceOf,
  type CohortKind,
  candidateOf,
  DISTRIBUTOR,
  known,
  type Liability,
  ledgerOf,
  liable,
  paidPosition,
  poolOf,
  SLASHING,
  sharesAt,
  surchargeOf,
  tokensDown,
  windowEnd,
} from "@aitbc-hybrid/contract-model";
import { expect } from "chai";
import type { World } from "./world.ts";

const KINDS: readonly CohortKind[] = ["bond", "delegation", "redelegation"];
const STATUS = { active: 1n, jailed: 2n, tombstoned: 3n, exited: 4n } as const;

/** Plain values of a struct that ethers returned. */
const plainOf = (result: { toObject(): Record<string, unknown> }) => result.toObject();

const liabilityWords = (liability: Liability | null | undefined) => ({
  source: BigInt(liability?.source ?? 0),
  cohort: BigInt(liability?.cohort ?? 0),
  shares: liability?.shares ?? 0n,
  paid: liability?.paid ?? 0n,
  bound: liability?.bound ?? 0n,
});

/** Every figure that the contracts keep of a validator, against the model's. */
export async function compareValidator({ core, state }: World, id: number): Promise<void> {
  const where = (what: string) => `${what} of validator ${id}`;
  const pool = poolOf(state, id);
  const [p, c, h, rows, candidate, validator] = await Promise.all([
    core.pool.pool(id),
    core.pool.commissionOf(id),
    core.pool.holdOf(id),
    core.pool.rowCount(id),
    core.elections.candidate(id),
    core.registry.validator(id),
  ]);
  const { bond, delegated, shares, generation, commission, hold } = pool;
  expect(plainOf(p as never), where("pool")).to.deep.equal({
    bond,
    delegated,
    shares,
    generation: BigInt(generation),
  });
  const { current, next, nextAt, since } = commission;
  expect(plainOf(c as never), where("commission")).to.deep.equal({
    current,
    next,
    nextAt: BigInt(nextAt),
    since: BigInt(since),
  });
  expect(plainOf(h as never), where("hold")).to.deep.equal({
    until: BigInt(hold.until),
    seal: BigInt(hold.seal),
    limit: BigInt(hold.limit),
  });
  expect(rows, where("rows")).to.equal(BigInt(pool.rows.length));
  for (const [back, row] of pool.rows.slice(-2).entries()) {
    const index = pool.rows.length - Math.min(2, pool.rows.length) + back;
    expect(plainOf((await core.pool.row(id, index)) as never), where(`row ${index}`)).to.deep.equal({
      seal: BigInt(row.seal),
      shares: row.shares,
      bondFraction: row.bondFraction,
      commission: row.commission,
      generation: BigInt(row.generation),
    });
  }
  for (const [kind, name] of KINDS.entries()) {
    const cohorts = pool.cohorts[name];
    expect(await core.queue.cohortCount(id, kind), where(`${name} cohorts`)).to.equal(BigInt(cohorts.length));
    for (const [index, cohort] of cohorts.entries()) {
      expect(
        plainOf((await core.queue.cohort(id, kind, index)) as never),
        where(`${name} cohort ${index}`),
      ).to.deep.equal({
        tokens: cohort.tokens,
        shares: cohort.shares,
        day: BigInt(cohort.day),
        lastSeal: BigInt(cohort.lastSeal),
      });
    }
  }
  const expected = candidateOf(state, id);
  expect([candidate.weight, candidate.strength, candidate.contending], where("weight")).to.deep.equal([
    expected.weight,
    expected.strength,
    expected.contending,
  ]);
  expect(candidate.seated ? Number(candidate.seat) : null, where("seat")).to.equal(expected.seat);
  const { status, role, key, jailedUntil } = known(state, id);
  expect([validator.status, validator.role, validator.key], where("standing")).to.deep.equal([
    STATUS[status],
    role === "authority" ? 1n : 0n,
    BigInt(key),
  ]);
  if (status === "jailed") expect(validator.jailedUntil, where("jail")).to.equal(BigInt(jailedUntil));
  const seal = state.elections.sealNumber;
  const stake = liable(state, id, seal);
  const answers = await core.pool.liable(id, seal);
  expect([answers.junior, answers.senior], where("liable stake")).to.deep.equal([stake.junior, stake.senior]);
}

/** Every figure of an account with a validator. */
export async function comparePosition({ core, state }: World, id: number, owner: string): Promise<void> {
  const where = (what: string) => `${what} of ${owner} with validator ${id}`;
  const pool = poolOf(state, id);
  const position = pool.positions.get(owner);
  const held = await core.pool.position(id, owner);
  expect(plainOf(held as never), where("position")).to.deep.equal({
    shares: position?.shares ?? 0n,
    generation: BigInt(position?.generation ?? 0),
    entries: BigInt(position?.entries.length ?? 0),
    redelegatedAt: BigInt(position?.redelegatedAt ?? 0),
    encumbered: position?.liability != null,
  });
  if (position === undefined) return;
  const entries = await core.pool.entries(id, owner, 0);
  expect(
    entries.map((entry) => plainOf(entry as never)),
    where("trace"),
  ).to.deep.equal(
    position.entries.map((entry) => ({
      seal: BigInt(entry.seal),
      row: BigInt(entry.row),
      generation: BigInt(entry.generation),
      shares: entry.shares,
    })),
  );
  expect(plainOf((await core.pool.liabilityOf(id, owner)) as never), where("liability")).to.deep.equal(
    liabilityWords(position.liability),
  );
  const live = position.generation === pool.generation ? position.shares : 0n;
  expect(await core.pool.tokensOf(id, owner), where("worth")).to.equal(
    live === 0n ? 0n : tokensDown(pool, live),
  );
  for (const seal of [state.elections.sealNumber, state.elections.sealNumber + 1]) {
    expect(await core.pool.sharesAt(id, owner, seal), where(`shares at seal ${seal}`)).to.equal(
      sharesAt(pool, position, seal),
    );
  }
  for (const [index, parts] of pool.leaving) {
    const part = parts.get(owner);
    if (part === undefined) continue;
    const entry = await core.queue.entryOf(id, owner, index);
    expect(entry.shares, where(`entry of cohort ${index}`)).to.equal(part.shares);
    expect(plainOf(entry.liability as never), where(`liability in cohort ${index}`)).to.deep.equal(
      liabilityWords(part.liability),
    );
  }
}

/** What is on record of a validator's offences and absences. */
export async function compareRecord({ core, state }: World, id: number): Promise<void> {
  const { convictions, later, settled, vetoed, absences } = state.slashing;
  const first = convictions.get(id);
  const where = (what: string) => `${what} of validator ${id}`;
  expect(plainOf((await core.slashing.record(id)) as never), where("record")).to.deep.equal({
    convictions: BigInt((later.get(id)?.size ?? 0) + (first === undefined ? 0 : 1)),
    firstAt: BigInt(first?.at ?? 0),
    seal: BigInt(first?.seal ?? 0),
    dueAt: BigInt(first === undefined ? 0 : windowEnd(state, first)),
    settled: settled.has(id),
    vetoed: vetoed.has(id),
  });
  const absence = absences.get(id);
  expect(plainOf((await core.slashing.absence(id)) as never), where("absence")).to.deep.equal({
    dueAt: BigInt(absence?.dueAt ?? 0),
    seal: BigInt(absence?.seal ?? 0),
    fraction: absence?.fraction ?? 0n,
    through: BigInt(absence?.through ?? 0),
  });
  const surcharge = surchargeOf(state, id);
  expect(plainOf((await core.slashing.surchargeOf(id)) as never), where("surcharge")).to.deep.equal(
    surcharge,
  );
}

/** Sums and balances. */
export async function compareTotals({ core, state, owners }: World): Promise<void> {
  let stake = 0n;
  let queued = 0n;
  for (const { bond, delegated, cohorts } of state.custody.pools.values()) {
    stake += bond + delegated;
    for (const { tokens } of [...cohorts.bond, ...cohorts.delegation]) queued += tokens;
  }
  expect(await core.pool.totalStake(), "stake in all").to.equal(stake);
  expect(await core.queue.totalQueued(), "leaving stake in all").to.equal(queued);
  expect(await core.pool.totalOwed(), "slashed and owed").to.equal(state.custody.owed);
  expect(stake + queued + state.custody.owed, "the model's custody").to.equal(balanceOf(state, "pool"));
  expect(await core.token.balanceOf(core.addresses.slashing), "the slashing pool's balance").to.equal(
    balanceOf(state, SLASHING),
  );
  expect(await core.token.balanceOf(core.addresses.pool), "custody's balance").to.equal(
    balanceOf(state, "pool"),
  );
  for (const { address } of owners) {
    expect(await core.token.balanceOf(address), `balance of ${address}`).to.equal(balanceOf(state, address));
  }
}

/** What the distributor keeps of a validator and of an account there. */
export async function comparePay(
  { core, state }: World,
  id: number,
  owners: readonly string[],
): Promise<void> {
  const { acc, row, tenures, epoch, pay, taken, owed } = ledgerOf(state, id);
  expect(plainOf((await core.distributor.ledgerOf(id)) as never), `ledger of validator ${id}`).to.deep.equal({
    acc,
    row: BigInt(row),
    tenures: BigInt(tenures),
    epoch: BigInt(epoch),
    pay,
    taken,
    owed,
  });
  for (const owner of owners) {
    const paid = paidPosition(state, id, owner);
    expect(
      plainOf((await core.distributor.positionOf(id, owner)) as never),
      `pay of ${owner} with validator ${id}`,
    ).to.deep.equal({
      ...paid,
      entry: BigInt(paid.entry),
      seal: BigInt(paid.seal),
      epochs: BigInt(paid.epochs),
    });
    expect(await core.distributor.owed(owner), `owed to ${owner}`).to.equal(
      state.rewards.owed.get(owner) ?? 0n,
    );
  }
}

/** The distributor's sums. */
async function compareReserve({ core, state, owners }: World): Promise<void> {
  const { distributor } = core;
  const { rewards } = state;
  expect(
    await Promise.all([
      distributor.reserve(),
      distributor.outstanding(),
      distributor.creditLeft(),
      distributor.accruedEpochs(),
      distributor.paidUntil(),
    ]),
    "reserve, outstanding, credit, epochs, time",
  ).to.deep.equal([
    rewards.reserve,
    rewards.outstanding,
    rewards.creditLeft,
    BigInt(rewards.seals.length),
    BigInt(rewards.paidUntil),
  ]);
  for (const { address } of owners) {
    expect(await distributor.creditsOf(address), `credits of ${address}`).to.equal(
      rewards.credits.get(address) ?? 0n,
    );
  }
  const balance = await core.token.balanceOf(core.addresses.distributor);
  expect(balance, "the distributor's balance").to.equal(balanceOf(state, DISTRIBUTOR));
  expect(balance, "what it owes").to.equal(rewards.reserve + rewards.outstanding);
}

/** Seats, waiting lists and the last snapshot. */
export async function compareElections({ core, state }: World): Promise<void> {
  const { elections } = state;
  const [n, nAuth] = await core.elections.seats();
  expect([n, nAuth], "seats").to.deep.equal([BigInt(elections.seats.length), BigInt(elections.nAuth)]);
  for (const [seat, id] of elections.seats.entries()) {
    expect((await core.elections.occupant(seat))[0], `seat ${seat}`).to.equal(BigInt(id));
  }
  const [contenders, roleChanges] = await core.elections.waiting();
  expect([...contenders], "contenders").to.deep.equal(elections.contenders.map(BigInt));
  expect([...roleChanges], "changes of role").to.deep.equal(
    [...elections.revoked, ...elections.admitted].map(BigInt),
  );
  const number = elections.sealNumber;
  expect(await core.elections.sealNumber(), "seals").to.equal(BigInt(number));
  const expected = elections.snapshots.get(number);
  if (expected === undefined) return;
  const s = await core.elections.snapshot(number);
  const bits = (words: readonly bigint[]) =>
    words.flatMap((word, k) =>
      Array.from({ length: 256 }, (_, bit) => 256 * k + bit).filter(
        (seat) => (word >> BigInt(seat & 255)) & 1n,
      ),
    );
  const weights = expected.weights.map(
    (_, seat) => (s.weights[seat >> 3]! >> BigInt(32 * (seat & 7))) & 0xffffffffn,
  );
  const ordered = (set: Iterable<number>) => [...set].sort((a, b) => a - b);
  expect(weights, "sealed weights").to.deep.equal(expected.weights);
  // An array has `keys` of its own.
  const { keys } = plainOf(s as never) as { keys: bigint[] };
  expect([...keys].map(Number), "sealed keys").to.deep.equal(expected.keys);
  expect(bits(s.backing), "backing set").to.deep.equal(ordered(expected.backing));
  expect(bits([s.suspended]), "suspended").to.deep.equal(ordered(expected.suspended));
  expect([s.totalStake, s.backingStake, s.stakers, s.backingStakers, s.cut], "sealed sums").to.deep.equal([
    expected.totalStake,
    expected.backingStake,
    BigInt(expected.stakers),
    BigInt(expected.backingStakers),
    expected.cut,
  ]);
  expect(await core.checkpoints.epochNow(), "epoch").to.equal(BigInt(state.schedule.epoch));
}

export async function compareAll(world: World): Promise<void> {
  for (const id of world.state.registry.validators.keys()) {
    await compareValidator(world, id);
    await compareRecord(world, id);
    for (const { address } of world.owners) await comparePosition(world, id, address);
    await comparePay(
      world,
      id,
      world.owners.map(({ address }) => address),
    );
  }
  await compareTotals(world);
  await compareReserve(world);
  await compareElections(world);
}

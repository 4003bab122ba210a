import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import {
  ALL,
  accrueEpoch,
  deployWorld,
  expectCovered,
  GWEI,
  loadWorld,
  type Presence,
  RULES,
  sealRegistry,
  type World,
} from "../support/rewards.ts";

const connection = await network.create();
const fresh = () => deployWorld(connection);

const MODES = ["fast", "balanced", "secure"] as const;
const SEATS = 6;
const VALIDATORS = [1, 2, 3];
const OWNERS = 4;

/** What may happen between two accruals; anything that cannot be done now is left out. */
const action = fc.oneof(
  fc.record({
    kind: fc.constant("deposit" as const),
    validator: fc.constantFrom(...VALIDATORS),
    owner: fc.nat(OWNERS - 1),
    shares: fc.bigInt(1n, 10n ** 30n),
  }),
  fc.record({
    kind: fc.constant("exit" as const),
    validator: fc.constantFrom(...VALIDATORS),
    owner: fc.nat(OWNERS - 1),
    part: fc.nat(3),
  }),
  fc.record({
    kind: fc.constant("terms" as const),
    validator: fc.constantFrom(...VALIDATORS),
    bond: fc.nat(1_000_000_000),
    commission: fc.nat(100_000),
  }),
  fc.record({
    kind: fc.constant("claim" as const),
    validator: fc.constantFrom(...VALIDATORS),
    owner: fc.nat(OWNERS - 1),
  }),
  fc.record({ kind: fc.constant("claimValidator" as const), validator: fc.constantFrom(...VALIDATORS) }),
);
const epoch = fc.record({
  mode: fc.constantFrom(...MODES),
  multiplier: fc.integer({ min: 1, max: 4_000_000 }),
  time: fc.integer({ min: 0, max: 20_000_000 }),
  views: fc.nat(8_000),
  recovered: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  /** Whether the registry of the epoch before serves again. */
  carried: fc.boolean(),
  authorities: fc.nat(3),
  idle: fc.nat(1_000),
  weights: fc.array(fc.nat(1_000_000), { minLength: SEATS, maxLength: SEATS }),
  standby: fc.array(fc.boolean(), { minLength: SEATS, maxLength: SEATS }),
  presence: fc.array(fc.record({ missed: fc.nat(ALL), proposed: fc.nat(ALL) }), {
    minLength: SEATS,
    maxLength: SEATS,
  }),
  places: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 3, maxLength: 3 }),
  actions: fc.array(action, { maxLength: 6 }),
});

/** What custody would have on record: the stand-in believes it. */
interface Books {
  readonly terms: Map<number, { bondFraction: number; commission: number; rows: number }>;
  readonly held: Map<string, bigint>;
}

describe("rewards are conserved", () => {
  async function writeRow(w: World, books: Books, validator: number, seal: number): Promise<number> {
    const terms = books.terms.get(validator)!;
    const shares = [...books.held].reduce(
      (sum, [key, held]) => (key.startsWith(`${validator} `) ? sum + held : sum),
      0n,
    );
    const { bondFraction, commission } = terms;
    await w.world.setRow(validator, { seal, shares, bondFraction, commission, generation: 1 });
    return terms.rows++;
  }

  it("whatever happens: nothing beyond the budget, nothing beyond what seats were paid, all of it covered", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(epoch, { minLength: 3, maxLength: 7 }), async (epochs) => {
        const w = await loadWorld(connection, fresh);
        const books: Books = { terms: new Map(), held: new Map() };
        const owners = w.others.slice(2, 2 + OWNERS);
        let seal = 1;
        for (const validator of VALIDATORS) {
          books.terms.set(validator, { bondFraction: 500_000_000, commission: 50_000, rows: 0 });
          await writeRow(w, books, validator, 1);
          await w.world.setValidator(validator, w.others[10 + validator]!.address, 0);
        }
        let [budgets, paid] = [0n, 0n];
        for (const [index, e] of epochs.entries()) {
          if (index === 0 || !e.carried) {
            if (index !== 0) seal++;
            const backing = e.weights.flatMap((_, seat) =>
              e.mode !== "secure" && e.standby[seat] ? [] : [seat],
            );
            await sealRegistry(w, {
              seal,
              authorities: e.authorities,
              weights: e.weights.map((weight, seat) =>
                seat < e.authorities && !backing.includes(seat) ? 0 : weight,
              ),
              backing,
              idle: e.idle,
            });
            for (const [i, validator] of VALIDATORS.entries()) {
              await w.world.setTenure(validator, seal, e.places[i]! + 1);
            }
          }
          // A carried registry's standby seats may not vote in Secure.
          const mode = index !== 0 && e.carried ? "balanced" : e.mode;
          const { epoch: number } = await accrueEpoch(w, seal, {
            mode,
            multiplier: e.multiplier,
            time: e.time,
            views: e.views,
            recovered: e.recovered,
            presence: e.presence as Presence[],
          });
          const [event] = await w.distributor.queryFilter(w.distributor.filters.Accrued(number));
          const credits = await w.distributor.queryFilter(
            w.distributor.filters.Credited(undefined, undefined, number),
          );
          const credited = credits.reduce((sum, { args }) => sum + args.amount, 0n);
          expect(event!.args.paid + credited).to.be.lessThanOrEqual(event!.args.budget);
          expect(credited).to.be.lessThanOrEqual((event!.args.budget * RULES.creditShare) / 1_000_000n);
          budgets += event!.args.budget;
          await expectCovered(w);
          const changed = new Map<number, number>();
          for (const a of e.actions) {
            if (a.kind === "claim") {
              await w.distributor.claim([a.validator], owners[a.owner]!.address);
            } else if (a.kind === "claimValidator") {
              await w.distributor.claimValidator([a.validator]);
            } else if (!changed.has(a.validator)) {
              // One change of each validator a seal: the stand-in only adds rows.
              if (a.kind === "terms") {
                const terms = books.terms.get(a.validator)!;
                books.terms.set(a.validator, { ...terms, bondFraction: a.bond, commission: a.commission });
                changed.set(a.validator, await writeRow(w, books, a.validator, seal + 1));
              } else {
                const owner = owners[a.owner]!.address;
                const key = `${a.validator} ${owner}`;
                const had = books.held.get(key) ?? 0n;
                await w.distributor.settle(a.validator, owner);
                const has = a.kind === "deposit" ? had + a.shares : (had * BigInt(a.part)) / 4n;
                if (has === had) continue;
                books.held.set(key, has);
                const row = await writeRow(w, books, a.validator, seal + 1);
                changed.set(a.validator, row);
                await w.world.setEntry(a.validator, owner, {
                  seal: seal + 1,
                  row,
                  generation: 1,
                  shares: has,
                });
              }
            }
            await expectCovered(w);
          }
          // Registries of changed stake must be new ones.
          if (changed.size !== 0 && index + 1 < epochs.length)
            (epochs[index + 1] as { carried: boolean }).carried = false;
        }
        for (const validator of VALIDATORS) {
          while (!(await w.distributor.settleRows.staticCall(validator, 100)))
            await w.distributor.settleRows(validator, 100);
        }
        await w.distributor.claimValidator(VALIDATORS);
        for (const owner of owners) {
          while ((await w.distributor.claim.staticCall(VALIDATORS, owner.address)) !== 0n) {
            await w.distributor.claim(VALIDATORS, owner.address);
          }
        }
        for (const relayer of [w.others[0]!, w.others[1]!]) await w.distributor.claimCredits(relayer.address);
        await expectCovered(w);
        for (const { args } of await w.distributor.queryFilter(w.distributor.filters.Accrued()))
          paid += args.paid;
        // Seats of the three validators are at most all seats; rounding keeps dust, never lacks it.
        expect(await w.distributor.outstanding()).to.be.within(0n, paid + GWEI);
        expect(paid).to.be.lessThanOrEqual(budgets);
      }),
      { numRuns: 25 },
    );
  });
});

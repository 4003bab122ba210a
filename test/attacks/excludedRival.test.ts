import { expect } from "chai";
import { network } from "hardhat";
import {
  ALL,
  accrueEpoch,
  deployWorld,
  loadWorld,
  type Presence,
  type Registry,
  sealRegistry,
} from "../support/rewards.ts";

const connection = await network.create();
const fresh = () => deployWorld(connection);
const load = () => loadWorld(connection, fresh);

/** Two authorities, three voters and two standby seats. */
const REGISTRY: Registry = {
  seal: 1,
  authorities: 2,
  weights: [10, 10, 100, 200, 300, 50, 70],
  backing: [0, 1, 2, 3, 4],
};
const MODES = ["fast", "balanced", "secure"] as const;

describe("attack: excluding a rival to be paid more", () => {
  /** What every seat is paid in an epoch, gwei. */
  async function payOf(
    registry: Registry,
    presence: readonly Presence[],
    mode: (typeof MODES)[number],
  ): Promise<bigint[]> {
    const w = await load();
    await sealRegistry(
      w,
      mode === "secure" ? { ...registry, backing: [...registry.weights.keys()] } : registry,
    );
    await accrueEpoch(w, registry.seal, { mode, presence });
    const pays = registry.weights.map(async (_, seat) => {
      const [authority, stakers] = await w.distributor.countersAt(0, seat);
      return authority + stakers;
    });
    return Promise.all(pays);
  }

  for (const mode of MODES) {
    it(`${mode}: leaving a rival's votes out pays nobody more`, async () => {
      const everybody: Presence[] = REGISTRY.weights.map(() => ({ proposed: 10 }));
      const before = await payOf(REGISTRY, everybody, mode);
      for (const [victim] of REGISTRY.weights.entries()) {
        const presence = everybody.map((entry, seat) =>
          seat === victim ? { missed: ALL, proposed: 10 } : entry,
        );
        const after = await payOf(REGISTRY, presence, mode);
        for (const [seat, pay] of after.entries()) {
          if (seat === victim) expect(pay).to.be.lessThan(before[seat]!);
          else expect(pay, `${seat} by ${victim}`).to.equal(before[seat]);
        }
      }
    });

    it(`${mode}: a rival jailed, convicted or suspended stays in the divisors`, async () => {
      const everybody: Presence[] = REGISTRY.weights.map(() => ({}));
      const before = await payOf(REGISTRY, everybody, mode);
      for (const [victim, weight] of REGISTRY.weights.entries()) {
        const registry: Registry = {
          ...REGISTRY,
          weights: REGISTRY.weights.map((w, seat) => (seat === victim ? 0 : w)),
          backing: REGISTRY.backing!.filter((seat) => seat !== victim),
          idle: weight,
        };
        const after = await payOf(registry, everybody, mode);
        for (const [seat, pay] of after.entries()) {
          expect(pay, `${seat} by ${victim}`).to.be.lessThanOrEqual(before[seat]!);
        }
      }
    });
  }
});

import { calmScenario, type WorldOptions } from "../../src/index.ts";

/** The contracts seal three registries by turns: each is dropped before it returns. */
export function turns(): WorldOptions {
  const base = calmScenario("turns", { stakers: 3 });
  const { plan } = base;
  return {
    scenario: { ...base, blocks: 40, epochs: 10 },
    candidates: (epoch) => ({
      ...plan,
      seats: plan.seats.map((seat) => ({ ...seat, stake: seat.stake + BigInt(epoch % 3) })),
    }),
  };
}

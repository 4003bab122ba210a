import { check } from "./checks.ts";
import { hold, type Outcome, type World } from "./world.ts";

/** Longer than any hold, wait or unbonding takes. */
const LONG = 40 * 86_400;
/** What rounding may leave with one validator and cohort, base units. */
const CRUMBS = 1_000n;

/** Whoever is last can leave too: everybody takes out all there is, in any state that a history led to. */
export async function leaveAll(w: World): Promise<void> {
  const tell = async (name: string, outcome: Outcome): Promise<Outcome> => {
    await check(w, name, outcome, false);
    return outcome;
  };
  const must = async (name: string, outcome: Outcome): Promise<void> => {
    await tell(name, outcome);
    hold(outcome.ok, `${name} is refused to somebody who leaves: ${outcome.ok || outcome.data}`);
  };
  const { pool, queue, distributor, slashing } = w.core;
  for (const id of w.ids) {
    for (const [index, owner] of w.delegators.entries()) {
      const has = () => w.looks.get(id)!.owners[index]!;
      if (has().encumbered)
        await must("leave", await w.act("leave", owner, pool, "settleLiability", [id, owner.address]));
      if (has().tokens === 0n) continue;
      await must("leave", await w.act("leave", owner, pool, "undelegate", [id, has().shares]));
    }
    const operator = w.operatorOf.get(id)!;
    const { bond } = w.looks.get(id)!;
    if (bond > 0n) await must("leave", await w.act("leave", operator, pool, "requestUnbond", [id, bond]));
  }
  const calm = await w.act("pass", w.delegators[0]!, w.core.token, "transfer", [w.owners[1], 0n], LONG);
  await must("pass", calm);
  for (const id of w.ids) {
    const operator = w.operatorOf.get(id)!;
    for (const [index, { tokens }] of w.looks.get(id)!.bonds.entries()) {
      if (tokens === 0n) continue;
      const outcome = await tell(
        "leave",
        await w.act("leave", operator, queue, "withdrawBond", [id, index, 0]),
      );
      if (outcome.ok) continue;
      // A surcharge that is due may take all; a withdrawal of nothing is refused, and the surcharge with it.
      hold(w.isRefusal(outcome, "UnbondingQueueEmpty"), `validator ${id}: its bond stays: ${outcome.data}`);
      await must("settle", await w.act("settle", operator, slashing, "settle", [id]));
      hold(w.looks.get(id)!.bonds[index]!.tokens === 0n, `validator ${id} cannot take its bond`);
    }
    for (const [who, owner] of w.delegators.entries()) {
      for (const [index, shares] of w.looks.get(id)!.owners[who]!.parts.entries()) {
        if (shares === 0n) continue;
        await must("leave", await w.act("leave", owner, queue, "withdraw", [id, index, 0]));
      }
    }
  }
  for (const owner of w.delegators) {
    await must("leave", await w.act("leave", owner, distributor, "claim", [w.ids, owner.address]));
    await must("leave", await w.act("leave", owner, distributor, "claimCredits", [owner.address]));
  }
  for (const id of w.ids)
    await must("leave", await w.act("leave", w.delegators[0]!, distributor, "claimValidator", [[id]]));
  let left = 0n;
  for (const id of w.ids) {
    const look = await w.lookAt(id);
    // Shares that are worth nothing are nobody's loss.
    left += look.delegated;
    for (const { tokens } of [...look.bonds, ...look.delegations]) left += tokens;
  }
  hold(left <= CRUMBS * BigInt(w.ids.length), `${left} base units cannot be taken out`);
}

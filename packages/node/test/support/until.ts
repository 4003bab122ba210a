import assert from "node:assert/strict";

/** What takes longer does not come any more, however busy the machine is, ms. */
export const HANGS_MS = 600_000;
/** Between two looks, ms. */
const LOOK_MS = 50;

/** Resolves once something holds that changes with what nodes do. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + HANGS_MS / 2; !(await holds()); ) {
    assert.ok(Date.now() < end, what);
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  dropAll,
  type Fates,
  FaultyFileSystem,
  fatesFrom,
  holeInLastWrite,
  keepAll,
  tearLastWrite,
} from "../../src/faults/index.ts";
import type { WriteAheadLog } from "../../src/index.ts";
import { openLog, readAll } from "../support/wal.ts";

/** Appends of the given sizes in one turn, or a pruning up to this share of what was acknowledged. */
type Step = { readonly append: readonly number[] } | { readonly prune: number };

/** What the caller of a log knows: the oracle of these tests. */
interface Knowledge {
  /** By index: acknowledged, or read back after a crash. */
  readonly acknowledged: Uint8Array[];
  /** Appended and unanswered when the machine crashed, in order. */
  open: Uint8Array[];
  /** The highest mark that pruning was asked for. */
  mark: number;
}

const SEGMENT = 200;
let counter = 0;

// A record that contains what looks like a frame must not be mistaken for one.
function payload(size: number): Uint8Array {
  const data = new Uint8Array(4 + size).fill(0x5a);
  new DataView(data.buffer).setUint32(0, counter++);
  return data;
}

/** Runs steps until they end or the machine crashes. */
async function run(log: WriteAheadLog, steps: readonly Step[], known: Knowledge): Promise<void> {
  for (const step of steps) {
    if ("prune" in step) {
      const mark = Math.floor((known.acknowledged.length * step.prune) / 100);
      known.mark = Math.max(known.mark, mark);
      await log.prune(mark).catch(() => {});
      continue;
    }
    const group = step.append.map(payload);
    const answers = await Promise.allSettled(group.map((data) => log.append(data)));
    for (const [position, answer] of answers.entries()) {
      if (answer.status === "rejected") known.open.push(group[position]!);
      else {
        assert.equal(answer.value, known.acknowledged.length, "indices follow each other");
        known.acknowledged.push(group[position]!);
      }
    }
  }
}

/** Reads everything back: what was acknowledged and not pruned, then at most a beginning of what was open. */
async function check(log: WriteAheadLog, known: Knowledge): Promise<void> {
  assert.ok(log.first <= known.mark, `pruned up to ${log.first}, asked for ${known.mark}`);
  const records = await readAll(log);
  const allowed = [...known.acknowledged, ...known.open];
  assert.ok(log.next >= known.acknowledged.length, "an acknowledged record is missing");
  assert.ok(log.next <= allowed.length, "there are more records than were appended");
  assert.deepEqual(
    records,
    allowed.slice(log.first, log.next).map((data, i) => ({ index: log.first + i, data })),
  );
  // What was read once must be there for ever.
  known.acknowledged.push(...known.open.slice(0, log.next - known.acknowledged.length));
  known.open = [];
}

const fresh = (): Knowledge => ({ acknowledged: [], open: [], mark: 0 });

async function boot(fs: FaultyFileSystem, steps: readonly Step[], known: Knowledge): Promise<void> {
  let log: WriteAheadLog;
  try {
    log = await openLog(fs, { segmentBytes: SEGMENT });
  } catch (error) {
    assert.ok(fs.crashed, `opening failed without a crash: ${error}`);
    return;
  }
  await check(log, known).catch((error) => {
    if (!fs.crashed) throw error;
  });
  await run(log, steps, known);
  await log.close().catch(() => {});
}

describe("write-ahead log, crashed at every operation", () => {
  const steps: Step[] = [
    { append: [10] },
    { append: [0, 50, 3] },
    { append: [120] },
    { append: [1, 1, 1, 1] },
    { prune: 60 },
    { append: [90, 90] },
    { append: [5] },
    { prune: 100 },
    { append: [7, 30] },
  ];
  const fates: [string, Fates][] = [
    ["nothing arrives", dropAll],
    ["everything arrives", keepAll],
    ...[1, 7, 23, 24, 25, 30].map((n): [string, Fates] => [`the last write tears at ${n}`, tearLastWrite(n)]),
    ...[1, 24, 30].map((n): [string, Fates] => [`the last write lacks its first ${n}`, holeInLastWrite(n)]),
    // Later writes and names arrive without earlier ones.
    ["every second arrives", (_, index) => (index % 2 === 0 ? "drop" : "keep")],
    ["every other second arrives", (_, index) => (index % 2 === 0 ? "keep" : "drop")],
  ];

  for (const [name, fate] of fates) {
    it(`keeps what it acknowledged: ${name}`, async () => {
      const whole = new FaultyFileSystem();
      await boot(whole, steps, fresh());
      assert.ok(whole.operations > 20);
      for (let crashAt = 1; crashAt <= whole.operations; crashAt++) {
        const known = fresh();
        const fs = new FaultyFileSystem({ crashAt });
        await boot(fs, steps, known);
        assert.ok(fs.crashed);
        const after = fs.crash(fate);
        await boot(after, steps, known);
        await boot(after, [], known);
      }
    });
  }
});

describe("write-ahead log, crashed again and again", () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ append: fc.array(fc.nat(150), { minLength: 1, maxLength: 5 }) }) },
    { weight: 1, arbitrary: fc.record({ prune: fc.nat(100) }) },
  );
  const life = fc.record({
    steps: fc.array(step, { maxLength: 12 }),
    crashAt: fc.integer({ min: 1, max: 40 }),
    fates: fc.array(fc.nat(1000), { minLength: 1, maxLength: 12 }),
  });

  it("keeps what it acknowledged, in order, and nothing else but a beginning of the rest", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 5 }), async (lives) => {
        const known = fresh();
        let fs = new FaultyFileSystem({ crashAt: lives[0]!.crashAt });
        for (const [index, { steps, fates }] of lives.entries()) {
          await boot(fs, steps, known);
          const next = lives[index + 1];
          fs = fs.crash(fatesFrom(fates), next === undefined ? {} : { crashAt: next.crashAt });
        }
        await boot(fs, [], known);
        assert.ok(!fs.crashed);
      }),
      { numRuns: 300 },
    );
  });
});

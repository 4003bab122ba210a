import { availableParallelism } from "node:os";
import { type Bls, pureBls } from "@aitbc-hybrid/crypto";
import { nativeBls, VerificationPool } from "@aitbc-hybrid/crypto/native";

export const description = "BLS12-381: sign, verify, aggregates of 21, 100 and 1,000 keys, batches, the pool";

type Figures = Record<string, { value: number; unit: string }>;

const ROOT = new Uint8Array(32).fill(7);

// Enough samples for a steady median, and an end for the slow implementation.
const BUDGET_MS = 250;

/** Median time of `action` in milliseconds. */
function median(action: () => void): number {
  action();
  const samples: number[] = [];
  for (const end = performance.now() + BUDGET_MS; samples.length < 5 || performance.now() < end; ) {
    const start = performance.now();
    action();
    samples.push(performance.now() - start);
  }
  return samples.sort((a, b) => a - b)[samples.length >> 1]!;
}

/** Measures both implementations on this machine; milliseconds unless the unit says otherwise. */
export async function run(): Promise<Figures> {
  const figures: Figures = {};
  const measure = (name: string, action: () => void): void => {
    figures[name] = { value: round(median(action)), unit: "ms" };
  };
  single(pureBls, "pure", measure);
  single(nativeBls, "native", measure);
  for (const count of [21, 100, 1000]) aggregates(count, measure);
  figures.poolVerificationsPerSecond = { value: await poolRate(), unit: "1/s" };
  return figures;
}

function single(bls: Bls, label: string, measure: (name: string, action: () => void) => void): void {
  const secret = secretOf(1);
  const key = bls.parseKey(bls.publicKey(secret));
  const bytes = bls.sign(secret, ROOT);
  const signature = bls.parseSignature(bytes);
  measure(`${label}Sign`, () => bls.sign(secret, ROOT));
  measure(`${label}Verify`, () => expect(bls.verify(key, ROOT, signature)));
  measure(`${label}ParseSignature`, () => bls.parseSignature(bytes));
}

function aggregates(count: number, measure: (name: string, action: () => void) => void): void {
  const secrets = Array.from({ length: count }, (_, i) => secretOf(i + 1));
  const keys = secrets.map((secret) => nativeBls.parseKey(nativeBls.publicKey(secret)));
  const signatures = secrets.map((secret) => nativeBls.parseSignature(nativeBls.sign(secret, ROOT)));
  const table = nativeBls.keyTable(
    keys.map((key) => key.uncompressed),
    { trusted: true },
  );
  const all = [...keys.keys()];
  const seats = (absent: number): number[] => all.slice(absent);
  const aggregate = (absent: number): Uint8Array => nativeBls.aggregateSignatures(signatures.slice(absent));
  const third = Math.floor((count - 1) / 3);
  const few = Math.ceil(count / 2) - 1;
  const whole = aggregate(0);
  const quorum = aggregate(third);
  const minority = nativeBls.aggregateSignatures(signatures.slice(0, few));
  const verify = (list: number[], signature: Uint8Array): void =>
    expect(nativeBls.aggregateVerify(table, list, ROOT, signature));
  measure(`aggregateSignatures${count}`, () => nativeBls.aggregateSignatures(signatures));
  measure(`verifyAggregate${count}`, () => verify(all, whole));
  measure(`verifyAggregate${count}LessThird`, () => verify(seats(third), quorum));
  measure(`verifyAggregate${count}Minority`, () => verify(all.slice(0, few), minority));
  const entries = keys.map((key, i) => ({ key, signature: signatures[i]! }));
  measure(`verifyBatch${count}`, () => expect(nativeBls.verifyMany(ROOT, entries)));
}

async function poolRate(): Promise<number> {
  const jobs = 2000;
  const pool = new VerificationPool({ workers: availableParallelism(), queueLimit: jobs });
  const key = nativeBls.parseKey(nativeBls.publicKey(secretOf(1)));
  const signature = nativeBls.sign(secretOf(1), ROOT);
  await Promise.all(Array.from({ length: 50 }, () => pool.verify(key, ROOT, signature)));
  const start = performance.now();
  const answers = await Promise.all(Array.from({ length: jobs }, () => pool.verify(key, ROOT, signature)));
  const rate = (1000 * jobs) / (performance.now() - start);
  for (const answer of answers) expect(answer);
  await pool.close();
  return Math.round(rate);
}

function expect(valid: boolean): void {
  if (!valid) throw new Error("a signature that must verify does not");
}

function secretOf(n: number): Uint8Array {
  const secret = new Uint8Array(32);
  new DataView(secret.buffer).setUint32(28, n);
  return secret;
}

const round = (value: number): number => Number(value.toPrecision(3));

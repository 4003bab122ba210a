import { bls12_381 as curve } from "@noble/curves/bls12-381.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";

/** Calls a contract at the latest block; rejects if the call fails. */
export type Call = (to: string, data: string) => Promise<string>;

const G1 = curve.G1.Point;
const G2 = curve.G2.Point;
const FP_BYTES = 64;

const fp = (value: bigint): Uint8Array => {
  const bytes = new Uint8Array(FP_BYTES);
  for (let i = FP_BYTES - 1; value > 0n; i--, value >>= 8n) bytes[i] = Number(value & 0xffn);
  return bytes;
};
const scalar = (value: bigint): Uint8Array => fp(value).slice(32);

type Affine1 = { readonly x: bigint; readonly y: bigint };
type Affine2 = {
  readonly x: { readonly c0: bigint; readonly c1: bigint };
  readonly y: { readonly c0: bigint; readonly c1: bigint };
};
const g1 = ({ x, y }: Affine1): Uint8Array => concatBytes(fp(x), fp(y));
const g2 = ({ x, y }: Affine2): Uint8Array => concatBytes(fp(x.c0), fp(x.c1), fp(y.c0), fp(y.c1));

/** A point of the twist that is not in the subgroup: the first whose x is a small integer. */
function strayG2(): Affine2 {
  const { Fp2 } = curve.fields;
  const b = Fp2.create({ c0: 4n, c1: 4n });
  for (let i = 1n; ; i++) {
    const x = Fp2.create({ c0: i, c1: 0n });
    try {
      const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), b));
      if (!G2.fromAffine({ x, y }).isTorsionFree()) return { x, y };
    } catch {
      // No square root: no point has this x.
    }
  }
}

interface Case {
  readonly what: string;
  readonly at: number;
  readonly input: Uint8Array;
  /** Expected output; undefined: the precompile must refuse. */
  readonly output?: Uint8Array;
}

/** Known answers of EIP-2537 and the inputs a lax precompile would let pass. */
function cases(): Case[] {
  const a = g1(G1.BASE.toAffine());
  const b = g2(G2.BASE.toAffine());
  const minusA = g1(G1.BASE.negate().toAffine());
  const none1 = new Uint8Array(2 * FP_BYTES);
  const none2 = new Uint8Array(4 * FP_BYTES);
  const one = scalar(1n);
  const p = curve.fields.Fp.ORDER;
  // On the curve y^2 = x^3 + 4, of order 3.
  const stray1 = g1({ x: 0n, y: 2n });
  const stray2 = g2(strayG2());
  const yes = scalar(1n);
  const double1 = g1(G1.BASE.double().toAffine());
  const double2 = g2(G2.BASE.double().toAffine());
  const field = { c0: 5n, c1: 7n };
  // The library's types say affine; it returns a point with its cofactor cleared, as the precompile does.
  const mapped = curve.G2.mapToCurve([field.c0, field.c1]) as unknown as InstanceType<typeof G2>;
  return [
    { what: "G1ADD adds", at: 0x0b, input: concatBytes(a, a), output: double1 },
    { what: "G1ADD knows infinity", at: 0x0b, input: concatBytes(a, none1), output: a },
    { what: "G1ADD cancels", at: 0x0b, input: concatBytes(a, minusA), output: none1 },
    { what: "G1ADD refuses a point off the curve", at: 0x0b, input: concatBytes(a, g1({ x: 1n, y: 1n })) },
    {
      what: "G1ADD refuses a coordinate beyond the modulus",
      at: 0x0b,
      input: concatBytes(a, g1({ x: p, y: 2n })),
    },
    { what: "G1MSM multiplies", at: 0x0c, input: concatBytes(a, scalar(2n)), output: double1 },
    { what: "G1MSM refuses a point outside the subgroup", at: 0x0c, input: concatBytes(stray1, one) },
    { what: "G2ADD adds", at: 0x0d, input: concatBytes(b, b), output: double2 },
    { what: "G2ADD knows infinity", at: 0x0d, input: concatBytes(b, none2), output: b },
    { what: "G2MSM multiplies", at: 0x0e, input: concatBytes(b, scalar(2n)), output: double2 },
    { what: "G2MSM refuses a point outside the subgroup", at: 0x0e, input: concatBytes(stray2, one) },
    { what: "PAIRING accepts", at: 0x0f, input: concatBytes(a, b, minusA, b), output: yes },
    { what: "PAIRING denies", at: 0x0f, input: concatBytes(a, b, a, b), output: scalar(0n) },
    { what: "PAIRING knows infinity", at: 0x0f, input: concatBytes(none1, b, a, none2), output: yes },
    { what: "PAIRING refuses a key outside the subgroup", at: 0x0f, input: concatBytes(stray1, b) },
    { what: "PAIRING refuses a signature outside the subgroup", at: 0x0f, input: concatBytes(a, stray2) },
    { what: "PAIRING refuses an input cut short", at: 0x0f, input: concatBytes(a, b).slice(0, 383) },
    {
      what: "MAP_FP2_TO_G2 maps",
      at: 0x11,
      input: concatBytes(fp(field.c0), fp(field.c1)),
      output: g2(mapped.toAffine()),
    },
    {
      what: "MAP_FP2_TO_G2 refuses a coordinate beyond the modulus",
      at: 0x11,
      input: concatBytes(fp(p), fp(0n)),
    },
  ];
}

/**
 * Tries the BLS12-381 precompiles (EIP-2537) that custody depends on. A chain without them, or with lax ones, would
 * accept forged checkpoints.
 * @returns What is wrong, one sentence each; nothing if all is well.
 */
export async function probePrecompiles(call: Call): Promise<string[]> {
  const results = await Promise.all(
    cases().map(async ({ what, at, input, output }) => {
      const address = `0x${at.toString(16).padStart(40, "0")}`;
      const answer = await call(address, `0x${bytesToHex(input)}`).catch(() => null);
      // A call that fails in a precompile returns nothing; so does one to an account without code.
      const refused = answer === null || answer === "0x";
      const right = output === undefined ? refused : answer === `0x${bytesToHex(output)}`;
      return right
        ? null
        : `${what}: it does not (answer ${answer === null ? "none" : answer.slice(0, 20)}…)`;
    }),
  );
  return results.filter((result) => result !== null);
}

/** A block by its tag or its number in hexadecimal; null if the chain knows none. */
export type BlockAt = (
  tag: string,
) => Promise<{ readonly number: string; readonly timestamp: string } | null>;

/** What headers go by when they name blocks of the settlement chain: seconds, blocks, milliseconds. */
export interface FinalityRules {
  readonly settlementLag: number;
  /** 0: the finalized tag. */
  readonly settleDepth: number;
  readonly refLag: number;
}

/**
 * Compares the age of the newest settlement block that headers may name with the one that the parameters count on. On a
 * slower chain no epoch would ever take over a registry that was sealed for it. A lag of 0 counts on nothing.
 * @returns What is wrong, in a sentence; null if all is well.
 */
export async function probeFinality(blockAt: BlockAt, rules: FinalityRules): Promise<string | null> {
  const { settlementLag, settleDepth, refLag } = rules;
  if (settlementLag === 0) return null;
  const latest = (await blockAt("latest"))!;
  const deep = Math.max(0, Number(latest.number) - settleDepth);
  const final = await blockAt(settleDepth === 0 ? "finalized" : `0x${deep.toString(16)}`).catch(() => null);
  if (final === null)
    return "it tells no finalized block: set `settleDepth`, the blocks after which one is final";
  const age = Number(latest.timestamp) - Number(final.timestamp) + refLag / 1000;
  return age <= settlementLag
    ? null
    : `headers could name no block younger than ${age} s (finality and refLag), and \`settlementLag\` is ${settlementLag} s: raise it, and epochs to twice as much`;
}

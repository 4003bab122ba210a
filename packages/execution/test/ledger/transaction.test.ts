import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Transaction as EthersTransaction, Wallet as EthersWallet } from "ethers";
import fc from "fast-check";
import { privateKeyToAccount } from "viem/accounts";
import {
  decodeTransaction,
  defaultLedgerParameters,
  encodeTransaction,
  fromBigint,
  fromHex,
  intrinsicGas,
  type RefusalReason,
  TransactionRefused,
  toBigint,
  toHex,
} from "../../src/ledger/index.ts";
import { type RlpItem, rlpDecode, rlpEncode } from "../../src/ledger/rlp.ts";
import { bestRecover } from "../../src/senders/index.ts";
import { fixedAddress, parameters, wallet } from "../support/wallet.ts";

const recover = bestRecover();
const groupOrder = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

/** The sender of an envelope. */
function senderOf(bytes: Uint8Array, chainId: number): string {
  const { signingHash, signature, parity } = decodeTransaction(bytes, defaultLedgerParameters(chainId));
  return toHex(recover(signingHash, signature, parity)!);
}

function reasonOf(bytes: Uint8Array): RefusalReason | null {
  try {
    decodeTransaction(bytes, parameters);
    return null;
  } catch (error) {
    if (error instanceof TransactionRefused) return error.reason;
    throw error;
  }
}

describe("transactions", () => {
  it("decodes the example of EIP-155", () => {
    // https://eips.ethereum.org/EIPS/eip-155, section Example
    const raw =
      "0xf86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83";
    const transaction = decodeTransaction(fromHex(raw), defaultLedgerParameters(1));
    assert.equal(
      toHex(transaction.signingHash),
      "0xdaf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53",
    );
    assert.equal(transaction.nonce, 9);
    assert.equal(transaction.maxFeePerGas, 20n * 10n ** 9n);
    assert.equal(transaction.to, "0x3535353535353535353535353535353535353535");
    assert.equal(transaction.value, 10n ** 18n);
    assert.equal(
      toBigint(transaction.signature.subarray(0, 32)),
      18515461264373351373200002665853028612451056578545711640558177340181847433846n,
    );
    assert.equal(
      senderOf(fromHex(raw), 1),
      privateKeyToAccount(`0x${"46".repeat(32)}`).address.toLowerCase(),
    );
    assert.equal(toHex(encodeTransaction(transaction)), raw);
  });

  it("decodes an EIP-1559 transaction that ethereumjs signed", () => {
    // First case of github.com/ethereumjs/ethereumjs-monorepo, packages/tx/test/json/eip1559.json, without the string header.
    const raw =
      "0x02f870821e8e8203338301284d8301d97c828ae094000000000000000000000000000000000000aaaa8402933bc980c080a0d067f2167008c59219652f91cbf8788dbca5f771f6e91e2b7657e85b78b472e0a01d305af9fe81fdba43f0dfcd400ed24dcace0a7e30d4e85701dcaaf484cd079e";
    const transaction = decodeTransaction(fromHex(raw), defaultLedgerParameters(7822));
    assert.equal(transaction.nonce, 819);
    assert.equal(transaction.value, 43203529n);
    assert.equal(transaction.gasLimit, 35552);
    assert.equal(transaction.maxPriorityFeePerGas, 75853n);
    assert.equal(transaction.maxFeePerGas, 121212n);
    assert.equal(transaction.to, "0x000000000000000000000000000000000000aaaa");
    const key = "0x8f2a55949038a9610f50fb23b5883af3b4ecb3c3bb792cbcefbd1542c692be63";
    assert.equal(senderOf(fromHex(raw), 7822), privateKeyToAccount(key).address.toLowerCase());
    assert.equal(toHex(encodeTransaction(transaction)), raw);
  });

  it("agrees with viem and ethers on hash, sender and bytes of every type", async () => {
    const key = `0x${"5a".repeat(32)}` as const;
    const account = privateKeyToAccount(key);
    const common = {
      chainId: 31_999,
      nonce: 7,
      gas: 60_000n,
      to: fixedAddress(9),
      value: 12_345n,
      data: "0x00ff",
    } as const;
    const signed = [
      await account.signTransaction({ ...common, type: "legacy", gasPrice: 10n ** 10n }),
      await account.signTransaction({ ...common, type: "eip2930", gasPrice: 10n ** 10n }),
      await account.signTransaction({
        ...common,
        type: "eip1559",
        maxFeePerGas: 10n ** 10n,
        maxPriorityFeePerGas: 10n ** 9n,
      }),
    ];
    for (const [type, raw] of signed.entries()) {
      const transaction = decodeTransaction(fromHex(raw), parameters);
      const ethers = EthersTransaction.from(raw);
      assert.equal(transaction.type, type);
      assert.equal(transaction.hash, ethers.hash);
      assert.equal(toHex(transaction.signingHash), ethers.unsignedHash);
      assert.equal(senderOf(fromHex(raw), 31_999), new EthersWallet(key).address.toLowerCase());
      assert.equal(toHex(encodeTransaction(transaction)), raw);
    }
  });

  it("prices calldata as the EVM does since EIP-7623", () => {
    assert.equal(intrinsicGas(new Uint8Array(0)), 21_000);
    assert.equal(intrinsicGas(Uint8Array.of(0, 0, 1)), 21_000 + 10 + 10 + 40);
  });

  describe("are refused with a reason", () => {
    const alice = wallet(1);
    const good = alice.sign();
    const cases: readonly [RefusalReason, string, Uint8Array][] = [
      ["MALFORMED", "nothing", new Uint8Array(0)],
      ["MALFORMED", "a byte string", Uint8Array.of(0x83, 1, 2, 3)],
      ["MALFORMED", "a byte too many", Uint8Array.of(...good, 0)],
      ["MALFORMED", "a byte missing", good.subarray(0, -1)],
      ["MALFORMED", "a field too many", changed(good, (items) => [...items, new Uint8Array(0)])],
      ["MALFORMED", "a field missing", changed(good, (items) => items.slice(0, -1))],
      ["MALFORMED", "a nonce with a leading zero", replaced(good, 1, Uint8Array.of(0, 1))],
      ["MALFORMED", "a nonce above 2^53 - 1", replaced(good, 1, fromBigint(1n << 53n))],
      ["MALFORMED", "a value above 2^256 - 1", replaced(good, 6, fromBigint(1n << 256n))],
      ["MALFORMED", "a recipient of 19 bytes", replaced(good, 5, new Uint8Array(19))],
      ["MALFORMED", "a parity of 2", replaced(good, 9, Uint8Array.of(2))],
      ["MALFORMED", "a list for a number", replaced(good, 6, [])],
      ["UNSUPPORTED_TYPE", "a blob transaction", Uint8Array.of(3, ...good.subarray(1))],
      ["UNSUPPORTED_TYPE", "type 0x7f", Uint8Array.of(0x7f)],
      ["OVERSIZED_TRANSACTION", "9,000 bytes", new Uint8Array(9_000)],
      ["OVERSIZED_DATA", "5,000 bytes of data", alice.sign({ data: new Uint8Array(5_000), gasLimit: 1e6 })],
      ["CONTRACT_CREATION", "no recipient", replaced(good, 5, new Uint8Array(0))],
      ["ACCESS_LIST", "an access list", replaced(good, 8, [[new Uint8Array(20), []]])],
      ["WRONG_CHAIN_ID", "another chain", alice.sign({ chainId: 5n })],
      [
        "WRONG_CHAIN_ID",
        "no chain (before EIP-155)",
        replaced(alice.sign({ type: 0 }), 6, Uint8Array.of(27)),
      ],
      ["BAD_SIGNATURE", "r = 0", replaced(good, 10, new Uint8Array(0))],
      ["BAD_SIGNATURE", "r = group order", replaced(good, 10, fromBigint(groupOrder))],
      ["BAD_SIGNATURE", "s = 0", replaced(good, 11, new Uint8Array(0))],
      ["BAD_SIGNATURE", "the other, high s", highS(good)],
      [
        "TIP_ABOVE_FEE_CAP",
        "tip 2, cap 1",
        replaced(replaced(good, 2, Uint8Array.of(2)), 3, Uint8Array.of(1)),
      ],
      ["GAS_TOO_LOW", "20,999 gas", replaced(good, 4, fromBigint(20_999n))],
    ];
    for (const [reason, name, bytes] of cases) {
      it(`${reason}: ${name}`, () => assert.equal(reasonOf(bytes), reason));
    }

    it("but not without one of these", () => assert.equal(reasonOf(good), null));
  });

  it("decode to fields that encode to the same bytes, or are refused, whatever the bytes", () => {
    const signed = [
      wallet(1).sign(),
      wallet(2).sign({ type: 1, data: Uint8Array.of(1, 2), gasLimit: 30_000 }),
      wallet(3).sign({ type: 0, nonce: 300 }),
    ];
    const damaged = fc
      .tuple(
        fc.constantFrom(...signed),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        fc.nat(3),
      )
      .map(([bytes, edits, cut]) => {
        const copy = bytes.slice(0, bytes.length - (cut === 3 ? 1 : 0));
        for (const [at, value] of edits) copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), (bytes) => {
        try {
          assert.deepEqual(encodeTransaction(decodeTransaction(bytes, parameters)), bytes);
        } catch (error) {
          assert.ok(error instanceof TransactionRefused, String(error));
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("encode and decode to the same fields", () => {
    const fields = fc.record({
      type: fc.constantFrom(0 as const, 1 as const, 2 as const),
      nonce: fc.maxSafeNat(),
      tip: fc.bigInt({ min: 0n, max: 10n ** 20n }),
      room: fc.bigInt({ min: 0n, max: 10n ** 20n }),
      gasLimit: fc.integer({ min: 200_000, max: 2 ** 40 }),
      value: fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }),
      data: fc.uint8Array({ maxLength: 300 }),
    });
    const alice = wallet(1);
    fc.assert(
      fc.property(fields, ({ tip, room, ...rest }) => {
        const maxFeePerGas = tip + room;
        const maxPriorityFeePerGas = rest.type === 2 ? tip : maxFeePerGas;
        const wishes = { ...rest, maxFeePerGas, maxPriorityFeePerGas };
        const bytes = alice.sign(wishes);
        const decoded = decodeTransaction(bytes, parameters);
        for (const [name, value] of Object.entries(wishes)) {
          assert.deepEqual(decoded[name as keyof typeof decoded], value, name);
        }
        assert.equal(senderOf(bytes, parameters.chainId), alice.address);
      }),
      { numRuns: 200 },
    );
  });
});

function changed(bytes: Uint8Array, change: (items: readonly RlpItem[]) => readonly RlpItem[]): Uint8Array {
  const typed = bytes[0]! < 0x80;
  const list = rlpEncode(change(rlpDecode(typed ? bytes.subarray(1) : bytes) as readonly RlpItem[]));
  return typed ? Uint8Array.of(bytes[0]!, ...list) : list;
}

function replaced(bytes: Uint8Array, at: number, item: RlpItem): Uint8Array {
  return changed(bytes, (items) => items.with(at, item));
}

/** The same signature with the other s: valid to the curve, refused by EIP-2. */
function highS(bytes: Uint8Array): Uint8Array {
  const { signature, parity } = decodeTransaction(bytes, parameters);
  const flipped = replaced(bytes, 11, fromBigint(groupOrder - toBigint(signature.subarray(32))));
  return replaced(flipped, 9, parity === 0 ? Uint8Array.of(1) : new Uint8Array(0));
}

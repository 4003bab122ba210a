import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTransaction, recoverTransactionAddress } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { transferSigner } from "../src/wallet/signing.ts";

test("the wallet's signer makes the very envelope that viem's account makes", async () => {
  for (let nonce = 0; nonce < 20; nonce++) {
    const key = generatePrivateKey();
    const account = privateKeyToAccount(key);
    const transfer = {
      type: "eip1559",
      chainId: 26_090,
      nonce,
      to: account.address,
      value: BigInt(nonce) * 10n ** 12n,
      gas: 21_000n,
      maxPriorityFeePerGas: 1n,
      maxFeePerGas: 10n ** 12n,
    } as const;
    const { raw } = await transferSigner(key)(transfer);
    assert.equal(raw, await account.signTransaction(transfer));
    assert.equal(
      await recoverTransactionAddress({ serializedTransaction: raw as `0x02${string}` }),
      account.address,
    );
    assert.equal(parseTransaction(raw).nonce ?? 0, nonce);
  }
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { constantName, generate, sortAbi } from "../codegen.ts";

test("a contract's constant is its name in lower camel case", () => {
  assert.equal(constantName("AITBCToken"), "aitbcToken");
  assert.equal(constantName("StakingPool"), "stakingPool");
  assert.equal(constantName("BLS12381"), "bls12381");
});

describe("an ABI", () => {
  const transfer = { type: "function", name: "transfer", inputs: [{ type: "address" }, { type: "uint256" }] };
  const shorter = { type: "function", name: "transfer", inputs: [{ type: "address" }] };
  const event = { type: "event", name: "Approval", inputs: [] };
  const creation = { type: "constructor", inputs: [] };

  test("is sorted by kind, name and parameters, whatever its order was", () => {
    const sorted = [creation, shorter, transfer, event];
    assert.deepEqual(sortAbi([event, transfer, creation, shorter]), sorted);
    assert.deepEqual(sortAbi([shorter, creation, transfer, event]), sorted);
  });

  test("becomes a constant in a file of its own, and an index names them all", () => {
    const files = generate([
      {
        contractName: "AITBCToken",
        sourceName: "contracts/token/AITBCToken.sol",
        bytecode: "0x00",
        abi: [event],
      },
    ]);
    assert.deepEqual([...files.keys()], ["AITBCToken.ts", "index.ts"]);
    assert.match(files.get("AITBCToken.ts") ?? "", /export const aitbcTokenAbi = \[[\s\S]*\] as const;\n$/);
    assert.match(files.get("index.ts") ?? "", /export \{ aitbcTokenAbi \} from "\.\/AITBCToken\.ts";\n$/);
  });
});

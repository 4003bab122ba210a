import { expect } from "chai";
import { network } from "hardhat";
import { readVectors } from "../support/vectors.ts";

interface Case {
  readonly Name: string;
  readonly Input: string;
  readonly Expected?: string;
}

/** Address of the precompile behind each file of vectors. */
const PRECOMPILES = {
  add_G1: "0x000000000000000000000000000000000000000b",
  "fail-add_G1": "0x000000000000000000000000000000000000000b",
  "fail-msm_G1": "0x000000000000000000000000000000000000000c",
  pairing_check: "0x000000000000000000000000000000000000000f",
  "fail-pairing_check": "0x000000000000000000000000000000000000000f",
  map_fp2_to_G2: "0x0000000000000000000000000000000000000011",
} as const;

const { ethers } = await network.create();

// BLS12381 leaves canonical coordinates, curve and subgroup to the chain's precompiles: a chain that is lax about one
// of them is not one to deploy on, and a test on such an EVM would prove nothing.
describe("EIP-2537 precompiles of this chain", () => {
  const files = readVectors<Record<keyof typeof PRECOMPILES, Case[]>>("outside/eip2537.json");

  for (const [file, to] of Object.entries(PRECOMPILES)) {
    for (const { Name, Input, Expected } of files[file as keyof typeof PRECOMPILES]) {
      it(`${file}: ${Name}`, async () => {
        const answer = await ethers.provider
          .call({ to, data: `0x${Input}` })
          .catch((error: Error) => `refused: ${error.message.slice(0, 200)}`);
        if (Expected === undefined) expect(answer).to.match(/^refused: /);
        else expect(answer).to.equal(`0x${Expected}`);
      });
    }
  }
});

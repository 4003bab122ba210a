import assert from "node:assert/strict";
import { test } from "node:test";
import { parseNetwork, stakingPoolAbi as sdkAbi } from "@aitbc-hybrid/sdk";
import { abis, deploymentOn, deployments, isDeployedOn, stakingPoolAbi } from "../src/index.ts";

test("ABIs are those of sdk, by the contracts' names", () => {
  assert.equal(stakingPoolAbi, sdkAbi);
  assert.equal(abis.StakingPool, sdkAbi);
  for (const [name, abi] of Object.entries(abis)) assert.ok(abi.length > 0, name);
});

test("every published deployment is a whole network file under its chain's id", () => {
  for (const [chain, network] of Object.entries(deployments)) {
    assert.equal(parseNetwork(network).chainId, Number(chain));
    assert.equal(deploymentOn(Number(chain)), network);
    assert.ok(isDeployedOn(Number(chain)));
  }
});

test("a chain without contracts is named in the error", () => {
  assert.equal(isDeployedOn(31_337), false);
  assert.throws(() => deploymentOn(31_337), /no contracts are known on settlement chain 31337/);
});

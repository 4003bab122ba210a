import { DEVNET_PARAMS, type Params } from "@aitbc-hybrid/protocol";
import { expect } from "chai";
import { network } from "hardhat";
import { type Core, loadCore, startedCore } from "../support/core.ts";
import { execute, pass, propose } from "../support/governance.ts";

const connection = await network.create();
const started = () => startedCore(connection);
const load = () => loadCore(connection, started);

/** Values within their bounds, together unsafe; what they would break. */
const COMBINATIONS: Record<string, (core: Core) => string> = {
  "a lease for stamps that may run ahead of it": ({ parameters }) =>
    parameters.interface.encodeFunctionData("setConsensus", [
      { ...DEVNET_PARAMS, lease: 1_000, drift: 5_000 } satisfies Params,
    ]),
  "a leak while blocks may still be final": ({ parameters, file }) =>
    parameters.interface.encodeFunctionData("setRecovery", [
      { ...file.recovery, leakAfter: 172_801 } as never,
    ]),
  "a leak that outlasts the stake it is to leave out": ({ parameters, file }) =>
    parameters.interface.encodeFunctionData("setRecovery", [
      { ...file.recovery, leakAfter: 604_800, leakRound: 172_800, leakStep: 50_000 } as never,
    ]),
  "a stall shorter than the way of a checkpoint": ({ parameters, file }) =>
    parameters.interface.encodeFunctionData("setRecovery", [{ ...file.recovery, stall: 10 } as never]),
  "authorities with a third of both classes": ({ parameters, file }) =>
    parameters.interface.encodeFunctionData("setStake", [
      { ...file.stake, stakeCap: 1_000, stakeCapFrom: 20 } as never,
    ]),
  "absence dearer than equivocation": ({ parameters, file }) =>
    parameters.interface.encodeFunctionData("setSlashing", [
      { ...file.slashing, basePenalty: 40_000 } as never,
    ]),
  "a Fast mode that is entered and left in every epoch": ({ parameters }) =>
    parameters.interface.encodeFunctionData("setConsensus", [
      { ...DEVNET_PARAMS, fastEntryLoad: DEVNET_PARAMS.fastExitLoad } satisfies Params,
    ]),
};

describe("attack: governance sets values that are each allowed and together unsafe", () => {
  for (const [name, data] of Object.entries(COMBINATIONS)) {
    it(`${name} is refused when it is executed`, async () => {
      const core = await load();
      const proposal = await propose(core, [{ target: core.addresses.parameters, data: data(core) }]);
      await pass(core, proposal, [5, 6, 7]);
      await expect(execute(core, proposal)).to.be.revertedWithCustomError(
        core.parameters,
        "ConsensusParametersUnsafe",
      );
    });
  }
});

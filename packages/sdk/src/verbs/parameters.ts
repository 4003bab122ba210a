import type { Params } from "@aitbc-hybrid/protocol";
import { consensusParametersAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

const words = (value: Params["epochLength"]) => ({
  fast: BigInt(value.fast),
  balanced: BigInt(value.balanced),
  secure: BigInt(value.secure),
});

/** Sets the consensus values that registries sealed from now on carry. The sender needs governance's role. */
export function setConsensus(sender: Sender, network: Network, p: Params): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.parameters,
    abi: consensusParametersAbi,
    functionName: "setConsensus",
    args: [
      {
        epochLength: words(p.epochLength),
        checkpointInterval: words(p.checkpointInterval),
        blockTime: words(p.blockTime),
        delta: words(p.delta),
        termViews: BigInt(p.termViews),
        ahead: BigInt(p.ahead),
        lease: BigInt(p.lease),
        settleLease: BigInt(p.settleLease),
        refLag: BigInt(p.refLag),
        settleDepth: BigInt(p.settleDepth),
        drift: BigInt(p.drift),
        rootLag: BigInt(p.rootLag),
        maxBlockBytes: BigInt(p.maxBlockBytes),
        voteWindow: BigInt(p.voteWindow),
        forceAfter: BigInt(p.forceAfter),
        forceQuota: BigInt(p.forceQuota),
        modeFloor: BigInt(p.modeFloor),
        fastEntryLoad: BigInt(p.fastEntryLoad),
        fastExitLoad: BigInt(p.fastExitLoad),
        fastEntryAvailability: BigInt(p.fastEntryAvailability),
        fastExitAvailability: BigInt(p.fastExitAvailability),
        secureAvailability: BigInt(p.secureAvailability),
        residency: BigInt(p.residency),
        targetLoad: BigInt(p.targetLoad),
        capacityStep: BigInt(p.capacityStep),
        minBlockBytes: BigInt(p.minBlockBytes),
        valueLimit: BigInt(p.valueLimit),
        readyDays: BigInt(p.readyDays),
      },
    ],
  });
}

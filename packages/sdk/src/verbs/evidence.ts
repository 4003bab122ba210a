import { type Bls, signatureWords } from "@aitbc-hybrid/crypto";
import { type Mode, modeIndex, type VoteBody, type VoteEvidence, ZERO_HASH } from "@aitbc-hybrid/protocol";
import { parseEventLogs } from "viem";
import { slashingManagerAbi } from "../abi/index.ts";
import type { Network } from "../network.ts";
import { type Sender, type Sent, transact } from "./transact.ts";

/** The domain of the two votes, as the contracts find the registry by it. */
export interface EvidenceDomain {
  readonly incarnation: number;
  readonly mode: Mode;
  readonly registryRoot: `0x${string}`;
}

const KIND = { notarize: 2, finalize: 3, nullify: 4 } as const;

const vote = (body: VoteBody) => ({
  kind: KIND[body.kind],
  viewNumber: BigInt(body.view),
  parentView: BigInt(body.parentView),
  blockHash: body.blockHash,
});

/** Two conflicting votes in the contracts' form: ordered by kind, their signatures added. */
export function votePair(
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: VoteEvidence,
  domain: EvidenceDomain,
) {
  const [first, second] =
    KIND[evidence.first.kind] <= KIND[evidence.second.kind]
      ? [evidence.first, evidence.second]
      : [evidence.second, evidence.first];
  return {
    epoch: BigInt(evidence.epoch),
    incarnation: domain.incarnation,
    mode: modeIndex(domain.mode),
    registryRoot: domain.registryRoot,
    seat: evidence.seat,
    first: vote(first),
    second: vote(second),
    signature: signatureWords(bls.aggregateSignatures([first.signature, second.signature])),
  };
}

/**
 * Convicts the signer of two votes that no honest key makes; the sender is rewarded.
 * @throws SdkError REVERTED (SlashingManagerAlreadyCharged: somebody was faster).
 */
export async function submitEvidence(
  sender: Sender,
  network: Network,
  bls: Pick<Bls, "aggregateSignatures">,
  evidence: VoteEvidence,
  domain: EvidenceDomain,
): Promise<Sent & { readonly validator: number; readonly taken: bigint; readonly reward: bigint }> {
  const sent = await transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "submitVotes",
    args: [votePair(bls, evidence, domain)],
  });
  const [event] = parseEventLogs({ abi: slashingManagerAbi, logs: [...sent.logs], eventName: "Convicted" });
  return {
    ...sent,
    validator: Number(event?.args.validator ?? 0n),
    taken: (event?.args.bondTaken ?? 0n) + (event?.args.delegatedTaken ?? 0n),
    reward: event?.args.reward ?? 0n,
  };
}

/** Takes what is due from a validator: the surcharge of a conviction once its window is over, a charge for absence once its delay is. Anyone. */
export function settleCharges(sender: Sender, network: Network, validator: number): Promise<Sent> {
  return transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "settle",
    args: [BigInt(validator)],
  });
}

/** Pays a reward for evidence that was kept back for an hour to who reported. @param id The offence, or the group. */
export async function takeReward(
  sender: Sender,
  network: Network,
  id: `0x${string}`,
): Promise<Sent & { readonly amount: bigint }> {
  const sent = await transact(sender, {
    address: network.addresses.slashing,
    abi: slashingManagerAbi,
    functionName: "takeReward",
    args: [id, ZERO_HASH],
  });
  const [event] = parseEventLogs({ abi: slashingManagerAbi, logs: [...sent.logs], eventName: "RewardPaid" });
  return { ...sent, amount: event?.args.amount ?? 0n };
}

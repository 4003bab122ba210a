import {
  claimRewards,
  delegate,
  type Network,
  previewRewards,
  readPosition,
  type Sender,
  sharesFor,
  transferTokens,
  undelegate,
} from "@aitbc-hybrid/sdk";
import { formatEther } from "viem";
import { DevnetError } from "./errors.ts";

const COIN = 10n ** 18n;
/** Tokens a delegator begins with: enough for a thousand runs of one folder. */
const TOKENS = 101_000n * COIN;
/** Delegated before the chain starts, so that the first seal counts it and the first epoch pays it. */
const FIRST = 1_000n * COIN;
/** Delegated in every run, and the part of it that leaves again. */
const ADDED = 100n * COIN;
const LEAVING = 40n * COIN;
/** Longest until the position has earned something. */
const EARN_MS = 180_000;
/** How often that is looked at. */
const LOOK_MS = 500;

/** Gives a new delegator its tokens and lets it delegate to `validator`; before the chain starts. */
export async function settleDelegator(
  deployer: Sender,
  delegator: Sender,
  network: Network,
  validator: number,
): Promise<void> {
  await transferTokens(deployer, network, delegator.account.address, TOKENS);
  await delegate(delegator, network, validator, FIRST);
}

/**
 * What a delegator does in a run: adds to its position, waits until an accrual pays it, takes a part out, and claims.
 * @throws DevnetError TIMEOUT if nothing is earned; SdkError if the contracts refuse a step.
 */
export async function actAsDelegator(
  sender: Sender,
  network: Network,
  validator: number,
  signal: AbortSignal,
  note: (text: string) => void,
): Promise<void> {
  await delegate(sender, network, validator, ADDED);
  note(`the delegator added ${formatEther(ADDED)} AITBC to its position with validator ${validator}`);
  const until = Date.now() + EARN_MS;
  while (!signal.aborted && (await previewRewards(sender, network, [validator])) === 0n) {
    if (Date.now() > until)
      throw new DevnetError("TIMEOUT", "the delegator earned nothing: no epoch was accrued in time");
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  if (signal.aborted) return;
  const position = await readPosition(sender.client, network, validator, sender.account.address);
  const { amount: leaving } = await undelegate(sender, network, validator, sharesFor(position, LEAVING));
  if (signal.aborted) return;
  const { amount } = await claimRewards(sender, network, [validator]);
  note(
    `the delegator took ${formatEther(leaving)} AITBC out (they can be withdrawn later) and claimed ${formatEther(amount)} AITBC of rewards`,
  );
}

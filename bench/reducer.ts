import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import {
  DEFAULT_PARAMS,
  decodeMessage,
  encodeMessage,
  type Input,
  initialReplica,
  type Mode,
  type ReplicaState,
  step,
} from "@aitbc-hybrid/protocol";
import { LocalNet, registryOf } from "@aitbc-hybrid/protocol/testing";

export const description =
  "The reducer at 21 authorities, in steps a second of CPU time: alone (balanced, fast; stepsPerSecond is the lower), over what one replica received, decoded anew; and with the fake verifiers, ledgers and network of all replicas (networkBalanced, networkFast)";

const AUTHORITIES = 21;
const STAKERS = [3_000n, 2_000n, 1_000n, 1_000n];
/** Blocks finalized in a run: some of them led by the replica that is measured, and checkpoints in both modes. */
const HEIGHTS = 700;
const RUNS = 15;
/** Runs that compile what is measured. */
const WARM_UP = 5;

/** An input as it is kept between runs: messages as bytes, so that each run reads objects that no cache knows. */
type Kept = { readonly input: Input; readonly message: Uint8Array | null };

interface Recorded {
  readonly start: () => ReplicaState;
  readonly inputs: readonly Kept[];
  readonly finalHeight: number;
  /** Steps a second of the whole network. */
  readonly rate: number;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as (what: { readonly type: "minor" }) => void;

/** Milliseconds of CPU time that this process has used: others on the machine do not count. */
function cpu(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

/** Runs a network and keeps what its first authority received. */
function record(mode: Mode): Recorded {
  const registry = registryOf({
    authorities: Array.from({ length: AUTHORITIES }, () => 0n),
    stakers: mode === "fast" ? [] : STAKERS,
    params: DEFAULT_PARAMS,
  });
  const inputs: Kept[] = [];
  const net = new LocalNet({
    registry,
    mode,
    onStep: (node, _, input) => {
      if (node === 0)
        inputs.push({ input, message: input.type === "message" ? encodeMessage(input.message) : null });
    },
  });
  const begun = net.now;
  const before = cpu();
  const done = net.run(begun + HEIGHTS * 10_000, () => net.finals[0]!.length >= HEIGHTS);
  const elapsed = cpu() - before;
  if (!done) throw new Error(`the ${mode} network stopped at height ${net.finals[0]!.length}`);
  return {
    start: () => initialReplica(net.config(0), registry, begun).state,
    inputs,
    finalHeight: net.states[0]!.tip.height,
    rate: (net.steps / elapsed) * 1_000,
  };
}

const read = ({ input, message }: Kept): Input =>
  message === null ? input : ({ ...input, message: decodeMessage(message) } as Input);

/** Steps a second of one replica that receives again what it received: the same function of the same inputs. */
function replay(recorded: Recorded): number {
  const inputs = recorded.inputs.map(read);
  let state = recorded.start();
  // What decoding left behind is not the reducer's; what it keeps is old by the second time.
  collect({ type: "minor" });
  collect({ type: "minor" });
  const before = cpu();
  for (const input of inputs) ({ state } = step(state, input));
  const elapsed = cpu() - before;
  if (state.tip.height !== recorded.finalHeight)
    throw new Error(`replayed to height ${state.tip.height} instead of ${recorded.finalHeight}`);
  return (inputs.length / elapsed) * 1_000;
}

function measure(mode: Mode): { readonly network: number; readonly reducer: number } {
  record(mode);
  const recorded = record(mode);
  for (let i = 0; i < WARM_UP; i++) replay(recorded);
  const reducer = median(Array.from({ length: RUNS }, () => replay(recorded)));
  return { network: recorded.rate, reducer };
}

/** Measures Balanced, with a few stakers, and Fast with the terms of its default parameters. */
export async function run(): Promise<Record<string, { value: number; unit: string }>> {
  const figure = (value: number) => ({ value: Math.round(value), unit: "1/s" });
  const balanced = measure("balanced");
  const fast = measure("fast");
  return {
    stepsPerSecond: figure(Math.min(balanced.reducer, fast.reducer)),
    balanced: figure(balanced.reducer),
    fast: figure(fast.reducer),
    networkBalanced: figure(balanced.network),
    networkFast: figure(fast.network),
  };
}

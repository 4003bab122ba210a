import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { createLibp2p, type Libp2p } from "libp2p";
import { NodeError } from "../errors.ts";

export type { Libp2p };
export type Connection = ReturnType<Libp2p["getConnections"]>[number];
export type Stream = Connection["streams"][number];
/** Largest delay a Node timer takes: "never" for a library that sets a timer in any case. */
const NEVER_MS = 2 ** 31 - 1;

/** The peer id of a node key (an Ed25519 seed of 32 bytes). */
export async function peerIdOf(seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await generateKeyPairFromSeed("Ed25519", seed)).toString();
}

export interface TransportOptions {
  readonly seed: Uint8Array;
  /** Multiaddresses to listen on. */
  readonly listen: readonly string[];
  /** Most connections, ours and theirs. */
  readonly maxConnections: number;
  /** Whether a peer whose key was proved may connect now. */
  readonly admits: (peer: string) => boolean;
}

/**
 * Starts libp2p with TCP, noise and yamux.
 * @throws NodeError PORT_IN_USE, LISTEN_FAILED
 */
export async function startTransport(options: TransportOptions): Promise<Libp2p> {
  const node = await createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed("Ed25519", options.seed),
    addresses: { listen: [...options.listen] },
    transports: [tcp({ dialOpts: { noDelay: true }, listenOpts: { noDelay: true } })],
    connectionEncrypters: [noise()],
    streamMuxers: [
      yamux({
        // Links ping by themselves and stay open as long as both sides live.
        enableKeepAlive: false,
        streamOptions: { inactivityTimeout: NEVER_MS, initialStreamWindowSize: 1 << 20 },
      }),
    ],
    connectionMonitor: { enabled: false },
    connectionManager: {
      maxConnections: options.maxConnections,
      reconnectRetries: 0,
      // Validators on one machine, or behind one gateway, restart together.
      inboundConnectionThreshold: 1_000,
      maxIncomingPendingConnections: 256,
      dialTimeout: 5_000,
      inboundUpgradeTimeout: 5_000,
    },
    connectionGater: {
      denyInboundEncryptedConnection: (peer) => !options.admits(peer.toString()),
    },
  });
  try {
    await node.start();
  } catch (cause) {
    const text = describe(cause);
    const where = options.listen.join(", ");
    if (text.includes("EADDRINUSE")) {
      throw new NodeError(
        "PORT_IN_USE",
        `Another program listens on ${where}: stop it, or choose another port (network.listen).`,
        { cause },
      );
    }
    throw new NodeError("LISTEN_FAILED", `Cannot listen on ${where}: ${text}. Correct network.listen.`, {
      cause,
    });
  }
  return node;
}

/** The messages of an error and of everything it wraps. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = error instanceof AggregateError ? error.errors.map(describe) : [];
  if (error.cause !== undefined) inner.push(describe(error.cause));
  return [error.message, ...inner].join("; ");
}

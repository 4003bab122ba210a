export { FrameReader, framed } from "./frames.ts";
export { peerIdOf } from "./libp2p.ts";
export { createNetwork, type NetworkModules, type NetworkOptions } from "./network.ts";
export * from "./types.ts";

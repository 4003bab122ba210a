export { SyncClient, type SyncClientModules, type SyncClientOptions, type Synced } from "./client.ts";
export { type JoinModules, type JoinOptions, joinIfBehind } from "./join.ts";
export { CHUNK_ACCOUNTS, encodeSync, isSync, type Offer, type SyncMessage } from "./messages.ts";
export { type SyncMetrics, SyncServer, type SyncServerModules, type SyncServerOptions } from "./server.ts";
export { swapIn } from "./swap.ts";

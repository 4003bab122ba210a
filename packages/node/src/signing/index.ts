export { Doppelganger } from "./doppelganger.ts";
export { localSigner } from "./local.ts";
export { type Interchange, Protection } from "./protection.ts";
export { type Silence, StandingWatch } from "./standing.ts";
export type { Permission, ProtectionLog, Signer } from "./types.ts";

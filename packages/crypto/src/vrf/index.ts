export { type VrfInput, vrfMessage, vrfOutput, vrfProve, vrfVerify } from "./vrf.ts";

export { type VrfInput, vrfMessage, vrfProve, vrfVerify } from "./vrf.ts";

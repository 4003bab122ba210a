export { childSecret, secretAt, secretFromMaterial } from "./eip2333.ts";

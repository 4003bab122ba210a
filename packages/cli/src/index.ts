export { EXIT, UsageError } from "./errors.ts";
export { main } from "./main.ts";

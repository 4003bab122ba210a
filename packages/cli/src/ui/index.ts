export { JsonView, LineView, statusLine } from "./lines.ts";
export { LiveView } from "./live.ts";
export type { View } from "./view.ts";

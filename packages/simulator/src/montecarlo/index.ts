export { type DrawOptions, type DrawResult, drawCoalitions } from "./draws.ts";
export { type PlayedOptions, type PlayedResult, playCoalition } from "./played.ts";

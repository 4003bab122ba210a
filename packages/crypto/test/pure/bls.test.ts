import { pureBls } from "../../src/index.ts";
import { conformance } from "../support/conformance.ts";

conformance(pureBls);

import { nativeBls } from "../../src/native/index.ts";
import { conformance } from "../support/conformance.ts";

conformance(nativeBls);

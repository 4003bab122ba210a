import { DEFAULT_RULES } from "@aitbc-hybrid/contract-model";
import { expect } from "chai";
import { parametersFor } from "../../tasks/parameters.ts";
import { rulesOf } from "./support/world.ts";

describe("the model's defaults", () => {
  it("are what the contracts are deployed with", () => {
    const { stake, slashing, rewards, recovery } = rulesOf(parametersFor(1, undefined));
    expect({ stake, slashing, rewards, recovery }).to.deep.equal(DEFAULT_RULES);
  });
});

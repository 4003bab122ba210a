import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_SEATS } from "@aitbc-hybrid/protocol";
import { measureScale } from "../../src/index.ts";
import { slope } from "../../src/study/scale.ts";

describe("networks of growing size", () => {
  const measure = (validators: number) => measureScale({ seed: "size", place: "eu", validators, blocks: 1 });

  it("measures the same again from the same seed", () => {
    assert.deepEqual(measure(110), measure(110));
  });

  it("votes through aggregators cost a node less than everybody's votes", () => {
    const [everybody, aggregated] = [measure(100), measure(130)];
    assert.ok(aggregated.meanTraffic < everybody.meanTraffic / 2);
    assert.ok(aggregated.p50 > everybody.p50);
    assert.equal(aggregated.skipped, 0);
    // A bit for each validator.
    assert.equal(aggregated.certificateBytes - everybody.certificateBytes, 17 - 13);
  });

  it("more validators than the format holds make blocks all the same", () => {
    const { p99, skipped, certificateBytes } = measure(MAX_SEATS + 76);
    assert.ok(p99 < 5_000);
    assert.equal(skipped, 0);
    assert.ok(certificateBytes > (MAX_SEATS + 76) / 8);
  });

  it("finds the power of a power", () => {
    const points = [1, 2, 5].map((n) => [Math.log(n), Math.log(7 * n ** 1.5)] as const);
    assert.ok(Math.abs(slope(points)! - 1.5) < 1e-9);
    assert.equal(slope(points.slice(0, 1)), null);
  });
});

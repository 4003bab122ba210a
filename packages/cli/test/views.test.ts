import assert from "node:assert/strict";
import { test } from "node:test";
import type { DevnetEvent, DevnetResult, DevnetStatus } from "@aitbc-hybrid/devnet";
import { LineView, LiveView, statusLine } from "../src/ui/index.ts";

const status: DevnetStatus = {
  mode: "balanced",
  epoch: 3,
  height: 42,
  finality: { p50: 612, p99: 980 },
  tps: 49.6,
  finalized: 1000,
  rejected: 1,
  pending: 30,
  validators: [
    { name: "authority-1", rpc: "http://127.0.0.1:1", up: true, finalHeight: 42 },
    { name: "staker-1", rpc: "http://127.0.0.1:2", up: false, finalHeight: 0 },
  ],
  checkpoints: 8,
  lastCheckpoint: { height: 40, epoch: 3, gasUsed: 201_000n, transaction: "0x" },
  handOvers: 2,
  slashed: 1,
  accruedEpochs: 2,
  leftMs: 4_200,
};

const result: DevnetResult = {
  height: 42,
  finalizedTransactions: 1000,
  rejectedTransactions: 1,
  unresolvedTransactions: 0,
  tps: 49.6,
  finalityMs: { p50: 612, p99: 980 },
  handOvers: 2,
  checkpoints: 8,
  slashed: 1,
  accruedEpochs: 2,
  rewardsPaid: "12.3456789",
  delegated: "100",
  undelegated: "40",
  claimed: "0.5",
  evidencePaid: "100",
  validators: 7,
  agreement: false,
  epoch: 3,
  seconds: 30,
  checkpointGas: 201_000,
  problems: ["the finalized chains were not shown to agree: x"],
};

test("a status line has the figures a person looks for", () => {
  const line = statusLine(status);
  for (const part of [
    "height 42",
    "epoch 3",
    "balanced",
    "p50 612 ms",
    "1/2 up",
    "8 checkpoints",
    "201000 gas",
    "1 slashed",
    "2 epochs paid",
    "5 s left",
  ]) {
    assert.ok(line.includes(part), `${part} in ${line}`);
  }
});

test("views say the steps, what is down, and what fell short", () => {
  const events: DevnetEvent[] = [
    { type: "step", text: "deploying the contracts" },
    { type: "done", ms: 1234 },
    {
      type: "ready",
      info: {
        folder: "/a folder",
        settlementUrl: "http://127.0.0.1:9",
        validators: [
          { name: "authority-1", rpc: "http://127.0.0.1:1", metrics: "http://127.0.0.1:1/metrics" },
        ],
        testAccount: "0xabc",
        tryIt: "npx aitbc-hybrid transfer send …",
        resumed: false,
      },
    },
    { type: "status", status },
    { type: "note", level: "warn", text: "staker-1 was killed" },
  ];
  for (const View of [LineView, LiveView]) {
    let shown = "";
    const view = new View({
      write: (text) => {
        shown += text;
      },
    });
    for (const event of events) view.event(event);
    shown += view.summary(result);
    for (const part of [
      "deploying the contracts",
      "1.2 s",
      "/a folder",
      "http://127.0.0.1:1/metrics",
      "npx aitbc-hybrid",
      "42",
      "staker-1 was killed",
      "2 epochs accrued, 12.345678 AITBC paid",
      "100 AITBC for evidence",
      "do NOT agree",
      "fell short",
    ]) {
      assert.ok(shown.includes(part), `${View.name} shows ${part}`);
    }
  }
});

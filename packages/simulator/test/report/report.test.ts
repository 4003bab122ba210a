import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { axisOver, heatMap, lineChart, roundTicks, tornado } from "../../src/report/charts.ts";
import { escaped, figure } from "../../src/report/markup.ts";
import { csv, page } from "../../src/report/page.ts";

/** Every tag closes in order. */
function isWellFormed(markup: string): boolean {
  const open: string[] = [];
  for (const [, close, name, empty] of markup.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
    if (empty === "/") continue;
    if (close === "") open.push(name!);
    else if (open.pop() !== name) return false;
  }
  return open.length === 0;
}

const frame = { id: "x", title: "A & B", description: "what is <seen>" };
const axis = { label: "share", from: 0, to: 1, ticks: [0, 0.5, 1] };

describe("pictures", () => {
  it("are well-formed, have a title and a description, and escape text", () => {
    const pictures = [
      lineChart({
        ...frame,
        x: axis,
        y: axis,
        series: [{ name: "one", points: [{ x: 0, y: 0.2, low: 0.1, high: 0.3 }] }],
        marks: [{ x: 0.5, label: "bound" }],
      }),
      heatMap({
        ...frame,
        columns: ["0"],
        rows: ["0", "1"],
        xLabel: "x",
        yLabel: "y",
        values: [[0.5], [null]],
      }),
      tornado({
        ...frame,
        label: "yield, %",
        base: 2,
        swings: [{ name: "commission", lowName: "0", highName: "1", low: 1, high: 4 }],
      }),
    ];
    for (const svg of pictures) {
      assert.ok(isWellFormed(svg), svg);
      assert.match(svg, /role="img" aria-labelledby="x-title x-desc"/);
      assert.match(svg, /<title id="x-title">A &amp; B<\/title>/);
      assert.match(svg, /<desc id="x-desc">what is &lt;seen&gt;<\/desc>/);
    }
  });

  it("put values where the axes say", () => {
    const svg = lineChart({
      ...frame,
      x: axis,
      y: axis,
      series: [
        {
          name: "s",
          points: [
            { x: 1, y: 1 },
            { x: 0, y: 0 },
          ],
        },
      ],
    });
    assert.match(svg, /cx="620" cy="20"/);
    assert.match(svg, /cx="72" cy="264"/);
  });

  it("draw the strongest parameter of a tornado on top", () => {
    const swing = (name: string, high: number) => ({ name, lowName: "a", highName: "b", low: 0, high });
    const svg = tornado({ ...frame, label: "l", base: 0, swings: [swing("weak", 1), swing("strong", 5)] });
    assert.ok(svg.indexOf("strong") < svg.indexOf("weak"));
  });

  it("have round ticks that hold all values", () => {
    assert.deepEqual(roundTicks(0, 1), [0, 0.2, 0.4, 0.6, 0.8, 1]);
    const { from, to } = axisOver("l", [3, 97], { zero: true });
    assert.deepEqual([from, to], [0, 100]);
    const narrow = axisOver("l", [0.011, 0.049]);
    assert.ok(narrow.from <= 0.011 && narrow.to >= 0.049);
  });
});

describe("text of reports", () => {
  it("numbers have three figures that count", () => {
    assert.deepEqual([0, 0.12345, 12.345, 123.4, 1234567, 1e-5].map(figure), [
      "0",
      "0.123",
      "12.3",
      "123",
      "1,234,567",
      "1.0e-5",
    ]);
  });

  it("quotes what would break a row", () => {
    assert.equal(csv(["a", "b"], [['x "y"', "1,2"]]), 'a,b\n"x ""y""","1,2"\n');
  });

  it("a page says the command and the seed and loads nothing", () => {
    const html = page({
      title: "t",
      summary: "s",
      command: "run <this>",
      seed: "7",
      version: "1",
      sections: [],
    });
    assert.ok(html.includes(escaped("run <this>")) && html.includes("<code>7</code>"));
    assert.doesNotMatch(html, /<script|src=|href=|url\(/);
  });
});

import type { Millis } from "@aitbc-hybrid/protocol";

/**
 * Round-trip times between data centres, ms: row to column. Microsoft, "Azure network round-trip latency statistics"
 * (learn.microsoft.com/azure/networking/azure-network-latency), the 95th percentile of probes every minute over the 30
 * days up to 30 July 2026. The page gives no figure within a region: {@link WITHIN_REGION}.
 */
const REGIONS = [
  "eastUs",
  "centralUs",
  "westUs2",
  "brazilSouth",
  "northEurope",
  "ukSouth",
  "westEurope",
  "franceCentral",
  "germanyWestCentral",
  "italyNorth",
  "swedenCentral",
  "polandCentral",
  "southeastAsia",
  "japanEast",
  "australiaEast",
] as const;
export type Region = (typeof REGIONS)[number];

/** Between two availability zones of a region (S. Painter, "Exploring Azure Network Latency", 2025: 1,553 µs). */
const WITHIN_REGION: Millis = 1.6;

/** Rows and columns in the order of {@link REGIONS}; a dot stands within a region. */
const TABLE = `
  eastUs               .  35  75 119  74  80  89  90  97 105 110 104 229 165 207
  centralUs           35   .  41 154 107 117 118 120 125 133 142 134 201 141 178
  westUs2             76  41   . 179 135 144 147 153 160 166 165 167 165 102 179
  brazilSouth        121 155 179   . 176 184 191 193 201 208 209 211 337 265 298
  northEurope         76 107 136 176   .  15  19  22  29  42  40  38 236 232 272
  ukSouth             80 112 145 183  14   .  12  13  20  32  36  34 183 235 277
  westEurope          91 114 153 189  20  13   .  15  14  29  31  28 182 240 282
  franceCentral       90 120 153 192  20  12  15   .  14  25  43  33 176 241 279
  germanyWestCentral  97 125 159 199  28  19  14  14   .  21  34  26 179 246 290
  italyNorth         107 132 168 206  40  32  28  26  18   .  45  31 184 256 285
  swedenCentral      108 142 165 204  37  34  31  40  31  45   .  28 206 258 303
  polandCentral      112 134 171 212  39  34  28  34  26  32  30   . 201 258 300
  southeastAsia      229 201 165 337 236 183 181 175 179 182 256 202   .  74  98
  japanEast          165 139 103 275 232 237 242 245 250 256 260 260  74   . 105
  australiaEast      206 178 180 298 272 277 282 280 291 286 307 300  98 105   .
`;

const ROUND_TRIPS = new Map(
  TABLE.trim()
    .split("\n")
    .map((line) => {
      const [from, ...times] = line.trim().split(/ +/);
      return [from, times.map((time): Millis => (time === "." ? WITHIN_REGION : Number(time)))];
    }),
);

const columns = new Map<Region, number>(REGIONS.map((region, at) => [region, at]));

/** Time there and back between two regions, ms. */
export const roundTrip = (from: Region, to: Region): Millis => ROUND_TRIPS.get(from)![columns.get(to)!]!;

/** Where validators stand: seat i in region i mod the length, so that both classes spread alike. */
export const PRESETS = {
  /** The European Union, from Dublin to Warsaw and from Gävle to Milan. */
  eu: [
    "northEurope",
    "westEurope",
    "franceCentral",
    "germanyWestCentral",
    "italyNorth",
    "swedenCentral",
    "polandCentral",
  ],
  /** Half on each side of the Atlantic: Virginia counts twice, as most of the US's data centres stand there. */
  usEu: ["eastUs", "northEurope", "centralUs", "ukSouth", "eastUs", "germanyWestCentral"],
  /** Five continents. */
  global: [
    "eastUs",
    "northEurope",
    "southeastAsia",
    "centralUs",
    "germanyWestCentral",
    "japanEast",
    "westUs2",
    "westEurope",
    "australiaEast",
    "brazilSouth",
  ],
} as const satisfies Readonly<Record<string, readonly Region[]>>;
export type Preset = keyof typeof PRESETS;

/** Region of a validator under a preset. */
export const regionOf = (preset: Preset, validator: number): Region => {
  const regions: readonly Region[] = PRESETS[preset];
  return regions[validator % regions.length]!;
};

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generate, type Node, pageOf, readNotes } from "../reference.ts";

describe("readNotes", () => {
  test("takes tags apart and joins the lines of a paragraph", () => {
    const notes = readNotes(
      "@title Custody\n@notice Holds stake\n of all.\n\n Not upgradeable.\n@dev Loops nowhere\n@param amount Base\n units\n@return shares Minted\n@return What is left",
    );
    assert.equal(notes.title, "Custody");
    assert.equal(notes.notice, "Holds stake of all.\n\nNot upgradeable.");
    assert.equal(notes.dev, "Loops nowhere");
    assert.deepEqual([...notes.params], [["amount", "Base units"]]);
    assert.deepEqual(notes.returns, ["shares Minted", "What is left"]);
  });

  test("text before any tag is the notice, and nothing says nothing", () => {
    assert.equal(readNotes("Holds stake").notice, "Holds stake");
    assert.equal(readNotes("").notice, "");
    assert.equal(readNotes("@title Custody").notice, "");
  });

  test("a sign inside a word begins no tag", () => {
    assert.equal(readNotes("@notice Write to a@b.example").notice, "Write to a@b.example");
  });
});

describe("pageOf", () => {
  const variable = (name: string, typeString: string) => ({ name, typeDescriptions: { typeString } });
  const documented = (text: string) => ({ documentation: { text } });
  const contract = (nodes: readonly Node[]): Node => ({
    nodeType: "ContractDefinition",
    name: "IPool",
    contractKind: "interface",
    nodes,
    ...documented("@title Pool\n@notice Holds stake."),
  });
  const deposit: Node = {
    nodeType: "FunctionDefinition",
    name: "deposit",
    stateMutability: "nonpayable",
    parameters: { parameters: [variable("what", "struct IPool.Amount calldata")] },
    returnParameters: { parameters: [variable("shares", "uint256")] },
    ...documented("@notice Adds stake. Anyone.\n@param what How much\n@return shares Minted, rounded down"),
  };
  const amount: Node = {
    nodeType: "StructDefinition",
    name: "Amount",
    members: [variable("units", "uint128")],
    ...documented("@notice An amount.\n@param units Base units"),
  };
  const kind: Node = {
    nodeType: "EnumDefinition",
    name: "Kind",
    members: [variable("Bond", ""), variable("Delegation", "")],
    ...documented("@notice What it is."),
  };

  test("shows signature, notice, parameters and what is returned", () => {
    const missing: string[] = [];
    const page = pageOf(contract([deposit, amount, kind]), "contracts/interfaces/IPool.sol", missing);
    assert.deepEqual(missing, []);
    assert.match(page, /^# IPool\n\nPool\. \[contracts\/interfaces\/IPool\.sol\]/);
    assert.match(page, /function deposit\(IPool\.Amount what\) returns \(uint256 shares\)/);
    assert.match(
      page,
      /Adds stake\. Anyone\.\n\n\* `what` How much\n\* returns `shares`: Minted, rounded down\n/,
    );
    assert.match(page, /struct Amount\n```\n\nAn amount\.\n\n\* `uint128 units` Base units\n/);
    assert.match(page, /Values: 0 `Bond`, 1 `Delegation`\./);
    assert.match(page, /[^\n]\n$/);
  });

  test("names what says nothing: contract, item and field", () => {
    const silent = (node: Node): Node => ({ ...node, documentation: null });
    const missing: string[] = [];
    pageOf(silent(contract([silent(deposit), silent(amount)])), "IPool.sol", missing);
    assert.deepEqual(missing, [
      "IPool.sol: IPool",
      "IPool.sol: deposit",
      "IPool.sol: Amount",
      "IPool.sol: Amount.units",
    ]);
  });
});

test("every interface of the contracts is in the index, and nothing of them lacks a notice", () => {
  const { pages, missing } = generate();
  assert.deepEqual(missing, []);
  const index = pages.get("README.md") ?? "";
  for (const name of pages.keys()) if (name !== "README.md") assert.ok(index.includes(`(${name})`), name);
});

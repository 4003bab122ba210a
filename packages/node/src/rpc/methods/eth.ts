import { type Hash, intrinsicGas } from "@aitbc-hybrid/execution";
import type { ChainBlock, ChainReader } from "../chain-reader.ts";
import { RpcError, type RpcMethods } from "../json-rpc.ts";
import {
  addressParam,
  bigintParam,
  bytesParam,
  hashParam,
  hexOf,
  numberParam,
  objectParam,
  quantity,
} from "../values.ts";
import { ethBlock, ethReceipt, ethTransaction } from "./shapes.ts";
import { blockParam, readState, stateParam } from "./tags.ts";

/** Blocks that one eth_feeHistory covers at most, as in Ethereum's clients. */
const feeHistoryLimit = 1_024;

/** keccak of nothing, and of RLP's empty string: what every account of this ledger has for code and storage. */
const noCodeHash = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";
const noStorageHash = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

export interface EthOptions {
  /** What eth_maxPriorityFeePerGas suggests, wei per gas: blocks have room, so the tip only has to be above nothing. */
  readonly suggestedTip: bigint;
}

/**
 * The methods that stock Ethereum wallets and libraries call. A receipt, and the block of a transaction, are given only
 * once that block is final: what wallets wait for is then never taken back.
 */
export function ethMethods(options: EthOptions, modules: { readonly chain: ChainReader }): RpcMethods {
  const { chain } = modules;

  /** Covers two full blocks: a base fee rises by an eighth a block. */
  const gasPrice = async () => ((await chain.nextBaseFee()) * 81n) / 64n + options.suggestedTip;

  const blockWith = async (block: ChainBlock | undefined, full: unknown) => {
    if (block === undefined) return null;
    const transactions =
      full === true
        ? (await chain.transactionsOf(block.hash))?.map(ethTransaction)
        : await chain.transactionHashesOf(block.hash);
    return ethBlock(block, transactions ?? []);
  };

  const findBlock = async (value: unknown): Promise<ChainBlock | undefined> => {
    const which = blockParam(chain, value);
    // There is no block in the making to show; wallets that ask for it want the newest there is.
    return chain.block(which === "pending" ? { height: chain.heads().latest } : which);
  };

  const transactionAt = async (hash: Hash | undefined, index: unknown) => {
    const transactions = hash === undefined ? undefined : await chain.transactionsOf(hash);
    const entry = transactions?.[numberParam(index, "index")];
    return entry === undefined ? null : ethTransaction(entry);
  };

  const countOf = async (hash: Hash | undefined) => {
    const transactions = hash === undefined ? undefined : await chain.transactionHashesOf(hash);
    return transactions === undefined ? null : quantity(transactions.length);
  };

  return {
    eth_chainId: () => quantity(chain.chainId),
    net_version: () => `${chain.chainId}`,
    net_listening: () => true,
    net_peerCount: () => quantity(chain.status().peers),
    web3_clientVersion: () => chain.clientVersion,
    eth_accounts: () => [],
    eth_syncing: () => {
      if (!chain.status().syncing) return false;
      const { latest } = chain.heads();
      return { startingBlock: "0x0", currentBlock: quantity(latest), highestBlock: quantity(latest) };
    },
    // The final height, not the latest: stock clients take the receipts of the block they are told of for granted, and a
    // receipt is only given once it is final. The tag "latest" shows what is certified beyond.
    eth_blockNumber: () => quantity(Math.max(0, chain.heads().finalized)),

    eth_getBalance: async ([address, block]) => {
      const account = addressParam(address, "address");
      const at = await stateParam(chain, block);
      return quantity(await readState(() => chain.balance(account, at)));
    },
    eth_getTransactionCount: async ([address, block]) => {
      const account = addressParam(address, "address");
      const at = await stateParam(chain, block);
      return quantity(await readState(() => chain.nonce(account, at)));
    },
    eth_getProof: async ([address, , block]) => {
      const account = addressParam(address, "address");
      const at = await stateParam(chain, block);
      const [balance, nonce, proof] = await readState(() =>
        Promise.all([chain.balance(account, at), chain.nonce(account, at), chain.proof(account, at)]),
      );
      return {
        address: account,
        balance: quantity(balance),
        nonce: quantity(nonce),
        accountProof: proof.map(hexOf),
        codeHash: noCodeHash,
        storageHash: noStorageHash,
        storageProof: [],
      };
    },
    eth_getCode: ([address]) => {
      addressParam(address, "address");
      return "0x";
    },
    eth_getStorageAt: ([address]) => {
      addressParam(address, "address");
      return `0x${"00".repeat(32)}`;
    },
    // No account has code, so a call succeeds and returns nothing, as on Ethereum.
    eth_call: ([call]) => {
      objectParam(call, "call");
      return "0x";
    },

    eth_getBlockByNumber: async ([block, full]) => blockWith(await findBlock(block), full),
    eth_getBlockByHash: async ([hash, full]) =>
      blockWith(await chain.block({ hash: hashParam(hash, "hash") }), full),
    eth_getBlockTransactionCountByNumber: async ([block]) => countOf((await findBlock(block))?.hash),
    eth_getBlockTransactionCountByHash: async ([hash]) => countOf(hashParam(hash, "hash")),
    eth_getTransactionByHash: async ([hash]) => {
      const entry = await chain.transaction(hashParam(hash, "hash"));
      return entry === undefined ? null : ethTransaction(entry);
    },
    eth_getTransactionByBlockNumberAndIndex: async ([block, index]) => {
      return transactionAt((await findBlock(block))?.hash, index);
    },
    eth_getTransactionByBlockHashAndIndex: async ([hash, index]) =>
      transactionAt(hashParam(hash, "hash"), index),
    eth_getTransactionReceipt: async ([hash]) => {
      const receipt = await chain.receipt(hashParam(hash, "hash"));
      return receipt === undefined ? null : ethReceipt(receipt);
    },
    eth_getLogs: () => [],

    eth_gasPrice: async () => quantity(await gasPrice()),
    eth_maxPriorityFeePerGas: () => quantity(options.suggestedTip),
    eth_feeHistory: async ([count, newest, percentiles]) => {
      const wanted = Math.min(numberParam(count, "block count"), feeHistoryLimit);
      const last = await findBlock(newest);
      if (last === undefined)
        throw new RpcError("RESOURCE_NOT_FOUND", "the block is unknown", { code: "UNKNOWN_BLOCK" });
      const first = Math.max(0, last.height - wanted + 1);
      const heights = Array.from({ length: last.height - first + 1 }, (_, i) => first + i);
      const blocks = (await Promise.all(heights.map((height) => chain.block({ height })))).filter(
        (one) => !!one,
      );
      const after = await chain.block({ height: last.height + 1 });
      const baseFees = [
        ...blocks.map(({ baseFee }) => baseFee),
        after?.baseFee ?? (await chain.nextBaseFee()),
      ];
      const rewards = Array.isArray(percentiles)
        ? percentiles.map(() => quantity(options.suggestedTip))
        : undefined;
      return {
        oldestBlock: quantity(first),
        baseFeePerGas: baseFees.map(quantity),
        gasUsedRatio: blocks.map(({ gasUsed, gasTarget }) => Math.min(1, gasUsed / gasTarget / 2)),
        // Tips buy no place while blocks have room: the suggestion is the same at every percentile.
        ...(rewards === undefined ? {} : { reward: blocks.map(() => rewards) }),
      };
    },
    eth_estimateGas: async ([call]) => {
      const { from, to, value, data, input } = objectParam(call, "call");
      if (to === undefined || to === null) {
        const message = "this ledger has no contracts: a recipient is required";
        throw new RpcError("SERVER", message, { code: "CONTRACT_CREATION" });
      }
      addressParam(to, "to");
      const payload = input ?? data;
      const gas = intrinsicGas(payload === undefined ? new Uint8Array(0) : bytesParam(payload, "data"));
      if (from !== undefined && value !== undefined) {
        const balance = await chain.balance(addressParam(from, "from"), "latest");
        if (balance < bigintParam(value, "value")) {
          const message = `insufficient funds for transfer: ${from} holds ${balance} wei`;
          throw new RpcError("SERVER", message, { code: "INSUFFICIENT_BALANCE" });
        }
      }
      return quantity(gas);
    },
    eth_sendRawTransaction: async ([raw]) => {
      const result = await chain.submitTransaction(bytesParam(raw, "the signed transaction"));
      if (result.accepted) return result.hash;
      throw new RpcError("TRANSACTION_REJECTED", result.message, { code: result.reason });
    },
  };
}

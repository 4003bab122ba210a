import {
  checkpointRootOf,
  type Hash,
  hashOf,
  type Message,
  restartRoot,
  rootOf,
  voteRoot,
} from "@aitbc-hybrid/protocol";

/** The single signature that a message carries, with the root it signs. */
export function signatureIn(
  message: Message,
): { readonly root: Hash; readonly signature: Uint8Array } | null {
  switch (message.type) {
    case "vote": {
      const { vote } = message;
      return { root: rootOf(vote.domain, vote), signature: vote.signature };
    }
    case "proposal": {
      const { domain, view, parentView, block, signature } = message.proposal;
      const vote = { kind: "notarize", view, parentView, blockHash: hashOf(block) } as const;
      return { root: voteRoot(domain, vote), signature };
    }
    case "checkpointVote": {
      const { domain, checkpoint, signature } = message.vote;
      return { root: checkpointRootOf(domain, checkpoint), signature };
    }
    case "restart": {
      const { domain, view, blockHash, signature } = message.vote;
      return { root: restartRoot(domain, view, blockHash), signature };
    }
    default:
      return null;
  }
}

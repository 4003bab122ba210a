export { aitbcTokenAbi } from "./AITBCToken.ts";
export { checkpointManagerAbi } from "./CheckpointManager.ts";
export { consensusParametersAbi } from "./ConsensusParameters.ts";
export { electionsAbi } from "./Elections.ts";
export { slashingManagerAbi } from "./SlashingManager.ts";
export { stakingPoolAbi } from "./StakingPool.ts";
export { unbondingQueueAbi } from "./UnbondingQueue.ts";
export { validatorRegistryAbi } from "./ValidatorRegistry.ts";

export { type Deployment, type DeploymentName, deploymentOn, isDeployedOn } from "./deployments.ts";
export * from "./generated/index.ts";

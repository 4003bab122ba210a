export { BEHAVIOURS, type BehaviourName, behaviour, dropping, twin, variant } from "./behaviours.ts";

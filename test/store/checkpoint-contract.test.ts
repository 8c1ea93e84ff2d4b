import { useStore } from "../support/store.ts";
import { checkpointContract } from "../transfer/checkpoint-contract.ts";

const stored = useStore();

checkpointContract(() => stored.store.checkpoints);

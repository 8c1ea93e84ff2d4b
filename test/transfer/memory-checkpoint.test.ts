import { MemoryCheckpointStore } from "../../src/transfer/memory-checkpoint.ts";
import { checkpointContract } from "./checkpoint-contract.ts";

checkpointContract(() => new MemoryCheckpointStore());

import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { cacheDir } from "../host/paths.ts";

// A third of a worker's start is compiling what its last start compiled too; and what a killed worker left is taken up no
// sooner than its successor has started.
enableCompileCache(join(cacheDir(), "compiled"));
const { run } = await import("./run.ts");
// Kept at once, as a worker may be killed.
await run({ env: process.env, onWorking: () => flushCompileCache() });

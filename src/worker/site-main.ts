import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { cacheDir } from "../host/paths.ts";

enableCompileCache(join(cacheDir(), "compiled"));
const { runAtSite } = await import("./site-run.ts");
await runAtSite({ env: process.env, onWorking: () => flushCompileCache() });

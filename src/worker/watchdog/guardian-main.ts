import { text } from "node:stream/consumers";
import { loadHostTools } from "../../host/host-tools.ts";
import { createRegistry, type ProviderEntry } from "../../providers/registry.ts";
import { machineMs } from "./clock.ts";
import { cutOffWhenDue } from "./cutting.ts";
import type { GuardianOrder } from "./guardian.ts";
import { guardianLine } from "./guardian-line.ts";
import { WatchdogRecords } from "./records.ts";

/** The second process of a site's watchdog. It outlives the worker that started it: what that one's end must not do is leave a
 *  group running whose lease nobody renews. Another worker's guardian takes its place. */
const order = JSON.parse(await text(process.stdin)) as GuardianOrder;
const { dir, entry, values, toolsManifest, runDir } = order;
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
// The terminal or the service that the worker was started from may end.
process.on("SIGHUP", () => undefined);

const records = new WatchdogRecords(dir);
const given: ProviderEntry = {
  ...entry,
  ...(values ? { credentials: async () => ({ values }) } : {}),
};
const registry = createRegistry([given], {
  tools: loadHostTools(toolsManifest),
  runDir,
  context: (site) => ({
    site,
    log: guardianLine,
    // Its calls are few, and no store is there to divide them by.
    budget: () => ({ take: async () => undefined }),
  }),
});
await cutOffWhenDue(
  {
    records,
    log: guardianLine,
    compute: async () => (await registry.provider(entry.site)).compute,
    onRound: () => records.beat(machineMs()),
  },
  stopping.signal,
);
await registry.close();

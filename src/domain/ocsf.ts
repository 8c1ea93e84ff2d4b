import type { AuditEntry } from "./audit.ts";
import type { Wire } from "./wire.ts";

/** https://schema.ocsf.io/1.3.0: the classes our entries become. */
const apiActivity = { class_uid: 6003, category_uid: 6 };
const authentication = { class_uid: 3002, category_uid: 3 };
const version = "1.3.0";

const activities: readonly (readonly [RegExp, number])[] = [
  [/\.(?:create|start|grant)$/, 1],
  [/\.(?:check|verify|list|export|get)$/, 2],
  [/\.(?:delete|remove|revoke|finalize|cancel)$/, 4],
];
const update = 3;
const signOn = 1;
const signOff = 2;
const informational = 1;
const high = 4;

/** An entry of the trail as an event of the Open Cybersecurity Schema Framework. What the schema has no member for is in
 *  `unmapped`. */
export function toOcsf(sequence: number, hash: string, entry: Wire<AuditEntry>): object {
  const { at, actor, actor_name: name, action, resource, outcome, address, request_id: uid } = entry;
  const signing = action.startsWith("auth.");
  const { class_uid, category_uid } = signing ? authentication : apiActivity;
  const activity_id = signing
    ? action === "auth.sign-out"
      ? signOff
      : signOn
    : (activities.find(([pattern]) => pattern.test(action))?.[1] ?? update);
  const user = { uid: actor, ...(name === undefined ? {} : { name }) };
  const failed = outcome !== "done" && outcome !== "asked";
  return {
    class_uid,
    category_uid,
    activity_id,
    type_uid: class_uid * 100 + activity_id,
    time: Date.parse(at),
    severity_id: action.startsWith("auth.break-glass") ? high : informational,
    status_id: outcome === "asked" ? 99 : failed ? 2 : 1,
    status: outcome,
    metadata: {
      version,
      product: { name: "NovaCron Federation", vendor_name: "NovaCron" },
      uid: hash,
      sequence,
      ...(entry.workflow_id === undefined ? {} : { correlation_uid: entry.workflow_id }),
    },
    actor: { user },
    ...(signing ? { user } : {}),
    api: { operation: action, request: { uid } },
    src_endpoint: address === undefined ? { name: "internal" } : { ip: address },
    ...(signing ? {} : { resources: [{ name: resource }] }),
    unmapped: { request: entry.request, before: entry.before, after: entry.after },
  };
}

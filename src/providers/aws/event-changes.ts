import type { ResourceKind } from "../../domain/resource.ts";
import type { SiteChange } from "../events-facet.ts";

/** As much of an event of EventBridge as is read. */
interface BusEvent {
  readonly source?: string;
  readonly "detail-type"?: string;
  readonly resources?: readonly string[];
  readonly detail?: Readonly<Record<string, unknown>>;
}

type Reader = (event: BusEvent) => readonly SiteChange[];

/**
 * What AWS tells without being asked, by the event's type: "Amazon EC2 events", "Amazon EBS events", "Tag change events"
 * and "Amazon EC2 Auto Scaling events" in the EventBridge reference. Calls of the API come by way of a trail, where the
 * account has one.
 */
const readers: Readonly<Record<string, Reader>> = {
  // With its instance a disk or an address comes into use, or goes out of it.
  "EC2 Instance State-change Notification": ({ detail }) => [
    vm(detail?.["instance-id"]),
    ...kinds("volume", "address"),
  ],
  "EC2 Spot Instance Interruption Warning": ({ detail }) => [vm(detail?.["instance-id"])],
  "EBS Volume Notification": () => kinds("volume"),
  "EBS Snapshot Notification": () => kinds("snapshot", "recovery-point"),
  "EBS Multi-Volume Snapshots Completion Status": () => kinds("snapshot", "recovery-point"),
  "EC2 AMI State Change": () => kinds("image"),
  "EC2 Instance Launch Successful": grown,
  "EC2 Instance Terminate Successful": grown,
  "Tag Change on Resource": ({ resources = [] }) => resources.flatMap(ofArn),
  "AWS API Call via CloudTrail": ofCall,
};

/** What the event says has changed; nothing where it is about nothing that is listed. */
export function changesOf(body: string | undefined): readonly SiteChange[] {
  const event = parse(body);
  return event ? (readers[event["detail-type"] ?? ""]?.(event) ?? []) : [];
}

/** By what stands behind the last colon: `instance/i-…`, `loadbalancer/app/…`. */
const arnKinds: Readonly<Record<string, ResourceKind>> = {
  volume: "volume",
  snapshot: "snapshot",
  image: "image",
  vpc: "network",
  subnet: "subnet",
  "security-group": "security-group",
  "elastic-ip": "address",
  "vpn-connection": "tunnel",
  loadbalancer: "load-balancer",
};

function ofArn(arn: string): readonly SiteChange[] {
  const [type = "", id] = arn.slice(arn.lastIndexOf(":") + 1).split("/");
  if (type === "instance") return [vm(id)];
  const kind = arnKinds[type];
  return kind === undefined ? [] : kinds(kind);
}

/** The names of calls say what they are about; the first that fits counts. */
const callKinds: readonly (readonly [RegExp, readonly ResourceKind[]])[] = [
  [/AutoScaling|^(Attach|Detach)Instances$|^SetDesiredCapacity$/, ["scaling-group"]],
  [/LoadBalancer/, ["load-balancer"]],
  [/VpnConnection|VpnGateway|CustomerGateway/, ["tunnel"]],
  [/SecurityGroup/, ["security-group"]],
  [/Subnet/, ["subnet"]],
  [/Vpc/, ["network"]],
  [/Address/, ["address"]],
  [/Snapshot/, ["snapshot", "recovery-point"]],
  [/Image/, ["image"]],
  [/^(Attach|Detach)Volume$/, ["vm", "volume"]],
  [/Volume/, ["volume"]],
  [/Instance/, ["vm"]],
];
const readOnly = /^(Describe|Get|List)/;

function ofCall({ detail = {} }: BusEvent): readonly SiteChange[] {
  const { eventName, requestParameters, responseElements } = detail;
  const name = typeof eventName === "string" ? eventName : "";
  if (readOnly.test(name) || detail.errorCode !== undefined) return [];
  const about = callKinds.find(([pattern]) => pattern.test(name))?.[1] ?? [];
  const told = JSON.stringify([requestParameters, responseElements]);
  const instances = [...new Set(told.match(/\bi-[0-9a-f]{8,17}\b/g) ?? [])].map(vm);
  if (name === "CreateTags" || name === "DeleteTags") return [...instances, ...tagged(told)];
  return [...instances, ...kinds(...about.filter((kind) => kind !== "vm" || instances.length === 0))];
}

const idKinds: readonly (readonly [RegExp, ResourceKind])[] = [
  [/"vol-[0-9a-f]/, "volume"],
  [/"snap-[0-9a-f]/, "snapshot"],
  [/"ami-[0-9a-f]/, "image"],
  [/"vpc-[0-9a-f]/, "network"],
  [/"subnet-[0-9a-f]/, "subnet"],
  [/"sg-[0-9a-f]/, "security-group"],
  [/"eipalloc-[0-9a-f]/, "address"],
  [/"vpn-[0-9a-f]/, "tunnel"],
];

function tagged(told: string): readonly SiteChange[] {
  return idKinds.filter(([pattern]) => pattern.test(told)).map(([, kind]) => ({ kind }));
}

function grown({ detail }: BusEvent): readonly SiteChange[] {
  return [vm(detail?.EC2InstanceId), ...kinds("scaling-group")];
}

function vm(id: unknown): SiteChange {
  return typeof id === "string" ? { kind: "vm", resourceId: id } : { kind: "vm" };
}

function kinds(...of: readonly ResourceKind[]): readonly SiteChange[] {
  return of.map((kind) => ({ kind }));
}

/** A queue takes messages from others, too. */
function parse(body: string | undefined): BusEvent | undefined {
  try {
    const event: unknown = JSON.parse(body ?? "");
    return typeof event === "object" && event !== null ? event : undefined;
  } catch {
    return undefined;
  }
}

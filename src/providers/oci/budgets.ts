/** What a tenancy may ask for each second, and how much of it at once. */
export interface CallRate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Oracle publishes no figures for its control planes, only that it answers 429 ("API Errors"). These leave room for others who use
 * the tenancy; what is throttled all the same is repeated more slowly.
 */
const read: CallRate = { perSecond: 20, burst: 50 };
const write: CallRate = { perSecond: 10, burst: 20 };
/** Each of these keeps a host busy. */
const power: CallRate = { perSecond: 2, burst: 10 };
const objects: CallRate = { perSecond: 200, burst: 400 };
/** Asked for a few times an hour. */
const limits: CallRate = { perSecond: 5, burst: 10 };

const powerActions = new Set(["LaunchInstance", "InstanceAction", "TerminateInstance"]);

export function rateOf(service: string, operation: string): CallRate {
  if (service === "objectstorage") return objects;
  if (service === "limits") return limits;
  if (service === "usageapi") return { perSecond: 1, burst: 5 };
  // "SummarizeMetricsData": ten a second for a tenancy.
  if (service === "monitoring") return { perSecond: 8, burst: 8 };
  // "Limits on Streaming Resources": a group may get messages of a partition five times a second.
  if (service === "streaming") return limits;
  if (powerActions.has(operation)) return power;
  return /^(Get|List|Head)/.test(operation) ? read : write;
}

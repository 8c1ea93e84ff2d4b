import type { Subject } from "../failures.ts";
import type { DigitalOcean } from "./client.ts";
import type { WireVolume } from "./wire.ts";

/** Volumes of the region. */
export async function* volumesOf(
  cloud: DigitalOcean,
  filter: { readonly name?: string },
  subject: Subject,
  signal: AbortSignal,
): AsyncGenerator<WireVolume> {
  const query = { region: cloud.entry.region, ...filter };
  yield* cloud.list<WireVolume>(
    { operation: "volumes_list", path: "volumes", member: "volumes", query },
    subject,
    signal,
  );
}

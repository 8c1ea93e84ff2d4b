import { awsEnd } from "./aws.ts";
import { azureEnd } from "./azure.ts";
import type { CloudEnd } from "./end.ts";
import { helperEnd } from "./helper.ts";

/** Every way into a cloud and out of it; a new one is a line here. Google and Oracle have no block calls: their disks are
 *  reached through the block service of a helper instance, which is one and the same program in both. */
export const cloudEnds = { aws: awsEnd, azure: azureEnd, helper: helperEnd } as const satisfies Record<
  string,
  CloudEnd
>;
export type CloudName = keyof typeof cloudEnds;

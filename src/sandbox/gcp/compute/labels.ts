import type { Table } from "../../cloud/documents.ts";
import { GcpError, invalid } from "../errors.ts";
import type { Labelled, Labels } from "../state.ts";
import type { ComputeCall } from "./call.ts";
import { fingerprint } from "./ids.ts";

const labelsAtMost = 64;
/** Lower-case letters of any alphabet, digits, `_` and `-`: https://cloud.google.com/compute/docs/labeling-resources */
const keyPattern = /^[\p{Ll}\p{Lo}][\p{Ll}\p{Lo}\p{N}_-]{0,62}$/u;
const valuePattern = /^[\p{Ll}\p{Lo}\p{N}_-]{0,63}$/u;

/** @throws GcpError for labels that Google does not take. */
export function checkedLabels(labels: unknown, field = "resource.labels"): Labels {
  const given = (labels ?? {}) as Labels;
  const entries = Object.entries(given);
  if (entries.length > labelsAtMost)
    throw invalid(field, entries.length, `At most ${labelsAtMost} labels are allowed.`);
  for (const [key, value] of entries) {
    if (!keyPattern.test(key)) throw invalid(field, key, "Label keys must start with a lowercase letter.");
    if (!valuePattern.test(value)) throw invalid(field, value, `Label value '${value}' violates format constraints.`);
  }
  return given;
}

export function labelFields({ labels }: Labelled): object {
  const some = Object.keys(labels).length > 0;
  return { ...(some ? { labels } : {}), labelFingerprint: fingerprint(labels) };
}

/** Sets the labels of a resource, if the caller has seen its newest ones. @throws GcpError conditionNotMet else. */
export function setLabels<T extends Labelled>(table: Table<T>, resource: T, { body }: ComputeCall): void {
  const labels = checkedLabels(body.labels, "labels");
  if (body.labelFingerprint !== fingerprint(resource.labels)) {
    const why = "Labels fingerprint either invalid or resource labels have changed";
    throw new GcpError(412, "conditionNotMet", why, { domain: "global" });
  }
  table.put({ ...resource, labels });
}

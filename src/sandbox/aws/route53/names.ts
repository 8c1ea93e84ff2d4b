import { AwsError } from "../errors.ts";

/** As Route 53 shows names: in lower case, with the dot at their end. */
export function fullName(name: string): string {
  const whole = name.toLowerCase().replace(/\.?$/, ".");
  const labels = whole.slice(0, -1).split(".");
  if (whole.length > 256 || labels.some((label) => label.length > 63 || !/^[a-z0-9_*\\-]+$/.test(label))) {
    throw new AwsError("InvalidDomainName", `${name} is not a valid domain name`);
  }
  return whole;
}

/** Without the dot, as name servers have names here. */
export function bare(name: string): string {
  return name.replace(/\.$/, "");
}

/** Route 53 lists names by their labels from the right:
 *  https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListResourceRecordSets.html */
export function sortKey(name: string): string {
  return bare(name).split(".").reverse().join(".");
}

/** The simulated regions: name → the middle of its zones' ids. Data from
 *  https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html */
export const regions: Readonly<Record<string, string>> = {
  "us-east-1": "use1",
  "us-east-2": "use2",
  "us-west-2": "usw2",
  "eu-west-1": "euw1",
  "eu-central-1": "euc1",
};

export const zonesOf = (region: string): readonly string[] => ["a", "b", "c"].map((letter) => `${region}${letter}`);

export function zoneId(zone: string): string {
  const region = zone.slice(0, -1);
  return `${regions[region]}-az${zone.charCodeAt(zone.length - 1) - 96}`;
}

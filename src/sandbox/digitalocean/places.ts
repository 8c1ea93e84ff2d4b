/** Some of the regions and sizes, as DigitalOcean names them: https://docs.digitalocean.com/products/droplets/details/pricing/ and
 *  https://docs.digitalocean.com/platform/regional-availability/ */

export const defaultRegion = "nyc3";
const regionNames: Readonly<Record<string, string>> = {
  nyc3: "New York 3",
  ams3: "Amsterdam 3",
  fra1: "Frankfurt 1",
  sgp1: "Singapore 1",
};

export interface Size {
  readonly slug: string;
  readonly memory: number;
  readonly vcpus: number;
  readonly disk: number;
  readonly transfer: number;
  readonly description: string;
}

const basic = (slug: string, memory: number, vcpus: number, disk: number, transfer: number): Size => {
  return { slug, memory, vcpus, disk, transfer, description: "Basic" };
};
export const sizes: readonly Size[] = [
  basic("s-1vcpu-512mb-10gb", 512, 1, 10, 0.5),
  basic("s-1vcpu-1gb", 1_024, 1, 25, 1),
  basic("s-1vcpu-2gb", 2_048, 1, 50, 2),
  basic("s-2vcpu-2gb", 2_048, 2, 60, 3),
  basic("s-2vcpu-4gb", 4_096, 2, 80, 4),
  basic("s-4vcpu-8gb", 8_192, 4, 160, 5),
  basic("s-8vcpu-16gb", 16_384, 8, 320, 6),
  { slug: "g-2vcpu-8gb", memory: 8_192, vcpus: 2, disk: 25, transfer: 4, description: "General Purpose" },
  { slug: "c-2", memory: 4_096, vcpus: 2, disk: 25, transfer: 4, description: "CPU-Optimized" },
];

export const regionSlugs = Object.keys(regionNames);

export function isRegion(slug: string): boolean {
  return slug in regionNames;
}

export function describeRegion(slug: string): object {
  return {
    name: regionNames[slug] ?? slug,
    slug,
    features: ["backups", "ipv6", "metadata", "install_agent", "storage", "image_transfer"],
    available: true,
    sizes: sizes.map((size) => size.slug),
  };
}

/** What it costs is no part of the simulation: nobody is to read a price here. */
export function describeSize(size: Size): object {
  return { ...size, price_monthly: 0, price_hourly: 0, regions: regionSlugs, available: true };
}

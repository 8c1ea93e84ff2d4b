import type { ConformanceHarness } from "./harness.ts";
import { harness as aws } from "./support/aws.ts";
import { harness as azure } from "./support/azure.ts";
import { harness as digitalocean } from "./support/digitalocean.ts";
import { harness as folder } from "./support/folder.ts";
import { harness as gcp } from "./support/gcp.ts";
import { harness as libvirt } from "./support/libvirt.ts";
import { harness as oci } from "./support/oci.ts";

/** One line a kind of site, named like its folder in src/providers. */
export const harnesses: Readonly<Record<string, ConformanceHarness>> = {
  aws,
  azure,
  digitalocean,
  folder,
  gcp,
  libvirt,
  oci,
};

import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { describeRegion, describeSize, regionSlugs, sizes } from "./places.ts";

/** What DigitalOcean says of itself and of the account. */
export function catalogueHandlers(cloud: DigitalOceanCloud): Handlers {
  return {
    account_get: () => ({
      account: {
        droplet_limit: cloud.settings.dropletLimit,
        floating_ip_limit: cloud.settings.reservedIpLimit,
        email: "sandbox@example.com",
        name: "NovaCron sandbox (simulated)",
        uuid: "b6fr89dbf6d9156cace5f3c78dc9851d957381ef",
        email_verified: true,
        status: "active",
        status_message: "",
      },
    }),
    regions_list: () => ({ member: "regions", all: regionSlugs.map(describeRegion) }),
    sizes_list: () => ({ member: "sizes", all: sizes.map(describeSize) }),
    sshKeys_list: () => ({
      member: "ssh_keys",
      all: [
        {
          id: 289_794,
          fingerprint: "3b:16:e4:bf:8b:00:8b:b8:59:8c:a9:d3:f0:19:fa:45",
          public_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAISIMULATED sandbox",
          name: "sandbox",
        },
      ],
    }),
  };
}

import * as z from "zod";
import type { MigrationMap } from "../../domain/migration-map.ts";
import type { Wire } from "../../domain/wire.ts";
import { cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";

const entries = z.record(z.string().min(1).max(200), z.string().min(1).max(200));

/** What a map says, and a request may say itself. */
export const mapMembers = {
  network_map: entries.optional().meta({ description: "Source network id → target network, by name or id" }),
  security_groups: z.array(name).max(20).optional().meta({ description: "Names or ids; default the configuration's" }),
  rules: z.enum(["translate", "leave"]).optional().meta({
    description:
      "`translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold",
  }),
  untranslatable_rules: z.enum(["block", "narrow"]).optional().meta({
    description:
      "Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more",
  }),
  peer_map: entries.optional().meta({
    description:
      "Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas",
  }),
  addresses: z.enum(["keep", "new"]).optional().meta({
    description:
      "`keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`",
  }),
  disk_types: z.enum(["match", "default"]).optional().meta({
    description:
      "`match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice",
  }),
  disk_type_map: entries
    .optional()
    .meta({ description: "A type of the source → one of the target: gp3 → Premium_LRS" }),
  public_address: z.boolean().optional().meta({ description: "Default what the target's network does by itself" }),
  encryption_key: name.optional().meta({ description: "The target's name of a customer's key" }),
};

export const mapBody = z
  .strictObject({ from: siteId, to: siteId, ...mapMembers })
  .meta({ id: "NewMigrationMap", description: "The whole of what the map says from now on" });

export const mapSchema = z
  .strictObject({
    name: entityId,
    version: z.int().min(1).meta({ description: "One more with each change" }),
    ...mapBody.shape,
    created_by: z.string().meta({ description: "Whose version it is: `user/<id>` or `token/<id>`" }),
    created_at: timestamp,
  })
  .meta({ id: "MigrationMap" }) satisfies z.ZodType<Wire<MigrationMap>>;

export const mapListQuery = z.strictObject(cursorQuery);
export const mapListSchema = z
  .strictObject({ items: z.array(mapSchema), next_cursor: nextCursor })
  .meta({ id: "MigrationMapList" });
export const mapQuery = z.strictObject({
  version: z.coerce
    .number()
    .int()
    .min(1)
    .max(2_147_483_647)
    .optional()
    .meta({ description: "An earlier one; default the newest" }),
});

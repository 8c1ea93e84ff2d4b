import * as z from "zod";
import { permissions, roles } from "../../domain/access.ts";
import { cursorQuery, entityId, name, nextCursor, siteId, timestamp } from "./common.ts";

const tagValue = z.string().max(500);
const scopeTags = z.record(z.string().min(1).max(200), tagValue);

export const scopeSchema = z
  .strictObject({
    site: siteId.optional(),
    project: tagValue.optional().meta({ description: "Short for the tag `project`" }),
    tags: scopeTags.optional().meta({ description: "Resources that carry all of these" }),
  })
  .meta({
    id: "Scope",
    description: "Where a role holds: what is at the site and carries all of the tags. {}: everywhere",
  });

const role = z.enum(roles);
export const bindingSchema = z.strictObject({ role, scope: scopeSchema }).meta({ id: "Binding" });
const holder = z
  .string()
  .max(300)
  .regex(/^(?:user|group|token)\/\S.*$/)
  .meta({ description: "`user/<id>`, `group/<name>` of the identity provider, or `token/<id>`", example: "group/ops" });

export const roleBindingSchema = z
  .strictObject({
    binding_id: entityId,
    holder,
    role,
    scope: scopeSchema,
    created_by: z.string(),
    created_at: timestamp,
  })
  .meta({ id: "RoleBinding" });
export const roleBindingBody = z.strictObject({ holder, role, scope: scopeSchema }).meta({ id: "NewRoleBinding" });
export const roleBindingListQuery = z.strictObject({ holder: holder.optional(), ...cursorQuery });
export const roleBindingListSchema = z
  .strictObject({ items: z.array(roleBindingSchema), next_cursor: nextCursor })
  .meta({ id: "RoleBindingList" });

export const userSchema = z
  .strictObject({
    user_id: entityId,
    name: z.string(),
    email: z.string().optional(),
    issuer: z.string().optional().meta({ description: "The identity provider; absent for one who uses tokens only" }),
    subject: z.string().optional(),
    created_at: timestamp,
    last_seen_at: timestamp.optional(),
    disabled_at: timestamp.optional().meta({ description: "Since when nothing of theirs is accepted" }),
  })
  .meta({ id: "User" });
export const userBody = z
  .strictObject({ name, email: z.email().max(320).optional() })
  .meta({ id: "NewUser", description: "Somebody who uses tokens only; who signs in is entered by that" });
export const userListSchema = z
  .strictObject({ items: z.array(userSchema), next_cursor: nextCursor })
  .meta({ id: "UserList" });
export const pageQuery = z.strictObject(cursorQuery);

const permission = z.enum(permissions as [string, ...string[]]);
export const tokenSchema = z
  .strictObject({
    token_id: entityId,
    name: z.string(),
    user_id: entityId.optional().meta({ description: "Whose it is; it never does more than they may" }),
    bindings: z.array(bindingSchema),
    permissions: z.array(permission).optional().meta({ description: "No more than these of what the roles allow" }),
    created_by: z.string(),
    created_at: timestamp,
    expires_at: timestamp.optional(),
    last_used_at: timestamp.optional().meta({ description: "To the minute" }),
    revoked_at: timestamp.optional(),
    previous_until: timestamp
      .optional()
      .meta({ description: "Until when the secret from before the last rotation is accepted, too" }),
  })
  .meta({ id: "Token" });
export const madeTokenSchema = z
  .strictObject({
    ...tokenSchema.shape,
    token: z.string().meta({ description: "The secret. Shown this once and kept nowhere" }),
  })
  .meta({ id: "MadeToken" });
export const tokenListSchema = z
  .strictObject({ items: z.array(tokenSchema), next_cursor: nextCursor })
  .meta({ id: "TokenList" });
export const tokenBody = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(100)
      .regex(/^[A-Za-z0-9][A-Za-z0-9 ._@-]*$/),
    user_id: entityId.optional(),
    bindings: z.array(bindingSchema).min(1).max(50),
    permissions: z.array(permission).min(1).optional(),
    expires_in_days: z.int().min(1).max(366).optional().meta({ description: "Default 90" }),
  })
  .meta({ id: "NewToken" });
export const rotateBody = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(7 * 86_400)
      .optional()
      .meta({ description: "How long the secret from before is accepted, too. Default 3600" }),
  })
  .meta({ id: "RotateToken" });

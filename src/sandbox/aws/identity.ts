import { randomBytes } from "node:crypto";
import type { Document, Documents, Table } from "../cloud/documents.ts";
import { type Decision, decide, managedPolicies } from "./policies.ts";

/** The account that the sandbox's AWS serves: the example account of AWS's documentation. */
export const accountId = "111122223333";
/** Owner of the simulated public images: the account that Debian documents, so that they are found as its own are. */
export const publisherId = "136693071363";

/** The role of the instance whose metadata service is served. */
export const instanceRole = "sandbox-instance";

export interface User extends Document {
  readonly arn: string;
  readonly userId: string;
  readonly createdAt: number;
  readonly policies: Readonly<Record<string, string>>;
  readonly attached: readonly string[];
}

export interface Role extends User {
  readonly trust: string;
  readonly maxSessionSeconds: number;
}

export interface Credential extends Document {
  readonly secret: string;
  readonly sessionToken?: string;
  readonly expiresAt?: number;
  readonly userName?: string;
  readonly roleName?: string;
  readonly sessionName?: string;
  /** Narrows what the role may do. */
  readonly sessionPolicy?: string;
  readonly createdAt: number;
}

export interface Caller {
  readonly accessKeyId: string;
  readonly arn: string;
  readonly userId: string;
  /** Role's or user's name, as IAM has it. */
  readonly principal: { readonly kind: "user" | "role"; readonly name: string };
  readonly sessionPolicy?: string;
}

/** The administrator whose keys the sandbox hands out. */
const administrator = "sandbox";

/** Who may call, and what for: users, roles and their keys. IAM is one for all regions. */
export class Identity {
  readonly users: Table<User>;
  readonly roles: Table<Role>;
  readonly credentials: Table<Credential>;
  readonly policies: Table<Document & { readonly name: string; readonly document: string }>;

  constructor(documents: Documents) {
    this.users = documents.table("iam-user");
    this.roles = documents.table("iam-role");
    this.credentials = documents.table("iam-credential");
    this.policies = documents.table("iam-policy");
    if (this.users.has(administrator)) return;
    documents.together(() => {
      this.roles.put({
        id: instanceRole,
        arn: `arn:aws:iam::${accountId}:role/${instanceRole}`,
        userId: newKeyId("AROA"),
        createdAt: Date.now(),
        policies: {},
        attached: ["arn:aws:iam::aws:policy/AdministratorAccess"],
        trust: JSON.stringify({
          Version: "2012-10-17",
          Statement: [{ Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" }],
        }),
        maxSessionSeconds: 12 * 3600,
      });
      this.createUser(administrator, ["arn:aws:iam::aws:policy/AdministratorAccess"]);
      this.createKey(administrator);
    });
  }

  /** Keys that may do everything, made with the instance. */
  get administratorKeys(): Credential {
    return this.credentials.find(({ userName }) => userName === administrator) ?? this.createKey(administrator);
  }

  createUser(name: string, attached: readonly string[] = []): User {
    const arn = `arn:aws:iam::${accountId}:user/${name}`;
    return this.users.put({ id: name, arn, userId: newKeyId("AIDA"), createdAt: Date.now(), policies: {}, attached });
  }

  createKey(userName: string): Credential {
    const secret = randomBytes(30).toString("base64");
    return this.credentials.put({ id: newKeyId("AKIA"), secret, userName, createdAt: Date.now() });
  }

  /** Keys of a role for a while. */
  createSession(role: Role, sessionName: string, seconds: number, sessionPolicy?: string): Credential {
    for (const { id } of this.credentials.where(({ expiresAt = Infinity }) => expiresAt < Date.now() - 3_600_000))
      this.credentials.delete(id);
    return this.credentials.put({
      id: newKeyId("ASIA"),
      secret: randomBytes(30).toString("base64"),
      sessionToken: randomBytes(96).toString("base64"),
      expiresAt: Date.now() + seconds * 1000,
      roleName: role.id,
      sessionName,
      createdAt: Date.now(),
      ...(sessionPolicy ? { sessionPolicy } : {}),
    });
  }

  /** Undefined when the user or role is gone. */
  caller(credential: Credential): Caller | undefined {
    const { id, userName, roleName, sessionName, sessionPolicy } = credential;
    if (userName !== undefined) {
      const user = this.users.get(userName);
      return (
        user && { accessKeyId: id, arn: user.arn, userId: user.userId, principal: { kind: "user", name: userName } }
      );
    }
    const role = this.roles.get(roleName ?? "");
    return (
      role && {
        accessKeyId: id,
        arn: `arn:aws:sts::${accountId}:assumed-role/${role.id}/${sessionName}`,
        userId: `${role.userId}:${sessionName}`,
        principal: { kind: "role", name: role.id },
        ...(sessionPolicy ? { sessionPolicy } : {}),
      }
    );
  }

  may(caller: Caller, action: string, resource: string, context: Readonly<Record<string, string>>): Decision {
    const { kind, name } = caller.principal;
    const holder = kind === "user" ? this.users.get(name) : this.roles.get(name);
    if (!holder) return "implicitDeny";
    const decision = decide(this.policiesOf(holder), action, resource, context);
    if (decision !== "allowed" || caller.sessionPolicy === undefined) return decision;
    return decide([caller.sessionPolicy], action, resource, context);
  }

  policiesOf(holder: User): string[] {
    const attached = holder.attached.map((arn) => managedPolicies[arn] ?? this.policies.get(arn)?.document ?? "");
    return [...Object.values(holder.policies), ...attached.filter((document) => document !== "")];
  }
}

/** An id of 20 characters as IAM makes them. */
export function newKeyId(prefix: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const letters = [...randomBytes(16)].map((byte) => alphabet[byte % alphabet.length]);
  return `${prefix}${letters.join("")}`;
}

import type * as iam from "@aws-sdk/client-iam";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import { accountId, newKeyId, type Role, type User } from "../identity.ts";
import { decide, managedPolicies, statementsOf } from "../policies.ts";

/** Users, roles, their policies and keys: what the permission preflight and assumed roles need of IAM. */
export function iamOperations({ identity }: AwsCloud) {
  const { users, roles, credentials, policies } = identity;
  const missing = (what: string, name: string | undefined) =>
    new AwsError("NoSuchEntity", `The ${what} with name ${name} cannot be found.`, 404);
  const userNamed = (call: Call, name: string | undefined): User => {
    const user = users.get(name ?? (call.caller.principal.kind === "user" ? call.caller.principal.name : ""));
    if (!user) throw missing("user", name);
    return user;
  };
  const roleNamed = (name: string | undefined): Role => {
    const role = roles.get(name ?? "");
    if (!role) throw missing("role", name);
    return role;
  };
  const describeUser = ({ id, arn, userId, createdAt }: User): iam.User => ({
    Path: "/",
    UserName: id,
    UserId: userId,
    Arn: arn,
    CreateDate: new Date(createdAt),
  });
  const describeRole = (role: Role): iam.Role => ({
    Path: "/",
    RoleName: role.id,
    RoleId: role.userId,
    Arn: role.arn,
    CreateDate: new Date(role.createdAt),
    AssumeRolePolicyDocument: encodeURIComponent(role.trust),
    MaxSessionDuration: role.maxSessionSeconds,
  });
  const policyExists = (arn: string | undefined): string => {
    if (arn !== undefined && (arn in managedPolicies || policies.has(arn))) return arn;
    throw new AwsError("NoSuchEntity", `Policy ${arn} does not exist or is not attachable.`, 404);
  };
  const holderOf = (arn: string): User | undefined => {
    const [, kind, name = ""] =
      /^arn:aws:(?:iam|sts)::\d{12}:(user|role|assumed-role)\/(?:.*?\/)?([^/]+)/.exec(arn) ?? [];
    return kind === "user"
      ? users.get(name)
      : roles.get(arn.includes(":assumed-role/") ? (arn.split("/")[1] ?? "") : name);
  };

  return {
    CreateUser: (_call: Call, input: iam.CreateUserRequest): iam.CreateUserResponse => {
      const name = validName(input.UserName);
      if (users.has(name)) throw new AwsError("EntityAlreadyExists", `User with name ${name} already exists.`, 409);
      return { User: describeUser(identity.createUser(name)) };
    },
    GetUser: (call: Call, input: iam.GetUserRequest): iam.GetUserResponse => ({
      User: describeUser(userNamed(call, input.UserName)),
    }),
    ListUsers: (): iam.ListUsersResponse => ({ Users: [...users.values()].map(describeUser), IsTruncated: false }),
    DeleteUser: (call: Call, input: iam.DeleteUserRequest): object => {
      const { id, policies: inline, attached } = userNamed(call, input.UserName);
      const hasKeys = credentials.find(({ userName }) => userName === id) !== undefined;
      if (hasKeys || Object.keys(inline).length + attached.length > 0) {
        throw new AwsError("DeleteConflict", "Cannot delete entity, must delete access keys and policies first.", 409);
      }
      users.delete(id);
      return {};
    },
    CreateAccessKey: (call: Call, input: iam.CreateAccessKeyRequest): iam.CreateAccessKeyResponse => {
      const user = userNamed(call, input.UserName);
      if (credentials.where(({ userName }) => userName === user.id).length >= 2) {
        throw new AwsError("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2", 409);
      }
      const { id, secret, createdAt } = identity.createKey(user.id);
      return {
        AccessKey: {
          UserName: user.id,
          AccessKeyId: id,
          Status: "Active",
          SecretAccessKey: secret,
          CreateDate: new Date(createdAt),
        },
      };
    },
    ListAccessKeys: (call: Call, input: iam.ListAccessKeysRequest): iam.ListAccessKeysResponse => {
      const { id } = userNamed(call, input.UserName);
      return {
        AccessKeyMetadata: credentials
          .where(({ userName }) => userName === id)
          .map((key) => ({ UserName: id, AccessKeyId: key.id, Status: "Active", CreateDate: new Date(key.createdAt) })),
        IsTruncated: false,
      };
    },
    DeleteAccessKey: (call: Call, input: iam.DeleteAccessKeyRequest): object => {
      const { id } = userNamed(call, input.UserName);
      const key = credentials.get(input.AccessKeyId ?? "");
      if (key?.userName !== id) throw missing("Access Key", input.AccessKeyId);
      credentials.delete(key.id);
      return {};
    },
    PutUserPolicy: (call: Call, input: iam.PutUserPolicyRequest): object => {
      const user = userNamed(call, input.UserName);
      users.put(withPolicy(user, input.PolicyName, input.PolicyDocument));
      return {};
    },
    DeleteUserPolicy: (call: Call, input: iam.DeleteUserPolicyRequest): object => {
      users.put(withoutPolicy(userNamed(call, input.UserName), input.PolicyName));
      return {};
    },
    AttachUserPolicy: (call: Call, input: iam.AttachUserPolicyRequest): object => {
      const user = userNamed(call, input.UserName);
      users.put({ ...user, attached: [...new Set([...user.attached, policyExists(input.PolicyArn)])] });
      return {};
    },
    DetachUserPolicy: (call: Call, input: iam.DetachUserPolicyRequest): object => {
      const user = userNamed(call, input.UserName);
      users.put({ ...user, attached: user.attached.filter((arn) => arn !== input.PolicyArn) });
      return {};
    },

    CreateRole: (_call: Call, input: iam.CreateRoleRequest): iam.CreateRoleResponse => {
      const name = validName(input.RoleName);
      if (roles.has(name)) throw new AwsError("EntityAlreadyExists", `Role with name ${name} already exists.`, 409);
      statementsOf(input.AssumeRolePolicyDocument ?? "");
      const role = roles.put({
        id: name,
        arn: `arn:aws:iam::${accountId}:role/${name}`,
        userId: newKeyId("AROA"),
        createdAt: Date.now(),
        policies: {},
        attached: [],
        trust: input.AssumeRolePolicyDocument ?? "",
        maxSessionSeconds: input.MaxSessionDuration ?? 3600,
      });
      return { Role: describeRole(role) };
    },
    GetRole: (_call: Call, input: iam.GetRoleRequest): iam.GetRoleResponse => ({
      Role: describeRole(roleNamed(input.RoleName)),
    }),
    ListRoles: (): iam.ListRolesResponse => ({ Roles: [...roles.values()].map(describeRole), IsTruncated: false }),
    DeleteRole: (_call: Call, input: iam.DeleteRoleRequest): object => {
      const { id, policies: inline, attached } = roleNamed(input.RoleName);
      if (Object.keys(inline).length + attached.length > 0) {
        throw new AwsError("DeleteConflict", "Cannot delete entity, must delete policies first.", 409);
      }
      roles.delete(id);
      return {};
    },
    PutRolePolicy: (_call: Call, input: iam.PutRolePolicyRequest): object => {
      roles.put(withPolicy(roleNamed(input.RoleName), input.PolicyName, input.PolicyDocument));
      return {};
    },
    DeleteRolePolicy: (_call: Call, input: iam.DeleteRolePolicyRequest): object => {
      roles.put(withoutPolicy(roleNamed(input.RoleName), input.PolicyName));
      return {};
    },
    AttachRolePolicy: (_call: Call, input: iam.AttachRolePolicyRequest): object => {
      const role = roleNamed(input.RoleName);
      roles.put({ ...role, attached: [...new Set([...role.attached, policyExists(input.PolicyArn)])] });
      return {};
    },
    DetachRolePolicy: (_call: Call, input: iam.DetachRolePolicyRequest): object => {
      const role = roleNamed(input.RoleName);
      roles.put({ ...role, attached: role.attached.filter((arn) => arn !== input.PolicyArn) });
      return {};
    },

    SimulatePrincipalPolicy: (_call: Call, input: iam.SimulatePrincipalPolicyRequest): iam.SimulatePolicyResponse => {
      const holder = holderOf(input.PolicySourceArn ?? "");
      if (!holder) throw missing("policy source", input.PolicySourceArn);
      const documents = [...identity.policiesOf(holder), ...(input.PolicyInputList ?? [])];
      const context = Object.fromEntries(
        (input.ContextEntries ?? []).map((entry) => [entry.ContextKeyName ?? "", entry.ContextKeyValues?.[0] ?? ""]),
      );
      const resources = input.ResourceArns?.length ? input.ResourceArns : ["*"];
      const results = (input.ActionNames ?? []).flatMap((EvalActionName) =>
        resources.map((EvalResourceName) => ({
          EvalActionName,
          EvalResourceName,
          EvalDecision: decide(documents, EvalActionName, EvalResourceName, context),
          MatchedStatements: [],
          MissingContextValues: [],
        })),
      );
      const start = Number(input.Marker ?? 0);
      const end = start + (input.MaxItems ?? 100);
      const more = end < results.length;
      return {
        EvaluationResults: results.slice(start, end),
        IsTruncated: more,
        ...(more ? { Marker: String(end) } : {}),
      };
    },
  };
}

function validName(name: string | undefined): string {
  if (name !== undefined && /^[\w+=,.@-]{1,64}$/.test(name)) return name;
  throw new AwsError("ValidationError", `The specified value for the name is invalid: ${name}`);
}

function withPolicy<T extends User>(holder: T, name: string | undefined, document: string | undefined): T {
  statementsOf(document ?? "");
  return { ...holder, policies: { ...holder.policies, [name ?? ""]: document ?? "" } };
}

function withoutPolicy<T extends User>(holder: T, name: string | undefined): T {
  const { [name ?? ""]: gone, ...policies } = holder.policies;
  if (gone === undefined) throw new AwsError("NoSuchEntity", `The policy with name ${name} cannot be found.`, 404);
  return { ...holder, policies };
}

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { DescribeVolumesCommand } from "@aws-sdk/client-ec2";
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetRoleCommand,
  IAMClient,
  PutRolePolicyCommand,
  PutUserPolicyCommand,
  SimulatePrincipalPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  type Credentials,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { startAwsLab } from "./support.ts";

const lab = await startAwsLab();
const iam = new IAMClient(lab.config());
const sts = new STSClient(lab.config());
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

const policy = (Effect: string, Action: string | string[], extra: object = {}) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect, Action, Resource: "*", ...extra }] });
const trust = (Principal: object, Action: string, Condition = {}) =>
  JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal, Action, Condition }] });
const keysOf = ({ AccessKeyId = "", SecretAccessKey = "", SessionToken = "" }: Credentials) => ({
  accessKeyId: AccessKeyId,
  secretAccessKey: SecretAccessKey,
  sessionToken: SessionToken,
});
const describeVolumes = (credentials: object) => lab.ec2({ credentials }).send(new DescribeVolumesCommand({}));

test("the administrator's keys say whose they are", async () => {
  const { Account, Arn } = await sts.send(new GetCallerIdentityCommand({}));
  assert.deepEqual([Account, Arn], ["111122223333", "arn:aws:iam::111122223333:user/sandbox"]);
  const wrong = new STSClient(
    lab.config({ credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" } }),
  );
  await assert.rejects(wrong.send(new GetCallerIdentityCommand({})), { name: "InvalidClientTokenId" });
});

describe("a role", () => {
  const RoleArn = "arn:aws:iam::111122223333:role/mover";
  const assume = (input: object = {}) =>
    sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: "test", ExternalId: "secret-word", ...input }));
  before(async () => {
    const AssumeRolePolicyDocument = trust({ AWS: "111122223333" }, "sts:AssumeRole", {
      StringEquals: { "sts:ExternalId": "secret-word" },
    });
    await iam.send(new CreateRoleCommand({ RoleName: "mover", AssumeRolePolicyDocument }));
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: "mover",
        PolicyName: "p",
        PolicyDocument: policy("Allow", "ec2:Describe*"),
      }),
    );
  });

  test("gives keys for a while to whom it trusts, narrowed by a session policy", async () => {
    await assert.rejects(assume({ ExternalId: "other" }), { name: "AccessDenied" });
    await assert.rejects(assume({ DurationSeconds: 43_200 }), { name: "ValidationError" });
    const { Credentials, AssumedRoleUser } = await assume();
    assert.equal(AssumedRoleUser?.Arn, "arn:aws:sts::111122223333:assumed-role/mover/test");
    const keys = keysOf(Credentials as Credentials);
    await describeVolumes(keys);
    await assert.rejects(describeVolumes({ ...keys, sessionToken: "other" }), { name: "AuthFailure" });
    const narrowed = await assume({ Policy: policy("Allow", "ec2:DescribeImages") });
    await assert.rejects(describeVolumes(keysOf(narrowed.Credentials as Credentials)), {
      name: "UnauthorizedOperation",
    });
  });

  test("whose session has expired lets nobody in", async () => {
    const { identity } = lab.aws.cloud;
    const role = identity.roles.get("mover");
    assert.ok(role);
    const { id, secret, sessionToken = "" } = identity.createSession(role, "short", 0.05);
    await sleep(60);
    const credentials = { accessKeyId: id, secretAccessKey: secret, sessionToken };
    await assert.rejects(describeVolumes(credentials), { name: "RequestExpired" });
    await assert.rejects(new STSClient(lab.config({ credentials })).send(new GetCallerIdentityCommand({})), {
      name: /ExpiredToken/,
    });
  });

  test("is assumed with a web identity whose claims its trust names", async () => {
    const Principal = { Federated: "arn:aws:iam::111122223333:oidc-provider/issuer.example" };
    const Condition = { StringEquals: { "issuer.example:sub": "worker" } };
    const AssumeRolePolicyDocument = trust(Principal, "sts:AssumeRoleWithWebIdentity", Condition);
    await iam.send(new CreateRoleCommand({ RoleName: "web", AssumeRolePolicyDocument }));
    const token = (claims: object) => ["", Buffer.from(JSON.stringify(claims)).toString("base64url"), ""].join(".");
    const WebIdentityToken = token({ iss: "https://issuer.example", sub: "worker", aud: "sts.amazonaws.com" });
    const input = { RoleArn: "arn:aws:iam::111122223333:role/web", RoleSessionName: "pod" };
    const { Credentials } = await sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken }));
    const who = await new STSClient(lab.config({ credentials: keysOf(Credentials as Credentials) })).send(
      new GetCallerIdentityCommand({}),
    );
    assert.equal(who.Arn, "arn:aws:sts::111122223333:assumed-role/web/pod");
    const other = token({ iss: "https://issuer.example", sub: "somebody", aud: "sts.amazonaws.com" });
    await assert.rejects(sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: other })), {
      name: "AccessDenied",
    });
    await assert.rejects(
      sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: "nonsense" })),
      /validated/,
    );
  });

  test("is described with its trust", async () => {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName: "mover" }));
    assert.match(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""), /secret-word/);
    await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "nobody" })), { name: "NoSuchEntityException" });
  });
});

test("a preflight's simulation says what calls would then be told", async () => {
  await iam.send(new CreateUserCommand({ UserName: "mover" }));
  await iam.send(
    new AttachUserPolicyCommand({ UserName: "mover", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" }),
  );
  await iam.send(
    new PutUserPolicyCommand({
      UserName: "mover",
      PolicyName: "no",
      PolicyDocument: policy("Deny", "ec2:DescribeVolumes"),
    }),
  );
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: "arn:aws:iam::111122223333:user/mover",
      ActionNames: ["ec2:DescribeImages", "ec2:DescribeVolumes", "ec2:RunInstances"],
    }),
  );
  assert.deepEqual(
    EvaluationResults?.map(({ EvalDecision }) => EvalDecision),
    ["allowed", "explicitDeny", "implicitDeny"],
  );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "mover" }));
  const credentials = { accessKeyId: AccessKey?.AccessKeyId, secretAccessKey: AccessKey?.SecretAccessKey };
  await assert.rejects(describeVolumes(credentials), { name: "UnauthorizedOperation" });
  await assert.rejects(iam.send(new DeleteUserCommand({ UserName: "mover" })), { name: "DeleteConflictException" });
});

test("the metadata service hands out the instance role's keys, for a token only", async () => {
  const at = (path: string, init: RequestInit = {}) => fetch(`${lab.aws.endpoint}/latest/${path}`, init);
  const base = "meta-data/iam/security-credentials/";
  assert.equal((await at(base)).status, 401);
  const token = await (
    await at("api/token", { method: "PUT", headers: { "x-aws-ec2-metadata-token-ttl-seconds": "60" } })
  ).text();
  const headers = { "x-aws-ec2-metadata-token": token };
  const role = await (await at(base, { headers })).text();
  const keys = (await (await at(`${base}${role}`, { headers })).json()) as Record<string, string>;
  assert.equal(keys.Code, "Success");
  await describeVolumes({
    accessKeyId: keys.AccessKeyId,
    secretAccessKey: keys.SecretAccessKey,
    sessionToken: keys.Token,
  });
});

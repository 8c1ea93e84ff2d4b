import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf } from "../../src/providers/aws/event-changes.ts";

const told = (type: string, more: object) =>
  changesOf(JSON.stringify({ "detail-type": type, ...more })).map(({ kind, resourceId = "" }) =>
    `${kind} ${resourceId}`.trim(),
  );
const call = (eventName: string, more: object = {}) =>
  told("AWS API Call via CloudTrail", { detail: { eventName, requestParameters: {}, ...more } });

test("an event says which VM, or which kind, has changed", () => {
  assert.deepEqual(
    told("EC2 Instance State-change Notification", { detail: { "instance-id": "i-1", state: "stopped" } }),
    ["vm i-1", "volume", "address"],
  );
  assert.deepEqual(told("EC2 Instance Launch Successful", { detail: { EC2InstanceId: "i-2" } }), [
    "vm i-2",
    "scaling-group",
  ]);
  const arn = (type: string) => `arn:aws:ec2:us-east-1:111122223333:${type}`;
  assert.deepEqual(
    told("Tag Change on Resource", { resources: [arn("instance/i-3"), arn("volume/vol-1"), arn("key-pair/k")] }),
    ["vm i-3", "volume"],
  );
  assert.deepEqual(told("EBS Snapshot Notification", {}), ["snapshot", "recovery-point"]);
});

test("a call says what it is about, unless it only reads or was refused", () => {
  const items = [{ instanceId: "i-0123456789abcdef0" }];
  assert.deepEqual(call("StopInstances", { requestParameters: { instancesSet: { items } } }), [
    "vm i-0123456789abcdef0",
  ]);
  assert.deepEqual(call("CreateSecurityGroup"), ["security-group"]);
  assert.deepEqual(call("CreateSubnet"), ["subnet"]);
  assert.deepEqual(call("DeleteVpnConnection"), ["tunnel"]);
  assert.deepEqual(call("CreateLoadBalancer"), ["load-balancer"]);
  assert.deepEqual(call("UpdateAutoScalingGroup"), ["scaling-group"]);
  const tagged = { requestParameters: { resourcesSet: { items: [{ resourceId: "vpc-0a1b2c3d" }, ...items] } } };
  assert.deepEqual(call("CreateTags", tagged), ["vm i-0123456789abcdef0", "network"]);
  assert.deepEqual(call("DescribeVolumes"), []);
  assert.deepEqual(call("CreateVolume", { errorCode: "Client.UnauthorizedOperation" }), []);
});

test("what is no event of AWS's is about nothing", () => {
  for (const body of [undefined, "", "hello", "[]", "null", "{}", '{"detail-type":"Other"}'])
    assert.deepEqual(changesOf(body), [], String(body));
});

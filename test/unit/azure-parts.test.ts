import assert from "node:assert/strict";
import { test } from "node:test";
import { isProviderError } from "../../src/domain/errors.ts";
import { familyOf } from "../../src/providers/azure/budgets.ts";
import { azureFailure, vendorCode } from "../../src/providers/azure/errors.ts";
import { toExtents } from "../../src/providers/azure/extents.ts";
import { fixedFooter } from "../../src/providers/azure/footer.ts";
import { toInstanceType } from "../../src/providers/azure/instance-types.ts";
import { guidFor, namedFor, parseId } from "../../src/providers/azure/names.ts";
import { changedRanges, writtenRanges } from "../../src/providers/azure/page-ranges.ts";
import { isAllowed } from "../../src/providers/azure/permissions.ts";
import { fromAzureRules, toAzureRules } from "../../src/providers/azure/security-rules.ts";
import type { SecurityRule } from "../../src/providers/cloud-facets.ts";
import { parseFooter } from "../../src/transfer/formats/vhd/footer.ts";

const subject = { operation: "test", resource: "azure" };
const MiB = 2 ** 20;
const GiB = 2 ** 30;

function failureOf(error: object, redact = (text: string) => text) {
  return azureFailure(Object.assign(new Error("said"), error), subject, redact);
}

test("Azure's words for failures become ours, wherever the SDK puts them", () => {
  const cases: readonly (readonly [object, string])[] = [
    [{ code: "SkuNotAvailable", statusCode: 409 }, "InsufficientCapacity"],
    [{ details: { error: { code: "QuotaExceeded" } }, statusCode: 409 }, "QuotaExceeded"],
    [{ details: { errorCode: "LeaseIdMismatchWithBlobOperation" }, statusCode: 412 }, "Conflict"],
    [{ code: "RestError", statusCode: 429 }, "RateLimited"],
    [{ details: { error: { code: "NicReservedForAnotherVm" } }, statusCode: 400 }, "Unavailable"],
    [{ code: "AuthorizationFailed", statusCode: 403 }, "CloudPermissionDenied"],
    [{ name: "AuthenticationError", statusCode: 400 }, "CloudUnauthenticated"],
    [{ code: "ECONNRESET" }, "Unavailable"],
    [{ message: "The long-running operation has failed. AllocationFailed. No room." }, "InsufficientCapacity"],
    [{ code: "OperationNotAllowed", message: "exceeding approved Total Regional Cores quota" }, "QuotaExceeded"],
    [{ code: "OperationNotAllowed", message: "the disk is attached" }, "Conflict"],
    [{ code: "NobodyKnowsThis", statusCode: 418 }, "Unknown"],
  ];
  for (const [error, code] of cases) {
    const failure = failureOf(error);
    assert.equal(failure.code, code, JSON.stringify(error));
    assert.ok(failure.details.action);
  }
  assert.equal(vendorCode(failureOf({ code: "SkuNotAvailable" })), "SkuNotAvailable");
});

test("what is secret is taken out of what Azure says", () => {
  const failure = failureOf({ message: "no such thing as hush" }, (text) => text.replaceAll("hush", "***"));
  assert.ok(!failure.message.includes("hush"));
});

test("requests count against the buckets that Azure keeps", () => {
  const id = "https://management.azure.com/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute";
  const cases: readonly (readonly [string, string, string, string, boolean])[] = [
    ["GET", `${id}/disks/a?api-version=1`, "arm:read", "GET Compute/disks", false],
    ["POST", `${id}/virtualMachines/a/start`, "arm:write", "POST Compute/virtualMachines/start", false],
    ["DELETE", `${id}/snapshots/a`, "arm:delete", "DELETE Compute/snapshots", false],
    ["PUT", "https://acc.blob.core.windows.net/c/b?comp=page", "blob", "PUT blob:page", true],
    ["GET", "https://md-1.z1.blob.storage.azure.net/x/abcd?sig=1", "disk", "GET disk:blob", true],
    ["POST", "https://login.microsoftonline.com/t/oauth2/v2.0/token", "login", "POST token", false],
  ];
  for (const [method, url, budget, call, isBlock] of cases) {
    const { rate: _rate, ...seen } = familyOf(method, new URL(url));
    assert.deepEqual(seen, { budget, call, isBlock });
  }
});

test("names are made of keys, and resource ids are read", () => {
  assert.equal(namedFor("My VM ü", "vm", "k"), namedFor("My VM ü", "vm", "k"));
  assert.notEqual(namedFor("My VM", "vm", "k"), namedFor("My VM", "vm", "l"));
  for (const name of ["", "---", "x".repeat(200), "a/b?c"]) {
    assert.match(namedFor(name, "vm", "k"), /^[a-zA-Z0-9][a-zA-Z0-9-]{0,62}[a-zA-Z0-9]$/);
  }
  assert.match(guidFor("a", 1), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  const subnet = "/subscriptions/s/resourceGroups/G/providers/Microsoft.Network/virtualNetworks/v/subnets/n";
  assert.deepEqual(parseId(subnet), { group: "G", name: "n", parent: "v" });
  assert.deepEqual(parseId(undefined).name, "");
});

test("a list of page ranges that is full is asked for again in halves, so that none is lost", async () => {
  // Every other page of 64 MiB: more ranges than one list holds.
  const size = 64 * MiB;
  const asked: number[] = [];
  const ask = async (offset: number, count: number) => {
    asked.push(count);
    const pageRange: { offset: number; count: number }[] = [];
    for (let at = offset; at < offset + count && pageRange.length < 10_000; at += 1024) {
      pageRange.push({ offset: at, count: 511 });
    }
    return { pageRange };
  };
  const found = await Array.fromAsync(writtenRanges(size, ask));
  assert.equal(found.length, size / 1024);
  assert.equal(found.at(-1)?.offset, size - 1024);
  assert.ok(asked.length > 1);
});

test("a list of page ranges that goes on elsewhere is asked for again in halves, and never taken as whole", async () => {
  const size = 64 * MiB;
  const asked: number[] = [];
  const ask = async (offset: number, count: number) => {
    asked.push(count);
    // Azure may end a list early, however few ranges it has by then.
    const most = count > 8 * MiB ? 3 : Number.POSITIVE_INFINITY;
    const all = Array.from({ length: count / MiB }, (_, index) => ({ offset: offset + index * MiB, count: 511 }));
    return { pageRange: all.slice(0, most), continuationToken: all.length > most ? "further" : "" };
  };
  const found = await Array.fromAsync(writtenRanges(size, ask));
  assert.deepEqual(
    found.map(({ offset }) => offset),
    Array.from({ length: 64 }, (_, index) => index * MiB),
  );
  assert.ok(asked.length > 1);
  const endless = async () => ({ pageRange: [], continuationToken: "further" });
  await assert.rejects(Array.fromAsync(changedRanges(size, endless)), (error) => isProviderError(error, "Unavailable"));
});

test("changed and cleared ranges come in order, as data and as zeros, and end with the disk", async () => {
  const ask = async () => ({
    // The SDK's `count` is the last byte less the first.
    pageRange: [
      { offset: 1024, count: 511 },
      { offset: 1536, count: 511 },
      { offset: 4096, count: 1023 },
    ],
    clearRange: [{ offset: 512, count: 511 }],
  });
  const extents = await Array.fromAsync(toExtents(changedRanges(4608, ask), 4608, false));
  assert.deepEqual(extents, [
    { offset: 512, length: 512, kind: "zero" },
    { offset: 1024, length: 1024, kind: "data" },
    { offset: 4096, length: 512, kind: "data" },
  ]);
  const all = await Array.fromAsync(toExtents(writtenRanges(8192, ask), 8192, true));
  assert.equal(
    all.reduce((sum, { length }) => sum + length, 0),
    8192,
  );
});

test("a replica ends with the footer of a fixed VHD of its size", () => {
  const footer = fixedFooter(16 * GiB, "g");
  assert.ok(footer.equals(fixedFooter(16 * GiB, "g")));
  const { type, sizeBytes, headerAt } = parseFooter(footer, "footer");
  assert.deepEqual([type, sizeBytes, headerAt], [2, 16 * GiB, undefined]);
});

test("a size is what its capabilities say, and none that this subscription may not use", () => {
  const sku = {
    resourceType: "virtualMachines",
    name: "Standard_D2s_v5",
    family: "standardDSv5Family",
    capabilities: [
      { name: "vCPUs", value: "2" },
      { name: "MemoryGB", value: "8" },
      { name: "HyperVGenerations", value: "V1,V2" },
      { name: "CpuArchitectureType", value: "x64" },
      { name: "MaxDataDiskCount", value: "4" },
    ],
  };
  const type = toInstanceType(sku, "eastus");
  assert.deepEqual(
    [type?.cpus, type?.memoryBytes, type?.firmwares, type?.diskBus, type?.maxDisks],
    [2, 8 * GiB, ["bios", "uefi"], "hyperv", 5],
  );
  const restrictions = [{ type: "Location" as const, reasonCode: "NotAvailableForSubscription" as const }];
  assert.equal(toInstanceType({ ...sku, restrictions }, "eastus"), undefined);
  const capabilities = [...sku.capabilities, { name: "DiskControllerTypes", value: "NVMe" }];
  assert.equal(toInstanceType({ ...sku, capabilities }, "eastus"), undefined);
  assert.equal(toInstanceType({ ...sku, resourceType: "disks" }, "eastus"), undefined);
});

test("a security group says what it lets through, and that the rest is refused", () => {
  const rules: SecurityRule[] = [
    { direction: "ingress", protocol: "tcp", fromPort: 443, toPort: 443, peer: "0.0.0.0/0" },
    { direction: "egress", protocol: "udp", fromPort: 53, toPort: 54, peer: "10.0.0.0/8", description: "names" },
    { direction: "ingress", protocol: "all", peer: "10.0.0.0/8" },
  ];
  const azure = toAzureRules(rules, subject);
  assert.deepEqual(fromAzureRules(azure), rules);
  assert.deepEqual(
    azure.filter(({ access }) => access === "Deny").map(({ direction, priority }) => [direction, priority]),
    [
      ["Inbound", 4096],
      ["Outbound", 4096],
    ],
  );
  assert.equal(new Set(azure.map(({ name }) => name)).size, azure.length);
  assert.throws(
    () => toAzureRules([{ direction: "ingress", protocol: "tcp", peer: "web" }], subject),
    (error) => isProviderError(error, "InvalidInput"),
  );
});

test("a role grants what its patterns name and no other role takes it away", () => {
  const granted = [{ actions: ["Microsoft.Compute/*"], notActions: ["*/delete"], dataActions: ["*"] }];
  assert.ok(isAllowed("Microsoft.Compute/disks/read", granted));
  assert.ok(!isAllowed("Microsoft.Compute/disks/delete", granted));
  assert.ok(isAllowed("Microsoft.Compute/disks/delete", [...granted, { actions: ["Microsoft.Compute/disks/*"] }]));
  assert.ok(!isAllowed("Microsoft.Network/virtualNetworks/read", granted));
  assert.ok(isAllowed("Microsoft.Storage/storageAccounts/x/read", granted, true));
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { overlapsBetween, planAddresses } from "../../src/domain/address-plan.ts";
import { nextOf } from "../../src/domain/address-pool.ts";
import { rangesOf } from "../../src/domain/network-ranges.ts";

const range = (site: string, networkId: string, cidr: string) => ({ site, networkId, name: networkId, cidr });
const pool = (cidr: string, excluded: readonly string[] = []) => ({
  ...{ name: "new", cidr, excluded, createdBy: "user/ann", createdAt: "2026-01-01T00:00:00.000Z" },
});

describe("a plan of all addresses", () => {
  test("finds what overlaps between networks, and not what lies inside of one", () => {
    const plan = planAddresses([
      range("aws", "vpc", "10.0.0.0/16"),
      range("aws", "vpc", "10.0.1.0/24"),
      range("azure", "vnet", "10.0.128.0/17"),
      range("gcp", "net", "10.1.0.0/16"),
      range("oci", "vcn", "10.0.0.0/16"),
    ]);
    const shown = plan.overlaps.map(
      ({ first, second, relation }) => `${first.site} ${relation} ${second.site} ${second.cidr}`,
    );
    assert.deepEqual(shown, [
      "aws equal oci 10.0.0.0/16",
      "oci first-contains-second aws 10.0.1.0/24",
      "aws first-contains-second azure 10.0.128.0/17",
      "oci first-contains-second azure 10.0.128.0/17",
    ]);
  });

  test("proposes a range as large that is free everywhere, and one for translation, each once", () => {
    const taken = ["10.64.0.0/16"];
    const same = [
      range("a", "n", "192.168.0.0/24"),
      range("b", "n", "192.168.0.0/24"),
      range("c", "n", "192.168.0.0/24"),
    ];
    const { proposals } = planAddresses([...same, range("d", "n", "10.64.1.0/24")], [pool("10.64.0.0/15")], taken);
    assert.deepEqual(
      proposals.map((one) => [
        one.range.site,
        one.renumberTo,
        one.translateTo,
        one.clashesWith.map(({ site }) => site),
      ]),
      [
        ["b", { cidr: "10.65.0.0/24", pool: "new" }, { cidr: "100.64.0.0/24" }, ["a"]],
        ["c", { cidr: "10.65.1.0/24", pool: "new" }, { cidr: "100.64.1.0/24" }, ["a"]],
      ],
    );
    const without = planAddresses(same).proposals.map(({ renumberTo }) => renumberTo);
    assert.deepEqual(without, [{ cidr: "10.0.0.0/24" }, { cidr: "10.0.1.0/24" }]);
  });

  test("says of IPv6 ranges the same, and that nothing is free where a pool is full", () => {
    const both = [range("a", "n", "fd00:1::/64"), range("b", "n", "fd00:1::/48")];
    const [proposal] = planAddresses(both).proposals;
    assert.deepEqual(
      [proposal?.range.site, proposal?.renumberTo, proposal?.translateTo],
      ["a", { cidr: "fd00::/64" }, undefined],
    );
    const full = planAddresses(both, [pool("fd00:1::/48")]).proposals[0];
    assert.equal(full?.renumberTo, undefined);
  });

  test("tells ranges that never lead anywhere", () => {
    const { unusable, overlaps } = planAddresses([
      range("a", "n", "169.254.0.0/24"),
      range("b", "n", "169.254.0.0/24"),
    ]);
    assert.equal(unusable.length, 2);
    assert.match(unusable[0]?.reason ?? "", /link-local/);
    assert.deepEqual(overlaps, []);
  });

  test("compares two groups that are to be joined, and nothing within one", () => {
    const near = [range("a", "n", "10.0.0.0/16"), range("a", "m", "10.0.0.0/24")];
    const far = [range("b", "n", "10.0.0.0/25")];
    assert.deepEqual(
      overlapsBetween(near, far).map(({ first, second }) => `${first.networkId}${second.networkId}${second.site}`),
      ["nnb", "mnb"],
    );
  });

  test("takes 20 000 ranges in a sweep", () => {
    const many = Array.from({ length: 20_000 }, (_, n) => range("s", `n${n}`, `10.${n >> 8}.${n & 255}.0/24`));
    const started = performance.now();
    assert.equal(planAddresses(many).overlaps.length, 0);
    assert.ok(performance.now() - started < 5_000);
  });
});

test("ranges are read out of the inventory: a subnet counts where its network shows none", () => {
  const resource = (kind: "network" | "subnet", resourceId: string, document: object) => ({
    ...{ site: "s", kind, resourceId, name: resourceId, document: document as Record<string, unknown> },
  });
  const ranges = rangesOf([
    resource("network", "vpc", { cidrs: ["10.0.0.0/16", "fd00::/56"] }),
    resource("subnet", "part", { cidr: "10.0.1.0/24", virtual_network_id: "vpc" }),
    resource("network", "flat", { cidrs: [] }),
    resource("subnet", "only", { cidr: "10.9.0.0/24", virtual_network_id: "flat" }),
    resource("network", "host", { cidr: "192.168.122.0/24" }),
    resource("network", "none", {}),
  ]);
  assert.deepEqual(
    ranges.map(({ networkId, cidr }) => `${networkId} ${cidr}`),
    ["vpc 10.0.0.0/16", "vpc fd00::/56", "host 192.168.122.0/24", "flat 10.9.0.0/24"],
  );
});

test("a pool gives its lowest free range, past what is in use and what is left out", () => {
  assert.equal(nextOf(pool("10.0.0.0/16"), 24, []), "10.0.0.0/24");
  assert.equal(nextOf(pool("10.0.0.0/16", ["10.0.1.0/24"]), 24, ["10.0.0.0/25", "10.0.0.192/26"]), "10.0.2.0/24");
  assert.equal(nextOf(pool("10.0.0.0/16"), 26, ["10.0.0.0/25", "10.0.0.192/26"]), "10.0.0.128/26");
  assert.equal(nextOf(pool("10.0.0.0/23"), 24, ["10.0.0.64/32", "10.0.1.7/32"]), undefined);
  assert.equal(nextOf(pool("10.0.0.0/24"), 16, []), undefined);
  assert.equal(nextOf(pool("fd00:5::/48"), 64, ["fd00:5::/63"]), "fd00:5:0:2::/64");
});

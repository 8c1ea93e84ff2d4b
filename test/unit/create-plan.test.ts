import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SeenSite, SiteOffer } from "../../src/domain/create-observations.ts";
import { planCreate } from "../../src/domain/create-plan.ts";
import type { CreateVmRequest } from "../../src/domain/create-request.ts";
import { operationItems } from "../../src/domain/operation.ts";
import type { Price, PriceTerms } from "../../src/domain/prices.ts";
import { gib, priceOf, sizeOf } from "./support/observations.ts";

const GiB = gib;
const type = sizeOf;

function price(item: string, micros: number, terms: PriceTerms = "on-demand"): Price {
  const list = { provider: "aws", region: "r", item, terms, price: { micros, currency: "USD" } };
  return priceOf(item === "gp3" ? { ...list, kind: "disk", unit: "gib-month" } : list);
}

function cloud(site: string, prices: Price[], more: Partial<SiteOffer> = {}, region = "us-east-1"): SeenSite {
  return {
    site,
    provider: "aws",
    region,
    residency: ["us"],
    there: {
      capabilityGaps: { "compute.create-stopped": "it starts what it makes" },
      networks: [
        { networkId: `${site}-b`, name: "b", active: true, isDefault: true, zone: "zb" },
        { networkId: `${site}-a`, name: "a", active: true, isDefault: true, zone: "za" },
      ],
      vmNames: [],
      ceilings: [],
      instanceTypes: [type("m.large", 2, 8), type("m.xlarge", 4, 16)],
      prices: { provider: "aws", region: "r", prices },
      diskType: "gp3",
      diskBytes: [10 * GiB],
      ...more,
    },
  };
}

function host(site: string, more: Partial<SiteOffer> = {}): SeenSite {
  const gaps = { prices: "a host of your own has no price list", "compute.spot": "it sells nothing" };
  const networks = [{ networkId: "user", name: "user", active: true }];
  const there = { capabilityGaps: gaps, networks, vmNames: [], ceilings: [], diskBytes: [10 * GiB], ...more };
  return { site, provider: "libvirt", residency: ["eu"], there };
}

const wish: CreateVmRequest = { name: "web-1", cpus: 2, memoryBytes: 4 * GiB, disks: [{ sizeBytes: 10 * GiB }] };
const plan = (sites: SeenSite[], more: Partial<CreateVmRequest> = {}) =>
  planCreate({ request: { ...wish, ...more }, defaults: { stopGraceMs: 1000 }, sites });
const chosen = (parts: ReturnType<typeof plan>) => parts.choices.find(({ what }) => what === "site");
const cheap = cloud("cheap", [price("m.large", 90_000), price("gp3", 80_000)]);
const dear = cloud("dear", [price("m.large", 100_000), price("gp3", 80_000)], {}, "eu-west-1");

describe("where a new VM goes", () => {
  test("is the cheapest that will do, with the next ones and why the others won't", () => {
    const small = cloud("small", [price("m.large", 1)], { instanceTypes: [type("t.nano", 1, 1)] });
    const parts = plan([dear, small, cheap]);
    assert.equal(chosen(parts)?.chosen, "cheap");
    assert.match(
      chosen(parts)?.why ?? "",
      /cheapest of 2 .*66\.50 USD a month; next dear \(73\.80 USD.*left out: no size at small/,
    );
    assert.equal(parts.estimates.monthly?.total?.micros, 90_000 * 730 + 800_000);
  });

  test("is never one whose price is not known while another's is, whatever it might cost", () => {
    const part = cloud("part", [price("m.large", 1)]);
    for (const sites of [
      [host("mine"), dear, part],
      [part, host("mine"), dear],
    ]) {
      const parts = plan(sites);
      assert.equal(chosen(parts)?.chosen, "dear");
      assert.match(chosen(parts)?.why ?? "", /part \(at least.*mine \(price not known\)/);
    }
    const partly = plan([host("mine"), cloud("part2", [price("m.large", 2)]), part]);
    assert.equal(chosen(partly)?.chosen, "part");
    assert.match(chosen(partly)?.why ?? "", /no whole price is known; by what is known it is the cheapest, at least/);
    assert.match(JSON.stringify(partly.checks), /not known: disk gp3 needs/);
    const unknown = plan([host("yours"), host("mine")]);
    assert.equal(chosen(unknown)?.chosen, "mine");
    assert.match(chosen(unknown)?.why ?? "", /no price is known; it is the first by name/);
    assert.match(JSON.stringify(unknown.checks), /What it costs at mine is not known/);
    assert.equal(unknown.estimates.monthly, undefined);
  });

  test("stays within the regions and the residency that were asked for", () => {
    assert.equal(chosen(plan([cheap, dear], { regions: ["eu-*"] }))?.chosen, "dear");
    assert.equal(chosen(plan([cheap, dear, host("mine")], { residency: "eu" }))?.chosen, "mine");
    const none = plan([cheap], { residency: "eu" });
    assert.deepEqual([none.executable, none.actions], [false, []]);
    assert.match(none.checks[0]?.detail ?? "", /names only us as places where data at cheap stays, not eu/);
  });

  test("is not a site that can't be looked at, nor one beyond its ceilings", () => {
    const away: SeenSite = { site: "away", provider: "aws", region: "us-east-1", residency: [], unread: "no answer" };
    const full = cloud("full", [price("m.large", 1), price("gp3", 1)], {
      ceilings: [{ name: "max_vms", limit: 3, used: 3, unit: "VMs" }],
    });
    const parts = plan([away, full, dear]);
    assert.equal(chosen(parts)?.chosen, "dear");
    assert.match(chosen(parts)?.why ?? "", /away: no answer; full would have more than 3 VMs/);
  });

  test("may be spot capacity where that will do and is known to be cheaper", () => {
    const spot = cloud("spot", [price("m.large", 90_000), price("m.large", 30_000, "spot"), price("gp3", 1)]);
    const create = (parts: ReturnType<typeof plan>) =>
      parts.actions.find(({ action }) => action === "create-vm")?.parameters.create as { capacityType: string };
    assert.equal(create(plan([spot])).capacityType, "on-demand");
    assert.equal(create(plan([spot], { spot: true })).capacityType, "spot");
    assert.equal(create(plan([cheap], { spot: true })).capacityType, "on-demand", "its spot price is not known");
  });
});

describe("what is done to make it", () => {
  const steps = (parts: ReturnType<typeof plan>) => operationItems(parts)[0]?.steps.map(({ action }) => action);

  test("is a disk in the network's zone, the VM, and its start where the site doesn't start it by itself", () => {
    assert.deepEqual(steps(plan([host("mine")], { site: "mine" })), ["create-volume", "create-vm", "start-vm"]);
    const parts = plan([cheap], { site: "cheap" });
    assert.deepEqual(steps(parts), ["create-volume", "create-vm"]);
    assert.deepEqual(parts.actions[0]?.parameters.disk, { sizeBytes: 10 * GiB, zone: "za" });
    assert.deepEqual(steps(plan([cheap], { site: "cheap", start: false })), ["create-volume", "create-vm", "stop-vm"]);
    assert.deepEqual(steps(plan([host("mine")], { site: "mine", start: false })), ["create-volume", "create-vm"]);
  });

  test("begins from an image or a recovery point where there is one, and says why where there isn't", () => {
    const image = {
      imageId: "ami-1",
      name: "debian-12",
      firmware: "uefi",
      architecture: "x86_64",
      sizeBytes: 8 * GiB,
    } as const;
    const parts = plan([cloud("c", [], { image, diskBytes: [8 * GiB] })], { site: "c", image: "debian-12", disks: [] });
    assert.deepEqual(steps(parts), ["create-vm"]);
    const create = parts.actions[0]?.parameters.create as { firmware: string; disks: object[]; image: object };
    assert.deepEqual([create.firmware, create.disks, create.image], ["uefi", [], { imageId: "ami-1", bootDisk: {} }]);
    const point = plan([host("mine", { recoveryPoint: { sizeBytes: GiB }, diskBytes: [] })], {
      site: "mine",
      recoveryPoint: "p1",
      disks: [],
    });
    assert.deepEqual(steps(point), ["clone-point", "create-vm", "start-vm"]);
    assert.ok(point.observed.some(({ kind, version }) => kind === "recovery-point" && version === "intact"));
    const lacks = plan([host("mine", { capabilityGaps: { images: "no catalogue" } })], {
      site: "mine",
      image: "debian-12",
    });
    assert.match(lacks.checks.find(({ result }) => result === "fail")?.detail ?? "", /mine: no catalogue/);
    const empty = plan([host("mine", { diskBytes: [] })], { site: "mine", disks: [] });
    assert.match(empty.checks.find(({ result }) => result === "fail")?.detail ?? "", /nothing to boot from/);
  });
});

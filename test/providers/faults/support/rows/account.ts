import type { AlarmsFacet, NewAlarm } from "../../../../../src/providers/alarms-facet.ts";
import type { ImagesFacet } from "../../../../../src/providers/cloud-facets.ts";
import type { Provider, SiteCheck } from "../../../../../src/providers/provider.ts";
import type { FaultSite } from "../fault-site.ts";
import { type Lasting, noCapacity, notRepeated, type Passing, type Row, shownAndUnknown } from "../table.ts";

const images = ({ images: facet }: Provider): ImagesFacet => facet as ImagesFacet;
const architecture = "x86_64";

const told = Object.fromEntries(
  ["throttled", "5xx", "reset", "timeout", "capacity", "quota", "unauthorised", "not-found", "down"].map((fault) => [
    fault,
    "told",
  ]),
) as unknown as Lasting;

export const imageRows: readonly Row[] = [
  {
    call: "images.listImages",
    at: "ec2:DescribeImages",
    prepare: async () => ({ call: (provider, signal) => Array.fromAsync(images(provider).listImages(signal)) }),
  },
  {
    call: "images.resolve",
    at: "ec2:DescribeImages",
    async prepare(site) {
      const pointId = await site.point();
      const input = { name: "one", pointId, firmware: "bios", architecture, key: site.key("image"), tags: {} } as const;
      const { imageId } = await images(site.provider).createImage(input, site.signal());
      return {
        call: (provider, signal) => images(provider).resolve(imageId, architecture, signal),
        async undo() {
          await images(site.provider).deleteImage(imageId, site.signal());
        },
      };
    },
  },
  {
    call: "images.createImage",
    at: "ec2:RegisterImage",
    passing: notRepeated,
    async prepare(site) {
      const pointId = await site.point();
      const input = { name: "one", pointId, firmware: "bios", architecture, key: site.key("image"), tags: {} } as const;
      return {
        call: (provider, signal) => images(provider).createImage(input, signal),
        async undo() {
          const { imageId } = await images(site.provider).createImage(input, site.signal());
          await images(site.provider).deleteImage(imageId, site.signal());
        },
      };
    },
  },
  {
    call: "images.deleteImage",
    at: "ec2:DeregisterImage",
    ...shownAndUnknown,
    async prepare(site) {
      const pointId = await site.point();
      const input = { name: "one", pointId, firmware: "bios", architecture, key: site.key("image"), tags: {} } as const;
      const { imageId } = await images(site.provider).createImage(input, site.signal());
      return { call: (provider, signal) => images(provider).deleteImage(imageId, signal) };
    },
  },
];

const alarms = ({ alarms: facet }: Provider): AlarmsFacet => facet as AlarmsFacet;

async function alarmInput(site: FaultSite): Promise<NewAlarm> {
  const { needsAction, actionExample } = alarms(site.provider).terms;
  return {
    ...{ name: "busy", vmId: await site.vmIn("stopped"), metric: "cpu.utilisation", threshold: 0.9 },
    ...{ comparison: "gt", durationSeconds: 300, actions: needsAction ? [actionExample] : [] },
    ...{ key: site.key("alarm"), tags: {} },
  };
}

async function alarm(site: FaultSite): Promise<{ alarmId: string; undo(): Promise<void> }> {
  const { alarmId } = await alarms(site.provider).createAlarm(await alarmInput(site), site.signal());
  return { alarmId, undo: () => alarms(site.provider).deleteAlarm(alarmId, site.signal()) };
}

export const accountRows: readonly Row[] = [
  {
    call: "quotas.listQuotas",
    at: "servicequotas:ListServiceQuotas",
    // A quota that a region does not have is left out.
    lasting: { ...noCapacity, "not-found": "ok" },
    passing: { "not-found": "ok" },
    async prepare() {
      return { call: async ({ quotas }, signal) => Array.fromAsync(quotas?.listQuotas(signal) ?? []) };
    },
  },
  {
    call: "metrics.read",
    at: "monitoring:GetMetricData",
    lasting: noCapacity,
    async prepare() {
      const [from, to] = [new Date(Date.now() - 3_600_000).toISOString(), new Date().toISOString()];
      return {
        async call({ metrics }, signal) {
          if (!metrics) return [];
          const query = { vms: [{ vmId: "i-1" }], metrics: metrics.metrics, from, to, stepSeconds: 300 };
          return Array.fromAsync(metrics.read(query, signal));
        },
      };
    },
  },
  {
    call: "costs.readCosts",
    at: "ce:GetCostAndUsage",
    lasting: noCapacity,
    async prepare() {
      const month = new Date().toISOString().slice(0, 7);
      return { call: ({ costs }, signal) => Array.fromAsync(costs?.readCosts(month, signal) ?? []) };
    },
  },
  {
    call: "costs.statement",
    at: "ce:GetCostAndUsage",
    lasting: noCapacity,
    async prepare() {
      const month = new Date().toISOString().slice(0, 7);
      return { call: async ({ costs }, signal) => costs?.statement?.(month, signal) };
    },
  },
  {
    call: "costs.forecast",
    at: "ce:GetCostForecast",
    // An account that is too young has no forecast.
    lasting: { ...noCapacity, "not-found": "ok" },
    passing: { "not-found": "ok" },
    async prepare() {
      return { call: async ({ costs }, signal) => costs?.forecast?.(7, signal) };
    },
  },
  {
    call: "alarms.listAlarms",
    at: "monitoring:DescribeAlarms",
    lasting: noCapacity,
    async prepare(site) {
      const { undo } = await alarm(site);
      return { call: (provider, signal) => Array.fromAsync(alarms(provider).listAlarms(signal)), undo };
    },
  },
  {
    call: "alarms.createAlarm",
    at: "monitoring:PutMetricAlarm",
    lasting: noCapacity,
    async prepare(site) {
      const input = await alarmInput(site);
      return {
        call: (provider, signal) => alarms(provider).createAlarm(input, signal),
        async undo() {
          const { alarmId } = await alarms(site.provider).createAlarm(input, site.signal());
          await alarms(site.provider).deleteAlarm(alarmId, site.signal());
        },
      };
    },
  },
  {
    call: "alarms.deleteAlarm",
    at: "monitoring:DeleteAlarms",
    lasting: { ...noCapacity, ...shownAndUnknown.lasting },
    passing: shownAndUnknown.passing,
    async prepare(site) {
      const { alarmId, undo } = await alarm(site);
      return { call: (provider, signal) => alarms(provider).deleteAlarm(alarmId, signal), undo };
    },
  },
  {
    call: "check",
    at: "sts:GetCallerIdentity",
    // It never fails: what it finds is what it is for.
    lasting: told,
    passing: { "not-found": "told" } satisfies Partial<Passing>,
    async prepare() {
      return {
        call: (provider, signal) => provider.check(signal),
        told: (rows) => (rows as readonly SiteCheck[]).some(({ result }) => result === "fail"),
      };
    },
  },
  {
    call: "census",
    at: "ec2:DescribeSnapshots",
    prepare: async () => ({ call: (provider, signal) => Array.fromAsync(provider.census(signal)) }),
  },
  {
    call: "close",
    prepare: async (site) => {
      const provider = site.under({});
      return { call: () => provider.close() };
    },
  },
];

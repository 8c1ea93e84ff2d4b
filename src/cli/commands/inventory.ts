import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { CliError } from "../failure.ts";
import { show, table } from "../output.ts";
import { formatBytes, formatSeconds } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type Vm = Schemas["Vm"];

export async function listVms(
  options: CommonOptions & { site?: string; state?: Vm["state"]; name?: string; refresh?: boolean },
): Promise<void> {
  const { api } = connectApi(options);
  const { site, state, name } = options;
  let sites: Schemas["Freshness"][] = [];
  let refresh = options.refresh ?? false;
  const items = await allPages(async (cursor) => {
    const query = {
      limit: 200,
      ...(site ? { site } : {}),
      ...(state ? { state } : {}),
      ...(name ? { name } : {}),
      ...(cursor ? { cursor } : {}),
      ...(refresh ? { refresh: "true" as const } : {}),
    };
    const page = await answerOf(api.GET("/v1/vms", { params: { query } }));
    // Read once, then paged through; what the reading said about the sites is kept.
    if (cursor === undefined) sites = page.sites;
    refresh = false;
    return page;
  });
  await show({ items, sites }, options.output, async (shown) => {
    const rows = await table(
      shown.items,
      [
        { head: "NAME", value: (vm) => vm.name },
        { head: "SITE", value: (vm) => vm.site },
        { head: "STATE", value: (vm) => vm.state },
        { head: "CPU", align: "right", value: (vm) => vm.cpus },
        { head: "MEMORY", align: "right", value: (vm) => formatBytes(vm.memory_bytes) },
        {
          head: "DISKS",
          align: "right",
          value: (vm) => formatBytes(vm.disks.reduce((sum, disk) => sum + disk.size_bytes, 0)),
        },
        { head: "ID", value: (vm) => vm.vm_id },
      ],
      "No VMs.",
    );
    return `${rows}\n\n${shown.sites.map(describeFreshness).join("\n")}`;
  });
}

function describeFreshness(row: Schemas["Freshness"]): string {
  const age = row.age_seconds === undefined ? "never read" : `read ${formatSeconds(row.age_seconds)} ago`;
  return `${row.site}: ${age}${row.error ? `; the newest reading failed: ${row.error}` : ""}`;
}

export async function listProviders(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const [providers, sites] = await Promise.all([answerOf(api.GET("/v1/providers")), answerOf(api.GET("/v1/sites"))]);
  await show({ providers: providers.items, sites: sites.items }, options.output, async (shown) => {
    const kinds = shown.providers.map((provider) => {
      const gaps = provider.capabilities.filter((row) => !row.supported);
      const can = provider.supported ? "supported" : "not in this version yet";
      return [`${provider.kind}: ${can}`, ...gaps.map((row) => `  no ${row.capability}: ${row.reason}`)].join("\n");
    });
    const rows = await table(
      shown.sites,
      [
        { head: "SITE", value: (site) => site.site },
        { head: "KIND", value: (site) => site.kind },
        { head: "ENABLED", value: (site) => (site.enabled ? "yes" : "no") },
        { head: "SIMULATED", value: (site) => (site.simulated ? "yes" : "no") },
        { head: "VMS", align: "right", value: (site) => site.inventory.vm_count },
        { head: "CHANGES", value: (site) => (site.change_events?.listening ? "as they happen" : "at its turn") },
      ],
      "No sites are configured.",
    );
    return `${rows}\n\n${kinds.join("\n")}`;
  });
}

/** @throws CliError when a check failed, after showing all of them. */
export async function checkProviders(wanted: string | undefined, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const names = wanted
    ? [wanted]
    : (await answerOf(api.GET("/v1/sites"))).items.filter(({ enabled }) => enabled).map(({ site }) => site);
  const results = await Promise.all(
    names.map((site) => answerOf(api.POST("/v1/sites/{site}/check", { params: { path: { site } } }))),
  );
  await show(results, options.output, (shown) =>
    table(
      shown.flatMap(({ site, checks }) => checks.map((check) => ({ site, ...check }))),
      [
        { head: "SITE", value: (row) => row.site },
        { head: "CHECK", value: (row) => row.check },
        { head: "RESULT", value: (row) => row.result },
        { head: "DETAIL", value: (row) => (row.remedy ? `${row.detail}. ${row.remedy}` : row.detail) },
      ],
      "No sites to check.",
    ),
  );
  const failed = results.filter(({ ok }) => !ok).map(({ site }) => site);
  if (failed.length > 0)
    throw new CliError(`Checks failed at ${failed.join(", ")}`, "Each failed row says what to do.");
}

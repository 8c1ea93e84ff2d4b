import { allPages, answerOf, type ConnectedApi, connectApi, type Schemas } from "../client.ts";
import { CliError, usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { formatMoney } from "../units.ts";
import type { CommonOptions } from "./options.ts";
import { carryOut, type RunOptions } from "./vm-operations.ts";

type Recommendation = Schemas["Recommendation"];

export interface SavingsListOptions extends CommonOptions {
  readonly site?: string;
  readonly type?: string;
}

const pageSize = 200;

export async function showSavings(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const savings = await answerOf(api.GET("/v1/savings"));
  await show(savings, options.output, async ({ newest, shown, potential }) => {
    const { totals } = shown ?? {};
    const sum = potential.reduce((all, { saving_micros: micros }) => all + micros, 0);
    const head = fields([
      [
        "Newest analysis",
        newest && `${newest.state}, begun ${newest.started_at}${newest.reason ? `: ${newest.reason}` : ""}`,
      ],
      [
        "Shown",
        shown ? `of ${shown.ended_at ?? shown.started_at}` : "none was completed yet: novacron savings analyse",
      ],
      ["Costs now", totals?.current_cost && `${formatMoney(totals.current_cost)} a month, at list prices`],
      ["Potential", shown && `${formatMoney({ micros: sum, currency: "USD" })} a month; nothing of it was saved yet`],
      ["VMs at risk", totals && `${totals.expected_harm.toFixed(2)} expected to be harmed if all of it was done`],
    ]);
    const rows = await table(
      potential,
      [
        { head: "KIND", value: (row) => row.type },
        { head: "COUNT", align: "right", value: (row) => String(row.count) },
        {
          head: "A MONTH",
          align: "right",
          value: (row) => formatMoney({ micros: row.saving_micros, currency: "USD" }),
        },
      ],
      "Nothing is recommended.",
    );
    return `${head}\n\n${rows}`;
  });
}

export async function listRecommendations(options: SavingsListOptions): Promise<void> {
  const connected = connectApi(options);
  const { type } = options;
  const all = await recommendations(connected, {
    ...(options.site === undefined ? {} : { site: options.site }),
    ...(type === undefined ? {} : { type: kindOf(type) }),
  });
  await show(all, options.output, async (rows) => {
    const list = await table(
      rows,
      [
        { head: "KIND", value: (row) => row.type },
        { head: "RESOURCE", value: (row) => `${row.site}/${row.name}` },
        { head: "NOW", align: "right", value: (row) => formatMoney(row.current_cost) },
        { head: "THEN", align: "right", value: (row) => formatMoney(row.optimized_cost) },
        { head: "LESS", align: "right", value: (row) => `${row.savings_percent.toFixed(1)} %` },
        { head: "SURE", align: "right", value: (row) => `${(row.confidence * 100).toFixed(0)} %` },
        { head: "RISK", value: (row) => row.risk },
        { head: "WHAT TO DO", value: (row) => row.action },
      ],
      "Nothing is recommended; novacron savings unchanged says why.",
    );
    const sum = rows.reduce((micros, { potential_savings: saved }) => micros + saved.micros, 0);
    return rows.length === 0
      ? list
      : `${list}\n\nTogether ${formatMoney({ micros: sum, currency: "USD" })} a month: potential.`;
  });
}

export async function listUnchanged(options: SavingsListOptions): Promise<void> {
  const { api } = connectApi(options);
  const { site } = options;
  const all = await allPages((cursor) => {
    const query = { limit: pageSize, ...(site === undefined ? {} : { site }), ...(cursor ? { cursor } : {}) };
    return answerOf(api.GET("/v1/savings/unchanged", { params: { query } }));
  });
  await show(all, options.output, (rows) =>
    table(
      rows,
      [
        { head: "RESOURCE", value: (row) => `${row.site}/${row.name}` },
        { head: "KIND", value: (row) => row.resource_kind },
        { head: "WHY", value: (row) => row.reason },
      ],
      "No resource is without a recommendation.",
    ),
  );
}

export async function analyseSavings(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const started = await answerOf(api.POST("/v1/savings/analyses"));
  await show(started, options.output, () => "The analysis runs.\nLook at it: novacron savings show");
}

/** Plans what is recommended, shows the plan, and carries out exactly that. */
export async function applyRecommendation(resource: string, options: RunOptions): Promise<void> {
  const slash = resource.indexOf("/");
  if (slash < 1) throw usageError(`${resource} names no VM`, "Write SITE/VM, with the VM's id or name.");
  const [site, name] = [resource.slice(0, slash), resource.slice(slash + 1)];
  const connected = connectApi(options);
  const all = await recommendations(connected, { site });
  const ofVm = all.filter(
    ({ resource_kind: kind, resource_id: id, name: called }) => kind === "vm" && (id === name || called === name),
  );
  const [found, second] = ofVm;
  if (!found) throw new CliError(`Nothing is recommended for ${resource}`, "novacron savings unchanged says why.");
  if (second) throw usageError(`More than one VM at ${site} is called ${name}`, "Name it by its id.");
  const body = { kind: "operate_vms" as const, request: requestOf(found) };
  await carryOut(connected, await answerOf(connected.api.POST("/v1/plans", { body })), options);
}

function requestOf({
  site,
  resource_id: vm,
  type,
  action,
  instance_type: size,
}: Recommendation): Schemas["OperateVmsRequest"] {
  const vms = [{ site, vm }];
  if (type === "stop") return { action: "stop", vms };
  if (type === "rightsize" && size !== undefined) return { action: "resize", vms, instance_type: size, restart: true };
  throw new CliError(
    `What is recommended is not done by one plan: ${action}`,
    "Do it by hand; novacron savings list has the evidence.",
  );
}

async function recommendations(
  { api }: ConnectedApi,
  wanted: { readonly site?: string; readonly type?: Recommendation["type"] },
): Promise<readonly Recommendation[]> {
  return allPages((cursor) => {
    const query = { limit: pageSize, ...wanted, ...(cursor ? { cursor } : {}) };
    return answerOf(api.GET("/v1/savings/recommendations", { params: { query } }));
  });
}

const kinds: readonly Recommendation["type"][] = [
  "rightsize",
  "architecture",
  "stop",
  "schedule",
  "spot",
  "delete-disk",
  "release-address",
  "commit",
];

function kindOf(text: string): Recommendation["type"] {
  const found = kinds.find((kind) => kind === text);
  if (!found) throw usageError(`There is no kind ${text}`, `Use one of: ${kinds.join(", ")}.`);
  return found;
}

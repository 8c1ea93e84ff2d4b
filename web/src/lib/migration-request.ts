/** What the wizard asks for, as its fields have it; empty texts are not said. */
export interface WizardFields {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  readonly mode: "cold" | "warm" | "live";
  readonly map: string;
  readonly cutover: "when-ready" | "manual";
  /** MiB/s. */
  readonly bandwidth: string;
  readonly instanceType: string;
  /** Hours. */
  readonly undoHours: string;
  /** A local time as its field has it. */
  readonly startAt: string;
  readonly networks: Readonly<Record<string, string>>;
}

export interface BuiltRequest {
  readonly vm: string;
  readonly from: string;
  readonly to: string;
  mode?: "warm" | "live";
  map?: string;
  warm?: { cutover: "manual" };
  bandwidth_bytes_per_second?: number;
  instance_type?: string;
  undo?: { window_seconds: number };
  schedule?: { start_at: string };
  network_map?: Record<string, string>;
}

/** The request of the API; what is left out is as the configuration says. */
export function requestOf(fields: WizardFields): BuiltRequest {
  const request: BuiltRequest = { vm: fields.vm, from: fields.from, to: fields.to };
  if (fields.mode !== "cold") request.mode = fields.mode;
  if (fields.map) request.map = fields.map;
  if (fields.mode === "warm" && fields.cutover === "manual") request.warm = { cutover: "manual" };
  const mib = Number(fields.bandwidth);
  if (mib > 0) request.bandwidth_bytes_per_second = Math.round(mib * 2 ** 20);
  if (fields.instanceType.trim()) request.instance_type = fields.instanceType.trim();
  const hours = Number(fields.undoHours);
  if (hours > 0) request.undo = { window_seconds: Math.round(hours * 3_600) };
  const start = Date.parse(fields.startAt);
  if (!Number.isNaN(start)) request.schedule = { start_at: new Date(start).toISOString() };
  const networks = Object.entries(fields.networks).filter(([, target]) => target !== "");
  if (networks.length > 0) request.network_map = Object.fromEntries(networks);
  return request;
}

/** The same as a command. A network map has no option of its own there: a map does (`novacron maps`). */
export function migrateCommand(fields: WizardFields): string {
  const request = requestOf(fields);
  return [
    `migrate ${quoted(request.vm)} --from ${request.from} --to ${request.to}`,
    ...(request.mode ? [`--mode ${request.mode}`] : []),
    ...(request.warm ? ["--cutover manual"] : []),
    ...(request.map ? [`--map ${quoted(request.map)}`] : []),
    ...(request.bandwidth_bytes_per_second ? [`--bandwidth ${Number(fields.bandwidth)}MiB/s`] : []),
    ...(request.instance_type ? [`--instance-type ${quoted(request.instance_type)}`] : []),
    ...(request.undo ? [`--undo-window ${Number(fields.undoHours)}h`] : []),
    ...(request.schedule ? [`--start-at ${request.schedule.start_at}`] : []),
  ].join(" ");
}

function quoted(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

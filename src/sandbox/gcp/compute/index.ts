import type { IncomingMessage } from "node:http";
import { type Answer, readBody } from "../../cloud/http-front.ts";
import type { GcpCloud } from "../cloud.ts";
import { badRequest, GcpError, OperationError } from "../errors.ts";
import { perform } from "../perform.ts";
import { projectId, publisherProject, regionOfPath } from "../places.ts";
import { text } from "../texts.ts";
import { addressOperations } from "./addresses.ts";
import { endpointOperations } from "./balancing/endpoints.ts";
import { keptOperations } from "./balancing/kept.ts";
import { keptKinds } from "./balancing/kinds.ts";
import { type BalancingTables, balancingTablesOf } from "./balancing/state.ts";
import { Traffic } from "./balancing/traffic.ts";
import { type ComputeCall, type ComputeOperations, checkPlace, scopeOfCall } from "./call.ts";
import { catalogueOperations } from "./catalogue.ts";
import { ensureDefaultNetwork } from "./default-network.ts";
import { diskOperations } from "./disks.ts";
import { applies, firewallOperations } from "./firewalls.ts";
import { Images } from "./image-store.ts";
import { type FindArchive, imageOperations } from "./images.ts";
import { instanceOperations } from "./instances.ts";
import { nameOf } from "./links.ts";
import { listedOperations } from "./listed.ts";
import { Machines } from "./machines.ts";
import { type ComputeModel, loadComputeModel, type Method } from "./model.ts";
import { networkOperations } from "./networks.ts";
import { Operations } from "./operations.ts";
import type { ComputeParts } from "./parts.ts";
import { PersistentDisks } from "./persistent-disks.ts";
import { Quotas } from "./quotas.ts";
import { routeOperations } from "./routes.ts";
import { snapshotOperations } from "./snapshots.ts";

const bodyLimit = 16 * 2 ** 20;
export const computePrefix = "/compute/v1/";

/** Compute Engine on the wire. */
export class Compute {
  readonly parts: ComputeParts;
  readonly balancing: BalancingTables;
  readonly traffic: Traffic;
  readonly #calls: ComputeOperations;
  #model: ComputeModel | undefined;

  constructor(cloud: GcpCloud, archive: FindArchive) {
    const operations = new Operations(cloud);
    const images = new Images(cloud);
    const disks = new PersistentDisks(cloud);
    const machines = new Machines(cloud, disks);
    this.parts = { cloud, operations, images, disks, machines, quotas: new Quotas(cloud) };
    ensureDefaultNetwork(cloud);
    const balancing = balancingTablesOf(cloud.documents);
    this.balancing = balancing;
    this.traffic = new Traffic(cloud, balancing);
    this.#calls = {
      ...operations.calls(),
      ...diskOperations(this.parts),
      ...snapshotOperations(this.parts),
      ...imageOperations(this.parts, archive),
      ...instanceOperations(this.parts),
      ...networkOperations(this.parts),
      ...firewallOperations(this.parts, (rule) => machines.refresh((instance) => applies(rule, instance))),
      ...addressOperations(this.parts),
      ...routeOperations(this.parts),
      ...catalogueOperations(this.parts),
      ...listedOperations(cloud),
      ...keptOperations(this.parts, balancing, this.traffic, keptKinds(balancing)),
      ...endpointOperations(this.parts, balancing, this.traffic),
    };
  }

  /** `path` begins behind `/compute/v1/`. */
  async handle(request: IncomingMessage, path: string, query: URLSearchParams, user: string): Promise<Answer> {
    const model = this.#vendorsModel();
    const method = request.method ?? "GET";
    const routed = model.route(method, path);
    if (!routed) throw new GcpError(404, "notFound", `Not found: ${method} ${path}`);
    const call = await this.#decode(request, routed.method, routed.path, query, user);
    const run = this.#calls[call.operation];
    if (!run) throw new GcpError(501, "notImplemented", `The sandbox does not simulate compute.${call.operation}`);
    const answer = await this.#run(call, run);
    const wrong = model.violations(routed.method.response, answer);
    if (wrong.length > 0)
      this.parts.cloud.log("An answer does not fit its schema", { operation: call.operation, wrong });
    return {
      status: 200,
      headers: { "content-type": "application/json; charset=UTF-8" },
      body: JSON.stringify(answer),
    };
  }

  async #run(call: ComputeCall, run: (call: ComputeCall) => object | Promise<object>): Promise<object> {
    const { cloud, operations } = this.parts;
    const scope = scopeOfCall(call);
    const { service, operation, region } = call;
    try {
      return await perform(cloud, { service, operation, region, scope }, () => {
        checkPlace(call);
        if (call.project !== projectId && (call.project !== publisherProject || call.region !== "global")) {
          throw new GcpError(403, "forbidden", `Permission denied on resource project ${call.project}.`);
        }
        return operations.repeated(call) ?? run(call);
      });
    } catch (error) {
      if (error instanceof OperationError) return operations.failed(call, targetOf(call), error);
      throw error;
    }
  }

  async #decode(
    request: IncomingMessage,
    method: Method,
    path: Readonly<Record<string, string>>,
    parameters: URLSearchParams,
    user: string,
  ): Promise<ComputeCall> {
    const query: Record<string, string> = {};
    for (const [name, value] of parameters) {
      // What all of Google's APIs take: https://cloud.google.com/apis/docs/system-parameters
      if (["alt", "prettyPrint", "fields", "key", "quotaUser", "$alt"].includes(name)) continue;
      if (!method.query[name])
        throw badRequest(`Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`);
      query[name] = value;
    }
    const body = parse(await readBody(request, bodyLimit));
    const wrong = method.body === undefined ? [] : this.#vendorsModel().violations(method.body, body);
    if (wrong.length > 0) throw badRequest(`Invalid JSON payload received. ${wrong.join("; ")}`);
    const call = {
      path,
      service: "compute",
      operation: method.id,
      project: path.project ?? projectId,
      query,
      body,
      user,
    } as const;
    const scope = scopeOfCall({ ...call, region: "", isAbandoned: () => false });
    return { ...call, region: regionOfPath(`${scope}/x`), isAbandoned: () => request.socket.destroyed };
  }

  /** Read when first needed: it is large. */
  #vendorsModel(): ComputeModel {
    this.#model ??= loadComputeModel(
      new Set(Object.keys(this.#calls).map((operation) => operation.slice(0, operation.indexOf(".")))),
    );
    return this.#model;
  }
}

/** What a call that failed at once was about. */
function targetOf(call: ComputeCall): { id: string; numericId: string } {
  const [collection = ""] = call.operation.split(".");
  const { project: _p, zone: _z, region: _r, ...rest } = call.path;
  const name = Object.values(rest)[0] ?? text(call.body.name, "unknown");
  return { id: `${scopeOfCall(call)}/${collection}/${nameOf(name)}`, numericId: "0" };
}

function parse(body: Buffer): Readonly<Record<string, unknown>> {
  const text = body.toString("utf8");
  // gax sends `""` where a call has no body.
  if (text.trim() === "" || text.trim() === '""') return {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new GcpError(400, "parseError", "Parse Error");
}

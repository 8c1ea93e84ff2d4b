import { Context } from "@temporalio/activity";
import type { SeenImage, SeenSite, SiteOffer } from "../domain/create-observations.ts";
import { planCreate } from "../domain/create-plan.ts";
import type { CreateVmRequest } from "../domain/create-request.ts";
import { isProviderError } from "../domain/errors.ts";
import type { Plan } from "../domain/plan.ts";
import type { Provider } from "../providers/provider.ts";
import { admissionNow } from "./admission.ts";
import type { ActivityDeps } from "./deps.ts";
import { hashOf } from "./pinned-plan.ts";
import { lookAtTarget } from "./plan-observations.ts";

export function createPlanActivities(deps: ActivityDeps) {
  const { registry, store, defaults } = deps;
  return {
    /** Looks at the sites that a VM may be made at, and stores the pinned plan. Repeating it for a known plan id returns the
     *  stored one. */
    async makeCreatePlan(input: { planId: string; request: CreateVmRequest }): Promise<Plan> {
      const known = await store.plans.get(input.planId);
      if (known) return known;
      const { request } = input;
      const names =
        request.site === undefined ? (request.sites ?? registry.sites.map(({ site }) => site)) : [request.site];
      const { cancellationSignal: signal } = Context.current();
      const [admit, ...sites] = await Promise.all([
        admissionNow(store),
        ...names.map((site) => lookAtOffer(deps, site, request, signal)),
      ]);
      const parts = planCreate({ request, defaults, sites, admit });
      const chosen = parts.actions[0]?.resource.site;
      const tags = request.tags ?? {};
      const subjects = chosen === undefined ? names.map((site) => ({ site, tags })) : [{ site: chosen, tags }];
      const createdAt = new Date().toISOString();
      const plan: Plan = { ...parts, planId: input.planId, hash: hashOf(parts), subjects, createdAt };
      await store.plans.insert(plan);
      return plan;
    },
  };
}

/** What a VM would be made of at a site. One that can't be looked at is left out; where it is the only one, that is why there
 *  is no plan. */
export async function lookAtOffer(
  deps: ActivityDeps,
  site: string,
  request: CreateVmRequest,
  signal: AbortSignal,
): Promise<SeenSite> {
  const { registry, settings } = deps;
  const { residency = [] } = settings(site);
  const { region, provider = "" } = registry.sites.find((candidate) => candidate.site === site) ?? {};
  const seen = { site, provider, residency, ...(region === undefined ? {} : { region }) };
  try {
    return { ...seen, there: await offerOf(deps, await registry.provider(site), request, signal) };
  } catch (error) {
    if (!isProviderError(error) || signal.aborted || request.site !== undefined) throw error;
    return { ...seen, unread: error.message };
  }
}

async function offerOf(
  { store, settings }: ActivityDeps,
  provider: Provider,
  request: CreateVmRequest,
  signal: AbortSignal,
): Promise<SiteOffer> {
  const [target, image, recoveryPoint] = await Promise.all([
    lookAtTarget(provider, settings(provider.site), store, signal),
    imageAt(provider, request, signal),
    pointAt(provider, request, signal),
  ]);
  return { ...target, ...image, ...recoveryPoint, diskBytes: diskSizes(provider, request, image.image) };
}

type Found = Pick<SiteOffer, "image">;

async function imageAt(
  { images }: Provider,
  { image, architecture = "x86_64" }: CreateVmRequest,
  signal: AbortSignal,
): Promise<Found> {
  if (image === undefined || !images) return {};
  try {
    const {
      imageId,
      name,
      firmware,
      architecture: built,
      sizeBytes,
    } = await images.resolve(image, architecture, signal);
    const found: SeenImage = { imageId, name, firmware, architecture: built };
    return { image: sizeBytes === undefined ? found : { ...found, sizeBytes } };
  } catch (error) {
    if (isProviderError(error, "NotFound", "InvalidInput")) return { image: { missing: error.details.reason } };
    throw error;
  }
}

async function pointAt(
  { disks }: Provider,
  { recoveryPoint }: CreateVmRequest,
  signal: AbortSignal,
): Promise<Pick<SiteOffer, "recoveryPoint">> {
  if (recoveryPoint === undefined) return {};
  try {
    const { sizeBytes } = await disks.getPoint(recoveryPoint, signal);
    return { recoveryPoint: { sizeBytes } };
  } catch (error) {
    if (isProviderError(error, "NotFound", "Conflict")) return { recoveryPoint: { missing: error.details.reason } };
    throw error;
  }
}

/** An image's own boot disk first. */
function diskSizes({ disks }: Provider, request: CreateVmRequest, image: Found["image"]): SiteOffer["diskBytes"] {
  const boot = image && "imageId" in image ? [request.bootDiskBytes ?? image.sizeBytes] : [];
  return [...boot, ...(request.disks ?? []).map(({ sizeBytes }) => sizeBytes)].map((bytes) => {
    if (bytes === undefined) return { refused: "the image doesn't say how large its disk is" };
    try {
      return disks.volumeSize(bytes);
    } catch (error) {
      if (isProviderError(error, "InvalidInput")) return { refused: error.details.reason };
      throw error;
    }
  });
}

import type { models } from "oci-core";
import { isProviderError } from "../../domain/errors.ts";
import { notFound, type Subject, unavailable } from "../failures.ts";
import type { HelperCloud, HelperInstance, HelperLaunch } from "../helpers.ts";
import { poll } from "../poll.ts";
import type { Oci } from "./client.ts";
import { askToEnd } from "./ending.ts";
import { codeFailure } from "./errors.ts";
import type { OciImages } from "./images.ts";
import type { Launcher } from "./launch.ts";
import { stateOf } from "./models.ts";
import type { Placements } from "./placements.ts";
import type { Shapes } from "./shapes.ts";
import { createdTags, fromWire, toWire } from "./tags.ts";
import { goneIsUndefined, isOver, type OciView } from "./view.ts";
import type { VolumeView } from "./volume-view.ts";

const GiB = 2 ** 30;
const purpose = "helper";
/** Of the instance's metadata: what the block service reads its settings from. */
const blockServiceMetadataKey = "novacron-block-service";
/** "Consistent Device Paths": where a helper finds its disk, in /dev/oracleoci. */
export const helperDevice = "oraclevdb";
const deviceFolder = "/dev/oracleoci";
/** A platform image, where the site names none: enough for the simulation, which runs the program itself. */
const usualImage = "debian-12";
const program = "/opt/novacron/src/transfer/block-service/main.ts";

/** The image has Node and this program; the machine goes off with its session. */
const startup = `#!/bin/sh
NOVACRON_BLOCK_SERVICE=$(curl -sf -H 'Authorization: Bearer Oracle' http://169.254.169.254/opc/v2/instance/metadata/${blockServiceMetadataKey})
export NOVACRON_BLOCK_SERVICE
NOVACRON_DEVICES=${deviceFolder} node ${program}
shutdown -h now
`;

interface Parts {
  readonly view: OciView;
  readonly volumeView: VolumeView;
  readonly shapes: Shapes;
  readonly placements: Placements;
  readonly images: OciImages;
  readonly launcher: Launcher;
}

/** Small machines of ours with a volume attached, as Oracle has no block reads and writes of its own. */
export class OciHelpers implements HelperCloud {
  readonly #oci: Oci;
  readonly #parts: Parts;

  constructor(oci: Oci, parts: Parts) {
    this.#oci = oci;
    this.#parts = parts;
  }

  /** A volume is attached to a machine that runs: returns when it is. */
  async launch(input: HelperLaunch, signal: AbortSignal): Promise<string> {
    const { name, settings, diskId, device, write, owner } = input;
    const subject = this.#subject("start a helper instance", name);
    const volume = await this.#parts.volumeView.byId(diskId, subject, signal);
    if (!volume) throw notFound(subject, `volume ${diskId} does not exist`);
    const { shapes, placements, images } = this.#parts;
    const image = await images.resolve(this.#oci.entry.helperImage ?? usualImage, "x86_64", signal);
    const size = await shapes.choose({ cpus: 2, memoryBytes: 4 * GiB, architecture: "x86_64" }, subject, signal);
    const nics = this.#oci.entry.helperNetwork === undefined ? [] : [{ networkId: this.#oci.entry.helperNetwork }];
    const domain = volume.availabilityDomain;
    // It gets a public address where the subnet has them.
    const { interfaces } = await placements.interfaces({ nics }, domain, subject, signal);
    const sourceDetails: models.InstanceSourceViaImageDetails = { sourceType: "image", imageId: image.imageId };
    const launchInstanceDetails: models.LaunchInstanceDetails = {
      compartmentId: await this.#oci.compartment(),
      availabilityDomain: domain,
      displayName: name,
      shape: size.shape,
      ...(size.config && { shapeConfig: { ...size.config } }),
      sourceDetails,
      ...(interfaces[0] && { createVnicDetails: interfaces[0] }),
      metadata: {
        [blockServiceMetadataKey]: settings,
        user_data: Buffer.from(startup).toString("base64"),
      },
      freeformTags: toWire(createdTags({}, name), { purpose, owner }),
    };
    const request = { launchInstanceDetails, opcRetryToken: name };
    const { instance } = await this.#oci.compute.call("launchInstance", request, subject, signal);
    try {
      await this.#running(instance.id, subject, signal);
      const where = { instanceId: instance.id, volume, device: `${deviceFolder}/${device}`, readOnly: !write };
      await this.#parts.launcher.attach(where, subject, signal);
      return instance.id;
    } catch (error) {
      await this.remove(instance.id, AbortSignal.timeout(120_000)).catch(() => undefined);
      throw error;
    }
  }

  async *list(owner: string | undefined, signal: AbortSignal): AsyncGenerator<HelperInstance> {
    const subject = this.#subject("list helper instances", "all");
    for await (const instance of this.#parts.view.instances(subject, signal)) {
      const { notes } = fromWire(instance);
      if (notes.purpose !== purpose || (owner !== undefined && notes.owner !== owner)) continue;
      const state = stateOf(instance);
      const ended = state === "STOPPED" || state === "STOPPING";
      yield { helperId: instance.id, owner: notes.owner ?? "", ended };
    }
  }

  async address(helperId: string, signal: AbortSignal): Promise<string | undefined> {
    const subject = this.#subject("reach a helper instance", helperId);
    const instance = await this.#parts.view.findInstance(helperId, subject, signal);
    const state = stateOf(instance ?? {});
    if (!instance || state === "STOPPED" || state === "STOPPING" || state === "TERMINATING") {
      throw unavailable(subject, "it ended before anybody joined it, or another attempt has removed it");
    }
    if (state !== "RUNNING") return undefined;
    const [attachment] = await this.#parts.view.vnicAttachments({ instanceId: helperId }, subject, signal);
    if (attachment?.vnicId === undefined) return undefined;
    const request = { vnicId: attachment.vnicId };
    const answer = await goneIsUndefined(this.#oci.network.call("getVnic", request, subject, signal));
    return answer?.vnic.publicIp ?? answer?.vnic.privateIp;
  }

  /** With its boot volume, which came with it. */
  async remove(helperId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a helper instance", helperId);
    const { view } = this.#parts;
    const ask = askToEnd(this.#oci, subject);
    await poll(
      async () => {
        const seen = await view.lastSeen(helperId, subject, signal);
        if (!seen || isOver(seen)) return true;
        if (stateOf(seen) !== "TERMINATING") {
          const request = { instanceId: helperId, preserveBootVolume: false };
          await ask(this.#oci.compute.call("terminateInstance", request, subject, signal)).catch((error: unknown) => {
            if (!isProviderError(error, "Conflict")) throw error;
          });
        }
        return undefined;
      },
      this.#oci.patience,
      signal,
    );
    const free = async () => {
      const held = await goneIsUndefined(view.dataAttachments({ instanceId: helperId }, subject, signal));
      return (held ?? []).length === 0 ? true : undefined;
    };
    await poll(free, this.#oci.patience, signal);
  }

  async #running(instanceId: string, subject: Subject, signal: AbortSignal): Promise<void> {
    await poll(
      async () => {
        const seen = await this.#parts.view.shown(
          () => this.#parts.view.findInstance(instanceId, subject, signal),
          signal,
        );
        if (!seen) throw codeFailure("Conflict", "the helper instance ended as it was being made", subject);
        return stateOf(seen) === "RUNNING" ? true : undefined;
      },
      this.#oci.patience,
      signal,
    );
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#oci.resource("vm", id) };
  }
}

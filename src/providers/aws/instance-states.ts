import type { Instance } from "@aws-sdk/client-ec2";
import { notFound, type Subject } from "../failures.ts";
import { poll } from "../poll.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { codeFailure } from "./errors.ts";

/** What becomes of an instance that is being made. */
export class InstanceStates {
  readonly #aws: Aws;
  readonly #view: Ec2View;

  constructor(aws: Aws, view: Ec2View) {
    this.#aws = aws;
    this.#view = view;
  }

  /** It, once it is beyond pending. @throws what AWS gives as its reason when it ended instead. */
  async started(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const look = () => this.look(vmId, subject, signal);
    const first = await this.#view.onceShown(look, signal);
    if (first.State?.Name !== "pending") return first;
    const started = async () => {
      const seen = await look();
      return seen.State?.Name === "pending" ? undefined : seen;
    };
    return await poll(started, this.#aws.patience, signal);
  }

  /** @throws what AWS gives as its reason when it has ended. */
  async look(vmId: string, subject: Subject, signal: AbortSignal): Promise<Instance> {
    const filter = { Name: "instance-id", Values: [vmId] };
    for await (const instance of this.#view.instances([filter], subject, signal)) {
      const state = instance.State?.Name;
      if (state !== "terminated" && state !== "shutting-down") return instance;
      const { Code = "Unknown", Message = "" } = instance.StateReason ?? {};
      throw codeFailure(Code, Message || "the instance ended as it was being made", subject);
    }
    throw notFound(subject, `AWS does not show instance ${vmId}`);
  }

  /** Turns it on or off, and waits until it is. */
  async until(vmId: string, state: "running" | "stopped", subject: Subject, signal: AbortSignal): Promise<Instance> {
    const from = state === "running" ? "stopped" : "running";
    const done = await poll(
      async () => {
        const seen = await this.look(vmId, subject, signal);
        if (seen.State?.Name === state) return seen;
        if (seen.State?.Name !== from) return undefined;
        const InstanceIds = [vmId];
        await this.#aws.ec2.send(
          (sdk) =>
            state === "running"
              ? new sdk.StartInstancesCommand({ InstanceIds })
              : new sdk.StopInstancesCommand({ InstanceIds, Force: true, SkipOsShutdown: true }),
          subject,
          signal,
        );
        return undefined;
      },
      this.#aws.patience,
      signal,
    );
    return done;
  }
}

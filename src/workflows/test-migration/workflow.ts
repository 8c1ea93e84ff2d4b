import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  setHandler,
} from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import type { TestedPoints } from "../../activities/migration-tests.ts";
import type { MadeByTest } from "../../activities/test-resources.ts";
import type { CopyDiskParameters, CreateVmParameters, VerifyParameters } from "../../domain/migration-parts.ts";
import { actionParameters } from "../../domain/migration-plan.ts";
import type { TestLifeParameters, TestReport, TestState, TestStep } from "../../domain/migration-test.ts";
import type { Plan } from "../../domain/plan.ts";
import type { TestPreparation } from "../../domain/test-plan.ts";
import { bulkCall, recordCall, siteCall, undoCall } from "../lib/activity-options.ts";
import { describeFailure } from "../lib/failure.ts";
import { now } from "../lib/time.ts";
import { show } from "../lib/visibility.ts";
import { endTestUpdate } from "./messages.ts";
import type { TestMigrationInput, TestMigrationResult } from "./types.ts";

const site = proxyActivities<Activities>(siteCall);
const bulk = proxyActivities<Activities>(bulkCall);
const undo = proxyActivities<Activities>(undoCall);
const { recordTest } = proxyLocalActivities<Activities>(recordCall);

/**
 * Boots clones of what is moved, or would be, at the target, where they reach nobody: copy (where no replica is there) →
 * clone → isolate → create → verify → hold → tear-down. Neither source nor replica is touched, so a test that fails costs
 * nothing but itself. It ends with nothing left, after its life at the latest.
 */
export async function testMigration(input: TestMigrationInput): Promise<TestMigrationResult> {
  return new TestRun(input).execute();
}

interface Failure {
  readonly state: "failed" | "cancelled";
  readonly problem?: NonNullable<TestReport["problem"]>;
}

class TestRun {
  readonly #input: TestMigrationInput;
  #state: TestState = "running";
  #step: TestStep | undefined;
  #toEnd = false;
  #migrationId: string | undefined;
  #headline: string;
  #steps: { step: TestStep; seconds: number }[] = [];
  #result: TestMigrationResult | undefined;

  constructor(input: TestMigrationInput) {
    this.#input = input;
    this.#headline = `test ${input.testId}`;
    setHandler(endTestUpdate, () => this.#end(), { validator: () => this.#refuseUnlessHeld() });
  }

  async execute(): Promise<TestMigrationResult> {
    let plan: Plan;
    try {
      const summary = `open plan ${this.#input.planId}`;
      plan = await site.openTestPlan.executeWithOptions({ summary }, [this.#input]);
    } catch (error) {
      return CancellationScope.nonCancellable(() => this.#refused(error));
    }
    const { testId } = this.#input;
    const { from, to, vmName, migrationId } = plan.inputs as Record<"from" | "to" | "vmName", string> & {
      migrationId?: string;
    };
    this.#migrationId = migrationId;
    this.#headline = `test of ${vmName}: ${from} → ${to}`;
    const life = actionParameters<TestLifeParameters>(plan, "tear-down");
    const copies = plan.actions
      .filter(({ action }) => action === "copy-disk")
      .map(({ parameters }) => parameters as unknown as CopyDiskParameters);
    const preparations = plan.actions
      .filter(({ action }) => action === "prepare-disk")
      .map(({ parameters }) => parameters as unknown as TestPreparation);
    const place = { testId, from, to };
    const made = { copies, ...(preparations.length > 0 ? { preparations } : {}) };
    const seconds = life.maxLifeSeconds;
    let failure: Failure | undefined;
    try {
      await CancellationScope.withTimeout(seconds * 1000, () => this.#prove(plan, place, made, life));
    } catch (error) {
      failure = this.#failure(error, seconds);
    }
    return CancellationScope.nonCancellable(async () => {
      const result = await this.#tearDown({ ...place, ...made }, failure);
      await condition(allHandlersFinished, { summary: "until all who ended it have their answer" });
      return result;
    });
  }

  /** Nothing was begun. */
  async #refused(error: unknown): Promise<TestMigrationResult> {
    const { state, problem } = this.#failure(error, 0);
    await this.#become(state, this.#sentence(state, problem), {
      endedAt: now(),
      report: problem ? { problem } : {},
    });
    return { testId: this.#input.testId, state };
  }

  #failure(error: unknown, lifeSeconds: number): Failure {
    if (CancellationScope.current().consideredCancelled) return { state: "cancelled" };
    const step = this.#step;
    const where = step ? { step } : {};
    if (isCancellation(error)) {
      const message = `It took longer than its life of ${lifeSeconds} s`;
      return { state: "failed", problem: { code: "Timeout", message, ...where } };
    }
    const { code, message } = describeFailure(error);
    return { state: "failed", problem: { code, message, ...where } };
  }

  async #prove(
    plan: Plan,
    place: { testId: string; from: string; to: string },
    { copies, ...prepared }: Pick<MadeByTest, "copies" | "preparations">,
    life: TestLifeParameters,
  ): Promise<void> {
    const create = actionParameters<CreateVmParameters>(plan, "create-vm");
    const verify = actionParameters<VerifyParameters>(plan, "verify-vm");
    const expiresAt = new Date(Date.now() + life.maxLifeSeconds * 1000).toISOString();
    const points =
      copies.length === 0
        ? undefined
        : await this.#run("copy", () => this.#copy({ ...place, vmId: String(plan.inputs.vm), copies }));
    const cloned = await this.#run("clone", () =>
      bulk.cloneForTest.executeWithOptions({ summary: "clone the points" }, [
        { ...place, ...prepared, migrationId: this.#migrationId, ...(points ? { points } : {}), expiresAt },
      ]),
    );
    const { takenAt: pointTakenAt, consistency, round, volumes } = cloned;
    await this.#record({
      report: {
        pointTakenAt,
        ...(consistency ? { consistency } : {}),
        ...(round === undefined ? {} : { round }),
      },
    });
    const network = await this.#run("isolate", () =>
      site.isolateTest.executeWithOptions({ summary: `a network of its own at ${place.to}` }, [place]),
    );
    const vmId = await this.#run("create", () => this.#create({ ...place, create, volumes, network, expiresAt }));
    await this.#record({ report: { testVmId: vmId } });
    const { boot, timings } = await this.#run("verify", () =>
      site.verifyVm.executeWithOptions({ summary: `start and check ${create.name}` }, [
        { site: place.to, vmId, verify },
      ]),
    );
    await this.#record({ report: { boot, probes: timings ?? [] } });
    if (life.holdSeconds === 0) return;
    await this.#become("holding", `it works, and is held up for ${life.holdSeconds} s`);
    await this.#run("hold", () => condition(() => this.#toEnd, life.holdSeconds * 1000).then(() => undefined));
  }

  async #copy(input: Parameters<Activities["copyForTest"]>[0]): Promise<TestedPoints> {
    const summary = `copy a point at ${input.from}`;
    const { sourcePointId, ...points } = await bulk.copyForTest.executeWithOptions({ summary }, [input]);
    await site.releasePoint.executeWithOptions({ summary: "release the point" }, [{ site: input.from, sourcePointId }]);
    return points;
  }

  /** Tries the plan's sizes in their order while the site has no capacity. */
  async #create(input: Omit<Parameters<Activities["createTestVm"]>[0], "instanceType">): Promise<string> {
    const sizes = input.create.instanceTypes ?? [];
    for (let tried = 0; ; tried++) {
      const instanceType = sizes[tried];
      try {
        const summary = `create ${input.create.name} at ${input.to}${instanceType ? ` as ${instanceType}` : ""}`;
        return await site.createTestVm.executeWithOptions({ summary }, [{ ...input, instanceType }]);
      } catch (error) {
        if (sizes[tried + 1] === undefined || describeFailure(error).code !== "InsufficientCapacity") throw error;
      }
    }
  }

  async #tearDown(
    left: Parameters<Activities["removeTest"]>[0],
    failure: Failure | undefined,
  ): Promise<TestMigrationResult> {
    const { testId } = this.#input;
    await this.#become("ending", "what it made is removed");
    const outcome = failure?.state ?? "passed";
    const { problem } = failure ?? {};
    try {
      await this.#run("tear-down", () =>
        undo.removeTest.executeWithOptions({ summary: "remove all that the test made" }, [left]),
      );
    } catch (error) {
      // It stays open, so that the sweep removes it when its life is over.
      const { code, message } = describeFailure(error);
      const what = `${left.to}: what carries the tag novacron:test=${testId} (${message})`;
      const leftBehind = [{ resource: what, remove: `novacron tests show ${testId}` }];
      const told = { code, message: "Not all that it made could be removed", ...problem, leftBehind };
      await this.#become("ending", "not all that it made could be removed", { report: { problem: told } });
      this.#result = { testId, state: "ending" };
      return this.#result;
    }
    await this.#become(outcome, this.#sentence(outcome, problem), {
      endedAt: now(),
      report: problem ? { problem } : {},
    });
    this.#result = { testId, state: outcome };
    return this.#result;
  }

  #sentence(outcome: TestState, problem: TestReport["problem"]): string {
    const took = this.#steps.find(({ step }) => step === "verify");
    if (outcome === "passed") return `passed: it started and was proven in ${(took?.seconds ?? 0).toFixed(1)} s`;
    return outcome === "cancelled" ? "cancelled" : `failed: ${problem?.message ?? "it is not known why"}`;
  }

  async #end(): Promise<TestMigrationResult> {
    this.#toEnd = true;
    await condition(() => this.#result !== undefined);
    return this.#result as TestMigrationResult;
  }

  #refuseUnlessHeld(): void {
    if (this.#state === "holding" || this.#state === "ending") return;
    throw ApplicationFailure.nonRetryable(
      `Test ${this.#input.testId} is ${this.#state}: it ends by itself, and a cancel ends it at once`,
      "Conflict",
      { resource: `test-migration/${this.#input.testId}` },
    );
  }

  async #run<T>(step: TestStep, work: () => Promise<T>): Promise<T> {
    this.#step = step;
    this.#show();
    await this.#record({ step });
    const begun = Date.now();
    const result = await work();
    this.#steps = [...this.#steps, { step, seconds: (Date.now() - begun) / 1000 }];
    await this.#record({ report: { steps: this.#steps } });
    return result;
  }

  async #become(
    state: TestState,
    message: string,
    patch: Parameters<Activities["recordTest"]>[0]["patch"] = {},
  ): Promise<void> {
    this.#state = state;
    this.#show();
    await this.#record({ ...patch, state }, message);
  }

  async #record(patch: Parameters<Activities["recordTest"]>[0]["patch"], message?: string): Promise<void> {
    const { testId } = this.#input;
    await recordTest({
      testId,
      patch,
      migrationId: this.#migrationId,
      at: now(),
      ...(message === undefined ? {} : { message }),
    });
  }

  #show(): void {
    const phase = this.#state === "running" ? (this.#step ?? "begins") : this.#state;
    show({ headline: this.#headline, phase, percent: this.#result ? 100 : 0 });
  }
}

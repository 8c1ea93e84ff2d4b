import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidCombination } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Quotas } from "../quotas/quotas.ts";
import { zoneId } from "../regions.ts";
import type { Instance, InstanceStateName } from "../state.ts";
import { once } from "./client-tokens.ts";
import { describeInstance, instanceMatcher, instanceState } from "./describe-instance.ts";
import { pageOf } from "./filters.ts";
import type { InstanceGuests } from "./instance-guests.ts";
import { instanceType } from "./instance-types.ts";
import { insufficientCapacity, planLaunch } from "./launch.ts";
import type { PublicImages } from "./public-images.ts";
import type { Registry } from "./registry.ts";
import type { VolumeStore } from "./volume-store.ts";

const pageBounds = { least: 5, most: 1000 };

export function instanceOperations(
  registry: Registry,
  store: VolumeStore,
  guests: InstanceGuests,
  quotas: Quotas,
  images: PublicImages,
) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const findAll = (call: Call, ids: readonly string[] | undefined): Instance[] => {
    if (!ids?.length) throw new AwsError("MissingParameter", "The request must contain the parameter InstanceId");
    return ids.map((id) => registry.find(call, kinds.instance, id));
  };
  const change = (
    instance: Instance,
    state: InstanceStateName,
    fields: Partial<Instance> = {},
  ): ec2.InstanceStateChange => {
    tables.instances.put({ ...instance, ...fields, state });
    return {
      InstanceId: instance.id,
      PreviousState: instanceState(instance.state),
      CurrentState: instanceState(state),
    };
  };
  const unchanged = ({ id, state }: Instance): ec2.InstanceStateChange => ({
    InstanceId: id,
    PreviousState: instanceState(state),
    CurrentState: instanceState(state),
  });
  const reservation = (instances: readonly Instance[]): ec2.Reservation => ({
    ReservationId: instances[0]?.reservationId ?? "",
    OwnerId: accountId,
    Groups: [],
    Instances: instances.map((instance) => describeInstance(cloud, instance)),
  });
  const byUser = () => ({
    stateReason: {
      code: "Client.UserInitiatedShutdown",
      message: "Client.UserInitiatedShutdown: User initiated shutdown",
    },
    transitionReason: `User initiated (${new Date().toISOString().replace("T", " ").slice(0, 19)} GMT)`,
  });

  return {
    RunInstances: (call: Call, input: ec2.RunInstancesRequest): Promise<ec2.Reservation> =>
      once(
        cloud,
        call,
        input,
        async (remember) => {
          const image = tables.images.get(input.ImageId ?? "");
          await images.ready(image?.devices.map(({ snapshotId }) => snapshotId) ?? []);
          const planned = planLaunch(registry, store, quotas, call, input);
          for (const volume of planned.flatMap(({ volumes }) => volumes)) {
            await cloud.disks.createOverlay(
              volume.layerId,
              volume.sizeGib * 2 ** 30,
              tables.snapshots.get(volume.snapshotId ?? "")?.layerId,
            );
          }
          cloud.documents.together(() => {
            remember(planned.map(({ instance }) => instance.id));
            for (const { instance, interfaces, volumes } of planned) {
              for (const eni of interfaces) tables.interfaces.put(eni);
              for (const volume of volumes) tables.volumes.put(volume);
              tables.instances.put(instance);
            }
          });
          for (const { instance } of planned) guests.launch(instance);
          return reservation(planned.map(({ instance }) => tables.instances.get(instance.id) ?? instance));
        },
        (ids) => reservation(ids.flatMap((id) => tables.instances.get(id) ?? [])),
      ),

    DescribeInstances: (call: Call, input: ec2.DescribeInstancesRequest): ec2.DescribeInstancesResult => {
      if (input.InstanceIds?.length && input.MaxResults !== undefined) {
        throw invalidCombination("The parameter instancesSet cannot be used with the parameter maxResults");
      }
      const matches = instanceMatcher(cloud, input.Filters);
      const wanted = input.InstanceIds?.length ? findAll(call, input.InstanceIds) : registry.all(call, kinds.instance);
      const { items, NextToken } = pageOf(wanted.filter(matches), input, pageBounds);
      const reservations = Map.groupBy(items, ({ reservationId }) => reservationId);
      return { Reservations: [...reservations.values()].map(reservation), ...(NextToken ? { NextToken } : {}) };
    },

    DescribeInstanceStatus: (
      call: Call,
      input: ec2.DescribeInstanceStatusRequest,
    ): ec2.DescribeInstanceStatusResult => {
      if (input.InstanceIds?.length && input.MaxResults !== undefined) {
        throw invalidCombination("The parameter instancesSet cannot be used with the parameter maxResults");
      }
      const matches = instanceMatcher(cloud, input.Filters);
      const wanted = input.InstanceIds?.length ? findAll(call, input.InstanceIds) : registry.all(call, kinds.instance);
      const shown = wanted.filter(
        (one) => matches(one) && (input.IncludeAllInstances === true || one.state === "running"),
      );
      const { items, NextToken } = pageOf(shown, input, pageBounds);
      const status = ({ id, state }: Instance): ec2.InstanceStatusSummary => {
        if (state !== "running") return { Status: "not-applicable" };
        // A guest whose QEMU runs is reachable as far as a host can tell.
        const ok = cloud.guests.isRunning(id);
        return {
          Status: ok ? "ok" : "impaired",
          Details: [{ Name: "reachability", Status: ok ? "passed" : "failed" }],
        };
      };
      return {
        InstanceStatuses: items.map((instance) => ({
          InstanceId: instance.id,
          AvailabilityZone: instance.zone,
          AvailabilityZoneId: zoneId(instance.zone),
          InstanceState: instanceState(instance.state),
          InstanceStatus: status(instance),
          SystemStatus: status(instance),
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },

    StartInstances: (call: Call, input: ec2.StartInstancesRequest): ec2.StartInstancesResult => {
      const instances = findAll(call, input.InstanceIds);
      for (const { id, state, type, zone, region, spot } of instances) {
        if (state === "running" || state === "pending") continue;
        if (state !== "stopped") {
          throw incorrectState(
            "IncorrectInstanceState",
            `The instance '${id}' is not in a state from which it can be started.`,
          );
        }
        const known = instanceType(type);
        if (known) quotas.forLaunch(region, known, 1, spot);
        if (
          cloud.settings.noCapacity.some((entry) =>
            [`${zone}/${type}`, `${zone}/*`, `*/${type}`, "*/*"].includes(entry),
          )
        ) {
          throw insufficientCapacity(type, zone);
        }
      }
      return {
        StartingInstances: instances.map((instance) => {
          if (instance.state !== "stopped") return unchanged(instance);
          const changed = change(instance, "pending", {
            launchedAt: Date.now(),
            stateReason: undefined,
            transitionReason: "",
          });
          guests.launch(tables.instances.get(instance.id) as Instance);
          return changed;
        }),
      };
    },

    StopInstances: (call: Call, input: ec2.StopInstancesRequest): ec2.StopInstancesResult => {
      const instances = findAll(call, input.InstanceIds);
      for (const { id, state, disableApiStop } of instances) {
        if (state === "terminated" || state === "shutting-down" || state === "pending") {
          throw incorrectState(
            "IncorrectInstanceState",
            `The instance '${id}' is not in a state from which it can be stopped.`,
          );
        }
        if (disableApiStop) {
          throw new AwsError(
            "OperationNotPermitted",
            `The instance '${id}' may not be stopped. Modify its 'disableApiStop' instance attribute and try again.`,
          );
        }
      }
      return {
        StoppingInstances: instances.map((instance) => {
          if (instance.state === "stopped") return unchanged(instance);
          // Asked again, with force: the plug is pulled while the first call still waits.
          guests.stop(instance.id, input.Force === true || input.SkipOsShutdown === true);
          return instance.state === "stopping" ? unchanged(instance) : change(instance, "stopping", byUser());
        }),
      };
    },

    RebootInstances: async (call: Call, input: ec2.RebootInstancesRequest): Promise<object> => {
      const instances = findAll(call, input.InstanceIds);
      for (const { id, state } of instances) {
        if (state !== "running") {
          throw incorrectState(
            "IncorrectInstanceState",
            `The instance '${id}' is not in a state from which it can be rebooted.`,
          );
        }
      }
      for (const { id } of instances) await guests.reboot(id);
      return {};
    },

    TerminateInstances: (call: Call, input: ec2.TerminateInstancesRequest): ec2.TerminateInstancesResult => {
      const instances = findAll(call, input.InstanceIds);
      for (const { id, disableApiTermination } of instances) {
        if (disableApiTermination) {
          throw new AwsError(
            "OperationNotPermitted",
            `The instance '${id}' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.`,
          );
        }
      }
      return {
        TerminatingInstances: instances.map((instance) => {
          if (instance.state === "terminated" || instance.state === "shutting-down") return unchanged(instance);
          const changed = change(instance, "shutting-down", byUser());
          guests.terminate(instance.id, input.SkipOsShutdown === true);
          return changed;
        }),
      };
    },

    GetConsoleOutput: (call: Call, input: ec2.GetConsoleOutputRequest): ec2.GetConsoleOutputResult => {
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      // The newest 64 KiB: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_GetConsoleOutput.html
      const text = cloud.guests.console(instance.id).subarray(-65_536);
      return { InstanceId: instance.id, Timestamp: new Date(), Output: text.toString("base64") };
    },
  };
}

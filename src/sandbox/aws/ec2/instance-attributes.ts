import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError, incorrectState, invalidParameter } from "../errors.ts";
import type { Instance } from "../state.ts";
import { instanceType } from "./instance-types.ts";
import type { Registry } from "./registry.ts";

export function instanceAttributeOperations(registry: Registry) {
  const { cloud, kinds } = registry;
  const { tables } = cloud;

  const stopped = ({ id, state }: Instance): void => {
    if (state === "stopped") return;
    throw incorrectState("IncorrectInstanceState", `The instance '${id}' is not in the 'stopped' state.`);
  };
  const changeType = (instance: Instance, name: string): void => {
    stopped(instance);
    const type = instanceType(name);
    if (!type) throw new AwsError("InvalidInstanceAttributeValue", `Invalid value '${name}' for InstanceType.`);
    if (type.architecture !== instance.architecture) {
      throw new AwsError(
        "InvalidInstanceAttributeValue",
        `The instance type '${name}' does not support the architecture '${instance.architecture}' of the instance.`,
      );
    }
    if (type.nitro && !instance.enaSupport) {
      throw new AwsError(
        "InvalidParameterCombination",
        `Enhanced networking with the Elastic Network Adapter (ENA) is required for the '${name}' instance type. Ensure that your instance is enabled for ENA.`,
      );
    }
    tables.instances.change(instance.id, { type: name });
  };
  const primary = ({ id }: Instance) =>
    tables.interfaces.find(({ attachment }) => attachment?.instanceId === id && attachment.deviceIndex === 0);

  return {
    ModifyInstanceAttribute: (call: Call, input: ec2.ModifyInstanceAttributeRequest): object => {
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      const { id } = instance;
      const type = input.InstanceType?.Value ?? (input.Attribute === "instanceType" ? input.Value : undefined);
      if (type !== undefined) changeType(instance, type);
      if (input.EnaSupport?.Value !== undefined) {
        stopped(instance);
        tables.instances.change(id, { enaSupport: input.EnaSupport.Value });
      }
      if (input.EbsOptimized?.Value !== undefined)
        tables.instances.change(id, { ebsOptimized: input.EbsOptimized.Value });
      if (input.DisableApiTermination?.Value !== undefined) {
        tables.instances.change(id, { disableApiTermination: input.DisableApiTermination.Value });
      }
      if (input.DisableApiStop?.Value !== undefined)
        tables.instances.change(id, { disableApiStop: input.DisableApiStop.Value });
      const behavior = input.InstanceInitiatedShutdownBehavior?.Value;
      if (behavior !== undefined) {
        if (behavior !== "stop" && behavior !== "terminate")
          throw invalidParameter("instanceInitiatedShutdownBehavior", behavior);
        tables.instances.change(id, { shutdownBehavior: behavior });
      }
      const eni = primary(instance);
      if (eni && input.SourceDestCheck?.Value !== undefined) {
        tables.interfaces.change(eni.id, { sourceDestCheck: input.SourceDestCheck.Value });
      }
      if (eni && input.Groups) {
        const groupIds = input.Groups.map((groupId) => registry.find(call, kinds.group, groupId).id);
        tables.interfaces.change(eni.id, { groupIds });
      }
      for (const { DeviceName, Ebs } of input.BlockDeviceMappings ?? []) {
        const volume = tables.volumes.find(
          ({ attachment }) => attachment?.instanceId === id && attachment.device === DeviceName,
        );
        if (!volume?.attachment) {
          throw new AwsError("InvalidInstanceAttributeValue", `No device is currently mapped at ${DeviceName}`);
        }
        const deleteOnTermination = Ebs?.DeleteOnTermination ?? volume.attachment.deleteOnTermination;
        tables.volumes.put({ ...volume, attachment: { ...volume.attachment, deleteOnTermination } });
      }
      return {};
    },

    DescribeInstanceAttribute: (call: Call, input: ec2.DescribeInstanceAttributeRequest): ec2.InstanceAttribute => {
      const instance = registry.find(call, kinds.instance, input.InstanceId);
      const answers: Partial<Record<ec2.InstanceAttributeName, () => ec2.InstanceAttribute>> = {
        instanceType: () => ({ InstanceType: { Value: instance.type } }),
        userData: () => ({ UserData: instance.userData === undefined ? {} : { Value: instance.userData } }),
        disableApiTermination: () => ({ DisableApiTermination: { Value: instance.disableApiTermination } }),
        disableApiStop: () => ({ DisableApiStop: { Value: instance.disableApiStop } }),
        instanceInitiatedShutdownBehavior: () => ({
          InstanceInitiatedShutdownBehavior: { Value: instance.shutdownBehavior },
        }),
        rootDeviceName: () => ({ RootDeviceName: { Value: instance.rootDeviceName } }),
        ebsOptimized: () => ({ EbsOptimized: { Value: instance.ebsOptimized } }),
        enaSupport: () => ({ EnaSupport: { Value: instance.enaSupport } }),
        sourceDestCheck: () => ({ SourceDestCheck: { Value: primary(instance)?.sourceDestCheck ?? true } }),
        groupSet: () => ({
          Groups: (primary(instance)?.groupIds ?? []).map((GroupId) => ({
            GroupId,
            GroupName: tables.groups.get(GroupId)?.name,
          })),
        }),
      };
      const answer = input.Attribute && answers[input.Attribute];
      if (!answer) throw invalidParameter("attribute", input.Attribute);
      return { InstanceId: instance.id, ...answer() };
    },
  };
}

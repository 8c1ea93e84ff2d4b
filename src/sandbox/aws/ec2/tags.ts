import type * as ec2 from "@aws-sdk/client-ec2";
import type { Call } from "../cloud.ts";
import { AwsError } from "../errors.ts";
import type { Tags } from "../state.ts";
import { matcher, pageOf } from "./filters.ts";
import type { Registry } from "./registry.ts";

/** Limits: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions */
const tagsAtMost = 50;
const keyAtMost = 128;
const valueAtMost = 256;

/** @throws AwsError TagLimitExceeded, InvalidParameterValue. */
export function withTags(tags: Tags, added: readonly ec2.Tag[] | undefined): Tags {
  const result: Record<string, string> = { ...tags };
  for (const { Key, Value = "" } of added ?? []) {
    if (Key === undefined || Key === "") throw new AwsError("InvalidParameterValue", "Tag key must not be empty");
    if (Key.toLowerCase().startsWith("aws:")) {
      throw new AwsError("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use");
    }
    if (Key.length > keyAtMost)
      throw new AwsError("InvalidParameterValue", `Tag key exceeds the maximum length of ${keyAtMost} characters`);
    if (Value.length > valueAtMost) {
      throw new AwsError("InvalidParameterValue", `Tag value exceeds the maximum length of ${valueAtMost} characters`);
    }
    result[Key] = Value;
  }
  if (Object.keys(result).length > tagsAtMost) {
    throw new AwsError("TagLimitExceeded", `More than ${tagsAtMost} tags would be on the resource`);
  }
  return result;
}

/** The tags that a create call's specifications give resources of that type. */
export function specifiedTags(specifications: readonly ec2.TagSpecification[] | undefined, type: string): Tags {
  return withTags(
    {},
    (specifications ?? []).filter(({ ResourceType }) => ResourceType === type).flatMap(({ Tags }) => Tags ?? []),
  );
}

export function tagOperations(registry: Registry) {
  return {
    CreateTags: (call: Call, input: ec2.CreateTagsRequest): object => {
      const found = (input.Resources ?? []).map((id) => registry.findAny(call, id));
      registry.cloud.documents.together(() => {
        for (const { kind, resource } of found)
          kind.table.put({ ...resource, tags: withTags(resource.tags, input.Tags) });
      });
      return {};
    },

    DeleteTags: (call: Call, input: ec2.DeleteTagsRequest): object => {
      const found = (input.Resources ?? []).map((id) => registry.findAny(call, id));
      registry.cloud.documents.together(() => {
        for (const { kind, resource } of found)
          kind.table.put({ ...resource, tags: without(resource.tags, input.Tags) });
      });
      return {};
    },

    DescribeTags: (call: Call, input: ec2.DescribeTagsRequest): ec2.DescribeTagsResult => {
      const rows = Object.values(registry.kinds).flatMap((kind) =>
        registry.all(call, kind as (typeof registry.kinds)["vpc"]).flatMap((resource) =>
          Object.entries(resource.tags).map(([key, value]) => ({
            ...resource,
            id: `${resource.id} ${key}`,
            of: resource.id,
            type: kind.type,
            key,
            value,
          })),
        ),
      );
      const matches = matcher<(typeof rows)[number]>(input.Filters, {
        key: ({ key }) => key,
        value: ({ value }) => value,
        "resource-id": ({ of }) => of,
        "resource-type": ({ type }) => type,
      });
      const { items, NextToken } = pageOf(rows.filter(matches), input, { least: 5, most: 1000 });
      return {
        Tags: items.map(({ of, type, key, value }) => ({
          ResourceId: of,
          ResourceType: type as ec2.ResourceType,
          Key: key,
          Value: value,
        })),
        ...(NextToken ? { NextToken } : {}),
      };
    },
  };
}

/** A tag given with a value goes only if it has that value; without any tags all go. */
function without(tags: Tags, removed: readonly ec2.Tag[] | undefined): Tags {
  if (removed === undefined || removed.length === 0) return {};
  return Object.fromEntries(
    Object.entries(tags).filter(
      ([key, value]) => !removed.some(({ Key, Value }) => Key === key && (Value === undefined || Value === value)),
    ),
  );
}

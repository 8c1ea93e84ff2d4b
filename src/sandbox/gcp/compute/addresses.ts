import type { GcpCloud } from "../cloud.ts";
import { alreadyExists, inUse, invalid } from "../errors.ts";
import { projectId } from "../places.ts";
import type { Address } from "../state.ts";
import { descriptionOf, text } from "../texts.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { find } from "./find.ts";
import { newNumericId } from "./ids.ts";
import { checkedLabels, labelFields, setLabels } from "./labels.ts";
import { checkName, link, scopeOf } from "./links.ts";
import { aggregatedAnswer, commonFields, listAnswer } from "./lists.ts";
import type { ComputeParts } from "./parts.ts";

/**
 * External addresses are loopback's: 127.84.0.0/16, which every Linux machine has without setting anything up. What is
 * lent to running instances comes from its lower half, reserved ones from its upper one.
 */
export function unusedAddress({ tables }: GcpCloud, kind: "lent" | "reserved"): string {
  const used = new Set([
    ...[...tables.addresses.values()].map(({ address }) => address),
    ...[...tables.instances.values()].flatMap(({ nics }) => nics.map(({ access }) => access?.natIp)),
  ]);
  const first = kind === "lent" ? 0 : 128;
  for (;;) {
    const address = `127.84.${first + Math.floor(Math.random() * 128)}.${1 + Math.floor(Math.random() * 254)}`;
    if (!used.has(address)) return address;
  }
}

export function addressOperations({ cloud, operations, quotas }: ComputeParts): ComputeOperations {
  const { tables } = cloud;
  const named = (call: ComputeCall): Address =>
    find(tables.addresses, `${scopeOfCall(call)}/addresses/${call.path.address ?? call.path.resource}`);
  const userOf = ({ id }: Address) =>
    tables.instances.find(({ nics }) => nics.some(({ access }) => access?.addressId === id));
  const describe = (address: Address): object => {
    const user = userOf(address);
    return {
      ...commonFields("address", address),
      address: address.address,
      addressType: "EXTERNAL",
      networkTier: address.tier,
      region: link(scopeOf(address.id)),
      status: user ? "IN_USE" : "RESERVED",
      ...(user ? { users: [link(user.id)] } : {}),
      ...labelFields(address),
      selfLink: link(address.id),
    };
  };
  const listed = (one: Address) => ({ id: one.id, createdAt: one.createdAt, json: describe(one) });

  operations.define("addresses.delete", async ({ targetId }, pause) => {
    await pause();
    tables.addresses.delete(targetId);
  });

  return {
    "addresses.insert": (call) => {
      const { body } = call;
      const id = `${scopeOfCall(call)}/addresses/${checkName("resource.name", body.name as string | undefined)}`;
      if (tables.addresses.has(id)) throw alreadyExists(`projects/${projectId}/${id}`);
      if ((body.addressType ?? "EXTERNAL") !== "EXTERNAL") {
        throw invalid("resource.addressType", body.addressType, "Simulated: only external addresses are reserved.");
      }
      quotas.check(call.path.region as string, "STATIC_ADDRESSES", 1);
      const made = tables.addresses.put({
        id,
        numericId: newNumericId(),
        createdAt: Date.now(),
        ...descriptionOf(body),
        labels: checkedLabels(body.labels),
        address: unusedAddress(cloud, "reserved"),
        tier: text(body.networkTier, "PREMIUM"),
      });
      return operations.start(call, made);
    },
    "addresses.get": (call) => describe(named(call)),
    "addresses.list": (call) =>
      listAnswer(
        cloud,
        call,
        "address",
        tables.addresses.where(({ id }) => scopeOf(id) === scopeOfCall(call)).map(listed),
      ),
    "addresses.aggregatedList": (call) =>
      aggregatedAnswer(cloud, call, "address", "addresses", [...tables.addresses.values()].map(listed)),
    "addresses.setLabels": (call) => {
      const address = named(call);
      setLabels(tables.addresses, address, call);
      return operations.start(call, address);
    },
    "addresses.delete": (call) => {
      const address = named(call);
      const user = userOf(address);
      if (user) throw inUse(`address '${link(address.id)}'`, link(user.id));
      return operations.start(call, address);
    },
  };
}

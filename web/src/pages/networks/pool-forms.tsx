import { NumberInput, Select, TagsInput, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { sitesQuery } from "../../api/queries.ts";
import { OrderForm } from "../../parts/order-form.tsx";

/** A pool, or other settings of the one of that name. */
export function PoolForm({ touches, onDone }: { readonly touches: readonly string[]; readonly onDone: () => void }) {
  const [name, setName] = useState("");
  const [cidr, setCidr] = useState("");
  const [excluded, setExcluded] = useState<string[]>([]);
  const make = useOrder(
    () =>
      answer(
        api.POST("/v1/address-pools/{id}", {
          params: { path: { id: name.trim() } },
          body: { cidr: cidr.trim(), excluded },
        }),
      ),
    { touches, done: ({ name: kept }) => `${kept} can be given out of`, onDone },
  );
  return (
    <OrderForm order={make} verb="Make it" disabled={name.trim() === "" || cidr.trim() === ""}>
      <TextInput
        label="Name"
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        required
        data-autofocus
      />
      <TextInput
        label="Range"
        placeholder="10.64.0.0/12"
        value={cidr}
        onChange={(event) => setCidr(event.currentTarget.value)}
        required
      />
      <TagsInput
        label="Without"
        description="Ranges that are never given out; Enter takes one"
        value={excluded}
        onChange={setExcluded}
        size="xs"
      />
    </OrderForm>
  );
}

/** The next free range of a pool, for a site. */
export function AllocationForm(props: {
  readonly pool: string;
  readonly touches: readonly string[];
  readonly onDone: () => void;
}) {
  const { pool, touches, onDone } = props;
  const sites = useQuery(sitesQuery);
  const [site, setSite] = useState("");
  const [name, setName] = useState("");
  const [length, setLength] = useState<number | string>(24);
  const give = useOrder(
    () =>
      answer(
        api.POST("/v1/address-pools/{id}/allocations", {
          params: { path: { id: pool } },
          body: { site, name: name.trim(), prefix_length: Number(length) },
        }),
      ),
    { touches, done: ({ cidr }) => `${cidr} is given out`, onDone },
  );
  return (
    <OrderForm order={give} verb="Give it the next free range" disabled={site === "" || name.trim() === ""}>
      <Select
        label="To the site"
        data={(sites.data ?? []).map((each) => each.site)}
        value={site || null}
        onChange={(value) => setSite(value ?? "")}
        searchable
        required
      />
      <TextInput label="For" value={name} onChange={(event) => setName(event.currentTarget.value)} required />
      <NumberInput
        label="As large as"
        prefix="/"
        description="24 is 256 IPv4 addresses"
        min={1}
        max={128}
        value={length}
        onChange={setLength}
      />
    </OrderForm>
  );
}

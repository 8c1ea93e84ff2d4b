import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { useMay } from "../../api/session.ts";
import { tell } from "../../app/tell.tsx";
import { plural } from "../../lib/format.ts";
import { Panel } from "../../parts/panel.tsx";
import { policiesQuery } from "./queries.ts";

/** Policies to begin with: what of each pack isn't there yet can be taken. */
export function Packs() {
  const writes = useMay("policies:write");
  const packs = useQuery({
    queryKey: ["policy-packs"],
    queryFn: async ({ signal }) => (await answer(api.GET("/v1/policy-packs", { signal }))).items,
    staleTime: 600_000,
  });
  const there = useQuery(policiesQuery);
  const install = useOrder(
    (id: string) => answer(api.POST("/v1/policy-packs/{id}/install", { params: { path: { id } } })),
    {
      touches: ["policies"],
      done: ({ items }) => `${plural(items.length, "policy", "policies")} of the pack are there`,
    },
  );
  const names = new Set(there.data?.map(({ name }) => name));
  const left = (packs.data ?? []).filter(({ policies }) => policies.some(({ name }) => !names.has(name)));
  if (!there.data || left.length === 0) return undefined;
  return (
    <Panel title="Packs to begin with">
      <ul className="packs">
        {left.map(({ pack_id: id, title, summary, policies }) => (
          <li key={id}>
            <div>
              <strong>{title}</strong>
              <div className="quiet">{summary}</div>
              <div className="mono quiet">{policies.map(({ name }) => name).join(", ")}</div>
            </div>
            {writes ? (
              <Button
                variant="light"
                aria-label={`Take it: ${title}`}
                loading={install.isPending && install.variables === id}
                onClick={() => install.mutate(id, { onError: tell.failure })}
              >
                Take it
              </Button>
            ) : undefined}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

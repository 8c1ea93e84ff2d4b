import { Button, Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api, type Schemas } from "../../api/client.ts";
import { useOrder } from "../../api/order.ts";
import { sitesQuery } from "../../api/queries.ts";
import { useMay } from "../../api/session.ts";
import { PageHead, Panel } from "../../parts/panel.tsx";
import { SameBy } from "../../parts/same-by.tsx";
import { Failed, Forbidden } from "../../parts/states.tsx";
import { PlannedConnection } from "./planned-connection.tsx";

/** Two sites, what both would be told, then doing it. */
export function ConnectPage() {
  const writes = useMay("networks:write");
  const navigate = useNavigate();
  const sites = useQuery(sitesQuery);
  const [near, setNear] = useState("");
  const [far, setFar] = useState("");
  const preview = useOrder(
    async (ends: { near: string; far: string }) =>
      (await answer(api.POST("/v1/connections", { body: { ...ends, dry_run: true } }))) as Schemas["ConnectionPlan"],
    { touches: [] },
  );
  const connect = useOrder(
    async (ends: { near: string; far: string }) =>
      (await answer(api.POST("/v1/connections", { body: ends }))) as Schemas["Connection"],
    {
      touches: ["connections"],
      onDone: ({ connection_id: id }) => void navigate({ to: "/networks/$id", params: { id } }),
    },
  );
  if (!writes) return <Forbidden permission="networks:write" />;
  const names = (sites.data ?? []).map(({ site }) => site);
  const asked = preview.variables;
  const current = preview.data !== undefined && asked?.near === near && asked.far === far;
  return (
    <>
      <PageHead
        trail={<Link to="/networks">Networks</Link>}
        title="Connect two sites"
        sub="By two IPsec tunnels. Both ends are asked first; a failure takes away what was set at either"
        actions={
          <SameBy
            cli={`connections connect ${near || "NEAR"} ${far || "FAR"}`}
            api={`POST /v1/connections\n${JSON.stringify({ near, far })}`}
          />
        }
      />
      <div className="grid grid-2">
        <Panel title="The two ends">
          <form
            className="stack"
            onSubmit={(event) => {
              event.preventDefault();
              preview.mutate({ near, far });
            }}
          >
            <Select
              label="Near"
              description="The end that begins"
              data={names}
              value={near || null}
              onChange={(value) => setNear(value ?? "")}
              searchable
              required
            />
            <Select
              label="Far"
              data={names.filter((name) => name !== near)}
              value={far || null}
              onChange={(value) => setFar(value ?? "")}
              searchable
              required
            />
            <div className="wrap">
              <Button type="submit" loading={preview.isPending} disabled={near === "" || far === "" || near === far}>
                Ask both ends
              </Button>
              <span className="quiet">Nothing is built yet.</span>
            </div>
            <p className="quiet">A device that is no site is connected by novacron connections connect --device.</p>
          </form>
        </Panel>
        <Panel title="What both would be told">
          {preview.isError ? <Failed error={preview.error} /> : undefined}
          {current && preview.data ? (
            <div className="stack">
              <PlannedConnection plan={preview.data} />
              {connect.isError ? <Failed error={connect.error} /> : undefined}
              <div>
                <Button size="sm" loading={connect.isPending} onClick={() => connect.mutate({ near, far })}>
                  Connect them
                </Button>
              </div>
            </div>
          ) : undefined}
          {current || preview.isError ? undefined : (
            <p className="quiet">Their networks, addresses and the parameters that both know come here.</p>
          )}
        </Panel>
      </div>
    </>
  );
}

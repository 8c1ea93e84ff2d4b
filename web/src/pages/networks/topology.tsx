import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import { Background, type Edge, type Node, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import type { Schemas } from "../../api/client.ts";
import { circlePlaces, connectionTone, pathText } from "../../lib/topology.ts";

type Connection = Schemas["Connection"];
const radius = 150;

/** Sites and what joins them, as well as it works now. A picture: the table below says the same in words. */
export function Topology(props: { readonly sites: readonly string[]; readonly connections: readonly Connection[] }) {
  const { sites, connections } = props;
  const scheme = useComputedColorScheme("dark");
  const { nodes, edges } = useMemo(() => drawing(sites, connections), [sites, connections]);
  return (
    <div className="topology" aria-hidden="true" inert>
      <ReactFlow
        key={nodes.map(({ id }) => id).join(" ")}
        nodes={nodes}
        edges={edges}
        colorMode={scheme}
        fitView
        fitViewOptions={{ padding: 0.12, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={18} />
      </ReactFlow>
    </div>
  );
}

function drawing(sites: readonly string[], connections: readonly Connection[]): { nodes: Node[]; edges: Edge[] } {
  const standing = connections.filter(({ state }) => state !== "disconnected" && state !== "failed");
  const names = [...new Set([...sites, ...standing.flatMap(({ near, far }) => [near, far])])];
  const places = circlePlaces(names, radius);
  const joined = new Set(standing.flatMap(({ near, far }) => [near, far]));
  return {
    nodes: names.map((name) => {
      const position = places.get(name) ?? { x: 0, y: 0 };
      const left = position.x <= 0;
      return {
        id: name,
        position,
        sourcePosition: left ? Position.Right : Position.Left,
        targetPosition: left ? Position.Right : Position.Left,
        data: {
          label: (
            <div className="boot-node">
              <strong>{name}</strong>
              <small>{sites.includes(name) ? (joined.has(name) ? "joined" : "alone") : "a device"}</small>
            </div>
          ),
        },
      };
    }),
    edges: standing.map((connection) => ({
      id: connection.connection_id,
      source: connection.near,
      target: connection.far,
      label: connection.seen
        ? `${connection.seen.up.filter(Boolean).length}/${connection.seen.up.length} · ${pathText(connection.seen.path)}`
        : connection.state,
      animated: connectionTone(connection) === "busy",
      style: { stroke: `var(--c-${connectionTone(connection)})`, strokeWidth: 2 },
    })),
  };
}

import "@xyflow/react/dist/style.css";
import { useComputedColorScheme } from "@mantine/core";
import { Background, type Edge, MarkerType, type Node, Position, ReactFlow } from "@xyflow/react";
import { useMemo } from "react";
import type { Schemas } from "../../api/client.ts";
import { bootGraph } from "../../lib/boot-graph.ts";
import { plural } from "../../lib/format.ts";

const [columnWidth, rowHeight] = [250, 104];

/** Boot groups from left to right: what is up before what begins. The list below says the same in words. */
export function BootGraphView({ groups }: { readonly groups: readonly Schemas["BootGroup"][] }) {
  const scheme = useComputedColorScheme("dark");
  const { nodes, edges } = useMemo(() => drawing(groups), [groups]);
  return (
    <>
      <div className="boot-graph" aria-hidden="true" inert>
        <ReactFlow
          nodes={nodes}
          edges={edges}
          colorMode={scheme}
          fitView
          fitViewOptions={{ padding: 0.18, maxZoom: 1 }}
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
      <ol className="boot-list">
        {groups.map(({ name, after, vms, first = [], last = [], wait_seconds: wait }) => (
          <li key={name}>
            <strong>{name}</strong>
            {after?.length ? <span className="quiet"> after {after.join(", ")}</span> : undefined}:{" "}
            {vms.map(({ vm }) => vm).join(", ") || "steps only"}
            {first.length + last.length > 0 ? (
              <span className="quiet">
                {" "}
                · {[...first, ...last].map((step) => `${step.kind} ${step.name}`).join(", ")}
              </span>
            ) : undefined}
            {wait ? <span className="quiet"> · then waits {wait} s</span> : undefined}
          </li>
        ))}
      </ol>
    </>
  );
}

function drawing(groups: readonly Schemas["BootGroup"][]): { nodes: Node[]; edges: Edge[] } {
  const graph = bootGraph(groups);
  return {
    nodes: graph.nodes.map(({ name, vms, column, row }) => ({
      id: name,
      position: { x: column * columnWidth, y: row * rowHeight },
      sourcePosition: Position.Right,
      targetPosition: Position.Left,
      data: {
        label: (
          <div className="boot-node">
            <strong>{name}</strong>
            <span>{vms.length === 0 ? "steps" : plural(vms.length, "VM")}</span>
            <small>
              {vms.slice(0, 3).join(", ")}
              {vms.length > 3 ? "…" : ""}
            </small>
          </div>
        ),
      },
    })),
    edges: graph.edges.map(({ from, to }) => ({
      id: `${from}/${to}`,
      source: from,
      target: to,
      markerEnd: { type: MarkerType.ArrowClosed },
    })),
  };
}

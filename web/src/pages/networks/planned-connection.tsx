import type { Schemas } from "../../api/client.ts";
import { duration } from "../../lib/format.ts";
import { Facts } from "../../parts/panel.tsx";

/** What both ends of a connection are told. */
export function PlannedConnection({ plan }: { readonly plan: Schemas["ConnectionPlan"] }) {
  const { near, far, parameters, tunnels, separate_paths: separate } = plan;
  const end = ({ addresses, networks }: Schemas["ConnectionEnd"]) =>
    `${networks.join(", ")} by ${addresses.join(", ")}`;
  return (
    <Facts
      items={[
        [near.site, end(near)],
        [far.site, end(far)],
        ...tunnels.map(
          ({ index, near_address: from, far_address: to }) => [`Tunnel ${index + 1}`, `${from} ↔ ${to}`] as const,
        ),
        [
          "Key exchange",
          `IKEv2, ${parameters.ike}, ${parameters.integrity}, ${parameters.dh}; anew after ${duration(parameters.ike_seconds)}`,
        ],
        ["Traffic", `ESP, ${parameters.esp}; anew after ${duration(parameters.esp_seconds)}`],
        [
          "Paths",
          separate
            ? "No single link takes both tunnels"
            : "One link takes both tunnels: it is a single point of failure",
        ],
      ]}
    />
  );
}

import { useSearch } from "@tanstack/react-router";
import { Sections } from "../../parts/sections.tsx";
import { AlertsSection } from "./alerts-section.tsx";
import { DeliveriesSection } from "./deliveries-section.tsx";
import { HistorySection } from "./history-section.tsx";
import { RulesSection } from "./rules-section.tsx";
import { SilencesSection } from "./silences-section.tsx";

const permission = "alerts:read";

/** What fires, by which rules, who was told of it, and of what nobody is told for a while. */
export function AlertsPage() {
  const { show } = useSearch({ from: "/alerts" });
  return (
    <Sections
      title="Alerts"
      sub="A figure that crosses a threshold for long enough is told to people, once"
      show={show}
      sections={[
        { name: "alerts", label: "Alerts", permission, cli: "alerts list", api: "GET /v1/alerts", Body: AlertsSection },
        {
          ...{ name: "rules", label: "Rules", permission, Body: RulesSection },
          ...{ cli: "alerts rules list", api: "GET /v1/alert-rules" },
        },
        {
          ...{ name: "silences", label: "Silences", permission, Body: SilencesSection },
          ...{ cli: "alerts silences", api: "GET /v1/silences" },
        },
        {
          ...{ name: "deliveries", label: "Who was told", permission, Body: DeliveriesSection },
          ...{ cli: "alerts deliveries", api: "GET /v1/alerts/notifications" },
        },
        {
          ...{ name: "history", label: "History", permission, Body: HistorySection },
          ...{ cli: "alerts history", api: "GET /v1/alerts/events" },
        },
      ]}
    />
  );
}

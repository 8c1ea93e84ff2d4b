import { useQuery } from "@tanstack/react-query";
import { healthQuery } from "./queries.ts";

function meta(name: string): string | undefined {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content || undefined;
}

/** What style elements must carry to be let in; absent where a development server serves the page. */
export const styleNonce = meta("style-nonce");

const namespace = meta("temporal-namespace") ?? "default";

/** Where Temporal's own UI shows the run; undefined where none is configured. */
export function useTemporalUrl(workflowId: string | undefined): string | undefined {
  const { data } = useQuery(healthQuery);
  const base = data?.temporal_ui_url;
  if (base === undefined || workflowId === undefined) return undefined;
  return `${base.replace(/\/+$/, "")}/namespaces/${encodeURIComponent(namespace)}/workflows/${encodeURIComponent(workflowId)}`;
}

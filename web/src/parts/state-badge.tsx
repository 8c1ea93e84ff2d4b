import { words } from "../lib/format.ts";
import { type Tone, toneOf } from "../lib/tone.ts";

/** A state as a word with a mark; never by the colour alone. */
export function StateBadge(props: {
  readonly state: string | undefined;
  readonly of?: "job" | "resource";
  readonly tone?: Tone;
  readonly label?: string;
}) {
  const { state, of = "job", tone = toneOf(state, of), label } = props;
  if (state === undefined) return <span className="quiet">–</span>;
  return (
    <span className="state" data-tone={tone}>
      <span className="state-mark" data-pulses={tone === "busy" || undefined} />
      {label ?? words(state)}
    </span>
  );
}

const known = ["aws", "azure", "gcp", "oci", "libvirt", "folder", "digitalocean"];

export function ProviderBadge({ provider }: { readonly provider: string }) {
  return (
    <span className="provider" data-provider={known.includes(provider) ? provider : "other"}>
      {provider}
    </span>
  );
}

/** How findings of a policy are mended. Each is a step of a pinned plan that somebody accepts. */
export type Remediation =
  /** Gives a VM tags that it lacks; what it has stays. */
  | { readonly kind: "add_tags"; readonly tags: Readonly<Record<string, string>> }
  /** Takes out of a security group the rules that the policy forbids. */
  | { readonly kind: "close_rules" }
  | { readonly kind: "stop" }
  /** Takes a snapshot of each disk of a VM. */
  | { readonly kind: "snapshot" }
  /** Snapshots where the site has them, then stops the VM and holds it, so that nobody starts it. */
  | { readonly kind: "quarantine" };

export type RemediationKind = Remediation["kind"];

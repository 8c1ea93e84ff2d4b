// Long because it is one list of policies.
import type { PolicyDraft } from "./policy.ts";

/** Policies to begin with. Installing a pack makes them policies of one's own, to be changed like any other. */
export interface PolicyPack {
  readonly packId: string;
  readonly title: string;
  readonly summary: string;
  readonly policies: readonly PolicyDraft[];
}

const everybody = ["0.0.0.0/0", "::/0"] as const;

/** One rule that lets the port in from everybody: both have to be so of the same rule. */
function openTo(port: number) {
  return {
    all: [
      { field: "security_group.ingress.port", operator: "equals", value: port },
      { field: "security_group.ingress.protocol", operator: "equals", value: "tcp" },
      { field: "security_group.ingress.source", operator: "in", value: everybody },
    ],
  } as const;
}

const allVms = "vms";
const cisAws = "CIS Amazon Web Services Foundations Benchmark v3.0.0";

export const policyPacks: readonly PolicyPack[] = [
  {
    packId: "required-tags",
    title: "Required tags",
    summary: "Every VM says whose it is and what it is for.",
    policies: [
      {
        name: "tags-owner",
        type: "tagging",
        severity: "medium",
        description: "Somebody answers for every VM.",
        scope: allVms,
        requirement: { require: { field: "owner", operator: "exists" } },
        actions: ["notify", "remediate", "block"],
        remedy: "Give it the tag owner, team or contact.",
        remediation: { kind: "add_tags", tags: { owner: "unassigned" } },
        source: "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
      },
      {
        name: "tags-environment",
        type: "tagging",
        severity: "low",
        description: "What is production is known from its tag env.",
        scope: allVms,
        requirement: {
          require: { field: "tags.env", operator: "in", value: ["prod", "staging", "test", "dev"] },
        },
        actions: ["notify", "block"],
        remedy: "Set the tag env to prod, staging, test or dev.",
        source: "https://docs.aws.amazon.com/whitepapers/latest/tagging-best-practices/tagging-best-practices.html",
      },
    ],
  },
  {
    packId: "cost-limits",
    title: "Cost limits",
    summary: "No single resource costs more than was agreed, and nothing is paid for that nobody uses.",
    policies: [
      {
        name: "cost-monthly-limit",
        type: "cost",
        severity: "high",
        description: "One resource costs 1000 dollars a month at most.",
        scope: "",
        requirement: { forbid: { field: "monthly_cost", operator: "greater_than", value: 1_000 } },
        actions: ["notify", "block"],
        remedy: "Choose a smaller size, or ask for an exemption.",
        source: "https://www.finops.org/framework/capabilities/policy-governance/",
      },
      {
        name: "cost-unused-volumes",
        type: "cost",
        severity: "low",
        description: "A disk that no VM has used for a month is removed or snapshotted.",
        scope: "kind:volume",
        requirement: {
          forbid: {
            all: [
              { field: "in_use", operator: "equals", value: false },
              { field: "state_since", operator: "older_than", value: "30d" },
            ],
          },
        },
        actions: ["notify"],
        remedy: "Delete it, or keep a snapshot instead.",
        source: "https://www.finops.org/framework/capabilities/usage-optimization/",
      },
    ],
  },
  {
    packId: "no-public-ssh",
    title: "No public SSH",
    summary: "Nobody on the internet reaches the ports by which machines are administered.",
    policies: [
      {
        name: "network-no-public-ssh",
        type: "security",
        severity: "critical",
        description: "No rule lets SSH in from everybody.",
        scope: "",
        requirement: { forbid: openTo(22) },
        actions: ["notify", "remediate", "block"],
        remedy: "Let port 22 in from the networks of those who administer it only.",
        remediation: { kind: "close_rules" },
        source: `${cisAws}, 5.2 and 5.3`,
      },
      {
        name: "network-no-public-rdp",
        type: "security",
        severity: "critical",
        description: "No rule lets remote desktop in from everybody.",
        scope: "",
        requirement: { forbid: openTo(3_389) },
        actions: ["notify", "remediate", "block"],
        remedy: "Let port 3389 in from the networks of those who administer it only.",
        remediation: { kind: "close_rules" },
        source: `${cisAws}, 5.2 and 5.3`,
      },
    ],
  },
  {
    packId: "encryption",
    title: "Encryption at rest",
    summary: "What lies on disks can't be read by who gets hold of them.",
    policies: [
      {
        name: "encryption-volumes",
        type: "security",
        severity: "high",
        description: "Disks are encrypted at rest.",
        scope: "",
        requirement: { require: { field: "encrypted", operator: "equals", value: true } },
        actions: ["notify", "block"],
        remedy: "Move the VM to a site that encrypts, or make the disk anew with encryption.",
        source: `${cisAws}, 2.2.1`,
      },
    ],
  },
  {
    packId: "backup",
    title: "Backups",
    summary: "What is production can be brought back.",
    policies: [
      {
        name: "backup-daily",
        type: "compliance",
        severity: "high",
        description: "A production VM has a whole backup that is a day old at most.",
        scope: "vms tag.env=prod",
        requirement: { forbid: { field: "backup_age", operator: "older_than", value: "24h" } },
        actions: ["notify", "remediate", "block"],
        remedy: "Protect it with a recovery group, or take snapshots of all its disks.",
        remediation: { kind: "snapshot" },
        source: "ISO/IEC 27001:2022, A.8.13",
      },
    ],
  },
  {
    packId: "residency",
    title: "Residency",
    summary: "Personal data stays where it was promised to stay.",
    policies: [
      {
        name: "residency-personal-data",
        type: "compliance",
        severity: "critical",
        description: "What is tagged data=personal stays at sites whose data stays in the EU.",
        scope: "tag.data=personal",
        requirement: { require: { field: "residency", operator: "equals", value: "eu" } },
        actions: ["notify", "block"],
        remedy: "Choose a site whose providers[].residency in the configuration names eu.",
        source: "GDPR (EU 2016/679), article 44",
      },
    ],
  },
  {
    packId: "audit",
    title: "Audit",
    summary: "What is there is accounted for, and doesn't stay longer than it is needed.",
    policies: [
      {
        name: "audit-stopped-vms",
        type: "compliance",
        severity: "low",
        description: "A VM that has been off for 90 days is looked at again.",
        scope: "vms",
        requirement: {
          forbid: {
            all: [
              { field: "state", operator: "equals", value: "stopped" },
              { field: "state_since", operator: "older_than", value: "90d" },
            ],
          },
        },
        actions: ["notify"],
        remedy: "Delete it, or start it again.",
        source: "NIST SP 800-53 Rev. 5, CM-8",
      },
      {
        name: "audit-public-addresses",
        type: "security",
        severity: "medium",
        description: "A VM that the internet can address says so by its tag exposure=public.",
        scope: "vms -tag.exposure=public",
        requirement: { forbid: { field: "public_ip", operator: "equals", value: true } },
        actions: ["notify"],
        remedy: "Take the address away, or tag the VM exposure=public.",
        source: "NIST SP 800-53 Rev. 5, SC-7",
      },
    ],
  },
];

// Long because it is one table: what of each framework is looked at here, and what isn't.

/** What the product itself keeps and can show, beside policies. */
export const evidenceKinds = ["audit-trail", "scans", "drills"] as const;
export type EvidenceKind = (typeof evidenceKinds)[number];

export interface Control {
  /** As the framework numbers it. */
  readonly controlId: string;
  readonly title: string;
  /** Names of starter policies that look at a part of it. */
  readonly policies: readonly string[];
  readonly evidence: readonly EvidenceKind[];
  /** What of it nobody looks at here. */
  readonly notChecked: string;
}

export interface Framework {
  readonly frameworkId: string;
  readonly title: string;
  readonly source: string;
  readonly controls: readonly Control[];
  /** Parts of the framework of which nothing is looked at. */
  readonly outside: readonly string[];
}

const ssh = ["network-no-public-ssh", "network-no-public-rdp"];
const encryption = ["encryption-volumes"];
const backup = ["backup-daily"];
const owners = ["tags-owner", "tags-environment"];
const whoIsThere = "Who has accounts at the clouds themselves, and what those may do.";

export const frameworks: readonly Framework[] = [
  {
    frameworkId: "cis",
    title: "CIS Amazon Web Services Foundations Benchmark v3.0.0",
    source: "https://www.cisecurity.org/benchmark/amazon_web_services",
    controls: [
      {
        controlId: "2.2.1",
        title: "EBS volumes are encrypted",
        policies: encryption,
        evidence: [],
        notChecked:
          "Whether the account encrypts new volumes by default; each volume is looked at instead, of every cloud.",
      },
      {
        controlId: "5.2",
        title: "No security group lets 0.0.0.0/0 reach remote administration ports",
        policies: ssh,
        evidence: [],
        notChecked: "Other ports than 22 and 3389; network ACLs (5.1).",
      },
      {
        controlId: "5.3",
        title: "No security group lets ::/0 reach remote administration ports",
        policies: ssh,
        evidence: [],
        notChecked: "Other ports than 22 and 3389; network ACLs (5.1).",
      },
    ],
    outside: [
      "1: identity and access management",
      "2.1, 2.3 and 2.4: S3, RDS and EFS",
      "3: logging (CloudTrail, Config, flow logs)",
      "4: monitoring",
      "5.1, 5.4 to 5.6: network ACLs, default groups, routes of peerings, IMDSv2",
    ],
  },
  {
    frameworkId: "soc2",
    title: "SOC 2, Trust Services Criteria 2017 (points of focus of 2022)",
    source:
      "https://www.aicpa-cima.com/resources/download/2017-trust-services-criteria-with-revised-points-of-focus-2022",
    controls: [
      {
        controlId: "CC6.1",
        title: "Logical access to protected information is restricted",
        policies: encryption,
        evidence: ["audit-trail"],
        notChecked: whoIsThere,
      },
      {
        controlId: "CC6.6",
        title: "Threats from outside the boundaries are held off",
        policies: [...ssh, "audit-public-addresses"],
        evidence: [],
        notChecked: "Web application firewalls, intrusion detection, what listens in the guests.",
      },
      {
        controlId: "CC7.1",
        title: "Changes of configurations and new weaknesses are detected",
        policies: [],
        evidence: ["scans"],
        notChecked: "Weaknesses of software in the guests.",
      },
      {
        controlId: "CC8.1",
        title: "Changes are authorised, documented and approved",
        policies: owners,
        evidence: ["audit-trail"],
        notChecked: "Changes made at the clouds by other means than this product are seen, but not who approved them.",
      },
      {
        controlId: "A1.2",
        title: "Backups and recovery infrastructure are there",
        policies: backup,
        evidence: [],
        notChecked: "Environmental protections of the data centres.",
      },
      {
        controlId: "A1.3",
        title: "Recovery is tested",
        policies: [],
        evidence: ["drills"],
        notChecked: "Recovery of what isn't in a protection group.",
      },
    ],
    outside: [
      "CC1 to CC5: control environment, communication, risk assessment, monitoring, control activities of the organisation",
      "CC6.2 to CC6.5, CC6.7, CC6.8: accounts, physical access, disposal, transmission, malware",
      "CC7.2 to CC7.5: incident response",
      "CC9, PI1, C1 and P1 to P8",
    ],
  },
  {
    frameworkId: "hipaa",
    title: "HIPAA Security Rule, 45 CFR part 164 subpart C",
    source: "https://www.ecfr.gov/current/title-45/subtitle-A/subchapter-C/part-164/subpart-C",
    controls: [
      {
        controlId: "164.308(a)(7)(ii)(A)",
        title: "Data backup plan",
        policies: backup,
        evidence: [],
        notChecked: "Whether what is tagged env=prod is all that holds health information.",
      },
      {
        controlId: "164.308(a)(7)(ii)(D)",
        title: "Testing and revision of contingency plans",
        policies: [],
        evidence: ["drills"],
        notChecked: "Revision of the plans by people.",
      },
      {
        controlId: "164.310(d)(2)(iii)",
        title: "Accountability for hardware and media",
        policies: owners,
        evidence: ["audit-trail"],
        notChecked: "Physical media.",
      },
      {
        controlId: "164.312(a)(2)(iv)",
        title: "Encryption and decryption",
        policies: encryption,
        evidence: [],
        notChecked: "Encryption inside of the guests and of object storage.",
      },
      {
        controlId: "164.312(b)",
        title: "Audit controls",
        policies: [],
        evidence: ["audit-trail"],
        notChecked: "What happens inside of the systems that hold health information.",
      },
      {
        controlId: "164.312(e)(1)",
        title: "Transmission security",
        policies: ssh,
        evidence: [],
        notChecked: "Encryption of connections between applications.",
      },
    ],
    outside: [
      "164.308(a)(1) to (a)(6), (a)(8) and (b): risk analysis, workforce, training, incidents, evaluation, contracts",
      "164.310(a) to (c): facilities and workstations",
      "164.312(a)(1), (c) and (d): access, integrity and authentication in the applications",
      "164.314 and 164.316",
    ],
  },
  {
    frameworkId: "gdpr",
    title: "General Data Protection Regulation (EU) 2016/679",
    source: "https://eur-lex.europa.eu/eli/reg/2016/679/oj",
    controls: [
      {
        controlId: "Article 32(1)(a)",
        title: "Encryption of personal data",
        policies: encryption,
        evidence: [],
        notChecked: "Pseudonymisation; encryption inside of the guests.",
      },
      {
        controlId: "Article 32(1)(b)",
        title: "Ongoing confidentiality, integrity, availability and resilience",
        policies: [...ssh, "audit-public-addresses"],
        evidence: ["scans"],
        notChecked: "The applications themselves.",
      },
      {
        controlId: "Article 32(1)(c)",
        title: "Availability can be restored in a timely manner",
        policies: backup,
        evidence: ["drills"],
        notChecked: "What isn't tagged env=prod.",
      },
      {
        controlId: "Article 32(1)(d)",
        title: "Measures are tested regularly",
        policies: [],
        evidence: ["scans", "drills"],
        notChecked: "Measures of the organisation.",
      },
      {
        controlId: "Article 44",
        title: "Transfers to third countries",
        policies: ["residency-personal-data"],
        evidence: [],
        notChecked: "What holds personal data and isn't tagged data=personal; access from third countries.",
      },
    ],
    outside: [
      "Articles 5 to 11: principles and lawfulness",
      "Articles 12 to 23: rights of the data subjects",
      "Articles 24 to 31, 33 to 43: responsibilities, processors, records, breaches, impact assessments, officers",
      "Articles 45 to 50: the grounds of transfers",
    ],
  },
];

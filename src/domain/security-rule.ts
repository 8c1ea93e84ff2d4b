/** One rule of a security group: it lets something through, and answers to it. What no rule lets through is refused. Ports are
 *  inclusive and absent for all (of ICMP: its type and code); `peer` is a CIDR or a group's id. */
export interface SecurityRule {
  readonly direction: "ingress" | "egress";
  readonly protocol: "tcp" | "udp" | "icmp" | "all";
  readonly fromPort?: number;
  readonly toPort?: number;
  readonly peer: string;
  readonly description?: string;
}

/** `in tcp 22 from 10.0.0.0/8`. */
export function describeRule({ direction, protocol, fromPort, toPort, peer }: SecurityRule): string {
  const ports =
    fromPort === undefined
      ? ""
      : toPort === undefined || toPort === fromPort
        ? ` ${fromPort}`
        : ` ${fromPort}-${toPort}`;
  const [way, side] = direction === "ingress" ? ["in", "from"] : ["out", "to"];
  return `${way} ${protocol}${ports} ${side} ${peer}`;
}

import type { Resource } from "./state.ts";

/** What the simulated AWS remembers of what NovaCron only lists. */

export interface CustomerGateway extends Resource {
  readonly address: string;
  readonly asn: number;
}

export interface VpnGateway extends Resource {
  readonly vpcId?: string;
}

export interface VpnConnection extends Resource {
  readonly customerGatewayId: string;
  readonly vpnGatewayId: string;
  readonly staticRoutesOnly: boolean;
  readonly ends: readonly { readonly address: string; readonly preSharedKey: string }[];
}

/** Its id is its ARN. */
export interface LoadBalancer extends Resource {
  readonly name: string;
  readonly type: string;
  readonly internetFacing: boolean;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly groupIds: readonly string[];
  /** Where it really listens: of loopback's 127.86.0.0/16. */
  readonly address?: string;
}

/** Its id is `region/name`. */
export interface ScalingGroup extends Resource {
  readonly name: string;
  readonly template: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly desired: number;
  readonly subnetIds: readonly string[];
  readonly zones: readonly string[];
}

import type { GatewayView, PathSight } from "../domain/connection.ts";
import type { IpsecParameters } from "../domain/ipsec.ts";

/** The facet of the provider port that connections between sites end at. The rules at its head (`provider.ts`) hold for these calls
 *  too. */

/** One end of one tunnel. Both ends are told the same name and parameters, and the same key. */
export interface TunnelEnd {
  /** As `tunnelName` of domain/connection.ts gives it. */
  readonly name: string;
  /** It begins; the other end waits for it. */
  readonly begins: boolean;
  readonly address: string;
  readonly peerAddress: string;
  readonly networks: readonly string[];
  readonly peerNetworks: readonly string[];
  readonly parameters: IpsecParameters;
}

/** Ends of connections that we build. */
export interface GatewayFacet {
  describeGateway(signal: AbortSignal): Promise<GatewayView>;
  /** Tells the gateway of a tunnel; setting what is set changes nothing of one that is up. The key is secret. */
  putTunnel(end: TunnelEnd, key: string, signal: AbortSignal): Promise<void>;
  /** Returns when it is up; one that is up stays as it is. Of the end that begins.
   *  @throws ProviderError Conflict with what the ends did not agree on, Unavailable where the other end is silent. */
  bringUp(name: string, signal: AbortSignal): Promise<void>;
  /** Ends it and forgets it, its key included. */
  removeTunnel(name: string, signal: AbortSignal): Promise<void>;
  /** Whether traffic can pass by each, in their order. */
  tunnelsUp(names: readonly string[], signal: AbortSignal): Promise<readonly boolean[]>;
  /** Some packets to an address behind another gateway, and back. */
  measure(target: string, signal: AbortSignal): Promise<PathSight>;
}

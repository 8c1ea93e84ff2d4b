import { ciscoConfig } from "./cisco.ts";
import type { DeviceConfig, DeviceKind, DeviceView } from "./device.ts";
import { fortinetConfig } from "./fortinet.ts";
import { juniperConfig } from "./juniper.ts";
import { pfsenseConfig } from "./pfsense.ts";

const renderers: Readonly<Record<DeviceKind, (view: DeviceView) => DeviceConfig>> = {
  "cisco-ios-xe": ciscoConfig,
  "juniper-junos": juniperConfig,
  "fortinet-fortios": fortinetConfig,
  pfsense: pfsenseConfig,
};

/** What a device of that kind is to be told, with keys: secret. */
export function deviceConfig(kind: DeviceKind, view: DeviceView): DeviceConfig {
  return renderers[kind](view);
}

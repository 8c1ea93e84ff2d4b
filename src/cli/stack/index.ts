export { downStack } from "./down.ts";
export type { Connection, StackStatus } from "./status.ts";
export { chooseInstance, readConnection, stackStatus } from "./status.ts";
export type { UpOptions } from "./up.ts";
export { upStack } from "./up.ts";

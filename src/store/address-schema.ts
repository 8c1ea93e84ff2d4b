import type { DefaultTime, Json, OptionalTime } from "./schema.ts";

export interface AddressPoolTable {
  name: string;
  cidr: string;
  excluded: Json<readonly string[]>;
  created_by: string;
  created_at: DefaultTime;
}

export interface AddressAllocationTable {
  allocation_id: string;
  pool: string;
  cidr: string;
  site: string;
  name: string;
  created_by: string;
  created_at: DefaultTime;
  released_at: OptionalTime;
}

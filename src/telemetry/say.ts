/** How rooms are handed the log that don't know what it is made of. */
export type Say = (level: "debug" | "info" | "warn" | "error", message: string, facts?: object) => void;

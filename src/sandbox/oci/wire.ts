/** A model of the SDK as it is on the wire: enumerations are their strings, dates are ISO 8601. */
export type Wire<T> = T extends Date
  ? Date | string
  : T extends string
    ? `${T}`
    : T extends (infer Item)[]
      ? Wire<Item>[]
      : T extends object
        ? { [Key in keyof T]: Wire<T[Key]> }
        : T;

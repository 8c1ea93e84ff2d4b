/** The formats that are read and written; `vmdk` is written streamOptimized and read monolithicSparse too. */
export const imageFormats = ["raw", "qcow2", "vmdk", "vhd-fixed", "vhd-dynamic", "vhdx"] as const;
export type ImageFormat = (typeof imageFormats)[number];

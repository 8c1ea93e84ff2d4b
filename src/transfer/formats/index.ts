/** Image files, for whoever has no data plane around them: the command line. */
export type { ConvertedImage } from "./convert-image.ts";
export { convertImage } from "./convert-image.ts";
export { type ImageFormat, imageFormats } from "./format-names.ts";
export type { Inspection } from "./inspect-image.ts";
export { inspectImage } from "./inspect-image.ts";

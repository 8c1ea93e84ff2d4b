/** What a cloud takes as tags (or labels) of one resource. `tags.ts` fits any tags into it. */
export interface TagRules {
  /** The cloud's own word: `tags`, `labels`. */
  readonly word: string;
  readonly maxTags: number;
  /** Lengths in UTF-16 units, which are never fewer than the characters that clouds count. */
  readonly maxKeyLength: number;
  readonly maxValueLength: number;
  /** A whole key or value; without the `g` flag. Stricter than the cloud where its page leaves room for doubt. */
  readonly key: RegExp;
  readonly value: RegExp;
  readonly caseInsensitiveKeys: boolean;
  /** In lower case; refused in any case. */
  readonly reservedKeyPrefixes: readonly string[];
  readonly reservedValuePrefixes: readonly string[];
  /** Keys that the provider sets itself beside ours (a name, say). Each takes a place. */
  readonly taken: readonly string[];
  /** All keys and values together, as JSON in UTF-8. */
  readonly maxTotalBytes?: number;
  /** The alphabet that values take without harm. */
  readonly overflow: "base64url" | "base32";
}

/** Text without control characters, lone surrogates or spaces around it. */
const plainText = /^(?! )[^\p{C}]*(?<! )$/u;

/** 50 tags, 128 and 256 characters, case-sensitive, no `aws:` in front of either: "Tag restrictions" in the EC2 user guide. The
 *  characters are those that all services take. */
export const awsTagRules: TagRules = {
  word: "tags",
  maxTags: 50,
  maxKeyLength: 128,
  maxValueLength: 256,
  key: /^(?! )[\p{L}\p{N} _.:/=+\-@]+(?<! )$/u,
  value: /^(?! )[\p{L}\p{N} _.:/=+\-@]*(?<! )$/u,
  caseInsensitiveKeys: false,
  reservedKeyPrefixes: ["aws:"],
  reservedValuePrefixes: ["aws:"],
  taken: ["Name"],
  overflow: "base64url",
};

/** 50 tags, 512 and 256 characters, names case-insensitive and without `<>%&\?/`: "Use tags to organize your Azure resources",
 *  limitations. The prefixes are those that predefined tag names may not have. */
export const azureTagRules: TagRules = {
  word: "tags",
  maxTags: 50,
  maxKeyLength: 512,
  maxValueLength: 256,
  key: /^(?! )[^<>%&\\?/\p{C}]+(?<! )$/u,
  value: plainText,
  caseInsensitiveKeys: true,
  reservedKeyPrefixes: ["microsoft", "azure", "windows"],
  reservedValuePrefixes: [],
  taken: [],
  overflow: "base64url",
};

/** 64 labels, 63 characters each, keys begin with a lower-case letter: "Requirements for labels" of Resource Manager. Other scripts
 *  are allowed there too; they are left out, as not every service shows them unchanged. */
export const gcpTagRules: TagRules = {
  word: "labels",
  maxTags: 64,
  maxKeyLength: 63,
  maxValueLength: 63,
  key: /^[a-z][a-z0-9_-]*$/,
  value: /^[a-z0-9_-]*$/,
  caseInsensitiveKeys: false,
  reservedKeyPrefixes: [],
  reservedValuePrefixes: [],
  taken: [],
  overflow: "base32",
};

/** 10 free-form tags, keys of 100 printable ASCII characters without dots and spaces, values of 256 Unicode characters, 5 KB of JSON
 *  in all: "Overview of Tagging". An empty value is not spoken of there, so none is sent. */
export const ociTagRules: TagRules = {
  word: "free-form tags",
  maxTags: 10,
  maxKeyLength: 100,
  maxValueLength: 256,
  key: /^[!-\-/-~]+$/,
  value: /^(?! )[^\p{C}]+(?<! )$/u,
  caseInsensitiveKeys: true,
  reservedKeyPrefixes: [],
  reservedValuePrefixes: [],
  taken: [],
  maxTotalBytes: 5_000,
  overflow: "base64url",
};

/** Words of letters, digits, colons, dashes and underscores with 255 characters ("Tags" of the API reference), of which ours are a
 *  key and a value with a colon between. Lower case only: how a tag is written first in a team is how it is shown from then on.
 *  How many a resource may have is not published. */
export const digitalOceanTagRules: TagRules = {
  word: "tags",
  maxTags: 50,
  maxKeyLength: 63,
  maxValueLength: 190,
  key: /^[a-z0-9][a-z0-9_-]*$/,
  value: /^[a-z0-9_-]*$/,
  caseInsensitiveKeys: false,
  reservedKeyPrefixes: [],
  reservedValuePrefixes: [],
  taken: [],
  overflow: "base32",
};

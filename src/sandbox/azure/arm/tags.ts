import { AzureError } from "../errors.ts";
import type { Tags } from "../state.ts";

const tagsAtMost = 50;
/** Azure DNS and Traffic Manager take fewer. */
const fewTags = 15;
const nameAtMost = 512;
const valueAtMost = 256;

/**
 * Tags as Azure takes them: names are told apart without regard to case, and keep the case they had before.
 * https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations
 * @throws AzureError InvalidTagNameCharacters, InvalidTagNameLength, InvalidTagValueLength, TooManyTags.
 */
export function takeTags(given: unknown, before: Tags = {}, type = ""): Tags {
  if (given === undefined || given === null) return {};
  const entries = Object.entries(given as Record<string, unknown>);
  const most = /dnszones|trafficmanager/i.test(type) ? fewTags : tagsAtMost;
  if (entries.length > most)
    throw new AzureError("TooManyTags", `Too many tags are specified for the resource. Maximum number is ${most}.`);
  const spellings = new Map(Object.keys(before).map((name) => [name.toLowerCase(), name]));
  const tags: Record<string, string> = {};
  const seen = new Set<string>();
  for (const [name, value] of entries) {
    const key = name.toLowerCase();
    if (seen.has(key))
      throw new AzureError("InvalidTag", `The tag name '${name}' is given twice: case makes no difference.`);
    seen.add(key);
    if (name === "" || name.length > nameAtMost)
      throw new AzureError("InvalidTagNameLength", `Tag names must have 1 to ${nameAtMost} characters.`);
    if (/[<>%&\\?/]/.test(name)) {
      throw new AzureError(
        "InvalidTagNameCharacters",
        `The tag name '${name}' has characters that are not allowed: '<,>,%,&,\\,?,/'.`,
      );
    }
    if (/^(microsoft|azure|windows)/i.test(name))
      throw new AzureError(
        "InvalidTagName",
        `The tag name '${name}' has a reserved prefix: microsoft, azure, windows.`,
      );
    if (typeof value !== "string" || value.length > valueAtMost)
      throw new AzureError("InvalidTagValueLength", `Tag values must have at most ${valueAtMost} characters.`);
    tags[spellings.get(key) ?? name] = value;
  }
  return tags;
}

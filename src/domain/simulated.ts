const real: ReadonlySet<string> = new Set(["libvirt", "folder"]);

/** Whether what is seen at a site is only simulated. The sandbox's libvirt hosts are real hypervisors with real disks and
 *  guests and its folders hold real bytes, so what is seen there counts; its clouds are not. */
export function isSimulated(site: { readonly type: string; readonly sandbox?: boolean }): boolean {
  return site.sandbox === true && !real.has(site.type);
}

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseDomain } from "../../src/providers/libvirt/domain-xml.ts";
import { relocate } from "../../src/providers/libvirt/live/definition.ts";

const definition = `<domain type='kvm' id='3'>
  <name>web &amp; co</name>
  <uuid>dd4c1d5d-f582-4b9b-b431-5cee183447f4</uuid>
  <metadata>
    <other:note xmlns:other="urn:other">a &lt; b</other:note>
    <novacron:vm xmlns:novacron="urn:novacron:libvirt:1"><novacron:tag key="novacron:fenced-by" value="m1"/></novacron:vm>
  </metadata>
  <memory unit='KiB'>262144</memory>
  <vcpu placement='static'>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>
  <cpu mode='custom' match='exact'><model>qemu64</model></cpu>
  <devices>
    <disk type='block' device='disk'>
      <driver name='qemu' type='raw' cache='none'/><source dev='/dev/vg/web' index='1'/><backingStore/>
      <target dev='vda' bus='virtio'/><address type='pci' bus='0x04'/>
    </disk>
    <disk type='file' device='cdrom'><target dev='sda' bus='sata'/><readonly/></disk>
    <interface type='network'><mac address='52:54:00:c5:4a:aa'/><source network='lan' portid='1'/></interface>
    <interface type='bridge'><mac address='52:54:00:c5:4a:ab'/><source bridge='br0'/></interface>
    <interface type='user'><mac address='52:54:00:c5:4a:ac'/></interface>
    <serial type='file'><source path='/a/web.log'/><target port='0'/></serial>
    <console type='file'><source path='/a/web.log'/><target type='serial' port='0'/></console>
  </devices>
</domain>`;

describe("a definition for the host that takes a guest over", () => {
  const moved = relocate(definition, {
    metadata: { name: "web", tags: { owner: "a & b" }, publishPorts: [8080] },
    disks: { vda: { path: "/b/it's.qcow2", format: "qcow2" } },
    consolePath: "/b/web.log",
    networks: ["lan-b", "bridge:br7", "user"],
  });
  const domain = parseDomain(moved);

  test("has other places: disks, console, networks, our metadata", () => {
    assert.deepEqual(
      domain?.disks.map(({ diskId, path, format }) => [diskId, path, format]),
      [["vda", "/b/it's.qcow2", "qcow2"]],
    );
    assert.equal(domain?.consolePath, "/b/web.log");
    assert.equal(moved.includes("/a/web.log"), false);
    assert.deepEqual(
      domain?.nics.map(({ networkId }) => networkId),
      ["lan-b", "bridge:br7", "user"],
    );
    assert.deepEqual(domain?.metadata.tags, { owner: "a & b" });
    assert.deepEqual(domain?.metadata.publishPorts, [8080]);
  });

  test("shows the guest the same machine, and keeps what others noted", () => {
    assert.equal(domain?.name, "web & co");
    assert.equal(domain?.uuid, "dd4c1d5d-f582-4b9b-b431-5cee183447f4");
    assert.deepEqual(
      domain?.nics.map(({ mac }) => mac),
      ["52:54:00:c5:4a:aa", "52:54:00:c5:4a:ab", "52:54:00:c5:4a:ac"],
    );
    for (const kept of ["pc-q35-7.2", "qemu64", 'bus="0x04"', "a &lt; b", 'dev="sda"', "cache="]) {
      assert.ok(moved.includes(kept), kept);
    }
    for (const gone of ["/dev/vg/web", "backingStore", "fenced-by"]) assert.equal(moved.includes(gone), false, gone);
  });
});

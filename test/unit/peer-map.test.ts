import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cidr, layer, rule, translate } from "./support/firewall-rules.ts";

describe("whom the map takes elsewhere", () => {
  const web = rule({ ruleId: "web", priority: 2, fromPort: 80, peers: [cidr("10.0.0.0/8")] });
  const bad = (text: string) => rule({ ruleId: "bad", priority: 1, action: "deny", peers: [cidr(text)] });
  const peerMap = { "10.0.0.0/8": "192.168.0.0/16" };

  test("are let through no more where some of them are refused, unless it says where these are", () => {
    const { said, story, whole } = translate([layer([web, bad("10.0.0.5/32")])], { peerMap });
    assert.deepEqual([said, story], [[], { bad: "resolved", web: "left-out" }]);
    assert.match(whole[1]?.why ?? "", /bad may refuse more of it/);
    const known = { peerMap: { ...peerMap, "10.0.0.5/32": "192.168.128.0/17" } };
    assert.deepEqual(translate([layer([web, bad("10.0.0.5/32")])], known).said, ["in tcp 80 from 192.168.0.0/17"]);
    const others = translate([layer([web, bad("172.16.0.0/12")])], { peerMap });
    assert.deepEqual([others.said, others.story.web], [["in tcp 80 from 192.168.0.0/16"], "same"]);
  });

  test("are refused as all of them, wherever they are", () => {
    assert.deepEqual(translate([layer([web, bad("10.0.0.0/7")])], { peerMap }).said, []);
    const six = { peerMap: { "10.0.0.0/8": "2001:db8::/32" } };
    assert.deepEqual(translate([layer([web, bad("0.0.0.0/0")])], six).said, []);
  });

  test("pass another layer as who they were", () => {
    const at = (text: string) => translate([layer([web]), layer([rule({ peers: [cidr(text)] })])], { peerMap });
    assert.deepEqual(at("0.0.0.0/0").said, ["in tcp 80 from 192.168.0.0/16"]);
    assert.deepEqual(at("192.168.0.0/16").said, []);
    assert.deepEqual([at("10.0.0.0/9").said, at("10.0.0.0/9").story.web], [[], "left-out"]);
  });

  test("are no others where the map only says that there are fewer", () => {
    const fewer = { peerMap: { "10.0.0.0/8": "10.0.0.0/30" } };
    assert.deepEqual(translate([layer([web, bad("10.0.0.2/31")])], fewer).said, ["in tcp 80 from 10.0.0.0/31"]);
  });
});

test("single types of ICMP are left out where the target's rules know none", () => {
  const rules = [rule({ ruleId: "ping", protocol: "icmp", fromPort: 8 }), rule({ ruleId: "icmp", protocol: "icmp" })];
  const { said, story } = translate([layer(rules)], { noIcmpTypes: "it is about all types" });
  assert.deepEqual([said, story], [["in icmp from 0.0.0.0/0"], { ping: "left-out", icmp: "same" }]);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readRange, toCidrs, without } from "../../src/domain/address-range.ts";
import { type FirewallLayer, type FirewallRule, firewallVersion } from "../../src/domain/firewall.ts";
import { beyond } from "../../src/domain/translate-rules.ts";
import { cidr, group, layer, rule, translate } from "./support/firewall-rules.ts";

describe("rules that only let through", () => {
  test("are said as they are, and what another one says already is not said twice", () => {
    const { said, story } = translate([
      layer([
        rule({ ruleId: "ssh", fromPort: 22, toPort: 22, peers: [cidr("10.0.0.0/8")] }),
        rule({ ruleId: "narrower", fromPort: 22, toPort: 22, peers: [cidr("10.1.0.0/16")] }),
        rule({ ruleId: "ping", protocol: "icmp", fromPort: 8, peers: [cidr("2001:db8::/32")] }),
        rule({ ruleId: "out", direction: "egress", protocol: "all" }),
      ]),
    ]);
    assert.deepEqual(said, ["in tcp 22 from 10.0.0.0/8", "in icmp 8 from 2001:db8::/32", "out all to 0.0.0.0/0"]);
    assert.deepEqual(story, { ssh: "same", narrower: "same", ping: "same", out: "same" });
  });

  test("name groups where the map says who that is, and are left out where nothing does", () => {
    const rules = [
      rule({ ruleId: "web", fromPort: 80, peers: [group("sg-lb")] }),
      rule({ ruleId: "db", fromPort: 5432, peers: [group("sg-app"), cidr("10.9.0.0/16")] }),
      rule({ ruleId: "old", fromPort: 23, peers: [group("sg-old")] }),
    ];
    const { said, story, whole } = translate([layer(rules)], { peerMap: { "sg-lb": "balancers, 192.0.2.0/24" } });
    assert.deepEqual(said, ["in tcp 80 from balancers", "in tcp 80 from 192.0.2.0/24", "in tcp 5432 from 10.9.0.0/16"]);
    assert.deepEqual(story, { web: "same", db: "narrowed", old: "left-out" });
    assert.match(whole.at(-1)?.remedy ?? "", /peer_map \{ "sg-old": CIDR or group \}/);
    const refused = translate([layer(rules)], {
      peerMap: { "sg-lb": "balancers" },
      noGroups: { ingress: "no groups here" },
    });
    assert.deepEqual(refused.said, ["in tcp 5432 from 10.9.0.0/16"]);
    assert.match(refused.whole[0]?.why ?? "", /sg-lb \(group\): no groups here/);
  });

  test("of protocols and of senders' ports that can't be said are left out, with the reason", () => {
    const { said, whole } = translate([
      layer([rule({ ruleId: "esp", protocol: "esp" }), rule({ ruleId: "dns", protocol: "udp", ofSourcePorts: true })]),
    ]);
    assert.deepEqual(said, []);
    assert.deepEqual(
      whole.map(({ result, why }) => [result, why]),
      [
        ["left-out", "the protocol esp"],
        ["left-out", "ports of the sender"],
      ],
    );
  });
});

describe("rules that refuse", () => {
  test("are taken out of what later ones let through, exactly: by port and by address", () => {
    const { said, story } = translate([
      layer([
        rule({ ruleId: "all", priority: 300, fromPort: 20, toPort: 25, peers: [cidr("10.0.0.0/30")] }),
        rule({ ruleId: "no", priority: 200, action: "deny", fromPort: 22, toPort: 23, peers: [cidr("10.0.0.2/31")] }),
        rule({ ruleId: "yet", priority: 100, fromPort: 22, peers: [cidr("10.0.0.3/32")] }),
        rule({ ruleId: "idle", priority: 400, action: "deny", fromPort: 443 }),
      ]),
    ]);
    assert.deepEqual(said.toSorted(), [
      "in tcp 20-21 from 10.0.0.2/31",
      "in tcp 20-25 from 10.0.0.0/31",
      "in tcp 22 from 10.0.0.3/32",
      "in tcp 24-25 from 10.0.0.2/31",
    ]);
    assert.deepEqual(story, { yet: "same", no: "resolved", all: "same", idle: "resolved" });
  });

  test("of the same priority come before what lets through", () => {
    const peers = [cidr("10.0.0.0/8")];
    const both = [rule({ priority: 5, peers }), rule({ priority: 5, action: "deny", peers })];
    assert.deepEqual(translate([layer(both)]).said, []);
  });

  test("that can't be said exactly take out all that they may touch", () => {
    const { said, story, whole } = translate([
      layer([
        rule({ ruleId: "bad", priority: 1, action: "deny", fromPort: 80, toPort: 80, peers: [group("sg-bad")] }),
        rule({ ruleId: "web", priority: 2, fromPort: 80, toPort: 81, peers: [cidr("10.0.0.0/8")] }),
      ]),
    ]);
    assert.deepEqual(said, ["in tcp 81 from 10.0.0.0/8"]);
    assert.deepEqual(story, { bad: "left-out", web: "narrowed" });
    assert.match(whole[0]?.why ?? "", /whatever it may refuse is taken out of web/);
  });

  test("take out a group of the target's whole, as nobody knows here whether it has whom they refuse, and say so", () => {
    const refused = rule({ ruleId: "no", priority: 1, action: "deny", peers: [cidr("10.0.0.0/8")] });
    const web = rule({ ruleId: "web", priority: 2, peers: [group("sg-lb")] });
    const { said, story, whole } = translate([layer([refused, web])], { peerMap: { "sg-lb": "balancers" } });
    assert.deepEqual(said, []);
    assert.deepEqual(story, { no: "resolved", web: "left-out" });
    assert.match(whole[1]?.why ?? "", /no may refuse more of it than can be said here/);
  });

  test("leave of all protocols those that there are words for", () => {
    const { said, story } = translate([
      layer([
        rule({ ruleId: "ssh", priority: 1, action: "deny", fromPort: 22, toPort: 22 }),
        rule({ ruleId: "all", priority: 2, protocol: "all", peers: [cidr("10.0.0.0/8")] }),
      ]),
    ]);
    assert.deepEqual(said, [
      "in tcp 0-21 from 10.0.0.0/8",
      "in tcp 23-65535 from 10.0.0.0/8",
      "in udp from 10.0.0.0/8",
      "in icmp from 10.0.0.0/8",
    ]);
    assert.deepEqual(story, { ssh: "resolved", all: "narrowed" });
  });
});

test("what no rule speaks of passes where the layer says so, less what is refused", () => {
  const open = layer([rule({ direction: "egress", action: "deny", protocol: "all", peers: [cidr("128.0.0.0/1")] })], {
    otherwise: { ingress: "deny", egress: "allow" },
  });
  assert.deepEqual(translate([open]).said, ["out all to 0.0.0.0/1"]);
});

test("of several layers only what all of them let through is said", () => {
  const { said, story } = translate([
    layer([rule({ ruleId: "subnet", protocol: "all", peers: [cidr("10.0.0.0/8")] })]),
    layer(
      [
        rule({ ruleId: "nic", fromPort: 443, toPort: 443 }),
        rule({ ruleId: "far", fromPort: 22, peers: [cidr("192.0.2.0/24")] }),
      ],
      { name: "nic" },
    ),
  ]);
  assert.deepEqual(said, ["in tcp 443 from 10.0.0.0/8"]);
  assert.deepEqual(story, { subnet: "same", nic: "same", far: "resolved" });
});

test("a firewall is another one when any part of a rule is", () => {
  const parts = [rule({ ruleId: "web", fromPort: 80 }), rule({ ruleId: "web", fromPort: 443 })];
  const seen = (...rules: FirewallRule[]) =>
    firewallVersion({ nics: [{ nicId: "n", layers: [layer(rules)] }], unread: [] });
  assert.equal(seen(...parts), seen(...parts));
  assert.notEqual(seen(...parts), seen({ ...parts[0], fromPort: 81 } as FirewallRule, parts[1] as FirewallRule));
  assert.notEqual(seen(...parts), seen({ ...parts[0], stateless: true } as FirewallRule, parts[1] as FirewallRule));
  const namesakes = (...layers: FirewallLayer[]) => firewallVersion({ nics: [{ nicId: "n", layers }], unread: [] });
  assert.notEqual(namesakes(layer(parts), layer(parts)), namesakes(layer(parts.slice(1)), layer(parts)));
});

test("tells what else lets through more than the rules", () => {
  const { rules } = translate([layer([rule({ fromPort: 22, toPort: 22, peers: [cidr("10.0.0.0/8")] })])]);
  const within = rule({ fromPort: 22, toPort: 22, peers: [cidr("10.1.0.0/16")] });
  const wider = rule({ fromPort: 22, toPort: 22 });
  const other = rule({ direction: "egress", protocol: "all" });
  assert.deepEqual(beyond(rules, [within, wider, other]), [wider, other]);
});

test("tells of it also where what is left can't be said: beside a group, a type of ICMP, or other protocols", () => {
  const all = rule({ protocol: "all" });
  const ping = rule({ protocol: "icmp" });
  const own = [
    rule({ protocol: "all", peers: [group("sg-app")] }),
    rule({ protocol: "icmp", fromPort: 8 }),
    ...["tcp", "udp"].map((protocol) => rule({ protocol })),
  ];
  const { rules } = translate([layer(own)], { peerMap: { "sg-app": "apps" } });
  assert.equal(rules.length, 4);
  assert.deepEqual(beyond(rules, [all, ping, rule({ fromPort: 22 })]), [all, ping]);
});

test("what is refused elsewhere costs rules of all protocols nothing", () => {
  const far = rule({ priority: 1, action: "deny", fromPort: 22, peers: [cidr("192.0.2.0/24")] });
  const all = rule({ ruleId: "all", priority: 2, protocol: "all", peers: [cidr("10.0.0.0/8")] });
  const { said, story } = translate([layer([far, all])]);
  assert.deepEqual([said, story.all], [["in all from 10.0.0.0/8"], "same"]);
});

test("never lets through what the source does not, for any order of rules", () => {
  let seed = 7;
  const random = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * below);
  };
  const peersOf = () => [cidr(`10.0.0.${random(8) * 4}/${28 + random(5)}`)];
  for (let round = 0; round < 40; round++) {
    const rules = Array.from({ length: 6 }, () => {
      const [from, width] = [random(6), random(3)];
      const protocol = (["tcp", "udp", "all"] as const)[random(3)] as string;
      const numbers = protocol === "all" ? {} : { fromPort: from, toPort: from + width };
      return rule({
        action: random(2) === 0 ? "deny" : "allow",
        priority: random(4),
        protocol,
        ...numbers,
        peers: peersOf(),
      });
    });
    const { said, rules: out } = translate([layer(rules)]);
    const order = rules.toSorted((a, b) => key(a) - key(b));
    for (let port = 0; port < 9; port++) {
      for (let host = 0; host < 64; host++) {
        for (const protocol of ["tcp", "udp"]) {
          const first = order.find((each) => matches(each, protocol, port, `10.0.0.${host}`));
          const before = first?.action === "allow";
          const after = out.some((each) => {
            const inPorts =
              each.fromPort === undefined || (port >= each.fromPort && port <= (each.toPort ?? each.fromPort));
            return (
              (each.protocol === "all" || each.protocol === protocol) && inPorts && holds(each.peer, `10.0.0.${host}`)
            );
          });
          // With these protocols nothing is lost either, so it is the same in both directions.
          assert.equal(after, before, `${protocol} ${port} from 10.0.0.${host}: ${said.join("; ")}`);
        }
      }
    }
  }
  function key({ priority = 0, action }: FirewallRule) {
    return priority * 2 + (action === "deny" ? 0 : 1);
  }
  function matches(
    { protocol, fromPort = 0, toPort = 65_535, peers }: FirewallRule,
    of: string,
    port: number,
    from: string,
  ) {
    const [peer] = peers;
    if (protocol !== "all" && protocol !== of) return false;
    return port >= fromPort && port <= toPort && peer?.kind === "cidr" && holds(peer.cidr, from);
  }
  function holds(range: string, address: string) {
    const [one, other] = [readRange(range), readRange(address)];
    return one !== undefined && other !== undefined && other.first >= one.first && other.first <= one.last;
  }
});

test("ranges of addresses are read, cut and written as few CIDRs", () => {
  const whole = readRange("10.0.0.0/8");
  const hole = readRange("10.0.0.5");
  assert.ok(whole && hole);
  const left = without(whole, hole).flatMap(toCidrs);
  assert.equal(left.length, 24);
  assert.deepEqual(left.slice(0, 2), ["10.0.0.0/30", "10.0.0.4/32"]);
  assert.deepEqual(toCidrs(readRange("2001:db8:0:0:1::/80") as never), ["2001:db8:0:0:1::/80"]);
  for (const text of ["::/0", "2001:db8::1/128", "fe80::/10", "::1/128"]) {
    assert.deepEqual(toCidrs(readRange(text) as never), [text]);
  }
  for (const wrong of ["10.0.0", "10.0.0.256", "10.0.0.0/33", "1::2::3", "sg-1", ""])
    assert.equal(readRange(wrong), undefined);
});

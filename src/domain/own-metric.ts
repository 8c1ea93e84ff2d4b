/** What we measure of our own work, beside what sites measure of VMs: the site is the one that it is about, else `novacron`. */
export const ownMetrics = {
  "cost.monthly": "US dollars a month, at list prices, of all that stands at a site; unknown prices are not in it",
  "cost.vm_monthly":
    "US dollars a month, at list prices, of one VM without its disks; absent where the price is unknown",
  "spend.day":
    "US dollars billed of a site, or of `novacron` for rows of no site, on the newest day before today that there are charges of",
  "spend.month": "US dollars billed of it in this calendar month so far",
  "savings.potential": "US dollars a month that the newest analysis of costs found could be saved at a site",
  "policy.violations": "Open findings of a policy; of all policies at a site, where the site is named",
  "bursts.running": "Burst VMs of a site's pools that are there or on their way",
  "bursts.failed": "Burst VMs of a site's pools that failed within the last hour",
  "burst.seconds":
    "The longest that a burst VM took from its order until it served, of those that came to serve within the last hour",
  "vms.running": "VMs that run at a site",
  "vms.crashed": "VMs at a site that have crashed",
  "inventory.age": "Seconds since a site's VMs were read",
  "inventory.failed": "1 where the newest reading of a site failed, else 0",
  "site.down":
    "1 where a site was judged down, 0 where it is up; of sites with a group that could be brought up elsewhere",
  "calls.latency_p95":
    "Seconds that 95 of 100 requests to a site's API stayed under within the last minute, as one worker saw it",
  "calls.failed": "Part of the requests to a site's API that failed within the last minute, as one worker saw it",
  "migrations.running": "Migrations from a site that are under way",
  "migrations.failed": "Migrations from a site that failed within the last hour",
  "migration.seconds": "The longest that a migration from a site took, of those that ended within the last hour",
  "failovers.running": "Failovers and drills that are under way",
  "failovers.failed": "Failovers and drills that failed within the last hour",
  "failover.seconds": "The longest that one took, of those that ended within the last hour",
  "replication.lag": "Seconds since the moment that the newest complete recovery point of a protection group shows",
  "replication.breached": "1 where that is more than the group's RPO, or there is none, else 0",
  "backup.age": "Seconds since the newest proven backup of the control plane at a site",
  "backup.failed": "1 where the newest attempt at one failed, else 0",
  "sign_ins.failed": "Invalid credentials and refused sign-ins within the last five minutes",
  "requests.refused": "Requests within the last five minutes that the caller's role did not allow",
  "alerts.undelivered": "Notifications that could not be delivered within the last day",
} as const;
export type OwnMetric = keyof typeof ownMetrics;

// Generated from docs/openapi.json by scripts/generate-openapi.ts.
export interface paths {
    "/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Kinds of sites, what each can do, and why it can't do the rest */
        get: operations["listProviders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The configured sites */
        get: operations["listSites"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One site */
        get: operations["getSite"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/census": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything at a site that is there because of us, looked at now */
        get: operations["takeCensus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reachability, credentials, permissions and versions of a site, looked at now */
        post: operations["checkSite"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/site-workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Machines that work for one site */
        get: operations["listSiteWorkers"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/join-tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make what a machine becomes a worker of the site with, once
         * @description The answer holds the secret, once. Whoever has it gets the site's credentials.
         */
        post: operations["createJoinToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/site-workers/{id}/drain": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give a worker nothing new; what it is at goes on for a while and is then taken up by others */
        post: operations["drainSiteWorker"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/site-workers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /**
         * Remove a worker: its certificate is not accepted any more
         * @description Every process stops accepting it within two seconds. What it was at is taken up by others.
         */
        delete: operations["removeSiteWorker"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a site is, judged from other failure domains */
        get: operations["getSiteHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/health/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was decided about a site, also that nothing is done, with the samples; the newest first */
        get: operations["listHealthDecisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/health/decisions/{decision}/answer": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Answer whether a group is to fail over
         * @description Before `failover: true`, make sure of what the decision's `make_sure_of` lists: two sites that write as one group lose data.
         */
        post: operations["answerOutage"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Release the VMs of a group that were cut off at the site that may write
         * @description They stay off, and may be started then. Refused while another site holds the lease, or a failover has the group.
         */
        post: operations["releaseGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/lease": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which site may write as a group, as its recovery site has it now */
        get: operations["getGroupLease"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/alarms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The alarms that a site has of its own, ours or not, looked at now */
        get: operations["listAlarms"];
        put?: never;
        /**
         * Have a site watch a figure of one of its VMs by itself
         * @description The cloud judges it and tells whom its actions name, whether or not NovaCron is there. What a kind of site can't is refused, with its reason.
         */
        post: operations["createAlarm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sites/{site}/alarms/{alarm}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete an alarm that NovaCron has made; one that is gone is fine */
        delete: operations["deleteAlarm"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * VMs of all sites, in the order of their names
         * @description From the store; `sites` says how old each site's rows are, and why, where the newest reading failed.
         */
        get: operations["listVms"];
        put?: never;
        /**
         * Make a VM at a site, or at the cheapest one that satisfies what it needs
         * @description The plan says why there, and why not elsewhere. A price that is not known is unknown, and never the cheapest. What fails half-way leaves nothing.
         */
        post: operations["createVm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/{site}/{vm_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One VM as its site was read last */
        get: operations["getVm"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Search everything that the sites have, now or as it was
         * @description As JSON, page by page; as CSV or JSON lines all that matches, with the freshness in the headers X-Freshness and X-Complete.
         */
        get: operations["searchResources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What is otherwise at one moment than at another
         * @description What came and went between the two is not shown, nor what is the same at both.
         */
        get: operations["listResourceChanges"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/{site}/{kind}/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One resource, with its history */
        get: operations["getResource"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/resources/refresh": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read sites, or single resources, now instead of at their turn
         * @description Answers when they are read. A site that can't be read keeps its rows and doesn't keep the others back.
         */
        post: operations["refreshInventory"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/searches": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Saved searches: one's own and shared ones, in the order of their names */
        get: operations["listSearches"];
        put?: never;
        /** Keep a search */
        post: operations["saveSearch"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/searches/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One saved search */
        get: operations["getSearch"];
        put?: never;
        /** Change a saved search of one's own */
        post: operations["changeSearch"];
        /** Remove a saved search of one's own */
        delete: operations["removeSearch"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/unified-view": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * All sites in one: how much there is, and what it costs
         * @description Totals are the sums of their parts, whatever is looked for; what is unknown is said to be.
         */
        get: operations["getUnifiedView"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/prices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List prices of clouds: capacity, disks, traffic
         * @description Each with its day and source. A price that is not listed is unknown, not zero.
         */
        get: operations["listPrices"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What it cost: list, contracted, billed and effective, grouped as asked
         * @description By the days that use was on. Only rows of sites and tags that the caller reaches are in it. A cost that a row doesn't say is absent from its group, never taken as nothing.
         */
        get: operations["sumCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/forecast": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What days to come will cost, with intervals and its error on the past; and what providers expect themselves
         * @description By effective costs of up to 120 days. Only rows of sites and tags that the caller reaches count, and forecasts of providers are of whole sites.
         */
        get: operations["forecastCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/sources": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whose costs are here, and up to when */
        get: operations["listCostSources"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/imports": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Deliveries of costs, the newest first, with what breaks the rules of FOCUS in them */
        get: operations["listCostImports"];
        put?: never;
        /** Import an export that a cloud wrote to its object storage */
        post: operations["importCosts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/imports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One delivery of costs */
        get: operations["getCostImport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/uploads": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Import the file that is the body: FOCUS as CSV, JSON lines or Parquet, AWS CUR 2.0, Google Cloud's export
         * @description Taken whole or not at all, and once: a repeat changes nothing, and a month that comes again takes the place of what was there. Answers when the bytes are here; follow the import.
         */
        post: operations["uploadCosts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/exchange-rates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rates of exchange by month, with who says so */
        get: operations["listExchangeRates"];
        put?: never;
        /** Say what a currency was worth in a month */
        post: operations["setExchangeRate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/statements": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Say what a provider says itself that a billing month cost, such as an invoice's total */
        post: operations["stateCosts"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/reconciliation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What providers say of a billing month against what their rows add up to, and what makes the difference */
        get: operations["reconcileCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Budgets, with what is spent of them and what their period comes to */
        get: operations["listBudgets"];
        put?: never;
        /** Make a budget, or change the one of that name */
        post: operations["setBudget"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/budgets/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a budget */
        delete: operations["removeBudget"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/split-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How shared costs are divided, in the order in which the rules apply */
        get: operations["listSplitRules"];
        put?: never;
        /** Say how a shared cost is divided, or change the rule of that name */
        post: operations["setSplitRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/split-rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Remove a rule: its costs are those of whoever they carry the tag of */
        delete: operations["removeSplitRule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/chargeback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who pays what: own effective costs, and shares of what the rules divide; what carries no tag stays visible */
        get: operations["chargeBackCosts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/costs/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the VMs would cost a month on other providers, regions and commitments, in one table
         * @description Each VM on the cheapest size that has its CPUs and memory, at list price. What moving costs, and what software allows, is for a plan: this compares prices.
         */
        get: operations["priceElsewhere"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is done by itself: how often, when last, with what outcome, when next */
        get: operations["listSchedules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/schedules/{id}/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have it done now; one that is under way is not begun again */
        post: operations["triggerSchedule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All policies, in the order of their names */
        get: operations["listPolicies"];
        put?: never;
        /**
         * Make a policy
         * @description It holds at once: for plans that are made, and for plans that are executed. Try it first with POST /v1/policy-dry-runs.
         */
        post: operations["createPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policies/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One policy, by its id or name */
        get: operations["getPolicy"];
        put?: never;
        /** Change a policy, or switch it on or off */
        post: operations["changePolicy"];
        /** Remove a policy with its findings, exemptions and approvals */
        delete: operations["removePolicy"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-packs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Policies to begin with, each with its source */
        get: operations["listPolicyPacks"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-packs/{id}/install": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the policies of a pack that aren't there yet
         * @description Those that have their names stay as they are.
         */
        post: operations["installPolicyPack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-exemptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Exemptions, also those that are over, the newest first */
        get: operations["listExemptions"];
        put?: never;
        /**
         * Let some resources break a policy until a moment
         * @description Scans keep their findings apart, and plans aren't blocked by it. It ends by itself.
         */
        post: operations["exemptFromPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-exemptions/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End an exemption now */
        delete: operations["revokeExemption"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Standing approvals of remediations, also those that are over, the newest first */
        get: operations["listStandingApprovals"];
        put?: never;
        /**
         * Let scans mend what breaks a policy, a few resources a run
         * @description Each run is a pinned plan of its own, and the next scan goes on with what is left.
         */
        post: operations["approveRemediations"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a standing approval now */
        delete: operations["revokeStandingApproval"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Resources that break policies, or did; the newest first */
        get: operations["listFindings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-findings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One finding, with what of the resource breaks the policy */
        get: operations["getFinding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-scans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Scans without their results, the newest first */
        get: operations["listPolicyScans"];
        put?: never;
        /**
         * Hold everything against the policies now
         * @description A schedule does it anyway, every `policies.scan_interval`.
         */
        post: operations["startPolicyScan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-scans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a scan stands, and what it said of each policy */
        get: operations["getPolicyScan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/policy-dry-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What a policy would find now, or would have found
         * @description Keeps nothing. With `from` it is held against what the inventory was then and after, one moment after the other: what a policy would have stopped last month. Exemptions don't count.
         */
        post: operations["tryPolicy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/compliance-reports/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a framework's controls stand, and what of them is not checked
         * @description One of cis, soc2, hipaa, gdpr. No control is said to be met: what is looked at is said, and what isn't.
         */
        get: operations["getComplianceReport"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Look at what is there and pin what would be done
         * @description Changes nothing. The answer's id and hash start exactly this plan: POST /v1/migrations for `migrate_vm`, POST /v1/migrations/{id}/finalize for `finalize_migration`, POST /v1/migration-tests for `test_migration`, POST /v1/recovery-runs for `recover_group`, POST /v1/operations for the others.
         */
        post: operations["createPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A plan as it was pinned */
        get: operations["getPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/maps": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Maps from one site to another, in the order of their names */
        get: operations["listMaps"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/maps/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One map, as it is or as it was */
        get: operations["getMap"];
        put?: never;
        /**
         * Make a map, or change all of it
         * @description Plans that were made with an earlier version are refused from then on, as for any other drift.
         */
        post: operations["setMap"];
        /** Remove a map; its versions stay readable */
        delete: operations["removeMap"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-plan": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The ranges of all sites' networks: where they overlap, and what could be done */
        get: operations["getAddressPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The pools of addresses */
        get: operations["listAddressPools"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-pools/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Make a pool of addresses, or change it */
        post: operations["setAddressPool"];
        /** Remove a pool that nothing is given out of */
        delete: operations["removeAddressPool"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-pools/{id}/allocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a site the next free range of a pool
         * @description Free means: no network of any site overlaps it, nor anything that was given out.
         */
        post: operations["allocateAddresses"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-allocations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Ranges that are given out */
        get: operations["listAddressAllocations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/address-allocations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Give a range back to its pool */
        delete: operations["releaseAddresses"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Connections between sites, the newest first */
        get: operations["listConnections"];
        put?: never;
        /**
         * Connect two sites by two IPsec tunnels
         * @description Both ends are asked and told; a failure takes away what was set at either. With `dry_run: true` nothing is built, and the answer is what both would be told.
         */
        post: operations["connectSites"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a connection stands, and what its ends were told */
        get: operations["getConnection"];
        put?: never;
        post?: never;
        /** Take a connection down at both ends */
        delete: operations["disconnectSites"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections/{id}/device-config": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the far device is to be told, with the keys of its tunnels */
        post: operations["showDeviceConfig"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections/{id}/rotate-keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Exchange the keys of a connection while it carries traffic */
        post: operations["rotateTunnelKeys"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/connections/{id}/drill": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Take each tunnel down in its turn, and see that traffic goes on by the other */
        post: operations["drillConnection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Migrations, the newest first */
        get: operations["listMigrations"];
        put?: never;
        /**
         * Start a migration by an approved plan, or plan and start it at once
         * @description With `dry_run: true` nothing is started, and the answer is the plan.
         */
        post: operations["startMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/statistics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the migrations that you reach add up to: states, bytes, rates, downtime, by route */
        get: operations["getMigrationStatistics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a migration stands */
        get: operations["getMigration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/certificate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The proof of a move */
        get: operations["getCertificate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A migration's story as server-sent events
         * @description Everything after `Last-Event-ID` (from the beginning without one), then what happens, until a terminal state. Each `data` is a MigrationEvent. 204: nothing more will come.
         */
        get: operations["followMigration"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause after the bytes in flight
         * @description Nothing is undone; what was copied stays copied.
         */
        post: operations["pauseMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on where it was paused
         * @description Harmless when it is not paused.
         */
        post: operations["resumeMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop and roll back
         * @description The target is emptied and the source runs again.
         */
        post: operations["cancelMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/undo": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Bring the VM back to the source with all that it wrote since
         * @description Within the undo window of its plan. The target stops, the last difference goes home, the source's successor starts; the target stays, fenced, until finalize.
         */
        post: operations["undoMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a completed migration back: the target is removed and the source runs again
         * @description What the target wrote since is lost. Also tries again to remove what an earlier rollback left behind.
         */
        post: operations["rollbackMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/finalize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a completed migration final: the source is removed
         * @description Cannot be undone. Deletes what its plan names, by POST /v1/plans with `kind: finalize_migration`, and nothing else: what appeared since is left alone, and listed as `left_alone`. `confirm` holds the plan's `inputs.names`.
         */
        post: operations["finalizeMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migrations/{id}/cutover": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cut a warm migration over as soon as the round in hand is proven
         * @description The source stops, the last difference moves, the target starts. Refused unless it replicates.
         */
        post: operations["cutoverMigration"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migration-tests": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Tests of migrations, the newest first */
        get: operations["listTests"];
        put?: never;
        /**
         * Boot clones at the target, where they reach nobody, while the source goes on
         * @description Of a warm migration's replica, or of a copy that is made for it. Neither source nor replica is touched; what the test makes is removed when it ends. With `dry_run: true` nothing is started, and the answer is the plan.
         */
        post: operations["startTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migration-tests/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a test stands, with its measured times: the report */
        get: operations["getTest"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migration-tests/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * End a test now: what it made is removed
         * @description One that is held up has passed; one that is still at work is cancelled.
         */
        post: operations["endTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/migration-tests/{id}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cut the tested migration over now
         * @description The test's VM is not what is promoted: it has written since it was started. It is torn down, the source stops, what changed since the tested point moves, and the target starts from the replica.
         */
        post: operations["promoteTest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How a protection group is brought up, and how far that can be trusted
         * @description Of a group without a plan of its own: version 0, with all its VMs at once.
         */
        get: operations["getRecoveryPlan"];
        put?: never;
        /**
         * Give a protection group a recovery plan, or change all of it
         * @description What it says is checked here; what the sites say to it, by a dry run of a recovery.
         */
        post: operations["setRecoveryPlan"];
        /** Remove a group's recovery plan: all its VMs would come up at once; its versions stay readable */
        delete: operations["removeRecoveryPlan"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Failovers and drills of a group, the newest first, with what was measured: the trend */
        get: operations["listRecoveryRuns"];
        put?: never;
        /**
         * Fail a protection group over, or drill that
         * @description A failover fences the site that serves, takes the newest recovery point (or the one that is named) and brings the VMs up in the order of the recovery plan. A drill does the same with clones where nobody is reached. With `dry_run: true` nothing is started, and the answer is the plan.
         */
        post: operations["startRecovery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The report: where a run stands, who approved it, each step with its times, hashes, and what was measured */
        get: operations["getRecoveryRun"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}/report": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The run's report as a page of its own: who approved, each step with its times, figures against objectives */
        get: operations["getRecoveryEvidence"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}/step-done": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a manual step is done
         * @description Also ahead of its turn: it is then not waited for.
         */
        post: operations["completeRecoveryStep"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}/confirm-fencing": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that nothing of the group writes at the old site any more, where nothing else proves it
         * @description The run says what to make sure of. Two sites that both write lose what one of them has written.
         */
        post: operations["confirmFencing"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try the steps again that failed */
        post: operations["retryRecovery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/recovery-runs/{id}/give-up": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a run up: what it made is removed, and the group stands as before it
         * @description A drill that is under way is cancelled. A failover is given up while it waits for a person.
         */
        post: operations["giveUpRecovery"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/{site}/{vm_id}/start": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Start a VM */
        post: operations["startVm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/{site}/{vm_id}/stop": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Shut a VM down; turn it off when its guest doesn't */
        post: operations["stopVm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/{site}/{vm_id}/resize": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Give a VM another size
         * @description While it is off, or with `restart` by stopping and starting it; undone when it doesn't start again.
         */
        post: operations["resizeVm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/{site}/{vm_id}/delete": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Delete a VM and its disks, for good
         * @description The plan lists what goes and what stays: snapshots and addresses do, unless asked for. To plan only, POST /v1/plans wants no second factor.
         */
        post: operations["deleteVm"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/vms/bulk": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Do one thing to many VMs, named or found by a search
         * @description One plan names each of them; those that it can't be done to are left out, with the reason. They are done a few at a time, one's failure stops no other, and the operation is the report. A delete wants each name in `confirm`, and of a person a second factor.
         */
        post: operations["operateVms"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was done to VMs, the newest first */
        get: operations["listOperations"];
        put?: never;
        /**
         * Carry out a plan for VMs exactly as it was pinned
         * @description Of a plan that deletes, each VM has to be named in `confirm`, and a person needs a second factor.
         */
        post: operations["executePlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where an operation stands, VM by VM */
        get: operations["getOperation"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin no further VM, and undo what is half done
         * @description What is done stays done; what was deleted stays deleted.
         */
        post: operations["cancelOperation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/assessments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Assessments without their reports, the newest first */
        get: operations["listAssessments"];
        put?: never;
        /**
         * Find out which VMs of a site could go to another one, in which order, and what that takes
         * @description Changes nothing. Every VM's move is planned; each plan is kept and can be carried out as it is.
         */
        post: operations["startAssessment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/assessments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where an assessment stands, and its report */
        get: operations["getAssessment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/assessments/{id}/vms": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was found of each VM so far */
        get: operations["listAssessedVms"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/waves": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Waves, the newest first */
        get: operations["listWaves"];
        put?: never;
        /**
         * Move many VMs by an approved plan, or plan and start them at once
         * @description With `dry_run: true` nothing is started, and the answer is the one plan of all of it.
         */
        post: operations["startWave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/waves/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a wave stands: the one report of all its VMs */
        get: operations["getWave"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/waves/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start no further VM, and pause those under way
         * @description Nothing is undone; what was copied stays copied.
         */
        post: operations["pauseWave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/waves/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go on where the wave was paused
         * @description Harmless when it is not paused.
         */
        post: operations["resumeWave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/waves/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Start no further VM, and roll back those under way
         * @description VMs that were moved stay moved: roll each back, or finalize it, by its migration.
         */
        post: operations["cancelWave"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/savings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What could cost less, by kind: potential, as the newest analysis found it */
        get: operations["getSavings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/savings/recommendations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What to do to spend less; what saves most comes first
         * @description Of each resource at most one: all of them can be done together.
         */
        get: operations["listRecommendations"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/savings/unchanged": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Resources for which nothing is recommended, each with the reason */
        get: operations["listUnchanged"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/savings/analyses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Analyse now, instead of waiting for the weekly analysis
         * @description Changes nothing. While one runs, that one is meant.
         */
        post: operations["startSavingsAnalysis"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Protection groups and how far each is protected, the newest first */
        get: operations["listProtectionGroups"];
        put?: never;
        /**
         * Protect a group of VMs at another site, by an approved plan, or planned and started at once
         * @description With `dry_run: true` nothing is protected, and the answer is the plan.
         */
        post: operations["protectGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A group, its policy, and how far it is protected */
        get: operations["getProtectionGroup"];
        put?: never;
        post?: never;
        /**
         * End the protection of a group and remove all its recovery points
         * @description Its VMs stay as they are. Refused while a failover holds it.
         */
        delete: operations["deleteProtectionGroup"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a group serves, and how each of its VMs is backed up */
        get: operations["getProtectionStatus"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What happened to a group, the newest first */
        get: operations["listProtectionEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/reprotect": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Follow a group that was failed over, from where it serves now
         * @description What it left at the site is fenced and stopped first; then only what differs from it is moved.
         */
        post: operations["reprotectGroup"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make no more recovery points for now
         * @description A round that is under way goes on to its end; points that are there stay.
         */
        post: operations["pauseProtection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make recovery points again
         * @description Harmless when it is not paused.
         */
        post: operations["resumeProtection"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/points": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The catalogue of a group's recovery points, the newest first */
        get: operations["listGroupPoints"];
        put?: never;
        /**
         * Make a recovery point now
         * @description As soon as the round that is under way has ended.
         */
        post: operations["makeGroupPoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/points/{point}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A recovery point with its VMs, their disks and the roots of their manifests */
        get: operations["getGroupPoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/points/{point}/hold": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Keep a recovery point whatever the retention says
         * @description Until it is released. Refused when it is held for another reason already.
         */
        post: operations["holdGroupPoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/points/{point}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let the retention have a recovery point that was held
         * @description Refused while a failover has the group. Harmless when it is not held.
         */
        post: operations["releaseGroupPoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/protection-groups/{id}/points/{point}/clear": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a suspect recovery point was looked at and is as good as any other
         * @description What was kept because of the suspicion ages out as usual from here on, and the point is offered again where nobody names one.
         */
        post: operations["clearGroupPoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/restores/files": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * A file or a folder of one VM, as a recovery point holds it
         * @description The answer is its bytes; a folder comes as a tar archive, with folders, files and links within it. Nothing is restored to a site and nothing is kept: the bytes are read as the caller reads. An answer that breaks off is no whole file.
         */
        post: operations["restoreFiles"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What can be restored: each VM in each complete recovery point, the newest first */
        get: operations["listBackups"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/restores": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Restores, the newest first */
        get: operations["listRestores"];
        put?: never;
        /**
         * Bring one VM back out of a recovery point, by an approved plan, or planned and started at once
         * @description As a new VM, at any site. Neither the point nor the VM that it is of is touched. With `dry_run: true` nothing is restored, and the answer is the plan.
         */
        post: operations["startRestore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/restores/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where a restore stands, with its measured times */
        get: operations["getRestore"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/restores/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End a restore: what it made is removed */
        post: operations["cancelRestore"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Pools, by name */
        get: operations["listBurstPools"];
        put?: never;
        /** Have VMs come and go with the load of a site */
        post: operations["createBurstPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One pool, with all of its settings */
        get: operations["getBurstPool"];
        put?: never;
        /** Change all of a pool's settings; VMs that are there stay as they are */
        post: operations["changeBurstPool"];
        /** End a pool: its VMs are drained and removed */
        delete: operations["deleteBurstPool"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}/order": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Have at least so many VMs, whatever the load is; 0 leaves it to the load again */
        post: operations["orderBurst"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Drain and remove all of a pool's VMs now; what its load then needs comes anew */
        post: operations["releaseBurst"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a pool decided and why, also where it did nothing; the newest first */
        get: operations["listBurstDecisions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}/leases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A pool's VMs from their order to their end, the youngest first */
        get: operations["listBurstLeases"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/burst-pools/{id}/what-if": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What other settings would have made of the load that was */
        post: operations["replayBurstPool"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/certificates/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Read the certified disks again and compare
         * @description Says identical, or which ranges differ. Reads every byte that is not zero: minutes for large disks.
         */
        post: operations["verifyCertificate"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/methods": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How people sign in here */
        get: operations["listSignInMethods"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sign-in": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Sign in at the identity provider: sends the browser there
         * @description Authorization code flow with PKCE. With `cli_port`, the browser ends at `http://127.0.0.1:<port>/?code=…&state=…`, and the code is redeemed by POST /v1/auth/sessions.
         */
        get: operations["beginSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/callback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the identity provider sends the browser back to */
        get: operations["finishSignIn"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A command line's session, for the code that the browser brought it */
        post: operations["redeemSignIn"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who the caller is, and what they may do where */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** End the caller's session, everywhere within two seconds */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether all changes are frozen */
        get: operations["getFreeze"];
        put?: never;
        /**
         * Freeze all changes, everywhere
         * @description Nothing that changes anything is accepted any more, by the API nor by a worker. Runs that have made a change finish, or undo, what they began.
         */
        post: operations["freezeChanges"];
        /** Allow changes again */
        delete: operations["unfreezeChanges"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/plans/{id}/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether a plan wants a second person, and what was decided about it */
        get: operations["listApprovals"];
        put?: never;
        /**
         * Approve or reject a plan, by its id and hash
         * @description By a person who had no part in it: not one who asked for the plan, nor through a token of theirs. A decision can be changed until the plan is started.
         */
        post: operations["decidePlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/break-glass": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the sealed secret for emergencies
         * @description The answer holds it, once. The one before opens nothing any more.
         */
        post: operations["sealBreakGlass"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/break-glass": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open the sealed secret: every role everywhere, for an hour
         * @description Needs no identity provider. Sounds the alarm; the secret works once.
         */
        post: operations["breakGlass"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/control-plane": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which control plane this is, whether it may act, and where its backups are */
        get: operations["getControlPlane"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/control-plane/backups": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Back the control plane up now, beside its schedule
         * @description To each of `control_plane.backup_to`. `GET /v1/control-plane` tells when it is there, and proven.
         */
        post: operations["backUpControlPlane"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/codec/decode": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Decrypt payloads of workflow histories
         * @description Temporal's UI asks this, with the session of whoever sits at it.
         */
        post: operations["decodePayloads"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** People who signed in or were entered */
        get: operations["listUsers"];
        put?: never;
        /** Enter somebody who uses tokens only */
        post: operations["createUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One person */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept nothing of a person's any more: no session, no token */
        post: operations["disableUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Accept a person again */
        post: operations["enableUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/role-bindings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who holds which role where
         * @description Beside these, the configuration may give roles to groups of the identity provider.
         */
        get: operations["listRoleBindings"];
        put?: never;
        /**
         * Give a role within a scope
         * @description The scope must lie within what the caller administers. A binding that is there already is answered.
         */
        post: operations["createRoleBinding"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/role-bindings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Take a role back */
        delete: operations["removeRoleBinding"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** API tokens, without their secrets */
        get: operations["listTokens"];
        put?: never;
        /**
         * Make an API token
         * @description The answer holds the secret, once. What it may do must lie within what the caller administers.
         */
        post: operations["createToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One API token, without its secret */
        get: operations["getToken"];
        put?: never;
        post?: never;
        /**
         * Revoke an API token
         * @description Every process stops accepting it within two seconds. It stays listed.
         */
        delete: operations["revokeToken"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tokens/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Give an API token another secret; the one before goes on working for a while */
        post: operations["rotateToken"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit trail, the newest first */
        get: operations["listAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The audit trail in its order, a line an entry, to be kept and verified elsewhere */
        get: operations["exportAudit"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Signed ends of the chain, the oldest first, and its end now */
        get: operations["listAuditCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the processes said, the newest first
         * @description Who does not reach the whole installation names the run (`workflow_id`) of a migration, a wave or an operation that they reach.
         */
        get: operations["listLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logs/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What the processes say, as server-sent events
         * @description What is kept after `Last-Event-ID` (from now on without one). Each `data` is a LogLine. Who does not reach the whole installation names the run (`workflow_id`) of a migration, a wave or an operation that they reach.
         */
        get: operations["followLogs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What Prometheus scrapes: requests, sites, migrations, this process
         * @description Of this API process, and of the store as it is now; for who reaches the whole installation. Give Prometheus a token of its own.
         */
        get: operations["readMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics/site-workers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What Prometheus scrapes of workers of sites, which nobody reaches
         * @description What each has told the API within the last minute, with the worker's id as `instance` and its site as `worker_site`. Any API process tells it: scrape one, with `honor_labels`.
         */
        get: operations["readSiteWorkerMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics/names": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which figures are kept, and of how many resources */
        get: operations["listMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/metrics/samples": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Figures of a time: what sites measure of VMs, and what was pushed
         * @description Samples are kept as they came for two days, as five minutes for five weeks, as hours for 400 days: an older point's span is as long as that at least. What was not measured has no point; it is not 0. Who reaches only some VMs of a site gets theirs.
         */
        get: operations["readMetricSamples"];
        put?: never;
        /**
         * Give figures that no site measures: of an agent in the guest, of a queue
         * @description Up to 1,000 at once, each of a site that the caller reaches as a whole. A repeat does no harm. Of moments from 400 days ago until now.
         */
        post: operations["pushMetricSamples"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alert-rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Rules that the caller reaches, in the order of their names */
        get: operations["listAlertRules"];
        put?: never;
        /**
         * Have people told when a figure crosses a threshold
         * @description Of one site, or of all sites by who reaches the whole installation. Actions name mail addresses, or channels of the configuration.
         */
        post: operations["createAlertRule"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alert-rules/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One rule, by its id */
        get: operations["getAlertRule"];
        put?: never;
        /** Change a rule; its alerts go on by what it says then */
        post: operations["changeAlertRule"];
        /** Remove a rule; what fires by it is resolved, and people are told so */
        delete: operations["removeAlertRule"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How alerts stand, those that fire first
         * @description What never held has none. `evaluated_at` says how old it is: nobody looks when it is minutes old.
         */
        get: operations["listAlerts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What fired and was resolved, the newest first
         * @description For who reaches the whole installation, or a rule of their site by `rule`.
         */
        get: operations["listAlertEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/alerts/notifications": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What people were told, the newest first, and how it got to each of them
         * @description For who reaches the whole installation, or a rule of their site by `rule`.
         */
        get: operations["listAlertNotifications"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/silences": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Silences that are not over */
        get: operations["listSilences"];
        put?: never;
        /**
         * Tell nobody of what matches, for a while
         * @description What is silenced is judged and shown all the same. What still fires when the silence ends is told then; what fired and ended within it is not.
         */
        post: operations["createSilence"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/silences/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** End a silence now */
        delete: operations["endSilence"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Whether the store and Temporal answer
         * @description 503 with the reasons in `facts` when one of them does not.
         */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This contract */
        get: operations["getOpenApi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reference": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This reference, to browse */
        get: operations["getReference"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/reference/{asset}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A file of the reference */
        get: operations["getReferenceAsset"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        OutageAnswer: {
            failover: boolean;
            /** @description What you have made sure of, in your own words */
            made_sure_of?: string;
        };
        ReleaseGroup: {
            /** @description That nothing else writes as the group, in your words; it is recorded */
            made_sure_of: string;
        };
        AlarmRequest: {
            name: string;
            /** @description A VM of the site, by its id or name */
            vm: string;
            /** @enum {string} */
            metric: "cpu.utilisation" | "memory.used" | "disk.read" | "disk.write" | "network.in" | "network.out";
            /** @description In the metric's unit: ratios are 0 to 1, rates bytes a second */
            threshold: number;
            /** @enum {string} */
            comparison: "gt" | "gte" | "lt" | "lte" | "eq";
            /**
             * @description So long it has to hold. A cloud takes the next longer time that it knows
             * @default 300
             */
            duration_seconds: number;
            /**
             * @description Whom the cloud tells, in its own words: a topic, an action group, a channel
             * @default []
             * @example [
             *       "arn:aws:sns:us-east-1:123456789012:ops"
             *     ]
             */
            actions: string[];
        };
        CreateVm: {
            name: string;
            /**
             * @description Where; without it the cheapest that satisfies the rest
             * @example onprem-a
             */
            site?: string;
            /**
             * @description Exact, or a beginning and `*`
             * @example [
             *       "eu-*"
             *     ]
             */
            regions?: string[];
            /**
             * @description A place that the site's `residency` must name
             * @example eu
             */
            residency?: string;
            cpus: number;
            memory_bytes: number;
            /** @description A size of the site, instead of the cheapest that fits */
            instance_type?: string;
            /** @description Whether sizes whose CPU is on credit count too */
            burstable?: boolean;
            gpus?: number;
            /** @description Whether capacity that may be taken back will do; then the cheaper of both is taken */
            spot?: boolean;
            /**
             * @description Default x86_64
             * @enum {string}
             */
            architecture?: "x86_64" | "aarch64";
            /**
             * @description Default what the image says, else bios
             * @enum {string}
             */
            firmware?: "bios" | "uefi";
            /** @description What it boots from: a name or id at the site */
            image?: string;
            /** @description What it boots from, instead of an image */
            recovery_point?: string;
            /** @description Of an image's disk. Default the image's own */
            boot_disk_bytes?: number;
            /** @description Empty ones. Without an image or recovery point it boots from the first */
            disks?: components["schemas"]["NewDisk"][];
            /** @description Name or id. Default the site's default, else its only one */
            network?: string;
            security_groups?: string[];
            public_address?: boolean;
            /** @description The site's name of a customer's key */
            encryption_key?: string;
            publish_ports?: number[];
            /** @description Keys and values as the site has them */
            tags?: {
                [key: string]: string;
            };
            /** @description Default true where the site can */
            start?: boolean;
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        /** @description An empty disk; `type` is the site's own word (`gp3`) */
        NewDisk: {
            size_bytes: number;
            type?: string;
        };
        RefreshInventory: {
            /** @description Default: all that the caller reaches */
            sites?: string[];
            /** @description Only these: what is known to have changed. A kind that can't be read one by one is read whole */
            resources?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                /** @enum {string} */
                kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
                resource_id: string;
            }[];
        };
        NewSavedSearch: {
            /**
             * @description One's own: two people may each have one of the same name
             * @example costly and idle
             */
            name: string;
            /**
             * @description In the search language, with its order: `stopped>30d sort:-cost`
             * @example provider:aws state:running "web"
             */
            query: string;
            /** @description Whether others see it. What they find with it is what their scopes reach */
            shared?: boolean;
        };
        /** @description What is left out stays as it is */
        ChangedSavedSearch: {
            /**
             * @description One's own: two people may each have one of the same name
             * @example costly and idle
             */
            name?: string;
            /**
             * @description In the search language, with its order: `stopped>30d sort:-cost`
             * @example provider:aws state:running "web"
             */
            query?: string;
            /** @description Whether others see it. What they find with it is what their scopes reach */
            shared?: boolean;
        };
        Money: {
            /** @description Millionths of the currency's unit */
            micros: number;
            /**
             * @description ISO 4217
             * @example USD
             */
            currency: string;
        };
        NewPolicy: {
            /**
             * @description Unique; lower case with dashes
             * @example network-no-public-ssh
             */
            name: string;
            /** @enum {string} */
            type: "tagging" | "cost" | "security" | "compliance";
            /** @enum {string} */
            severity: "critical" | "high" | "medium" | "low";
            description: string;
            /**
             * @description In the search language: what it is about. Empty: everything that has what the rule asks of
             * @default
             */
            scope: string | "";
            requirement: components["schemas"]["PolicyRequirement"];
            /**
             * @description `block`: plans that would break it can't be executed. Findings are kept whatever the actions
             * @default [
             *       "notify"
             *     ]
             */
            actions: ("notify" | "remediate" | "block")[];
            /** @description What to do about a resource that breaks it */
            remedy: string;
            /** @description How `remediate` mends it */
            remediation?: components["schemas"]["PolicyRemediation"];
            /** @description Where the rule comes from */
            source?: string;
        };
        /** @description What has to hold of each resource, or what must not */
        PolicyRequirement: {
            require: components["schemas"]["PolicyRule"];
        } | {
            forbid: components["schemas"]["PolicyRule"];
        };
        /** @description Conditions on one list that stand together in an `all` hold of one and the same element: port 22 from 0.0.0.0/0 is one rule of a group, not two */
        PolicyRule: components["schemas"]["PolicyCondition"] | {
            all: components["schemas"]["PolicyRule"][];
        } | {
            any: components["schemas"]["PolicyRule"][];
        } | {
            not: components["schemas"]["PolicyRule"];
        };
        PolicyCondition: {
            /**
             * @description docs/policies.md lists them
             * @example tags.owner
             */
            field: string;
            /** @enum {string} */
            operator: "exists" | "equals" | "in" | "contains" | "matches" | "greater_than" | "less_than" | "between" | "older_than" | "cidr_contains" | "not_exists" | "not_equals" | "not_in" | "not_contains" | "not_matches" | "not_greater_than" | "not_less_than" | "not_between" | "not_older_than" | "not_cidr_contains";
            /** @description None for `exists`, two for `between`, a list for `in` */
            value?: (string | number | boolean) | (string | number | boolean)[];
        };
        PolicyRemediation: {
            /** @constant */
            kind: "add_tags";
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
        } | {
            /** @enum {string} */
            kind: "close_rules" | "stop" | "snapshot" | "quarantine";
        };
        /** @description What is left out stays as it is */
        ChangedPolicy: {
            /**
             * @description Unique; lower case with dashes
             * @example network-no-public-ssh
             */
            name?: string;
            /** @enum {string} */
            type?: "tagging" | "cost" | "security" | "compliance";
            /** @enum {string} */
            severity?: "critical" | "high" | "medium" | "low";
            description?: string;
            /** @description In the search language: what it is about. Empty: everything that has what the rule asks of */
            scope?: string | "";
            requirement?: components["schemas"]["PolicyRequirement"];
            /** @description `block`: plans that would break it can't be executed. Findings are kept whatever the actions */
            actions?: ("notify" | "remediate" | "block")[];
            /** @description What to do about a resource that breaks it */
            remedy?: string;
            /** @description How `remediate` mends it */
            remediation?: components["schemas"]["PolicyRemediation"];
            /** @description Where the rule comes from */
            source?: string;
            enabled?: boolean;
        };
        NewExemption: {
            /** @description Its name or id */
            policy: string;
            /**
             * @description In the search language: which resources
             * @example site:onprem-a name:legacy-*
             */
            scope: string;
            /** @description Who answers for it */
            owner: string;
            reason: string;
            /**
             * Format: date-time
             * @description In two years at the latest
             */
            expires_at: string;
        };
        NewStandingApproval: {
            /** @description Its name or id */
            policy: string;
            /** @description Resources that one run may touch */
            most: number;
            reason: string;
            /**
             * Format: date-time
             * @description In two years at the latest
             */
            expires_at: string;
        };
        PolicyDryRun: {
            /** @description The name or id of one that is there */
            policy?: string;
            /** @description One that isn't */
            draft?: components["schemas"]["NewPolicy"];
            /** @description Replays what the inventory was from then on: a day, a moment, or an age such as 30d. Absent: now only */
            from?: string;
            /** @description Between two moments. Default 24 */
            every_hours?: number;
        };
        PlanRequest: components["schemas"]["PlanMigration"] | components["schemas"]["PlanOperation"] | components["schemas"]["PlanRemediation"] | components["schemas"]["PlanTest"] | components["schemas"]["PlanCreate"] | components["schemas"]["PlanRecovery"] | components["schemas"]["PlanFinalize"];
        PlanMigration: {
            /** @constant */
            kind: "migrate_vm";
            request: components["schemas"]["MigrationRequest"];
        };
        MigrationRequest: {
            /** @description Name or id at the source site */
            vm: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description `stop` (default): the target takes over. `freeze`: a copy of one moment
             * @enum {string}
             */
            point?: "stop" | "freeze";
            /** @description A map of these two sites; what is said here goes before it */
            map?: string;
            /** @description Source network id → target network, by name or id */
            network_map?: {
                [key: string]: string;
            };
            /** @description Names or ids; default the configuration's */
            security_groups?: string[];
            /**
             * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
             * @enum {string}
             */
            rules?: "translate" | "leave";
            /**
             * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
             * @enum {string}
             */
            untranslatable_rules?: "block" | "narrow";
            /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
            peer_map?: {
                [key: string]: string;
            };
            /**
             * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
             * @enum {string}
             */
            addresses?: "keep" | "new";
            /**
             * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
             * @enum {string}
             */
            disk_types?: "match" | "default";
            /** @description A type of the source → one of the target: gp3 → Premium_LRS */
            disk_type_map?: {
                [key: string]: string;
            };
            /** @description Default what the target's network does by itself */
            public_address?: boolean;
            /** @description The target's name of a customer's key */
            encryption_key?: string;
            verify?: {
                boot_proof?: boolean;
                /** @description Regular expression in the console output */
                boot_marker?: string;
                boot_timeout_ms?: number;
                tcp_probes?: {
                    port: number;
                }[];
                http_probes?: {
                    port: number;
                    /** Format: starts_with */
                    path: string;
                    expect_status?: number;
                }[];
                probe_timeout_ms?: number;
            };
            bandwidth_bytes_per_second?: number;
            stop_grace_ms?: number;
            /** @description Default what the VM has */
            cpus?: number;
            /** @description Default what the VM has */
            memory_bytes?: number;
            gpus?: number;
            /** @description A size of the target, instead of the cheapest that fits */
            instance_type?: string;
            /** @enum {string} */
            capacity_type?: "on-demand" | "spot";
            /** @description Whether sizes whose CPU above a baseline is on credit count too. Default false */
            burstable?: boolean;
            incremental?: boolean;
            schedule?: {
                /**
                 * Format: date-time
                 * @description It waits until then before it touches anything
                 */
                start_at?: string;
                /**
                 * Format: date-time
                 * @description A warning says when the measured rate won't meet it
                 */
                deadline?: string;
                /** @description Of the hours below; default the configuration's, else UTC */
                time_zone?: string;
                /** @description Outside of them it does not begin and nothing of a running VM is copied; default the configuration's. An empty list allows any time */
                allowed_hours?: string[];
                /** @description Limits in certain hours; the lowest that holds counts. Default the configuration's */
                bandwidth_hours?: {
                    /** @description Days, hours or both: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00` */
                    hours: string;
                    bytes_per_second: number;
                }[];
            };
            /** @description What may be changed in the guest, on a clone of its boot disk */
            prepare?: {
                /**
                 * @description `auto`: what it lacks for the target is put in. `off`: its disk is not changed. Default the configuration's
                 * @enum {string}
                 */
                mode?: "auto" | "off";
                /**
                 * @description `keep`: cloud-init gives it no other name and host keys. `renew`: machine id and SSH host keys are taken out. Absent: nothing is done about it
                 * @enum {string}
                 */
                identity?: "keep" | "renew";
            };
            traffic?: components["schemas"]["MigrationTraffic"];
            /** @description How long after the cutover `undo` brings the VM home with what it wrote */
            undo?: {
                window_seconds: number;
                round_pause_seconds?: number;
                /** @description A map from the target to the source, for the way home; default the networks that it had there */
                map?: string;
            };
            /**
             * @description `cold` (default). `warm`: the source runs on while rounds of copies follow it, until the cutover. `live`: it never stops; warm where the sites can't do that, and the plan says why
             * @enum {string}
             */
            mode?: "cold" | "warm" | "live";
            warm?: {
                /** @enum {string} */
                cutover?: "when-ready" | "manual" | "at-time";
                /** Format: date-time */
                cutover_at?: string;
                target_downtime_seconds?: number;
                round_pause_seconds?: number;
            };
        };
        /** @description Records, pools and proxies that lead users to the VM, and are moved with it */
        MigrationTraffic: {
            dns?: {
                /**
                 * @description Where its zone is kept
                 * @example onprem-a
                 */
                site: string;
                zone_id: string;
                /** @description Whole, with the zone's */
                name: string;
                /** @enum {string} */
                type: "A" | "AAAA" | "CNAME";
                /** @description A guest port: the record gets the host that it is reached at at the target */
                port?: number;
                /** @description What it gets instead: addresses, or the one name of a CNAME */
                values?: string[];
                /** @description From ahead of the cutover until the finalize. Default 30 */
                low_ttl_seconds?: number;
                /** @description Default what it was */
                ttl_after_seconds?: number;
            }[];
            pools?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                pool_id: string;
                /** @description Where several shares of the pool could take the new VM */
                share_id?: string;
                /** @description Of the guest */
                port: number;
                /** @description The target that goes; default the VM's own */
                replaces?: string;
                /** @description Parts of 100 that the new target gets, one after the other. Default only 100 */
                steps?: number[];
                /** @description Between two. Default 10 */
                step_seconds?: number;
            }[];
            proxies?: {
                /** @description As the configuration calls it; `local` is the stack's own */
                proxy: string;
                listener: string;
                /** @description Of the guest */
                port: number;
                /** @description After so long it lets go by itself. Default 120 */
                hold_seconds?: number;
                /** @description How long what is under way may end before the source stops. Default 5 */
                drain_seconds?: number;
                /**
                 * Format: starts_with
                 * @description Asked before traffic is sent somewhere. Default `/`
                 */
                path?: string;
            }[];
            /** @description What the gap of the application's answers is measured with */
            probe?: {
                /** Format: uri */
                url: string;
                /** @description Default 250 */
                interval_ms?: number;
                /** @description Default 200 */
                expect_status?: number;
            };
        };
        PlanOperation: {
            /** @constant */
            kind: "operate_vms";
            request: components["schemas"]["OperateVmsRequest"];
        };
        OperateVmsRequest: {
            /** @enum {string} */
            action: "start" | "stop" | "resize" | "delete";
            vms: components["schemas"]["VmReference"][];
            /** @description How long a guest may take to shut down before it is turned off */
            stop_grace_ms?: number;
            /** @description Default what the VM has */
            cpus?: number;
            /** @description Default what the VM has */
            memory_bytes?: number;
            /** @description A size of the site, instead of the cheapest that fits */
            instance_type?: string;
            /** @description Whether sizes whose CPU is on credit count too */
            burstable?: boolean;
            /** @description Stops a running VM for it and starts it again */
            restart?: boolean;
            /** @description Deletes the VM alone */
            keep_disks?: boolean;
            /** @description Also the snapshots of its disks */
            delete_snapshots?: boolean;
            /** @description Also the addresses that it holds */
            release_addresses?: boolean;
            /** @description VMs at the same time. Default 4 */
            parallel?: number;
        };
        VmReference: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description Id, or a name that only one VM has there */
            vm: string;
        };
        PlanRemediation: {
            /** @constant */
            kind: "remediate_findings";
            request: components["schemas"]["RemediationRequest"];
        };
        RemediationRequest: {
            /** @description What it breaks: name or id */
            policy?: string;
            /** @description Only these of its open findings */
            findings?: string[];
            /** @description Resources that the run may touch. Default 20; the oldest findings first */
            most?: number;
            /** @description Instead: the operation that is to be taken back */
            undo?: string;
        };
        PlanTest: {
            /** @constant */
            kind: "test_migration";
            request: components["schemas"]["MigrationTestRequest"];
        };
        MigrationTestRequest: {
            /** @description A warm migration that replicates: clones of its newest proven round are booted */
            migration_id?: string;
            /** @description Without a migration: name or id at the source; a point of it is copied */
            vm?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to?: string;
            /** @description A map of these two sites; its networks are of no matter here */
            map?: string;
            instance_type?: string;
            bandwidth_bytes_per_second?: number;
            /** @description Default what the migration's plan verifies */
            verify?: {
                boot_proof?: boolean;
                /** @description Regular expression in the console output */
                boot_marker?: string;
                boot_timeout_ms?: number;
                tcp_probes?: {
                    port: number;
                }[];
                http_probes?: {
                    port: number;
                    /** Format: starts_with */
                    path: string;
                    expect_status?: number;
                }[];
                probe_timeout_ms?: number;
            };
            /** @description How long it stays up after it was proven, for people to look at. Default 0 */
            hold_seconds?: number;
            /** @description It is torn down by then, whatever it is at. Default an hour beside the predicted copy and `hold_seconds` */
            max_life_seconds?: number;
        };
        PlanCreate: {
            /** @constant */
            kind: "create_vm";
            request: components["schemas"]["CreateVmRequest"];
        };
        CreateVmRequest: {
            name: string;
            /**
             * @description Where; without it the cheapest that satisfies the rest
             * @example onprem-a
             */
            site?: string;
            /**
             * @description Exact, or a beginning and `*`
             * @example [
             *       "eu-*"
             *     ]
             */
            regions?: string[];
            /**
             * @description A place that the site's `residency` must name
             * @example eu
             */
            residency?: string;
            cpus: number;
            memory_bytes: number;
            /** @description A size of the site, instead of the cheapest that fits */
            instance_type?: string;
            /** @description Whether sizes whose CPU is on credit count too */
            burstable?: boolean;
            gpus?: number;
            /** @description Whether capacity that may be taken back will do; then the cheaper of both is taken */
            spot?: boolean;
            /**
             * @description Default x86_64
             * @enum {string}
             */
            architecture?: "x86_64" | "aarch64";
            /**
             * @description Default what the image says, else bios
             * @enum {string}
             */
            firmware?: "bios" | "uefi";
            /** @description What it boots from: a name or id at the site */
            image?: string;
            /** @description What it boots from, instead of an image */
            recovery_point?: string;
            /** @description Of an image's disk. Default the image's own */
            boot_disk_bytes?: number;
            /** @description Empty ones. Without an image or recovery point it boots from the first */
            disks?: components["schemas"]["NewDisk"][];
            /** @description Name or id. Default the site's default, else its only one */
            network?: string;
            security_groups?: string[];
            public_address?: boolean;
            /** @description The site's name of a customer's key */
            encryption_key?: string;
            publish_ports?: number[];
            /** @description Keys and values as the site has them */
            tags?: {
                [key: string]: string;
            };
            /** @description Default true where the site can */
            start?: boolean;
        };
        PlanRecovery: {
            /** @constant */
            kind: "recover_group";
            request: components["schemas"]["RecoveryRequest"];
        };
        RecoveryRequest: {
            group_id: string;
            /**
             * @description `failover`: the site is lost. `switchover`: the VMs are stopped first and nothing is lost. `drill`: clones where nobody is reached, while everything goes on
             * @enum {string}
             */
            mode: "failover" | "switchover" | "drill";
            /** @description Why; kept with the run */
            reason: string;
            /** @description A recovery point instead of the newest */
            point_id?: string;
            /**
             * Format: date-time
             * @description The newest point that is no later than this
             */
            before?: string;
            /** @description Also points that may show what an attacker left */
            suspect_too?: boolean;
            /** @description Of a planned one: how long a guest may take to shut down. Default the configuration's */
            stop_grace_ms?: number;
            /**
             * Format: date-time
             * @description When the outage began; what is lost is counted from then
             */
            outage_at?: string;
        };
        /** @description What a finalize would delete, and what stays */
        PlanFinalize: {
            /** @constant */
            kind: "finalize_migration";
            request: {
                migration_id: string;
            };
        };
        /** @description The whole of what the map says from now on */
        NewMigrationMap: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /** @description Source network id → target network, by name or id */
            network_map?: {
                [key: string]: string;
            };
            /** @description Names or ids; default the configuration's */
            security_groups?: string[];
            /**
             * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
             * @enum {string}
             */
            rules?: "translate" | "leave";
            /**
             * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
             * @enum {string}
             */
            untranslatable_rules?: "block" | "narrow";
            /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
            peer_map?: {
                [key: string]: string;
            };
            /**
             * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
             * @enum {string}
             */
            addresses?: "keep" | "new";
            /**
             * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
             * @enum {string}
             */
            disk_types?: "match" | "default";
            /** @description A type of the source → one of the target: gp3 → Premium_LRS */
            disk_type_map?: {
                [key: string]: string;
            };
            /** @description Default what the target's network does by itself */
            public_address?: boolean;
            /** @description The target's name of a customer's key */
            encryption_key?: string;
        };
        NewAddressPool: {
            /**
             * @description IPv4 or IPv6
             * @example 10.32.0.0/16
             */
            cidr: string;
            /** @description Parts that nobody gets: what is in use where no site shows it */
            excluded?: string[];
        };
        NewAddressAllocation: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description How large: 24 is a range of 256 IPv4 addresses */
            prefix_length: number;
            /** @description What it is for */
            name: string;
        };
        NewConnection: {
            /**
             * @description The end that begins
             * @example onprem-a
             */
            near: string;
            /**
             * @description The other site; or a `device` instead
             * @example onprem-a
             */
            far?: string;
            device?: components["schemas"]["FarDevice"];
            /** @description Only ask both ends; nothing is built */
            dry_run?: boolean;
        };
        /** @description A device that a person configures */
        FarDevice: {
            /** @description How you call it; no site's name */
            name: string;
            /** @enum {string} */
            kind: "cisco-ios-xe" | "juniper-junos" | "fortinet-fortios" | "pfsense";
            /** @description Where tunnels end; two where it has two ways out */
            addresses: string[];
            /** @description What is behind it, as CIDRs */
            networks: string[];
            /** @description An address behind it that answers pings */
            probe_address?: string;
        };
        /** @description A dry run of the finalize as it was confirmed */
        FinalizeMigration: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description The plan's `inputs.names`: whose source goes */
            confirm: string[];
        };
        ApprovedTest: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        DirectTest: {
            /** @description A warm migration that replicates: clones of its newest proven round are booted */
            migration_id?: string;
            /** @description Without a migration: name or id at the source; a point of it is copied */
            vm?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to?: string;
            /** @description A map of these two sites; its networks are of no matter here */
            map?: string;
            instance_type?: string;
            bandwidth_bytes_per_second?: number;
            /** @description Default what the migration's plan verifies */
            verify?: {
                boot_proof?: boolean;
                /** @description Regular expression in the console output */
                boot_marker?: string;
                boot_timeout_ms?: number;
                tcp_probes?: {
                    port: number;
                }[];
                http_probes?: {
                    port: number;
                    /** Format: starts_with */
                    path: string;
                    expect_status?: number;
                }[];
                probe_timeout_ms?: number;
            };
            /** @description How long it stays up after it was proven, for people to look at. Default 0 */
            hold_seconds?: number;
            /** @description It is torn down by then, whatever it is at. Default an hour beside the predicted copy and `hold_seconds` */
            max_life_seconds?: number;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        /** @description The whole of what the plan says from now on */
        NewRecoveryPlan: {
            boot_groups: components["schemas"]["BootGroup"][];
            dns?: {
                /**
                 * @description Where its zone is kept: not the site that is lost
                 * @example onprem-a
                 */
                site: string;
                zone_id: string;
                /** @description Whole, with the zone's */
                name: string;
                /** @enum {string} */
                type: "A" | "AAAA" | "CNAME";
                vm?: string;
                /** @description The record gets the host that this port of the VM is reached at */
                port?: number;
                /** @description What it gets instead: addresses, or the one name of a CNAME */
                values?: string[];
                /** @description And when the group comes back to its primary site */
                home_values?: string[];
                /** @description Default 30 */
                low_ttl_seconds?: number;
            }[];
            pools?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                pool_id: string;
                vm: string;
                /** @description Where several shares of the pool could take the VM */
                share_id?: string;
                /** @description Of the guest */
                port: number;
            }[];
            /** @description When users are led to the group: what proves that they reach it */
            last?: components["schemas"]["RecoveryStep"][];
            /** @description Whether it is followed back to the site that it came from, as soon as that is there. Default true */
            reprotect?: boolean;
            drills?: {
                /** @description One begins by itself so long after the last one began; default only by hand */
                every_seconds?: number;
                /** @description An older drill degrades the plan's state. Default 31 days */
                max_age_seconds?: number;
            };
        };
        BootGroup: {
            name: string;
            /** @description Groups that are up before this one begins; default the one before it in the list */
            after?: string[];
            /** @description In front of its VMs */
            first?: components["schemas"]["RecoveryStep"][];
            /** @description Brought up at the same time; none: a group of steps */
            vms: {
                /** @description As the protection group calls it */
                vm: string;
                /** @description Sizes of the recovery site, the next one where there is no capacity for one */
                instance_types?: string[];
                /** @description Networks of the recovery site, one for each NIC; the next list (another zone) where there is no capacity in one */
                placements?: string[][];
                /** @description Default what is verified of it when it is moved */
                verify?: {
                    boot_proof?: boolean;
                    /** @description Regular expression in the console output */
                    boot_marker?: string;
                    boot_timeout_ms?: number;
                    tcp_probes?: {
                        port: number;
                    }[];
                    http_probes?: {
                        port: number;
                        /** Format: starts_with */
                        path: string;
                        expect_status?: number;
                    }[];
                    probe_timeout_ms?: number;
                };
            }[];
            /** @description When its VMs are proven */
            last?: components["schemas"]["RecoveryStep"][];
            /** @description Before what comes after it. Default 0 */
            wait_seconds?: number;
        };
        RecoveryStep: components["schemas"]["ManualStep"] | components["schemas"]["WebhookStep"] | components["schemas"]["ProbeStep"];
        /** @description Waits until a person says that it is done; passed over in a drill */
        ManualStep: {
            /** @constant */
            kind: "manual";
            name: string;
            instruction: string;
            /** @description After so long it has failed. Default a day */
            within_seconds?: number;
        };
        /** @description A script, called with POST, signed, until it answers with 2xx */
        WebhookStep: {
            /** @constant */
            kind: "webhook";
            name: string;
            /** Format: uri */
            url: string;
            /** @description After so long it has failed. Default 300 */
            within_seconds?: number;
            /** @description Default false: a drill must not reach what is in use */
            in_drills?: boolean;
        };
        /** @description Waits until the URL answers so; passed over in a drill */
        ProbeStep: {
            /** @constant */
            kind: "probe";
            name: string;
            /** Format: uri */
            url: string;
            /** @description After so long it has failed. Default 300 */
            within_seconds?: number;
            /** @description Default 200 */
            expect_status?: number;
        };
        ApprovedRecovery: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        DirectRecovery: {
            group_id: string;
            /**
             * @description `failover`: the site is lost. `switchover`: the VMs are stopped first and nothing is lost. `drill`: clones where nobody is reached, while everything goes on
             * @enum {string}
             */
            mode: "failover" | "switchover" | "drill";
            /** @description Why; kept with the run */
            reason: string;
            /** @description A recovery point instead of the newest */
            point_id?: string;
            /**
             * Format: date-time
             * @description The newest point that is no later than this
             */
            before?: string;
            /** @description Also points that may show what an attacker left */
            suspect_too?: boolean;
            /** @description Of a planned one: how long a guest may take to shut down. Default the configuration's */
            stop_grace_ms?: number;
            /**
             * Format: date-time
             * @description When the outage began; what is lost is counted from then
             */
            outage_at?: string;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        StepDone: {
            boot_group: string;
            step: string;
            note?: string;
        };
        ConfirmFencing: {
            /** @description What you have made sure of, in your words: it is kept with the lease and in the audit trail */
            made_sure_of: string;
        };
        StartVm: {
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        StopVm: {
            /** @description How long a guest may take to shut down before it is turned off */
            stop_grace_ms?: number;
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        ResizeVm: {
            /** @description Default what the VM has */
            cpus?: number;
            /** @description Default what the VM has */
            memory_bytes?: number;
            /** @description A size of the site, instead of the cheapest that fits */
            instance_type?: string;
            /** @description Whether sizes whose CPU is on credit count too */
            burstable?: boolean;
            /** @description Stops a running VM for it and starts it again */
            restart?: boolean;
            /** @description How long a guest may take to shut down before it is turned off */
            stop_grace_ms?: number;
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        DeleteVm: {
            /** @description Deletes the VM alone */
            keep_disks?: boolean;
            /** @description Also the snapshots of its disks */
            delete_snapshots?: boolean;
            /** @description Also the addresses that it holds */
            release_addresses?: boolean;
            /** @description The VM's name. Needed unless it is a dry run */
            confirm?: string;
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        BulkRequest: {
            /** @enum {string} */
            action: "start" | "stop" | "resize" | "delete";
            vms?: components["schemas"]["VmReference"][];
            /**
             * @description A search for VMs, instead of naming them
             * @example tag.env=test state:running
             */
            query?: string;
            /** @description For a delete: the name of each VM that goes */
            confirm?: string[];
            /** @description How long a guest may take to shut down before it is turned off */
            stop_grace_ms?: number;
            /** @description Default what the VM has */
            cpus?: number;
            /** @description Default what the VM has */
            memory_bytes?: number;
            /** @description A size of the site, instead of the cheapest that fits */
            instance_type?: string;
            /** @description Whether sizes whose CPU is on credit count too */
            burstable?: boolean;
            /** @description Stops a running VM for it and starts it again */
            restart?: boolean;
            /** @description Deletes the VM alone */
            keep_disks?: boolean;
            /** @description Also the snapshots of its disks */
            delete_snapshots?: boolean;
            /** @description Also the addresses that it holds */
            release_addresses?: boolean;
            /** @description VMs at the same time. Default 4 */
            parallel?: number;
            /** @description Plan only; nothing is started, and the answer is the plan */
            dry_run?: boolean;
        };
        /** @description A plan as it was approved: its id and its hash */
        ExecutePlan: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description For a delete: the name of each VM that goes */
            confirm?: string[];
        };
        AssessmentRequest: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description A search of the inventory; default every VM of the site
             * @example tag.env=prod
             */
            query?: string;
            /**
             * @description How they would move. Default as the configuration says
             * @enum {string}
             */
            mode?: "cold" | "warm" | "live";
            /** @description Who talks to whom, as CSV: a head line, then a record a line; columns from, to, port, bytes. Ends are names, ids or addresses */
            flows?: string;
            /** @description At most so many VMs in a wave, unless more of them talk to each other. Default 10 */
            wave_size?: number;
        };
        /** @description Planned now and executed as planned */
        DirectWave: {
            name?: string;
            vms?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                from?: string;
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                to?: string;
                /**
                 * @description `stop` (default): the target takes over. `freeze`: a copy of one moment
                 * @enum {string}
                 */
                point?: "stop" | "freeze";
                /** @description A map of these two sites; what is said here goes before it */
                map?: string;
                /** @description Source network id → target network, by name or id */
                network_map?: {
                    [key: string]: string;
                };
                /** @description Names or ids; default the configuration's */
                security_groups?: string[];
                /**
                 * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
                 * @enum {string}
                 */
                rules?: "translate" | "leave";
                /**
                 * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
                 * @enum {string}
                 */
                untranslatable_rules?: "block" | "narrow";
                /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
                peer_map?: {
                    [key: string]: string;
                };
                /**
                 * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
                 * @enum {string}
                 */
                addresses?: "keep" | "new";
                /**
                 * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
                 * @enum {string}
                 */
                disk_types?: "match" | "default";
                /** @description A type of the source → one of the target: gp3 → Premium_LRS */
                disk_type_map?: {
                    [key: string]: string;
                };
                /** @description Default what the target's network does by itself */
                public_address?: boolean;
                /** @description The target's name of a customer's key */
                encryption_key?: string;
                verify?: {
                    boot_proof?: boolean;
                    /** @description Regular expression in the console output */
                    boot_marker?: string;
                    boot_timeout_ms?: number;
                    tcp_probes?: {
                        port: number;
                    }[];
                    http_probes?: {
                        port: number;
                        /** Format: starts_with */
                        path: string;
                        expect_status?: number;
                    }[];
                    probe_timeout_ms?: number;
                };
                bandwidth_bytes_per_second?: number;
                stop_grace_ms?: number;
                /** @description Default what the VM has */
                cpus?: number;
                /** @description Default what the VM has */
                memory_bytes?: number;
                gpus?: number;
                /** @description A size of the target, instead of the cheapest that fits */
                instance_type?: string;
                /** @enum {string} */
                capacity_type?: "on-demand" | "spot";
                /** @description Whether sizes whose CPU above a baseline is on credit count too. Default false */
                burstable?: boolean;
                incremental?: boolean;
                schedule?: {
                    /**
                     * Format: date-time
                     * @description It waits until then before it touches anything
                     */
                    start_at?: string;
                    /**
                     * Format: date-time
                     * @description A warning says when the measured rate won't meet it
                     */
                    deadline?: string;
                    /** @description Of the hours below; default the configuration's, else UTC */
                    time_zone?: string;
                    /** @description Outside of them it does not begin and nothing of a running VM is copied; default the configuration's. An empty list allows any time */
                    allowed_hours?: string[];
                    /** @description Limits in certain hours; the lowest that holds counts. Default the configuration's */
                    bandwidth_hours?: {
                        /** @description Days, hours or both: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00` */
                        hours: string;
                        bytes_per_second: number;
                    }[];
                };
                /** @description What may be changed in the guest, on a clone of its boot disk */
                prepare?: {
                    /**
                     * @description `auto`: what it lacks for the target is put in. `off`: its disk is not changed. Default the configuration's
                     * @enum {string}
                     */
                    mode?: "auto" | "off";
                    /**
                     * @description `keep`: cloud-init gives it no other name and host keys. `renew`: machine id and SSH host keys are taken out. Absent: nothing is done about it
                     * @enum {string}
                     */
                    identity?: "keep" | "renew";
                };
                traffic?: components["schemas"]["MigrationTraffic"];
                /** @description How long after the cutover `undo` brings the VM home with what it wrote */
                undo?: {
                    window_seconds: number;
                    round_pause_seconds?: number;
                    /** @description A map from the target to the source, for the way home; default the networks that it had there */
                    map?: string;
                };
                /**
                 * @description `cold` (default). `warm`: the source runs on while rounds of copies follow it, until the cutover. `live`: it never stops; warm where the sites can't do that, and the plan says why
                 * @enum {string}
                 */
                mode?: "cold" | "warm" | "live";
                warm?: {
                    /** @enum {string} */
                    cutover?: "when-ready" | "manual" | "at-time";
                    /** Format: date-time */
                    cutover_at?: string;
                    target_downtime_seconds?: number;
                    round_pause_seconds?: number;
                };
                /** @description Name or id at the source site */
                vm: string;
                group?: string;
                /** @description VMs of this wave that have to be moved before */
                after?: string[];
            }[];
            /**
             * @description A search of the inventory: all VMs that it finds
             * @example tag.env=prod state:running
             */
            query?: string;
            /** @description A head line, then a VM a line; columns vm, from, to, group, after */
            csv?: string;
            /** @description For every VM that doesn't say otherwise */
            defaults?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                from?: string;
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                to?: string;
                /**
                 * @description `stop` (default): the target takes over. `freeze`: a copy of one moment
                 * @enum {string}
                 */
                point?: "stop" | "freeze";
                /** @description A map of these two sites; what is said here goes before it */
                map?: string;
                /** @description Source network id → target network, by name or id */
                network_map?: {
                    [key: string]: string;
                };
                /** @description Names or ids; default the configuration's */
                security_groups?: string[];
                /**
                 * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
                 * @enum {string}
                 */
                rules?: "translate" | "leave";
                /**
                 * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
                 * @enum {string}
                 */
                untranslatable_rules?: "block" | "narrow";
                /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
                peer_map?: {
                    [key: string]: string;
                };
                /**
                 * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
                 * @enum {string}
                 */
                addresses?: "keep" | "new";
                /**
                 * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
                 * @enum {string}
                 */
                disk_types?: "match" | "default";
                /** @description A type of the source → one of the target: gp3 → Premium_LRS */
                disk_type_map?: {
                    [key: string]: string;
                };
                /** @description Default what the target's network does by itself */
                public_address?: boolean;
                /** @description The target's name of a customer's key */
                encryption_key?: string;
                verify?: {
                    boot_proof?: boolean;
                    /** @description Regular expression in the console output */
                    boot_marker?: string;
                    boot_timeout_ms?: number;
                    tcp_probes?: {
                        port: number;
                    }[];
                    http_probes?: {
                        port: number;
                        /** Format: starts_with */
                        path: string;
                        expect_status?: number;
                    }[];
                    probe_timeout_ms?: number;
                };
                bandwidth_bytes_per_second?: number;
                stop_grace_ms?: number;
                /** @description Default what the VM has */
                cpus?: number;
                /** @description Default what the VM has */
                memory_bytes?: number;
                gpus?: number;
                /** @description A size of the target, instead of the cheapest that fits */
                instance_type?: string;
                /** @enum {string} */
                capacity_type?: "on-demand" | "spot";
                /** @description Whether sizes whose CPU above a baseline is on credit count too. Default false */
                burstable?: boolean;
                incremental?: boolean;
                schedule?: {
                    /**
                     * Format: date-time
                     * @description It waits until then before it touches anything
                     */
                    start_at?: string;
                    /**
                     * Format: date-time
                     * @description A warning says when the measured rate won't meet it
                     */
                    deadline?: string;
                    /** @description Of the hours below; default the configuration's, else UTC */
                    time_zone?: string;
                    /** @description Outside of them it does not begin and nothing of a running VM is copied; default the configuration's. An empty list allows any time */
                    allowed_hours?: string[];
                    /** @description Limits in certain hours; the lowest that holds counts. Default the configuration's */
                    bandwidth_hours?: {
                        /** @description Days, hours or both: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00` */
                        hours: string;
                        bytes_per_second: number;
                    }[];
                };
                /** @description What may be changed in the guest, on a clone of its boot disk */
                prepare?: {
                    /**
                     * @description `auto`: what it lacks for the target is put in. `off`: its disk is not changed. Default the configuration's
                     * @enum {string}
                     */
                    mode?: "auto" | "off";
                    /**
                     * @description `keep`: cloud-init gives it no other name and host keys. `renew`: machine id and SSH host keys are taken out. Absent: nothing is done about it
                     * @enum {string}
                     */
                    identity?: "keep" | "renew";
                };
                traffic?: components["schemas"]["MigrationTraffic"];
                /** @description How long after the cutover `undo` brings the VM home with what it wrote */
                undo?: {
                    window_seconds: number;
                    round_pause_seconds?: number;
                    /** @description A map from the target to the source, for the way home; default the networks that it had there */
                    map?: string;
                };
                /**
                 * @description `cold` (default). `warm`: the source runs on while rounds of copies follow it, until the cutover. `live`: it never stops; warm where the sites can't do that, and the plan says why
                 * @enum {string}
                 */
                mode?: "cold" | "warm" | "live";
                warm?: {
                    /** @enum {string} */
                    cutover?: "when-ready" | "manual" | "at-time";
                    /** Format: date-time */
                    cutover_at?: string;
                    target_downtime_seconds?: number;
                    round_pause_seconds?: number;
                };
            };
            /** @description In the order in which they begin */
            groups?: components["schemas"]["WaveGroup"][];
            /** @description Of this wave at once */
            parallel?: number;
            /** @description Whether a group begins only when the one before it has ended. Default true */
            in_order?: boolean;
            /** @description Between groups. Default 0 */
            pause_seconds?: number;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        WaveGroup: {
            name: string;
            /** @description Groups of which every VM has to be moved before */
            after?: string[];
            /** @description Before it begins; default the wave's */
            pause_seconds?: number;
        };
        /** @description Planned now and carried out as planned. What is left out is as the configuration says */
        NewProtectionGroup: {
            name: string;
            /** @description Names or ids at the primary site */
            vms?: string[];
            /** @description All VMs that a search of the inventory finds */
            query?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            primary_site?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            recovery_site?: string;
            /** @description Most that may be lost, as time */
            rpo_seconds?: number;
            /** @description Longest that a takeover may last */
            rto_seconds?: number;
            backup_interval_seconds?: number;
            /**
             * @description `interval`: a round again and again. `continuous`: one round after the other, where the site keeps track of changes itself. `off`: backups only
             * @enum {string}
             */
            replication?: "off" | "interval" | "continuous";
            /** @description Between the beginnings of two rounds; with replication by interval. Default half the RPO */
            replication_interval_seconds?: number;
            /**
             * @description Of each point at least
             * @enum {string}
             */
            consistency?: "application" | "crash";
            /** @description The recovery site's name of a customer's key */
            encryption_key?: string;
            bandwidth_bytes_per_second?: number;
            /** @description How often the newest point is read again as a whole, and held against its hashes */
            verify_interval_seconds?: number;
            /** @description Whether a failover may start without a person */
            auto_failover?: boolean;
            /** @description Whether workers of the primary site cut the group off when they can't renew its lease */
            watchdog?: boolean;
            health_check_interval_seconds?: number;
            failover_threshold?: number;
            retention?: {
                count?: number;
                max_age_seconds?: number;
                thinning?: components["schemas"]["Thinning"][];
            };
            /** @description Plan only; nothing is protected */
            dry_run?: boolean;
        };
        /** @description From that age on, so much time lies between two points that are kept */
        Thinning: {
            after_seconds: number;
            every_seconds: number;
        };
        Reprotect: {
            /**
             * @description Default where it served before
             * @example onprem-a
             */
            to?: string;
        };
        PointDecision: {
            /** @description Why, for the group's story */
            reason: string;
        };
        FilesToRestore: {
            group_id: string;
            /** @description Name or id, as the group had it at the point's moment */
            vm: string;
            /** @description Default the newest whole one that is not suspect */
            point_id?: string;
            /**
             * Format: date-time
             * @description The newest one from no later than that
             */
            before?: string;
            suspect_too?: boolean;
            /** @description Default the first that has the path */
            disk_id?: string;
            /** @description A partition (`partition 2`), a UUID or a label; default the first file system that has the path */
            volume?: string;
            /** @description Within its file system, with slashes */
            path: string;
        };
        ApprovedRestore: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description Plan only; nothing is restored */
            dry_run?: boolean;
        };
        DirectRestore: {
            group_id: string;
            /** @description Name or id, as the group had it at the point's moment */
            vm: string;
            /** @description Default the newest whole one that is not suspect */
            point_id?: string;
            /**
             * Format: date-time
             * @description The newest one from no later than that
             */
            before?: string;
            suspect_too?: boolean;
            /**
             * @description Default where the point lies
             * @example onprem-a
             */
            to?: string;
            /** @description Of the new VM; default the old one's with `-restored` */
            name?: string;
            instance_type?: string;
            /** @description Network id as the VM had it → one at the site */
            network_map?: {
                [key: string]: string;
            };
            /** @description Whether it is started and proven. Default true, except at the site where its group serves: there the VM that it is a copy of may run */
            start?: boolean;
            verify?: {
                boot_proof?: boolean;
                /** @description Regular expression in the console output */
                boot_marker?: string;
                boot_timeout_ms?: number;
                tcp_probes?: {
                    port: number;
                }[];
                http_probes?: {
                    port: number;
                    /** Format: starts_with */
                    path: string;
                    expect_status?: number;
                }[];
                probe_timeout_ms?: number;
            };
            bandwidth_bytes_per_second?: number;
            /** @description Plan only; nothing is restored */
            dry_run?: boolean;
        };
        NewBurstPool: {
            /**
             * @description Its VMs are named after it
             * @example web
             */
            name: string;
            /**
             * @description Whose load it is
             * @example onprem-a
             */
            site: string;
            /** @description Where its VMs may be */
            sites: string[];
            template: components["schemas"]["BurstTemplate"];
            /** @description How many of the pool's VMs the site itself is worth */
            own_vms: number;
            /** @description Exact, or a beginning and `*` */
            regions?: string[];
            /** @description A place that a site's configuration must name */
            residency?: string;
            monthly_budget?: {
                micros: number;
                currency: string;
            };
            /** @description What one VM sends, for its price */
            egress_gib_per_hour?: number;
            balancer?: components["schemas"]["BurstBalancer"];
            signals?: components["schemas"]["NewBurstSignal"][];
            forecast?: {
                lead_seconds?: number;
                over_minute_worth?: number;
            };
            enabled?: boolean;
            sample_seconds?: number;
            cooldown_seconds?: number;
            max_vms?: number;
            /** @description The part that must not be capacity which a site may take back */
            on_demand_share?: number;
            /** @description How long one VM may be there at most */
            lease_seconds?: number;
            /** @description None is given back before; clouds bill it anyway */
            least_billed_seconds?: number;
            owner?: string;
            /** @description Keys and values as the site has them */
            tags?: {
                [key: string]: string;
            };
        };
        BurstTemplate: {
            cpus: number;
            /** @description Bytes */
            memory_bytes: number;
            /** @description By its name or id at each of the sites */
            image: string;
            instance_type?: string;
            burstable?: boolean;
            network?: string;
            security_groups?: string[];
            public_address?: boolean;
            /** @description cloud-init */
            user_data?: string;
            /** @description What its VMs serve on */
            port?: number;
        };
        /** @description Where its VMs take traffic */
        BurstBalancer: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            pool_id: string;
            share_id?: string;
        };
        /** @description What is left out has the metric's defaults */
        NewBurstSignal: {
            metric: string;
            /** @description Absent: all resources of the site that have it */
            resource_id?: string;
            /** @enum {string} */
            measures?: "utilisation" | "backlog";
            threshold?: number;
            /** @description What the pool is sized to */
            target?: number;
            release_under?: number;
            sustain_seconds?: number;
        };
        /** @description At least so many VMs whatever the load is; 0 leaves it to the load */
        BurstOrder: {
            vms: number;
        };
        BurstChange: {
            /**
             * Format: date-time
             * @description Default 30 days ago
             */
            from?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            to?: string;
            threshold?: number;
            /** @description What the pool is sized to */
            target?: number;
            release_under?: number;
            sustain_seconds?: number;
            cooldown_seconds?: number;
            max_vms?: number;
            /** @description How many of the pool's VMs the site itself is worth */
            own_vms?: number;
            forecast?: {
                over_minute_worth: number;
            };
        };
        Certificate: {
            /** @constant */
            format: "novacron-certificate/1";
            certificate_id: string;
            migration_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            vm: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            source_vm_id: string;
            target_vm_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            point_taken_at: string;
            consistency?: components["schemas"]["Consistency"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            proven_at: string;
            identical: boolean;
            disks: {
                disk_id: string;
                /** @description Bytes */
                size_bytes: number;
                /** @enum {string} */
                level: "target-reread" | "object-reread" | "compared-after-switch" | "sent-only";
                /** @enum {string} */
                method: "full" | "dirty-bitmap" | "overlay-allocation" | "changed-blocks" | "hash-compare";
                leaf_bytes: number;
                /** @description SHA-256 in hex */
                root_hash: string;
                manifest_id: string;
                point_id: string;
                /** @description Bytes */
                bytes_copied: number;
                /** @description Bytes */
                bytes_reread: number;
                /** @description Differed where a guest that never stopped had written since the switch */
                bytes_written_since?: number;
                /**
                 * @description Where the certified point lies, when not at the target
                 * @example onprem-a
                 */
                site?: string;
            }[];
            boot: {
                proven: boolean;
                evidence?: string;
                reason?: string;
            };
            /** @description Of a move without a stop */
            live?: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                switched_at: string;
                pause_ms?: number;
                /** @enum {string} */
                memory: "moved-not-compared" | "lost";
            };
            /** @description What was changed on the clones that it boots from, on top of the certified points */
            prepared?: {
                disk_id: string;
                point_id: string;
                /** @description SHA-256 in hex */
                root_hash: string;
                changes: {
                    file: string;
                    reason: string;
                    /** @description Offset and length of each, in bytes of the disk */
                    ranges: [
                        number,
                        number
                    ][];
                }[];
            }[];
            /** @description What users had of the cutover, where traffic moved with it */
            traffic?: {
                gap?: components["schemas"]["TrafficGap"];
                held: components["schemas"]["HeldTraffic"][];
            };
            simulated: boolean;
        };
        /** @description What the disks of a point show together */
        Consistency: {
            /** @enum {string} */
            level: "stopped" | "application" | "crash";
            why: string;
            /** @description How long the guest's writes stood still */
            frozen_ms?: number;
        };
        TrafficGap: {
            url: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            from: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            until: string;
            asked: number;
            /** @description Got no answer, or a wrong one */
            failed: number;
            /** @description The longest time without a right answer */
            gap_seconds: number;
            /** @description The longest that a right answer took */
            slowest_seconds: number;
            /** @description While nobody looked; part of a gap that it falls into */
            unobserved_seconds: number;
        };
        HeldTraffic: {
            proxy: string;
            listener: string;
            held: number;
            /** @description Got an error of the proxy instead of an answer */
            failed: number;
            longest_seconds: number;
            /** @description It let go before it was told to */
            lapsed: boolean;
        };
        /** @description What the command line got, and what its challenge was made from */
        RedeemSignIn: {
            code: string;
            verifier: string;
        };
        FreezeChanges: {
            reason: string;
        };
        PlanDecision: {
            /** @description The decision is about exactly this plan */
            plan_hash: string;
            /** @enum {string} */
            decision: "approve" | "reject";
            note?: string;
        };
        BreakGlass: {
            secret: string;
            reason: string;
        };
        /** @description Temporal's own form: bytes in base64 */
        Payloads: {
            payloads: ({
                metadata?: {
                    [key: string]: string;
                };
                data?: string;
            } & {
                [key: string]: unknown;
            })[];
        };
        /** @description Somebody who uses tokens only; who signs in is entered by that */
        NewUser: {
            name: string;
            /** Format: email */
            email?: string;
        };
        NewRoleBinding: {
            /**
             * @description `user/<id>`, `group/<name>` of the identity provider, or `token/<id>`
             * @example group/ops
             */
            holder: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "approver" | "admin" | "auditor";
            scope: components["schemas"]["Scope"];
        };
        /** @description Where a role holds: what is at the site and carries all of the tags. {}: everywhere */
        Scope: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site?: string;
            /** @description Short for the tag `project` */
            project?: string;
            /** @description Resources that carry all of these */
            tags?: {
                [key: string]: string;
            };
        };
        NewToken: {
            name: string;
            user_id?: string;
            bindings: components["schemas"]["Binding"][];
            permissions?: ("inventory:read" | "prices:read" | "costs:read" | "costs:write" | "plans:read" | "migrations:read" | "protection:read" | "bursts:read" | "operations:read" | "networks:read" | "certificates:read" | "policies:read" | "sites:check" | "plans:write" | "migrations:write" | "protection:write" | "bursts:write" | "vms:write" | "networks:write" | "policies:write" | "policies:scan" | "policies:exempt" | "certificates:verify" | "metrics:read" | "metrics:write" | "alerts:read" | "alerts:write" | "logs:read" | "access:read" | "access:write" | "audit:read" | "plans:approve" | "payloads:decode" | "schedules:read" | "schedules:write" | "system:freeze" | "system:unfreeze" | "system:backup")[];
            /** @description Default 90 */
            expires_in_days?: number;
        };
        Binding: {
            /** @enum {string} */
            role: "viewer" | "operator" | "approver" | "admin" | "auditor";
            scope: components["schemas"]["Scope"];
        };
        RotateToken: {
            /** @description How long the secret from before is accepted, too. Default 3600 */
            grace_seconds?: number;
        };
        MetricPush: {
            samples: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                /** @description A VM's id, or what else the figure is of */
                resource_id: string;
                /**
                 * @description Of VMs: cpu.utilisation, memory.used, disk.read, disk.write, network.in, network.out; or a name of what others push
                 * @example cpu.utilisation
                 */
                metric: string;
                /**
                 * Format: date-time
                 * @description Default: now
                 */
                at?: string;
                value: number;
            }[];
        };
        AlertRuleRequest: {
            name: string;
            /**
             * @description Of VMs: cpu.utilisation, memory.used, disk.read, disk.write, network.in, network.out; or a name of what others push
             * @example cpu.utilisation
             */
            metric: string;
            threshold: number;
            /** @enum {string} */
            comparison: "gt" | "gte" | "lt" | "lte" | "eq";
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site?: string;
            resource_id?: string;
            /** @description So long it has to hold until it fires. Default 300 */
            duration_seconds?: number;
            /** @description So long it must not hold until it is resolved. Default: the duration, 60 at least */
            resolve_after_seconds?: number;
            /**
             * @description `email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL`
             * @example [
             *       "email:ops@example.com"
             *     ]
             */
            actions?: string[];
            /**
             * @description Default `warning`
             * @enum {string}
             */
            severity?: "critical" | "warning" | "info";
            /**
             * @description What is told together. Default `site`
             * @enum {string}
             */
            group_by?: "rule" | "site" | "resource";
            /**
             * @description Whether a series that ends is a reason, too. Default `ignore`
             * @enum {string}
             */
            missing?: "ignore" | "fire";
            /** @description Default 900 */
            missing_after_seconds?: number;
            /** @description Default true */
            enabled?: boolean;
        };
        AlertRulePatch: {
            name?: string;
            threshold?: number;
            /** @enum {string} */
            comparison?: "gt" | "gte" | "lt" | "lte" | "eq";
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site?: string;
            resource_id?: string;
            /** @description So long it has to hold until it fires. Default 300 */
            duration_seconds?: number;
            /** @description So long it must not hold until it is resolved. Default: the duration, 60 at least */
            resolve_after_seconds?: number;
            /**
             * @description `email:ADDRESS`, `pagerduty:CHANNEL`, `slack:CHANNEL`, `webhook:CHANNEL`
             * @example [
             *       "email:ops@example.com"
             *     ]
             */
            actions?: string[];
            /**
             * @description Default `warning`
             * @enum {string}
             */
            severity?: "critical" | "warning" | "info";
            /**
             * @description What is told together. Default `site`
             * @enum {string}
             */
            group_by?: "rule" | "site" | "resource";
            /**
             * @description Whether a series that ends is a reason, too. Default `ignore`
             * @enum {string}
             */
            missing?: "ignore" | "fire";
            /** @description Default 900 */
            missing_after_seconds?: number;
            /** @description Default true */
            enabled?: boolean;
        };
        SilenceRequest: {
            /** @description A rule's id or name */
            rule?: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site?: string;
            resource_id?: string;
            /** @enum {string} */
            severity?: "critical" | "warning" | "info";
            /**
             * Format: date-time
             * @description Default: now
             */
            from?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            until: string;
            reason: string;
        };
        /** @description A plan as it was approved: its id and its hash */
        ApprovedPlan: {
            plan_id: string;
            /** @description SHA-256 in hex */
            plan_hash: string;
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        /** @description Planned now and executed as planned */
        DirectMigration: {
            /** @description Name or id at the source site */
            vm: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description `stop` (default): the target takes over. `freeze`: a copy of one moment
             * @enum {string}
             */
            point?: "stop" | "freeze";
            /** @description A map of these two sites; what is said here goes before it */
            map?: string;
            /** @description Source network id → target network, by name or id */
            network_map?: {
                [key: string]: string;
            };
            /** @description Names or ids; default the configuration's */
            security_groups?: string[];
            /**
             * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
             * @enum {string}
             */
            rules?: "translate" | "leave";
            /**
             * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
             * @enum {string}
             */
            untranslatable_rules?: "block" | "narrow";
            /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
            peer_map?: {
                [key: string]: string;
            };
            /**
             * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
             * @enum {string}
             */
            addresses?: "keep" | "new";
            /**
             * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
             * @enum {string}
             */
            disk_types?: "match" | "default";
            /** @description A type of the source → one of the target: gp3 → Premium_LRS */
            disk_type_map?: {
                [key: string]: string;
            };
            /** @description Default what the target's network does by itself */
            public_address?: boolean;
            /** @description The target's name of a customer's key */
            encryption_key?: string;
            verify?: {
                boot_proof?: boolean;
                /** @description Regular expression in the console output */
                boot_marker?: string;
                boot_timeout_ms?: number;
                tcp_probes?: {
                    port: number;
                }[];
                http_probes?: {
                    port: number;
                    /** Format: starts_with */
                    path: string;
                    expect_status?: number;
                }[];
                probe_timeout_ms?: number;
            };
            bandwidth_bytes_per_second?: number;
            stop_grace_ms?: number;
            /** @description Default what the VM has */
            cpus?: number;
            /** @description Default what the VM has */
            memory_bytes?: number;
            gpus?: number;
            /** @description A size of the target, instead of the cheapest that fits */
            instance_type?: string;
            /** @enum {string} */
            capacity_type?: "on-demand" | "spot";
            /** @description Whether sizes whose CPU above a baseline is on credit count too. Default false */
            burstable?: boolean;
            incremental?: boolean;
            schedule?: {
                /**
                 * Format: date-time
                 * @description It waits until then before it touches anything
                 */
                start_at?: string;
                /**
                 * Format: date-time
                 * @description A warning says when the measured rate won't meet it
                 */
                deadline?: string;
                /** @description Of the hours below; default the configuration's, else UTC */
                time_zone?: string;
                /** @description Outside of them it does not begin and nothing of a running VM is copied; default the configuration's. An empty list allows any time */
                allowed_hours?: string[];
                /** @description Limits in certain hours; the lowest that holds counts. Default the configuration's */
                bandwidth_hours?: {
                    /** @description Days, hours or both: `mon-fri 22:00-06:00`, `sat,sun`, `08:00-18:00` */
                    hours: string;
                    bytes_per_second: number;
                }[];
            };
            /** @description What may be changed in the guest, on a clone of its boot disk */
            prepare?: {
                /**
                 * @description `auto`: what it lacks for the target is put in. `off`: its disk is not changed. Default the configuration's
                 * @enum {string}
                 */
                mode?: "auto" | "off";
                /**
                 * @description `keep`: cloud-init gives it no other name and host keys. `renew`: machine id and SSH host keys are taken out. Absent: nothing is done about it
                 * @enum {string}
                 */
                identity?: "keep" | "renew";
            };
            traffic?: components["schemas"]["MigrationTraffic"];
            /** @description How long after the cutover `undo` brings the VM home with what it wrote */
            undo?: {
                window_seconds: number;
                round_pause_seconds?: number;
                /** @description A map from the target to the source, for the way home; default the networks that it had there */
                map?: string;
            };
            /**
             * @description `cold` (default). `warm`: the source runs on while rounds of copies follow it, until the cutover. `live`: it never stops; warm where the sites can't do that, and the plan says why
             * @enum {string}
             */
            mode?: "cold" | "warm" | "live";
            warm?: {
                /** @enum {string} */
                cutover?: "when-ready" | "manual" | "at-time";
                /** Format: date-time */
                cutover_at?: string;
                target_downtime_seconds?: number;
                round_pause_seconds?: number;
            };
            /** @description Plan only; nothing is started */
            dry_run?: boolean;
        };
        ProviderList: {
            items: components["schemas"]["Provider"][];
        };
        Provider: {
            kind: string;
            sites: string[];
            /** @description False where this version has no provider for the kind yet */
            supported: boolean;
            capabilities: {
                capability: string;
                supported: boolean;
                /** @description Why not */
                reason?: string;
            }[];
        };
        /** @description RFC 9457 problem details with a stable code and a remedy */
        Problem: {
            type: string;
            title: string;
            status: number;
            detail: string;
            instance: string;
            /** @enum {string} */
            code: "InvalidInput" | "CloudUnauthenticated" | "CloudPermissionDenied" | "NotFound" | "Conflict" | "QuotaExceeded" | "UnsupportedCapability" | "PolicyBlocked" | "InsufficientCapacity" | "RateLimited" | "Unavailable" | "Timeout" | "OperationPending" | "IntegrityFailure" | "Unknown" | "Unauthenticated" | "StepUpRequired" | "Forbidden" | "MethodNotAllowed" | "PayloadTooLarge" | "UnsupportedMediaType";
            /** @description What to do next */
            action: string;
            request_id: string;
            resource?: string;
            facts?: {
                [key: string]: unknown;
            };
        };
        SiteList: {
            items: components["schemas"]["Site"][];
        };
        Site: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /**
             * @description The provider's kind
             * @example libvirt
             */
            kind: string;
            region?: string;
            enabled: boolean;
            /** @description A simulated cloud of the sandbox; its libvirt hosts and folders are real */
            simulated: boolean;
            /** @description What fails together with it */
            failure_domain?: string;
            /** @description Places where its data stays, as the configuration says */
            residency?: string[];
            inventory: components["schemas"]["Freshness"];
            /** @description What the site tells of changes by itself; absent where it was never listened to */
            change_events?: {
                listening: boolean;
                /** Format: date-time */
                since?: string;
                /**
                 * Format: date-time
                 * @description When it told of a change last
                 */
                changed_at?: string;
                /** @description How many changes it told of, ever */
                changes: number;
                /** @description Why nobody listens */
                error?: string;
            };
        };
        /** @description How old a site's rows are */
        Freshness: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /**
             * Format: date-time
             * @description When the whole site was read last; absent if never
             */
            observed_at?: string;
            age_seconds?: number;
            vm_count: number;
            /** @description Why the newest attempt failed; the rows are older then */
            error?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            failed_at?: string;
        };
        Census: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            items: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                /** @enum {string} */
                kind: "vm" | "volume" | "recovery-point" | "generation" | "source-point" | "network" | "export" | "image" | "snapshot" | "security-group" | "address" | "bucket" | "upload" | "alarm";
                id: string;
                name?: string;
                /** @description The migration that it belongs to */
                migration_id?: string;
                tags: {
                    [key: string]: string;
                };
            }[];
        };
        SiteCheck: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            ok: boolean;
            checks: {
                check: string;
                /** @enum {string} */
                result: "pass" | "warn" | "fail";
                detail: string;
                remedy?: string;
            }[];
        };
        SiteWorkerList: {
            items: components["schemas"]["SiteWorker"][];
        };
        SiteWorker: {
            worker_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description What the machine calls itself */
            name: string;
            /**
             * @description `live`: it takes work; `silent`: it was not heard of for 15 seconds; `draining`: it gets nothing new
             * @enum {string}
             */
            state: "live" | "silent" | "draining" | "removed";
            /** @description Where workers of other sites reach it; absent for one that only calls out */
            data_address?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            certificate_ends_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            joined_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            seen_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            removed_at?: string;
        };
        JoinToken: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description Shown once; good for one machine */
            token: string;
            /** @description What the machine must reach */
            url: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            expires_at: string;
        };
        SiteHealth: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /**
             * @description `unknown`: nobody looks at it, as no protected group is served there
             * @enum {string}
             */
            verdict: "up" | "suspect" | "flapping" | "unknown" | "down";
            reasons: string[];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            decided_at?: string;
            failure_domain: string;
            /** @description Whether it is looked at from enough failure domains, so that groups can opt into automatic failover */
            automatic_failover: boolean;
            /** @description The newest sample of each within the last ten minutes */
            vantages: components["schemas"]["HealthSample"][];
        };
        /** @description What one vantage point saw of a site in one round */
        HealthSample: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description Who looked: a worker of another site, or `control-plane` */
            vantage: string;
            failure_domain: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /**
             * @description `blind`: it saw nothing else either, and may be cut off itself
             * @enum {string}
             */
            sees: "up" | "down" | "blind";
            probes: {
                /** @enum {string} */
                kind: "api" | "network" | "application";
                target: string;
                /** @enum {string} */
                result: "ok" | "slow" | "failed";
                took_ms: number;
                reason?: string;
            }[];
        };
        HealthDecisionList: {
            items: components["schemas"]["HealthDecision"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        HealthDecision: {
            decision_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description Absent of a decision about the site itself */
            group_id?: string;
            epoch?: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @enum {string} */
            verdict: "up" | "suspect" | "flapping" | "unknown" | "down";
            /** @enum {string} */
            action: "none" | "asked" | "failover" | "refused";
            reasons: string[];
            /** @description What it was decided on */
            samples: components["schemas"]["HealthSample"][];
            /**
             * Format: date-time
             * @description Until when a person is asked
             */
            deadline?: string;
            /** @description Before a failover is answered for */
            make_sure_of?: string[];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            answered_at?: string;
            answered_by?: string;
            answer?: {
                failover: boolean;
                made_sure_of?: string;
            };
        };
        ReleasedGroup: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description They are off, and may be started */
            vm_ids: string[];
        };
        GroupLease: {
            group_id: string;
            /**
             * @description The site that it lies at
             * @example onprem-a
             */
            at: string;
            lease?: {
                group_id: string;
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                holder: string;
                epoch: number;
                duration_ms: number;
                margin_ms: number;
                /** @description A watchdog cuts the holder off when it can't renew the lease */
                watched: boolean;
                renewals: number;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                renewed_at: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                taken_at: string;
                /**
                 * @description Why nobody else could still write when it changed hands last
                 * @enum {string}
                 */
                proof?: "expired" | "fenced" | "handed-over" | "confirmed";
                confirmed_by?: string;
            };
        };
        AlarmList: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            items: components["schemas"]["Alarm"][];
        };
        Alarm: {
            alarm_id: string;
            name: string;
            /** @description Absent where it is not about one VM */
            vm_id?: string;
            /** @description Ours, or the cloud's own name where it watches something else */
            metric: string;
            threshold?: number;
            /** @enum {string} */
            comparison?: "gt" | "gte" | "lt" | "lte" | "eq";
            duration_seconds?: number;
            actions: string[];
            /**
             * @description Absent where the cloud does not tell; `unknown` where it has too few figures
             * @enum {string}
             */
            state?: "ok" | "alarm" | "unknown";
            enabled: boolean;
            tags: {
                [key: string]: string;
            };
        };
        DeletedAlarm: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            alarm_id: string;
        };
        VmList: {
            items: components["schemas"]["Vm"][];
            /** @description Absent on the last page */
            next_cursor?: string;
            sites: components["schemas"]["Freshness"][];
        };
        Vm: {
            /** @description The site's own id; unique within the site */
            vm_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            name: string;
            /** @enum {string} */
            state: "running" | "stopped" | "paused" | "starting" | "stopping" | "crashed" | "unknown";
            cpus: number;
            /** @description Bytes */
            memory_bytes: number;
            /**
             * @description The site's name for its size
             * @example m6i.large
             */
            instance_type?: string;
            /** @enum {string} */
            capacity_type?: "on-demand" | "spot";
            zone?: string;
            /** @enum {string} */
            firmware: "bios" | "uefi";
            /** @enum {string} */
            architecture: "x86_64" | "aarch64";
            disks: {
                disk_id: string;
                volume_id: string;
                /** @description Bytes */
                size_bytes: number;
                /** @enum {string} */
                bus: "virtio-blk" | "virtio-scsi" | "nvme" | "ide" | "sata" | "xen" | "hyperv";
                boot: boolean;
                /** @description Bytes */
                allocated_bytes?: number;
                type?: string;
            }[];
            nics: {
                nic_id: string;
                network_id: string;
                mac?: string;
                /** @description In its network, where the site gives it one */
                address?: string;
            }[];
            /** @description Guest ports that are reachable from its site */
            publish_ports: number[];
            endpoints: {
                guest_port: number;
                host: string;
                port: number;
            }[];
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at?: string;
            /**
             * Format: date-time
             * @description When its site was read last
             */
            observed_at: string;
        };
        Plan: {
            plan_id: string;
            /** @description SHA-256 in hex */
            hash: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            kind: string;
            /** @description What it touches: who reaches all of it may see and execute the plan */
            subjects?: {
                site?: string;
                /** @description Keys and values as the site has them */
                tags?: {
                    [key: string]: string;
                };
            }[];
            inputs: {
                [key: string]: unknown;
            };
            observed: {
                site: string;
                kind: string;
                id: string;
                version: string;
            }[];
            choices: {
                what: string;
                chosen: string;
                why: string;
            }[];
            actions: {
                action: string;
                resource: {
                    site: string;
                    kind: string;
                    id: string;
                };
                detail: string;
                parameters: {
                    [key: string]: unknown;
                };
            }[];
            /** @description What would be there afterwards, as policies judge it, now and when the plan is executed */
            judged?: {
                [key: string]: unknown;
            }[];
            checks: {
                check: string;
                /** @enum {string} */
                result: "pass" | "warn" | "fail";
                detail: string;
                remedy?: string;
            }[];
            estimates: {
                /** @description Bytes */
                bytes_to_move: number;
                /** @description Bytes */
                bytes_nominal: number;
                seconds?: number;
                downtime_seconds?: number;
                basis: string;
                /** @description Earlier moves that the predicted times rest on; 0: they are assumed */
                moves?: number;
                /** @description Of the VM at the target, for a month, at list prices */
                monthly?: components["schemas"]["Cost"];
                /** @description Of the traffic of this move out of the source */
                egress?: components["schemas"]["Cost"];
            };
            executable: boolean;
        };
        Cost: {
            /** @description What is known of it; absent when nothing is */
            total?: components["schemas"]["Money"];
            /** @description False when a line is unknown: it costs more than the total */
            complete: boolean;
            items: {
                what: string;
                quantity: number;
                unit: string;
                amount?: components["schemas"]["Money"];
                unit_price?: components["schemas"]["Money"];
                /** Format: date */
                priced_on?: string;
                source?: string;
                /** @description How it was made, where it is not the list's own figure */
                derived?: string;
                /** @description Instead of an amount: what it would take to know it */
                unknown?: string;
            }[];
        };
        Operation: {
            operation_id: string;
            plan_id: string;
            workflow_id: string;
            /** @description create-vm, start-vm, stop-vm, resize-vm, delete-vm, remediate-findings */
            kind: string;
            /**
             * @description `partly-done`: some VMs failed; their rows say why. The others were not stopped by that
             * @enum {string}
             */
            state: "running" | "done" | "partly-done" | "failed" | "cancelled";
            /** @description VMs that the plan does something to */
            total: number;
            done: number;
            failed: number;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            /** @description One row a VM: the report */
            items: components["schemas"]["OperationItem"][];
        };
        OperationItem: {
            item: number;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            name: string;
            vm_id?: string;
            /** @enum {string} */
            state: "waiting" | "running" | "done" | "failed" | "not-begun";
            /** @description What it is at, or was when it failed */
            step?: string;
            problem?: {
                code: string;
                message: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        VmAnswer: {
            /** @description The site's own id; unique within the site */
            vm_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            name: string;
            /** @enum {string} */
            state: "running" | "stopped" | "paused" | "starting" | "stopping" | "crashed" | "unknown";
            cpus: number;
            /** @description Bytes */
            memory_bytes: number;
            /**
             * @description The site's name for its size
             * @example m6i.large
             */
            instance_type?: string;
            /** @enum {string} */
            capacity_type?: "on-demand" | "spot";
            zone?: string;
            /** @enum {string} */
            firmware: "bios" | "uefi";
            /** @enum {string} */
            architecture: "x86_64" | "aarch64";
            disks: {
                disk_id: string;
                volume_id: string;
                /** @description Bytes */
                size_bytes: number;
                /** @enum {string} */
                bus: "virtio-blk" | "virtio-scsi" | "nvme" | "ide" | "sata" | "xen" | "hyperv";
                boot: boolean;
                /** @description Bytes */
                allocated_bytes?: number;
                type?: string;
            }[];
            nics: {
                nic_id: string;
                network_id: string;
                mac?: string;
                /** @description In its network, where the site gives it one */
                address?: string;
            }[];
            /** @description Guest ports that are reachable from its site */
            publish_ports: number[];
            endpoints: {
                guest_port: number;
                host: string;
                port: number;
            }[];
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at?: string;
            /**
             * Format: date-time
             * @description When its site was read last
             */
            observed_at: string;
            freshness: components["schemas"]["Freshness"];
        };
        ResourceList: {
            items: components["schemas"]["Resource"][];
            /** @description Absent on the last page */
            next_cursor?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            as_of?: string;
            freshness: components["schemas"]["InventoryFreshness"];
        };
        Resource: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @enum {string} */
            kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
            /** @description The site's own id; unique among the kind's at the site */
            resource_id: string;
            provider: string;
            region?: string;
            name: string;
            state?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            state_since?: string;
            cpus?: number;
            /** @description Bytes */
            memory_bytes?: number;
            /** @description Bytes */
            size_bytes?: number;
            /** @description At list price; absent means unknown, which is not 0 */
            monthly_cost?: components["schemas"]["Money"];
            /**
             * @description The site's word for its size
             * @example m6i.large
             */
            type?: string;
            owner?: string;
            project?: string;
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            first_seen_at: string;
            /**
             * Format: date-time
             * @description Since when it is as it is
             */
            changed_at: string;
            /**
             * Format: date-time
             * @description When it was seen last; in a view of the past, the moment of the view
             */
            observed_at: string;
            /** @description All that the site says of it */
            details: {
                [key: string]: unknown;
            };
        };
        /** @description How old an answer is and what it lacks; only sites and kinds that it can speak of */
        InventoryFreshness: {
            /** @description Whether the newest attempt to read everything concerned succeeded */
            complete: boolean;
            /** @example aws: 4 of 5 regions, 12 min old */
            summary: string;
            /**
             * Format: date-time
             * @description The oldest reading that this comes from; absent if never
             */
            observed_at?: string;
            age_seconds?: number;
            providers: {
                provider: string;
                sites: number;
                sites_up_to_date: number;
                /**
                 * Format: date-time
                 * @description The oldest reading that this comes from; absent if never
                 */
                observed_at?: string;
                age_seconds?: number;
                summary: string;
            }[];
            sites: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                provider: string;
                region?: string;
                up_to_date: boolean;
                /**
                 * Format: date-time
                 * @description The oldest reading that this comes from; absent if never
                 */
                observed_at?: string;
                age_seconds?: number;
                /** @description Why rows of the site are older than they should be, or missing */
                problems: {
                    kinds: ("vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel")[];
                    error: string;
                    /**
                     * Format: date-time
                     * @description ISO 8601, UTC
                     */
                    failed_at?: string;
                }[];
            }[];
        };
        ResourceChanges: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            from: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            to: string;
            items: {
                /** @enum {string} */
                change: "added" | "changed" | "removed";
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                /** @enum {string} */
                kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
                resource_id: string;
                before?: components["schemas"]["Resource"];
                after?: components["schemas"]["Resource"];
            }[];
            /** @description Absent on the last page */
            next_cursor?: string;
            freshness: components["schemas"]["InventoryFreshness"];
        };
        ResourceAnswer: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @enum {string} */
            kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
            /** @description The site's own id; unique among the kind's at the site */
            resource_id: string;
            provider: string;
            region?: string;
            name: string;
            state?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            state_since?: string;
            cpus?: number;
            /** @description Bytes */
            memory_bytes?: number;
            /** @description Bytes */
            size_bytes?: number;
            /** @description At list price; absent means unknown, which is not 0 */
            monthly_cost?: components["schemas"]["Money"];
            /**
             * @description The site's word for its size
             * @example m6i.large
             */
            type?: string;
            owner?: string;
            project?: string;
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            first_seen_at: string;
            /**
             * Format: date-time
             * @description Since when it is as it is
             */
            changed_at: string;
            /**
             * Format: date-time
             * @description When it was seen last; in a view of the past, the moment of the view
             */
            observed_at: string;
            /** @description All that the site says of it */
            details: {
                [key: string]: unknown;
            };
            /**
             * Format: date-time
             * @description Since when it is no longer there, or not within your reach; the rest is as it was then
             */
            gone_at?: string;
            /** @description What it was and is, the newest first; 200 at most */
            history: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                valid_from: string;
                /**
                 * Format: date-time
                 * @description Absent for what it is now
                 */
                valid_to?: string;
                /** @description It was gone after this */
                gone: boolean;
                resource: components["schemas"]["Resource"];
            }[];
            freshness: components["schemas"]["InventoryFreshness"];
        };
        RefreshedInventory: {
            sites: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                read: boolean;
                /** @description Why nothing of it could be read; its rows keep their age */
                error?: string;
            }[];
            freshness: components["schemas"]["InventoryFreshness"];
        };
        SavedSearchList: {
            items: components["schemas"]["SavedSearch"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        SavedSearch: {
            search_id: string;
            name: string;
            query: string;
            /**
             * @description `user/<id>`, or `token/<id>` of a program
             * @example user/42
             */
            owner: string;
            /** @description Whether it is the caller's own */
            mine: boolean;
            shared: boolean;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updated_at: string;
        };
        UnifiedView: {
            total_vms: number;
            /** @description Of the VMs */
            total_cpus: number;
            /** @description Of the VMs, in GiB */
            total_memory_gb: number;
            /** @description Of everything that has a price: VMs, volumes, snapshots, addresses */
            total_cost: components["schemas"]["CostSum"];
            /** @description By the provider's kind; the totals are the sums of these */
            provider_breakdown: {
                [key: string]: {
                    vms: number;
                    cpus: number;
                    cost: components["schemas"]["CostSum"];
                };
            };
            /** @description What stands there and nothing uses: volumes and addresses */
            cost_savings: components["schemas"]["CostSum"];
            /** @description VMs that run what another site has no room for (`novacron:burst`) */
            burst_workloads: number;
            /** @description Of those VMs, from their start until they are final or undone; absent without `migrations:read` */
            active_migrations?: number;
            /** @description Open findings of policies on resources within reach, whatever `q` filters */
            policy_violations: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            as_of?: string;
            freshness: components["schemas"]["InventoryFreshness"];
        };
        /** @description List prices a month. What is unknown is counted, never taken for 0 */
        CostSum: {
            /** @description Of what is known, a month; absent when nothing is */
            known?: components["schemas"]["Money"];
            /** @description Resources whose cost isn't known: the whole is more than what is known */
            unknown_resources: number;
        };
        /** @description What is not here is not known; it is not free */
        PriceList: {
            items: components["schemas"]["Price"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        Price: {
            provider: string;
            region: string;
            /** @enum {string} */
            kind: "instance" | "disk" | "snapshot" | "egress" | "address" | "cpu" | "memory" | "load-balancer";
            /** @description An instance type, a disk type, or where traffic goes */
            item: string;
            /** @enum {string} */
            terms: "on-demand" | "spot" | "reserved-1y" | "reserved-3y";
            /** @description From how many units a month on it holds */
            above: number;
            price: components["schemas"]["Money"];
            /** @enum {string} */
            unit: "hour" | "gib-month" | "gib" | "ocpu-hour" | "gib-hour" | "mbps-hour";
            /**
             * Format: date
             * @description The day of the list
             */
            priced_on: string;
            age_days: number;
            source: string;
            /** @description How it was made, where it is not the list's own figure */
            derived?: string;
            /** @description What an instance type has */
            size?: {
                cpus: number;
                /** @description Bytes */
                memory_bytes: number;
                /** @enum {string} */
                architecture: "x86_64" | "aarch64";
                gpus: number;
                burstable: boolean;
                /** @description How often it is taken back: 0 below 5 % a month, then in steps of five, 4 above 20 % */
                interruption_band?: number;
            };
        };
        CostSums: {
            groups: {
                /** @description A dimension that rows don't have is absent */
                key: {
                    [key: string]: string;
                };
                rows: number;
                /**
                 * @description ISO 4217
                 * @example USD
                 */
                currency: string;
                /** @description At list prices; absent where a row doesn't say it */
                list?: number;
                /** @description At the prices of your contract; absent where a row doesn't say it */
                contracted?: number;
                /** @description As the bill has it */
                billed: number;
                /** @description With what commitments cost spread over what they cover */
                effective: number;
            }[];
            /** @description Beyond the limit */
            rest: {
                groups: number;
                /**
                 * @description ISO 4217
                 * @example USD
                 */
                currency: string;
                /** @description At list prices; absent where a row doesn't say it */
                list?: number;
                /** @description At the prices of your contract; absent where a row doesn't say it */
                contracted?: number;
                /** @description As the bill has it */
                billed: number;
                /** @description With what commitments cost spread over what they cover */
                effective: number;
            }[];
            /** @description One a currency */
            totals: {
                /**
                 * @description ISO 4217
                 * @example USD
                 */
                currency: string;
                /** @description At list prices; absent where a row doesn't say it */
                list?: number;
                /** @description At the prices of your contract; absent where a row doesn't say it */
                contracted?: number;
                /** @description As the bill has it */
                billed: number;
                /** @description With what commitments cost spread over what they cover */
                effective: number;
            }[];
            /** @description Left in their own currency: no rate of exchange is known for these months */
            unconverted: {
                /**
                 * @description ISO 4217
                 * @example USD
                 */
                currency: string;
                months: string[];
            }[];
        };
        CostForecast: {
            groups: {
                key: {
                    [key: string]: string;
                };
                currency: string;
                /**
                 * Format: date
                 * @description The last day that has costs
                 */
                known_until: string;
                forecast?: {
                    days: {
                        /** Format: date */
                        day: string;
                        /** @description Millionths of the currency's unit */
                        expected: number;
                        /** @description Millionths of the currency's unit */
                        low: number;
                        /** @description Millionths of the currency's unit */
                        high: number;
                    }[];
                    /** @description Of all its days; the interval is how far such sums were off on the past */
                    total: {
                        /** @description Millionths of the currency's unit */
                        expected: number;
                        /** @description Millionths of the currency's unit */
                        low: number;
                        /** @description Millionths of the currency's unit */
                        high: number;
                    };
                    /** @description Of a day's interval: 0.8 holds eight in ten */
                    level: number;
                    /** @description Mean error of a day had it been made on the past, beside that of `as a week ago` */
                    backtest: {
                        error: number;
                        naive_error: number;
                        origins: number;
                    };
                    methods: string[];
                };
                /** @description Why there is none */
                reason?: string;
            }[];
            /** @description What providers expect of whole sites themselves, of the days that are asked for */
            providers: {
                site: string;
                said_by: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                said_at: string;
                currency: string;
                level?: number;
                days: {
                    /** Format: date */
                    day: string;
                    /** @description Millionths of the currency's unit */
                    micros: number;
                    /** @description Millionths of the currency's unit */
                    low?: number;
                    /** @description Millionths of the currency's unit */
                    high?: number;
                }[];
            }[];
        };
        CostSourceList: {
            items: {
                source_id: string;
                provider: string;
                site?: string;
                months: number;
                rows: number;
                /**
                 * @description A month
                 * @example 2026-11
                 */
                newest_month?: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                imported_at?: string;
            }[];
        };
        CostImportList: {
            items: components["schemas"]["CostImport"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        CostImport: {
            import_id: string;
            source_id: string;
            provider: string;
            site?: string;
            part: string;
            format?: string;
            file_name?: string;
            /** @enum {string} */
            state: "waiting" | "running" | "imported" | "unchanged" | "refused" | "failed";
            message?: string;
            bytes: number;
            rows: number;
            months: string[];
            /** @description Rows that break a rule of FOCUS */
            findings: {
                rule: string;
                what: string;
                /** @enum {string} */
                severity: "refused" | "noted";
                rows: number;
            }[];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        ExchangeRateList: {
            items: components["schemas"]["ExchangeRate"][];
        };
        ExchangeRate: {
            /**
             * @description ISO 4217
             * @example USD
             */
            from: string;
            /**
             * @description ISO 4217
             * @example USD
             */
            to: string;
            /**
             * @description A month
             * @example 2026-11
             */
            month: string;
            /** @description Units of `to` for one of `from` */
            rate: number;
            /** @description Who says so */
            source: string;
        };
        ReconciliationList: {
            items: {
                source_id: string;
                /**
                 * @description A month
                 * @example 2026-11
                 */
                month: string;
                /**
                 * @description ISO 4217
                 * @example USD
                 */
                currency: string;
                /** @description What the provider says */
                stated?: components["schemas"]["Money"];
                said_by?: string;
                /** @description What its rows add up to */
                billed?: components["schemas"]["Money"];
                difference?: components["schemas"]["Money"];
                /** @enum {string} */
                state: "agrees" | "explained" | "unexplained" | "open";
                explanation: string[];
            }[];
        };
        BudgetList: {
            items: components["schemas"]["Budget"][];
        };
        Budget: {
            budget_id: string;
            name: string;
            where: string;
            amount: components["schemas"]["Money"];
            /** @enum {string} */
            period: "day" | "month" | "quarter";
            /** @enum {string} */
            cost: "effective" | "billed";
            warn_at: number[];
            created_by: string;
            status: {
                /** Format: date */
                from: string;
                /**
                 * Format: date
                 * @description The day after the last
                 */
                to: string;
                spent: components["schemas"]["Money"];
                /** @description Of the amount */
                used: number;
                /** @description What the whole period comes to, and between what four of five fall. Absent under two weeks of costs */
                forecast?: {
                    expected: components["schemas"]["Money"];
                    low: components["schemas"]["Money"];
                    high: components["schemas"]["Money"];
                };
                /** @enum {string} */
                state: "within" | "warning" | "forecast-over" | "over" | "unknown";
                reason: string;
                /**
                 * Format: date
                 * @description The last day that has costs
                 */
                known_until?: string;
            };
        };
        SplitRuleList: {
            items: components["schemas"]["SplitRule"][];
        };
        SplitRule: {
            rule_id: string;
            name: string;
            /**
             * @description What it divides
             * @example tag:project=web
             */
            where: string;
            /**
             * @description `even`: each the same; `weight`: as the weights say; `use`: as their own effective costs are
             * @enum {string}
             */
            method: "even" | "weight" | "use";
            /** @description Who gets how many parts */
            weights?: {
                [key: string]: number;
            };
            /** @description The only ones who share it */
            among?: string[];
        };
        Chargeback: {
            by: string;
            /** @description One a currency */
            items: {
                currency: string;
                lines: {
                    /** @description Absent: what carries no such tag */
                    owner?: string;
                    /** @description Millionths of the currency's unit */
                    direct_micros: number;
                    shares: {
                        rule: string;
                        /** @description Millionths of the currency's unit */
                        micros: number;
                    }[];
                    /** @description Millionths of the currency's unit */
                    total_micros: number;
                }[];
                undivided: {
                    rule: string;
                    /** @description Millionths of the currency's unit */
                    micros: number;
                    reason: string;
                }[];
                /** @description Millionths of the currency's unit */
                total_micros: number;
            }[];
        };
        WhatIf: {
            vms: number;
            today: {
                /** @description At list price in US dollars, of the VMs whose price is known */
                micros: number;
                /** @description VMs whose price today is not known */
                unknown: number;
            };
            /** @description The cheapest whole ones first */
            items: {
                provider: string;
                region: string;
                /** @enum {string} */
                terms: "on-demand" | "spot" | "reserved-1y" | "reserved-3y";
                /** @description Absent: no price is known */
                machines_micros?: number;
                /** @description Absent: the price of disks there is not known */
                disks_micros?: number;
                currency?: string;
                /** @description VMs */
                priced: number;
                unpriced: {
                    reason: string;
                    vms: number;
                }[];
                /**
                 * Format: date
                 * @description The oldest price's day
                 */
                priced_on?: string;
                /** @description Some prices are no list's own figures */
                derived: boolean;
                /** @enum {string} */
                confidence: "high" | "medium" | "low";
            }[];
        };
        ScheduleList: {
            items: {
                schedule_id: string;
                /** @description What is run */
                workflow: string;
                every_seconds?: number;
                paused: boolean;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                next_at?: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                last_at?: string;
                last_workflow_id?: string;
            }[];
        };
        TriggeredSchedule: {
            schedule_id: string;
        };
        PolicyList: {
            items: components["schemas"]["Policy"][];
        };
        Policy: {
            policy_id: string;
            /**
             * @description Unique; lower case with dashes
             * @example network-no-public-ssh
             */
            name: string;
            /** @enum {string} */
            type: "tagging" | "cost" | "security" | "compliance";
            /** @enum {string} */
            severity: "critical" | "high" | "medium" | "low";
            description: string;
            /** @description In the search language: what it is about. Empty: everything that has what the rule asks of */
            scope: string | "";
            requirement: components["schemas"]["PolicyRequirement"];
            /** @description `block`: plans that would break it can't be executed. Findings are kept whatever the actions */
            actions: ("notify" | "remediate" | "block")[];
            /** @description What to do about a resource that breaks it */
            remedy: string;
            /** @description How `remediate` mends it */
            remediation?: components["schemas"]["PolicyRemediation"];
            /** @description Where the rule comes from */
            source?: string;
            enabled: boolean;
            /** @description The starter pack that it came with */
            pack?: string;
            /** @description Raised with every change */
            version: number;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updated_at: string;
            /**
             * Format: date-time
             * @description Of its newest scan. Absent with the counts where there was none
             */
            judged_at?: string;
            /** @description Resources that it is about */
            judged?: number;
            /** @description Of which something that the rule asks of isn't known */
            unknown?: number;
            /** @description Findings. The counts are for who sees the whole installation */
            open?: number;
            exempt?: number;
        };
        PolicyPackList: {
            items: components["schemas"]["PolicyPack"][];
        };
        PolicyPack: {
            pack_id: string;
            title: string;
            summary: string;
            policies: {
                /**
                 * @description Unique; lower case with dashes
                 * @example network-no-public-ssh
                 */
                name: string;
                /** @enum {string} */
                type: "tagging" | "cost" | "security" | "compliance";
                /** @enum {string} */
                severity: "critical" | "high" | "medium" | "low";
                description: string;
                /** @description In the search language: what it is about. Empty: everything that has what the rule asks of */
                scope: string | "";
                requirement: components["schemas"]["PolicyRequirement"];
                /** @description `block`: plans that would break it can't be executed. Findings are kept whatever the actions */
                actions: ("notify" | "remediate" | "block")[];
                /** @description What to do about a resource that breaks it */
                remedy: string;
                /** @description How `remediate` mends it */
                remediation?: components["schemas"]["PolicyRemediation"];
                /** @description Where the rule comes from */
                source?: string;
            }[];
        };
        ExemptionList: {
            items: components["schemas"]["Exemption"][];
        };
        Exemption: {
            exemption_id: string;
            policy_id: string;
            scope: string;
            owner: string;
            reason: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            expires_at: string;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            revoked_at?: string;
        };
        StandingApprovalList: {
            items: components["schemas"]["StandingApproval"][];
        };
        StandingApproval: {
            approval_id: string;
            policy_id: string;
            most: number;
            reason: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            expires_at: string;
            approved_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            revoked_at?: string;
        };
        FindingList: {
            items: components["schemas"]["Finding"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        Finding: {
            finding_id: string;
            policy_id: string;
            policy: string;
            /** @enum {string} */
            type: "tagging" | "cost" | "security" | "compliance";
            /** @enum {string} */
            severity: "critical" | "high" | "medium" | "low";
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @enum {string} */
            kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
            resource_id: string;
            name: string;
            /** @enum {string} */
            state: "open" | "exempt" | "resolved";
            exemption_id?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            first_seen_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            last_seen_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            resolved_at?: string;
            /** @description What of the resource breaks the policy, as it is now */
            why?: string;
            remedy?: string;
        };
        StartedPolicyScan: {
            scan_id: string;
            workflow_id: string;
        };
        PolicyScanList: {
            items: components["schemas"]["PolicyScan"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        PolicyScan: {
            scan_id: string;
            workflow_id: string;
            /** @enum {string} */
            state: "running" | "done" | "failed";
            reason?: string;
            asked_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            results: {
                policy_id: string;
                policy: string;
                /** @enum {string} */
                severity: "critical" | "high" | "medium" | "low";
                /** @description Resources that the policy is about */
                judged: number;
                violations: number;
                exempt: number;
                /** @description Of which something that the rule asks of isn't known */
                unknown: number;
                opened: number;
                resolved: number;
            }[];
        };
        PolicyDryRunResult: {
            moments: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
                /** @description Resources that the policy is about */
                judged: number;
                violations: number;
                exempt: number;
                /** @description Of which something that the rule asks of isn't known */
                unknown: number;
                /** @description The first 50 by name */
                examples: {
                    /**
                     * @description A site's id, as in the configuration
                     * @example onprem-a
                     */
                    site: string;
                    /** @enum {string} */
                    kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
                    resource_id: string;
                    name: string;
                    exempt: boolean;
                }[];
            }[];
        };
        ComplianceReport: {
            framework: string;
            title: string;
            source: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            generated_at: string;
            controls: {
                control_id: string;
                title: string;
                /** @enum {string} */
                standing: "violated" | "no-violation" | "incomplete" | "not-checked";
                policies: {
                    name: string;
                    installed: boolean;
                    enabled: boolean;
                    /**
                     * Format: date-time
                     * @description ISO 8601, UTC
                     */
                    judged_at?: string;
                    judged?: number;
                    unknown?: number;
                    open: number;
                    exempt: number;
                }[];
                evidence: string[];
                /** @description Why more can't be said */
                missing: string[];
                /** @description What of it nobody looks at here */
                not_checked: string;
            }[];
            /** @description Parts of the framework of which nothing is looked at */
            outside: string[];
            summary: {
                violated: number;
                no_violation: number;
                incomplete: number;
                not_checked: number;
            };
        };
        MigrationMapList: {
            items: components["schemas"]["MigrationMap"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        MigrationMap: {
            name: string;
            /** @description One more with each change */
            version: number;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /** @description Source network id → target network, by name or id */
            network_map?: {
                [key: string]: string;
            };
            /** @description Names or ids; default the configuration's */
            security_groups?: string[];
            /**
             * @description `translate`: the rules that hold for the VM at the source are said at the target, by a group of its own. `leave` (default): the target's own hold
             * @enum {string}
             */
            rules?: "translate" | "leave";
            /**
             * @description Of a rule that refuses something and can't be said exactly. `block` (default): the plan fails. `narrow`: less is let through than before. Never more
             * @enum {string}
             */
            untranslatable_rules?: "block" | "narrow";
            /** @description Peers of the source's rules (a group's or service's name, a CIDR) → who that is at the target: CIDRs or a group, divided by commas */
            peer_map?: {
                [key: string]: string;
            };
            /**
             * @description `keep`: the addresses that its NICs have at the source, where the target's network has them free. Default `new`
             * @enum {string}
             */
            addresses?: "keep" | "new";
            /**
             * @description `match`: each disk's type is the nearest to what it has at the source. `default`: the site's own choice
             * @enum {string}
             */
            disk_types?: "match" | "default";
            /** @description A type of the source → one of the target: gp3 → Premium_LRS */
            disk_type_map?: {
                [key: string]: string;
            };
            /** @description Default what the target's network does by itself */
            public_address?: boolean;
            /** @description The target's name of a customer's key */
            encryption_key?: string;
            /** @description Whose version it is: `user/<id>` or `token/<id>` */
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        AddressPlan: {
            /** @description In the order of addresses */
            ranges: components["schemas"]["PlannedRange"][];
            overlaps: {
                first: components["schemas"]["PlannedRange"];
                second: components["schemas"]["PlannedRange"];
                /** @enum {string} */
                relation: "equal" | "first-contains-second" | "second-contains-first";
            }[];
            /** @description One for each range that would have to give way */
            proposals: {
                range: components["schemas"]["PlannedRange"];
                clashes_with: components["schemas"]["PlannedRange"][];
                /** @description As large, and free everywhere; absent where nothing is */
                renumber_to?: {
                    cidr: string;
                    pool?: string;
                };
                /** @description Where it can't be renumbered: what the others would see it as, address by address */
                translate_to?: {
                    cidr: string;
                };
            }[];
            unusable: {
                range: components["schemas"]["PlannedRange"];
                reason: string;
            }[];
        };
        PlannedRange: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description The network that routes by itself: a VPC, VNet, VCN, or a host's network */
            network_id: string;
            name: string;
            cidr: string;
        };
        AddressPoolList: {
            items: components["schemas"]["AddressPool"][];
        };
        AddressPool: {
            name: string;
            cidr: string;
            excluded: string[];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        AddressAllocation: {
            allocation_id: string;
            pool: string;
            cidr: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            name: string;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        AddressAllocationList: {
            items: components["schemas"]["AddressAllocation"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        /** @description What both ends are told; keys are no part of it */
        ConnectionPlan: {
            /** @description It begins */
            near: components["schemas"]["ConnectionEnd"];
            far: components["schemas"]["ConnectionEnd"];
            parameters: {
                /** @enum {string} */
                ike: "aes256gcm16" | "aes256" | "aes128gcm16" | "aes128";
                /** @enum {string} */
                esp: "aes256gcm16" | "aes256" | "aes128gcm16" | "aes128";
                /** @enum {string} */
                integrity: "sha384" | "sha256";
                /** @enum {string} */
                dh: "ecp384" | "ecp256" | "modp2048";
                ike_seconds: number;
                esp_seconds: number;
            };
            tunnels: {
                index: number;
                near_address: string;
                far_address: string;
            }[];
            /** @description No single link takes both tunnels */
            separate_paths: boolean;
        };
        ConnectionEnd: {
            /**
             * @description The site, or the name of the device
             * @example onprem-a
             */
            site: string;
            /** @enum {string} */
            device?: "cisco-ios-xe" | "juniper-junos" | "fortinet-fortios" | "pfsense";
            /** @description Where tunnels may end */
            addresses: string[];
            /** @description What is reached through them */
            networks: string[];
            probe_address?: string;
        };
        Connection: {
            connection_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            near: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            far: string;
            device?: components["schemas"]["FarDevice"];
            /** @enum {string} */
            state: "connecting" | "waiting" | "connected" | "rotating" | "drilling" | "undoing" | "failed" | "disconnecting" | "disconnected";
            /** @description Of the keys; one more with each exchange */
            generation: number;
            plan?: components["schemas"]["ConnectionPlan"];
            problem?: {
                code: string;
                message: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                    reason: string;
                }[];
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            keys_at?: string;
            /** @description What was seen last; looked at every 30 seconds */
            seen?: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
                /** @description Of each tunnel */
                up: boolean[];
                path?: {
                    loss_ratio: number;
                    round_trip_ms?: number;
                    jitter_ms?: number;
                };
                /** @description Why it counts as degraded; absent where it does not */
                degraded?: string;
            };
            /** @description The last one */
            drill?: {
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
                /** @description Traffic went on by the other tunnel each time, and all are set again */
                passed: boolean;
                tunnels: {
                    index: number;
                    failure?: string;
                    not_set_again?: string;
                }[];
            };
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        ConnectionList: {
            items: components["schemas"]["Connection"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        /** @description With keys: secret */
        DeviceConfig: {
            files: {
                name: string;
                content: string;
            }[];
            /** @description What a person does, in this order */
            steps: string[];
        };
        Migration: {
            migration_id: string;
            plan_id: string;
            workflow_id: string;
            vm: {
                name: string;
                source_vm_id: string;
                target_vm_id?: string;
            };
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /** @enum {string} */
            state: "running" | "queued" | "paused" | "awaiting-cutover" | "awaiting-finalize" | "undoing" | "undone" | "finalized" | "rolling-back" | "rolled-back" | "cancelled" | "failed";
            /** @enum {string} */
            step?: "validate" | "network" | "announce" | "replicate" | "live" | "hold" | "stop" | "copy" | "seal" | "prove" | "prepare" | "materialise" | "create" | "verify" | "shift" | "complete" | "rollback" | "finalize";
            progress: number;
            steps: {
                /** @enum {string} */
                step: "validate" | "network" | "announce" | "replicate" | "live" | "hold" | "stop" | "copy" | "seal" | "prove" | "prepare" | "materialise" | "create" | "verify" | "shift" | "complete" | "rollback" | "finalize";
                /** @enum {string} */
                state: "running" | "done" | "failed" | "skipped";
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                started_at: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                ended_at?: string;
                detail?: string;
            }[];
            /** @description Bytes */
            bytes_to_move: number;
            /** @description Bytes */
            bytes_copied: number;
            /** @description Bytes */
            bytes_resent: number;
            disks: {
                disk_id: string;
                /** @description Bytes */
                size_bytes: number;
                /** @description Bytes */
                allocated_bytes: number;
                /** @description Bytes */
                bytes_copied: number;
                /** @description Bytes */
                bytes_resent: number;
                /** @description As they travelled between two workers of sites, compressed; absent for other ways */
                bytes_on_wire?: number;
                /** @enum {string} */
                tracking: "full" | "dirty-bitmap" | "overlay-allocation" | "changed-blocks" | "hash-compare";
                generation_id: string;
                point_id: string;
                root_hash: string;
                /** @description The point on top of it that the VM's disk is a clone of, where the guest was prepared */
                prepared_point_id?: string;
            }[];
            downtime_seconds?: number;
            /** @description What its plan predicted, and what it took */
            times?: {
                predicted_seconds?: number;
                predicted_downtime_seconds?: number;
                /** @description What the prediction rests on */
                basis?: string;
                /** @description From its first step to the end of its last; absent until it was moved */
                seconds?: number;
                /** @description Of these the copying: all bytes of a cold move; the rounds of a warm one, while its source ran; disks and memory of a live one */
                bulk_copy_seconds?: number;
            };
            /** @enum {string} */
            boot_proof?: "proven" | "not-asked" | "unavailable";
            certificate_id?: string;
            /** @description What is replicated of a running source, and what a cutover would cost now */
            warm?: {
                rounds: number;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                proven_up_to: string;
                change_bytes_per_second?: number;
                predicted_downtime_seconds: number;
                /** @description Bytes */
                last_round_bytes: number;
                consistency?: components["schemas"]["Consistency"];
            };
            /** @description How far the move of a running guest is */
            live?: {
                /** @enum {string} */
                phase: "disks" | "memory";
                /** @description Bytes */
                disk_bytes_done: number;
                /** @description Bytes */
                disk_bytes_left: number;
                /** @description Bytes */
                memory_bytes_done: number;
                /** @description Bytes */
                memory_bytes_left: number;
                /** @description Of memory, as it is rewritten */
                dirty_bytes_per_second?: number;
                /** @description For how long the guest stood still at the switch */
                pause_ms?: number;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                switched_at?: string;
                /** @description It ended after the switch and was started anew: its memory is lost */
                restarted?: boolean;
            };
            /** @description How the way of users to it stands */
            traffic?: components["schemas"]["TrafficView"];
            /** @description The way home with what the target wrote */
            undo?: {
                /** @enum {string} */
                state: "open" | "undoing" | "undone" | "closed";
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                until: string;
                /** @description The migration that carries changes home */
                migration_id?: string;
                reason?: string;
            };
            /** @description What its finalize did not touch, as the confirmed plan did not name it */
            left_alone?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                kind: string;
                id: string;
                why: string;
            }[];
            /** @description How its tests ended; GET /v1/migration-tests has them */
            tests?: {
                passed: number;
                failed: number;
            };
            /** @description The wave that it is part of */
            wave_id?: string;
            problem?: {
                code: string;
                message: string;
                step?: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
                facts?: {
                    [key: string]: unknown;
                };
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updated_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        TrafficView: {
            /** @enum {string} */
            state: "waiting" | "ready" | "held" | "shifted" | "settled" | "back";
            /**
             * Format: date-time
             * @description Until then resolvers may keep a record for its former TTL
             */
            cutover_not_before?: string;
            targets?: string[];
            held?: components["schemas"]["HeldTraffic"][];
            gap?: components["schemas"]["TrafficGap"];
        };
        MigrationList: {
            items: components["schemas"]["Migration"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        MigrationStatistics: {
            total_migrations: number;
            /** @description Moved: the target serves, finalized or not yet */
            completed_migrations: number;
            /** @description Rolled back because of a problem, or left as they were */
            failed_migrations: number;
            /** @description Bytes */
            bytes_copied: number;
            /** @description Bytes */
            bytes_resent: number;
            /** @description Of copies between two workers of sites, as they travelled: compressed */
            bytes_on_wire: number;
            /** @description Of the copy steps of completed ones */
            copy_bytes_per_second?: number;
            /** @description Of completed ones, from the first step to the last */
            median_seconds?: number;
            /** @description Of VMs that ran before and were stopped */
            downtime?: {
                count: number;
                median_seconds: number;
                p95_seconds: number;
                max_seconds: number;
            };
            /** @description Of completed moves that waited for no cutover, by plans that rested on earlier moves */
            predictions?: {
                count: number;
                /** @description Took what was predicted, or a fifth (or a second) more or less */
                kept: number;
                /** @description Of what they took to what was predicted */
                median_ratio: number;
            };
            states: {
                /** @enum {string} */
                state: "running" | "queued" | "paused" | "awaiting-cutover" | "awaiting-finalize" | "undoing" | "undone" | "finalized" | "rolling-back" | "rolled-back" | "cancelled" | "failed";
                migrations: number;
            }[];
            routes: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                from: string;
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                to: string;
                total_migrations: number;
                /** @description Moved: the target serves, finalized or not yet */
                completed_migrations: number;
                /** @description Rolled back because of a problem, or left as they were */
                failed_migrations: number;
                /** @description Bytes */
                bytes_copied: number;
                /** @description Bytes */
                bytes_resent: number;
                /** @description Of copies between two workers of sites, as they travelled: compressed */
                bytes_on_wire: number;
                /** @description Of the copy steps of completed ones */
                copy_bytes_per_second?: number;
                /** @description Of completed ones, from the first step to the last */
                median_seconds?: number;
                /** @description Of VMs that ran before and were stopped */
                downtime?: {
                    count: number;
                    median_seconds: number;
                    p95_seconds: number;
                    max_seconds: number;
                };
                /** @description Of completed moves that waited for no cutover, by plans that rested on earlier moves */
                predictions?: {
                    count: number;
                    /** @description Took what was predicted, or a fifth (or a second) more or less */
                    kept: number;
                    /** @description Of what they took to what was predicted */
                    median_ratio: number;
                };
            }[];
        };
        MigrationTest: {
            test_id: string;
            plan_id: string;
            workflow_id: string;
            migration_id?: string;
            vm: {
                name: string;
                source_vm_id: string;
            };
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description `holding`: it was proven and stays up for people
             * @enum {string}
             */
            state: "running" | "holding" | "ending" | "passed" | "failed" | "cancelled";
            /** @enum {string} */
            step?: "copy" | "clone" | "isolate" | "create" | "verify" | "hold" | "tear-down";
            /**
             * Format: date-time
             * @description The moment that the tested disks show
             */
            point_taken_at?: string;
            consistency?: components["schemas"]["Consistency"];
            /** @description Of the migration's replica */
            round?: number;
            test_vm_id?: string;
            steps?: {
                /** @enum {string} */
                step: "copy" | "clone" | "isolate" | "create" | "verify" | "hold" | "tear-down";
                seconds: number;
            }[];
            boot?: {
                proven: boolean;
                evidence?: string;
                reason?: string;
            };
            /** @description What answered, with the seconds from the VM's start */
            probes?: {
                probe: string;
                seconds: number;
            }[];
            problem?: {
                code: string;
                message: string;
                step?: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
                facts?: {
                    [key: string]: unknown;
                };
            };
            /**
             * Format: date-time
             * @description It is torn down by then
             */
            expires_at: string;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        MigrationTestList: {
            items: components["schemas"]["MigrationTest"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        RecoveryPlan: {
            group_id: string;
            /** @description One more with each change; 0 of a group without a plan of its own */
            version: number;
            boot_groups: components["schemas"]["BootGroup"][];
            dns?: {
                /**
                 * @description Where its zone is kept: not the site that is lost
                 * @example onprem-a
                 */
                site: string;
                zone_id: string;
                /** @description Whole, with the zone's */
                name: string;
                /** @enum {string} */
                type: "A" | "AAAA" | "CNAME";
                vm?: string;
                /** @description The record gets the host that this port of the VM is reached at */
                port?: number;
                /** @description What it gets instead: addresses, or the one name of a CNAME */
                values?: string[];
                /** @description And when the group comes back to its primary site */
                home_values?: string[];
                /** @description Default 30 */
                low_ttl_seconds?: number;
            }[];
            pools?: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                pool_id: string;
                vm: string;
                /** @description Where several shares of the pool could take the VM */
                share_id?: string;
                /** @description Of the guest */
                port: number;
            }[];
            /** @description When users are led to the group: what proves that they reach it */
            last?: components["schemas"]["RecoveryStep"][];
            /** @description Whether it is followed back to the site that it came from, as soon as that is there. Default true */
            reprotect?: boolean;
            drills?: {
                /** @description One begins by itself so long after the last one began; default only by hand */
                every_seconds?: number;
                /** @description An older drill degrades the plan's state. Default 31 days */
                max_age_seconds?: number;
            };
            readiness: components["schemas"]["PlanReadiness"];
            created_by: string;
            /** @description Empty of a group without a plan of its own */
            created_at: string;
        };
        /** @description How far the plan can be trusted, by its newest drill */
        PlanReadiness: {
            /** @enum {string} */
            state: "untested" | "ready" | "degraded";
            because: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            last_drill_at?: string;
        };
        RecoveryRun: {
            run_id: string;
            group_id: string;
            workflow_id: string;
            plan_id: string;
            /** @enum {string} */
            mode: "failover" | "switchover" | "drill";
            reason: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description `waiting`: a person has to do or confirm something. `attention`: a step failed; a person says whether it is tried again or given up
             * @enum {string}
             */
            state: "running" | "waiting" | "attention" | "undoing" | "done" | "failed" | "given-up";
            waits_for?: string;
            report?: components["schemas"]["RecoveryReport"];
            problem?: {
                code: string;
                message: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
            };
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        RecoveryReport: {
            /** @description Measured: from the decision until users were led there and the last probe passed */
            rto_seconds: number;
            rto_objective_seconds: number;
            /** @description Measured: from what the point shows to the outage, or until nothing could write at the old site any more. At most so much was lost */
            rpo_seconds: number;
            rpo_objective_seconds: number;
            point_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            point_taken_at: string;
            vms: {
                position: number;
                vm: string;
                boot_group: string;
                vm_id: string;
                instance_type?: string;
                /** @description From the decision */
                proven_after_seconds: number;
                boot_proven: boolean;
            }[];
            cost?: components["schemas"]["Cost"];
            /** @description What a drill left at the site, counted when it had ended */
            left_over?: number;
        };
        RecoveryRunList: {
            items: components["schemas"]["RecoveryRun"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        RecoveryRunDetail: {
            run_id: string;
            group_id: string;
            workflow_id: string;
            plan_id: string;
            /** @enum {string} */
            mode: "failover" | "switchover" | "drill";
            reason: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * @description `waiting`: a person has to do or confirm something. `attention`: a step failed; a person says whether it is tried again or given up
             * @enum {string}
             */
            state: "running" | "waiting" | "attention" | "undoing" | "done" | "failed" | "given-up";
            waits_for?: string;
            report?: components["schemas"]["RecoveryReport"];
            problem?: {
                code: string;
                message: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
            };
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            steps: components["schemas"]["RecoveryRunStep"][];
            /** @description Of the plan that was carried out */
            plan_hash?: string;
            approvals: {
                by: string;
                decision: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
            }[];
            /** @description Of the recovery point that was taken, with the SHA-256 of each disk's manifest */
            disks: {
                vm: string;
                disk_id: string;
                root_hash: string;
            }[];
        };
        RecoveryRunStep: {
            position: number;
            step: string;
            detail: string;
            boot_group?: string;
            vm?: string;
            /** @enum {string} */
            state: "running" | "done" | "failed" | "passed-over";
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            /** @description What came of it: what was there before, who did it */
            outcome?: string;
            problem?: {
                code: string;
                message: string;
            };
        };
        OperationList: {
            items: components["schemas"]["OperationRow"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        OperationRow: {
            operation_id: string;
            plan_id: string;
            workflow_id: string;
            /** @description create-vm, start-vm, stop-vm, resize-vm, delete-vm, remediate-findings */
            kind: string;
            /**
             * @description `partly-done`: some VMs failed; their rows say why. The others were not stopped by that
             * @enum {string}
             */
            state: "running" | "done" | "partly-done" | "failed" | "cancelled";
            /** @description VMs that the plan does something to */
            total: number;
            done: number;
            failed: number;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        Assessment: {
            assessment_id: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            query?: string;
            workflow_id: string;
            /** @enum {string} */
            state: "running" | "completed" | "failed";
            /** @description Why it failed */
            reason?: string;
            vms: number;
            assessed: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            /** @description Once it is completed */
            report?: components["schemas"]["AssessmentReport"];
        };
        AssessmentReport: {
            totals: {
                vms: number;
                ready: number;
                warning: number;
                blocking: number;
                /** @description Bytes */
                bytes_to_move: number;
                seconds: number;
                longest_downtime_seconds: number;
                monthly?: components["schemas"]["Cost"];
                egress?: components["schemas"]["Cost"];
                without_price: number;
            };
            waves: components["schemas"]["ProposedWave"][];
            conversations: components["schemas"]["Conversation"][];
            outside: components["schemas"]["Conversation"][];
            flow_records?: {
                read: number;
                of_vms: number;
            };
        };
        ProposedWave: {
            wave: number;
            vms: string[];
            vm_ids: string[];
            why: string;
            /** @description Bytes */
            bytes_to_move: number;
            seconds: number;
            findings: {
                check: string;
                /** @enum {string} */
                result: "pass" | "warn" | "fail";
                detail: string;
                remedy?: string;
            }[];
        };
        /** @description Traffic between two, in either direction */
        Conversation: {
            vm_id: string;
            vm: string;
            /** @description Of another VM */
            peer_id?: string;
            /** @description Another VM's name, or what is none as the record has it */
            peer: string;
            ports: number[];
            /** @description Bytes */
            bytes?: number;
        };
        AssessmentList: {
            items: components["schemas"]["Assessment"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        AssessedVmList: {
            items: components["schemas"]["AssessedVm"][];
        };
        AssessedVm: {
            vm_id: string;
            name: string;
            /** @enum {string} */
            readiness: "ready" | "warning" | "blocking";
            findings: {
                check: string;
                /** @enum {string} */
                result: "pass" | "warn" | "fail";
                detail: string;
                remedy?: string;
            }[];
            /** @description Of the plan that its move would be carried out by */
            plan_id?: string;
            /** @description Bytes */
            bytes_to_move?: number;
            seconds?: number;
            downtime_seconds?: number;
            monthly?: components["schemas"]["Cost"];
            egress?: components["schemas"]["Cost"];
        };
        Wave: {
            wave_id: string;
            name: string;
            plan_id: string;
            workflow_id: string;
            /** @enum {string} */
            state: "running" | "paused" | "completed" | "incomplete" | "cancelled";
            parallel?: number;
            groups: components["schemas"]["WaveGroup"][];
            totals: {
                vms: number;
                waiting: number;
                running: number;
                moved: number;
                failed: number;
                skipped: number;
                cancelled: number;
                /** @description Bytes */
                bytes_to_move: number;
                /** @description Bytes */
                bytes_copied: number;
                seconds: number;
                downtime_seconds: number;
            };
            members: components["schemas"]["WaveMember"][];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updated_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        WaveMember: {
            position: number;
            vm: string;
            group: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /** @enum {string} */
            state: "waiting" | "running" | "moved" | "failed" | "skipped" | "cancelled";
            /** @description Why it was not moved */
            reason?: string;
            migration_id: string;
            /** @enum {string} */
            migration_state?: "running" | "queued" | "paused" | "awaiting-cutover" | "awaiting-finalize" | "undoing" | "undone" | "finalized" | "rolling-back" | "rolled-back" | "cancelled" | "failed";
            progress: number;
            /** @description Bytes */
            bytes_to_move: number;
            /** @description Bytes */
            bytes_copied: number;
            downtime_seconds?: number;
            problem?: {
                code: string;
                message: string;
                step?: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                }[];
                facts?: {
                    [key: string]: unknown;
                };
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        WaveList: {
            items: components["schemas"]["Wave"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        Savings: {
            /** @description The newest analysis, whatever became of it */
            newest?: components["schemas"]["SavingsAnalysis"];
            /** @description The newest that was completed: what the lists show */
            shown?: components["schemas"]["SavingsAnalysis"];
            potential: {
                /** @enum {string} */
                type: "rightsize" | "architecture" | "stop" | "schedule" | "spot" | "delete-disk" | "release-address" | "commit";
                count: number;
                saving_micros: number;
            }[];
        };
        SavingsAnalysis: {
            analysis_id: string;
            /** @enum {string} */
            state: "running" | "completed" | "failed";
            reason?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            started_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            settings: {
                lookback_days: number;
                least_days: number;
                least_saving_micros: number;
                horizon_days: number;
                harm_limit: number;
                harm_aim: number;
                headroom: {
                    cpu: number;
                    memory: number;
                    network: number;
                    disk: number;
                };
                idle: {
                    cpu_share: number;
                    network_bytes_per_second: number;
                    disk_bytes_per_second: number;
                };
                schedules: boolean;
                architectures: boolean;
            };
            /** @description Of everything; absent for who does not reach everything */
            totals?: {
                resources: number;
                recommendations: number;
                current_cost?: components["schemas"]["Money"];
                potential_savings?: components["schemas"]["Money"];
                savings_percent?: number;
                /** @description VMs that may be harmed if all of it was done */
                expected_harm: number;
            };
        };
        Recommendation: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description `vm`, `volume`, `address`; of a commitment `instance-type` */
            resource_kind: string;
            resource_id: string;
            name: string;
            tags: {
                [key: string]: string;
            };
            /** @constant */
            recommended: true;
            /** @enum {string} */
            type: "rightsize" | "architecture" | "stop" | "schedule" | "spot" | "delete-disk" | "release-address" | "commit";
            /** @description Of a month at list price */
            current_cost: components["schemas"]["Money"];
            optimized_cost: components["schemas"]["Money"];
            /** @description Of a month; nothing was saved yet */
            potential_savings: components["schemas"]["Money"];
            savings_percent: number;
            action: string;
            /** @description That nobody is harmed by it; less when the price is old */
            confidence: number;
            /** @enum {string} */
            risk: "low" | "medium" | "high";
            evidence: string[];
            reversal: string;
            /** @description The new size */
            instance_type?: string;
            off?: {
                name: string;
                nights?: {
                    from: number;
                    hours: number;
                };
                weekends: boolean;
            };
            /** @description How many to commit to */
            count?: number;
            finding_id: string;
        };
        NoRecommendation: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site: string;
            /** @description `vm`, `volume`, `address`; of a commitment `instance-type` */
            resource_kind: string;
            resource_id: string;
            name: string;
            tags: {
                [key: string]: string;
            };
            /** @constant */
            recommended: false;
            reason: string;
            finding_id: string;
        };
        SavingsAnalysisStarted: {
            workflow_id: string;
        };
        ProtectionGroup: {
            group_id: string;
            name: string;
            workflow_id: string;
            policy: components["schemas"]["ProtectionPolicy"];
            /** @enum {string} */
            state: "initial" | "protected" | "paused" | "failing-over" | "unprotected" | "re-protecting" | "deleting" | "deleted";
            /** @description Raised each time another site may write */
            epoch: number;
            /**
             * @description Absent while a failover decides
             * @example onprem-a
             */
            writable_site?: string;
            /**
             * @description Where it serves, or served last
             * @example onprem-a
             */
            current_site: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            replicates_to?: string;
            takeover?: {
                failover_id: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                since: string;
                /** @enum {string} */
                before: "initial" | "protected" | "paused" | "failing-over" | "unprotected" | "re-protecting" | "deleting" | "deleted";
            };
            recovery_plan_id?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            unprotected_since?: string;
            newest_point?: {
                point_id: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                taken_at: string;
            };
            /** @description Age of what the newest complete point shows */
            lag_seconds?: number;
            /** @description It is older than the RPO, or there is none after that time */
            breached: boolean;
            members: components["schemas"]["ProtectedVm"][];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        ProtectionPolicy: {
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            primary_site: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            recovery_site: string;
            /** @description Most that may be lost, as time */
            rpo_seconds: number;
            /** @description Longest that a takeover may last */
            rto_seconds: number;
            backup_interval_seconds: number;
            /**
             * @description `interval`: a round again and again. `continuous`: one round after the other, where the site keeps track of changes itself. `off`: backups only
             * @enum {string}
             */
            replication: "off" | "interval" | "continuous";
            /** @description Between the beginnings of two rounds; with replication by interval. Default half the RPO */
            replication_interval_seconds?: number;
            /**
             * @description Of each point at least
             * @enum {string}
             */
            consistency: "application" | "crash";
            /** @description The recovery site's name of a customer's key */
            encryption_key?: string;
            bandwidth_bytes_per_second?: number;
            /** @description How often the newest point is read again as a whole, and held against its hashes */
            verify_interval_seconds: number;
            /** @description Whether a failover may start without a person */
            auto_failover: boolean;
            /** @description Whether workers of the primary site cut the group off when they can't renew its lease */
            watchdog: boolean;
            health_check_interval_seconds: number;
            failover_threshold: number;
            retention: {
                count: number;
                max_age_seconds: number;
                thinning: components["schemas"]["Thinning"][];
            };
        };
        ProtectedVm: {
            position: number;
            name: string;
            /** @description At the site that may write */
            vm_id: string;
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            /** @description What is copied, and created at the other site */
            plan_id?: string;
            plan_version?: string;
            problem?: string;
        };
        ProtectionGroupList: {
            items: components["schemas"]["ProtectionGroup"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        ProtectionStatus: {
            failover: {
                is_active: boolean;
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                current_site: string;
            };
            backups: {
                resource_id: string;
                name: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                last_backup?: string;
                /** @enum {string} */
                state: "protected" | "lagging" | "none";
                /** @description As earlier moves between the two sites took; absent where there were none */
                predicted_rto_seconds?: number;
            }[];
        };
        ProtectionEventList: {
            items: components["schemas"]["ProtectionEvent"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        ProtectionEvent: {
            group_id: string;
            sequence: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @enum {string} */
            type: "state" | "point" | "breach" | "kept" | "suspect" | "cleared" | "hold" | "corrupt" | "retention" | "failover" | "lease" | "refused" | "note";
            message: string;
            data: {
                [key: string]: unknown;
            };
        };
        GroupPointList: {
            items: components["schemas"]["GroupPoint"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        GroupPoint: {
            point_id: string;
            group_id: string;
            sequence: number;
            /** @enum {string} */
            kind: "scheduled" | "manual" | "final";
            /**
             * @description Only complete ones are offered for a recovery
             * @enum {string}
             */
            state: "copying" | "complete" | "incomplete" | "corrupt" | "expired";
            epoch: number;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * Format: date-time
             * @description The earliest moment that one of its VMs shows
             */
            taken_at?: string;
            /** @description Between the first VM's moment and the last one's */
            spread_ms?: number;
            /** @description No guest wrote in between */
            together?: boolean;
            /** @description Of the least consistent VM */
            consistency?: components["schemas"]["Consistency"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            proven_at?: string;
            /**
             * Format: date-time
             * @description When its disks were last read again and found whole
             */
            verified_at?: string;
            suspicion?: {
                reason: string;
                change_ratio?: number;
                /** @description Bits a byte of what changed */
                entropy?: number;
                usual_entropy?: number;
            };
            held_because?: string;
            /** @description Bytes */
            bytes_copied: number;
            /** @description Of what was copied, in bits a byte */
            entropy?: number;
            reason?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        WholeGroupPoint: {
            point_id: string;
            group_id: string;
            sequence: number;
            /** @enum {string} */
            kind: "scheduled" | "manual" | "final";
            /**
             * @description Only complete ones are offered for a recovery
             * @enum {string}
             */
            state: "copying" | "complete" | "incomplete" | "corrupt" | "expired";
            epoch: number;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /**
             * Format: date-time
             * @description The earliest moment that one of its VMs shows
             */
            taken_at?: string;
            /** @description Between the first VM's moment and the last one's */
            spread_ms?: number;
            /** @description No guest wrote in between */
            together?: boolean;
            /** @description Of the least consistent VM */
            consistency?: components["schemas"]["Consistency"];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            proven_at?: string;
            /**
             * Format: date-time
             * @description When its disks were last read again and found whole
             */
            verified_at?: string;
            suspicion?: {
                reason: string;
                change_ratio?: number;
                /** @description Bits a byte of what changed */
                entropy?: number;
                usual_entropy?: number;
            };
            held_because?: string;
            /** @description Bytes */
            bytes_copied: number;
            /** @description Of what was copied, in bits a byte */
            entropy?: number;
            reason?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            vms: components["schemas"]["GroupPointVm"][];
        };
        GroupPointVm: {
            position: number;
            name: string;
            vm_id: string;
            plan_id: string;
            source_point_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            taken_at: string;
            consistency?: components["schemas"]["Consistency"];
            disks: {
                disk_id: string;
                generation_id: string;
                replica_id: string;
                /** @description Bytes */
                size_bytes: number;
                encryption_key?: string;
                /** @description Root of its manifest; empty until it was copied */
                root_hash: string | "";
                tracking: string;
                /** @description Bytes */
                bytes_copied: number;
                /** @description Bytes */
                bytes_reread: number;
                entropy?: number;
            }[];
        };
        BackupList: {
            items: components["schemas"]["Backup"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        Backup: {
            point_id: string;
            group_id: string;
            group_name: string;
            /** @description Of the VM, where it served */
            resource_id: string;
            name: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            from: string;
            /**
             * @description Where it lies
             * @example onprem-a
             */
            site: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            taken_at: string;
            /** @enum {string} */
            state: "copying" | "complete" | "incomplete" | "corrupt" | "expired";
            consistency?: components["schemas"]["Consistency"];
            /** @description Of its disks, as the VM sees them */
            size_bytes: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            verified_at?: string;
            suspect: boolean;
            held_because?: string;
        };
        Restore: {
            restore_id: string;
            plan_id: string;
            workflow_id: string;
            group_id: string;
            point_id: string;
            vm_name: string;
            /**
             * @description Where the point lies
             * @example onprem-a
             */
            from: string;
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            to: string;
            /** @enum {string} */
            state: "running" | "undoing" | "done" | "failed" | "cancelled";
            /** @enum {string} */
            step?: "fetch" | "prove" | "prepare" | "clone" | "create" | "verify";
            /**
             * Format: date-time
             * @description The moment that the disks show
             */
            point_taken_at?: string;
            /** @description Bytes */
            bytes_copied?: number;
            /** @description Bytes */
            bytes_reread?: number;
            /** @description At the site where it was restored */
            vm_id?: string;
            boot?: {
                proven: boolean;
                evidence?: string;
                reason?: string;
            };
            steps?: {
                /** @enum {string} */
                step: "fetch" | "prove" | "prepare" | "clone" | "create" | "verify";
                seconds: number;
            }[];
            problem?: {
                code: string;
                message: string;
                step?: string;
                left_behind?: {
                    resource: string;
                    remove: string;
                    reason?: string;
                }[];
                facts?: {
                    [key: string]: unknown;
                };
            };
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        RestoreList: {
            items: components["schemas"]["Restore"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        BurstPoolList: {
            items: components["schemas"]["BurstPool"][];
        };
        BurstPool: {
            pool_id: string;
            /**
             * @description Its VMs are named after it
             * @example web
             */
            name: string;
            /**
             * @description Whose load it is
             * @example onprem-a
             */
            site: string;
            /** @description Where its VMs may be */
            sites: string[];
            template: components["schemas"]["BurstTemplate"];
            /** @description How many of the pool's VMs the site itself is worth */
            own_vms: number;
            /** @description Exact, or a beginning and `*` */
            regions?: string[];
            /** @description A place that a site's configuration must name */
            residency?: string;
            monthly_budget?: {
                micros: number;
                currency: string;
            };
            /** @description What one VM sends, for its price */
            egress_gib_per_hour?: number;
            balancer?: components["schemas"]["BurstBalancer"];
            enabled: boolean;
            sample_seconds: number;
            cooldown_seconds: number;
            max_vms: number;
            /** @description The part that must not be capacity which a site may take back */
            on_demand_share: number;
            /** @description How long one VM may be there at most */
            lease_seconds: number;
            /** @description None is given back before; clouds bill it anyway */
            least_billed_seconds: number;
            owner: string;
            /** @description Keys and values as the site has them */
            tags: {
                [key: string]: string;
            };
            signals: components["schemas"]["BurstSignal"][];
            forecast?: {
                lead_seconds: number;
                over_minute_worth: number;
            };
            /** @enum {string} */
            state: "active" | "deleting" | "deleted";
            /** @description By a person: at least so many VMs */
            ordered: number;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        BurstSignal: {
            metric: string;
            /** @description Absent: all resources of the site that have it */
            resource_id?: string;
            /** @enum {string} */
            measures: "utilisation" | "backlog";
            threshold: number;
            /** @description What the pool is sized to */
            target: number;
            release_under: number;
            sustain_seconds: number;
        };
        BurstDecisionList: {
            items: components["schemas"]["BurstDecision"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        BurstDecision: {
            decision_id: number;
            pool_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            from: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            until: string;
            /** @description How often it was looked at meanwhile */
            looks: number;
            /** @enum {string} */
            action: "burst" | "release" | "hold";
            /** @enum {string} */
            reason: "load" | "forecast" | "manual" | "disabled" | "no-samples" | "under-threshold" | "not-sustained" | "cooling-down" | "at-limit" | "no-budget" | "no-offer" | "frozen" | "not-worth" | "enough" | "spare";
            wanted: number;
            have: number;
            detail: string;
            readings: {
                metric: string;
                /** @enum {string} */
                state: "unknown" | "under" | "between" | "over" | "sustained";
                value?: number;
                threshold: number;
                over_since_ms?: number;
                detail: string;
            }[];
            /** @description Of a burst: the best first, then those left out */
            candidates: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                instance_type?: string;
                /** @enum {string} */
                capacity_type?: "on-demand" | "spot";
                hourly?: {
                    micros: number;
                    currency: string;
                };
                detail: string;
            }[];
        };
        BurstLeaseList: {
            items: components["schemas"]["BurstLease"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        BurstLease: {
            lease_id: string;
            pool_id: string;
            owner: string;
            /** @enum {string} */
            state: "ordered" | "creating" | "joining" | "serving" | "leaving" | "removed" | "failed";
            /**
             * @description A site's id, as in the configuration
             * @example onprem-a
             */
            site?: string;
            vm_id?: string;
            vm_name: string;
            instance_type?: string;
            /** @enum {string} */
            capacity_type?: "on-demand" | "spot";
            hourly?: {
                micros: number;
                currency: string;
            };
            budget?: {
                micros: number;
                currency: string;
            };
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            deadline: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ordered_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            serving_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
            leave_reason?: string;
            steps: {
                step: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
            }[];
            problems: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site?: string;
                code: string;
                message: string;
            }[];
        };
        BurstWhatIf: {
            metric: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            from: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            to: string;
            minutes_known: number;
            as_it_is: components["schemas"]["BurstOutcome"];
            as_asked: components["schemas"]["BurstOutcome"];
        };
        BurstOutcome: {
            vm_hours: number;
            minutes_over: number;
            direction_changes: number;
            most_vms: number;
            cost?: {
                micros: number;
                currency: string;
            };
        };
        CertificateVerdict: {
            identical: boolean;
            disks: {
                disk_id: string;
                identical: boolean;
                /** @description At most the first hundred ranges */
                differing: {
                    /** @description Bytes */
                    offset: number;
                    /** @description Bytes */
                    length: number;
                }[];
                /** @description Bytes */
                bytes_reread: number;
            }[];
        };
        SignInMethods: {
            /** @description People sign in at an identity provider */
            oidc: boolean;
            issuer?: string;
            /** @description There is a sealed secret for emergencies */
            break_glass: boolean;
        };
        MadeSession: {
            /** @description Sent as a bearer token. Shown this once and kept nowhere */
            token: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ends_at: string;
        };
        Session: {
            /** @enum {string} */
            kind: "token" | "user" | "break-glass";
            id: string;
            name: string;
            /**
             * Format: date-time
             * @description When a second factor was last confirmed
             */
            mfa_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ends_at?: string;
            /** @description With a session's cookie: X-CSRF-Token of what changes something */
            csrf_token?: string;
            /** @description What the caller may do, and where */
            may: {
                /** @enum {string} */
                permission: "inventory:read" | "prices:read" | "costs:read" | "costs:write" | "plans:read" | "migrations:read" | "protection:read" | "bursts:read" | "operations:read" | "networks:read" | "certificates:read" | "policies:read" | "sites:check" | "plans:write" | "migrations:write" | "protection:write" | "bursts:write" | "vms:write" | "networks:write" | "policies:write" | "policies:scan" | "policies:exempt" | "certificates:verify" | "metrics:read" | "metrics:write" | "alerts:read" | "alerts:write" | "logs:read" | "access:read" | "access:write" | "audit:read" | "plans:approve" | "payloads:decode" | "schedules:read" | "schedules:write" | "system:freeze" | "system:unfreeze" | "system:backup";
                scopes: components["schemas"]["Scope"][];
            }[];
        };
        SignedOut: {
            /** @description To sign out at the provider, too */
            end_session_url?: string;
        };
        Freeze: {
            frozen: boolean;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            since?: string;
            by?: string;
            reason?: string;
        };
        PlanApprovals: {
            plan_id: string;
            /** @description A rule wants a second person */
            required: boolean;
            rule?: string;
            /** @description They can't approve it */
            requested_by: string[];
            items: {
                plan_id: string;
                /** @description SHA-256 in hex */
                plan_hash: string;
                decided_by: string;
                decided_by_name: string;
                /** @enum {string} */
                decision: "approve" | "reject";
                note?: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                decided_at: string;
            }[];
        };
        SealedSecret: {
            /** @description Print it and seal it. Shown this once and kept nowhere */
            secret: string;
        };
        ControlPlane: {
            installation_id: string;
            /** @description Raised by each recovery; of two control planes the one of the earlier epoch stops */
            epoch: number;
            /**
             * Format: date-time
             * @description When its claim was last seen at a site that it is backed up to
             */
            seen_at?: string;
            /** @description Another one has taken over: this one changes nothing any more */
            superseded_by?: {
                epoch: number;
                /** @description The machine that it was brought up on */
                host: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                taken_at: string;
                reason?: string;
            };
            backup_interval_seconds: number;
            places: {
                /**
                 * @description A site's id, as in the configuration
                 * @example onprem-a
                 */
                site: string;
                backup_id?: string;
                /**
                 * Format: date-time
                 * @description The moment that the newest backup there shows
                 */
                taken_at?: string;
                /**
                 * Format: date-time
                 * @description When all of it had been read back
                 */
                proven_at?: string;
                /** @description Bytes */
                bytes?: number;
                rows?: number;
                /** @description Backups that are there */
                kept?: number;
                took_ms?: number;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                tried_at?: string;
                /** @description Why the newest attempt failed */
                problem?: string;
                /** @description There is none from within the last three intervals */
                overdue: boolean;
            }[];
            /** @description What was under way when the backup was made that this control plane was rebuilt from */
            interrupted: {
                workflow_id: string;
                /** @enum {string} */
                kind: "migration" | "wave" | "operation" | "migration-test" | "assessment" | "protection-group" | "recovery-run" | "restore";
                subject: string;
                /** @description As it was in the backup */
                state: string;
                /** @enum {string} */
                outcome: "goes-on" | "restarted" | "lost";
                advice?: string;
                /**
                 * Format: date-time
                 * @description ISO 8601, UTC
                 */
                at: string;
            }[];
        };
        ControlPlaneBackupStarted: {
            workflow_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            asked_at: string;
        };
        UserList: {
            items: components["schemas"]["User"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        User: {
            user_id: string;
            name: string;
            email?: string;
            /** @description The identity provider; absent for one who uses tokens only */
            issuer?: string;
            subject?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            last_seen_at?: string;
            /**
             * Format: date-time
             * @description Since when nothing of theirs is accepted
             */
            disabled_at?: string;
        };
        RoleBindingList: {
            items: components["schemas"]["RoleBinding"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        RoleBinding: {
            binding_id: string;
            /**
             * @description `user/<id>`, `group/<name>` of the identity provider, or `token/<id>`
             * @example group/ops
             */
            holder: string;
            /** @enum {string} */
            role: "viewer" | "operator" | "approver" | "admin" | "auditor";
            scope: components["schemas"]["Scope"];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
        };
        TokenList: {
            items: components["schemas"]["Token"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        Token: {
            token_id: string;
            name: string;
            /** @description Whose it is; it never does more than they may */
            user_id?: string;
            bindings: components["schemas"]["Binding"][];
            /** @description No more than these of what the roles allow */
            permissions?: ("inventory:read" | "prices:read" | "costs:read" | "costs:write" | "plans:read" | "migrations:read" | "protection:read" | "bursts:read" | "operations:read" | "networks:read" | "certificates:read" | "policies:read" | "sites:check" | "plans:write" | "migrations:write" | "protection:write" | "bursts:write" | "vms:write" | "networks:write" | "policies:write" | "policies:scan" | "policies:exempt" | "certificates:verify" | "metrics:read" | "metrics:write" | "alerts:read" | "alerts:write" | "logs:read" | "access:read" | "access:write" | "audit:read" | "plans:approve" | "payloads:decode" | "schedules:read" | "schedules:write" | "system:freeze" | "system:unfreeze" | "system:backup")[];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            expires_at?: string;
            /**
             * Format: date-time
             * @description To the minute
             */
            last_used_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            revoked_at?: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the last rotation is accepted, too
             */
            previous_until?: string;
        };
        MadeToken: {
            token_id: string;
            name: string;
            /** @description Whose it is; it never does more than they may */
            user_id?: string;
            bindings: components["schemas"]["Binding"][];
            /** @description No more than these of what the roles allow */
            permissions?: ("inventory:read" | "prices:read" | "costs:read" | "costs:write" | "plans:read" | "migrations:read" | "protection:read" | "bursts:read" | "operations:read" | "networks:read" | "certificates:read" | "policies:read" | "sites:check" | "plans:write" | "migrations:write" | "protection:write" | "bursts:write" | "vms:write" | "networks:write" | "policies:write" | "policies:scan" | "policies:exempt" | "certificates:verify" | "metrics:read" | "metrics:write" | "alerts:read" | "alerts:write" | "logs:read" | "access:read" | "access:write" | "audit:read" | "plans:approve" | "payloads:decode" | "schedules:read" | "schedules:write" | "system:freeze" | "system:unfreeze" | "system:backup")[];
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            expires_at?: string;
            /**
             * Format: date-time
             * @description To the minute
             */
            last_used_at?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            revoked_at?: string;
            /**
             * Format: date-time
             * @description Until when the secret from before the last rotation is accepted, too
             */
            previous_until?: string;
            /** @description The secret. Shown this once and kept nowhere */
            token: string;
        };
        AuditList: {
            items: components["schemas"]["AuditRecord"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        AuditRecord: {
            sequence: number;
            /** @description SHA-256 of: the hash before, \n, the sequence, \n, the entry as canonical JSON */
            hash: string;
            entry: components["schemas"]["AuditEntry"];
        };
        AuditEntry: {
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @description user/…, token/…, workflow/…, schedule/…, system/… or anyone */
            actor: string;
            actor_name?: string;
            action: string;
            resource: string;
            request_id: string;
            workflow_id?: string;
            /** @description `asked` before anything happens, then `done` or the failure's code */
            outcome: string;
            address?: string;
            request?: unknown;
            before?: unknown;
            after?: unknown;
        };
        AuditCheckpointList: {
            /** @description The chain's end now */
            head: {
                sequence: number;
                /** @description SHA-256 in hex */
                hash: string;
            };
            items: components["schemas"]["AuditCheckpoint"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        AuditCheckpoint: {
            sequence: number;
            /** @description SHA-256 in hex */
            hash: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @description SHA-256 in hex */
            key_id: string;
            public_key: string;
            /** @description Ed25519, base64 */
            signature: string;
        };
        LogLineList: {
            items: components["schemas"]["LogLine"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        LogLine: {
            sequence: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @enum {string} */
            level: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
            /** @description Which of ours said it: api or worker */
            process: string;
            message: string;
            /** @description The same in all that one request set off */
            trace_id?: string;
            request_id?: string;
            workflow_id?: string;
            run_id?: string;
            activity?: string;
            attempt?: number;
            site?: string;
            vm_id?: string;
            /** @description What else the line says */
            facts: {
                [key: string]: unknown;
            };
        };
        MetricNames: {
            items: {
                site: string;
                metric: string;
                resources: number;
            }[];
        };
        MetricSeriesList: {
            step_seconds: number;
            items: components["schemas"]["MetricSeries"][];
        };
        MetricSeries: {
            site: string;
            resource_id: string;
            metric: string;
            /** @description The oldest first; what was not measured has none */
            points: components["schemas"]["MetricPoint"][];
        };
        MetricPoint: {
            /**
             * Format: date-time
             * @description The beginning of the span
             */
            at: string;
            /** @description The mean. Ratios are 0 to 1, rates are a second */
            value: number;
            low: number;
            high: number;
            samples: number;
        };
        MetricPushed: {
            samples: number;
        };
        AlertRuleList: {
            items: components["schemas"]["AlertRule"][];
        };
        AlertRule: {
            rule_id: string;
            name: string;
            metric: string;
            site?: string;
            resource_id?: string;
            threshold: number;
            /** @enum {string} */
            comparison: "gt" | "gte" | "lt" | "lte" | "eq";
            duration_seconds: number;
            resolve_after_seconds: number;
            actions: string[];
            /** @enum {string} */
            severity: "critical" | "warning" | "info";
            /** @enum {string} */
            group_by: "rule" | "site" | "resource";
            /** @enum {string} */
            missing: "ignore" | "fire";
            missing_after_seconds: number;
            enabled: boolean;
            created_by: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            created_at: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            updated_at: string;
        };
        AlertList: {
            /**
             * Format: date-time
             * @description When all rules were looked at last
             */
            evaluated_at?: string;
            items: components["schemas"]["Alert"][];
        };
        Alert: {
            rule_id: string;
            rule: string;
            /** @enum {string} */
            severity: "critical" | "warning" | "info";
            condition: string;
            site: string;
            resource_id: string;
            /** @enum {string} */
            state: "pending" | "firing" | "resolved";
            /**
             * Format: date-time
             * @description Since when it holds; of a resolved one, since when it doesn't
             */
            since: string;
            /**
             * Format: date-time
             * @description The newest sample that was looked at
             */
            last_at: string;
            value?: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            clear_since?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            fired_at?: string;
            /** @description How often it has fired */
            occurrence: number;
            note?: string;
            silenced: boolean;
        };
        AlertEventList: {
            items: components["schemas"]["AlertEvent"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        AlertEvent: {
            sequence: number;
            rule_id: string;
            rule_name: string;
            site: string;
            resource_id: string;
            occurrence: number;
            /** @enum {string} */
            to: "firing" | "resolved";
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            value?: number;
            note?: string;
        };
        AlertNotificationList: {
            items: components["schemas"]["AlertNotification"][];
            /** @description Absent on the last page */
            next_cursor?: string;
        };
        AlertNotification: {
            notification_id: string;
            group_key: string;
            rule_id: string;
            rule: string;
            condition: string;
            /** @enum {string} */
            severity: "critical" | "warning" | "info";
            /** @enum {string} */
            state: "firing" | "resolved";
            firing: components["schemas"]["NotifiedAlert"][];
            resolved: components["schemas"]["NotifiedAlert"][];
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            deliveries: components["schemas"]["AlertDelivery"][];
        };
        NotifiedAlert: {
            site: string;
            resource_id: string;
            value?: number;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            since: string;
            note?: string;
        };
        AlertDelivery: {
            notification_id: string;
            action: string;
            /** @enum {string} */
            state: "waiting" | "delivered" | "failed";
            attempts: number;
            last_error?: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            ended_at?: string;
        };
        SilenceList: {
            items: components["schemas"]["Silence"][];
        };
        Silence: {
            silence_id: string;
            rule_id?: string;
            site?: string;
            resource_id?: string;
            /** @enum {string} */
            severity?: "critical" | "warning" | "info";
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            from: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            until: string;
            reason: string;
            created_by: string;
        };
        Health: {
            /** @constant */
            status: "ok";
            temporal_ui_url?: string;
        };
        MigrationEvent: {
            sequence: number;
            migration_id: string;
            /**
             * Format: date-time
             * @description ISO 8601, UTC
             */
            at: string;
            /** @enum {string} */
            type: "state" | "step" | "progress" | "note" | "problem";
            message: string;
            data: {
                [key: string]: unknown;
            };
        };
    };
    responses: {
        /** @description The input is not valid */
        Problem400: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No valid token */
        Problem401: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The token lacks the permission */
        Problem403: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No such resource */
        Problem404: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The resource is not in the state this needs */
        Problem409: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Understood, but it cannot be done */
        Problem422: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description Too many requests */
        Problem429: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description An unexpected failure */
        Problem500: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A site refuses our credentials */
        Problem502: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description A site or a part of the system cannot be reached */
        Problem503: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description No answer in time */
        Problem504: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is too large */
        Problem413: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
        /** @description The body is not JSON */
        Problem415: {
            headers: {
                [name: string]: unknown;
            };
            content: {
                "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listProviders: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProviderList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getSite: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The site */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Site"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    takeCensus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One row a resource */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Census"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    checkSite: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One row a check */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteCheck"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSiteWorkers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them, but those that were removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteWorkerList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createJoinToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Default 60 */
                    expires_in_minutes?: number;
                };
            };
        };
        responses: {
            /** @description The token */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["JoinToken"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    drainSiteWorker: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worker, draining */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteWorker"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeSiteWorker: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The worker, removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteWorker"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getSiteHealth: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was decided last, and what is seen now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteHealth"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listHealthDecisions: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthDecisionList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    answerOutage: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                decision: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["OutageAnswer"];
            };
        };
        responses: {
            /** @description The decision, answered */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthDecision"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    releaseGroup: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseGroup"];
            };
        };
        responses: {
            /** @description Released */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReleasedGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getGroupLease: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The lease */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupLease"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAlarms: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlarmList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createAlarm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlarmRequest"];
            };
        };
        responses: {
            /** @description As the site shows it */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Alarm"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    deleteAlarm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                alarm: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeletedAlarm"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listVms: {
        parameters: {
            query?: {
                site?: string;
                state?: "running" | "stopped" | "paused" | "starting" | "stopping" | "crashed" | "unknown";
                /** @description The exact name, or its beginning and `*` */
                name?: string;
                /** @description Reads the sites before answering */
                refresh?: "true" | "false";
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VmList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createVm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["CreateVm"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getVm: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                vm_id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The VM */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VmAnswer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    searchResources: {
        parameters: {
            query?: {
                q?: string;
                /** @description Only what this saved search finds, too; its id */
                search?: string;
                /** @description Up to three fields, `-` for downwards; goes before `sort:` in the query */
                sort?: string;
                /** @description The inventory as it was then: a time, a day or an age (`2h`) */
                as_of?: string;
                /** @description `csv` and `jsonl` export all that matches, or `limit` of it. Default: as Accept says */
                format?: "json" | "csv" | "jsonl";
                /** @description Rows in one page (default 50, at most 1000), or in an export (default all) */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, or an export */
            200: {
                headers: {
                    /** @description Of an export: how old it is */
                    "X-Freshness"?: string;
                    /** @description Of an export: true or false */
                    "X-Complete"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceList"];
                    "text/csv": string;
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listResourceChanges: {
        parameters: {
            query: {
                /** @description A time, a day or an age (`2h`) */
                from: string;
                /** @description Default: now */
                to?: string;
                /** @description Only what matches before or after */
                q?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page, in the order of first sight */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceChanges"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getResource: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                kind: "vm" | "volume" | "snapshot" | "recovery-point" | "image" | "network" | "subnet" | "security-group" | "address" | "load-balancer" | "scaling-group" | "tunnel";
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it is, or as it was last */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ResourceAnswer"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    refreshInventory: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RefreshInventory"];
            };
        };
        responses: {
            /** @description What came of it */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RefreshedInventory"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSearches: {
        parameters: {
            query?: {
                name?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearchList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    saveSearch: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSavedSearch"];
            };
        };
        responses: {
            /** @description The search */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearch"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getSearch: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The search */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearch"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    changeSearch: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedSavedSearch"];
            };
        };
        responses: {
            /** @description The search as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearch"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeSearch: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The search that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavedSearch"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getUnifiedView: {
        parameters: {
            query?: {
                /** @description Only of what matches, in the search language */
                q?: string;
                /** @description As it was then: a time, a day or an age (`2h`) */
                as_of?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The view */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UnifiedView"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listPrices: {
        parameters: {
            query?: {
                provider?: string;
                region?: string;
                kind?: "instance" | "disk" | "snapshot" | "egress" | "address" | "cpu" | "memory" | "load-balancer";
                terms?: "on-demand" | "spot" | "reserved-1y" | "reserved-3y";
                /** @description The exact name, or its beginning and `*` */
                item?: string;
                /** @description Instance types with at least so many */
                min_cpus?: number;
                min_memory_bytes?: number;
                architecture?: "x86_64" | "aarch64";
                /** @description `price`: the cheapest first. Default `name` */
                order?: "name" | "price";
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PriceList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    sumCosts: {
        parameters: {
            query?: {
                /** @description Default: the first day of this month */
                from?: string;
                /** @description Not part of it. Default: tomorrow */
                to?: string;
                /** @description Up to three of `provider`, `site`, `source`, `account`, `service`, `service-category`, `region`, `resource`, `resource-type`, `category`, `pricing`, `commitment`, `sku`, `day`, `month`, `billing-month` and `tag:KEY`, with commas between */
                group_by?: string;
                /** @description `dimension=value`, with `;` between; several values with `|`; nothing for rows without one */
                where?: string;
                /** @description Shown in this one, by the rates of the months */
                currency?: string;
                /** @description Groups. Default 200 */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sums */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostSums"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    forecastCosts: {
        parameters: {
            query?: {
                /** @description From today on. Default 30 */
                days?: number;
                /** @description Up to two dimensions of costs, with a comma between */
                group_by?: string;
                /** @description `dimension=value`, with `;` between */
                where?: string;
                /** @description Shown in this one, by the rates of the months */
                currency?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The forecasts */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostForecast"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listCostSources: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them that the caller reaches */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostSourceList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listCostImports: {
        parameters: {
            query?: {
                source?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostImportList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    importCosts: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Whose costs they are, by a name of yours: an account, a contract */
                    source: string;
                    /** @example aws */
                    provider: string;
                    /**
                     * @description Where all of it is of one site; else the region of a row says it
                     * @example onprem-a
                     */
                    site?: string;
                    /** @description Which one it is of deliveries that add up to a month. Absent: it has its months whole */
                    part?: string;
                    /**
                     * @description Default: what its columns show
                     * @enum {string}
                     */
                    format?: "focus" | "aws-cur2" | "gcp-billing";
                    objects: {
                        /**
                         * @description A site's id, as in the configuration
                         * @example onprem-a
                         */
                        site: string;
                        bucket: string;
                        prefix: string;
                    };
                };
            };
        };
        responses: {
            /** @description The import goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostImport"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getCostImport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The import */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostImport"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    uploadCosts: {
        parameters: {
            query: {
                /** @description Whose costs they are, by a name of yours: an account, a contract */
                source: string;
                provider: string;
                /** @description Where all of it is of one site; else the region of a row says it */
                site?: string;
                /** @description Which one it is of deliveries that add up to a month. Absent: it has its months whole */
                part?: string;
                /** @description Default: what its columns show */
                format?: "focus" | "aws-cur2" | "gcp-billing";
                /** @description Its ending says what it is: .csv, .csv.gz, .jsonl, .parquet */
                file_name: string;
            };
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description The import goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CostImport"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listExchangeRates: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeRateList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setExchangeRate: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /**
                     * @description ISO 4217
                     * @example USD
                     */
                    from: string;
                    /**
                     * @description ISO 4217
                     * @example USD
                     */
                    to: string;
                    /**
                     * @description A month
                     * @example 2026-11
                     */
                    month: string;
                    /** @description Units of `to` for one of `from` */
                    rate: number;
                    /** @description Who says so */
                    source: string;
                };
            };
        };
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExchangeRateList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    stateCosts: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Whose costs they are, by a name of yours: an account, a contract */
                    source: string;
                    /**
                     * @description A month
                     * @example 2026-11
                     */
                    month: string;
                    amount: components["schemas"]["Money"];
                    /** @description An invoice's number, for one */
                    said_by: string;
                };
            };
        };
        responses: {
            /** @description The month's comparison */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReconciliationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    reconcileCosts: {
        parameters: {
            query: {
                /** @description A month */
                month: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One line a source and currency */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ReconciliationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listBudgets: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BudgetList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setBudget: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @description Which costs: `dimension=value`, with `;` between; nothing is everything
                     * @example tag:project=web
                     */
                    where?: string;
                    amount: components["schemas"]["Money"];
                    /**
                     * @description Default month
                     * @enum {string}
                     */
                    period?: "day" | "month" | "quarter";
                    /**
                     * @description Which cost counts. Default effective
                     * @enum {string}
                     */
                    cost?: "effective" | "billed";
                    /** @description Shares of it. Default 0.8 */
                    warn_at?: number[];
                };
            };
        };
        responses: {
            /** @description The budget as it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeBudget: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The budget that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Budget"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSplitRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SplitRuleList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setSplitRule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    /**
                     * @description What it divides
                     * @example tag:project=web
                     */
                    where: string;
                    /**
                     * @description `even`: each the same; `weight`: as the weights say; `use`: as their own effective costs are
                     * @enum {string}
                     */
                    method: "even" | "weight" | "use";
                    /** @description Who gets how many parts */
                    weights?: {
                        [key: string]: number;
                    };
                    /** @description The only ones who share it */
                    among?: string[];
                };
            };
        };
        responses: {
            /** @description The rule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SplitRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeSplitRule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rule that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SplitRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    chargeBackCosts: {
        parameters: {
            query?: {
                /** @description Default: the first day of this month */
                from?: string;
                /** @description Not part of it. Default: tomorrow */
                to?: string;
                /** @description Who pays: account, or tag:KEY. Default tag:project */
                by?: string;
                currency?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By currency */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Chargeback"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    priceElsewhere: {
        parameters: {
            query?: {
                /** @description Which VMs, in the search language; default: all */
                q?: string;
                /** @description With commas between; default: all with a price list */
                providers?: string;
                /** @description Only this one */
                region?: string;
                /** @description Only these; default: all */
                terms?: "on-demand" | "spot" | "reserved-1y" | "reserved-3y";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A row a provider, region and terms */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhatIf"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSchedules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ScheduleList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    triggerSchedule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It is begun */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TriggeredSchedule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createPolicy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPolicy"];
            };
        };
        responses: {
            /** @description The policy */
            201: {
                headers: {
                    /** @description Where it is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getPolicy: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The policy */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    changePolicy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedPolicy"];
            };
        };
        responses: {
            /** @description The policy as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removePolicy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description What was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Policy"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listPolicyPacks: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All packs */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyPackList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    installPolicyPack: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pack's policies */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listExemptions: {
        parameters: {
            query?: {
                /** @description Its name or id */
                policy?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExemptionList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    exemptFromPolicy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewExemption"];
            };
        };
        responses: {
            /** @description The exemption */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exemption"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    revokeExemption: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The exemption, as it is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exemption"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listStandingApprovals: {
        parameters: {
            query?: {
                /** @description Its name or id */
                policy?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StandingApprovalList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    approveRemediations: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewStandingApproval"];
            };
        };
        responses: {
            /** @description The approval */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StandingApproval"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    revokeStandingApproval: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The approval, as it is kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StandingApproval"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listFindings: {
        parameters: {
            query?: {
                /** @description Its name or id */
                policy?: string;
                state?: "open" | "exempt" | "resolved";
                severity?: "critical" | "high" | "medium" | "low";
                site?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getFinding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The finding */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Finding"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listPolicyScans: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyScanList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startPolicyScan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Started */
            202: {
                headers: {
                    /** @description Where it is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StartedPolicyScan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getPolicyScan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The scan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyScan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    tryPolicy: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PolicyDryRun"];
            };
        };
        responses: {
            /** @description Moment by moment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PolicyDryRunResult"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getComplianceReport: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The report, as of now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComplianceReport"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createPlan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanRequest"];
            };
        };
        responses: {
            /** @description The plan */
            201: {
                headers: {
                    /** @description Where the plan is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listMaps: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationMapList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getMap: {
        parameters: {
            query?: {
                /** @description An earlier one; default the newest */
                version?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The map */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationMap"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setMap: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewMigrationMap"];
            };
        };
        responses: {
            /** @description The map as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationMap"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeMap: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The map that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationMap"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getAddressPlan: {
        parameters: {
            query?: {
                /** @description Only this site's ranges, and what they clash with */
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan, of the networks that you reach */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressPlan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAddressPools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressPoolList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setAddressPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAddressPool"];
            };
        };
        responses: {
            /** @description The pool as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeAddressPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pool that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    allocateAddresses: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAddressAllocation"];
            };
        };
        responses: {
            /** @description The range */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressAllocation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAddressAllocations: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                pool?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressAllocationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    releaseAddresses: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The range that is free again */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AddressAllocation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listConnections: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    connectSites: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewConnection"];
            };
        };
        responses: {
            /** @description With dry_run: what both ends would be told */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ConnectionPlan"];
                };
            };
            /** @description Started; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the connection is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getConnection: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The connection */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    disconnectSites: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Started; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    showDeviceConfig: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Files for the device, and what a person does */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DeviceConfig"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    rotateTunnelKeys: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Started; the generation follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    drillConnection: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Started; what is found follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Connection"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listMigrations: {
        parameters: {
            query?: {
                state?: "running" | "queued" | "paused" | "awaiting-cutover" | "awaiting-finalize" | "undoing" | "undone" | "finalized" | "rolling-back" | "rolled-back" | "cancelled" | "failed";
                /** @description A name, or the id at the source */
                vm?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedPlan"] | components["schemas"]["DirectMigration"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the migration goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the migration is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getMigrationStatistics: {
        parameters: {
            query?: {
                /** @description Created then or later */
                since?: string;
                /** @description Created before then */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The sums */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationStatistics"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getMigration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The migration */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getCertificate: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The certificate */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Certificate"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    followMigration: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description It has ended and all of it was seen */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    pauseMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    resumeMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    cancelMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    undoMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            /** @description Accepted and still going on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    rollbackMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            /** @description Accepted and still going on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    finalizeMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FinalizeMigration"];
            };
        };
        responses: {
            /** @description Done */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            /** @description Accepted and still going on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    cutoverMigration: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It will come; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Migration"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listTests: {
        parameters: {
            query?: {
                migration_id?: string;
                /** @description A name, or the id at the source */
                vm?: string;
                state?: "running" | "holding" | "ending" | "passed" | "failed" | "cancelled";
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTestList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startTest: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedTest"] | components["schemas"]["DirectTest"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the test goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the test is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTest"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getTest: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The test */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTest"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    endTest: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTest"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    promoteTest: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The cutover will come */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MigrationTest"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getRecoveryPlan: {
        parameters: {
            query?: {
                /** @description An earlier one; default the newest */
                version?: number;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryPlan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    setRecoveryPlan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRecoveryPlan"];
            };
        };
        responses: {
            /** @description The plan as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryPlan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeRecoveryPlan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The plan that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryPlan"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listRecoveryRuns: {
        parameters: {
            query: {
                group_id: string;
                mode?: "failover" | "switchover" | "drill";
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRunList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startRecovery: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedRecovery"] | components["schemas"]["DirectRecovery"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the recovery goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the recovery is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRun"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getRecoveryRun: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The run */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRunDetail"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getRecoveryEvidence: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    completeRecoveryStep: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StepDone"];
            };
        };
        responses: {
            /** @description Told; the run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRun"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    confirmFencing: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ConfirmFencing"];
            };
        };
        responses: {
            /** @description Told; the run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRun"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    retryRecovery: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRun"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    giveUpRecovery: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the run goes on */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RecoveryRun"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startVm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                vm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StartVm"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    stopVm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                vm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["StopVm"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    resizeVm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                vm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ResizeVm"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    deleteVm: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description A site's id, as in the configuration */
                site: string;
                vm_id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeleteVm"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    operateVms: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BulkRequest"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started by a plan that was made for it; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listOperations: {
        parameters: {
            query?: {
                state?: "running" | "done" | "partly-done" | "failed" | "cancelled";
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OperationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    executePlan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ExecutePlan"];
            };
        };
        responses: {
            /** @description Started; the run goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the operation is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getOperation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The operation with its report */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    cancelOperation: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Operation"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAssessments: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssessmentList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startAssessment: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AssessmentRequest"];
            };
        };
        responses: {
            /** @description Started; it goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the assessment is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assessment"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getAssessment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The assessment */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Assessment"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAssessedVms: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them, in the order of their names */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AssessedVmList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listWaves: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WaveList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startWave: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedPlan"] | components["schemas"]["DirectWave"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the wave goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the wave is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wave"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getWave: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The wave */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wave"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    pauseWave: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wave"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    resumeWave: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wave"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    cancelWave: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Wave"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getSavings: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The newest analyses and the sums that you reach */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Savings"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listRecommendations: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                site?: string;
                type?: "rightsize" | "architecture" | "stop" | "schedule" | "spot" | "delete-disk" | "release-address" | "commit";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["Recommendation"][];
                        /** @description Absent on the last page */
                        next_cursor?: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listUnchanged: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        items: components["schemas"]["NoRecommendation"][];
                        /** @description Absent on the last page */
                        next_cursor?: string;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startSavingsAnalysis: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It runs */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SavingsAnalysisStarted"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listProtectionGroups: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                name?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroupList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    protectGroup: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedPlan"] | components["schemas"]["NewProtectionGroup"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the group goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the group is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getProtectionGroup: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The group */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    deleteProtectionGroup: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getProtectionStatus: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The state */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionStatus"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listProtectionEvents: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                type?: "state" | "point" | "breach" | "kept" | "suspect" | "cleared" | "hold" | "corrupt" | "retention" | "failover" | "lease" | "refused" | "note";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionEventList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    reprotectGroup: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Reprotect"];
            };
        };
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    pauseProtection: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    resumeProtection: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listGroupPoints: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                state?: "copying" | "complete" | "incomplete" | "corrupt" | "expired";
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["GroupPointList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    makeGroupPoint: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ProtectionGroup"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getGroupPoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                point: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The point */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeGroupPoint"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    holdGroupPoint: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                point: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PointDecision"];
            };
        };
        responses: {
            /** @description The point as it stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeGroupPoint"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    releaseGroupPoint: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                point: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PointDecision"];
            };
        };
        responses: {
            /** @description The point as it stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeGroupPoint"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    clearGroupPoint: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
                point: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PointDecision"];
            };
        };
        responses: {
            /** @description The point as it stands now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WholeGroupPoint"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    restoreFiles: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FilesToRestore"];
            };
        };
        responses: {
            /** @description Its bytes */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listBackups: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                /** @description A name, or the id where it served */
                vm?: string;
                group_id?: string;
                /** @description Where it lies */
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BackupList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listRestores: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                group_id?: string;
                state?: "running" | "undoing" | "done" | "failed" | "cancelled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RestoreList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    startRestore: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ApprovedRestore"] | components["schemas"]["DirectRestore"];
            };
        };
        responses: {
            /** @description With dry_run: the plan */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Plan"];
                };
            };
            /** @description Started; the restore goes on whatever happens to the caller */
            202: {
                headers: {
                    /** @description Where the restore is */
                    Location?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Restore"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getRestore: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The restore */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Restore"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    cancelRestore: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Told; the state follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Restore"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listBurstPools: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPoolList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createBurstPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBurstPool"];
            };
        };
        responses: {
            /** @description The pool; it is looked after from now on */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getBurstPool: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The pool */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    changeBurstPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBurstPool"];
            };
        };
        responses: {
            /** @description The pool as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    deleteBurstPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its VMs go */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    orderBurst: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BurstOrder"];
            };
        };
        responses: {
            /** @description The pool follows */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    releaseBurst: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description They go */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstPool"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listBurstDecisions: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstDecisionList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listBurstLeases: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstLeaseList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    replayBurstPool: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BurstChange"];
            };
        };
        responses: {
            /** @description Both, replayed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BurstWhatIf"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    verifyCertificate: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Certificate"];
            };
        };
        responses: {
            /** @description The verdict */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CertificateVerdict"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSignInMethods: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The ways */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignInMethods"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    beginSignIn: {
        parameters: {
            query?: {
                /** @description Where the browser goes afterwards: a path of this host */
                return_to?: string;
                /** @description Ask for a fresh sign-in with a second factor */
                step_up?: "true";
                /** @description A command line waits on this port of the browser's own machine */
                cli_port?: number;
                /** @description SHA-256, base64url, of what it redeems the code with */
                cli_challenge?: string;
                /** @description Comes back with the code */
                cli_state?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description To the provider */
            302: {
                headers: {
                    /** @description The provider's page */
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    finishSignIn: {
        parameters: {
            query: {
                state: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed in */
            302: {
                headers: {
                    /** @description Where it was to go */
                    Location?: string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    redeemSignIn: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RedeemSignIn"];
            };
        };
        responses: {
            /** @description The session */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeSession"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The caller */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Signed out */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SignedOut"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getFreeze: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The switch */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    freezeChanges: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FreezeChanges"];
            };
        };
        responses: {
            /** @description Frozen */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    unfreezeChanges: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description No longer frozen */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listApprovals: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The decisions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanApprovals"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    decidePlan: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PlanDecision"];
            };
        };
        responses: {
            /** @description All decisions */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PlanApprovals"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    sealBreakGlass: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SealedSecret"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    breakGlass: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["BreakGlass"];
            };
        };
        responses: {
            /** @description A session */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeSession"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getControlPlane: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it stands */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ControlPlane"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    backUpControlPlane: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Under way */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ControlPlaneBackupStarted"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    decodePayloads: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Payloads"];
            };
        };
        responses: {
            /** @description The payloads, decrypted */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payloads"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listUsers: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createUser: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description The user */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    disableUser: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    enableUser: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listRoleBindings: {
        parameters: {
            query?: {
                holder?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleBindingList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createRoleBinding: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRoleBinding"];
            };
        };
        responses: {
            /** @description The binding */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleBinding"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeRoleBinding: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The binding that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RoleBinding"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listTokens: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description The token with its secret */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getToken: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    revokeToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The token, revoked */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Token"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    rotateToken: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["RotateToken"];
            };
        };
        responses: {
            /** @description The token with its new secret */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeToken"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAudit: {
        parameters: {
            query?: {
                actor?: string;
                action?: string;
                resource?: string;
                request_id?: string;
                workflow_id?: string;
                outcome?: string;
                since?: string;
                until?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    exportAudit: {
        parameters: {
            query?: {
                /** @description Default jsonl: an AuditRecord a line */
                format?: "jsonl" | "ocsf";
                /** @description Only what follows this sequence */
                after?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description JSON lines */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-ndjson": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAuditCheckpoints: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditCheckpointList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listLogs: {
        parameters: {
            query?: {
                /** @description Of this run, and of those that belong to it */
                workflow_id?: string;
                /** @description 32 hex digits, as in the `Traceparent` of an answer */
                trace_id?: string;
                request_id?: string;
                site?: string;
                /** @description This level and what is more urgent */
                level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
                /** @description A part of what the line says, in any case */
                text?: string;
                since?: string;
                until?: string;
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["LogLineList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    followLogs: {
        parameters: {
            query?: {
                /** @description Of this run, and of those that belong to it */
                workflow_id?: string;
                /** @description 32 hex digits, as in the `Traceparent` of an answer */
                trace_id?: string;
                request_id?: string;
                site?: string;
                /** @description This level and what is more urgent */
                level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal";
                /** @description A part of what the line says, in any case */
                text?: string;
                since?: string;
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The stream; it ends after ten minutes, or some seconds after `until` */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    readMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus's text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    readSiteWorkerMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Prometheus's text format */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listMetrics: {
        parameters: {
            query?: {
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description By site and name */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricNames"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    readMetricSamples: {
        parameters: {
            query: {
                /** @description A site's id, as in the configuration */
                site: string;
                /** @description Of VMs: cpu.utilisation, memory.used, disk.read, disk.write, network.in, network.out; or a name of what others push */
                metric: string;
                /** @description Without it: all that have the metric */
                resource_id?: string;
                /** @description Default: an hour before `to` */
                from?: string;
                /** @description Default: now */
                to?: string;
                /** @description The span of a point. Default: one that gives some hundred points */
                step_seconds?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One series a resource */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricSeriesList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    pushMetricSamples: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["MetricPush"];
            };
        };
        responses: {
            /** @description They are kept */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MetricPushed"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAlertRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rules */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRuleList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createAlertRule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlertRuleRequest"];
            };
        };
        responses: {
            /** @description The rule */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getAlertRule: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rule */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    changeAlertRule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["AlertRulePatch"];
            };
        };
        responses: {
            /** @description The rule as it is now */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    removeAlertRule: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The rule that was removed */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertRule"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAlerts: {
        parameters: {
            query?: {
                state?: "pending" | "firing" | "resolved";
                /** @description A rule's id or name */
                rule?: string;
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description At most 1,000 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAlertEvents: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                /** @description A rule's id or name */
                rule?: string;
                site?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertEventList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listAlertNotifications: {
        parameters: {
            query?: {
                /** @description Rows in one page. Default 50 */
                limit?: number;
                /** @description The `next_cursor` of the page before; opaque */
                cursor?: string;
                /** @description A rule's id or name */
                rule?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AlertNotificationList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    listSilences: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The last to end first */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SilenceList"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    createSilence: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["SilenceRequest"];
            };
        };
        responses: {
            /** @description The silence */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Silence"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            413: components["responses"]["Problem413"];
            415: components["responses"]["Problem415"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    endSilence: {
        parameters: {
            query?: never;
            header?: {
                "Idempotency-Key"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it ended */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Silence"];
                };
            };
            400: components["responses"]["Problem400"];
            401: components["responses"]["Problem401"];
            403: components["responses"]["Problem403"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Both answer */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
            400: components["responses"]["Problem400"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getOpenApi: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description OpenAPI 3.1 */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        [key: string]: unknown;
                    };
                };
            };
            400: components["responses"]["Problem400"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getReference: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The page */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/html": string;
                };
            };
            400: components["responses"]["Problem400"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
    getReferenceAsset: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                asset: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The file */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            400: components["responses"]["Problem400"];
            404: components["responses"]["Problem404"];
            409: components["responses"]["Problem409"];
            422: components["responses"]["Problem422"];
            429: components["responses"]["Problem429"];
            500: components["responses"]["Problem500"];
            502: components["responses"]["Problem502"];
            503: components["responses"]["Problem503"];
            504: components["responses"]["Problem504"];
        };
    };
}

import { useSearch } from "@tanstack/react-router";
import { Sections } from "../../parts/sections.tsx";
import { BudgetsSection } from "./budgets-section.tsx";
import { ChargebackSection } from "./chargeback-section.tsx";
import { ReconcileSection } from "./reconcile-section.tsx";
import { SavingsSection } from "./savings-section.tsx";
import { SpendSection } from "./spend-section.tsx";
import { WhatIfSection } from "./what-if-section.tsx";

const permission = "costs:read";

/** What everything cost, what it comes to, who pays it, and what could cost less. */
export function CostPage() {
  const { show } = useSearch({ from: "/cost" });
  return (
    <Sections
      title="Cost"
      sub="What providers say that it cost, by the days that use was on"
      show={show}
      sections={[
        { name: "spend", label: "Spend", permission, cli: "cost show", api: "GET /v1/costs", Body: SpendSection },
        {
          ...{ name: "budgets", label: "Budgets", permission, Body: BudgetsSection },
          ...{ cli: "cost budgets list", api: "GET /v1/budgets" },
        },
        {
          ...{ name: "chargeback", label: "Chargeback", permission, Body: ChargebackSection },
          ...{ cli: "cost chargeback", api: "GET /v1/costs/chargeback" },
        },
        {
          ...{ name: "reconcile", label: "Deliveries", permission, Body: ReconcileSection },
          ...{ cli: "cost reconcile MONTH", api: "GET /v1/costs/reconciliation\nGET /v1/costs/imports" },
        },
        {
          ...{ name: "savings", label: "Savings", permission: "inventory:read", Body: SavingsSection },
          ...{ cli: "savings list", api: "GET /v1/savings\nGET /v1/savings/recommendations" },
        },
        {
          ...{ name: "what-if", label: "What if", permission: "prices:read", Body: WhatIfSection },
          ...{ cli: "cost what-if", api: "GET /v1/costs/what-if" },
        },
      ]}
    />
  );
}

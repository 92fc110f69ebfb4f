/** Promote, reject, roll back: what would change, and why. */
import Table from "@cloudscape-design/components/table";
import type { Model } from "../api/types.gen";
import { AskWhy } from "../parts";
import { useApi, useDecision } from "../queries";
import { go } from "../url";
import { count, figure, metric, moment, named } from "../words";

export type Choice = { kind: "promote" | "reject" | "rollback"; model: Model };

const VERBS = { promote: "Promote", reject: "Reject", rollback: "Roll back" };
const TITLES = { promote: "Promote", reject: "Reject", rollback: "Roll back to" };

export function Deciding({ choice, models, dismiss }: { choice: Choice; models: Model[]; dismiss: () => void }) {
  const api = useApi();
  const { kind, model } = choice;
  const started = (id: string | null) => (id ? go(`/runs/${id}`) : dismiss());
  const decision = useDecision(
    async (reason: string) => {
      if (kind === "reject") return (await api.reject(model.version, reason)) && null;
      const run = await (kind === "promote" ? api.promote(model.version, reason) : api.rollBack(model.version, reason));
      return run.run_id;
    },
    started,
  );
  const serving = models.find(({ status }) => status === "champion");
  return (
    <AskWhy
      title={`${TITLES[kind]} ${model.version}`}
      verb={VERBS[kind]}
      pending={decision.isPending}
      error={decision.error}
      dismiss={dismiss}
      decide={(reason) => decision.mutate(reason)}
    >
      {kind !== "reject" && serving && <Differences now={serving} then={model} />}
      {kind === "reject" && <div>It is never put into service by itself; it stays in the list.</div>}
    </AskWhy>
  );
}

function Differences({ now, then }: { now: Model; then: Model }) {
  const rows = [
    ...named(now).map(([name, value]) => ({ what: metric(name), now: figure(value), then: figure(then.metrics[name]) })),
    { what: "Labels", now: count(now.labels.length), then: count(then.labels.length) },
    { what: "Labels lost", now: "", then: now.labels.filter((label) => !then.labels.includes(label)).join(", ") || "none" },
    { what: "Made", now: moment(now.created_at), then: moment(then.created_at) },
    { what: "Data", now: now.snapshot?.slice(0, 8) ?? "–", then: then.snapshot?.slice(0, 8) ?? "–" },
  ];
  return (
    <Table
      variant="embedded"
      items={rows}
      trackBy="what"
      wrapLines
      columnDefinitions={[
        { id: "what", header: "Difference", isRowHeader: true, cell: (row) => row.what },
        { id: "now", header: "In service", cell: (row) => row.now },
        { id: "then", header: "Afterwards", cell: (row) => row.then },
      ]}
      ariaLabels={{ tableLabel: "Differences" }}
    />
  );
}

/** A verdict: each clause with what was measured, both models' figures with their difference, and the labels. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { Verdict } from "../api/types.gen";
import { Interval } from "../interval";
import { count, figure, metric, primary, signed } from "../words";

/** Those that failed first, then those that hold, then what is only noted. */
export function Clauses({ verdict }: { verdict: Verdict }) {
  const place = ({ passed }: { passed: boolean | null }) => (passed === null ? 2 : Number(passed));
  const ordered = [...verdict.clauses].sort((one, other) => place(one) - place(other));
  const said = Object.entries(verdict.policies).map(([name, what]) => `${name} would ${what === "promote" ? "promote" : "keep the model in service"}`);
  return (
    <Table
      header={<Header description={`Policy ${verdict.policy} decides, by its own clauses alone; ${said.join(", ")}.`}>What had to hold</Header>}
      items={ordered}
      wrapLines
      columnDefinitions={[
        { id: "passed", header: "Passed", cell: ({ passed }) => <Passed passed={passed} />, width: 120 },
        { id: "message", header: "Clause", isRowHeader: true, cell: (clause) => clause.message, minWidth: 320 },
        { id: "measured", header: "Measured", cell: (clause) => shown(clause.measured) },
        { id: "required", header: "Required", cell: (clause) => shown(clause.required) },
        { id: "binds", header: "Decides", cell: (clause) => (clause.policies.includes(verdict.policy) ? "Yes" : "No"), width: 100 },
      ]}
      ariaLabels={{ tableLabel: "Clauses of the verdict" }}
    />
  );
}

function Passed({ passed }: { passed: boolean | null }) {
  if (passed === null) return <StatusIndicator type="info">Noted</StatusIndicator>;
  return <StatusIndicator type={passed ? "success" : "error"}>{passed ? "Passed" : "Failed"}</StatusIndicator>;
}

function shown(value: unknown): string {
  if (value == null) return "–";
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : value.toFixed(4);
  if (Array.isArray(value)) return value.map(shown).join(", ") || "none";
  if (typeof value !== "object") return String(value);
  return Object.entries(value).map(([name, held]) => `${name.replaceAll("_", " ")} ${shown(held)}`).join(", ");
}

export function Scores({ verdict }: { verdict: Verdict }) {
  const name = primary(verdict.task, verdict.metrics.candidate);
  const intervals = [verdict.interval, ...(verdict.further_intervals ?? [])].filter((interval) => interval !== null);
  return (
    <Container
      header={<Header variant="h2" description="On held-out records that no model was trained on.">Candidate against champion</Header>}
    >
      <SpaceBetween size="l">
        <KeyValuePairs
          columns={3}
          items={[
            { label: `Candidate ${metric(name)}`, value: figure(verdict.metrics.candidate[name]) },
            { label: `Champion ${metric(name)}`, value: verdict.champion ? figure(verdict.metrics.champion?.[name]) : "no model before" },
            { label: "Difference", value: verdict.interval ? `${signed(verdict.interval.difference)} (${signed(verdict.interval.low)} to ${signed(verdict.interval.high)})` : "–" },
          ]}
        />
        {intervals.map((interval) => (
          <Interval key={interval.metric} {...interval} />
        ))}
        {verdict.mcnemar && <Whole {...verdict.mcnemar} />}
        {verdict.labels.length > 0 && <Labels verdict={verdict} />}
      </SpaceBetween>
    </Container>
  );
}

/** Records that one model alone answers exactly right. */
function Whole({ fixed, broken, p }: NonNullable<Verdict["mcnemar"]>) {
  return (
    <Box>
      Whole records: {count(fixed)} only the candidate has exactly right, {count(broken)} only the champion (McNemar&apos;s exact p {p.toFixed(3)}).
    </Box>
  );
}

const EVIDENCE: { [evidence: string]: StatusIndicatorProps.Type } = { held: "success", fell: "error", "insufficient evidence": "info" };

function Evidence({ found }: { found: string | null | undefined }) {
  return found ? <StatusIndicator type={EVIDENCE[found] ?? "info"}>{found.charAt(0).toUpperCase() + found.slice(1)}</StatusIndicator> : <>–</>;
}

export function Labels({ verdict }: { verdict: Verdict }) {
  return (
    <Table
      variant="embedded"
      items={verdict.labels}
      trackBy="label"
      columnDefinitions={[
        { id: "label", header: "Label", isRowHeader: true, cell: (row) => row.label },
        { id: "support", header: "In the holdout", cell: (row) => count(row.support) },
        { id: "candidate", header: "Candidate F1", cell: (row) => figure(row.candidate) },
        { id: "champion", header: "Champion F1", cell: (row) => figure(row.champion) },
        { id: "difference", header: "Difference", cell: (row) => signed(row.difference) },
        { id: "evidence", header: "Evidence", cell: (row) => <Evidence found={row.evidence} /> },
      ]}
      ariaLabels={{ tableLabel: "Scores by label" }}
    />
  );
}

/** What the last run found in the records: those set aside by the firewall, contradictions, and labels that stand in the question. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Quality } from "../api/types.gen";
import { ApiError } from "../calls";
import { Asked } from "../parts";
import { useQuality, useRuns } from "../queries";
import { follow } from "../url";
import { count } from "../words";
import { BatchLink } from "./batches";
import { OUTSIDE } from "./receipt";

export function QualityTab() {
  const runs = useRuns(null);
  const judged = runs.data?.runs.some(({ verdict }) => verdict) ?? false;
  const quality = useQuality(judged);
  if ((runs.data && !judged) || (quality.error instanceof ApiError && quality.error.status === 404)) {
    return (
      <Box textAlign="center" padding="l">
        The first run shows here what it found in the records.
      </Box>
    );
  }
  return <Asked query={quality} what="the quality of the records">{(found) => <Found found={found} />}</Asked>;
}

const ASIDE: { [code: string]: string } = {
  same_group: "Its patient or cluster was learned from",
  same_text: "The same text was learned from",
  near_text: "Nearly the same text was learned from",
};

const LEAKS: { [kind: string]: string } = {
  label_in_text: "The label's name stands in the text",
  heading_in_text: "A heading gives the label away",
  feature_is_target: "A column is the target",
  completion_in_prompt: "The answer stands in the prompt",
};

function Found({ found }: { found: Quality }) {
  const { set_aside: aside, conflicts, label_leaks: leaks, alarms } = found;
  const clean = !aside.records.length && !conflicts.found && !leaks.length && !alarms.length;
  return (
    <SpaceBetween size="m">
      <Alert type={clean ? "success" : "warning"} header={clean ? "Nothing speaks against these records" : "Look at these records before you trust the scores"}>
        Found by run{" "}
        <Link href={`/runs/${found.run_id}`} onFollow={follow}>
          {found.run_id}
        </Link>{" "}
        in {count(found.records.training)} records to learn from and {count(found.records.holdout)} held out. Ids only, no text.
      </Alert>
      {alarms.length > 0 && <Alarms alarms={alarms} />}
      {aside.records.length > 0 && (
        <Part title="Held-out records that were not judged by" number={Object.values(aside.counts).reduce((sum, each) => sum + each, 0)}>
          <Ids rows={aside.records.map(({ record_id, code }) => ({ what: ASIDE[code] ?? code, records: [record_id] }))} name="Set aside" />
        </Part>
      )}
      {conflicts.found > 0 && (
        <Part title="The same text with other labels" number={conflicts.found}>
          <Ids rows={conflicts.pairs.map(({ kind, records }) => ({ what: kind === "same_text" ? "The same text" : "Nearly the same text", records }))} name="Contradictions" />
        </Part>
      )}
      {leaks.length > 0 && (
        <Part title="The answer stands in the question" number={leaks.length}>
          <Ids rows={leaks.map(({ kind, field, label, records }) => ({ what: `${LEAKS[kind] ?? kind}: ${label ?? field}`, records }))} name="Label leaks" />
        </Part>
      )}
    </SpaceBetween>
  );
}

/** What a planted word looks like; the word itself is clinical text and is not told. */
export function Alarms({ alarms }: { alarms: Quality["alarms"] }) {
  return (
    <Part title="A rare word goes with one label" number={alarms.length}>
      <Table
        variant="embedded"
        items={alarms}
        wrapLines
        columnDefinitions={[
          { id: "label", header: "Goes with", isRowHeader: true, cell: ({ label }) => (label === OUTSIDE ? "missing labels" : label) },
          { id: "found", header: "New records", cell: ({ found }) => count(found) },
          { id: "p", header: "By chance", cell: ({ p }) => p.toExponential(1) },
          { id: "batches", header: "Batches", cell: ({ batches }) => batches.map((id) => <BatchLink key={id} id={id} />) },
          { id: "records", header: "Records", minWidth: 260, cell: ({ records }) => named(records) },
        ]}
        ariaLabels={{ tableLabel: "Alarms" }}
      />
    </Part>
  );
}

const named = (records: string[]) => records.slice(0, 20).join(", ") + (records.length > 20 ? ` and ${count(records.length - 20)} more` : "");

function Part({ title, number, children }: { title: string; number: number; children: React.ReactNode }) {
  return (
    <ExpandableSection variant="container" defaultExpanded headerText={title} headerCounter={`(${count(number)})`}>
      {children}
    </ExpandableSection>
  );
}

const LISTED = 100;

function Ids({ rows, name }: { rows: { what: string; records: string[] }[]; name: string }) {
  return (
    <Table
      variant="embedded"
      contentDensity="compact"
      items={rows.slice(0, LISTED)}
      wrapLines
      columnDefinitions={[
        { id: "what", header: "What", isRowHeader: true, cell: ({ what }) => what },
        { id: "records", header: "Records", cell: ({ records }) => named(records) },
      ]}
      ariaLabels={{ tableLabel: name }}
      footer={rows.length > LISTED && <Box>The first {LISTED} are listed.</Box>}
    />
  );
}

/** What a batch changed: its labels beside those of all that was there before it. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Changes } from "../api/types.gen";
import { useBatch, useChanges } from "../queries";
import { count, percent } from "../words";

/** Nothing of a batch that stored nothing. */
export function Changed({ id }: { id: string }) {
  const receipt = useBatch(id, false).data;
  const stored = receipt?.status === "processed" && receipt.counts.accepted + receipt.counts.replaced > 0;
  const { data } = useChanges(id, stored);
  return data ? <Beside changes={data} /> : null;
}

const MOST = 40;

function Beside({ changes: { batch, before, distance, new_labels: fresh } }: { changes: Changes }) {
  const labels = [...new Set([...Object.keys(batch.labels), ...Object.keys(before.labels)])];
  const rows = labels.map((label) => ({ label, now: batch.labels[label] ?? 0, then: before.labels[label] ?? 0 })).sort((one, other) => other.now - one.now);
  const [all, earlier] = [sum(Object.values(batch.labels)), sum(Object.values(before.labels))];
  return (
    <Container header={<Header variant="h2" description="Its labels beside those of all records before it.">What it changed</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            { label: "Records, before it", value: `${count(batch.records)}, ${count(before.records)}` },
            { label: "To learn from, held out", value: `${count(batch.training)}, ${count(batch.holdout)}` },
            { label: "Replaced", value: count(batch.replaced) },
            { label: "Labels differ by", value: distance === null ? "–" : percent(distance) },
          ]}
        />
        {rows.length > 0 && (
          <Table
            variant="embedded"
            contentDensity="compact"
            items={rows.slice(0, MOST)}
            trackBy="label"
            columnDefinitions={[
              { id: "label", header: "Label", isRowHeader: true, cell: ({ label }) => (fresh.includes(label) ? `${label} (new)` : label) },
              { id: "now", header: "In the batch", cell: ({ now }) => of(now, all) },
              { id: "then", header: "Before it", cell: ({ then }) => of(then, earlier) },
            ]}
            ariaLabels={{ tableLabel: "Labels of the batch" }}
            footer={rows.length > MOST && <Box>The {MOST} most frequent are listed.</Box>}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}

const sum = (values: number[]) => values.reduce((one, other) => one + other, 0);
const of = (value: number, whole: number) => (whole ? `${count(value)} (${percent(value / whole)})` : count(value));

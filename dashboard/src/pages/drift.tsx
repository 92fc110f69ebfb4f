/** How each version answers in use: what it finds, how sure it is, and how often people correct it. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Drift } from "../api/types.gen";
import { Asked } from "../parts";
import { useDrift } from "../queries";
import { count, moment, percent } from "../words";

type Version = Drift["versions"][number];

export function DriftTab() {
  const drift = useDrift();
  return (
    <Asked query={drift} what="the answers' counts">
      {({ versions, since }) =>
        versions.length ? (
          <SpaceBetween size="l">
            <Box color="text-body-secondary">Since {moment(since)}; counts without text.</Box>
            {versions.map((version) => (
              <One key={version.model_version} version={version} />
            ))}
          </SpaceBetween>
        ) : (
          <Box textAlign="center" padding="l">
            No note was predicted yet.
          </Box>
        )
      }
    </Asked>
  );
}

const share = (value: number | null | undefined) => (value == null ? "–" : percent(value));
const rate = (value: number | null | undefined) => (value == null ? "–" : value.toFixed(1));

function One({ version }: { version: Version }) {
  const { corrections, confidence } = version;
  const corrected = new Map(corrections?.labels.map((label) => [label.label, label.disagreement]));
  return (
    <Container header={<Header variant="h2">{version.model_version}</Header>}>
      <SpaceBetween size="m">
        <KeyValuePairs
          columns={4}
          items={[
            { label: "Notes", value: count(version.texts) },
            { label: "Without any entity", value: share(version.without_entities) },
            { label: "Mean confidence", value: share(confidence.mean) },
            { label: "Of corrected entities, people disagree with", value: share(corrections?.disagreement) },
          ]}
        />
        <Table
          variant="embedded"
          contentDensity="compact"
          items={version.labels}
          trackBy="label"
          columnDefinitions={[
            { id: "label", header: "Label", isRowHeader: true, cell: ({ label }) => label },
            { id: "entities", header: "Found", cell: ({ entities }) => count(entities) },
            { id: "rate", header: "Per 1,000 tokens", cell: ({ per_1000_tokens }) => rate(per_1000_tokens) },
            { id: "disagreement", header: "Disagreement", cell: ({ label }) => share(corrected.get(label)) },
          ]}
          ariaLabels={{ tableLabel: `Labels found by ${version.model_version}` }}
          empty="Nothing was found."
        />
        {version.by_day.length > 1 && (
          <Table
            variant="embedded"
            contentDensity="compact"
            items={version.by_day}
            trackBy="day"
            columnDefinitions={[
              { id: "day", header: "Day", isRowHeader: true, cell: ({ day }) => day },
              { id: "texts", header: "Notes", cell: ({ texts }) => count(texts) },
              { id: "without", header: "Without any entity", cell: ({ without_entities }) => share(without_entities) },
              { id: "mean", header: "Mean confidence", cell: (day) => share(day.confidence.mean) },
            ]}
            ariaLabels={{ tableLabel: `Days of ${version.model_version}` }}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}

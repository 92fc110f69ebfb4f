/** Labels and data: what there is, batch by batch; what was refused and why; how each label does. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import FormField from "@cloudscape-design/components/form-field";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Select from "@cloudscape-design/components/select";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Tabs from "@cloudscape-design/components/tabs";
import type { Run, TaskStatus, Verdict } from "../api/types.gen";
import { Asked } from "../parts";
import { useRuns, useTask } from "../queries";
import type { PageProps } from "../shell";
import { go, useAddress, withParameters } from "../url";
import { count, moment } from "../words";
import { Arrived } from "./arrived";
import { Batch, Batches } from "./batches";
import { DriftTab } from "./drift";
import { QualityTab } from "./quality";
import { QuarantineTab } from "./quarantine";
import { Queue } from "./review";
import { SendersTab } from "./senders";
import { Labels as LabelTable } from "./verdict";

export default function Data({ person, rest }: PageProps) {
  return rest ? <Batch id={rest} person={person} /> : <Overview person={person} />;
}

function Overview({ person }: Pick<PageProps, "person">) {
  const task = useTask();
  const address = useAddress();
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="What the next model would learn from, and what was set aside.">
          Labels and data
        </Header>
      }
    >
      <SpaceBetween size="l">
        <Asked query={task} what="the counts">
          {(status) => <Tiles status={status} />}
        </Asked>
        <Tabs
          ariaLabel="Labels and data"
          activeTabId={address.searchParams.get("tab") ?? "batches"}
          onChange={({ detail }) => go(`/data?tab=${detail.activeTabId}`)}
          tabs={[
            { id: "batches", label: "Batches", content: <Batches /> },
            { id: "records", label: "Records", content: <Arrived person={person} /> },
            { id: "quarantine", label: "Quarantine", content: <QuarantineTab person={person} /> },
            { id: "labels", label: "Labels", content: <Labels /> },
            { id: "review", label: "Review", content: <Queue person={person} /> },
            { id: "senders", label: "Senders", content: <SendersTab /> },
            { id: "quality", label: "Quality", content: <QualityTab /> },
            { id: "drift", label: "Drift", content: <DriftTab /> },
          ]}
        />
      </SpaceBetween>
    </ContentLayout>
  );
}

function Tiles({ status }: { status: TaskStatus }) {
  return (
    <Container>
      <KeyValuePairs
        columns={3}
        items={[
          { label: "Records accepted, of those that a run needs", value: `${count(status.records)} of ${count(status.minimum_records)}` },
          { label: "New since the last run, of those that start one", value: `${count(status.new_records)} of ${count(status.minimum_new_records)}` },
          { label: "In service", value: String(status.champion?.version ?? "no model yet") },
        ]}
      />
    </Container>
  );
}

type Judged = Run & { verdict: Verdict };

/** How each label did, on the holdout of the newest judged run or of another one. */
function Labels() {
  const runs = useRuns(null);
  const address = useAddress();
  return (
    <Asked query={runs} what="the labels">
      {(page) => {
        const judged = page.runs.filter((run): run is Judged => Boolean(run.verdict?.labels.length));
        const chosen = judged.find(({ run_id }) => run_id === address.searchParams.get("run")) ?? judged[0];
        if (!chosen) return <Box padding="l">The first judged run shows here how each label does.</Box>;
        return (
          <SpaceBetween size="m">
            <OfRun judged={judged} chosen={chosen} choose={(id) => go(withParameters(address, { run: id }))} />
            <LabelTable verdict={chosen.verdict} />
            <Box variant="small" color="text-body-secondary">
              Labels with few examples in the holdout are measured badly.
            </Box>
          </SpaceBetween>
        );
      }}
    </Asked>
  );
}

function OfRun({ judged, chosen, choose }: { judged: Judged[]; chosen: Judged; choose: (id: string) => void }) {
  const option = ({ run_id, started_at, records, snapshot }: Judged) => ({
    value: run_id,
    label: run_id,
    description: `${moment(started_at)}, ${count(records.train)} records to learn from, snapshot ${snapshot?.slice(0, 12) ?? "–"}`,
  });
  return (
    <FormField label="Of the run">
      <Select selectedOption={option(chosen)} options={judged.map(option)} onChange={({ detail }) => choose(detail.selectedOption.value ?? "")} />
    </FormField>
  );
}

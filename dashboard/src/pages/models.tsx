/** Models: the one in service and why, all that were, and what a person may decide about them. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import Link from "@cloudscape-design/components/link";
import Pagination from "@cloudscape-design/components/pagination";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Model, TaskStatus } from "../api/types.gen";
import { Asked, Updated, useCursor } from "../parts";
import { useAudit, useModels, useTask } from "../queries";
import type { Person } from "../session";
import type { PageProps } from "../shell";
import { follow, go } from "../url";
import { count, figure, metric, MODEL_STATES, moment, named, primary } from "../words";
import { Curve } from "./report";
import { Deciding, type Choice } from "./deciding";
import { Waiting } from "./reviewing";

export default function Models({ person }: PageProps) {
  const models = useModels();
  const task = useTask();
  const [choice, setChoice] = useState<Choice | null>(null);
  return (
    <ContentLayout
      header={
        <Header variant="h1" description="Which model answers, since when and why, and what was before.">
          Models
        </Header>
      }
    >
      <SpaceBetween size="l">
        {task.data?.promotion && (
          <Alert type="info" header="Switching">
            A model is being put into service. Until that is confirmed the one below answers.
          </Alert>
        )}
        {task.data && <Waiting reviews={task.data.reviews} person={person} />}
        <Asked query={models} what="the models">
          {({ models: found }) => (
            <SpaceBetween size="l">
              <Serving models={found} task={task.data} person={person} choose={setChoice} />
              <Versions models={found} />
              <History models={found} person={person} choose={setChoice} updated={<Updated query={models} />} />
            </SpaceBetween>
          )}
        </Asked>
        <Trail />
      </SpaceBetween>
      {choice && <Deciding choice={choice} models={models.data?.models ?? []} dismiss={() => setChoice(null)} />}
    </ContentLayout>
  );
}

type Chooses = { person: Person; choose: (choice: Choice) => void };

/** The champion before this one, as a rollback without a name takes it. */
function before(models: Model[], task: TaskStatus | undefined): Model | undefined {
  const version = task?.previous_champion?.version;
  return models.find((model) => model.version === version);
}

function Serving({ models, task, person, choose }: Chooses & { models: Model[]; task: TaskStatus | undefined }) {
  const model = models.find(({ status }) => status === "champion");
  const earlier = before(models, task);
  if (!model) {
    return (
      <Container header={<Header>No model is in service</Header>}>
        The first run that passes puts one there.{" "}
        <Link href="/runs" onFollow={follow}>
          See the runs
        </Link>
      </Container>
    );
  }
  const back = (
    <Button
      variant={Object.keys(task?.reviews ?? {}).length ? "normal" : "primary"}
      disabled={!earlier || !person.may("models:promote") || Boolean(task?.promotion)}
      onClick={() => earlier && choose({ kind: "rollback", model: earlier })}
    >
      {earlier ? `Roll back to ${earlier.version}` : "Nothing to roll back to"}
    </Button>
  );
  return (
    <Container header={<Header actions={back}>In service: {model.version}</Header>}>
      <KeyValuePairs
        columns={4}
        items={[
          { label: "Since", value: moment(model.promoted_at) },
          { label: "By", value: model.promoted_by ?? "the gate" },
          { label: "Why", value: model.reason ?? "the candidate passed" },
          ...named(model).map(([name, value]) => ({ label: `${metric(name)} on held-out records`, value: figure(value) })),
          { label: "Labels", value: count(model.labels.length) },
          { label: "Base model", value: model.base_model ?? "–" },
        ]}
      />
    </Container>
  );
}

/** How the versions did, each on its own run's holdout; four of the metrics at most. */
function Versions({ models }: { models: Model[] }) {
  const made = [...models].sort((one, other) => one.created_at.localeCompare(other.created_at));
  const [newest] = models;
  if (made.length < 2 || !newest) return null;
  const series = named(newest).slice(0, 4).map(([name]) => ({
    title: metric(name),
    points: made.flatMap(({ metrics }, index) => (metrics[name] == null ? [] : [{ x: index + 1, y: metrics[name] }])),
  }));
  return (
    <Container header={<Header variant="h2" description="Each version on the holdout of its own run, in the order in which they were made.">Versions</Header>}>
      <Curve title="Metrics by version" x="Version" whole series={series} />
    </Container>
  );
}

const SIZE = 20;

function History({ models, person, choose, updated }: Chooses & { models: Model[]; updated: React.ReactNode }) {
  const [chosen, setChosen] = useState<Model[]>([]);
  const [page, setPage] = useState(1);
  const ids = [...chosen].sort((one, other) => one.created_at.localeCompare(other.created_at)).map(({ run_id }) => run_id);
  return (
    <Table
      header={
        <Header
          counter={`(${models.length})`}
          description="Choose two to see what differs."
          actions={
            <SpaceBetween direction="horizontal" size="s" alignItems="center">
              {updated}
              <Button disabled={ids.length !== 2} onClick={() => go(`/runs?compare=${ids.join(",")}`)}>
                Compare
              </Button>
            </SpaceBetween>
          }
        >
          All versions
        </Header>
      }
      items={models.slice((page - 1) * SIZE, page * SIZE)}
      pagination={models.length > SIZE && <Pagination currentPageIndex={page} pagesCount={Math.ceil(models.length / SIZE)} onChange={({ detail }) => setPage(detail.currentPageIndex)} />}
      selectionType="multi"
      selectedItems={chosen}
      onSelectionChange={({ detail }) => setChosen(detail.selectedItems.slice(-2))}
      trackBy="version"
      columnDefinitions={[
        {
          id: "version",
          header: "Version",
          isRowHeader: true,
          cell: (model) => (
            <Link href={`/runs/${model.run_id}`} onFollow={follow}>
              {model.version}
            </Link>
          ),
        },
        {
          id: "status",
          header: "State",
          cell: ({ status }) => <StatusIndicator type={MODEL_STATES[status].type}>{MODEL_STATES[status].text}</StatusIndicator>,
        },
        { id: "score", header: "Score", cell: (model) => `${metric(primary(model.task))} ${figure(model.metrics[primary(model.task)])}` },
        { id: "size", header: "Size", cell: (model) => (model.bytes ? `${(model.bytes / 1e6).toFixed(1)} MB` : "–") },
        { id: "made", header: "Made", cell: (model) => moment(model.created_at) },
        { id: "promoted", header: "Put into service", cell: (model) => moment(model.promoted_at) },
        { id: "decide", header: "Decide", cell: (model) => <Decisions model={model} person={person} choose={choose} /> },
      ]}
      ariaLabels={{
        tableLabel: "Versions of the model",
        selectionGroupLabel: "Choose two versions to compare",
        allItemsSelectionLabel: () => "Choose the last two",
        itemSelectionLabel: (_, model) => `Choose ${model.version}`,
      }}
      empty={<Box textAlign="center">No run has made a model yet.</Box>}
    />
  );
}

function Decisions({ model, person, choose }: Chooses & { model: Model }) {
  if (!person.may("models:promote") || model.status === "champion") return null;
  const again = model.status === "retired";
  const open = model.status === "candidate" || model.status === "needs-review";
  const kind = again ? "rollback" : "promote";
  return (
    <SpaceBetween direction="horizontal" size="xs">
      {(open || again) && (
        <Button variant="inline-link" ariaLabel={`${again ? "Roll back to" : "Promote"} ${model.version}`} onClick={() => choose({ kind, model })}>
          {again ? "Roll back" : "Promote"}
        </Button>
      )}
      {open && (
        <Button variant="inline-link" ariaLabel={`Reject ${model.version}`} onClick={() => choose({ kind: "reject", model })}>
          Reject
        </Button>
      )}
    </SpaceBetween>
  );
}

function Trail() {
  const { cursor, pages } = useCursor("audit");
  const audit = useAudit(cursor);
  return (
    <Asked query={audit} what="the audit trail">
      {(page) => (
        <Table
          header={<Header description="Who did what, newest first.">Audit trail</Header>}
          items={page.audit}
          wrapLines
          pagination={pages(page.next)}
          columnDefinitions={[
            { id: "at", header: "When", cell: (entry) => moment(entry.at), minWidth: 180 },
            { id: "action", header: "What", isRowHeader: true, cell: (entry) => entry.action },
            { id: "by", header: "Who", cell: (entry) => entry.by },
            { id: "more", header: "With", cell: (entry) => more(entry), minWidth: 320 },
          ]}
          ariaLabels={{ tableLabel: "Audit trail" }}
          empty="Nothing was decided yet."
        />
      )}
    </Asked>
  );
}

/** Of a hash the beginning tells it from others; the API's own answer has it whole. */
const HASH = /^([0-9a-f]{12})[0-9a-f]{52}$/;

/** What an entry says beside who, what and when; changed settings one by one. */
function more(entry: object): string {
  const rest = Object.entries(entry).filter(([name, value]) => !["action", "by", "at", "task", "number", "previous", "sha256"].includes(name) && value !== null);
  return rest.map(([name, value]) => (typeof value === "object" ? more(value as object) : `${name}: ${String(value).replace(HASH, "$1")}`)).join(", ");
}

/** A run while it runs: its steps with their times, how far the job is, the loss as it goes. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import CopyToClipboard from "@cloudscape-design/components/copy-to-clipboard";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import LineChart from "@cloudscape-design/components/line-chart";
import ProgressBar from "@cloudscape-design/components/progress-bar";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import { useEffect, useState } from "react";
import type { Run } from "../api/types.gen";
import { useConfig } from "../queries";
import { follow } from "../url";
import { figure, seconds, usd } from "../words";

type Step = Run["steps"][number];

const STATES: { [status in Step["status"]]: { type: StatusIndicatorProps.Type; text: string } } = {
  waiting: { type: "pending", text: "Waiting" },
  running: { type: "in-progress", text: "Running" },
  succeeded: { type: "success", text: "Done" },
  failed: { type: "error", text: "Failed" },
  skipped: { type: "stopped", text: "Not needed" },
};
const TITLES: { [name in Step["name"]]: string } = {
  prepare: "Prepare the data",
  embed: "Embed the texts",
  tune: "Tune the hyper-parameters",
  train: "Train the candidate",
  score: "Score both models",
  judge: "Judge",
  promote: "Put into service",
};

export function Live({ run, linked = false }: { run: Run; linked?: boolean }) {
  const name = linked ? (
    <Link href={`/runs/${run.run_id}`} onFollow={follow} fontSize="heading-m">
      {run.run_id}
    </Link>
  ) : (
    run.run_id
  );
  const train = run.steps.find((step) => step.name === "train");
  return (
    <Container header={<Header description="It goes on without this page.">Running now: {name}</Header>}>
      <SpaceBetween size="l">
        <Steps run={run} />
        {train?.status === "running" && <Progress step={train} />}
        <Loss run={run} />
      </SpaceBetween>
    </Container>
  );
}

export function Steps({ run }: { run: Run }) {
  const ended = run.status === "failed";
  return (
    <Table
      variant="embedded"
      wrapLines
      items={run.steps}
      trackBy="name"
      columnDefinitions={[
        { id: "name", header: "Step", isRowHeader: true, cell: (step) => TITLES[step.name], minWidth: 190 },
        {
          id: "status",
          header: "Status",
          cell: (step) => <StatusIndicator type={STATES[step.status].type}>{ended && step.status === "skipped" ? "Not reached" : STATES[step.status].text}</StatusIndicator>,
          minWidth: 150,
        },
        { id: "took", header: "Took", cell: (step) => <Took step={step} />, minWidth: 120 },
        { id: "cost", header: "Cost", cell: (step) => usd(step.cost_usd), minWidth: 110 },
        { id: "logs", header: "Log", cell: (step) => step.job && <Log step={step.name} job={step.job} /> },
        { id: "message", header: "Progress", cell: (step) => step.message ?? said(step.progress) },
      ]}
      ariaLabels={{ tableLabel: "Steps of the run" }}
    />
  );
}

const GROUPS: { [name in Step["name"]]?: string } = { train: "TrainingJobs" };

/** A link where logs have a page of their own; on one machine the file. */
function Log({ step, job }: { step: Step["name"]; job: string }) {
  const place = useConfig().logs.replace("{group}", GROUPS[step] ?? "ProcessingJobs").replace("{job}", encodeURIComponent(job));
  if (place.startsWith("https://")) {
    return (
      <Link href={place} external>
        Log
      </Link>
    );
  }
  return <CopyToClipboard variant="icon" copyButtonAriaLabel={`Copy the path of the log of ${job}`} textToCopy={place} copySuccessText="Path copied" copyErrorText={place} />;
}

function Took({ step }: { step: Step }) {
  const now = useNow(step.status === "running");
  const running = step.status === "running" && step.started_at ? Math.max(0, (now - Date.parse(step.started_at)) / 1000) : null;
  return <>{running === null ? seconds(step.seconds) : seconds(Math.round(running))}</>;
}

function useNow(ticking: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!ticking) return undefined;
    const clock = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(clock);
  }, [ticking]);
  return now;
}

/** Figures of a job as it reports them: `epoch 3, loss 0.120`. */
function said(progress: Step["progress"]): string {
  const pairs = Object.entries(progress ?? {});
  return pairs.map(([name, value]) => `${name.replaceAll("_", " ")} ${Number.isInteger(value) ? value : figure(value)}`).join(", ");
}

function Progress({ step }: { step: Step }) {
  const { epoch, progress } = step.progress ?? {};
  if (progress === undefined) return null;
  return <ProgressBar value={Math.min(100, progress)} label="Training" description={epoch === undefined ? "" : `Epoch ${Math.floor(epoch)}`} />;
}

/** The points that this page saw: the API tells the last one. */
function Loss({ run }: { run: Run }) {
  const points = useLosses(run);
  if (points.length < 2) return null;
  return (
    <LineChart
      series={[{ type: "line", title: "Loss", data: points }]}
      height={160}
      xTitle="Epoch"
      yTitle="Loss"
      xScaleType="linear"
      hideFilter
      hideLegend
      ariaLabel="Loss by epoch"
      empty={<Box>No loss yet</Box>}
    />
  );
}

function useLosses(run: Run): { x: number; y: number }[] {
  const progress = run.steps.find((step) => step.name === "train")?.progress;
  const { epoch, train_loss: loss } = progress ?? {};
  const [points, setPoints] = useState<{ x: number; y: number }[]>([]);
  useEffect(() => {
    if (epoch === undefined || loss === undefined) return;
    setPoints((known) => [...known.filter((point) => point.x < epoch), { x: epoch, y: loss }]);
  }, [epoch, loss]);
  return points;
}

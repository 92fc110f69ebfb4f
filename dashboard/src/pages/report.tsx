/** What a run's report adds to its verdict: both models' figures, examples that changed sides, a cheaper model, the curves. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import LineChart from "@cloudscape-design/components/line-chart";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Report, Run } from "../api/types.gen";
import { Figures, type Measured } from "../interval";
import { Asked, Trouble } from "../parts";
import { useApi, useDecision, useReport } from "../queries";
import { figure, metric } from "../words";
import { Comparison } from "./comparison";
import { Flips } from "./flips";
import { Trust } from "./trust";

export function ReportOf({ run }: { run: Run }) {
  const query = useReport(run);
  return (
    <Asked query={query} what="the report">
      {(report) => (
        <SpaceBetween size="l">
          {report.advice && (
            <Alert type="info" header="What to do">
              {report.advice} The model in service is untouched, and the records are kept.
            </Alert>
          )}
          <BothFigures report={report} />
          <Beside report={report} />
          {report.flips && report.flips.shown.length > 0 && <Flips flips={report.flips} counts={extras(report)?.flips ?? null} />}
          <Cheaper report={report} />
          {report.trust && <Trust trust={report.trust} />}
          <Curves report={report} />
        </SpaceBetween>
      )}
    </Asked>
  );
}

const extras = ({ run }: Report) => run.scores.candidate?.extras;

function Beside({ report }: { report: Report }) {
  const found = extras(report)?.comparison;
  return found ? <Comparison found={found} readable={report.flips !== null} /> : null;
}

/** Models that were trained beside the candidate and cost less to serve. */
function Cheaper({ report }: { report: Report }) {
  const found = extras(report)?.baselines ?? [];
  const ours = report.run.scores.candidate?.settled?.metrics ?? {};
  return found.map(({ name, metrics, proposed, message }) => (
    <Container key={name} header={<Header variant="h2">Would something cheaper do?</Header>}>
      <SpaceBetween size="s">
        <Alert type={proposed ? "warning" : "success"} header={proposed ? `Proposed: serve ${name} instead` : "No: the candidate is better"}>
          {message}
        </Alert>
        <Table
          variant="embedded"
          items={Object.entries(metrics)}
          columnDefinitions={[
            { id: "metric", header: "Metric", isRowHeader: true, cell: ([each]) => metric(each) },
            { id: "candidate", header: "Candidate", cell: ([each]) => figure(ours[each]) },
            { id: "cheaper", header: name, cell: ([, value]) => figure(value) },
          ]}
          ariaLabels={{ tableLabel: `Candidate beside ${name}` }}
        />
      </SpaceBetween>
    </Container>
  ));
}

/** The report as one file that needs nothing else: to be kept, printed or passed on. */
export function Download({ run }: { run: Run }) {
  const api = useApi();
  const fetched = useDecision(() => api.reportPage(run), (page) => save(page, `${run.run_id}.html`));
  return (
    <>
      <Button iconName="download" loading={fetched.isPending} onClick={() => fetched.mutate(undefined)}>
        Report
      </Button>
      {fetched.error && <Trouble error={fetched.error} />}
    </>
  );
}

function save(page: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(page);
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function BothFigures({ report }: { report: Report }) {
  const { verdict } = report.run;
  if (!verdict) return null;
  const shown = report.metrics.flatMap(({ name }) => {
    const rows = (["candidate", "champion"] as const).flatMap((role): Measured[] => {
      const [value, bounds] = [verdict.metrics[role]?.[name], report.intervals[role]?.[name]];
      return value == null || !bounds ? [] : [{ who: role === "candidate" ? "Candidate" : "Champion", value, ...bounds }];
    });
    return rows.length ? [{ name, rows }] : [];
  });
  if (!shown.length) return null;
  return (
    <Container header={<Header variant="h2">Each model by itself</Header>}>
      <SpaceBetween size="m">
        {shown.map(({ name, rows }) => (
          <Figures key={name} name={name} rows={rows} />
        ))}
      </SpaceBetween>
    </Container>
  );
}

function Curves({ report }: { report: Report }) {
  const { learning, training } = report;
  const losses = Object.entries(training).filter(([, values]) => values.length > 1);
  const learned = report.run.verdict !== null && learning.runs.length > 1;
  if (!learned && losses.length === 0) return null;
  return (
    <Container header={<Header variant="h2">Curves</Header>}>
      <SpaceBetween size="l">
        {learned && (
          <Curve
            title={`${metric(learning.metric)} by records learned from`}
            x="Records"
            series={[{ title: metric(learning.metric), points: learning.runs.map(({ records, value }) => ({ x: records, y: value })) }]}
          />
        )}
        {losses.length > 0 && (
          <Curve
            title="The training job"
            x="Told by the job"
            series={losses.map(([name, values]) => ({ title: metric(name), points: values.map((y, x) => ({ x: x + 1, y })) }))}
          />
        )}
      </SpaceBetween>
    </Container>
  );
}

type CurveGiven = { title: string; x: string; whole?: boolean; series: { title: string; points: { x: number; y: number }[] }[] };

/** `whole`: only whole numbers stand on the way across. */
export function Curve({ title, x, whole = false, series }: CurveGiven) {
  const points = series.flatMap((one) => one.points);
  const [low, high] = [Math.min(...points.map(({ y }) => y)), Math.max(...points.map(({ y }) => y))];
  const room = Math.max((high - low) * 0.1, 0.005);
  return (
    <LineChart
      series={series.map((one) => ({ type: "line" as const, title: one.title, data: one.points }))}
      height={180}
      xTitle={x}
      xScaleType="linear"
      yDomain={[low - room, high + room]}
      i18nStrings={{
        xTickFormatter: (value: number) => (whole && !Number.isInteger(value) ? "" : value.toLocaleString("en")),
        yTickFormatter: (value) => value.toFixed(room < 0.05 ? 3 : 2),
      }}
      hideFilter
      hideLegend={series.length === 1}
      ariaLabel={title}
      ariaDescription={title}
      yTitle={series.length === 1 ? (series[0]?.title ?? "") : ""}
    />
  );
}

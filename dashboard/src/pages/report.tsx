/** What a run's report adds to its verdict: both models' figures, the curves, and the examples that changed sides. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import LineChart from "@cloudscape-design/components/line-chart";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Report, Run } from "../api/types.gen";
import { Figures, type Measured } from "../interval";
import { Note } from "../note/note";
import { Offsets } from "../note/offsets";
import { visible } from "../note/visible";
import { Asked, Trouble } from "../parts";
import { useApi, useDecision, useReport } from "../queries";
import { count, metric, moment } from "../words";

export function ReportOf({ run }: { run: Run }) {
  const query = useReport(run);
  return (
    <Asked query={query} what="the report">
      {(report) => (
        <SpaceBetween size="l">
          {report.advice && <Box variant="p">{report.advice}</Box>}
          <BothFigures report={report} />
          {report.flips && <Flips flips={report.flips} />}
          <Curves report={report} />
        </SpaceBetween>
      )}
    </Asked>
  );
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

type Flip = NonNullable<Report["flips"]>["shown"][number];
type Answer = NonNullable<Flip["answers"]["truth"]>;

function Flips({ flips }: { flips: NonNullable<Report["flips"]> }) {
  const [way, setWay] = useState<Flip["way"]>("broken");
  const some = flips.shown.filter((flip) => flip.way === way);
  const of = (which: Flip["way"]) => flips.shown.filter((flip) => flip.way === which).length;
  return (
    <Container
      header={
        <Header variant="h2" description={`What one model answered right and the other did not, in its sentence; shown until ${moment(flips.expires_at)}.`}>
          What changed
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SegmentedControl
          label="Which"
          selectedId={way}
          options={[
            { id: "broken", text: `Broken by the candidate (${count(of("broken"))})` },
            { id: "fixed", text: `Fixed by the candidate (${count(of("fixed"))})` },
          ]}
          onChange={({ detail }) => setWay(detail.selectedId as Flip["way"])}
        />
        {some.map((flip, index) => (
          <OneFlip key={`${flip.record_id} ${index}`} flip={flip} />
        ))}
        {some.length === 0 && <Box color="text-body-secondary">None.</Box>}
      </SpaceBetween>
    </Container>
  );
}

const ANSWERS = { truth: "Right", candidate: "Candidate", champion: "Champion", base: "Base model" } as const;

function OneFlip({ flip }: { flip: Flip }) {
  return (
    <ExpandableSection defaultExpanded headerText={flip.label} headerDescription={flip.record_id}>
      <SpaceBetween size="xxs">
        {(Object.keys(ANSWERS) as (keyof typeof ANSWERS)[]).map((who) => {
          const answer = flip.answers[who];
          return answer && <Said key={who} who={ANSWERS[who]} text={flip.text} answer={answer} />;
        })}
      </SpaceBetween>
    </ExpandableSection>
  );
}

function Said({ who, text, answer }: { who: string; text: string; answer: Answer }) {
  const offsets = new Offsets(text);
  return (
    <div className="said">
      <Box variant="awsui-key-label">{who}</Box>
      {"spans" in answer && answer.spans ? (
        <Note
          bare
          name={`${who}, in the sentence`}
          text={text}
          spans={answer.spans.map(({ start, end, label }) => ({ start: offsets.toUtf16(start), end: offsets.toUtf16(end), label }))}
        />
      ) : (
        <div dir="auto">{visible("value" in answer ? String(answer.value) : "")}</div>
      )}
    </div>
  );
}

function Curves({ report }: { report: Report }) {
  const { learning, training } = report;
  const losses = Object.entries(training).filter(([, values]) => values.length > 1);
  if (learning.runs.length < 2 && losses.length === 0) return null;
  return (
    <Container header={<Header variant="h2">Curves</Header>}>
      <SpaceBetween size="l">
        {learning.runs.length > 1 && (
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

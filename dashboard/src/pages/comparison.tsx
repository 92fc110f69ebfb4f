/** A fine-tuned model beside the base that it was made from: what is proven, figures with paired intervals, and what it can still do. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import KeyValuePairs from "@cloudscape-design/components/key-value-pairs";
import SpaceBetween from "@cloudscape-design/components/space-between";
import StatusIndicator, { type StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import Table from "@cloudscape-design/components/table";
import type { Report } from "../api/types.gen";
import { Interval } from "../interval";
import { count, figure, lessIsBetter, metric, signed } from "../words";

type Found = NonNullable<NonNullable<NonNullable<Report["run"]["scores"]["candidate"]>["extras"]>["comparison"]>;
type Compared = Found["figures"][number];
type Side = "better" | "worse" | "open" | "unknown";

/** What the sentence is about, and what is drawn. */
const TOLD: { [metric: string]: string } = { perplexity: "perplexity", rouge_l: "ROUGE-L" };

const PROVEN: { [side in Side]: { type: StatusIndicatorProps.Type; text: string } } = {
  better: { type: "success", text: "Better" },
  worse: { type: "error", text: "Worse" },
  open: { type: "info", text: "Not proven" },
  unknown: { type: "pending", text: "Too few groups" },
};

export function Comparison({ found, readable }: { found: Found; readable: boolean }) {
  const drawn = found.figures.filter(({ metric: name, interval }) => TOLD[name] && interval);
  const rows = [...found.figures.map((each) => ({ ...each, name: metric(each.metric) })), { ...found.general, name: "General passages: loss per token" }];
  return (
    <Container
      header={
        <Header variant="h2" description="Both answered the same held-out prompts, by the same code; intervals are paired, over groups.">
          Fine-tuned against its base
        </Header>
      }
    >
      <SpaceBetween size="m">
        <Box fontWeight="bold">{sentence(found)}</Box>
        {drawn.map(({ metric: name, interval }) => interval && <Interval key={name} {...interval} metric={name} />)}
        <Table
          variant="embedded"
          wrapLines
          items={rows}
          trackBy="name"
          columnDefinitions={[
            { id: "metric", header: "Metric", isRowHeader: true, cell: ({ name }) => name, minWidth: 200 },
            { id: "base", header: "Base", cell: ({ base }) => figure(base) },
            { id: "candidate", header: "Fine-tuned", cell: ({ candidate }) => figure(candidate) },
            { id: "difference", header: "Difference", cell: (row) => signed(difference(row)) },
            { id: "interval", header: "95 % interval", cell: ({ interval }) => (interval ? `${signed(interval.low)} to ${signed(interval.high)}` : "–"), minWidth: 160 },
            { id: "proven", header: "Proven", cell: (row) => <StatusIndicator type={PROVEN[side(row)].type}>{PROVEN[side(row)].text}</StatusIndicator>, minWidth: 130 },
          ]}
          ariaLabels={{ tableLabel: "Fine-tuned beside its base" }}
        />
        <Box color="text-body-secondary">
          General ability: {count(found.passages)} short passages about anything but health. {KEPT[side(found.general)]}
        </Box>
        <Origin found={found} />
        {!readable && <Box color="text-body-secondary">Answers side by side are for those who may also write records, and for thirty days.</Box>}
      </SpaceBetween>
    </Container>
  );
}

const KEPT: { [side in Side]: string } = {
  better: "On them nothing was lost.",
  worse: "On them the fine-tuned model is worse: it has forgotten some of what it could.",
  open: "On them no loss is proven.",
  unknown: "",
};

/** Of which kind the difference is; unknown where there are too few groups for an interval. */
function side({ metric: name, interval }: Compared): Side {
  if (!interval) return "unknown";
  const [low, high] = lessIsBetter(name) ? [-interval.high, -interval.low] : [interval.low, interval.high];
  return low > 0 ? "better" : high < 0 ? "worse" : "open";
}

const difference = ({ base, candidate }: Compared) => (base == null || candidate == null ? null : candidate - base);

const SAID: [string, Side[]][] = [
  ["better", ["better"]],
  ["worse", ["worse"]],
  ["not proven better", ["open", "unknown"]],
];

/** `Better than its base by perplexity (36.010 before, 32.520 after).` */
function sentence({ figures }: Found): string {
  const told = figures.filter(({ metric: name }) => TOLD[name]);
  const parts = SAID.flatMap(([kind, sides]) => {
    const by = told.filter((each) => sides.includes(side(each))).map(({ metric: name, base, candidate }) => `${TOLD[name]} (${figure(base)} before, ${figure(candidate)} after)`);
    return by.length ? [`${kind} than its base by ${by.join(" and ")}`] : [];
  });
  const said = parts.join("; ");
  return `${said.charAt(0).toUpperCase()}${said.slice(1)}.`;
}

function Origin({ found: { base, made_here: made } }: { found: Found }) {
  if (!made) return <KeyValuePairs items={[{ label: "Base model", value: base }]} />;
  const learned = Object.entries(made).map(([name, value]) => `${name.replaceAll("_", " ")} ${typeof value === "number" ? count(value) : String(value).slice(0, 16)}`);
  return (
    <SpaceBetween size="s">
      <KeyValuePairs
        columns={2}
        items={[
          { label: "Base model", value: base },
          { label: "Made from", value: learned.join("; ") },
        ]}
      />
      <Alert type="warning">This base was made on the spot from the texts that it was given. It is no published model, and knows nothing else.</Alert>
    </SpaceBetween>
  );
}

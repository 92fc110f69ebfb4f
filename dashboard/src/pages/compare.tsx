/** Two runs beside each other: only what differs, figures with their difference. */
import BreadcrumbGroup from "@cloudscape-design/components/breadcrumb-group";
import ContentLayout from "@cloudscape-design/components/content-layout";
import Header from "@cloudscape-design/components/header";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Report } from "../api/types.gen";
import { Asked } from "../parts";
import { useReports } from "../queries";
import { follow } from "../url";
import { count, figure, KINDS, metric, moment, outcome, seconds, signed, usd } from "../words";

type Row = { what: string; one: string; other: string; difference?: string };

export function Compare({ ids }: { ids: [string, string] }) {
  const query = useReports(ids);
  return (
    <ContentLayout
      breadcrumbs={
        <BreadcrumbGroup
          items={[
            { text: "Runs", href: "/runs" },
            { text: "Two runs", href: "#" },
          ]}
          onFollow={follow}
        />
      }
      header={
        <Header variant="h1" description="Only what differs is shown.">
          Two runs
        </Header>
      }
    >
      <Asked query={query} what="both runs">
        {([one, other]) => (
          <SpaceBetween size="l">
            <Differences title="Figures" names={ids} rows={figures(one, other)} same="Their figures are the same." />
            <Differences title="Labels" names={ids} rows={labels(one, other)} same="No label differs." />
            <Differences title="Settings and data" names={ids} rows={settings(one, other)} same="Settings and data are the same." />
          </SpaceBetween>
        )}
      </Asked>
    </ContentLayout>
  );
}

function Differences({ title, names, rows, same }: { title: string; names: [string, string]; rows: Row[]; same: string }) {
  const measured = rows.some(({ difference }) => difference);
  return (
    <Table
      header={<Header variant="h2">{title}</Header>}
      items={rows.filter(({ one, other }) => one !== other)}
      trackBy="what"
      wrapLines
      columnDefinitions={[
        { id: "what", header: "Difference", isRowHeader: true, cell: ({ what }) => what },
        { id: "one", header: <RunLink id={names[0]} />, cell: ({ one }) => one },
        { id: "other", header: <RunLink id={names[1]} />, cell: ({ other }) => other },
        ...(measured ? [{ id: "difference", header: "Second minus first", cell: ({ difference }: Row) => difference ?? "" }] : []),
      ]}
      ariaLabels={{ tableLabel: title }}
      empty={same}
    />
  );
}

function RunLink({ id }: { id: string }) {
  return (
    <Link href={`/runs/${id}`} onFollow={follow}>
      {id}
    </Link>
  );
}

type Figure = number | null | undefined;

const measured = (what: string, one: Figure, other: Figure): Row => {
  const difference = one != null && other != null ? signed(other - one) : "";
  return { what, one: figure(one), other: figure(other), difference };
};

function figures({ run: one }: Report, { run: other }: Report): Row[] {
  const [first, second] = [one.verdict?.metrics.candidate ?? {}, other.verdict?.metrics.candidate ?? {}];
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])];
  return [
    ...names.map((name) => measured(metric(name), first[name], second[name])),
    { what: "Outcome", one: outcome(one).text, other: outcome(other).text },
    { what: "Held against", one: one.verdict?.champion ?? "no model", other: other.verdict?.champion ?? "no model" },
    { what: "Took", one: seconds(one.seconds), other: seconds(other.seconds) },
    { what: "Cost", one: usd(one.cost_usd), other: usd(other.cost_usd) },
  ];
}

function labels({ run: one }: Report, { run: other }: Report): Row[] {
  const [first, second] = [one, other].map(({ verdict }) => new Map(verdict?.labels.map(({ label, candidate }) => [label, candidate])));
  const names = [...new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])].sort();
  return names.map((name) => measured(name, first?.get(name), second?.get(name)));
}

function settings(one: Report, other: Report): Row[] {
  const [first, second] = [flat(one.settings), flat(other.settings)];
  const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].sort();
  const records = ({ run }: Report) => `${count(run.records.train)} to learn, ${count(run.records.holdout)} held out`;
  return [
    { what: "Records", one: records(one), other: records(other) },
    { what: "Data", one: one.run.snapshot?.slice(0, 12) ?? "–", other: other.run.snapshot?.slice(0, 12) ?? "–" },
    { what: "What", one: KINDS[one.run.kind], other: KINDS[other.run.kind] },
    { what: "Started", one: moment(one.run.started_at), other: moment(other.run.started_at) },
    { what: "By", one: one.run.by ?? "by itself", other: other.run.by ?? "by itself" },
    ...names.map((name) => ({ what: name.replaceAll("_", " "), one: first[name] ?? "–", other: second[name] ?? "–" })),
  ];
}

/** Groups of settings without their groups. */
function flat(held: object | null): { [name: string]: string } {
  const pairs = Object.entries(held ?? {}).flatMap(([name, value]): [string, string][] =>
    typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(flat(value as object)) : [[name, JSON.stringify(value)]],
  );
  return Object.fromEntries(pairs);
}

/** Whose records a run worked on, and what of them may be planted: counts and ids. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import type { Report } from "../api/types.gen";
import { count, percent } from "../words";
import { Alarms } from "./quality";

export function Trust({ trust: { posters, alarms, gold } }: { trust: NonNullable<Report["trust"]> }) {
  const fresh = posters.reduce((sum, each) => sum + each.new, 0);
  return (
    <SpaceBetween size="l">
      {alarms.length > 0 && <Alarms alarms={alarms} />}
      <Container header={<Header variant="h2">Whose records these are</Header>}>
        <SpaceBetween size="s">
          {gold > 0 && <Box>Both models were judged by {count(gold)} records of the gold set too.</Box>}
          <Table
            variant="embedded"
            contentDensity="compact"
            items={posters}
            trackBy="poster"
            columnDefinitions={[
              { id: "poster", header: "Sent by", isRowHeader: true, cell: ({ poster }) => poster || "not known" },
              { id: "records", header: "Records", cell: ({ records }) => count(records) },
              { id: "new", header: "Of these new", cell: (each) => count(each.new) },
              { id: "share", header: "Share of the new", cell: (each) => (fresh ? percent(each.new / fresh) : "–") },
            ]}
            ariaLabels={{ tableLabel: "Senders of the run's records" }}
          />
        </SpaceBetween>
      </Container>
    </SpaceBetween>
  );
}

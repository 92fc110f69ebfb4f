/** What was not taken in, by reason: mended in the file and sent again, or let go. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import { useState } from "react";
import type { Quarantine } from "../api/types.gen";
import { Asked, AskWhy, useCursor } from "../parts";
import { useApi, useDecision, useQuarantine } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { count } from "../words";
import { BatchLink } from "./batches";

type Group = Quarantine["groups"][number];

const VERDICTS: { [verdict in Group["verdict"]]: string } = {
  rejected: "Rejected",
  conflict: "In conflict with what is stored",
  set_aside: "Set aside, so that nothing leaks between training and holdout",
  quarantined: "Files that could not be read",
};

const ADVICE: { [verdict in Group["verdict"]]: string } = {
  rejected: "They were not stored. Choose the same file again: the page picks them out to be mended.",
  conflict: "The same id is stored with another body. Send them again with “Replace what is stored”, or under other ids.",
  set_aside: "They would join patients or texts of both sides. There is nothing to mend; let them go.",
  quarantined: "Mend the file as the reason says, and send it again.",
};

export function QuarantineTab({ person }: { person: Person }) {
  const { cursor, pages } = useCursor("batches");
  const found = useQuarantine(cursor);
  return (
    <Asked query={found} what="the quarantine">
      {({ groups, next }) => (
        <SpaceBetween size="s">
          {groups.map((group) => (
            <One key={`${group.verdict} ${group.code}`} group={group} person={person} />
          ))}
          {groups.length === 0 && (
            <Box textAlign="center" padding="l">
              {cursor || next ? "Nothing of these batches waits." : "Nothing waits to be mended."}
            </Box>
          )}
          {(cursor || next) && pages(next)}
        </SpaceBetween>
      )}
    </Asked>
  );
}

function One({ group, person }: { group: Group; person: Person }) {
  const [letting, setLetting] = useState<string | null>(null);
  const [only] = group.batches;
  return (
    <ExpandableSection
      variant="container"
      headerText={`${VERDICTS[group.verdict]}: ${group.code.replaceAll("_", " ")}`}
      headerCounter={`(${count(group.found)})`}
      headerDescription={ADVICE[group.verdict]}
    >
      <Table
        variant="embedded"
        items={group.records}
        wrapLines
        contentDensity="compact"
        columnDefinitions={[
          { id: "batch", header: "Batch", cell: ({ batch_id }) => <BatchLink id={batch_id} /> },
          { id: "line", header: "Line", cell: ({ line }) => line ?? "–", width: 80 },
          { id: "id", header: "Record", isRowHeader: true, cell: ({ record_id }) => record_id ?? "–" },
          { id: "field", header: "Field", cell: ({ field }) => field ?? "–" },
          { id: "why", header: "Rule", cell: ({ message }) => message ?? "–", minWidth: 220 },
          { id: "poster", header: "Sent by", cell: ({ poster }) => poster },
          {
            id: "act",
            header: "Then",
            cell: ({ batch_id, line }) => (
              <SpaceBetween direction="horizontal" size="xs">
                {group.verdict !== "set_aside" && (
                  <Button variant="inline-link" href={`/send?again=${batch_id}`} onFollow={follow} ariaLabel={`Mend line ${line ?? ""} of ${batch_id.slice(0, 12)}`}>
                    Mend and send
                  </Button>
                )}
                {person.may("records:write") && (
                  <Button variant="inline-link" ariaLabel={`Let the bad records of ${batch_id.slice(0, 12)} go`} onClick={() => setLetting(batch_id)}>
                    Let go
                  </Button>
                )}
              </SpaceBetween>
            ),
          },
        ]}
        ariaLabels={{ tableLabel: `Records: ${group.code}` }}
        footer={group.found > group.records.length && <Box>The first {count(group.records.length)} are named, of {count(group.found)}.</Box>}
      />
      {letting && <LetGo id={letting} single={only === letting && group.batches.length === 1} dismiss={() => setLetting(null)} />}
    </ExpandableSection>
  );
}

function LetGo({ id, single, dismiss }: { id: string; single: boolean; dismiss: () => void }) {
  const api = useApi();
  const discard = useDecision((reason: string) => api.discard(id, reason), dismiss);
  return (
    <AskWhy
      title={`Let the bad records of ${id.slice(0, 12)} go`}
      verb="Let go"
      pending={discard.isPending}
      error={discard.error}
      dismiss={dismiss}
      decide={(reason) => discard.mutate(reason)}
    >
      <div>
        All of this batch that was not taken in leaves this list{single ? "" : ", for whatever reason it is here"}. What was accepted of the batch stays.
      </div>
    </AskWhy>
  );
}

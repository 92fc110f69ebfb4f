/** The review queue: kept predictions that nobody has looked at, one at a time, the least sure first. */
import Alert from "@cloudscape-design/components/alert";
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Review } from "../api/types.gen";
import { Asked } from "../parts";
import { useModels, useReview } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { age, percent } from "../words";
import { Correct } from "./correct";

type Kept = Review["predictions"][number];

export function Queue({ person }: { person: Person }) {
  if (!person.may("records:write")) {
    return <Alert type="info">Your role may not read the notes that wait here.</Alert>;
  }
  return <Waiting person={person} />;
}

function Waiting({ person }: { person: Person }) {
  const [passed, setPassed] = useState<string[]>([]);
  const [cursor, setCursor] = useState<string | null>(null);
  const review = useReview(cursor);
  const labels = useModels().data?.models.find(({ status }) => status === "champion")?.labels ?? [];
  return (
    <Asked query={review} what="the queue">
      {(page) => {
        const next = page.predictions.find(({ prediction_id, text }) => text !== undefined && !passed.includes(prediction_id));
        const pass = () => next && setPassed((known) => [...known, next.prediction_id]);
        if (next) return <One key={next.prediction_id} kept={next} labels={labels} person={person} pass={pass} />;
        return page.next ? <Button onClick={() => setCursor(page.next)}>Show the next ones</Button> : <Empty />;
      }}
    </Asked>
  );
}

function One({ kept, labels, person, pass }: { kept: Kept; labels: string[]; person: Person; pass: () => void }) {
  const sure = kept.least_confidence === null ? "nothing was found in it" : `its least sure entity: ${percent(kept.least_confidence)}`;
  const found = { id: kept.prediction_id, kept: true, text: kept.text ?? "", version: kept.model_version, spans: kept.found ?? [], codes: null };
  return (
    <SpaceBetween size="m">
      <SpaceBetween direction="horizontal" size="m" alignItems="center">
        <Box>
          Kept {age(kept.kept_at)}, {sure}
        </Box>
        <Button onClick={pass}>Skip</Button>
      </SpaceBetween>
      <Correct found={found} labels={labels} person={person} sent={pass} />
    </SpaceBetween>
  );
}

function Empty() {
  return (
    <Box textAlign="center" padding="l">
      Nothing waits. Predictions that are kept for review come here, the least sure first.{" "}
      <Link href="/try" onFollow={follow}>
        Try a note
      </Link>
    </Box>
  );
}

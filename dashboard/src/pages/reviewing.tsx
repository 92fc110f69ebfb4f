/** A candidate that waits for a person: promote it or reject it, with a reason. */
import Alert from "@cloudscape-design/components/alert";
import Button from "@cloudscape-design/components/button";
import Link from "@cloudscape-design/components/link";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import { useModels } from "../queries";
import type { Person } from "../session";
import { follow } from "../url";
import { moment } from "../words";
import { Deciding, type Choice } from "./deciding";

export function Decide({ version, person }: { version: string; person: Person }) {
  const models = useModels().data?.models ?? [];
  const [choice, setChoice] = useState<Choice | null>(null);
  const model = models.find((each) => each.version === version);
  const may = person.may("models:promote") && model !== undefined;
  return (
    <>
      <SpaceBetween direction="horizontal" size="xs">
        <Button disabled={!may} onClick={() => model && setChoice({ kind: "reject", model })}>
          Reject
        </Button>
        <Button variant="primary" disabled={!may} onClick={() => model && setChoice({ kind: "promote", model })}>
          Promote
        </Button>
      </SpaceBetween>
      {choice && <Deciding choice={choice} models={models} dismiss={() => setChoice(null)} />}
    </>
  );
}

/** Each that waits, the most urgent first; `reviews` are deadlines by version. */
export function Waiting({ reviews, person }: { reviews: { [version: string]: string }; person: Person }) {
  const ordered = Object.entries(reviews).sort(([, one], [, other]) => one.localeCompare(other));
  return ordered.map(([version, until]) => (
    <Alert key={version} type="warning" header={`A candidate waits for a person until ${moment(until)}`} action={<Decide version={version} person={person} />}>
      <Link href={`/runs/${version}`} onFollow={follow}>
        {version}
      </Link>
      : its run says what speaks for it and against it. After that time the model in service stays.
    </Alert>
  ));
}

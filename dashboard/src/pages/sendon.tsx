/** What is done with chosen records: a run is started, or what was not taken in is mended in its file and sent again. */
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Person } from "../session";
import { go } from "../url";
import { count } from "../words";
import type { Row } from "./arrived";
import { StartRun } from "./starting";

type Given = { chosen: Row[]; person: Person; clear: () => void };

export function SendOn({ chosen, person, clear }: Given) {
  const [starting, setStarting] = useState(false);
  const [first] = chosen;
  const unfit = unmendable(chosen);
  const mend = () => go(`/send?again=${first?.batch_id ?? ""}&lines=${chosen.map(({ line }) => line).join(",")}`);
  return (
    <SpaceBetween direction="horizontal" size="xs">
      <Button disabled={!chosen.length} onClick={clear}>
        Choose none
      </Button>
      <Button disabled={!person.may("records:write") || unfit !== ""} disabledReason={unfit || undefined} onClick={mend}>
        Mend and send again
      </Button>
      <Button disabled={!person.may("models:promote") || !chosen.length} onClick={() => setStarting(true)}>
        Send to training
      </Button>
      {starting && (
        <StartRun dismiss={() => setStarting(false)}>
          <Box>{said(chosen)}</Box>
        </StartRun>
      )}
    </SpaceBetween>
  );
}

const MENDABLE = ["rejected", "conflict"];

/** Why these cannot be mended together; empty where they can. */
function unmendable(chosen: Row[]): string {
  if (!chosen.length) return "Choose records that were rejected or are in conflict.";
  if (chosen.some(({ verdict }) => !MENDABLE.includes(verdict))) return "Only what was rejected or is in conflict is mended.";
  return new Set(chosen.map(({ batch_id }) => batch_id)).size > 1 ? "They are of several files: mend one file at a time." : "";
}

const STORED = ["accepted", "replaced", "duplicate"];

/** A run reads all that was accepted: a choice narrows nothing, and tells whether these are part of it. */
function said(chosen: Row[]): string {
  const part = chosen.filter(({ verdict, status }) => STORED.includes(verdict) && status === "processed").length;
  const rest = chosen.length - part;
  const left = rest ? `, ${count(rest)} not, as they were not taken in or count no longer` : "";
  return `A run works on all records that were accepted, never on some alone. Of the ${count(chosen.length)} chosen ${count(part)} ${part === 1 ? "is" : "are"} among them${left}.`;
}

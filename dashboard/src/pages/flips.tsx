/** What the candidate answers otherwise than the champion: examples of the holdout, each answer marked in its sentence. */
import Box from "@cloudscape-design/components/box";
import Container from "@cloudscape-design/components/container";
import ExpandableSection from "@cloudscape-design/components/expandable-section";
import Header from "@cloudscape-design/components/header";
import SegmentedControl from "@cloudscape-design/components/segmented-control";
import SpaceBetween from "@cloudscape-design/components/space-between";
import { useState } from "react";
import type { Report } from "../api/types.gen";
import { Note } from "../note/note";
import { Offsets } from "../note/offsets";
import { visible } from "../note/visible";
import { count, moment } from "../words";

type Flip = NonNullable<Report["flips"]>["shown"][number];
type Answer = NonNullable<Flip["answers"]["truth"]>;

const WAYS = [
  { id: "broken", text: "Broken by the candidate" },
  { id: "fixed", text: "Fixed by the candidate" },
  { id: "beside", text: "Answers side by side" },
] as const;

const ANSWERED = "Some questions of the holdout, with what is annotated and what each model answers";

type FlipsGiven = { flips: NonNullable<Report["flips"]>; counts: { fixed: number; broken: number } | null };

/** `counts` are of all there were, of which some are shown. */
export function Flips({ flips, counts }: FlipsGiven) {
  const [chosen, setChosen] = useState<Flip["way"] | null>(null);
  const of = (which: Flip["way"]) => flips.shown.filter((flip) => flip.way === which);
  const there = WAYS.filter(({ id }) => of(id).length > 0);
  const way = chosen ?? there[0]?.id ?? "broken";
  const all = counts ? `${count(counts.fixed)} fixed, ${count(counts.broken)} broken; the most telling are shown, ` : "";
  return (
    <Container
      header={
        <Header variant="h2" description={`${way === "beside" ? ANSWERED : `What one model answered right and the other did not: ${all}each in its sentence`}, until ${moment(flips.expires_at)}.`}>
          {there.length === 1 && way === "beside" ? WAYS[2].text : "What changed"}
        </Header>
      }
    >
      <SpaceBetween size="m">
        <SegmentedControl
          label="Which"
          selectedId={way}
          options={there.map(({ id, text }) => ({ id, text: `${text} (${count(of(id).length)})` }))}
          onChange={({ detail }) => setChosen(detail.selectedId as Flip["way"])}
        />
        {of(way).map((flip, index) => (
          <OneFlip key={`${flip.record_id} ${index}`} flip={flip} />
        ))}
      </SpaceBetween>
    </Container>
  );
}

const ANSWERS = { truth: "Right", candidate: "Candidate", champion: "Champion", base: "Base model" } as const;

function OneFlip({ flip }: { flip: Flip }) {
  return (
    <ExpandableSection defaultExpanded headerText={flip.label || flip.record_id} headerDescription={flip.label ? flip.record_id : undefined}>
      <SpaceBetween size="xxs">
        {flip.text && !("spans" in (flip.answers.truth ?? {})) && <Note name="What was asked" text={flip.text} spans={[]} bare />}
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

/** A note with its spans marked: read-only text that keeps every character, line by line, and says what was selected in it. */
import { memo, useMemo, type KeyboardEvent, type MouseEvent } from "react";
import { colourOf } from "./colours";
import { step } from "./keys";
import "./note.css";
import { byLine, linesOf, piecesOf, snapped, type Line, type Span } from "./segments";
import { legend, visible } from "./visible";

type Given = {
  text: string;
  /** In UTF-16 units; a span that did not change is the same object as before. */
  spans: Span[];
  name: string;
  /** A sentence among others: without frame, and nothing to stop at on the way by keyboard. */
  bare?: boolean;
  /** Heard with whole words; with Alt exactly what was selected. */
  select?: (range: { start: number; end: number }) => void;
  /** Heard with all spans where somebody clicked. */
  pick?: (spans: Span[]) => void;
};

export function Note({ text, spans, name, bare, select, pick }: Given) {
  const lines = useMemo(() => linesOf(text), [text]);
  const found = useMemo(() => byLine(lines, spans), [lines, spans]);
  const heard = (exact: boolean) => {
    const range = selected();
    const chosen = range && (exact ? range : snapped(text, range.start, range.end));
    if (chosen && select) select(chosen);
    return chosen !== null;
  };
  const released = (event: MouseEvent) => {
    if (heard(event.altKey) || !pick) return;
    const at = (event.target as HTMLElement).closest("mark")?.dataset.from;
    if (at !== undefined) pick(spans.filter((span) => span.start <= Number(at) && span.end > Number(at)));
  };
  const pressed = (event: KeyboardEvent<HTMLElement>) => {
    if (!select || event.ctrlKey || event.metaKey || event.altKey || !step(event)) return;
    event.preventDefault();
    heard(false);
  };
  const strange = useMemo(() => legend(text), [text]);
  return (
    <>
      <div
        className={bare ? "note note-bare" : "note"}
        role={bare ? "group" : "region"}
        aria-label={name}
        tabIndex={bare ? undefined : 0}
        onMouseUp={released}
        onKeyDown={pressed}
      >
        {lines.map((line, number) => (
          <Row key={number} line={line} text={text.slice(line.from, line.to)} spans={found[number] ?? []} />
        ))}
      </div>
      {strange.length > 0 && <p className="note-legend">Shown in their place: {strange.join("; ")}.</p>}
    </>
  );
}

type RowGiven = { line: Line; text: string; spans: Span[] };

/** One line, drawn again when its own text or spans change. */
const Row = memo(
  function Row({ line, text, spans }: RowGiven) {
    return (
      <div className="note-line" dir="auto" data-from={line.from}>
        {spans.length === 0 ? visible(text) : piecesOf(line, spans).map((piece) => <Part key={piece.from} piece={piece} line={line} text={text} />)}
      </div>
    );
  },
  (one, other) =>
    one.text === other.text &&
    one.line.from === other.line.from &&
    one.spans.length === other.spans.length &&
    one.spans.every((span, index) => span === other.spans[index]),
);

function Part({ piece, line, text }: { piece: ReturnType<typeof piecesOf>[number]; line: Line; text: string }) {
  const shown = visible(text.slice(piece.from - line.from, piece.to - line.from));
  const top = piece.spans.at(-1);
  if (!top) return shown;
  const ended = piece.spans.filter((span) => span.end === piece.to || (span.end > line.to && piece.to === line.to));
  return (
    <mark
      className={`colour-${colourOf(top.label)} depth-${Math.min(piece.spans.length, 3)}`}
      data-from={piece.from}
      data-ends={ended.length ? ended.map(({ label }) => label).join(", ") : undefined}
    >
      {shown}
    </mark>
  );
}

/** The document's selection as offsets of the note, or null where it is empty or elsewhere. */
function selected(): { start: number; end: number } | null {
  const selection = document.getSelection();
  if (!selection || selection.isCollapsed || selection.rangeCount === 0) return null;
  const range = selection.getRangeAt(0);
  const start = offsetOf(range.startContainer, range.startOffset);
  const end = offsetOf(range.endContainer, range.endOffset);
  return start === null || end === null || start >= end ? null : { start, end };
}

function offsetOf(node: Node, offset: number): number | null {
  const element = node instanceof Element ? node : node.parentElement;
  const line = element?.closest<HTMLElement>(".note-line");
  if (!line) return null;
  const before = document.createRange();
  before.setStart(line, 0);
  before.setEnd(node, offset);
  return Number(line.dataset.from) + before.toString().length;
}

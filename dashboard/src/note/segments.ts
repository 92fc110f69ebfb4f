/** A text as lines, and a line as flat pieces: each piece is covered by the same spans from its first to its last unit. */
export type Span = { start: number; end: number; label: string; confidence?: number };
export type Line = { from: number; to: number };
export type Piece = { from: number; to: number; spans: Span[] };

/** Lines without their ends (`\n`, `\r\n`, `\r`), which keep their places in the text. */
export function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  let from = 0;
  for (const end of text.matchAll(/\r\n|\n|\r/g)) {
    lines.push({ from, to: end.index });
    from = end.index + end[0].length;
  }
  lines.push({ from, to: text.length });
  return lines;
}

/** The spans of each line, in the order of their starts, the longer first; a span over several lines is in each. */
export function byLine(lines: Line[], spans: Span[]): Span[][] {
  const found: Span[][] = lines.map(() => []);
  const ordered = [...spans].sort((one, other) => one.start - other.start || other.end - one.end);
  for (const span of ordered) {
    for (let at = lineAt(lines, span.start); at < lines.length && (lines[at] as Line).from < span.end; at++) found[at]?.push(span);
  }
  return found;
}

/** The last line that begins at or before an offset. */
export function lineAt(lines: Line[], offset: number): number {
  let low = 0;
  let high = lines.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if ((lines[middle] as Line).from <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Cuts a line at every start and end of its spans. */
export function piecesOf(line: Line, spans: Span[]): Piece[] {
  const cuts = new Set([line.from, line.to]);
  for (const { start, end } of spans) {
    for (const cut of [start, end]) if (cut > line.from && cut < line.to) cuts.add(cut);
  }
  const ordered = [...cuts].sort((one, other) => one - other);
  return ordered.slice(1).map((to, index) => {
    const from = ordered[index] as number;
    return { from, to, spans: spans.filter((span) => span.start < to && span.end > from) };
  });
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:['’.\-/][\p{L}\p{N}\p{M}]+)*/gu;

/** A selection grown to whole words, without the spaces and punctuation around them; null where there is no word in it. */
export function snapped(text: string, start: number, end: number): { start: number; end: number } | null {
  const lines = linesOf(text);
  const from = (lines[lineAt(lines, start)] as Line).from;
  const to = (lines[lineAt(lines, Math.max(start, end - 1))] as Line).to;
  const words = [...text.slice(from, to).matchAll(WORD)].map((word) => ({ start: from + word.index, end: from + word.index + word[0].length }));
  const touched = words.filter((word) => word.start < end && word.end > start);
  const [first, last] = [touched[0], touched.at(-1)];
  return first && last ? { start: first.start, end: last.end } : null;
}

/** What the page can show of a file before it is sent: its records, read in the browser but for spreadsheets. */
import { fromBrat, type Made } from "./brat";
import { fromLabelStudio, isExport } from "./labelstudio";
import { Offsets } from "./offsets";
import type { Span } from "./segments";

export type Shown = {
  /** As the API numbers it: of JSON Lines the line, of JSON the place in the list, from 1. */
  line: number;
  id: string;
  text: string;
  /** In UTF-16 units; those that lie outside of the text are left to the check. */
  spans: Span[];
  labels: string[];
  /** The record as it is sent where only some are. */
  raw: string;
};

export const TYPES: { [ending: string]: string } = {
  json: "application/json",
  jsonl: "application/x-ndjson",
  csv: "text/csv",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
  zip: "application/zip",
};

export const typeOf = (name: string): string | undefined => TYPES[name.toLowerCase().split(".").at(-1) ?? ""];

/** What of a file is shown and sent. */
export type Content = {
  /** Null of a format that only the service reads. */
  records: Shown[] | null;
  /** What was left out or made of it. */
  notes: string[];
  /** What the offsets count, where the format says it. */
  unit: Unit | null;
  /** The records are not the file's own bytes, but were made of them. */
  made: boolean;
  /** Only the first ones are shown: the file is sent as it is. */
  partial: boolean;
};

export type Unit = "codepoint" | "utf16";

/** Of a file that is larger, as much is read to be shown. */
export const SHOWN_BYTES = 5_000_000;

/** Raises an Error, in words for people, where an archive cannot be read. */
export async function contentOf(file: File, unit: Unit): Promise<Content> {
  const type = typeOf(file.name);
  const plain = { notes: [], unit: null, made: false, partial: false };
  if (type === TYPES.zip) return made(await fromBrat(file), "codepoint");
  if (type !== TYPES.json && type !== TYPES.jsonl) return { ...plain, records: null };
  if (type === TYPES.jsonl && file.size > SHOWN_BYTES) {
    const first = (await file.slice(0, SHOWN_BYTES).text()).replace(/\n[^\n]*$/, "");
    return { ...plain, records: recordsOf(file.name, first, unit), partial: true };
  }
  const text = await file.text();
  const exported = type === TYPES.json ? parsed(text.replace(/^\ufeff/, "")) : undefined;
  return isExport(exported) ? made(fromLabelStudio(exported), "utf16") : { ...plain, records: recordsOf(file.name, text, unit) };
}

function made({ records, notes }: Made, unit: Unit): Content {
  const lines = records.flatMap((record, index) => shown(index + 1, record, JSON.stringify(record), unit));
  return { records: lines, notes, unit, made: true, partial: false };
}

/** Records of JSON and JSON Lines; [] of a file that cannot be read. */
export function recordsOf(name: string, content: string, unit: Unit): Shown[] {
  if (typeOf(name) === TYPES.jsonl) {
    const lines = content.replace(/^\ufeff/, "").split("\n");
    return lines.flatMap((raw, index) => (raw.trim() ? shown(index + 1, parsed(raw), raw, unit) : []));
  }
  const value = parsed(content.replace(/^\ufeff/, ""));
  const records = Array.isArray(value) ? value : isObject(value) && Array.isArray(value.records) ? value.records : value ? [value] : [];
  return records.flatMap((record: unknown, index: number) => shown(index + 1, record, JSON.stringify(record), unit));
}

/** A record after somebody has edited it as JSON. */
export const mended = (old: Shown, raw: string, unit: Unit): Shown => shown(old.line, parsed(raw), raw, unit)[0] ?? old;

function shown(line: number, record: unknown, raw: string, unit: Unit): Shown[] {
  const found = isObject(record) ? record : {};
  const text = textOf(found);
  const spans = Array.isArray(found.entities) ? spansOf(text, found.entities, unit) : [];
  const id = typeof found.record_id === "string" ? found.record_id : `line ${line}`;
  const own = typeof found.label === "string" ? [found.label] : typeof found.target === "number" ? [String(found.target)] : [];
  return [{ line, id, text, spans, labels: [...new Set([...own, ...spans.map(({ label }) => label)])].sort(), raw }];
}

/** The record's text, whatever task it is for: a note, a question with its answer, or the fields of a row. */
function textOf(record: { [name: string]: unknown }): string {
  if (typeof record.text === "string") return record.text;
  if (typeof record.prompt === "string") return [record.prompt, record.completion].filter((part) => typeof part === "string").join("\n\n");
  if (!isObject(record.features)) return "";
  return Object.entries(record.features).map(([name, value]) => `${name}: ${String(value)}`).join("\n");
}

function spansOf(text: string, entities: unknown[], unit: Unit): Span[] {
  const offsets = new Offsets(text);
  const at = (offset: number) => (unit === "utf16" ? offset : offsets.toUtf16(offset));
  return entities.flatMap((entity) => {
    if (!isObject(entity) || !Number.isInteger(entity.start) || !Number.isInteger(entity.end)) return [];
    const [start, end] = [at(entity.start as number), at(entity.end as number)];
    return start >= 0 && start < end && end <= text.length ? [{ start, end, label: String(entity.label) }] : [];
  });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is { [name: string]: unknown } => typeof value === "object" && value !== null && !Array.isArray(value);

/** A file to begin with: two notes that are right, and one whose span lies outside of its text. */
export const SAMPLE = [
  '{"record_id":"sample-1","patient_id":"p-1","text":"Patient takes metformin 500 mg daily.","entities":[{"start":14,"end":23,"label":"drug"}]}',
  '{"record_id":"sample-2","patient_id":"p-2","text":"Denies chest pain today.","entities":[{"start":7,"end":17,"label":"problem"}]}',
  '{"record_id":"sample-3","patient_id":"p-3","text":"Aspirin was stopped.","entities":[{"start":0,"end":70,"label":"drug"}]}',
].join("\n");

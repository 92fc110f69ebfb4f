/** What the page can show of a file before it is sent: its records, as far as a browser reads the format by itself. */
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
};

export const typeOf = (name: string): string | undefined => TYPES[name.toLowerCase().split(".").at(-1) ?? ""];

/** Records of JSON and JSON Lines; null of a format that is not shown, and [] of a file that cannot be read. */
export function recordsOf(name: string, content: string, unit: "codepoint" | "utf16"): Shown[] | null {
  const type = typeOf(name);
  if (type === TYPES.jsonl) {
    const lines = content.replace(/^\ufeff/, "").split("\n");
    return lines.flatMap((raw, index) => (raw.trim() ? shown(index + 1, parsed(raw), raw, unit) : []));
  }
  if (type !== TYPES.json) return null;
  const value = parsed(content.replace(/^\ufeff/, ""));
  const records = Array.isArray(value) ? value : isObject(value) && Array.isArray(value.records) ? value.records : value ? [value] : [];
  return records.flatMap((record: unknown, index: number) => shown(index + 1, record, JSON.stringify(record), unit));
}

function shown(line: number, record: unknown, raw: string, unit: "codepoint" | "utf16"): Shown[] {
  const found = isObject(record) ? record : {};
  const text = typeof found.text === "string" ? found.text : "";
  const spans = Array.isArray(found.entities) ? spansOf(text, found.entities, unit) : [];
  const id = typeof found.record_id === "string" ? found.record_id : `line ${line}`;
  return [{ line, id, text, spans, labels: [...new Set(spans.map(({ label }) => label))].sort(), raw }];
}

function spansOf(text: string, entities: unknown[], unit: "codepoint" | "utf16"): Span[] {
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

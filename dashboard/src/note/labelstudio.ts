/** Label Studio's JSON export as records: the first finished annotation of each task; spans become entities, a choice a label. */
import type { Made } from "./brat";

type Item = { [name: string]: unknown };

const isItem = (value: unknown): value is Item => typeof value === "object" && value !== null && !Array.isArray(value);
const items = (value: unknown): Item[] => (Array.isArray(value) ? value.filter(isItem) : []);

/** Whether parsed JSON is such an export. */
export const isExport = (value: unknown): value is Item[] =>
  Array.isArray(value) && value.length > 0 && value.every((task) => isItem(task) && isItem(task.data) && Array.isArray(task.annotations));

/** Offsets stay what Label Studio counts: UTF-16 units, as the browser that labelled did. */
export function fromLabelStudio(exported: Item[]): Made {
  const notes: string[] = [];
  const records = exported.flatMap((task, index) => {
    const id = `task-${String(task.id ?? index + 1)}`;
    const annotation = items(task.annotations).find(({ was_cancelled }) => !was_cancelled);
    const text = textOf(task.data as Item, items(annotation?.result));
    if (!annotation || text === null) {
      notes.push(`${id} is left out: ${annotation ? "its text is not in the export" : "nobody has labelled it"}.`);
      return [];
    }
    return [{ record_id: id, text, ...labelled(items(annotation.result)) }];
  });
  return { records, notes };
}

/** The field that the labels are of, or the only text there is. */
function textOf(data: Item, results: Item[]): string | null {
  const named = results.map(({ to_name }) => data[String(to_name)]).find((value) => typeof value === "string");
  const found = named ?? data.text ?? Object.values(data).find((value) => typeof value === "string");
  return typeof found === "string" ? found : null;
}

function labelled(results: Item[]) {
  const values = results.filter(({ type }) => type === "labels" || type === "hypertextlabels" || type === "choices");
  const choice = values.find(({ type }) => type === "choices");
  const chosen = isItem(choice?.value) && Array.isArray(choice.value.choices) ? choice.value.choices[0] : undefined;
  if (typeof chosen === "string") return { label: chosen };
  const entities = values.flatMap(({ value }) => {
    if (!isItem(value)) return [];
    const { start, end } = value;
    const [label] = (value.labels ?? value.hypertextlabels ?? []) as unknown[];
    return typeof start === "number" && typeof end === "number" && typeof label === "string" ? [{ start, end, label }] : [];
  });
  return { entities };
}

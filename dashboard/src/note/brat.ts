/** A zip of brat's folder: each .txt with the .ann beside it is a record; text-bound annotations alone become entities. */
import { unzip } from "./zip";

export type Made = { records: { [name: string]: unknown }[]; notes: string[] };

/** Offsets stay what brat counts, code points. Raises an Error, in words for people, where there is no document. */
export async function fromBrat(archive: Blob): Promise<Made> {
  const files = await unzip(archive, (name) => /\.(txt|ann)$/.test(name) && !/(^|\/)(\.|__MACOSX)/.test(name));
  const notes: string[] = [];
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const records = [...files].filter(([name]) => name.endsWith(".txt")).map(([name, bytes]) => {
    const id = (name.split("/").at(-1) ?? name).slice(0, -4);
    const annotated = files.get(`${name.slice(0, -4)}.ann`);
    if (!annotated) notes.push(`${id} has no .ann beside it: it is sent without entities.`);
    const entities = annotated ? spans(id, decoder.decode(annotated), notes) : [];
    return { record_id: id, text: decoder.decode(bytes), entities };
  });
  if (!records.length) throw new Error("The archive holds no .txt documents.");
  return { records, notes };
}

function spans(id: string, annotations: string, notes: string[]) {
  const lines = annotations.split("\n").filter((line) => line.startsWith("T"));
  const found = lines.flatMap((line) => {
    const [, label, start, end] = /^T\S+\t(\S+) (\d+) (\d+)\t/.exec(line) ?? [];
    return label ? [{ start: Number(start), end: Number(end), label }] : [];
  });
  const left = lines.length - found.length;
  if (left) notes.push(`${id}: ${left} annotations are left out, which are discontinuous or cannot be read.`);
  return found;
}

/** What is shown of a file before it is sent: the lines that the API will name, and spans in the unit of its offsets. */
import { expect, test } from "vitest";
import { contentOf, mended, recordsOf, SAMPLE, SHOWN_BYTES, typeOf } from "./file";

const marked = (record: { text: string; spans: { start: number; end: number }[] } | undefined) =>
  record?.spans.map(({ start, end }) => record.text.slice(start, end));

test("a record of JSON Lines has its own line, and empty lines count", () => {
  expect(recordsOf("a.jsonl", `${SAMPLE.split("\n")[0]}\n\n${SAMPLE.split("\n")[1]}\n`, "codepoint").map(({ line }) => line)).toEqual([1, 3]);
});

test("spans are read in the unit that the file counts in", () => {
  const record = (start: number) => JSON.stringify([{ record_id: "r", text: "😀 aspirin", entities: [{ start, end: start + 7, label: "drug" }] }]);
  expect(marked(recordsOf("a.json", record(2), "codepoint")[0])).toEqual(["aspirin"]);
  expect(marked(recordsOf("a.json", record(3), "utf16")[0])).toEqual(["aspirin"]);
});

test("a span outside of the text is left to the check", () => {
  expect(recordsOf("sample.jsonl", SAMPLE, "codepoint").map(({ spans }) => spans.length)).toEqual([1, 1, 0]);
});

test("what is no record is a line all the same, and what is no JSON shows nothing", () => {
  expect(recordsOf("a.jsonl", 'oops\n{"record_id": 7}', "codepoint").map(({ id }) => id)).toEqual(["line 1", "line 2"]);
  expect(recordsOf("a.json", "{", "codepoint")).toEqual([]);
});

test("the ending says the format", () => {
  expect([typeOf("A.JSONL"), typeOf("a.csv"), typeOf("a.pdf")]).toEqual(["application/x-ndjson", "text/csv", undefined]);
});

test("a spreadsheet is read by the service alone", async () => {
  expect((await contentOf(new File(["record_id,text"], "a.csv"), "codepoint")).records).toBeNull();
});

test("of a large file the first records are shown", async () => {
  const line = JSON.stringify({ record_id: "r", text: "x".repeat(1000), entities: [] });
  const { records, partial } = await contentOf(new File([`${line}\n`.repeat(6000)], "a.jsonl"), "codepoint");
  expect([partial, records?.length]).toEqual([true, Math.floor(SHOWN_BYTES / (line.length + 1))]);
});

test("a mended record keeps its line and its words", () => {
  const [first] = recordsOf("a.jsonl", SAMPLE, "codepoint");
  const raw = first?.raw.replace("14", "8") ?? "";
  expect(mended(first as never, raw, "codepoint")).toMatchObject({ line: 1, raw, spans: [{ start: 8, end: 23 }] });
});

/** Little-endian fields in a block of `size` bytes: [offset, bytes, value]. */
function block(size: number, fields: [number, 2 | 4, number][]): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(size));
  for (const [at, bytes, value] of fields) {
    if (bytes === 2) view.setUint16(at, value, true);
    else view.setUint32(at, value, true);
  }
  return new Uint8Array(view.buffer);
}

/** An archive of files, packed, with a central directory and nothing more. */
async function zipped(files: { [name: string]: string }): Promise<File> {
  const parts: BlobPart[] = [];
  const directory: BlobPart[] = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const named = new TextEncoder().encode(name);
    const packed = await new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"))).arrayBuffer();
    parts.push(block(30, [[0, 4, 0x04034b50], [26, 2, named.length]]), named, packed);
    const sizes: [number, 2 | 4, number][] = [[20, 4, packed.byteLength], [24, 4, new Blob([text]).size]];
    directory.push(block(46, [[0, 4, 0x02014b50], [8 + 2, 2, 8], ...sizes, [28, 2, named.length], [42, 4, at]]), named);
    at += 30 + named.length + packed.byteLength;
  }
  return new File([...parts, ...directory, block(22, [[0, 4, 0x06054b50], [16, 4, at]])], "brat.zip");
}

test("a zip of brat's folder is a record a document, in code points", async () => {
  const files = { "ward/a.txt": "😀 aspirin\r\n", "ward/a.ann": "T1\tdrug 2 9\taspirin\nT2\tdrug 0 1;3 4\tx\nR1\tx\n", "b.txt": "none", "__MACOSX/._a.txt": "" };
  const { records, notes, unit, made } = await contentOf(await zipped(files), "utf16");
  expect(records?.map(({ id }) => id)).toEqual(["a", "b"]);
  expect(marked(records?.[0])).toEqual(["aspirin"]);
  expect([unit, made, notes.length]).toEqual(["codepoint", true, 2]);
});

test("what is no archive says so", async () => {
  await expect(contentOf(new File(["oops"], "a.zip"), "codepoint")).rejects.toThrow("no zip archive");
  await expect(contentOf(await zipped({ "a.md": "x" }), "codepoint")).rejects.toThrow("no .txt documents");
});

test("an export of Label Studio is its first finished annotations, in UTF-16 units", async () => {
  const label = (start: number, end: number) => ({ type: "labels", to_name: "note", value: { start, end, labels: ["drug"] } });
  const tasks = [
    { id: 7, data: { note: "😀 aspirin", other: "x" }, annotations: [{ was_cancelled: true, result: [] }, { result: [label(3, 10)] }] },
    { id: 8, data: { note: "unlabelled" }, annotations: [] },
    { id: 9, data: { text: "a referral" }, annotations: [{ result: [{ type: "choices", value: { choices: ["Surgery"] } }] }] },
  ];
  const { records, notes, unit } = await contentOf(new File([JSON.stringify(tasks)], "a.json"), "codepoint");
  expect(records?.map(({ id, labels }) => [id, labels])).toEqual([["task-7", ["drug"]], ["task-9", ["Surgery"]]]);
  expect(marked(records?.[0])).toEqual(["aspirin"]);
  expect([unit, notes]).toEqual(["utf16", ["task-8 is left out: nobody has labelled it."]]);
});

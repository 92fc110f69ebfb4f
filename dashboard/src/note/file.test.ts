/** What is shown of a file before it is sent: the lines that the API will name, and spans in the unit of its offsets. */
import { expect, test } from "vitest";
import { recordsOf, SAMPLE, typeOf } from "./file";

const marked = (record: { text: string; spans: { start: number; end: number }[] } | undefined) =>
  record?.spans.map(({ start, end }) => record.text.slice(start, end));

test("a record of JSON Lines has its own line, and empty lines count", () => {
  expect(recordsOf("a.jsonl", `${SAMPLE.split("\n")[0]}\n\n${SAMPLE.split("\n")[1]}\n`, "codepoint")?.map(({ line }) => line)).toEqual([1, 3]);
});

test("spans are read in the unit that the file counts in", () => {
  const record = (start: number) => JSON.stringify([{ record_id: "r", text: "😀 aspirin", entities: [{ start, end: start + 7, label: "drug" }] }]);
  expect(marked(recordsOf("a.json", record(2), "codepoint")?.[0])).toEqual(["aspirin"]);
  expect(marked(recordsOf("a.json", record(3), "utf16")?.[0])).toEqual(["aspirin"]);
});

test("a span outside of the text is left to the check", () => {
  expect(recordsOf("sample.jsonl", SAMPLE, "codepoint")?.map(({ spans }) => spans.length)).toEqual([1, 1, 0]);
});

test("what is no record is a line all the same, and what is no JSON shows nothing", () => {
  expect(recordsOf("a.jsonl", 'oops\n{"record_id": 7}', "codepoint")?.map(({ id }) => id)).toEqual(["line 1", "line 2"]);
  expect(recordsOf("a.json", "{", "codepoint")).toEqual([]);
  expect(recordsOf("a.csv", "record_id,text", "codepoint")).toBeNull();
});

test("the ending says the format", () => {
  expect([typeOf("A.JSONL"), typeOf("a.csv"), typeOf("a.pdf")]).toEqual(["application/x-ndjson", "text/csv", undefined]);
});

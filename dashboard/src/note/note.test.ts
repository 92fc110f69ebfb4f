/** Spans on text that is hard to count in: overlaps, emoji, combining marks, right-to-left, line ends, UTF-16 against code points. */
import { describe, expect, test } from "vitest";
import { Offsets } from "./offsets";
import { byLine, lineAt, linesOf, piecesOf, snapped, type Span } from "./segments";

const whole = (text: string) => ({ from: 0, to: text.length });
const span = (start: number, end: number, label = "drug"): Span => ({ start, end, label });
const shown = (text: string, spans: Span[]) =>
  piecesOf(whole(text), spans).map((piece) => [text.slice(piece.from, piece.to), piece.spans.map(({ label }) => label).join("+")]);

describe("offsets", () => {
  const texts = ["plain", "", "😀", "a😀b😀😀c", "e\u0301a\u0308", "שלום 😀 עולם", "👩‍⚕️ takes 💊.", "\ud83d alone", "x\r\ny"];

  test.each(texts)("go to UTF-16 and back in %j", (text) => {
    const offsets = new Offsets(text);
    const points = [...text];
    let utf16 = 0;
    points.forEach((point, index) => {
      expect(offsets.toUtf16(index)).toBe(utf16);
      expect(offsets.toCodePoint(utf16)).toBe(index);
      utf16 += point.length;
    });
    expect(offsets.toUtf16(points.length)).toBe(text.length);
    expect(offsets.toCodePoint(text.length)).toBe(points.length);
  });

  test("the API's span of a word behind emoji is the same word here", () => {
    const text = "👩‍⚕️ gives 💊 aspirin 😀";
    const start = [...text.slice(0, text.indexOf("aspirin"))].length;
    const offsets = new Offsets(text);
    expect(text.slice(offsets.toUtf16(start), offsets.toUtf16(start + 7))).toBe("aspirin");
  });
});

describe("lines", () => {
  test("end at each kind of line end, which keeps its place", () => {
    const text = "one\r\ntwo\nthree\rfour\n";
    expect(linesOf(text).map(({ from, to }) => text.slice(from, to))).toEqual(["one", "two", "three", "four", ""]);
    expect(linesOf(text).map(({ from }) => from)).toEqual([0, 5, 9, 15, 20]);
  });

  test("a span over two lines is in both, and one at a line's begin only there", () => {
    const lines = linesOf("left arm\nright arm");
    expect(byLine(lines, [span(5, 14)]).map((found) => found.length)).toEqual([1, 1]);
    expect(byLine(lines, [span(9, 14)]).map((found) => found.length)).toEqual([0, 1]);
    expect(lineAt(lines, 8)).toBe(0);
  });
});

describe("pieces", () => {
  test("no span is one piece", () => expect(shown("aspirin", [])).toEqual([["aspirin", ""]]));

  test("overlapping spans are cut where they begin and end", () => {
    expect(shown("acute chest pain", [span(0, 11, "A"), span(6, 16, "B")])).toEqual([
      ["acute ", "A"],
      ["chest", "A+B"],
      [" pain", "B"],
    ]);
  });

  test("a span within another, and two of the same place", () => {
    expect(shown("chest pain", [span(0, 10, "A"), span(0, 5, "B"), span(0, 5, "C")])).toEqual([
      ["chest", "A+B+C"],
      [" pain", "A"],
    ]);
  });

  test("emoji, combining marks and right-to-left text come out whole", () => {
    for (const [before, word, after] of [["😀 ", "💊", " now"], ["caf", "e\u0301", "s"], ["לוקח ", "אספירין", " היום"]] as const) {
      const text = before + word + after;
      expect(shown(text, [span(before.length, before.length + word.length)])[1]).toEqual([word, "drug"]);
    }
  });

  test("the pieces are the line again, whatever the spans", () => {
    const text = "The 👩‍⚕️ gave 5 mg of e\u0301 twice; שלום.";
    const spans = [span(0, 9), span(4, 12), span(4, 9), span(20, text.length), span(2, 3)];
    expect(shown(text, spans).map(([piece]) => piece).join("")).toBe(text);
  });

  test("6,000 spans in 100,000 characters are cut in little time, line by line", () => {
    const text = Array.from({ length: 1000 }, () => "x".repeat(99)).join("\n");
    const lines = linesOf(text);
    const spans = Array.from({ length: 6000 }, (_, index) => span(index * 16, index * 16 + 9));
    const found = byLine(lines, spans);
    const pieces = lines.map((line, index) => piecesOf(line, found[index] ?? []).length);
    expect(pieces.reduce((sum, some) => sum + some)).toBeGreaterThan(12_000);
  });
});

describe("a selection", () => {
  const text = "He takes (low-dose) aspirin, 81 mg. Müller's e\u0301te\u0301 😀!";
  const of = (start: number, end: number) => {
    const range = snapped(text, start, end);
    return range && text.slice(range.start, range.end);
  };

  test("grows to whole words", () => expect(of(22, 24)).toBe("aspirin"));
  test("loses spaces and punctuation", () => expect(of(19, 29)).toBe("aspirin"));
  test("keeps words with a hyphen or an apostrophe whole", () => {
    expect(of(10, 12)).toBe("low-dose");
    expect(of(text.indexOf("ller"), text.indexOf("ller") + 1)).toBe("Müller's");
  });
  test("keeps combining marks", () => expect(of(text.indexOf("te\u0301"), text.indexOf("te\u0301") + 1)).toBe("e\u0301te\u0301"));
  test("of no word is none", () => expect(of(text.length - 3, text.length)).toBeNull());
});

import { describe, expect, test } from "vitest";
import { legend, visible } from "./visible";

describe("what draws nothing", () => {
  test("is shown by a mark of the same length", () => {
    const text = "a\u202eb\u0007c\u200bd\u0085e";
    expect(visible(text)).toBe("a\u21c4b\u25a1c\u25e6d\u25a1e");
    expect(visible(text)).toHaveLength(text.length);
  });
  test("leaves line ends, tabs and joined emoji alone", () => {
    const text = "one\r\ntwo\tthree 👩‍⚕️ e\u0301";
    expect(visible(text)).toBe(text);
    expect(legend(text)).toEqual([]);
  });
  test("is explained once", () => {
    expect(legend("\u202e and \u202d and \u0007 \u0007 \u0001")).toEqual([
      "\u25a1 a control character",
      "\u21c4 a mark that would turn the direction of the text",
    ]);
  });
});

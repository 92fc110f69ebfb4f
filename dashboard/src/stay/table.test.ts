import { describe, expect, it } from "vitest";
import { read, write } from "./table";

describe("a table", () => {
  it("is read with quotes, commas and line ends inside of cells", () => {
    expect(read('\ufeffa, b\r\n"x, ""y""","two\nlines"\r\n1,\r\n\r\n')).toEqual({
      header: ["a", "b"],
      rows: [
        ['x, "y"', "two\nlines"],
        ["1", ""],
      ],
    });
    expect(read("a,b\n1,2").rows).toEqual([["1", "2"]]);
    expect(read("a,b\n1,").rows).toEqual([["1", ""]]);
  });

  it("comes back from what was written", () => {
    const table = { header: ["a", "b"], rows: [['"', "x,y"], ["", "z\r\n"]] };
    expect(read(write(table))).toEqual(table);
  });

  it("is refused in words where it is none", () => {
    for (const text of ["", "a,b", "\n\n"]) expect(() => read(text)).toThrow("at least one line below");
    expect(() => read('a\n"cut')).toThrow("quotes of line 2");
    expect(() => read('a\n"x"y')).toThrow("quotes of line 2");
    expect(() => read("a,a\n1,2")).toThrow("a is there twice");
  });
});

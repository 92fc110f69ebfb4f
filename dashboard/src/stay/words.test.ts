import { describe, expect, it } from "vitest";
import type { Column, Stay } from "./answers";
import { example, results } from "./many";
import { problem } from "./problems";
import { change, days, reason, summary, worded } from "./words";

const column = (name: string, more: Partial<Column> = {}): Column => ({
  name, type: "category", known: "admission", missing: [], values: [], title: "", words: {}, ...more,
});
const AGE = column("age", { type: "ordinal", values: ["[0-10)", "[70-80)"], title: "Age in years" });
const KIND = column("admission_type", { words: { "1": "Emergency" } });
const COLUMNS = new Map([AGE, KIND].map((each) => [each.name, each]));
const STAY: Stay = {
  value: 4.25, unit: "days", base: 3, others: 0,
  reasons: [
    { column: "age", given: "[70-80)", adds: 1 },
    { column: "admission_type", given: null, adds: 0.25 },
  ],
};

describe("an answer in words", () => {
  it("says days, and one day", () => {
    expect([days(1), days(1.04), days(4.25), days(0)]).toEqual(["1.0 day", "1.0 day", "4.3 days", "0.0 days"]);
    expect([change(1.2), change(-0.5), change(0.01)]).toEqual(["1.2 days longer", "0.5 days shorter", "hardly changes it"]);
  });

  it("names columns and values as a person would", () => {
    expect(worded(AGE, "[70-80)")).toBe("70 to 79");
    expect(worded(KIND, "1")).toBe("Emergency");
    expect(reason(KIND, { column: "admission_type", given: null, adds: 1 })).toBe("admission type: not given");
    expect(summary(COLUMNS, STAY, 1)).toBe("Age in years: 70 to 79 (1.0 day longer)");
  });

  it("tells a problem by its column", () => {
    const said = { code: "unseen_category", message: "features.age is none of ...", field: "features.age" };
    expect(problem(COLUMNS, said)).toBe("Age in years: the model does not know this value, and answers as if it were not given.");
    expect(problem(COLUMNS, { code: "x", message: "as it is" })).toBe("as it is");
  });

  it("is a file with the lines as they came, and what was found beside them", () => {
    const table = { header: ["id", "age"], rows: [["7", "[70-80)"], ["8"]] };
    const refused = { error: { code: "wrong_type", message: "no", field: "features.other" } };
    expect(results(COLUMNS, table, [STAY, refused]).split("\r\n")).toEqual([
      "id,age,predicted_days,reasons,problem",
      "7,[70-80),4.25,Age in years: 70 to 79 (1.0 day longer); admission type: not given (0.3 days longer),",
      "8,,,,no",
      "",
    ]);
  });

  it("has an example that can be filled in", () => {
    expect(example(COLUMNS)).toBe("age,admission_type\r\n[70-80),\r\n");
  });
});

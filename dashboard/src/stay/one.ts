/** One patient: the filled-in form, and the answer in words below it. */
import type { Api } from "../calls";
import { predict, type Column, type Stay } from "./answers";
import { element, found } from "./element";
import { fields, filled } from "./fields";
import { problem } from "./problems";
import { change, days, reason } from "./words";

export function onePatient(api: Api, columns: Map<string, Column>): void {
  const form = found<HTMLFormElement>("patient");
  const answer = found("answer");
  found("fields").replaceChildren(...fields([...columns.values()]));
  form.addEventListener("reset", () => answer.replaceChildren());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer.replaceChildren("Estimating ...");
    predict(api, [filled(form)])
      .then(([said]) => {
        if (!said) throw new Error("The model gave no answer.");
        answer.replaceChildren(...("error" in said ? [wrong(problem(columns, said.error))] : told(columns, said)));
      })
      .catch((error: unknown) => answer.replaceChildren(wrong(String(error instanceof Error ? error.message : error))));
  });
}

const wrong = (text: string) => element("p", { class: "wrong" }, text);

function told(columns: Map<string, Column>, stay: Stay): Node[] {
  const reasons = stay.reasons.flatMap((each) => {
    const column = columns.get(each.column);
    return column ? [element("li", {}, `${reason(column, each)} `, element("strong", {}, change(each.adds)))] : [];
  });
  const rest = Math.abs(stay.others) < 0.05 ? [] : [element("li", {}, "All the rest together ", element("strong", {}, change(stay.others)))];
  const notes = (stay.notes ?? []).map((each) => wrong(problem(columns, each)));
  return [
    element("p", { class: "days" }, `About ${days(stay.value)}`),
    element("p", {}, `Over the patients it learned from the model says ${days(stay.base)} on average. What changes that here, strongest first:`),
    element("ul", { class: "reasons" }, ...reasons, ...rest),
    ...notes,
  ];
}

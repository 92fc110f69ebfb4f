/** Numbers, times and states as people read them. */
import type { StatusIndicatorProps } from "@cloudscape-design/components/status-indicator";
import type { Cost, Model, Run } from "./api/types.gen";
import { ApiError } from "./calls";

const METRICS: { [name: string]: string } = {
  entity_f1: "F1",
  entity_precision: "Precision",
  entity_recall: "Recall",
  token_accuracy: "Token accuracy",
  accuracy: "Accuracy",
  macro_f1: "Macro F1",
  mae: "Mean absolute error",
  loss: "Loss per token",
  perplexity: "Perplexity",
  rouge_l: "ROUGE-L",
  exact_match: "Exact matches",
  cost_per_1000: "Cost of errors per 1,000",
};

/** A metric's name for people. */
export const metric = (name: string): string => METRICS[name] ?? name.replaceAll("_", " ");

const TASKS: { [task: string]: string } = {
  ner: "Entities in notes",
  classification: "Classes of texts",
  regression: "Numbers of rows",
  generation: "Answers to prompts",
};

/** A task's name for people. */
export const taskName = (task: string): string => TASKS[task] ?? task;

const LESS = new Set(["mae", "loss", "perplexity", "cost_per_1000"]);

export const lessIsBetter = (name: string): boolean => LESS.has(name);

/** What each task is judged by first; of another, the first metric that there is. */
const PRIMARY: { [task: string]: string } = { ner: "entity_f1", classification: "macro_f1", regression: "mae", generation: "loss" };

export const primary = (task: string, metrics: { [name: string]: unknown } = {}): string =>
  PRIMARY[task] ?? Object.keys(metrics)[0] ?? "accuracy";

export const figure = (value: number | null | undefined): string => (value == null ? "–" : value.toFixed(3));

export const signed = (value: number | null | undefined): string =>
  value == null ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;

/** A model's metrics, the one that it is judged by first. */
export function named({ task, metrics }: Model): [string, number | null][] {
  const first = primary(task, metrics);
  return Object.entries(metrics).sort(([one], [other]) => Number(other === first) - Number(one === first));
}

export const count = (value: number): string => value.toLocaleString("en");

export const percent = (value: number): string => `${Math.round(100 * value)} %`;

export function seconds(value: number | null | undefined): string {
  if (value == null) return "–";
  if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  const minutes = Math.floor(value / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(value % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const usd = (value: number | null | undefined): string => (value == null ? "–" : `${value.toFixed(2)} USD`);

/** What is paid: on one machine nothing. */
export const price = ({ usd: sum, prices }: Cost): string => (prices.region ? usd(sum) : "nothing on this machine");

export const moment = (stamp: string | null | undefined): string =>
  stamp ? new Date(stamp).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" }) : "–";

const AGES: [number, string][] = [[86_400, "day"], [3_600, "hour"], [60, "minute"]];

export function age(stamp: string, now = Date.now()): string {
  const passed = (now - Date.parse(stamp)) / 1000;
  const [unit, name] = AGES.find(([length]) => passed >= length) ?? [1, ""];
  if (!name) return "just now";
  const number = Math.floor(passed / unit);
  return `${number} ${name}${number === 1 ? "" : "s"} ago`;
}

type Said = { type: StatusIndicatorProps.Type; text: string };

/** What became of a run, or where it is. */
export function outcome(run: Run): Said {
  if (run.status === "starting") return { type: "pending", text: "Starting" };
  if (run.status === "running") return { type: "in-progress", text: "Running" };
  if (run.outcome === "promoted") return { type: "success", text: run.kind === "rollback" ? "Rolled back" : "Promoted" };
  if (run.outcome === "kept") return { type: "stopped", text: "Kept the old model" };
  if (run.error?.code === "cancelled") return { type: "stopped", text: "Cancelled" };
  if (run.outcome === "needs-review") return { type: "warning", text: "Needs review" };
  return { type: "error", text: "Failed" };
}

export const KINDS: { [kind in Run["kind"]]: string } = { retrain: "Retraining", promote: "Promotion", rollback: "Rollback" };

export const MODEL_STATES: { [status in Model["status"]]: Said } = {
  champion: { type: "success", text: "In service" },
  retired: { type: "stopped", text: "Retired" },
  candidate: { type: "info", text: "Candidate" },
  "needs-review": { type: "warning", text: "Needs review" },
  rejected: { type: "stopped", text: "Rejected" },
};

const ADVICE: { [status: number]: string } = {
  401: "Your sign-in has ended. Sign in again; nothing that you typed is lost.",
  403: "Your role does not allow this. Ask somebody who decides on models.",
  429: "Too many requests at a time. Wait a moment and try again.",
  503: "The model is waking up, which takes a minute. What you typed stays; it is tried again by itself.",
};

const CODES: { [code: string]: string } = {
  no_model: "The first run that passes puts one into service. Send data, or see the runs.",
};

/** What went wrong and what to do, for an Alert. */
export function trouble(error: unknown): { header: string; advice: string } {
  if (!(error instanceof ApiError)) {
    return { header: "The API cannot be reached", advice: "Check the connection. What is shown is the last answer; it is asked again by itself." };
  }
  const advice = CODES[error.code] ?? ADVICE[error.status] ?? (error.status >= 500 ? "This is a fault of the service: try again, and tell its operators." : "");
  return { header: error.message.charAt(0).toUpperCase() + error.message.slice(1), advice: advice || `Code: ${error.code}` };
}

/** The API's calls, typed by its own document. */
import type {
  AuditPage, BatchPage, BatchReceipt, Changes, Cost, Drift, Error as Refusal, Model, ModelList, Posters, Prediction, Provenance, Quality, Quarantine, Report,
  RecordPage, Review, RowSchema, Run, RunPage, Similar, TaskList, TaskSettings, TaskStatus, TuningSettings, UploadAddress,
} from "./api/types.gen";
import type { Unit } from "./note/file";
import type { Span } from "./note/segments";

/** What the API refused, in its own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field?: string,
  ) {
    super(message);
  }
}

export type BatchesAsked = { before: string | null; poster: string | null; since: string | null; until: string | null };
export type RecordsAsked = BatchesAsked & { verdict: string | null; label: string | null; record_id: string | null };
type Named = { task: string; run_id: string };
type Sent = { method?: string; body?: BodyInit; type?: string; headers?: Record<string, string> };

/** One deployment's API about one task, asked with one token. */
export class Api {
  constructor(
    private readonly token: string,
    readonly name: string,
  ) {}

  tasks = () => this.ask<TaskList>("/tasks");
  task = () => this.ask<TaskStatus>(`/tasks/${this.name}`);
  settings = () => this.ask<TaskSettings>(`/tasks/${this.name}/settings`);
  /** Of a run with so many trials; with null as the task is set. */
  cost = (trials: number | null) => this.ask<Cost>(`/tasks/${this.name}/cost${query({ trials: trials === null ? null : String(trials) })}`);
  runs = (before: string | null) => this.ask<RunPage>(`/runs${query({ task: this.name, limit: "20", before })}`);
  run = (id: string) => this.ask<Run>(`/runs/${encodeURIComponent(id)}`);
  cancelRun = (id: string, reason: string) => this.ask<Run>(`/runs/${encodeURIComponent(id)}/cancel`, json({ reason }));
  report = ({ task, run_id }: Named) => this.ask<Report>(`/tasks/${task}/runs/${encodeURIComponent(run_id)}/report`);
  reportPage = ({ task, run_id }: Named) => this.fetch(`/tasks/${task}/runs/${encodeURIComponent(run_id)}/report`, { headers: { Accept: "text/html" } }).then((answer) => answer.blob());
  /** With `tuning` as this run alone is to search; with null as the task is set. */
  startRun = (tuning: TuningSettings | null) => this.ask<Run>(`/tasks/${this.name}/runs`, tuning ? json({ tuning }) : { method: "POST" });
  models = () => this.ask<ModelList>(`/tasks/${this.name}/models`);
  audit = (before: string | null) => this.ask<AuditPage>(`/tasks/${this.name}/audit${query({ limit: "50", before })}`);
  batches = (asked: BatchesAsked) => this.ask<BatchPage>(`/tasks/${this.name}/batches${query({ limit: "20", ...asked })}`);
  records = (asked: RecordsAsked) => this.ask<RecordPage>(`/tasks/${this.name}/records${query({ limit: "20", ...asked })}`);
  quarantine = (before: string | null) => this.ask<Quarantine>(`/tasks/${this.name}/quarantine${query({ before })}`);
  discard = (id: string, reason: string) =>
    this.ask<BatchReceipt>(`/tasks/${this.name}/batches/${encodeURIComponent(id)}/discard`, json({ reason }));
  quality = () => this.ask<Quality>(`/tasks/${this.name}/quality`);
  drift = () => this.ask<Drift>(`/tasks/${this.name}/drift${query({ days: "30" })}`);
  changes = (id: string) => this.ask<Changes>(`/tasks/${this.name}/batches/${encodeURIComponent(id)}/changes`);
  posters = () => this.ask<Posters>(`/tasks/${this.name}/posters`);
  provenance = (record: string) => this.ask<Provenance>(`/tasks/${this.name}/provenance${query({ record_id: record })}`);
  batch = (id: string) => this.ask<BatchReceipt>(`/tasks/${this.name}/batches/${encodeURIComponent(id)}`);
  promote = (version: string, reason: string) => this.ask<Run>(`${this.model(version)}/promote`, json({ reason }));
  reject = (version: string, reason: string) => this.ask<Model>(`${this.model(version)}/reject`, json({ reason }));
  rollBack = (version: string | null, reason: string) =>
    this.ask<Run>(`/tasks/${this.name}/rollback`, json(version === null ? { reason } : { reason, version }));
  withdraw = (id: string, reason: string) =>
    this.ask<BatchReceipt>(`/tasks/${this.name}/batches/${encodeURIComponent(id)}/withdraw`, json({ reason }));
  rows = () => this.ask<RowSchema>(`/tasks/${this.name}/schema`);
  /** One input, under the name that the task gives it, with the options that it takes. */
  predict = (asked: { [name: string]: unknown }) => this.ask<Prediction>(`/tasks/${this.name}/predict`, json(asked));
  /** The nearest records of the training side; their texts where `withText`. */
  similar = (text: string, withText: boolean) =>
    this.ask<Similar>(`/tasks/${this.name}/similar`, json({ text, most: 5, include: withText ? ["text"] : [] }));
  /** With `check` nothing is stored: the verdicts alone. */
  send = (body: Blob, type: string, how: { unit: Unit; replace: boolean; check?: boolean }) => {
    const asked = { offset_unit: how.unit, replace: how.replace ? "true" : null, check: how.check ? "true" : null };
    return this.ask<BatchReceipt>(`/tasks/${this.name}/records${query(asked)}`, { method: "POST", body, type });
  };
  /** A file of up to 64 MB, by an address of its own; `progress` hears the share that was sent. Gives the batch. */
  upload = async (file: File, { unit, replace }: { unit: Unit; replace: boolean }, progress: (share: number) => void): Promise<string> => {
    const place = await this.ask<UploadAddress>(`/tasks/${this.name}/uploads`, json({ name: file.name, offset_unit: unit, replace }));
    await put(place, file, progress);
    return place.batch_id;
  };

  /** What is right of a prediction: all its entities, and its codes where somebody decided on them. `text` where the prediction was not kept. */
  feedback = (prediction: string, text: string | undefined, spans: Span[], codes: { system: string; code: string }[] | null) => {
    const entities = spans.map(({ start, end, label }) => ({ start, end, label }));
    const right = { entities, codes: codes ?? undefined };
    return this.ask<BatchReceipt>(`/tasks/${this.name}/feedback`, json({ prediction_id: prediction, text, ...right, offset_unit: "utf16" }));
  };
  /** Kept predictions that nobody corrected, least sure first, with their texts. */
  review = (before: string | null) =>
    this.ask<Review>(`/tasks/${this.name}/review${query({ include: "text", offset_unit: "utf16", limit: "10", before })}`);

  private model = (version: string) => `/tasks/${this.name}/models/${encodeURIComponent(version)}`;

  async ask<Answer>(path: string, sent?: Sent): Promise<Answer> {
    return (await (await this.fetch(path, sent)).json()) as Answer;
  }

  /** Raises what the API refused. */
  private async fetch(path: string, { method = "GET", body, type, headers }: Sent = {}): Promise<Response> {
    const answer = await fetch(`/v1${path}`, {
      method,
      body,
      cache: "no-store",
      headers: { Authorization: `Bearer ${this.token}`, ...(type && { "Content-Type": type }), ...headers },
    });
    if (!answer.ok) throw refused(answer.status, (await answer.json().catch(() => null)) as Partial<Refusal> | null);
    return answer;
  }
}

function refused(status: number, said: Partial<Refusal> | null): ApiError {
  const error = said?.error;
  return new ApiError(status, error?.code ?? "no_answer", error?.message ?? `the API answered ${status}`, error?.field);
}

/** Without the token, which is the API's alone. Not by fetch, which tells of no progress. */
function put({ url, headers }: UploadAddress, file: File, progress: (share: number) => void): Promise<void> {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = ({ loaded, total }) => progress(total ? loaded / total : 0);
    request.onload = () => (request.status < 300 ? done() : failed(new ApiError(request.status, "upload_failed", "the file was not taken")));
    request.onerror = () => failed(new TypeError("the file could not be sent"));
    request.send(file);
  });
}

const json = (body: unknown): Sent => ({ method: "POST", body: JSON.stringify(body), type: "application/json" });

function query(parameters: Record<string, string | null>): string {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== null);
  return `?${new URLSearchParams(given)}`;
}

/** The API's calls, typed by its own document. */
import type {
  AuditPage, BatchPage, BatchReceipt, Cost, Error as Refusal, Model, ModelList, Prediction, Review, Run, RunPage, Similar, TaskStatus, UploadAddress,
} from "./api/types.gen";
import type { Unit } from "./note/file";
import type { Span } from "./note/segments";

export const TASK = "ner";

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

type Sent = { method?: string; body?: BodyInit; type?: string; headers?: Record<string, string> };

/** One deployment's API, asked with one token. */
export class Api {
  constructor(private readonly token: string) {}

  task = () => this.ask<TaskStatus>(`/tasks/${TASK}`);
  cost = () => this.ask<Cost>(`/tasks/${TASK}/cost`);
  runs = (before: string | null) => this.ask<RunPage>(`/runs${query({ task: TASK, limit: "20", before })}`);
  run = (id: string) => this.ask<Run>(`/runs/${encodeURIComponent(id)}`);
  cancelRun = (id: string, reason: string) => this.ask<Run>(`/runs/${encodeURIComponent(id)}/cancel`, json({ reason }));
  startRun = () => this.ask<Run>(`/tasks/${TASK}/runs`, { method: "POST" });
  models = () => this.ask<ModelList>(`/tasks/${TASK}/models`);
  audit = (before: string | null) => this.ask<AuditPage>(`/tasks/${TASK}/audit${query({ limit: "50", before })}`);
  batches = (before: string | null) => this.ask<BatchPage>(`/tasks/${TASK}/batches${query({ limit: "20", before })}`);
  batch = (id: string) => this.ask<BatchReceipt>(`/tasks/${TASK}/batches/${encodeURIComponent(id)}`);
  promote = (version: string, reason: string) => this.ask<Run>(`${model(version)}/promote`, json({ reason }));
  reject = (version: string, reason: string) => this.ask<Model>(`${model(version)}/reject`, json({ reason }));
  rollBack = (version: string | null, reason: string) =>
    this.ask<Run>(`/tasks/${TASK}/rollback`, json(version === null ? { reason } : { reason, version }));
  withdraw = (id: string, reason: string) =>
    this.ask<BatchReceipt>(`/tasks/${TASK}/batches/${encodeURIComponent(id)}/withdraw`, json({ reason }));
  /** Offsets count UTF-16 units, as this page does. */
  predict = (text: string, { keep, codes }: { keep: boolean; codes: number }) =>
    this.ask<Prediction>(`/tasks/${TASK}/predict`, json({ text, keep, codes, offset_unit: "utf16" }));
  /** The nearest records of the training side; their texts where `withText`. */
  similar = (text: string, withText: boolean) =>
    this.ask<Similar>(`/tasks/${TASK}/similar`, json({ text, most: 5, include: withText ? ["text"] : [] }));
  /** With `check` nothing is stored: the verdicts alone. */
  send = (body: Blob, type: string, unit: Unit, check: boolean) =>
    this.ask<BatchReceipt>(`/tasks/${TASK}/records${query({ offset_unit: unit, check: check ? "true" : null })}`, { method: "POST", body, type });
  /** A file of up to 64 MB, by an address of its own; `progress` hears the share that was sent. Gives the batch. */
  upload = async (file: File, unit: Unit, progress: (share: number) => void): Promise<string> => {
    const place = await this.ask<UploadAddress>(`/tasks/${TASK}/uploads`, json({ name: file.name, offset_unit: unit }));
    await put(place, file, progress);
    return place.batch_id;
  };

  /** What is right of a prediction: all its entities, and its codes where somebody decided on them. `text` where the prediction was not kept. */
  feedback = (prediction: string, text: string | undefined, spans: Span[], codes: { system: string; code: string }[] | null) => {
    const entities = spans.map(({ start, end, label }) => ({ start, end, label }));
    const right = { entities, codes: codes ?? undefined };
    return this.ask<BatchReceipt>(`/tasks/${TASK}/feedback`, json({ prediction_id: prediction, text, ...right, offset_unit: "utf16" }));
  };
  /** Kept predictions that nobody corrected, least sure first, with their texts. */
  review = (before: string | null) =>
    this.ask<Review>(`/tasks/${TASK}/review${query({ include: "text", offset_unit: "utf16", limit: "10", before })}`);

  private async ask<Answer>(path: string, { method = "GET", body, type, headers }: Sent = {}): Promise<Answer> {
    const answer = await fetch(`/v1${path}`, {
      method,
      body,
      cache: "no-store",
      headers: { Authorization: `Bearer ${this.token}`, ...(type && { "Content-Type": type }), ...headers },
    });
    const said: unknown = await answer.json().catch(() => null);
    if (!answer.ok) throw refused(answer.status, said as Partial<Refusal> | null);
    return said as Answer;
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

const model = (version: string) => `/tasks/${TASK}/models/${encodeURIComponent(version)}`;

const json = (body: unknown): Sent => ({ method: "POST", body: JSON.stringify(body), type: "application/json" });

function query(parameters: Record<string, string | null>): string {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== null);
  return `?${new URLSearchParams(given)}`;
}

/** What the pages ask and keep: polled while something happens, backed off while nothing does, stopped while nobody looks. */
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import type { Run } from "./api/types.gen";
import type { Config } from "./config";
import { ApiError, type Api, type BatchesAsked, type RecordsAsked } from "./calls";

export const ApiContext = createContext<Api | null>(null);

export function useApi(): Api {
  const api = useContext(ApiContext);
  if (!api) throw new Error("outside of a sign-in");
  return api;
}

export const ConfigContext = createContext<Config | null>(null);

export function useConfig(): Config {
  const config = useContext(ConfigContext);
  if (!config) throw new Error("without settings");
  return config;
}

const LIVE_MS = 1_500;
const IDLE_MS = 10_000;

export const active = (run: Run): boolean => run.status === "starting" || run.status === "running";

/** A second try helps where the API was busy or away, not where it refused. */
export function again(failures: number, error: unknown): boolean {
  if (!(error instanceof ApiError)) return failures < 3;
  return failures < 3 && error.code !== "no_model" && (error.status >= 500 || error.status === 429);
}

/** The tasks of this installation: what each is asked about and judged by. */
export function useTasks() {
  const api = useApi();
  return useQuery({ queryKey: ["tasks"], queryFn: api.tasks, staleTime: Infinity });
}

/** The columns of the model in service, of a task that is asked about rows. */
export function useRows(asked: boolean) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "rows"], queryFn: api.rows, enabled: asked, staleTime: Infinity });
}

export function useTask() {
  const api = useApi();
  return useQuery({
    queryKey: [api.name, "task"],
    queryFn: api.task,
    refetchInterval: (query) => (query.state.data?.active_run || query.state.data?.pending ? LIVE_MS : IDLE_MS),
  });
}

/** Of a run with so many trials; without, as the task is set. */
export function useCost(trials: number | null = null) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "cost", trials], queryFn: () => api.cost(trials), placeholderData: keepPreviousData });
}

export function useSettings() {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "settings"], queryFn: api.settings });
}

export function useRuns(before: string | null) {
  const api = useApi();
  return useQuery({
    queryKey: [api.name, "runs", before],
    queryFn: () => api.runs(before),
    placeholderData: keepPreviousData,
    refetchInterval: (query) => (query.state.data?.runs.some(active) ? LIVE_MS : IDLE_MS),
  });
}

export function useRun(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: [api.name, "run", id],
    queryFn: () => api.run(id),
    refetchInterval: (query) => (!query.state.data || active(query.state.data) ? LIVE_MS : false),
  });
}

/** Of a run that has ended, which changes no more but by a person's decision. */
export function useReport(run: Run) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "report", run.run_id], queryFn: () => api.report(run), enabled: !active(run), staleTime: Infinity });
}

/** The reports of two runs. */
export function useReports([one, other]: [string, string]) {
  const api = useApi();
  const of = (id: string) => api.report({ task: id.split("-")[0] ?? "", run_id: id });
  return useQuery({ queryKey: [api.name, "reports", one, other], queryFn: () => Promise.all([of(one), of(other)]), staleTime: Infinity });
}

export function useModels() {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "models"], queryFn: api.models, refetchInterval: IDLE_MS });
}

export function useAudit(before: string | null) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "audit", before], queryFn: () => api.audit(before), placeholderData: keepPreviousData });
}

export function useBatches(asked: BatchesAsked) {
  const api = useApi();
  return useQuery({
    queryKey: [api.name, "batches", asked],
    queryFn: () => api.batches(asked),
    placeholderData: keepPreviousData,
    refetchInterval: IDLE_MS,
  });
}

export function useRecords(asked: RecordsAsked) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "records", asked], queryFn: () => api.records(asked), placeholderData: keepPreviousData });
}

/** The receipt of a batch, asked until all its verdicts are final; one that was just uploaded has none yet, which is null. */
export function useBatch(id: string, uploaded: boolean) {
  const api = useApi();
  return useQuery({
    queryKey: [api.name, "batch", id],
    queryFn: async () => {
      const listed = !uploaded || (await api.batches(NEWEST)).batches.some(({ batch_id }) => batch_id === id);
      return listed ? api.batch(id) : null;
    },
    refetchInterval: (query) => (query.state.data === null || query.state.data?.status === "received" ? LIVE_MS : false),
  });
}

const NEWEST: BatchesAsked = { before: null, poster: null, since: null, until: null };

/** The receipt of a batch that is to be mended. */
export function useEarlier(id: string | null) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "earlier", id], queryFn: () => api.batch(id ?? ""), enabled: id !== null });
}

export function useQuarantine(before: string | null) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "quarantine", before], queryFn: () => api.quarantine(before), placeholderData: keepPreviousData });
}

/** What a batch changed, of one that has stored something. */
export function useChanges(id: string, stored: boolean) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "changes", id], queryFn: () => api.changes(id), enabled: stored });
}

export function usePosters() {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "posters"], queryFn: api.posters });
}

/** Of the last run, where one has judged records. */
export function useQuality(judged: boolean) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "quality"], queryFn: api.quality, enabled: judged });
}

export function useDrift() {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "drift"], queryFn: api.drift });
}

export function useReview(before: string | null) {
  const api = useApi();
  return useQuery({ queryKey: [api.name, "review", before], queryFn: () => api.review(before), staleTime: Infinity, gcTime: 0 });
}

/** Something with consequences: afterwards everything that is shown is asked anew. */
export function useDecision<Given, Answer>(decide: (given: Given) => Promise<Answer>, done: (answer: Answer) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: decide,
    onSuccess: async (answer) => {
      await queries.invalidateQueries();
      done(answer);
    },
  });
}

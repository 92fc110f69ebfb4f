/** The form for the length of a stay: signs in as the dashboard does, then one patient or a table of them. */
import { UserManager, type User } from "oidc-client-ts";
import { Api, ApiError } from "../calls";
import { readConfig } from "../config";
import { settings } from "../signing";
import { served, TASK, type Column } from "./answers";
import { element, found } from "./element";
import { manyPatients } from "./many";
import { onePatient } from "./one";
import "./stay.css";

const PAGE = "/stay.html";
const state = found("state");

async function start(): Promise<void> {
  const config = await readConfig();
  const people = new UserManager(settings(config, PAGE));
  const person = await back(people);
  if (!person || person.expired) {
    state.textContent = "Sign in to ask the model.";
    const door = found<HTMLButtonElement>("sign-in");
    door.hidden = false;
    door.addEventListener("click", () => void people.signinRedirect());
    return;
  }
  found("who").hidden = false;
  found("sign-out").addEventListener("click", () => void people.removeUser().then(() => window.location.reload()));
  await open(new Api(person.access_token, TASK));
}

/** Who signed in, just now or before; the code leaves the address at once. */
async function back(people: UserManager): Promise<User | null> {
  if (!new URLSearchParams(window.location.search).has("code")) return people.getUser();
  const person = await people.signinCallback();
  window.history.replaceState(null, "", PAGE);
  return person ?? null;
}

async function open(api: Api): Promise<void> {
  const model = await served(api);
  const columns = new Map<string, Column>(model.columns.filter((column) => column.known === "admission").map((column) => [column.name, column]));
  onePatient(api, columns);
  manyPatients(api, columns);
  found("model").replaceChildren("The model in service is ", element("strong", {}, model.model_version), ".");
  state.textContent = "";
  found("ways").hidden = false;
}

function failed(error: unknown): string {
  if (error instanceof ApiError && error.code === "no_model") return "No model for the length of stay is in service yet. Come back when one was trained.";
  if (error instanceof ApiError && error.status === 401) return "The sign-in has run out. Load the page again.";
  if (error instanceof ApiError && error.status === 403) return "Your role may not ask the model. Tell the operators of this installation.";
  return `This did not work: ${error instanceof Error ? error.message : String(error)}. Load the page again in a moment.`;
}

start().catch((error: unknown) => {
  state.textContent = failed(error);
});

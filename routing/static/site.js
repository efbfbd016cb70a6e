/* Pages are complete without this script. It changes the answer at a handover, and speeds up "Exit this page". */

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const element of document.querySelectorAll('[data-module="govuk-exit-this-page"]')) new ExitThisPage(element);

for (const button of document.querySelectorAll("[data-who-copy]")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(document.getElementById(button.dataset.whoCopy), button));
}

/* Without a secure connection there is no clipboard: then the text is selected, ready for Ctrl+C. */
async function copy(code, button) {
  code.select();
  try {
    await navigator.clipboard.writeText(code.value);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Selected: press Ctrl+C";
  }
  button.removeAttribute("aria-label"); // what is written on it is the news
}

const root = document.querySelector("[data-who-now]");
const part = (name, parent = document) => parent.querySelector(`[data-who-${name}]`);
const answers = () => document.querySelectorAll("[data-who-answer], [data-who-ways], [data-who-state]");

/* What depends on the decision, in several places of a page. All of it changes together. */
const PARTS = ["unchecked", "answer", "printed", "lost", "ways", "hours"].filter((name) => part(name));

function readAnswer(element, sentAt, parts) {
  const { at, until } = element.dataset;
  return { at: Date.parse(at), until: until ? Date.parse(until) : null, sentAt, parts };
}

async function load(signal) {
  const sentAt = performance.now();
  const response = await fetch(root.dataset.whoNow, { signal, cache: "no-store", credentials: "omit" });
  if (!response.ok) throw new Error(response.status);
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  return readAnswer(part("now", page), sentAt, page);
}

function show({ parts }) {
  for (const name of PARTS) replace(part(name), part(name, parts));
  part("unchecked").hidden = part("lost").hidden = true;
  for (const element of answers()) element.hidden = false;
  const { line } = part("now", parts).dataset;
  if (line === root.dataset.line) return;
  root.dataset.line = line;
  part("status").textContent = part("status", parts).dataset.announcement;
}

function replace(shown, loaded) {
  if (shown.innerHTML === loaded.innerHTML) return;
  const focused = [...shown.querySelectorAll("a")].indexOf(document.activeElement);
  shown.replaceChildren(...loaded.childNodes);
  if (focused >= 0) (shown.querySelectorAll("a")[focused] ?? shown.querySelector("a"))?.focus();
}

function hide() {
  if (part("lost").hidden) part("status").textContent = part("lost").querySelector("p").textContent;
  part("unchecked").hidden = true;
  for (const element of answers()) element.hidden = true;
  part("lost").hidden = false;
}

function warn() {
  if (!part("lost").hidden || !part("unchecked").hidden) return;
  part("status").textContent = part("unchecked").textContent;
  part("unchecked").hidden = false;
}

if (root) {
  const navigation = performance.getEntriesByType("navigation")[0];
  const answer = readAnswer(root, navigation ? navigation.requestStart : 0);
  keepCurrent(answer, { load, show, hide, warn, pollMs: Number(root.dataset.pollMs) || undefined });
}

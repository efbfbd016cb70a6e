/* The pages are whole without this. It flips the answer at a handover, and makes the exit quick. */

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const each of document.querySelectorAll('[data-module="govuk-exit-this-page"]')) new ExitThisPage(each);

for (const root of document.querySelectorAll("[data-who-now]")) {
  const part = (name) => root.querySelector(`[data-who-${name}]`);
  const page = performance.getEntriesByType("navigation")[0];
  const read = (of, taken) => ({
    at: Date.parse(of.dataset.at),
    until: of.dataset.until ? Date.parse(of.dataset.until) : null,
    taken,
  });

  async function load(signal) {
    const taken = performance.now();
    const answer = await fetch(root.dataset.whoNow, { signal, cache: "no-store", credentials: "omit" });
    if (!answer.ok) throw new Error(answer.status);
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-until]");
    return { ...read(found, taken), found };
  }

  function show({ found }) {
    const old = part("answer"), fresh = found.querySelector("[data-who-answer]");
    part("lost").hidden = true;
    old.hidden = false;
    part("soon").textContent = found.querySelector("[data-who-soon]").textContent;
    if (old.innerHTML === fresh.innerHTML) return;
    const focused = old.contains(document.activeElement);
    const changed = old.dataset.line !== fresh.dataset.line;
    old.replaceChildren(...fresh.childNodes);
    old.dataset.line = fresh.dataset.line;
    if (focused) old.querySelector("a").focus();
    if (changed) part("status").textContent = found.querySelector("[data-who-status]").dataset.said;
  }

  function lose() {
    part("answer").hidden = true;
    part("soon").hidden = true;
    if (part("lost").hidden) part("status").textContent = part("lost").querySelector("p").textContent;
    part("lost").hidden = false;
  }

  function near(soon) {
    part("soon").hidden = !soon || part("answer").hidden || !part("soon").textContent.trim();
  }

  keepTrue(read(root, page ? page.requestStart : 0), { load, show, lose, near });
}

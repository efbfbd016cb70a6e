/* Pages are complete without this script. It changes the answer at a handover, and speeds up "Exit this page". */

document.body.classList.add("js-enabled", "govuk-frontend-supported");
for (const element of document.querySelectorAll('[data-module="govuk-exit-this-page"]')) new ExitThisPage(element);

for (const root of document.querySelectorAll("[data-who-now]")) {
  const part = (name, parent = root) => parent.querySelector(`[data-who-${name}]`);
  const navigation = performance.getEntriesByType("navigation")[0];
  const readAnswer = (element, sentAt) => ({
    element,
    at: Date.parse(element.dataset.at),
    until: element.dataset.until ? Date.parse(element.dataset.until) : null,
    sentAt,
  });

  async function load(signal) {
    const sentAt = performance.now();
    const response = await fetch(root.dataset.whoNow, { signal, cache: "no-store", credentials: "omit" });
    if (!response.ok) throw new Error(response.status);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    return readAnswer(page.querySelector("[data-until]"), sentAt);
  }

  function show({ element }) {
    const shown = part("answer"), loaded = part("answer", element);
    part("lost").hidden = true;
    shown.hidden = false;
    part("soon").textContent = part("soon", element).textContent;
    if (shown.innerHTML === loaded.innerHTML) return;
    const hadFocus = shown.contains(document.activeElement);
    const hasChanged = shown.dataset.line !== loaded.dataset.line;
    shown.replaceChildren(...loaded.childNodes);
    shown.dataset.line = loaded.dataset.line;
    if (hadFocus) shown.querySelector("a").focus();
    if (hasChanged) part("status").textContent = part("status", element).dataset.announcement;
  }

  function hide() {
    part("answer").hidden = true;
    part("soon").hidden = true;
    if (part("lost").hidden) part("status").textContent = part("lost").querySelector("p").textContent;
    part("lost").hidden = false;
  }

  function closingSoon(isSoon) {
    part("soon").hidden = !isSoon || part("answer").hidden || !part("soon").textContent.trim();
  }

  keepCurrent(readAnswer(root, navigation ? navigation.requestStart : 0), { load, show, hide, closingSoon });
}

/* <who-to-call service="children" lang="en" heading="2">all numbers and their hours</who-to-call>

   Shows who to call now, in the service's own words, above all numbers and their hours: those of the page until the
   service has sent its own. If the service cannot be reached, the numbers stand alone.
   <div class="who-to-call" data-service="children" data-heading="2"> becomes such an element. The script makes requests
   to this service alone, sends nothing about its reader, sets no cookie, and needs no style that a strict policy bars. */

const HOME = new URL("..", import.meta.url);
const UNCHECKED = {
  en: "This page cannot reach the service. This was right when it last asked.",
  cy: "Ni all y dudalen hon gyrraedd y gwasanaeth. Roedd hyn yn gywir pan ofynnodd ddiwethaf.",
};
const STYLE = `
  :host { display: block; overflow-wrap: break-word; }
  .box {
    border: var(--who-to-call-border, 3px solid #005a30);
    padding: var(--who-to-call-padding, 1rem);
    color: var(--who-to-call-colour, #0b0c0c);
    background: var(--who-to-call-background, #fff);
    font: var(--who-to-call-font, inherit);
  }
  [part=heading] { margin: 0 0 .6rem; }
  p { margin: 0 0 .6rem; }
  a { color: var(--who-to-call-link, #1a4f8f); display: inline-block; min-height: 1.5rem; }
  a:focus-visible { outline: 3px solid #0b0c0c; background: #fd0; color: #0b0c0c; }
  [part=phone] { font-size: 1.4em; font-weight: bold; line-height: 1.3; }
  .status { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  [hidden] { display: none; }
  @media print { .unchecked, .status, [data-who-answer] { display: none; } }`;

class WhoToCall extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.box = make("div", { class: "box", part: "box", hidden: "" });
    this.status = make("p", { class: "status", role: "status" });
    this.unchecked = make("p", { class: "unchecked", part: "unchecked", hidden: "" });
    root.append(this.status, this.unchecked, this.box, make("slot"));
    this.start();
  }

  /* The language of this place in the page: of en-GB it is en. */
  get language() {
    return this.closest("[lang]")?.lang.split("-")[0].toLowerCase();
  }

  async start() {
    const load = (signal) => this.load(signal);
    const show = (answer) => this.show(answer);
    const hide = () => this.hide();
    const warn = () => this.warn();
    for (let wait = 1000; ; wait = Math.min(wait * 2, 60000)) {
      try {
        const answer = await load(AbortSignal.timeout(REQUEST_TIMEOUT_MS));
        show(answer);
        return keepCurrent(answer, { load, show, hide, warn });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async load(signal) {
    const url = new URL(`services/${encodeURIComponent(this.getAttribute("service"))}/fragment`, HOME);
    if (this.language) url.searchParams.set("lang", this.language);
    if (this.hasAttribute("heading")) url.searchParams.set("heading", this.getAttribute("heading"));
    const sentAt = performance.now();
    const options = { signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
    const response = await fetch(url, options);
    if (!response.ok) throw new Error(response.status);
    const ageMs = 1000 * (response.headers.get("Age") || 0);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fragment = page.querySelector(".who-to-call");
    const { at, until, rehearsal } = fragment.dataset;
    // A proxy may have kept the answer for some seconds: Date is when it was sent. A rehearsal has its own clock.
    const date = (!rehearsal && Date.parse(response.headers.get("Date"))) || 0;
    return {
      at: Math.max(Date.parse(at), date) + ageMs,
      until: until ? Date.parse(until) : null,
      sentAt,
      fragment,
    };
  }

  show({ fragment }) {
    const numbers = fragment.querySelector("[data-who-numbers]");
    numbers.remove();
    this.lang = fragment.lang; // the service may not have the language of the page
    if (this.box.innerHTML !== fragment.innerHTML) {
      const focused = this.shadowRoot.activeElement;
      const call = this.call();
      this.box.replaceChildren(...fragment.childNodes);
      if (focused) this.box.querySelector("[part=phone] a").focus();
      if (call && call !== this.call()) this.status.textContent = this.call();
    }
    if (this.innerHTML !== numbers.innerHTML) this.replaceChildren(...numbers.childNodes);
    this.box.hidden = false;
    this.unchecked.hidden = true;
    this.answer().hidden = false;
  }

  /* Only the answer goes: what to do in an emergency and the numbers stay. */
  hide() {
    this.answer().hidden = this.unchecked.hidden = true;
  }

  warn() {
    this.unchecked.textContent = UNCHECKED[this.language] || UNCHECKED.en;
    this.unchecked.hidden = this.answer().hidden;
  }

  answer() {
    return this.box.querySelector("[data-who-answer]");
  }

  call() {
    return this.box.querySelector("[part=phone]")?.textContent;
  }
}

function make(tag, attributes = {}) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

if (!customElements.get("who-to-call")) customElements.define("who-to-call", WhoToCall);
for (const placeholder of document.querySelectorAll(".who-to-call[data-service]")) {
  const { service, heading } = placeholder.dataset;
  const element = make("who-to-call", { service, ...(heading && { heading }) });
  element.append(...placeholder.childNodes);
  placeholder.append(element);
}

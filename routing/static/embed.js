/* <who-to-call service="children" lang="en">all numbers and their hours</who-to-call>

   Shows who to call now, with the element's own content folded below it. If the service cannot be reached, that content
   stands alone. <div class="who-to-call" data-service="children"> becomes such an element. The script makes requests to
   this service alone, sends nothing about its reader, sets no cookie, and needs no style that a strict policy bars. */

const HOME = new URL("..", import.meta.url);
const TEXTS = {
  en: {
    more: "All numbers and their hours",
    unchecked: "This page cannot reach the service. This was right when it last asked.",
    unconfirmed: "Not yet confirmed by the council.",
    rehearsal: "Rehearsal: not the answer of this moment. Do not use it.",
  },
  cy: {
    more: "Pob rhif a'i oriau",
    unchecked: "Ni all y dudalen hon gyrraedd y gwasanaeth. Roedd hyn yn gywir pan ofynnodd ddiwethaf.",
    unconfirmed: "Heb ei gadarnhau gan y cyngor eto.",
    rehearsal: "Ymarfer: nid dyma'r ateb ar hyn o bryd. Peidiwch â'i ddefnyddio.",
  },
};
const STYLE = `
  :host { display: block; }
  .box {
    border: var(--who-to-call-border, 3px solid #005a30);
    padding: var(--who-to-call-padding, 1rem);
    color: var(--who-to-call-colour, #0b0c0c);
    background: var(--who-to-call-background, #fff);
    font: var(--who-to-call-font, inherit);
  }
  p { margin: 0 0 .6rem; }
  a { color: var(--who-to-call-link, #1a4f8f); }
  a:focus-visible, summary:focus-visible { outline: 3px solid #0b0c0c; background: #fd0; color: #0b0c0c; }
  .name { font-weight: bold; font-size: 1.2em; }
  .phone { font-size: 1.8em; font-weight: bold; line-height: 1.3; }
  .status { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  summary { cursor: pointer; min-height: 1.6rem; }
  [hidden] { display: none; }`;

class WhoToCall extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.box = make("div", "box", { part: "box", hidden: true });
    this.status = make("p", "status", { role: "status" });
    this.unchecked = make("p", "unchecked", { part: "unchecked", hidden: true }, this.ownTexts().unchecked);
    this.allNumbers = make("slot");
    root.append(this.status, this.unchecked, this.box, this.allNumbers);
    this.start();
  }

  async start() {
    const load = (signal) => this.load(signal);
    const show = (answer) => this.show(answer);
    const hide = () => this.hide();
    const warn = () => this.warn();
    for (let wait = 1000; ; wait = Math.min(wait * 2, 60000)) {
      try {
        const answer = await load();
        show(answer);
        return keepCurrent(answer, { load, show, hide, warn });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
  }

  async load(signal) {
    const service = encodeURIComponent(this.getAttribute("service"));
    const url = new URL(`api/v1/services/${service}/decision`, HOME);
    if (this.lang) url.searchParams.set("lang", this.lang);
    const sentAt = performance.now();
    const options = { signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" };
    const response = await fetch(url, options);
    if (!response.ok) throw new Error(response.status);
    const ageMs = 1000 * (response.headers.get("Age") || 0);
    const decision = await response.json();
    // A proxy may have kept the answer for some seconds: Date is when it was sent. A rehearsal has its own clock.
    const date = (!decision.rehearsal && Date.parse(response.headers.get("Date"))) || 0;
    return {
      at: Math.max(Date.parse(decision.at), date) + ageMs,
      until: decision.until && Date.parse(decision.until),
      sentAt,
      decision,
    };
  }

  show({ decision }) {
    const { line, reason, next, emergency, assumption, confirmed, rehearsal } = decision;
    const ownTexts = this.ownTexts();
    const content = JSON.stringify([line, reason.text, next && next.text]);
    this.box.hidden = false;
    this.unchecked.hidden = true;
    if (content === this.content) return this.foldNumbers(true);
    const hasChanged = this.content && this.number !== line.phone.e164;
    const focused = this.shadowRoot.activeElement;
    this.content = content;
    this.number = line.phone.e164;
    const texts = [
      rehearsal && ownTexts.rehearsal,
      line.phone.options,
      reason.text,
      next && next.text,
      assumption,
      !confirmed && ownTexts.unconfirmed,
    ];
    this.box.replaceChildren(
      make("p", "emergency", { part: "emergency" }, `${emergency.text} `, tel(emergency.phone, emergency.phone)),
      make("p", "name", { part: "name" }, line.name),
      make("p", "phone", { part: "phone" }, tel(line.phone.e164, line.phone.display)),
      ...texts.filter(Boolean).map((text) => make("p", "text", { part: "text" }, text)),
    );
    this.foldNumbers(true);
    if (focused) this.box.querySelector(".phone a").focus();
    if (hasChanged) this.status.textContent = `${line.name}, ${line.phone.display}`;
  }

  ownTexts() {
    return TEXTS[this.lang] || TEXTS.en;
  }

  hide() {
    this.box.hidden = this.unchecked.hidden = true;
    this.foldNumbers(false);
  }

  warn() {
    this.unchecked.hidden = this.box.hidden;
  }

  /* All numbers: folded below the answer, or in full when there is none. */
  foldNumbers(isFolded) {
    if (!isFolded) return this.shadowRoot.append(this.allNumbers);
    const summary = make("summary", "", {}, this.ownTexts().more);
    this.box.querySelector("details")?.remove();
    this.box.append(make("details", "more", { part: "more" }, summary, this.allNumbers));
  }
}

function make(tag, className = "", attributes = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element[key] = true;
    else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

function tel(number, text) {
  const dialled = number.replace(/^\+44(?=80[08]|500)/, "0"); // freephone may not connect with +44 before it
  return make("a", "", { href: `tel:${dialled}` }, text);
}

if (!customElements.get("who-to-call")) customElements.define("who-to-call", WhoToCall);
for (const placeholder of document.querySelectorAll(".who-to-call[data-service]")) {
  const lang = placeholder.lang || document.documentElement.lang;
  const element = make("who-to-call", "", { service: placeholder.dataset.service, lang });
  element.append(...placeholder.childNodes);
  placeholder.append(element);
}

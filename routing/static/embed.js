/* <who-to-call service="children" lang="en">all numbers and their hours</who-to-call>

   Shows who to call now above what it holds, which stays in reach, and stands alone when nobody can
   be asked. <div class="who-to-call" data-service="children"> becomes one. It asks this service alone,
   sends nothing about whoever looks, sets no cookie, and needs no style that a strict policy bars. */

const HOME = new URL("..", import.meta.url);
const WORDS = {
  en: { more: "All numbers and their hours", unconfirmed: "Not yet confirmed by the council.", rehearsal: "Rehearsal: not the answer of this moment. Do not use it." },
  cy: { more: "Pob rhif a'i oriau", unconfirmed: "Heb ei gadarnhau gan y cyngor eto.", rehearsal: "Ymarfer: nid dyma'r ateb ar hyn o bryd. Peidiwch â'i ddefnyddio." },
};
const STYLE = `
  :host { display: block; }
  .box { border: var(--who-to-call-border, 3px solid #005a30); padding: var(--who-to-call-padding, 1rem);
    color: var(--who-to-call-colour, #0b0c0c); background: var(--who-to-call-background, #fff); font: var(--who-to-call-font, inherit); }
  p { margin: 0 0 .6rem; } a { color: var(--who-to-call-link, #1a4f8f); }
  a:focus-visible, summary:focus-visible { outline: 3px solid #0b0c0c; background: #fd0; color: #0b0c0c; }
  .name { font-weight: bold; font-size: 1.2em; } .phone { font-size: 1.8em; font-weight: bold; line-height: 1.3; }
  .said { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  summary { cursor: pointer; min-height: 1.6rem; } [hidden] { display: none; }`;

class WhoToCall extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.box = make("div", "box", { part: "box", hidden: true });
    this.said = make("p", "said", { role: "status" });
    this.all = make("slot");
    root.append(this.said, this.box, this.all);
    this.start();
  }

  async start() {
    const load = (signal) => this.load(signal);
    const show = (answer) => this.show(answer);
    const lose = () => this.lose();
    for (let wait = 1000; ; wait = Math.min(wait * 2, 60000)) {
      try {
        const first = await load();
        show(first);
        return keepTrue(first, { load, show, lose });
      } catch {
        await new Promise((again) => setTimeout(again, wait));
      }
    }
  }

  async load(signal) {
    const asked = new URL(`api/v1/services/${encodeURIComponent(this.getAttribute("service"))}/decision`, HOME);
    if (this.lang) asked.searchParams.set("lang", this.lang);
    const taken = performance.now();
    const answer = await fetch(asked, { signal, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    if (!answer.ok) throw new Error(answer.status);
    const age = 1000 * (answer.headers.get("Age") || 0);
    const found = await answer.json();
    // A proxy may have kept the answer for some seconds: Date is when it was sent. A rehearsal has a clock of its own.
    const sent = (!found.rehearsal && Date.parse(answer.headers.get("Date"))) || 0;
    return { at: Math.max(Date.parse(found.at), sent) + age, until: found.until && Date.parse(found.until), taken, found };
  }

  show({ found }) {
    const { line, reason, next, emergency } = found, words = this.words();
    const told = JSON.stringify([line, reason.text, next && next.text]);
    this.box.hidden = false;
    if (told === this.told) return this.fold(true);
    const changed = this.told && this.line !== line.phone.e164;
    const focused = this.shadowRoot.activeElement;
    this.told = told;
    this.line = line.phone.e164;
    this.box.replaceChildren(
      make("p", "emergency", { part: "emergency" }, `${emergency.text} `, tel(emergency.phone, emergency.phone)),
      make("p", "name", { part: "name" }, line.name),
      make("p", "phone", { part: "phone" }, tel(line.phone.e164, line.phone.display)),
      ...[
        found.rehearsal && words.rehearsal, line.phone.options, reason.text, next && next.text, found.assumption, !found.confirmed && words.unconfirmed,
      ].filter(Boolean).map((text) => make("p", "text", { part: "text" }, text)),
    );
    this.fold(true);
    if (focused) this.box.querySelector(".phone a").focus();
    if (changed) this.said.textContent = `${line.name}, ${line.phone.display}`;
  }

  words() {
    return WORDS[this.lang] || WORDS.en;
  }

  lose() {
    this.box.hidden = true;
    this.fold(false);
  }

  /* All numbers: folded under the answer, or in full when there is none. */
  fold(away) {
    if (!away) return this.shadowRoot.append(this.all);
    const details = make("details", "more", { part: "more" }, make("summary", "", {}, this.words().more), this.all);
    this.box.querySelector("details")?.remove();
    this.box.append(details);
  }
}

function make(tag, name = "", attributes = {}, ...children) {
  const made = document.createElement(tag);
  if (name) made.className = name;
  for (const [key, value] of Object.entries(attributes)) value === true ? (made[key] = true) : made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function tel(number, shown) {
  return make("a", "", { href: `tel:${number}` }, shown);
}

customElements.get("who-to-call") || customElements.define("who-to-call", WhoToCall);
for (const each of document.querySelectorAll(".who-to-call[data-service]")) {
  const element = make("who-to-call", "", { service: each.dataset.service, lang: each.lang || document.documentElement.lang });
  element.append(...each.childNodes);
  each.append(element);
}

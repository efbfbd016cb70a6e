/* Keeps an answer true while somebody looks at it, by the server's clock and never the device's.

   An answer is {at, until, taken}: the server's time and the next handover in milliseconds (until is
   null when there is none), and what performance.now() was when it was asked for: so our reading of the
   server's clock is early by the time that the question took, never late, and we ask again if too soon. */

const TICK = 200; // milliseconds between two looks
const PATIENCE = 1000; // how long an answer past its handover may stand while the next is asked for
const LONGEST = 10000; // when a question is given up
const POLL = 60000; // how often to ask when nothing is due: staff may have sent calls elsewhere
const SOON = 5 * 60000;

function keepTrue(answer, { load, show, lose, near }) {
  let asking = null, failed = 0, asked = performance.now(), doubt = false, owed = null;
  let ticked = { wall: Date.now(), steady: performance.now() };

  const now = () => answer.at + performance.now() - answer.taken;
  const due = () => doubt || (answer.until !== null && now() >= answer.until);

  async function ask() {
    if (asking) return;
    asked = performance.now();
    const stop = (asking = new AbortController());
    const longest = setTimeout(() => stop.abort(), LONGEST);
    try {
      answer = await load(stop.signal);
      failed = 0;
      doubt = false;
      owed = null; // the server has just said so: it is true, even if our clock runs ahead
      show(answer);
    } catch {
      failed += 1;
      if (due()) lose();
    }
    clearTimeout(longest);
    asking = null;
  }

  /* Whatever is asked and hangs, no answer outlives its handover by more than PATIENCE. */
  function collect(steady) {
    owed = due() ? (owed ?? steady) : null;
    if (owed === null || steady - owed < PATIENCE) return;
    lose();
    if (asking && asked < owed) asking.abort(); // a question from before: ask anew
  }

  function tick() {
    const wall = Date.now(), steady = performance.now();
    // The two clocks part when the device slept, or when somebody set its clock: ask either way.
    if (Math.abs(wall - ticked.wall - (steady - ticked.steady)) > 5000 || steady - ticked.steady > 5000) {
      doubt = true;
      asked = -POLL;
    }
    ticked = { wall, steady };
    collect(steady);
    const wait = due() ? Math.min(TICK * 2 ** failed, 5000) : POLL;
    if (steady - asked >= wait && (due() || document.visibilityState === "visible")) ask();
    if (near) near(answer.until !== null && answer.until - now() <= SOON);
  }

  addEventListener("pageshow", (event) => event.persisted && ((doubt = true), ask()));
  addEventListener("online", () => ask());
  addEventListener("offline", () => ((doubt = true), lose()));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && ask());
  setInterval(tick, TICK);
  tick();
}

/* Keeps an answer current while somebody looks at it, by the server's clock and never the device's.

   An answer is {at, until, sentAt}: the server's time and the next handover (null if there is none), in milliseconds,
   and performance.now() when it was requested. Our reading of the server's clock is therefore slow by the time that the
   request took, and never fast: at worst we ask again too soon. An answer that cannot be confirmed holds until its
   handover: warn() is to say so. */

const TICK_MS = 200;
const OVERDUE_MS = 1000; // how long an answer may stand after its handover while the next one is loading
const REQUEST_TIMEOUT_MS = 10000;
const POLL_INTERVAL_MS = 10000; // when no handover is due: staff may have diverted calls. A page may set another
const CLOCK_JUMP_MS = 5000; // more than this between two clocks or ticks: the device slept, or its clock was set

function keepCurrent(answer, { load, show, hide, warn, pollMs = POLL_INTERVAL_MS }) {
  let request = null, failures = 0, requestedAt = performance.now(), doubtful = false, overdueSince = null;
  let lastTick = { wall: Date.now(), steady: performance.now() };

  const now = () => answer.at + performance.now() - answer.sentAt;
  const isDue = () => doubtful || (answer.until !== null && now() >= answer.until);

  async function reload() {
    if (request) return;
    requestedAt = performance.now();
    const current = (request = new AbortController());
    const timeout = setTimeout(() => current.abort(), REQUEST_TIMEOUT_MS);
    try {
      answer = await load(current.signal);
      failures = 0;
      doubtful = false;
      overdueSince = null; // the server has just confirmed it, even if our clock runs ahead
      show(answer);
    } catch {
      failures += 1;
      if (isDue()) hide();
      else if (failures > 1) warn(); // one lost request, asked again at once, moves nothing on the page
    }
    clearTimeout(timeout);
    request = null;
  }

  /* Even if a request hangs, no answer outlives its handover by more than OVERDUE_MS. */
  function hideIfOverdue(steady) {
    overdueSince = isDue() ? (overdueSince ?? steady) : null;
    if (overdueSince === null || steady - overdueSince < OVERDUE_MS) return;
    hide();
    if (request && requestedAt < overdueSince) request.abort(); // it was sent before the handover: send it again
  }

  function tick() {
    const wall = Date.now(), steady = performance.now();
    const steadyPassed = steady - lastTick.steady, wallPassed = wall - lastTick.wall;
    if (Math.abs(wallPassed - steadyPassed) > CLOCK_JUMP_MS || steadyPassed > CLOCK_JUMP_MS) {
      doubtful = true;
      requestedAt = -pollMs;
    }
    lastTick = { wall, steady };
    hideIfOverdue(steady);
    const isUrgent = isDue() || failures > 0;
    const wait = isUrgent ? Math.min(TICK_MS * 2 ** failures, 5000) : pollMs;
    if (steady - requestedAt >= wait && (isDue() || document.visibilityState === "visible")) reload();
  }

  addEventListener("pageshow", (event) => event.persisted && ((doubtful = true), reload()));
  addEventListener("online", () => reload());
  addEventListener("offline", () => warn());
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && reload());
  setInterval(tick, TICK_MS);
  tick();
}

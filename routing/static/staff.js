// On duty now, kept up to date: asked again every 30 seconds, and when somebody comes back to it.
const EVERY = 30000;

async function renew() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(10000) });
    if (answer.redirected) return location.reload(); // signed out meanwhile
    if (!answer.ok) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    replace("main", page);
    const banner = document.querySelector(".who-diverted");
    const fresh = page.querySelector(".who-diverted");
    if (banner && fresh) {
      if (!banner.contains(document.activeElement)) banner.replaceWith(fresh);
    } else if (banner) banner.remove();
    else if (fresh) document.getElementById("main").before(fresh);
  } catch {
    const said = document.getElementById("as-of");
    if (said.dataset.old) return;
    said.dataset.old = "yes";
    said.append(" This page could not be brought up to date since then: check your connection.");
  }
}

function replace(id, page) {
  const old = document.getElementById(id);
  const fresh = page.getElementById(id);
  if (fresh && !old.contains(document.activeElement)) old.replaceWith(fresh);
}

setInterval(renew, EVERY);
document.addEventListener("visibilitychange", renew);

// Keeps the status bar fresh, offers to copy hashes, and gives "/" to the search.

const EVERY = 2000;
const grouped = new Intl.NumberFormat("en-GB");
const bar = document.querySelector("[data-status]");
const part = (name) => bar.querySelector(`[data-part="${name}"]`);
const short = (hash) => `${hash.slice(0, 8)}…${hash.slice(-4)}`;

function tell(name, text) {
  if (part(name).textContent !== text) part(name).textContent = text;
}

function show(tone, state) {
  part("dot").className = `dot ${tone}`;
  tell("state", state);
}

function showStatus(status) {
  const { lag } = status;
  if (status.alarms.length > 0) show("late", "Look at the alarms");
  else if (lag > 3) show("late", "Catching up");
  else show("good", "In step");
  tell("block", grouped.format(status.block.number));
  tell("final", grouped.format(status.final_block));
  tell("head", short(status.ledger_head));
  part("head").title = status.ledger_head;
  tell("entries", grouped.format(status.entries));
  tell("lag", `${grouped.format(lag)} ${lag === 1 ? "block" : "blocks"}`);
}

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch("/v1/status", { signal: AbortSignal.timeout(EVERY * 2) });
    if (answer.ok) showStatus(await answer.json());
    else show("bad", "Not available");
  } catch {
    show("bad", "Not reachable");
  }
}

async function keepFresh() {
  await refresh();
  setTimeout(keepFresh, EVERY);
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.copy);
  button.classList.add("done");
  setTimeout(() => button.classList.remove("done"), 1200);
}

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", () => copy(button));
  }
}

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.querySelector(".search input").focus();
});

document.addEventListener("visibilitychange", refresh);
keepFresh();

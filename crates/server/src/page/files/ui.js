// What a form cannot do: results while one types, seconds that count down, a list that grows by itself.
// The page works without it.

const PART = { "x-longmem-part": "1" };
const TYPING_PAUSE = 300;

/** Fetches a page and puts one element of it into the place of the one that is shown. */
async function replacePart(address, selector, signal) {
  const answer = await fetch(address, { headers: PART, signal, credentials: "same-origin" });
  if (answer.redirected || !answer.ok) {
    location.reload();
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const [shown, fresh] = [document.querySelector(selector), page.querySelector(selector)];
  if (shown && fresh) {
    shown.replaceWith(fresh);
  }
}

/** Shows what is found while the question is typed. */
function searchWhileTyping(form) {
  const question = form.elements.namedItem("q");
  const asked = () => new URLSearchParams(
    [...new FormData(form)].filter(([, text]) => text.trim() !== ""),
  ).toString();
  let timer, running, last = asked();
  const search = async () => {
    const query = asked();
    if (query === last || (question.value.trim().length < 3 && question.value.trim() !== "")) {
      return;
    }
    last = query;
    running?.abort();
    running = new AbortController();
    const address = query ? `/ui/?${query}` : "/ui/";
    const results = document.querySelector("#results");
    results?.setAttribute("aria-busy", "true");
    try {
      await replacePart(address, "#results", running.signal);
      history.replaceState(null, "", address);
      document.querySelector("#heard").textContent =
        document.querySelector("#results .count")?.textContent ?? "";
      // What is deleted in the results leads back to them.
      for (const back of document.querySelectorAll('#results input[name="back"]')) {
        back.value = address;
      }
    } catch (error) {
      if (error.name !== "AbortError") {
        results?.removeAttribute("aria-busy");
      }
    }
  };
  form.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(search, TYPING_PAUSE);
  });
  if (question.value === "" && matchMedia("(hover: hover)").matches) {
    question.focus();
  }
}

/** Counts the seconds down in which a deletion can be taken back. */
function countDown(bar) {
  const seconds = bar.querySelector(".seconds");
  const end = Date.now() + Number(bar.dataset.seconds) * 1000;
  const timer = setInterval(() => {
    const left = Math.ceil((end - Date.now()) / 1000);
    if (left > 0) {
      seconds.textContent = String(left);
      return;
    }
    clearInterval(timer);
    bar.remove();
  }, 250);
}

/** Shows what is new in the list of activity as soon as it happens. */
function followActivity(list) {
  let timer;
  const events = new EventSource(list.dataset.events);
  events.addEventListener("changed", () => {
    // Several changes in a row are shown together, and nobody who reads an entry is disturbed.
    clearTimeout(timer);
    timer = setTimeout(() => {
      if (!document.querySelector("#activity details[open]")) {
        replacePart(location.href, "#activity").catch(() => {});
      }
    }, 500);
  });
  addEventListener("pagehide", () => events.close());
}

const search = document.querySelector("form#search");
if (search) {
  searchWhileTyping(search);
}
document.querySelectorAll("form.undo").forEach(countDown);
const activity = document.querySelector("#activity[data-events]");
if (activity) {
  followActivity(activity);
}

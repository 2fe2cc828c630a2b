// Three small helps; the page works without them.

// Suggestions in the search box.
const box = document.querySelector("input[name=user]");
const list = document.getElementById("users");
let asked = 0;
box.addEventListener("input", async () => {
  const mine = ++asked;
  const answer = await fetch("/users?q=" + encodeURIComponent(box.value.trim())).catch(() => null);
  const users = answer && answer.ok ? await answer.json() : [];
  if (mine !== asked) return; // a later letter has been typed
  list.replaceChildren(...users.map((user) => {
    const option = document.createElement("option");
    option.value = user.id;
    option.label = user.events + (user.events === 1 ? " event" : " events");
    return option;
  }));
});

// Another length asks at once, and what takes its time shows that it does.
const form = box.form;
form.k.addEventListener("change", () => box.value && form.requestSubmit());
form.addEventListener("submit", () => document.body.setAttribute("aria-busy", "true"));
window.addEventListener("pageshow", () => document.body.removeAttribute("aria-busy"));

// Where did this item go? A click follows it through all stages.
const trace = document.querySelector(".trace");
const stages = [...document.querySelectorAll(".stage")];
let followed = null;

function step(stage, item) {
  const found = stage.querySelector(`.item[data-item="${CSS.escape(item)}"]`);
  if (!found) return stage.matches(".ordering") ? "not in the list" : null;
  const texts = (selector) => [...found.querySelectorAll(selector)].map((element) => element.textContent.trim());
  const score = texts(".score").map((text) => "with " + text);
  if (stage.matches(".retrieval")) return "retrieved by " + texts(".chip").join(", ");
  if (stage.matches(".filtering")) return "removed: " + texts(".reason").join(", ");
  return (stage.matches(".scoring") ? "scored " : "in the list ") + [found.dataset.place, ...score].join(" ");
}

function follow(item, title) {
  followed = followed === item ? null : item;
  for (const row of document.querySelectorAll("[data-item]")) {
    const same = row.dataset.item === followed;
    row.classList.toggle("followed", same);
    row.querySelector("button.title")?.setAttribute("aria-pressed", String(same));
    if (same) row.closest("details")?.setAttribute("open", "");
  }
  trace.hidden = followed === null;
  if (followed === null) return;
  const strong = document.createElement("b");
  strong.textContent = title;
  const steps = stages.map((stage) => step(stage, item)).filter(Boolean);
  trace.replaceChildren(strong, document.createTextNode(steps.join("  \u2192  ")));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button.title");
  if (button) follow(button.closest("[data-item]").dataset.item, button.textContent);
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && followed !== null) follow(followed, "");
});

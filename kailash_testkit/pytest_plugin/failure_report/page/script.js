"use strict";
const tests = [...document.querySelectorAll("details.test")];
const search = document.getElementById("search");
const buttons = [...document.querySelectorAll("[data-show]")];
const toggle = document.getElementById("toggle");
const texts = new Map();
let outcomes = [];

function textOf(test) {
  if (!texts.has(test)) texts.set(test, test.textContent.toLowerCase());
  return texts.get(test);
}

function apply() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const test of tests) {
    const matches =
      (!outcomes.length || outcomes.includes(test.dataset.outcome)) && words.every((word) => textOf(test).includes(word));
    test.hidden = !matches;
    shown += matches;
  }
  for (const section of document.querySelectorAll("section")) {
    section.hidden = !section.querySelector("details.test:not([hidden])");
  }
  document.getElementById("none").hidden = shown > 0 || !tests.length;
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    outcomes = button.dataset.show.split(" ").filter(Boolean);
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    apply();
  });
}
search.addEventListener("input", apply);
toggle.addEventListener("click", () => {
  const open = toggle.getAttribute("aria-pressed") !== "true";
  for (const test of tests) if (!test.hidden) test.open = open;
  toggle.setAttribute("aria-pressed", String(open));
  toggle.textContent = open ? "Close all" : "Open all";
});
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});
apply();

"use strict";

// Tables: a header's button sorts by its column, up, down, and back to the order as made.
const START = /^[^\p{L}\d]*?([+\-−]?\d+(?:\.\d+)?(?:e[+\-−]?\d+)?)/u;

function numberIn(text) {
  const found = START.exec(text);
  return found ? Number(found[1].replaceAll("−", "-")) : NaN;
}

function compare(one, other, numeric) {
  if (numeric) {
    const [a, b] = [numberIn(one), numberIn(other)];
    if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  }
  return one.localeCompare(other, "en", { numeric: true });
}

function sortTable(table, column, direction) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.forEach((row, place) => { row.dataset.place ??= place; });
  const text = (row) => row.cells[column].textContent.trim();
  const empty = (row) => ["", "–", "-"].includes(text(row));
  const known = rows.filter((row) => !empty(row));
  const numbers = known.filter((row) => !Number.isNaN(numberIn(text(row))));
  const numeric = 2 * numbers.length > known.length;
  const sign = direction === "descending" ? -1 : 1;
  rows.sort((a, b) => {
    const original = a.dataset.place - b.dataset.place;
    if (direction === "none") return original;
    if (empty(a) || empty(b)) return empty(a) - empty(b) || original;
    return sign * compare(text(a), text(b), numeric) || original;
  });
  body.append(...rows);
}

for (const button of document.querySelectorAll("th > .sort")) {
  button.addEventListener("click", () => {
    const header = button.parentElement;
    const next = { ascending: "descending", descending: "none" };
    const direction = next[header.getAttribute("aria-sort")] ?? "ascending";
    for (const other of header.parentElement.cells) other.removeAttribute("aria-sort");
    if (direction !== "none") header.setAttribute("aria-sort", direction);
    sortTable(header.closest("table"), header.cellIndex, direction);
  });
}

// Figures: a dialog of the window's size; + and - or the buttons enlarge, Escape closes.
const dialog = document.getElementById("zoom");
const scroller = dialog.querySelector(".scroller");
let width = 0;

function show(wanted) {
  width = Math.min(20000, Math.max(100, wanted));
  scroller.firstElementChild.style.width = `${Math.floor(width)}px`;
}

function fitted() {
  const { naturalWidth, naturalHeight } = scroller.firstElementChild;
  return Math.min(scroller.clientWidth, scroller.clientHeight * naturalWidth / naturalHeight);
}

// As wide as the window, unless that is hardly more than in the page, or far more.
function enlarged(inPage) {
  const room = scroller.clientWidth;
  return room < 1.3 * inPage ? 2 * inPage : Math.min(room, 3 * inPage);
}

for (const button of document.querySelectorAll(".zoom")) {
  button.addEventListener("click", () => {
    const original = button.querySelector("img");
    scroller.replaceChildren(original.cloneNode());
    dialog.showModal();
    show(enlarged(original.clientWidth));
  });
}
const SIZES = { in: () => 1.5 * width, out: () => width / 1.5, fit: fitted };
for (const button of dialog.querySelectorAll("[data-zoom]")) {
  button.addEventListener("click", () => show(SIZES[button.dataset.zoom]()));
}
dialog.addEventListener("keydown", (event) => {
  const size = { "+": SIZES.in, "=": SIZES.in, "-": SIZES.out, 0: SIZES.fit }[event.key];
  if (size && !event.ctrlKey && !event.metaKey) show(size());
});
dialog.addEventListener("close", () => scroller.replaceChildren());

// The contents stand open at the side of wide windows, and closed above narrow ones.
const wide = matchMedia("(min-width: 64rem)");
const contents = document.getElementById("contents");
const arrange = () => { contents.open = wide.matches; };
wide.addEventListener("change", arrange);
arrange();

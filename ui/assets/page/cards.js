// Lists of cards, and how one walks through a grid of them by keyboard.

// --- A list of cards ---------------------------------------------------------------------
// Its value is a list of [key, html]. A card stays the same element for as long as its key is
// there: a clip goes on playing, a fold stays open, the focus stays where it is.
page.list = ({ element, props, trigger, watch }) => {
  const holder = element.querySelector("[data-list]");
  const isGrid = holder.dataset.list === "grid";
  const drawn = new Map();
  const draw = () => {
    const items = props.value ?? [];
    const keys = new Set(items.map(([key]) => key));
    for (const [key, card] of drawn) {
      if (!keys.has(key)) {
        leave(holder, card.node);
        drawn.delete(key);
      }
    }
    items.forEach(([key, html], place) => {
      const card = drawn.get(key);
      if (card === undefined) {
        drawn.set(key, { node: fragment(html), html });
      } else if (card.html !== html) {
        morph(card.node, fragment(html));
        card.html = html;
      }
      const { node } = drawn.get(key);
      if (holder.children[place] !== node) {
        holder.insertBefore(node, holder.children[place] ?? null);
      }
    });
    if (isGrid) {
      rove(holder);
    }
  };
  watch("value", draw);
  draw();
  listen(element, trigger);
  if (isGrid) {
    steer(holder);
  }
};

// --- A grid by keyboard --------------------------------------------------------------------
// One card at a time can be reached by Tab, and of all buttons only its own; the arrows go on
// from it.
function rove(holder, current) {
  const cards = [...holder.children];
  current ??= cards.find((card) => card.tabIndex === 0) ?? cards[0];
  for (const card of cards) {
    card.tabIndex = card === current ? 0 : -1;
    for (const button of card.querySelectorAll(".actions button")) {
      button.tabIndex = card.tabIndex;
    }
  }
}

function steer(holder) {
  for (const arrival of ["focusin", "click"]) { // not every browser focuses what is clicked
    holder.addEventListener(arrival, (event) => {
      const card = event.target.closest("[data-job]");
      if (card) {
        rove(holder, card);
      }
    });
  }
  const keys = { Enter: "open", Delete: "delete", Backspace: "delete", s: "star", S: "star" };
  holder.addEventListener("keydown", (event) => {
    if (event.target.parentElement !== holder || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const next = neighbour(holder, event.target, event.key);
    if (next) {
      event.preventDefault();
      next.focus();
    } else if (keys[event.key]) {
      event.preventDefault();
      const detail = keys[event.key];
      event.target.dispatchEvent(new CustomEvent("playground:ask", { bubbles: true, detail }));
    }
  });
}

function neighbour(holder, card, key) {
  const cards = [...holder.children];
  const place = cards.indexOf(card);
  const columns = cards.findIndex((one) => one.offsetTop !== cards[0].offsetTop);
  const row = columns > 0 ? columns : cards.length;
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row };
  if (key === "Home" || key === "End") {
    return cards.at(key === "Home" ? 0 : -1);
  }
  return cards[place + (steps[key] ?? NaN)];
}

// The focus goes to a neighbour before its card is taken away, or it would be lost.
function leave(holder, node) {
  const heir = node.nextElementSibling ?? node.previousElementSibling;
  if (heir && node.contains(document.activeElement)) {
    heir.tabIndex = 0;
    heir.focus();
  }
  node.remove();
}

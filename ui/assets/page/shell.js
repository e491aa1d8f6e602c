// What concerns the whole page: its rest, the server behind it, what is folded, time that passes,
// light and dark.

// --- At rest -----------------------------------------------------------------------------
// Gradio's sign that a page is loading counts its seconds in every frame, and never ends: a laptop's
// processor wouldn't sleep. Requests for frames are numbered: when for a while there was but one in
// each frame besides ours, it is that one. The last is taken back, and no other follows it.
function comeToRest() {
  const WHILE = 30; // frames
  let last = 0;
  let others = 0;
  let alike = 0;
  const look = () => {
    const own = requestAnimationFrame(look);
    alike = own - last - 1 === others ? alike + 1 : 0;
    others = own - last - 1;
    last = own;
    if (alike >= WHILE && others <= 1) {
      cancelAnimationFrame(own);
      if (others === 1) {
        cancelAnimationFrame(own - 1);
      }
    }
  };
  requestAnimationFrame(look);
}
comeToRest();

// --- The server behind the page ------------------------------------------------------------------
// A page that was opened before the playground was started anew has lost its forms.
page.server = ({ element }) => {
  const look = async () => {
    try {
      const { app_id: started } = await (await fetch("gradio_api/app_id")).json();
      element.firstElementChild.hidden = started === window.gradio_config.app_id;
    } catch {
      // not there yet, or going away
    }
  };
  setInterval(look, 5000);
  element.querySelector("button").addEventListener("click", () => location.reload());
};

// --- What a narrow page folds ----------------------------------------------------------------
// The style sheet hides what lies behind a button that isn't expanded.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-unfold]");
  button?.setAttribute("aria-expanded", button.getAttribute("aria-expanded") !== "true");
});

// --- Time that passes ------------------------------------------------------------------------
// The server says how long it has been when it draws; from then on the browser counts.
const counts = new WeakMap();
setInterval(() => {
  for (const node of document.querySelectorAll("[data-elapsed]")) {
    const told = Number(node.dataset.elapsed);
    let count = counts.get(node);
    if (count?.told !== told) {
      counts.set(node, (count = { told, at: performance.now() }));
    }
    node.textContent = `${(told + (performance.now() - count.at) / 1000).toFixed(1)} s`;
  }
}, 100);

// --- Light and dark ----------------------------------------------------------------------
// Gradio follows the system, or `?__theme=` in the address; what was chosen here goes before the
// system, whenever Gradio sets its own.
const THEME = "playground-theme";
const follow = () => {
  const chosen = localStorage.getItem(THEME);
  if (chosen && !new URLSearchParams(location.search).has("__theme")) {
    document.body.classList.toggle("dark", chosen === "dark");
  }
};
new MutationObserver(follow).observe(document.body, { attributeFilter: ["class"] });
follow();
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-toggle]")) {
    const isDark = document.body.classList.contains("dark");
    localStorage.setItem(THEME, isDark ? "light" : "dark");
    document.body.classList.toggle("dark", !isDark);
  }
});

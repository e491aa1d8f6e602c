// What is asked for: a button says by data-act what; it is told with the data of all that it
// lies in.

page.buttons = ({ element, trigger }) => listen(element, trigger);

function listen(element, trigger) {
  element.addEventListener("click", (event) => {
    const button = event.target.closest("[data-act], [data-copy], [data-close], [data-show]");
    if (!button || !element.contains(button)) {
      return;
    }
    if (button.dataset.act !== undefined) {
      event.preventDefault();
      ask(button, button.dataset.act, trigger);
      button.closest("details.sure")?.removeAttribute("open"); // the next time is asked anew
    } else if (button.dataset.copy !== undefined) {
      copy(button);
    } else if (button.dataset.show !== undefined) {
      show(button);
    } else {
      button.closest("dialog").close();
    }
  });
  element.addEventListener("playground:ask", (event) => {
    ask(event.target, event.detail, trigger);
  });
}

function ask(from, what, trigger) {
  const data = {};
  for (let node = from; node; node = node.parentElement) {
    for (const [name, value] of Object.entries(node.dataset)) {
      data[name] ??= value;
    }
    if (node.dataset.job !== undefined) {
      break;
    }
  }
  trigger(what, data);
}

async function copy(button) {
  const text = button.closest("[data-text]").querySelector("code, pre").textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
  } catch {
    button.textContent = "Select and copy it by hand";
  }
  clearTimeout(button.restoring);
  button.restoring = setTimeout(() => (button.textContent = "Copy"), 2000);
}

// One of several panels beside each other (WAI-ARIA: tabs).
function show(tab) {
  const list = tab.closest("[role=tablist]");
  for (const one of list.querySelectorAll("[role=tab]")) {
    const isIt = one === tab;
    one.setAttribute("aria-selected", isIt);
    one.tabIndex = isIt ? 0 : -1;
    list.parentElement.querySelector(`#${one.dataset.show}`).hidden = !isIt;
  }
  tab.focus();
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
    const bench = event.target.closest(".bench");
    bench?.querySelector("button.run:not([disabled])")?.click();
  }
  const tab = event.target.closest?.("[role=tab][data-show]");
  if (tab && (event.key === "ArrowRight" || event.key === "ArrowLeft")) {
    const tabs = [...tab.parentElement.querySelectorAll("[role=tab]")];
    const step = event.key === "ArrowRight" ? 1 : tabs.length - 1;
    show(tabs[(tabs.indexOf(tab) + step) % tabs.length]);
  }
});

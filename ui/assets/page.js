// What the page does in the browser by itself: it keeps lists of cards, the details and the
// messages, and tells the server what was asked for. No prompt and no result is touched here.
(() => {
  "use strict";
  const page = (window.playground = {});

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

  // --- Something that is shown on its own: {key, html} or nothing --------------------------------
  page.dialog = ({ element, props, trigger, watch }) => {
    const dialog = element.querySelector("dialog");
    let key = null;
    const draw = () => {
      if (!props.value) {
        dialog.close();
        return;
      }
      if (props.value.key === key && dialog.open) {
        morph(dialog.firstElementChild, fragment(props.value.html));
        return;
      }
      key = props.value.key;
      dialog.replaceChildren(fragment(props.value.html));
      if (!dialog.open) {
        dialog.showModal();
      }
      dialog.scrollTop = 0;
    };
    dialog.addEventListener("close", () => {
      dialog.replaceChildren();
      props.value = null; // so that the same one can be opened again
    });
    let began; // a text that is marked may end beside the dialog
    dialog.addEventListener("pointerdown", (event) => (began = event.target));
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog && began === dialog) {
        dialog.close();
      }
    });
    watch("value", draw);
    listen(element, trigger);
  };

  // A message that leaves by itself, unless the pointer or the focus is on it.
  page.toast = ({ element, props, trigger, watch }) => {
    const holder = element.firstElementChild;
    let leaving;
    const wait = () => {
      clearTimeout(leaving);
      const seconds = holder.querySelector("[data-act]") ? 12 : 4; // time enough to undo
      leaving = setTimeout(() => {
        if (holder.matches(":hover, :focus-within")) {
          wait();
        } else {
          props.value = null;
          holder.replaceChildren();
        }
      }, 1000 * seconds);
    };
    watch("value", () => {
      holder.replaceChildren(...(props.value ? [fragment(props.value.html)] : []));
      wait();
    });
    listen(element, trigger);
  };

  // A choice that opens under its button and closes when it is made, or by Escape.
  page.picker = ({ element, trigger }) => {
    const close = (focus) => {
      const open = element.querySelector("details[open]");
      if (open) {
        open.open = false;
        if (focus) {
          open.querySelector("summary").focus();
        }
      }
    };
    element.addEventListener("click", (event) => {
      if (event.target.closest("[data-act]")) {
        close(true);
      }
    });
    element.addEventListener("keydown", (event) => {
      if (event.key === "Escape") {
        close(true);
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        const options = [...element.querySelectorAll("[data-act]")];
        const next = options.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
        if (element.querySelector("details[open]")) {
          event.preventDefault();
          options[Math.max(0, Math.min(next, options.length - 1))].focus();
        }
      }
    });
    document.addEventListener("click", (event) => {
      if (!element.contains(event.target)) {
        close(false);
      }
    });
    listen(element, trigger);
  };

  // --- A form ------------------------------------------------------------------------------
  // Its fields are drawn anew for each model; what is known of them here outlives them.
  const SETTLED = 150; // milliseconds after which nothing more is expected of a field
  const WRITING = ".fields :is(textarea, input:not([type=checkbox], [type=radio], [type=range])):focus";
  const forms = new Map(); // by their benches

  // What differs in it, what is wrong and which files it holds: told by the numbers of its boxes.
  page.marks = ({ element, props, trigger, watch }) => {
    const draw = () => {
      const bench = element.closest(".bench");
      const told = props.value;
      const fields = told && bench?.querySelector(`.fields.revision-${told.revision}`);
      if (!fields) {
        return; // it is of a form that isn't there yet, or not any more
      }
      element.firstElementChild.replaceChildren(fragment(told.html));
      const field = (n) => (n === "prompt" ? bench.querySelector(".prompt-box") : fields.querySelector(`.field-${n}`));
      bench.querySelectorAll(".is-changed").forEach((one) => one.classList.remove("is-changed"));
      told.changed.forEach((n) => field(n)?.classList.add("is-changed"));
      Object.entries(told.given).forEach(([n, html]) => present(field(n)?.closest(".file-field"), html));
      if (!told.keeps) {
        bench.querySelectorAll(".wrong").forEach((one) => unmark(one.parentElement));
      }
      const wrong = Object.keys(told.problems).filter((n) => field(n));
      wrong.forEach((n) => mark(field(n), told.problems[n]));
      if (wrong.length && !told.keeps) {
        lead(field(wrong[0]));
      }
    };
    const form = { draw, isTouched: false, tell: () => trigger("edited") };
    const enter = () => {
      const bench = element.closest(".bench");
      if (bench) {
        forms.set(bench, form);
        draw();
      } else {
        requestAnimationFrame(enter); // the page isn't whole yet
      }
    };
    enter();
    watch("value", draw);
    listen(element, trigger);
  };

  page.arrival = ({ element }) => {
    requestAnimationFrame(() => forms.get(element.closest(".bench"))?.draw()); // the fields are there after it
  };

  // Told at each change of a box; returns what the server is told of them when it is asked.
  page.holding = (benchId, revision, values) => {
    const bench = document.getElementById(benchId);
    const form = forms.get(bench);
    if (form) {
      form.isTouched = true;
      settle(bench, form);
    }
    return { revision, values };
  };

  document.addEventListener("focusout", (event) => {
    const bench = event.target.closest?.(".bench");
    if (forms.has(bench)) {
      settle(bench, forms.get(bench));
    }
  });

  // Half a number isn't a mistake: what is wrong is said when nobody writes any more.
  function settle(bench, form) {
    clearTimeout(form.settling);
    form.settling = setTimeout(() => {
      if (form.isTouched && !bench.querySelector(WRITING)) {
        form.isTouched = false;
        form.tell();
      }
    }, SETTLED);
  }

  // Shows the files of a field; a clip that is looked at goes on.
  function present(field, html) {
    if (field && (field.given ?? "") !== html) {
      field.given = html;
      field.querySelector(".given")?.remove();
      if (html) {
        field.append(fragment(html));
      }
    }
  }

  function mark(box, words) {
    unmark(box);
    const said = document.createElement("p");
    said.className = "wrong";
    said.setAttribute("role", "alert");
    said.textContent = words;
    box.append(said);
    inputOf(box)?.setAttribute("aria-invalid", "true");
  }

  function unmark(box) {
    box.querySelectorAll(".wrong").forEach((one) => one.remove());
    inputOf(box)?.removeAttribute("aria-invalid");
  }

  function lead(box) {
    box.closest(".advanced")?.querySelector("button.label-wrap:not(.open)")?.click();
    box.scrollIntoView({ block: "nearest" });
    inputOf(box)?.focus();
  }

  const inputOf = (box) => box.querySelector("textarea, input:not([type=file]), button");

  // What is being mended is wrong no more, until that is known again.
  for (const touched of ["input", "change"]) {
    document.addEventListener(touched, (event) => {
      const said = event.target.closest?.(":has(> .wrong)");
      if (said) {
        unmark(said);
      }
    });
  }

  // A file from the clipboard goes into the field where it is pasted, or into the first of the form
  // that is empty and takes it. Gradio's own boxes for files take them by choosing and dropping.
  document.addEventListener("paste", (event) => {
    const files = event.clipboardData?.files ?? [];
    const bench = event.target.closest?.(".bench");
    if (!files.length || !bench) {
      return;
    }
    const own = event.target.closest(".file-field");
    const inputs = own
      ? own.querySelectorAll("input[type=file]")
      : bench.querySelectorAll(".file-field input[type=file]");
    const input = [...inputs].find((one) => takes(one, files[0]));
    if (input) {
      event.preventDefault();
      const pasted = new DataTransfer();
      [...files].slice(0, input.multiple ? undefined : 1).forEach((one) => pasted.items.add(one));
      input.files = pasted.files;
      input.dispatchEvent(new Event("change", { bubbles: true }));
    }
  });

  const takes = (input, file) => {
    const accepted = input.accept.split(",").filter(Boolean);
    const ending = file.name.slice(file.name.lastIndexOf(".")).toLowerCase();
    return !accepted.length || accepted.includes(ending);
  };

  page.buttons = ({ element, trigger }) => listen(element, trigger);

  // --- What is asked for -------------------------------------------------------------------
  // A button says by data-act what it asks for; it is told with the data of all that it lies in.
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

  // --- A conversation ------------------------------------------------------------------------------
  // Whoever is at its end stays there while it grows; opening one leads to its end.
  const NEAR = 160;
  const toEnd = () => window.scrollTo(0, document.documentElement.scrollHeight);
  page.toEnd = () => setTimeout(toEnd, 150);
  let wasAtEnd = true;
  window.addEventListener("scroll", () => {
    const { scrollHeight } = document.documentElement;
    wasAtEnd = window.innerHeight + window.scrollY >= scrollHeight - NEAR;
  });
  new MutationObserver((changes) => {
    if (wasAtEnd && changes.some(({ target }) => target.parentElement?.closest("#live"))) {
      toEnd();
    }
  }).observe(document.body, { childList: true, characterData: true, subtree: true });

  // --- What was written and not sent -------------------------------------------------------------
  // A prompt outlives a reload of its tab.
  page.draft = ({ element }) => {
    const box = element.closest(".bench")?.querySelector(".prompt-box textarea");
    if (!box) {
      requestAnimationFrame(() => page.draft({ element })); // the page isn't whole yet
      return;
    }
    const key = `playground-draft-${element.querySelector("[data-kind]").dataset.kind}`;
    const kept = sessionStorage.getItem(key);
    if (kept && !box.value) {
      box.value = kept;
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    box.addEventListener("input", () => sessionStorage.setItem(key, box.value));
  };

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

  // --- HTML --------------------------------------------------------------------------------------
  function fragment(html) {
    const template = document.createElement("template");
    template.innerHTML = html.trim();
    return template.content.firstElementChild;
  }

  // Makes one element like another, touching only what differs. What the person opened stays open.
  function morph(old, fresh) {
    if (old.nodeType !== fresh.nodeType || old.nodeName !== fresh.nodeName) {
      old.replaceWith(fresh);
      return;
    }
    if (old.nodeType !== Node.ELEMENT_NODE) {
      if (old.nodeValue !== fresh.nodeValue) {
        old.nodeValue = fresh.nodeValue;
      }
      return;
    }
    for (const { name } of [...old.attributes]) {
      if (!fresh.hasAttribute(name) && name !== "open" && name !== "tabindex") {
        old.removeAttribute(name);
      }
    }
    for (const { name, value } of fresh.attributes) {
      if (old.getAttribute(name) !== value && name !== "tabindex") {
        old.setAttribute(name, value);
      }
    }
    if (old.dataset.elapsed !== undefined) {
      return; // its text is the browser's own
    }
    const before = [...old.childNodes];
    const after = [...fresh.childNodes];
    after.forEach((node, place) => {
      if (before[place]) {
        morph(before[place], node);
      } else {
        old.append(node);
      }
    });
    before.slice(after.length).forEach((node) => node.remove());
  }
})();

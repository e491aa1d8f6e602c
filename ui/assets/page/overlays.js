// What lies over the page: the details of a run, messages, and choices that open.

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

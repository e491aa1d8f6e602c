// A form: what is in it, what is wrong in it, and files that are pasted into it. Its fields are
// drawn anew for each model; what is known of them here outlives them.

const SETTLED = 150; // milliseconds after which nothing more is expected of a field
const WRITTEN = ":is(textarea, input:not([type=checkbox], [type=radio], [type=range]))";
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
    const field = (n) =>
      n === "prompt" ? bench.querySelector(".prompt-box") : fields.querySelector(`.field-${n}`);
    bench.querySelectorAll(".is-changed").forEach((one) => one.classList.remove("is-changed"));
    told.changed.forEach((n) => field(n)?.classList.add("is-changed"));
    for (const [n, html] of Object.entries(told.given)) {
      present(field(n)?.closest(".file-field"), html);
    }
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
  requestAnimationFrame(() => forms.get(element.closest(".bench"))?.draw()); // when all are there
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
    if (form.isTouched && !bench.querySelector(`.fields ${WRITTEN}:focus`)) {
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

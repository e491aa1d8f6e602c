"""The tab in which one kind of model is tried: form, Run and Stop, status, result."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from core import InvalidInput, PlaygroundError
from core.history.records import Job
from core.jobs.events import Event, Succeeded
from core.models.catalog import Kind, find, models_of
from core.models.schema import ModelSchema
from ui import present
from ui.form import Form, component, initial_value, read_input, shown_fields
from ui.services import LOCAL_OWNER, Services
from ui.ticking import with_ticks

Update = tuple[Any, ...]
"""Values for the run's outputs: status, result, the running job's id."""


@dataclass(frozen=True)
class WorkbenchKind:
    """What makes one workbench differ from another."""

    kind: Kind
    prompt_placeholder: str
    invitation: str
    result: Callable[[], gr.components.Component]
    """Lays out the component that shows a finished job."""
    shown: Callable[[Sequence[str]], Any]
    """Turns a job's files (paths) into that component's value."""


@dataclass(frozen=True)
class Workbench:
    """The components of one tab."""

    model: gr.Dropdown
    about: gr.HTML
    prompt: gr.Textbox
    form: gr.State
    status: gr.HTML
    result: gr.components.Component
    job_id: gr.State


@dataclass(frozen=True)
class WorkbenchHandlers:
    """What happens in one workbench; each method takes values and gives values."""

    services: Services
    config: WorkbenchKind

    async def choose(self, model: str) -> tuple[str, Form]:
        """Return a model's description and the form of its first settings."""
        return self._about(model), Form(model, revision=1, fields=await self._fields(model))

    async def switch(self, form: Form, model: str, values: Mapping[str, Any]) -> tuple[str, Form]:
        """Return the same for another model, keeping what the person changed where it fits."""
        fields = await self._fields(model)
        return self._about(model), form.switched_to(model, fields, values)

    async def run(
        self, form: Form, model: str, prompt: str | None, values: Mapping[str, Any]
    ) -> AsyncGenerator[Update]:
        """Start a job and follow it to its end."""
        if not prompt or not prompt.strip():
            yield present.error_status(_NO_PROMPT), gr.skip(), None
            return
        if model != form.model:  # picked a moment ago, its form isn't drawn yet
            _, form = await self.switch(form, model, values)
            values = form.values
        try:
            settings = read_input(form.fields, values)
            job_id = await self.services.jobs.submit(
                form.model,
                {"prompt": prompt, **settings},
                owner=LOCAL_OWNER,
                kind=self.config.kind,
            )
        except PlaygroundError as error:
            yield present.error_status(error), gr.skip(), None
            return
        async with aclosing(self._follow(job_id)) as updates:
            async for update in updates:
                yield update

    async def attach(self) -> AsyncGenerator[Update]:
        """Follow the newest job of this kind that is still running, if there is one."""
        running = [
            job
            for job in await self.services.jobs.running(LOCAL_OWNER)
            if job.kind == self.config.kind
        ]
        if not running:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        newest = max(running, key=lambda job: job.created_at)
        async with aclosing(self._follow(newest.id)) as updates:
            async for update in updates:
                yield update

    async def stop(self, job_id: str | None) -> None:
        """Cancel the job that this tab is following; whoever watches it sees it end."""
        if job_id is not None:
            await self.services.jobs.cancel(job_id)

    async def _follow(self, job_id: str) -> AsyncGenerator[Update]:
        started = time.monotonic()
        latest: Event | None = None
        async with aclosing(with_ticks(self.services.jobs.watch(job_id))) as events:
            async for event in events:
                latest = event or latest
                if latest is None:
                    continue
                elapsed = time.monotonic() - started
                status = present.event_status(latest, elapsed_seconds=elapsed)
                if isinstance(latest, Succeeded):
                    yield status, self._shown(latest.job), job_id
                else:
                    yield status, gr.skip(), job_id

    def _shown(self, job: Job) -> Any:
        return self.config.shown([str(self.services.media.path(file.key)) for file in job.files])

    async def _fields(self, model: str) -> tuple[Any, ...]:
        curated = find(model)
        if curated is None:
            return ()
        try:
            found = await self.services.client.get_model(model)
        except PlaygroundError as error:
            gr.Warning(f"This model's settings can't be shown: {error}")
            return ()
        if found.openapi_schema is None:
            return ()
        names = [*curated.settings]
        if curated.start_image is not None and curated.start_image not in names:
            names.append(curated.start_image)
        return shown_fields(ModelSchema.from_openapi(found.openapi_schema), names)

    def _about(self, model: str) -> str:
        curated = find(model)
        return "" if curated is None else present.about(curated)


_NO_PROMPT = InvalidInput("Describe what you want in the prompt, then run.", field="prompt")


def build(handlers: WorkbenchHandlers) -> Workbench:
    """Lay a workbench out, its form at the left and its result at the right, and wire it."""
    config = handlers.config
    models = models_of(config.kind)
    form = gr.State(Form(model=models[0].id))
    job_id = gr.State(None)
    with gr.Row(equal_height=False):
        with gr.Column(scale=5, min_width=300):
            model = gr.Dropdown(
                choices=[(item.title, item.id) for item in models],
                value=models[0].id,
                label="Model",
                interactive=True,
            )
            about = gr.HTML(present.about(models[0]), padding=False)
            prompt = gr.Textbox(
                label="Prompt", placeholder=config.prompt_placeholder, lines=4, max_lines=12
            )

            # Left to itself it would draw at load as well, and what was clicked between the two
            # would be gone.
            @gr.render(  # type: ignore[untyped-decorator]
                inputs=form, triggers=[form.change], show_progress="hidden"
            )
            def draw(form: Form) -> None:
                _draw(form, bench, handlers)

        with gr.Column(scale=7, min_width=300):
            status = gr.HTML(present.idle(config.invitation), padding=False)
            result = config.result()
    bench = Workbench(model, about, prompt, form, status, result, job_id)
    return bench


def on_load(demo: gr.Blocks, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    """Draw the first form when the page opens, and come back to a job that is still running."""
    demo.load(
        handlers.choose,
        bench.model,
        [bench.about, bench.form],
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )
    demo.load(
        handlers.attach,
        None,
        [bench.status, bench.result, bench.job_id],
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )


def _draw(form: Form, bench: Workbench, handlers: WorkbenchHandlers) -> None:
    fields = {
        field.name: component(
            field,
            form.values.get(field.name, initial_value(field)),
            key=(form.revision, field.name),
        )
        for field in form.fields
    }
    # Drawn here and not beside the form: a button that is there before its listeners loses clicks.
    with gr.Row():
        run_button = gr.Button("Run", variant="primary", scale=3, min_width=120)
        stop_button = gr.Button("Stop", scale=1, min_width=80)

    async def run(model: str, prompt: str, *values: Any) -> AsyncGenerator[Update]:
        shown = dict(zip(fields, values, strict=True))
        async with aclosing(handlers.run(form, model, prompt, shown)) as updates:
            async for update in updates:
                yield update

    async def switch(model: str, *values: Any) -> tuple[str, Form]:
        return await handlers.switch(form, model, dict(zip(fields, values, strict=True)))

    run_button.click(
        run,
        [bench.model, bench.prompt, *fields.values()],
        [bench.status, bench.result, bench.job_id],
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )
    stop_button.click(
        handlers.stop,
        bench.job_id,
        None,
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )
    bench.model.input(
        switch,
        [bench.model, *fields.values()],
        [bench.about, bench.form],
        concurrency_limit=None,
        show_progress="hidden",
        api_visibility="private",
    )

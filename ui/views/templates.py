"""HTML from templates. Whatever is put into one is escaped: prompts, outputs and errors are
strangers' words."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(Path(__file__).with_name("templates")),
    autoescape=True,
    auto_reload=False,  # or each time it looks whether the file has changed
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, **values: Any) -> str:
    """Return a template of `ui/templates`, filled in.

    Args:
        template: its name without `.html`.
        values: what it speaks of.
    """
    return _ENVIRONMENT.get_template(f"{template}.html").render(values).strip()

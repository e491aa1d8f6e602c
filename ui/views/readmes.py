"""A model's README in Markdown → HTML that can do nothing to the page.

It is a stranger's text: HTML in it is shown as text, links open elsewhere and know nothing of where
they were clicked, and pictures are links, so that looking at it tells nobody.
"""

from collections.abc import Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape

_LONGEST_CHARACTERS = 30_000


def readme_html(markdown: str) -> Markup:
    """Return a README as HTML; its first 30,000 characters are enough to tell what a model does."""
    return Markup(_MARKDOWN.render(markdown[:_LONGEST_CHARACTERS]))


class _Renderer(RendererHTML):
    def link_open(self, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any) -> str:
        tokens[place].attrSet("target", "_blank")
        tokens[place].attrSet("rel", "noopener noreferrer nofollow")
        return self.renderToken(tokens, place, options, env)

    def image(self, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any) -> str:
        token = tokens[place]
        return f"[picture: {escape(token.content or 'without a title')}]"


_MARKDOWN = MarkdownIt("commonmark", {"html": False}, renderer_cls=_Renderer).enable("table")

"""The look: one quiet theme, light and dark, and the little CSS that Gradio has no word for."""

import gradio as gr

_SANS = ["ui-sans-serif", "system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
_MONO = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]

_ACCENT = gr.themes.Color(
    name="pine",
    c50="#effaf7",
    c100="#d5f1ea",
    c200="#ade3d6",
    c300="#7ccebe",
    c400="#49b3a1",
    c500="#2b9786",
    c600="#1d7a6d",
    c700="#1a6259",
    c800="#194e48",
    c900="#18413c",
    c950="#082624",
)


def theme() -> gr.themes.Base:
    """Return the playground's theme; system fonts only, so the page loads nothing from afar."""
    return gr.themes.Base(
        primary_hue=_ACCENT,
        secondary_hue=_ACCENT,
        neutral_hue=gr.themes.colors.stone,
        font=_SANS,
        font_mono=_MONO,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
    ).set(
        body_background_fill="#f7f6f3",
        body_background_fill_dark="#131513",
        block_background_fill="#ffffff",
        block_background_fill_dark="#1b1e1c",
        block_border_color="#e5e2dc",
        block_border_color_dark="#2e322f",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0",
        block_label_text_color="#57534e",
        block_label_text_color_dark="#b5b2aa",
        block_title_text_color="#44403c",
        block_title_text_color_dark="#d0cdc5",
        block_title_text_weight="550",
        block_info_text_color="#6b655e",
        block_info_text_color_dark="#a09c93",
        block_shadow="none",
        input_background_fill="#ffffff",
        input_background_fill_dark="#151816",
        input_border_color="#d8d4cc",
        input_border_color_dark="#3a3f3b",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="#77716a",
        input_placeholder_color_dark="#8f8b83",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#082624",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#232724",
        button_secondary_border_color="#d8d4cc",
        button_secondary_border_color_dark="#3a3f3b",
        button_border_width="1px",
    )


CSS = """
.gradio-container { box-sizing: border-box; width: 100%; max-width: 1440px !important;
  margin: 0 auto; padding: 0 20px 32px !important; }
.gradio-container > .main.app { padding: 0 !important; }
/* A result's label lies over the picture: it is for assistive technology only. */
.result [data-testid="block-label"], .result > label { position: absolute; width: 1px;
  height: 1px; overflow: hidden; clip-path: inset(50%); }
footer { opacity: .8; }

.masthead { display: flex; align-items: center; gap: 14px; flex-wrap: wrap; padding: 18px 0 8px; }
.masthead h1 { font-size: 20px; font-weight: 650; letter-spacing: -.01em; margin: 0;
  color: var(--body-text-color); }
.badge { display: inline-flex; align-items: center; gap: 8px; font-size: 13px; padding: 4px 11px;
  border-radius: 999px; border: 1px solid var(--block-border-color);
  background: var(--block-background-fill); color: var(--block-title-text-color); }
.badge::before { content: ""; flex: none; width: 8px; height: 8px; border-radius: 50%;
  background: #1d9a6c; }
.badge.simulated::before { background: #d08a1d; }

.html-container { padding: 0 !important; }
.about { font-size: 14px; line-height: 1.45; color: var(--block-info-text-color); padding: 0 2px; }

.status { min-height: 44px; display: grid; gap: 8px; padding: 10px 14px; font-size: 14px;
  border: 1px solid var(--block-border-color); border-radius: 10px;
  background: var(--block-background-fill); color: var(--body-text-color); }
.status .line { display: flex; gap: 10px; align-items: baseline; }
.status .text { flex: 1; overflow-wrap: anywhere; }
.status .elapsed { font-variant-numeric: tabular-nums; color: var(--block-info-text-color); }
.status .bar { height: 4px; border-radius: 2px; overflow: hidden;
  background: var(--block-border-color); }
.status .bar span { display: block; height: 100%; border-radius: 2px;
  background: var(--primary-600); transition: width .25s linear; }
.dark .status .bar span { background: var(--primary-400); }
.status .bar.unknown span { width: 30%; animation: sweep 1.4s ease-in-out infinite; }
@keyframes sweep { from { transform: translateX(-110%); } to { transform: translateX(340%); } }
@media (prefers-reduced-motion: reduce) { .status .bar.unknown span { animation: none; } }
.status.idle { color: var(--block-info-text-color); }
.status.done { border-color: #58ab8a; }
.status.bad { border-color: #cf5a4c; }
.status.bad .text { color: #a8322a; }
.dark .status.bad .text { color: #f3a198; }
.status.stopped { border-color: #c99a3c; }
.status details { color: var(--block-info-text-color); }
.status pre { white-space: pre-wrap; overflow-wrap: anywhere; max-height: 240px; overflow: auto;
  font: 12px/1.5 var(--font-mono); margin: 6px 0 0; color: inherit; background: none; }

.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(230px, 1fr)); gap: 14px; }
.card { display: flex; flex-direction: column; overflow: hidden; border-radius: 10px;
  border: 1px solid var(--block-border-color); background: var(--block-background-fill); }
.card .shot { aspect-ratio: 4 / 3; display: block; overflow: hidden; position: relative;
  background: var(--body-background-fill); color: var(--body-text-color); text-decoration: none; }
.card .shot img { width: 100%; height: 100%; object-fit: cover; display: block; }
.card .shot.words { padding: 14px; font-size: 13px; line-height: 1.5;
  -webkit-mask-image: linear-gradient(#000 65%, transparent); white-space: pre-wrap;
  overflow-wrap: anywhere; }
.card .kind { position: absolute; left: 8px; bottom: 8px; font-size: 11px; padding: 2px 8px;
  border-radius: 999px; background: rgba(15, 18, 16, .72); color: #fff; }
.card .facts { padding: 10px 12px 12px; display: grid; gap: 4px; font-size: 13px; }
.card .prompt { font-weight: 550; color: var(--body-text-color); display: -webkit-box; margin: 0;
  -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; overflow-wrap: anywhere; }
.card .meta { color: var(--block-info-text-color); font-size: 12px; overflow-wrap: anywhere; }
.card .bad { color: #a8322a; } .dark .card .bad { color: #f3a198; }
.empty { padding: 56px 16px; text-align: center; color: var(--block-info-text-color);
  border: 1px dashed var(--block-border-color); border-radius: 10px; }

button:focus-visible, a:focus-visible, [role="tab"]:focus-visible {
  outline: 2px solid var(--primary-600); outline-offset: 2px; }
.dark button:focus-visible, .dark a:focus-visible, .dark [role="tab"]:focus-visible {
  outline-color: var(--primary-300); }
@media (max-width: 640px) { .gradio-container { padding: 0 12px 24px !important; } }
"""

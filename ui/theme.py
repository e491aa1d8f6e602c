"""The look of Gradio's own parts: one quiet theme, light and dark; the rest is in assets/style/."""

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

_NEUTRAL = gr.themes.Color(
    name="lichen",
    c50="#f7f8f6",
    c100="#eef0ed",
    c200="#dfe2dd",
    c300="#c9cec8",
    c400="#98a19b",
    c500="#6f7873",
    c600="#565d59",
    c700="#3c4340",
    c800="#242a27",
    c900="#191d1b",
    c950="#111413",
)


def theme() -> gr.themes.Base:
    """Return the playground's theme; system fonts only, so the page loads nothing from afar."""
    return gr.themes.Base(
        primary_hue=_ACCENT,
        secondary_hue=_ACCENT,
        neutral_hue=_NEUTRAL,
        font=_SANS,
        font_mono=_MONO,
        radius_size=gr.themes.sizes.radius_md,
        text_size=gr.themes.sizes.text_md,
    ).set(
        body_background_fill="#f5f6f4",
        body_background_fill_dark="#111413",
        body_text_color="#1b1f1d",
        body_text_color_dark="#e6eae7",
        body_text_color_subdued="#565d59",
        body_text_color_subdued_dark="#a3aca7",
        background_fill_secondary="#eef0ed",
        background_fill_secondary_dark="#202623",
        color_accent_soft="#e2f2ee",
        color_accent_soft_dark="#17332d",
        block_background_fill="#ffffff",
        block_background_fill_dark="#191d1b",
        block_border_color="#dfe2dd",
        block_border_color_dark="#2b312e",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_border_width="0",
        block_label_text_color="#565d59",
        block_label_text_color_dark="#a3aca7",
        block_title_text_color="#3c4340",
        block_title_text_color_dark="#cfd5d1",
        block_title_text_weight="550",
        block_info_text_color="#565d59",
        block_info_text_color_dark="#a3aca7",
        block_info_text_size="*text_sm",
        block_shadow="none",
        input_background_fill="#f9faf8",
        input_background_fill_dark="#131715",
        input_border_width="1px",
        input_border_color="#d3d8d1",
        input_border_color_dark="#3a423e",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="#6a726d",
        input_placeholder_color_dark="#8d9792",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_400",
        button_primary_background_fill_hover_dark="*primary_300",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#082624",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_dark="#202623",
        button_secondary_border_color="#c9cec8",
        button_secondary_border_color_dark="#3a423e",
        button_border_width="1px",
    )

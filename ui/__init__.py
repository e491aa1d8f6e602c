"""The page: Gradio components and handlers over `core`."""

from ui.loading import leave_type_stubs

leave_type_stubs()  # before any module of the page loads Gradio

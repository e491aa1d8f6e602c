"""The page: Gradio components and handlers over `core`."""

"""What a person sees of things, as HTML and as words. Pure."""

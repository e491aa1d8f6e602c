"""What keeps an open page up to date."""

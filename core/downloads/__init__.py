"""An output → a file: where from, how much, how named, all of it or nothing."""

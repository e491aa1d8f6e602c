"""What was run and what came of it: the database and the files."""

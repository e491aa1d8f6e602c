"""What models are: their names, their schemas, the curated ones, conversations."""

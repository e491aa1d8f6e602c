"""What models are: names, references, descriptions, schemas, the curated ones, conversations."""

"""An embedded server that speaks Replicate's HTTP API."""

"""The interviewer. Knows no models and no HTTP: it gets a Turn and yields text."""

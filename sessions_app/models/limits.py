"""The limits of a session's configuration, once, for the API, the pages, the admin and Python."""

MIN_MINUTES, MAX_MINUTES = 5, 180
MIN_TOKENS, MAX_TOKENS, DEFAULT_TOKENS = 1_000, 200_000, 50_000
MAX_QUESTIONS, DEFAULT_QUESTIONS = 30, 6
MAX_ANSWER = 20_000
MAX_NAME = 120
MAX_CHALLENGE = 20_000
MODES = ("text", "code")
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
BASELINE_PRECISION = 0.5

"""The limits of a session's configuration, once, for the API, the pages, the admin and Python."""

MIN_MINUTES, MAX_MINUTES = 5, 180
MIN_TOKENS, MAX_TOKENS, DEFAULT_TOKENS = 1_000, 200_000, 50_000
MAX_QUESTIONS, DEFAULT_QUESTIONS = 30, 6
MAX_ANSWER = 20_000
MAX_NAME = 120
MAX_ADDRESS = 254
MAX_CHALLENGE = 20_000
MAX_POSTING, MAX_RESUME = 20_000, 50_000
MODES = ("text", "code")
MAX_ACCOMMODATION = 400  # percent on top: five times the limit
EXTENSION_MINUTES, MAX_EXTENSIONS = 5, 10  # what the candidate of a practice session may add, and how often
MAX_EXTRA_MINUTES = 24 * 60  # what staff may add at once
MAX_REASON = 500
TRAITS = ("openness", "conscientiousness", "extraversion", "agreeableness", "neuroticism")
MAX_PAUSE_MINUTES = 365 * 24 * 60
MAX_IDLE_MINUTES = MAX_QUIET_MINUTES = 24 * 60
MAX_POSITION = 30_000
MAX_AHEAD_YEARS = 5  # how far from now a moment may be that somebody chooses
MAX_DRAFT_STEP = 1_000_000  # how many revisions a draft may be ahead of the stored one
BASELINE_PRECISION = 0.5

"""Which tests the second half of the suite repeats.

The suite runs twice: on SQLite everything, on PostgreSQL what a database could do differently. What is named here uses
rows, but proves something that is decided before a query is made or after its answer is there: words, pages, forms,
who a token is for, what a model's server says. That the queries themselves are right on PostgreSQL is shown by what
runs on both: every route for every role (test_access), the API, the verbs, races, constraints, whole interviews, lists.
"""

from __future__ import annotations

# Of tests/browser, what depends on the database: streams and whole interviews. Everything else there is about pages.
BROWSER = ("test_candidate.py", "test_live_room.py")

ONCE = (
    # words and languages
    "tests/test_languages.py",
    "tests/test_letters_language.py",
    "tests/test_report_in_languages.py",
    "tests/test_script_words.py",
    "tests/test_pages_offline.py",
    "tests/test_pages_texts.py",
    # how pages show what the services answer
    "tests/test_blind_first.py",
    "tests/test_pages_after.py",
    "tests/test_pages_contrast.py",
    "tests/test_pages_errors.py",
    "tests/test_pages_pauses.py",
    "tests/test_pages_practice.py",
    "tests/test_pages_ready.py",
    "tests/test_pages_report.py",
    "tests/test_pages_room.py",
    "tests/test_pages_shared.py",
    "tests/test_pages_zones.py",
    "tests/test_precision_shown.py",
    "tests/test_preferences.py",
    "tests/test_ui_kit.py",
    # forms, files, bodies
    "tests/test_acceptance_bodies.py",
    "tests/test_admin_templates.py",
    "tests/test_code_answers.py",
    "tests/test_openapi.py",
    "tests/test_pages_create.py",
    "tests/test_pages_files.py",
    "tests/test_resume_files.py",
    "tests/test_reviews_console.py",
    "tests/test_session_rules.py",
    # a table in Python that is walked through
    "tests/test_access.py::test_a_method_that_is_not_in_the_table_is_405",
    "tests/test_access_token.py",
    "tests/test_state_doors.py",
    # servers of models
    "tests/test_connections.py",
    "tests/test_providers_fallback.py",
    "tests/test_providers_real.py",
    "tests/test_whole_interview_real.py",
    # how many queries there are, whatever answers them
    "tests/test_admin.py::test_it_costs_as_many_queries_for_50_rows_as_for_5",
    "tests/test_admin.py::test_its_page_costs_as_many_queries_for_a_long_session",
    "tests/test_admin_session_list.py::test_a_page_costs_the_same_queries_however_many_it_shows",
    "tests/test_admin_session_page.py::test_it_costs_as_many_queries_with_500_messages_as_with_5",
    "tests/test_pages_list.py::test_it_needs_as_many_queries_for_50_rows_as_for_5",
    "tests/test_scored_sessions.py::test_it_costs_the_same_queries_however_long",
    "tests/test_scorecard.py::test_it_costs_as_many_queries_with_12_criteria_as_with_one",
    # the demo once more; that it is made, removed and shown is seen on both
    "tests/test_demo.py::test_it_can_be_loaded_again",
    "tests/test_demo.py::test_it_does_not_come_back_by_itself",
    "tests/test_demo.py::test_it_logs_nothing_of_its_past",
    "tests/test_demo.py::test_it_prints_json_for_scripts",
    "tests/test_demo.py::test_it_prints_where_to_go_and_how_to_sign_in",
    "tests/test_demo.py::test_it_sets_new_passwords",
    # has a database of its own kind
    "tests/test_inviting_lists.py::test_a_killed_server_goes_on_when_it_is_started_again",
    # processes that begin and end; kills, crash points and workers run on both
    "tests/crash/test_kill.py::test_a_server_that_acknowledges_before_it_writes_is_found_out",
    "tests/crash/test_kill.py::test_a_taken_port_is_said_plainly_and_never_taken_for_our_own",
    "tests/crash/test_kill.py::test_ctrl_c_ends_it_cleanly",
)


def is_repeated(test: str) -> bool:
    """Whether the test of that id depends on the kind of database."""
    if test.startswith("tests/browser/"):
        return test.split("::")[0].removeprefix("tests/browser/") in BROWSER
    file, _, name = test.partition("::")
    return file not in ONCE and f"{file}::{name.partition('[')[0]}" not in ONCE

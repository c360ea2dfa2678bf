"""The page of a proxy whose web processes are away: a file that needs nothing, and what hands it out."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from sessions_app import errors

from .maintenance_page import FILE, ROOT, built


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    return loaded


def proxy() -> str:
    """nginx's file as compose writes it: there, two dollar signs are one."""
    return str(compose()["configs"]["proxy"]["content"]).replace("$$", "$")


def test_it_is_made_from_the_tokens_and_says_what_the_page_says() -> None:
    stored = FILE.read_text(encoding="utf-8")
    assert stored == built(), "python -m tests.maintenance_page writes it anew"
    assert "Nothing was lost" in stored and "light-dark(#fbfaf6" in stored


def test_it_asks_for_nothing_from_a_server_that_is_away() -> None:
    stored = FILE.read_text(encoding="utf-8")
    assert re.findall(r'(?:src|href)="([^"]*)"', stored) == [""]  # the address itself, once more
    assert "url(" not in stored and "<script" not in stored


def test_the_proxy_hands_it_out_when_no_web_process_answers() -> None:
    services, configs = compose()["services"], compose()["configs"]
    assert {"source": "away", "target": "/usr/share/nginx/html/503.html"} in services["proxy"]["configs"]
    assert configs["away"]["file"] == "./static/503.html"
    found = proxy()
    assert "error_page 502 504 =503 /503.html;" in found
    page = found[found.index("location = /503.html") :]
    assert "internal;" in page and f'add_header Retry-After "{errors.Unavailable.wait_seconds}" always;' in page


def test_the_api_is_told_in_its_own_form() -> None:
    told = re.search(r"return 503 '(.*?)';", proxy())
    assert told is not None
    detail = json.loads(told[1])["detail"]
    assert detail == {"code": errors.Unavailable.code, "message": str(errors.Unavailable.sentence)}

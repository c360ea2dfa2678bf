"""``static/503.html``: what a proxy answers while no web process does. Made here from the tokens and the 503 page.

``python -m tests.maintenance_page`` writes it anew; ``test_maintenance_page`` fails while the stored one is another.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from django.template.loader import render_to_string

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "static" / "503.html"
TOKENS = ROOT / "static" / "css" / "tokens.css"
# It asks for nothing from the server, which is away: no sheet, no font, no icon.
RULES = """
* { box-sizing: border-box; margin: 0; }
body { min-block-size: 100vh; padding: var(--s6) var(--s4); background: var(--paper); color: var(--ink);
  font: 100%/1.6 var(--font-ui); }
main { display: grid; gap: var(--s4); max-inline-size: 44rem; margin-inline: auto; padding-block-start: var(--s7); }
h1 { font: 550 var(--t-title)/1.2 var(--font-voice); }
.lead { color: var(--ink-2); font-size: var(--t-large); line-height: 1.45; }
.kicker { color: var(--ink-2); font-size: var(--t-meta); }
a { justify-self: start; padding: var(--s3) var(--s5); border-radius: var(--r-control); background: var(--accent);
  color: var(--on-accent); font-weight: 550; text-decoration: none; }
a:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; box-shadow: 0 0 0 2px var(--paper); }
"""
PAGE = """<!DOCTYPE html>
<html lang="en" dir="ltr">
  <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{digest}'">
    <title>Back in a moment · Interviewer</title>
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <style>{style}</style>
  </head>
  <body>
    <main>
{words}
      <p>What you typed into an interview is kept in this browser, and what you had sent is stored.</p>
      <a href="">Try again</a>
    </main>
  </body>
</html>
"""


def built() -> str:
    """The page as it should be: the words of ``templates/503.html`` in the colours of ``tokens.css``."""
    rendered = render_to_string("503.html")
    main = rendered[rendered.index("<main") : rendered.index("</main>")]
    said = re.findall(r"<(?:h1|p)[^>]*>[^<]*</(?:h1|p)>", main)
    words = "\n".join("      " + " ".join(part.split()).replace("> ", ">").replace(" </", "</") for part in said)
    style = "\n" + _tokens() + RULES
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return PAGE.format(digest=digest, style=style, words=words)


def _tokens() -> str:
    """Without their comments; the fonts that are named and not there fall back to the system's."""
    return re.sub(r"/\*.*?\*/\s*", "", TOKENS.read_text(encoding="utf-8"), flags=re.DOTALL)


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "interviewer.settings")
    django.setup()
    FILE.write_text(built(), encoding="utf-8")

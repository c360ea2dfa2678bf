"""Uploaded résumés: what can be read is read, what hides is told to staff, and no file breaks anything."""

from __future__ import annotations

import io
import random
import subprocess
import sys
import zipfile
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from sessions_app.access import Actor
from sessions_app.errors import PayloadTooLarge, ValidationFailed
from sessions_app.models import Resume
from sessions_app.models.limits import MAX_RESUME
from sessions_app.services import resumes
from sessions_app.services.resume_reader import answer, clean
from sessions_app.services.resumes import MAX_BYTES, read_resume

RESUMES = "/api/v1/resumes"
WORDS = "Ann Smith built the billing service in Python for three million customers"
W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def pdf(*drawn: str, extra: bytes = b"", filters: str = "", stream: bytes | None = None) -> bytes:
    """A PDF of one page, with content of these operators."""
    content = stream if stream is not None else "\n".join(drawn).encode("latin-1")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
        b"/Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters.encode(), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    at = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, extra, at))
    return out.getvalue()


def line(text: str = WORDS, *, before: str = "", size: float = 12, y: int = 700) -> str:
    return f"q {before} BT /F1 {size} Tf 50 {y} Td ({text}) Tj ET Q"


def docx(body: str, *, parts: dict[str, str | bytes] | None = None, head: str = "") -> bytes:
    """A DOCX with these paragraphs."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f"{head}<w:document {W}><w:body>{body}</w:body></w:document>")
        for name, content in (parts or {}).items():
            archive.writestr(name, content)
    return out.getvalue()


def paragraph(text: str = WORDS, properties: str = "", of_paragraph: str = "") -> str:
    run = f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"
    return f"<w:p><w:pPr>{of_paragraph}</w:pPr>{run}</w:p>"


def reading(content: bytes) -> tuple[str, list[str]]:
    return read_resume(io.BytesIO(content))


def refusal(content: bytes) -> str:
    with pytest.raises(ValidationFailed) as caught:
        reading(content)
    (error,) = caught.value.errors
    assert error.field == "file" and "aste the text" in error.message
    return error.code


VISIBLE = {
    "pdf": pdf(line()),
    "docx": docx(paragraph()),
    "text": WORDS.encode(),
    "utf-16": WORDS.encode("utf-16"),
    "latin-1": f"{WORDS} · Café".encode("latin-1"),
    "text with a mark": b"\xef\xbb\xbf" + WORDS.encode(),
    "white on a dark box in a pdf": pdf("q 0.1 0.1 0.3 rg 0 600 595 242 re f Q", line(before="1 1 1 rg")),
    "white on a shaded paragraph": docx(
        paragraph(properties='<w:color w:val="FFFFFF"/>', of_paragraph='<w:shd w:fill="1F3864"/>')
    ),
    "a small font made large": pdf(f"q 12 0 0 12 50 700 cm BT /F1 1 Tf ({WORDS}) Tj ET Q"),
    "vanish switched off": docx(paragraph(properties='<w:vanish w:val="0"/>')),
}
HIDDEN = {
    "white": pdf(line("Engineer"), line(before="1 1 1 rg", y=600)),
    "white by gray": pdf(line("Engineer"), line(before="1 g", y=600)),
    "white by cmyk": pdf(line("Engineer"), line(before="0 0 0 0 k", y=600)),
    "tiny": pdf(line("Engineer"), line(size=1, y=600)),
    "shrunk": pdf(line("Engineer"), line(before="0.1 0 0 0.1 0 0 cm", y=600)),
    "render mode 3": pdf(line("Engineer"), line(before="3 Tr", y=600)),
    "vanish": docx(paragraph("Engineer") + paragraph(properties="<w:vanish/>")),
    "white word": docx(paragraph("Engineer") + paragraph(properties='<w:color w:val="FFFFFF"/>')),
    "tiny word": docx(paragraph("Engineer") + paragraph(properties='<w:sz w:val="2"/>')),
    "by style": docx(
        paragraph("Engineer") + paragraph(of_paragraph='<w:pStyle w:val="Ghost"/>'),
        parts={
            "word/styles.xml": f'<w:styles {W}><w:style w:styleId="Ghost">'
            "<w:rPr><w:vanish/></w:rPr></w:style></w:styles>"
        },
    ),
}


@pytest.mark.parametrize("name", VISIBLE)
def test_it_reads_what_can_be_seen(name):
    text, flags = reading(VISIBLE[name])
    assert WORDS in text
    assert flags == []


@pytest.mark.parametrize("name", HIDDEN)
def test_hidden_text_stays_and_is_flagged(name):
    text, flags = reading(HIDDEN[name])
    assert WORDS in text
    assert flags == ["hidden_text"]


@pytest.mark.parametrize(
    ("said", "left", "flags"),
    [
        ("a\u200bb", "ab", ["hidden_characters"]),
        ("\u202eevil\u202c", "evil", ["hidden_characters"]),
        ("x\U000e0041\U000e0042", "x", ["hidden_characters"]),
        ("ig\u200dnore", "ignore", ["hidden_characters"]),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", []),
        ("👩\u200d💻", "👩\u200d💻", []),
        ("soft\u00adware\x07", "software", []),
        ("one\r\ntwo\ttabs", "one\ntwo\ttabs", []),
    ],
)
def test_characters_that_nobody_sees_are_taken_out(said, left, flags):
    assert clean(said) == (left, flags)


def test_headers_tables_and_text_boxes_of_word_are_read_once():
    box = (
        '<w:p><w:r><mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006">'
        f"<mc:Choice>{paragraph('In a box')}</mc:Choice><mc:Fallback>{paragraph('In a box')}</mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
    )
    table = f"<w:tbl><w:tr><w:tc>{paragraph('Python')}</w:tc><w:tc>{paragraph('ten years')}</w:tc></w:tr></w:tbl>"
    header = f"<w:hdr {W}>{paragraph('Ann Smith, Berlin')}</w:hdr>"
    text, _ = reading(docx(table + box, parts={"word/header1.xml": header}))
    assert [text.count(words) for words in ("Python", "ten years", "In a box", "Ann Smith, Berlin")] == [1, 1, 1, 1]


def encrypted() -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(PdfReader(io.BytesIO(pdf(line()))))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (encrypted(), "encrypted"),
        (pdf("0.5 g 0 0 595 842 re f"), "no_text"),
        (docx(""), "no_text"),
        (b"", "no_text"),
        (b"  \n ", "no_text"),
        (b"%PDF-1.7\nnothing more", "unreadable"),
        (b"PK\x03\x04 cut off", "unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 old", "old_word"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "unsupported"),
        (b"{\\rtf1 hello}", "unsupported"),
        (b"\xff\xfe\xd8", "unsupported"),
    ],
)
def test_what_cannot_be_read_is_told_with_a_remedy(content, code):
    assert refusal(content) == code


def test_a_zip_that_is_no_word_file_is_refused():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.txt", "hello")
    assert refusal(out.getvalue()) == "unsupported"


def bombs() -> dict[str, bytes]:
    """Files that grow, loop or nest without end when they are opened."""
    zeros = b"\0" * 60_000_000
    flat = zlib.compress(zeros[:30_000_000], 9)
    flate = "/Filter /FlateDecode"
    lol = "<!DOCTYPE d [<!ENTITY a 'ha'>" + "".join(
        f"<!ENTITY {b} '{('&' + a + ';') * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    here = f"<w:document {W}><w:body>" + "<w:p>" * 400_000
    found = {
        "zip of zeros": docx("", parts={"word/header1.xml": zeros}),
        "zip whose styles are zeros": docx(paragraph(), parts={"word/styles.xml": zeros}),
        "zip of one letter": docx("<w:p><w:r><w:t>" + "a" * 40_000_000 + "</w:t></w:r></w:p>"),
        "zip with many parts": docx("", parts={f"word/header{n}.xml": b" " * 30_000_000 for n in range(8)}),
        "entities in entities": docx("<w:p>&i;</w:p>", head=lol + "]>"),
        "one large entity": docx(
            "<w:p>" + "&a;" * 9000 + "</w:p>", head=f"<!DOCTYPE d [<!ENTITY a '{'a' * 50_000}'>]>"
        ),
        "an entity from a file": docx("<w:p>&a;</w:p>", head="<!DOCTYPE d [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"),
        "an outside definition": docx("", head="<!DOCTYPE d SYSTEM 'http://127.0.0.1:1/d.dtd'>"),
        "elements in elements": docx("", parts={"word/header1.xml": here}),
        "many names": docx("", parts={f"word/{n}.bin": b"" for n in range(20_000)}),
        "pdf stream of zeros": pdf(stream=flat, filters=flate),
        "pdf stream in a stream": pdf(stream=zlib.compress(flat, 9), filters="/Filter [/FlateDecode /FlateDecode]"),
        "pdf of endless text": pdf(stream=zlib.compress((line() + "\n").encode() * 100_000, 9), filters=flate),
        "pdf of endless brackets": pdf("[" * 300_000),
        "pdf of endless dictionaries": pdf("<<" * 300_000),
        "pdf of endless states": pdf("q " * 300_000),
        "pdf whose parent is itself": pdf(line()).replace(b"/Kids [3 0 R]", b"/Kids [2 0 R]"),
        "pdf with a negative length": pdf(line()).replace(b"/Length ", b"/Length -"),
        "pdf whose table points at itself": pdf(line(), extra=b"/Prev 9"),
        "pdf with a million pages": pdf(line()).replace(b"/Count 1", b"/Count 1000000"),
        "lzw of zeros": pdf(stream=b"\x80\x0b\x60\x50" * 300_000, filters="/Filter /LZWDecode"),
        "run length": pdf(stream=b"\x81a" * 2_000_000, filters="/Filter /RunLengthDecode"),
    }
    return {name: content for name, content in found.items() if len(content) <= MAX_BYTES}


@pytest.fixture(scope="module")
def all_bombs():
    return bombs()


@pytest.mark.timeout(170)
def test_no_bomb_goes_off(all_bombs, monkeypatch):
    """Each is refused, or what little text it has is read; the process that reads it stays within its limits."""
    monkeypatch.setattr(resumes, "SECONDS", 2.0)
    assert len(all_bombs) >= 20
    for name, content in all_bombs.items():
        try:
            text, _ = reading(content)
        except ValidationFailed as error:
            assert error.errors[0].field == "file", name
        else:
            assert len(text) <= MAX_RESUME, name
    monkeypatch.undo()
    assert reading(VISIBLE["pdf"])[0] == WORDS


def mutated(seed: int) -> bytes:
    """A good file with some bytes changed, cut, doubled or swapped."""
    chance = random.Random(seed)
    content = bytearray(chance.choice([VISIBLE["pdf"], VISIBLE["docx"], HIDDEN["by style"], HIDDEN["white"]]))
    for _ in range(chance.randint(1, 8)):
        at, size = chance.randrange(len(content)), chance.randint(1, 40)
        kind = chance.randrange(4)
        if kind == 0:
            content[at] = chance.randrange(256)
        elif kind == 1 and len(content) > 100:
            del content[at : at + size]
        elif kind == 2:
            content[at:at] = content[at : at + size]
        else:
            content[at : at + size] = chance.randbytes(size)
    return bytes(content)


def hold(seeds: range) -> None:
    for seed in seeds:
        told = answer(mutated(seed))
        assert ("text" in told) != ("error" in told), seed
        assert told.get("error") in (None, *resumes._REMEDIES), seed


def test_two_hundred_damaged_files_are_read_or_refused():
    hold(range(200))


@pytest.mark.full
def test_a_thousand_damaged_files_are_read_or_refused():
    hold(range(200, 1200))


def test_a_child_that_hangs_is_killed_with_its_group(monkeypatch):
    program = (sys.executable, "-c", "import os, time; os.fork(); time.sleep(60)")
    monkeypatch.setattr(resumes, "_PROGRAM", program)
    monkeypatch.setattr(resumes, "SECONDS", 0.5)
    assert refusal(b"hello") == "unreadable"


@pytest.mark.parametrize("said", ["'[]'", "'nonsense'", '\'{"error": "made up"}\'', "'1' * 9_000_000"])
def test_a_child_that_says_something_else_is_not_believed(monkeypatch, said):
    monkeypatch.setattr(resumes, "_PROGRAM", (sys.executable, "-c", f"print({said}, end='')"))
    assert refusal(b"hello") == "unreadable"


def test_the_child_knows_no_django_and_may_not_write(tmp_path):
    asked = (
        "import sys; import sessions_app.services.resume_reader as r, sessions_app.services.resume_pdf; "
        "print(any(name.split('.')[0] in ('django', 'interviewer') for name in sys.modules)); r.limit_this_process()\n"
        "f = open(sys.argv[1], 'wb')\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try:\n  f.write(b'x'); f.flush(); print('wrote')\nexcept OSError: print('refused')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked, str(tmp_path / "x")], capture_output=True, text=True, check=False
    )
    assert done.stdout.split()[:2] == ["False", "refused"], done.stderr


def test_too_much_text_is_refused_with_its_length():
    with pytest.raises(ValidationFailed) as caught:
        reading(b"word " * 12_000)
    assert "59,999 characters" in caught.value.errors[0].message


def test_more_than_five_megabytes_is_too_large():
    with pytest.raises(PayloadTooLarge):
        reading(b"a" * (MAX_BYTES + 1))


def upload(client, content, name="cv.pdf", **headers):
    file = SimpleUploadedFile(name, content)
    return client.post(RESUMES, {"file": file}, format="multipart", headers=headers or None)


@pytest.mark.django_db
def test_a_file_is_uploaded_and_staff_see_what_it_hides(ann, sam, as_):
    response = upload(as_(ann), HIDDEN["white"], "C:\\cv\\Ann Smith.pdf")
    assert response.status_code == 201, response.content
    body = response.json()
    assert WORDS in body["content"] and "flags" not in body
    stored = Resume.objects.get()
    assert (stored.owner, stored.source_name, stored.flags) == (ann, "Ann Smith.pdf", ["hidden_text"])
    assert as_(sam).get(response["Location"]).json()["flags"] == ["hidden_text"]
    assert "flags" not in as_(ann).get(RESUMES).json()["results"][0]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"%PDF-1.4 damaged", 400, "VALIDATION_ERROR"),
        (b"a" * (MAX_BYTES + 1), 413, "PAYLOAD_TOO_LARGE"),
        (b"a" * (MAX_BYTES * 2), 413, "PAYLOAD_TOO_LARGE"),
    ],
)
def test_a_refused_upload_stores_nothing(ann, as_, content, status, code):
    response = upload(as_(ann), content)
    assert (response.status_code, response.json()["detail"]["code"]) == (status, code)
    assert not Resume.objects.exists()


@pytest.mark.django_db
def test_a_large_upload_with_an_idempotency_key_is_stored_once(ann, as_):
    content = docx(paragraph(), parts={"word/media/photo.jpg": random.Random(1).randbytes(3_000_000)})
    boundary = {"content_type": "multipart/form-data; boundary=xyz", "headers": {"Idempotency-Key": "cv-1"}}
    body = (
        b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="cv.docx"\r\n\r\n'
        + content
        + b"\r\n--xyz--\r\n"
    )
    first = as_(ann).post(RESUMES, body, **boundary)
    again = as_(ann).post(RESUMES, body, **boundary)
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.json() == again.json()
    assert Resume.objects.count() == 1


@pytest.mark.django_db
def test_an_upload_needs_its_field_and_knows_no_other(ann, as_):
    response = as_(ann).post(RESUMES, {"cv": SimpleUploadedFile("cv.txt", b"Ann")}, format="multipart")
    assert {error["field"] for error in response.json()["detail"]["errors"]} == {"file", "cv"}


@pytest.mark.django_db
def test_pasted_text_is_cleaned_too(ann, as_):
    body = as_(ann).post(RESUMES, {"content": "Ann\u200b\nPython"}).json()
    assert body["content"] == "Ann\nPython"
    assert Resume.objects.get().flags == ["hidden_characters"]


@pytest.mark.django_db
def test_store_resume_belongs_to_its_actor(ann):
    assert resumes.store_resume("Ann", actor=Actor(ann)).owner == ann

// Code inside an answer, as ``pages/fences.py`` has it: the workspace is the fenced block at the end of the text.

const OPENS = /^ {0,3}(`{3,})[ \t]*([\w+#.-]*)[^`]*$/;

export function join(prose, code, language) {
  if (!code.trim()) return prose;
  const runs = code.match(/`+/g) ?? [];
  const fence = "`".repeat(Math.max(3, ...runs.map((run) => run.length + 1)));
  const block = `${fence}${language}\n${code}\n${fence}`;
  return prose.trim() ? `${prose}\n\n${block}` : block;
}

// Prose, code and language of a text that ends with what ``join`` put there; else all of it is prose.
export function split(text, languages) {
  const lines = text.split("\n");
  const last = blocks(lines).at(-1);
  const whole = { prose: text, code: "", language: "" };
  if (!last?.isClosed || last.end !== lines.length - 1 || !languages.includes(last.language)) return whole;
  const prose = lines.slice(0, Math.max(0, last.first - 1)).join("\n");
  const code = lines.slice(last.first + 1, last.end).join("\n");
  return join(prose, code, last.language) === text ? { prose, code, language: last.language } : whole;
}

// The text in parts as it is shown; a block that was not closed goes on to the end.
export function pieces(text) {
  const lines = text.split("\n");
  const found = [];
  let at = 0;
  for (const { first, end, isClosed } of blocks(lines)) {
    found.push({ text: lines.slice(at, first).join("\n"), isCode: false });
    found.push({ text: lines.slice(first + 1, isClosed ? end : end + 1).join("\n"), isCode: true });
    at = end + 1;
  }
  found.push({ text: lines.slice(at).join("\n"), isCode: false });
  return found.filter((piece) => piece.text.trim());
}

function blocks(lines) {
  const found = [];
  for (const [number, line] of lines.entries()) {
    const open = found.at(-1);
    if (open && !open.isClosed) {
      if (closes(line, open.fence)) [open.end, open.isClosed] = [number, true];
      continue;
    }
    const [, fence, language] = line.match(OPENS) ?? [];
    if (fence) found.push({ first: number, end: lines.length - 1, fence, language, isClosed: false });
  }
  return found;
}

function closes(line, fence) {
  const bare = line.replace(/^[ \t]+|[ \t]+$/g, "");
  return bare.length >= fence.length && /^`*$/.test(bare) && !line.startsWith("    ");
}

"""Run the documentation's Python blocks in a page, and read what they print."""

from __future__ import annotations

from collections.abc import Iterable

from playwright.sync_api import Page

from tests.pages import Step

__all__ = ["run_program"]

# One namespace for all blocks of a program, as in a notebook.
_RUN = """async codes => {
  const decoder = new TextDecoder();
  const names = pyodide.toPy({__name__: "__main__"});
  let printed = "";
  pyodide.setStdout({write: bytes => { printed += decoder.decode(bytes); return bytes.length; }});
  const all = [];
  for (const code of codes) {
    await pyodide.runPythonAsync(code, {globals: names});
    pyodide.runPython("import sys; sys.stdout.flush()");
    all.push(printed);
    printed = "";
  }
  names.destroy();
  return all;
}"""


def run_program(page: Page, program: Iterable[Step]) -> list[str]:
    """Run the blocks in order, and return what each of them printed."""
    printed: list[str] = page.evaluate(_RUN, [step.runnable for step in program])
    return printed

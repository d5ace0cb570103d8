"""How Sphinx builds the documentation: Markdown pages, and the reference from the docstrings.

Sphinx imports the library and reads its Google-style docstrings, so a signature in the reference is
the one that Python has. The pages load nothing from another host.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.ext.napoleon import Config, GoogleDocstring

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "app"))

from pywebllm import __version__  # noqa: E402 - found by the line above

project = "pywebllm"
version = release = __version__
html_title = f"pywebllm {__version__}"
copyright = "the pywebllm authors, Apache-2.0"  # noqa: A001 - the name that Sphinx reads

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["requirements.txt"]
# A single backtick is a reference where the name is known, else code.
default_role = "py:obj"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_default_options = {"members": True, "member-order": "bysource"}
# Optional: the library is documented without them.
autodoc_mock_imports = ["httpx", "httpx2", "openai"]
autodoc_typehints_format = "short"
maximum_signature_line_length = 80
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_favicon = html_logo = "../static/icon.svg"
html_static_path = ["_static"]
html_css_files = ["pywebllm.css"]
html_copy_source = html_show_sourcelink = html_domain_indices = False
pygments_style, pygments_dark_style = "friendly", "github-dark"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#3b3fa4", "color-brand-content": "#3b3fa4"},
    "dark_css_variables": {"color-brand-primary": "#a9aefb", "color-brand-content": "#a9aefb"},
}

# Classes that the library makes for its users: how they are made is not part of the interface.
_NOT_MADE_BY_USERS = ("pywebllm.resources.", "pywebllm.sync.")
_STREAMS = ("pywebllm.ChatStream", "pywebllm.CompletionStream", "pywebllm.TextStream")

_SECTION = re.compile(r"(Args|Attributes|Examples?|Notes?|Raises|Returns|Warns|Yields):$")
# Names of other packages, which would be taken for ours: `openai` is a module of the library, too.
_FOREIGN = re.compile(r"(?<!`)(`(?:openai|httpx2?)\.[\w.]+`)(?!`)")


def read_docstring(app: Sphinx, what: str, name: str, *more: Any) -> None:
    """Turn a Google-style docstring, whose indented blocks are code, into reStructuredText."""
    del app, what, name
    *_, lines = more
    # As of a method: of an attribute, Napoleon takes what precedes a colon for the type.
    config = Config(napoleon_use_ivar=True)
    lines[:] = GoogleDocstring(list(_with_code(lines)), config, what="method").lines()


def tidy_signature(
    app: Sphinx, what: str, name: str, *more: Any
) -> tuple[str | None, str | None] | None:
    """Show no arguments of a class that users do not make, and functions by their names."""
    del app
    *_, arguments, result = more
    if what == "class" and (name.startswith(_NOT_MADE_BY_USERS) or name in _STREAMS):
        return "", None
    return arguments and re.sub(r"<function (\w+)[^>]*>", r"\1", arguments), result


def find_object(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.TextElement
) -> nodes.reference | None:
    """Resolve a Python name by its last part, when one documented object alone has that.

    Signatures name a class by the module that defines it, the reference by the one that exports it.
    """
    if node.get("refdomain") != "py":
        return None
    objects = env.domains.python_domain.objects
    last = node["reftarget"].rpartition(".")[2]
    found = {name: it for name, it in objects.items() if name.rpartition(".")[2] == last}
    if len(found) != 1 or not last:
        return None
    ((name, target),) = found.items()
    address = app.builder.get_relative_uri(node["refdoc"], target.docname) + "#" + target.node_id
    return nodes.reference("", "", content, internal=True, refuri=address, reftitle=name)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect what is above; Sphinx calls this."""
    app.connect("autodoc-process-docstring", read_docstring)
    app.connect("autodoc-process-signature", tidy_signature)
    app.connect("missing-reference", find_object)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _with_code(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines, with a directive before each indented block that is no section's body."""
    is_section = is_code = False
    before = ""
    for line in lines:
        is_indented = line.startswith("    ")
        if line and not is_indented:
            is_section, is_code = bool(_SECTION.match(line)), False
        if is_indented and not (is_section or is_code or before):
            is_code = True
            yield from (f".. code-block:: {_language(line)}", "")
        # In code, a placeholder that Python's lexer takes.
        yield line.replace("…", "...") if is_code else _FOREIGN.sub(r"`\1`", line)
        before = line


def _language(line: str) -> str:
    # The tree of errors is drawn, everything else is Python.
    return "text" if line.split() == ["WebLLMError"] else "python"

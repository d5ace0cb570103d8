/**
 * The editor of the view "Python": CodeMirror in a shadow root.
 *
 * In a shadow root its styles are constructed style sheets, which the page's policy allows; in the document they
 * would be a `style` element, which it forbids.
 */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import {
  HighlightStyle,
  bracketMatching,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, Prec } from "@codemirror/state";
import {
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colors are the page's, which follow light and dark: css/python.css names them. */
const THEME = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--card)", fontSize: "0.875rem", height: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "0.6rem 0", caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-gutters": { backgroundColor: "var(--card)", color: "var(--muted)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selection)",
  },
  ".cm-selectionMatch": { backgroundColor: "var(--code-selection)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--code-selection)", outline: "1px solid var(--edge)" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--edge)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-panels": { backgroundColor: "var(--ground)", color: "var(--ink)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-textfield, .cm-button": { font: "inherit", color: "var(--ink)", background: "var(--card)", border: "1px solid var(--edge)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  // Not the pictures of the package: they have `data:` addresses, which the page's policy forbids.
  ".cm-lint-marker-error": { content: "normal", backgroundColor: "var(--bad)", borderRadius: "50%", width: "0.7em", height: "0.7em", margin: "0.4em 0 0" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "3px" },
});

const HIGHLIGHT = HighlightStyle.define([
  { tag: [tags.keyword, tags.controlKeyword, tags.definitionKeyword, tags.moduleKeyword, tags.operatorKeyword], color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.comment, tags.docString], color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.function(tags.variableName), tags.function(tags.definition(tags.variableName)), tags.definition(tags.className), tags.className], color: "var(--code-name)" },
  { tag: tags.meta, color: "var(--code-name)" },
]);

/**
 * Create an editor in an element, which emits "change" after each edit of the visitor, and "run" for Ctrl+Enter.
 * @param {HTMLElement} host
 * @param {string} label its name for screen readers
 */
export function createEditor(host, label) {
  const root = host.attachShadow({ mode: "open" });
  const emit = (/** @type {string} */ name) => {
    host.dispatchEvent(new CustomEvent(name));
    return true;
  };
  // `show` sets a state instead, which is no change.
  const changes = EditorView.updateListener.of(({ docChanged }) => {
    if (docChanged) emit("change");
  });
  const view = new EditorView({ parent: root, root, state: stateOf("", label, changes, () => emit("run")) });
  return {
    /** @returns {string} */
    text: () => view.state.doc.toString(),
    /** Replace the program; its history begins again. @param {string} text */
    show: (text) => view.setState(stateOf(text, label, changes, () => emit("run"))),
    /** @param {number} line from 1; 0 marks none @param {string} message */
    mark: (line, message) => mark(view, line, message),
    focus: () => view.focus(),
  };
}

/**
 * @param {string} doc @param {string} label
 * @param {import("@codemirror/state").Extension} changes @param {() => boolean} onRun
 */
function stateOf(doc, label, changes, onRun) {
  return EditorState.create({
    doc,
    extensions: [
      Prec.highest(keymap.of([{ key: "Mod-Enter", run: onRun }])),
      lineNumbers(),
      highlightActiveLineGutter(),
      highlightSpecialChars(),
      history(),
      drawSelection(),
      indentUnit.of("    "),
      indentOnInput(),
      bracketMatching(),
      closeBrackets(),
      autocompletion(),
      highlightActiveLine(),
      highlightSelectionMatches(),
      lintGutter(),
      python(),
      syntaxHighlighting(HIGHLIGHT),
      THEME,
      // Esc, then Tab, leaves the editor: CodeMirror lets the Tab after an Escape through.
      keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap, indentWithTab]),
      // It is focusable without a tab index too, but checkers of accessibility do not know that.
      EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
      changes,
    ],
  });
}

/** @param {EditorView} view @param {number} number @param {string} message */
function mark(view, number, message) {
  if (number < 1 || number > view.state.doc.lines) {
    view.dispatch(setDiagnostics(view.state, []));
    return;
  }
  const line = view.state.doc.line(number);
  const from = line.from + (line.text.length - line.text.trimStart().length);
  const diagnostic = { from, to: Math.max(line.to, from), severity: /** @type {const} */ ("error"), message };
  view.dispatch(setDiagnostics(view.state, [diagnostic]), { effects: EditorView.scrollIntoView(line.from, { y: "nearest" }) });
}

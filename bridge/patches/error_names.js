/**
 * WebLLM 0.2.86 distinguishes its errors by name and message only, throws many of them only after a
 * generation has started, and rejects with strings in its worker engine. These tables say which
 * stable name each of them gets in `../errors.js`.
 *
 * Guarded by tests/bridge/patches/error_names.test.mjs, which reads the names out of WebLLM's source.
 */

/** Errors about a request or a model record. */
export const REFUSALS = new Set([
  "ConfigValueError", "MinValueError", "NonNegativeError", "InvalidNumberStringError", "DependencyError",
  "MessageOrderError", "SystemMessageOrderError", "ContentTypeError", "UnsupportedRoleError", "UnsupportedDetailError",
  "UserMessageContentErrorForNonVLM", "UnsupportedContentPartError", "UnsupportedImageURLError", "AudioInputError",
  "PrefillChunkSizeSmallerThanImageError", "CannotFindImageEmbedError", "MultipleTextContentError",
  "InvalidResponseFormatError", "InvalidResponseFormatGrammarError", "InvalidResponseFormatStructuralTagError",
  "GrammarMatcherInitError", "CustomResponseFormatError", "TextCompletionExpectsKVEmptyError", "JSONFieldError",
  "TextCompletionConversationExpectsPrompt", "TextCompletionConversationError", "IncorrectPipelineLoadedError",
  "MissingModelError", "WindowSizeConfigurationError", "WindowSizeSpecificationError", "AttentionSinkSizeError",
  "UnsupportedFieldsError", "UnsupportedModelIdError", "UnsupportedTokenizerFilesError", "CustomSystemPromptError",
  "SeedTypeError", "StreamingCountError", "InvalidStreamOptionsError", "ToolCallOutputParseError",
  "ToolCallOutputInvalidTypeError", "EmbeddingUnsupportedEncodingFormatError", "EmbeddingUnsupportedModelError",
  "EmbeddingInputEmptyError", "EmbeddingSlidingWindowError", "EmbeddingChunkingUnsupportedError",
  "ResumableSessionExistsError", "CrossContextLockUnavailableError",
]);

/**
 * How a loaded model fails when its device is lost, possibly before the loss is reported: its pending
 * reads are aborted, and WebLLM unloads it. Nothing else causes these.
 */
export const DEVICE_LOSS = new Set([
  "AbortError", "OperationError", "ModelNotLoadedError", "WorkerEngineModelNotLoadedError",
]);

/** Other names of errors that have a stable name. @type {Record<string, string>} */
export const ALIASES = {
  WebGPUNotFoundError: "WebGPUNotAvailableError",
  NetworkError: "DownloadError",
  QuotaExceededError: "StorageError",
  EmbeddingExceedContextWindowSizeError: "ContextWindowSizeExceededError",
};

/** Errors without a name of their own, by their message. @type {[RegExp, string][]} */
export const PATTERNS = [
  [/compatible GPU/, "WebGPUNotAvailableError"],
  [/because of requested \w+ exceeds limit|^Compiled artifact requires/, "FeatureSupportError"],
  [/out of memory|could not allocate|allocation failed/i, "OutOfMemoryError"],
  [/^Resumable session not found|^OPFS is unavailable/, "SessionNotFoundError"],
  // Its last token was written while it was about to be resumed.
  [/became unavailable for continued streaming/, "NotResumableError"],
  [/^(Resumable|Invalid resumable) /, "InvalidRequestError"],
  [/^Make sure /, "InvalidRequestError"],
  // An empty prompt; a prompt that is not a string; a role that the model's template does not have.
  [/^Prompt must contain|prefill did not produce logits/, "InvalidRequestError"],
  [/^Text completion requires|^Role is not supported/, "InvalidRequestError"],
  // A file that is not an image, or an image that this model cannot take.
  [/image could not be decoded|declare an (image|audio) input/, "InvalidRequestError"],
  [/^Unsupported model type|^Cannot determine image embed size/, "InvalidRequestError"],
];

/** Messages that replace those of WebLLM, by the name of its error. @type {Record<string, string>} */
export const MESSAGES = {
  IncorrectPipelineLoadedError:
    "The loaded model is of a different kind: load an embedding model for embeddings," +
    " and a language model for chats and completions.",
  UserMessageContentErrorForNonVLM:
    "The loaded model reads text only, so a message cannot have images: leave them out, or load a vision model first.",
};

/** How browsers report that a file or a module could not be downloaded. */
export const DOWNLOAD_MESSAGE =
  /fetch|network|bad status|load failed|request failed|dynamically imported|importing a module|cannot find module/i;

"""What can go wrong while a model is compiled, and how it is told.

RecipeError (model.tools)
└── CompileError
    ├── ToolError (RuntimeError)          a tool is missing, of a wrong version, or failed
    ├── ChecksumError (ValueError)        a download is not the file this recipe was written for
    ├── CheckpointError (ValueError)      the folder of weights lacks something or is not supported
    └── VerificationError (RuntimeError)  the compiled model does not compute what PyTorch does

Every message ends with what to do next.
"""

from model.tools import RecipeError

__all__ = [
    "CheckpointError",
    "ChecksumError",
    "CompileError",
    "ToolError",
    "VerificationError",
]


class CompileError(RecipeError):
    """Root of all errors this package raises on purpose."""


class ToolError(CompileError, RuntimeError):
    """A program or package of the tool chain is missing, of the wrong version, or failed."""


class ChecksumError(CompileError, ValueError):
    """A downloaded file differs from the one that was pinned."""


class CheckpointError(CompileError, ValueError):
    """The folder of weights is incomplete, damaged, or of a kind that is not supported."""


class VerificationError(CompileError, RuntimeError):
    """The model in the browser and the model in PyTorch disagree."""

"""The errors that compiling and verifying a model can raise.

RecipeError (model.tools)
├── ToolError (RuntimeError, model.tools)  a tool is missing, has the wrong version, or failed
└── CompileError
    ├── ChecksumError (ValueError)         a download differs from the pinned file
    ├── CheckpointError (ValueError)       the checkpoint is incomplete or not supported
    ├── QualityError (RuntimeError)        the compiled model lost too much quality
    └── VerificationError (RuntimeError)   the compiled model does not compute what PyTorch does

Every message ends with what to do next.
"""

from __future__ import annotations

from model.tools import RecipeError

__all__ = [
    "CheckpointError",
    "ChecksumError",
    "CompileError",
    "QualityError",
    "VerificationError",
]


class CompileError(RecipeError):
    """Base class of the errors that are specific to this package."""


class ChecksumError(CompileError, ValueError):
    """A downloaded file differs from the pinned one."""


class CheckpointError(CompileError, ValueError):
    """The checkpoint is incomplete, damaged, or of a kind that is not supported."""


class QualityError(CompileError, RuntimeError):
    """Quantization cost the model too much of its quality."""


class VerificationError(CompileError, RuntimeError):
    """The model in the browser does not compute what the model in PyTorch computes."""

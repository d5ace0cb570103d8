"""What the page assumes of the built-in model when it writes a GGUF file, against the recipe."""

from __future__ import annotations

import json
import subprocess

from model.browser.site import ROOT
from model.train.shape import FULL


def test_sizes_that_the_page_assumes_are_those_of_the_recipe() -> None:
    code = f"import {{ NETWORK }} from {json.dumps(str(ROOT / 'bridge/wllama/builtin_model.js'))};"
    command = [
        "node",
        "--input-type=module",
        "--eval",
        f"{code} console.log(JSON.stringify(NETWORK))",
    ]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(result.stdout) == {
        "heads": FULL.num_attention_heads,
        "kvHeads": FULL.num_key_value_heads,
        "headSize": FULL.head_dim,
        "feedForward": FULL.intermediate_size,
        "normEpsilon": FULL.rms_norm_eps,
        "ropeTheta": FULL.rope_theta,
    }

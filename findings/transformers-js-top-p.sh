#!/usr/bin/env bash
# top_p, min_p and typical_p do nothing: sampling uses the whole vocabulary.
#
# Package: @huggingface/transformers 4.3.2 (npm), generate() with do_sample: true.
# The settings are accepted without a warning, and no step of generate() reads them. temperature,
# top_k (50 unless it is set) and the penalties work.
# Expected: top_p and typical_p as GenerationConfig documents them there, min_p as in the Python
# library: the tail of the distribution is removed before a token is drawn.
# Instead: set top_k, or pass a LogitsProcessorList with a processor that masks the tail.
. "$(dirname "$0")/lib.sh"

npm_install @huggingface/transformers@4.3.2
# A model of four tokens whose next-token probabilities are always 60, 30, 8 and 2 percent.
seen=$(node_run <<'JS'
import { PreTrainedModel, Tensor, random } from "@huggingface/transformers";

const logits = [0.6, 0.3, 0.08, 0.02].map(Math.log);
class FourTokens extends PreTrainedModel {
  can_generate = true;
  main_input_name = "input_ids";
  prepare_inputs_for_generation = (_ids, inputs) => inputs;
  _prepare_inputs_for_generation = (_self, _ids, inputs) => inputs;
  async forward({ input_ids }) {
    const rows = Array(input_ids.dims[1]).fill(logits).flat();
    return { logits: new Tensor("float32", rows, [1, input_ids.dims[1], 4]) };
  }
  _update_model_kwargs_for_generation({ generated_input_ids, model_inputs }) {
    model_inputs.input_ids = new Tensor("int64", generated_input_ids.flat(), [1, 1]);
    return model_inputs;
  }
}

random.seed(1);
const model = new FourTokens({ model_type: "none" }, {}, {});
for (const settings of [{}, { top_p: 0.5 }, { min_p: 0.9 }, { typical_p: 0.1 }, { top_k: 1 }]) {
  const one = () => new Tensor("int64", [0n], [1, 1]);
  const output = await model.generate({
    input_ids: one(), attention_mask: one(), do_sample: true, max_new_tokens: 1000, ...settings,
  });
  const tokens = [...new Set(output.data.slice(1))].map(Number).sort();
  console.log(`${JSON.stringify(settings)}: tokens ${tokens.join(" ")}`);
}
JS
)
finding "@huggingface/transformers 4.3.2" \
  "top_p, min_p and typical_p do not narrow the choice; top_k does" "$seen" <<'SEEN'
{}: tokens 0 1 2 3
{"top_p":0.5}: tokens 0 1 2 3
{"min_p":0.9}: tokens 0 1 2 3
{"typical_p":0.1}: tokens 0 1 2 3
{"top_k":1}: tokens 0
SEEN

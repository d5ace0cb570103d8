#!/usr/bin/env bash
# Most float16 models of WebLLM's list do not declare that they need shader-f16.
#
# Package: @mlc-ai/web-llm 0.2.86 (npm).
# prebuiltAppConfig.model_list has required_features for this, and 30 of its 86 models quantized to
# float16 use it. A page that filters the list by the features of the adapter offers the other 56 to
# machines without shader-f16, such as those with a software adapter.
# Expected: ModelRecord documents the field as the features that the model needs.
# Instead: infer the feature from the id, q0f16 or q4f16, and offer the f32 build of the same model.
. "$(dirname "$0")/lib.sh"

npm_install @mlc-ai/web-llm@0.2.86
seen=$(node_run <<'JS'
import { prebuiltAppConfig } from "@mlc-ai/web-llm";

const half = prebuiltAppConfig.model_list.filter(({ model_id }) => /q\df16/.test(model_id));
const silent = half.filter(({ required_features }) => !required_features?.includes("shader-f16"));
console.log(`float16 models: ${half.length}, without shader-f16 in required_features: ${silent.length}`);
for (const name of ["SmolLM2-360M", "Llama-3.2-1B", "Qwen3-0.6B"]) {
  const model = half.find(({ model_id }) => model_id.startsWith(name) && model_id.includes("q4f16"));
  console.log(`${model.model_id}: ${JSON.stringify(model.required_features ?? null)}`);
}
JS
)
finding "@mlc-ai/web-llm 0.2.86" "56 of 86 float16 models do not declare shader-f16" "$seen" <<'SEEN'
float16 models: 86, without shader-f16 in required_features: 56
SmolLM2-360M-Instruct-q4f16_1-MLC: ["shader-f16"]
Llama-3.2-1B-Instruct-q4f16_1-MLC: null
Qwen3-0.6B-q4f16_1-MLC: null
SEEN

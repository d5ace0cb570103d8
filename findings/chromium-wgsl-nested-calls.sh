#!/usr/bin/env bash
# Chromium's WGSL compiler rejects 127 calls in each other, a depth that WGSL does not limit.
#
# Packages: playwright 1.65.2 (PyPI) with /usr/bin/chromium, seen with Debian's Chromium 156.0.8078.114.
# A compute shader chooses one of several constants by calls of `select` in each other, as a generator of
# shaders may write a lookup. With 126 calls it is compiled; with 127 the message is "maximum parser recursive
# depth reached". A kernel that chooses one of the 128 angles of a head of 256 in this way, as in Gemma 3, is so
# rejected, while that for a smaller head is not.
# Expected: WGSL lists the limits within which a shader must be supported (section "Limits", such as 127 nested
# blocks of statements); the depth of an expression is not among them. (An implementation may still reject what
# is too complex for it; here the limit is near.)
# Instead: choose by a balanced tree of calls, whose depth is the logarithm.
. "$(dirname "$0")/lib.sh"

pip_install playwright==1.65.2
seen=$(py_run <<'PY'
from playwright.sync_api import sync_playwright

FLAGS = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--no-sandbox"]
COMPILE = """async (calls) => {
  let chosen = "0u";
  for (let i = 1; i <= calls; i++) chosen = `select(${chosen}, ${i}u, n == ${i}u)`;
  const code = `@group(0) @binding(0) var<storage, read_write> y: array<u32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) {
      let n = id.x;
      y[n] = ${chosen};
    }`;
  const device = await (await navigator.gpu.requestAdapter()).requestDevice();
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo();
  return messages.map(({ message }) => message).join() || "compiled";
}"""

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
    with open("browser", "w") as version:
        version.write(browser.version)
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(body="", content_type="text/html"))
    page.goto("http://127.0.0.1/")  # WebGPU needs a secure context; nothing is fetched
    for calls in (126, 127):
        print(f"{calls} calls: {page.evaluate(COMPILE, calls)}")
    browser.close()
PY
)
finding "playwright 1.65.2, Chromium $(cat "$work/browser")" \
  "WGSL with 127 calls of select in each other is rejected, with 126 it is compiled" "$seen" <<'SEEN'
126 calls: compiled
127 calls: maximum parser recursive depth reached
SEEN
